"""The graphs of the `live` bundle as modules with flat, static inputs and outputs: what the engine runs, in PyTorch.

Everything that could be shape arithmetic at run time is a constant here.
"""
from dataclasses import dataclass

import torch
from torch import nn

from foleylab.decode_graph import DecodeGraph
from foleylab.engine_pitch import CLASSES
from foleylab.flow import Flow
from foleylab.mapper import Mapper
from foleylab.planes import COLOURS, planes_of
from foleylab.recall import Recall
from foleylab.shift import LAGS, likeness, slopes
from foleylab.swell import WIDTH, Swell


@dataclass
class Graph:
    """A module with its named inputs and outputs; `state` pairs are (input, output)."""

    module: nn.Module
    inputs: dict  # name -> shape
    outputs: tuple
    state: tuple = ()
    weights: str = ""  # base name of the weights file, shared by graphs of the same base


class MotionGraph(nn.Module):
    """frames (1, T, 3, 128, 128) + what was made of the pictures before (the fronts' answers, slopes of profiles) + convolution memories + the picture before
    -> features + next state.

    Fronts begin linear, so that keeping their answers saves computing them again; without a picture they are zero, and so are slopes.
    """

    def __init__(self, motion, pitched=True):
        """`pitched`: whether it also reads the pitch of engines, and takes measures of pictures."""
        super().__init__()
        self.motion, self.pitched = motion, pitched

    def initial_state(self):
        """Shapes as between chunks."""
        pictures, *memories = self.motion.initial_state()
        colours, fine = pictures[0, :, :COLOURS], pictures[0, :, COLOURS:]
        answers = [front.stem(x[: front.back]).detach() * 0 for front, x in ((self.motion.colours, colours), (self.motion.fine, fine))]
        return [*answers, slopes(pictures[:, -LAGS:, :COLOURS]), *memories[: self.memories], *[pictures[0, -1:, :COLOURS]] * self.pitched]

    @property
    def memories(self):
        return len(self.motion.blocks) + len(self.motion.pitch.blocks) * self.pitched

    def state_names(self):
        return ["colours", "fine", "slopes", *(f"memory{i}" for i in range(self.memories)), *["picture"] * self.pitched]

    def forward(self, frames, colours, fine, before, *state):
        motion, n = self.motion, frames.shape[1]
        planes = planes_of(frames[0])
        seen = [torch.cat([x, front.stem(now)]) for x, front, now in ((colours, motion.colours, planes[:, :COLOURS]), (fine, motion.fine, planes[:, COLOURS:]))]
        profiles = torch.cat([before, slopes(planes[None, :, :COLOURS])], 1)  # (1, LAGS + T, 32, 64)
        alike = likeness(profiles)
        views = [front.views_of_answers(x, n) for front, x in zip((motion.colours, motion.fine), seen, strict=True)]
        x, count = motion.refined(*views, alike), len(motion.blocks)
        features, after = motion.through_time(x, state[:count])
        if self.pitched:
            logits, read = motion.pitch(x, alike, state[count:-1])
            pictures = torch.cat([state[-1], planes[:, :COLOURS]])
            features, after = torch.cat([features, logits, motion.measures(pictures[None])], -1), [*after, *read, pictures[n:]]
        return features, *(x[n:] for x in seen), profiles[:, n:], *after


class SemanticGraph(nn.Module):
    """picture -> projected features."""

    def __init__(self, net, project):
        super().__init__()
        self.net, self.project = net, project

    def forward(self, picture):
        return self.project(self.net(picture))


def project(layer, x):
    """(T, C) -> queries, keys, values, each (heads, T, d)."""
    heads = layer.c.heads
    return layer.qkv(layer.norm1(x)).reshape(x.shape[0], 3 * heads, -1).transpose(0, 1).split(heads)  # (T, 3 C) -> (3 heads, T, d)


def attend(layer, x, parts, bias):
    """Layer.attend for one stream: `x` (T, C), `parts` queries, keys, values, `bias` (heads, T, S)."""
    q, k, v = parts
    weights = torch.softmax(q @ k.transpose(1, 2) * (q.shape[-1] ** -0.5) + bias, -1)
    x = x + layer.out((weights @ v).transpose(0, 1).reshape(x.shape))  # (heads, T, d) -> (T, C)
    return x + layer.down(nn.functional.silu(layer.up(layer.norm2(x))))


class RingGraph(nn.Module):
    """A mapper over rings, one each for the keys and the values of every layer, (heads, ring, d), and behind it a memory of sounds and what swells them.

    Nothing here has an axis for the batch: with one, every matrix product stands between two reshapes.
    """

    def __init__(self, mapper: Mapper, recall: Recall, swell: Swell, points, biases):
        """`biases`: (1, heads, points, keys) of each layer."""
        super().__init__()
        self.mapper, self.recall, self.swell, self.points = mapper, recall, swell, points
        self.bias = nn.ParameterList([nn.Parameter(b) for b in biases])

    def answer(self, x, valid, rings):
        """-> tokens, next state but the memory's."""
        tokens, _ = self.mapper.outputs(x)
        valid = torch.cat([valid[:, self.points :], torch.ones(1, self.points)], 1)
        return tokens.unsqueeze(0), valid, *rings

    def recalling(self, tokens, state, pitch):
        """-> tokens with what is recalled, and the memory's next state. Of a warm-up only the last points can still be heard; of those before, onsets count."""
        c, (playing, recent) = self.recall.c, state
        early = max(0, self.points - self.recall.warm_up - c.chunk)
        for k in range(0, early, c.chunk):
            recent = self.recall.decide(tokens[:, k : k + c.chunk], recent)[-1]
        heard, state = self.recall.span(tokens[:, early:], (playing, recent), pitch[:, early:])
        return torch.cat([nn.functional.pad(tokens[:, :early], (0, c.recalled)), heard], 1), state

    def parts(self, fused):
        """-> what the mapper sees, (points, width), and what goes past it: the logits of engines' pitch, and measures of pictures."""
        seen, pitch, measures = fused.split([self.mapper.c.width, CLASSES, fused.shape[-1] - self.mapper.c.width - CLASSES], -1)
        return seen[0], (pitch, measures)

    def split_state(self, state):
        """-> rings, the memory's state and the swell's."""
        swell = len(self.swell.initial_state())
        return state[: -2 - swell], (state[-2 - swell : -swell], state[-swell:])

    def with_memory(self, answer, state, past):
        """The answer, its tokens with what is recalled and how far it swells, its state with theirs."""
        tokens, valid, *rings = answer
        (recalling, swelling), (pitch, measures) = state, past
        tokens, gains, swelling = self.swell(tokens, self.recall.no_game(tokens), measures, swelling)
        tokens, recalling = self.recalling(tokens, recalling, pitch)
        return torch.cat([tokens, gains], -1), valid, *rings, *recalling, *swelling


class MapGraph(RingGraph):
    """One chunk through the rings; the bias per distance is laid out once."""

    def __init__(self, mapper: Mapper, recall: Recall, swell: Swell):
        c = mapper.c
        index = torch.arange(c.chunk)[:, None] + c.ring - torch.arange(c.ring + c.chunk)[None] + c.chunk - 1
        super().__init__(mapper, recall, swell, c.chunk, [layer.bias.detach()[:, index][None] for layer in mapper.layers])

    def forward(self, fused, valid, *state):
        n, after, (rings, memory) = self.points, [], self.split_state(state)
        mask = torch.cat([(valid - 1) * 1e4, torch.zeros(1, n)], 1).unsqueeze(0)
        x, past = self.parts(fused)
        for i, layer in enumerate(self.mapper.layers):
            q, k, v = project(layer, x)
            k, v = torch.cat([rings[2 * i], k], 1), torch.cat([rings[2 * i + 1], v], 1)
            x = attend(layer, x, (q, k, v), self.bias[i][0] + mask)
            after += [k[:, n:], v[:, n:]]
        return self.with_memory(self.answer(x, valid, after), memory, past)


class WarmGraph(RingGraph):
    """Warm-up and chunk on an empty ring; the state's inputs are taken so that names agree, and do not matter."""

    def __init__(self, mapper: Mapper, recall: Recall, swell: Swell):
        c = mapper.c
        n = c.warm_up + c.chunk
        span, mask = mapper.distances(n, "cpu"), mapper.span_mask(n, "cpu")
        super().__init__(mapper, recall, swell, n, [(layer.bias.detach()[:, span] + mask)[None] for layer in mapper.layers])

    def forward(self, fused, valid, *state):
        n, after, (rings, memory) = self.points, [], self.split_state(state)
        x, past = self.parts(fused)
        for i, layer in enumerate(self.mapper.layers):
            q, k, v = project(layer, x)
            x = attend(layer, x, (q, k, v), self.bias[i][0])
            after += [torch.cat([rings[2 * i][:, n:], k], 1), torch.cat([rings[2 * i + 1][:, n:], v], 1)]
        return self.with_memory(self.answer(x, valid, after), [[torch.zeros_like(s) for s in part] for part in memory], past)


class FlowGraph(nn.Module):
    """The flow head, and beside it the gain: x (1, 3, latent width + 1), of which the last goes straight to what the tokens say last."""

    def __init__(self, flow: Flow):
        super().__init__()
        self.flow = flow

    def forward(self, x, time, tokens, prompt, prefix, valid):
        c = self.flow.c
        tokens, gain = tokens.split([tokens.shape[-1] - WIDTH, WIDTH], -1)
        velocity = self.flow(x[..., : c.latent_width], time, tokens, prompt, prefix[..., : c.latent_width], valid)
        return torch.cat([velocity, (gain - x[..., c.latent_width :]) / torch.clamp(1 - time, min=0.01)[:, None, None]], -1)


class UnrolledFlow(nn.Module):
    """N Euler steps from noise."""

    def __init__(self, flow: Flow, steps):
        super().__init__()
        self.flow, self.steps = flow, steps

    def forward(self, noise, tokens, prompt, prefix, valid):
        width = self.flow.c.latent_width
        tokens, gain = tokens.split([tokens.shape[-1] - WIDTH, WIDTH], -1)
        latents = self.flow.sample(noise[..., :width], (tokens, prompt), (prefix[..., :width], valid), self.steps)
        return torch.cat([latents, gain], -1)


def build_graphs(encoders, semantic_net, codec, flow, recall, swell):
    """All graphs of the bundle by name."""
    e, m, f = encoders.encoder_config, encoders.mapper_config, flow.c
    motion = MotionGraph(encoders.motion)
    motion_state = motion.initial_state()
    decode = DecodeGraph(codec, m.chunk)
    decode_state = decode.initial_state()
    motion_names = motion.state_names()
    decode_names = decode.state_names()
    d = m.width // m.heads
    ring = {"valid": (1, m.ring), **{f"{kind}{i}": (m.heads, m.ring, d) for i in range(m.layers) for kind in ("keys", "values")},
            "playing": (1, recall.c.points, recall.c.recalled), "recent": (1, 1),
            **{name: tuple(s.shape) for name, s in zip(("usual", "sums", "held", "odds"), swell.initial_state(), strict=True)}}
    ring_pairs = tuple((n, f"{n}Next") for n in ring)
    width = f.latent_width + WIDTH
    conditions = {"tokens": (1, m.chunk, m.token + recall.c.recalled + WIDTH), "prompt": (1, f.prompt), "prefix": (1, f.prefix, width), "prefixValid": (1, f.prefix)}
    x = (1, m.chunk, width)
    graphs = {
        "motion": Graph(motion, {"frames": (1, m.chunk, 3, e.picture, e.picture), **{n: tuple(s.shape) for n, s in zip(motion_names, motion_state, strict=True)}},
                        ("features", *(f"{n}Next" for n in motion_names)), tuple((n, f"{n}Next") for n in motion_names), "motion"),
        "semantic": Graph(SemanticGraph(semantic_net, encoders.semantic), {"picture": (1, 3, 128, 128)}, ("features",), (), "semantic"),
        "fuse": Graph(encoders.fusion, {"features": (1, m.chunk, e.motion_features + e.semantic_width)}, ("fused",), (), "fuse"),
        "map": Graph(MapGraph(encoders.mapper, recall, swell), {"fused": (1, m.chunk, e.fused_features), **ring}, ("tokens", *(b for _, b in ring_pairs)), ring_pairs, "map"),
        "mapWarm": Graph(WarmGraph(encoders.mapper, recall, swell), {"fused": (1, m.warm_up + m.chunk, e.fused_features), **ring}, ("tokens", *(b for _, b in ring_pairs)), ring_pairs, "map"),
        "flow": Graph(FlowGraph(flow), {"x": x, "time": (1,), **conditions}, ("velocity",), (), "flow"),
        "decode": Graph(decode, {"latents": x, **{n: tuple(s.shape) for n, s in zip(decode_names, decode_state, strict=True)}},
                        ("pcm", *(f"{n}Next" for n in decode_names)), tuple((n, f"{n}Next") for n in decode_names), "decode"),
    }
    for steps in (1, 2, 4):
        graphs[f"flow{steps}"] = Graph(UnrolledFlow(flow, steps), {"noise": x, **conditions}, ("latents",), (), "flow")
    return graphs
