"""The graphs of the `live` bundle as modules with flat, static inputs and outputs: what the engine runs, in PyTorch.

Everything that could be shape arithmetic at run time is a constant here.
"""
from dataclasses import dataclass

import torch
from torch import nn

from foleylab.codec import Codec
from foleylab.flow import Flow
from foleylab.mapper import Mapper


@dataclass
class Graph:
    """A module with its named inputs and outputs; `state` pairs are (input, output)."""

    module: nn.Module
    inputs: dict  # name -> shape
    outputs: tuple
    state: tuple = ()
    weights: str = ""  # base name of the weights file, shared by graphs of the same base


class MotionGraph(nn.Module):
    """frames + pictures + convolution memories -> features + next state."""

    def __init__(self, motion):
        super().__init__()
        self.motion = motion

    def forward(self, frames, *state):
        features, after = self.motion(frames, list(state))
        return features, *after


class SemanticGraph(nn.Module):
    """picture -> projected features."""

    def __init__(self, net, project):
        super().__init__()
        self.net, self.project = net, project

    def forward(self, picture):
        return self.project(self.net(picture))


def ring(rings, layer):
    """(layers, 1, heads, ring, d) -> (1, heads, ring, d), by a slice: a gather would take 64-bit indices to the GPU."""
    return rings[layer : layer + 1].flatten(0, 1)


class MapGraph(nn.Module):
    """One chunk through the rings; the bias per distance is laid out once."""

    def __init__(self, mapper: Mapper):
        super().__init__()
        self.mapper, c = mapper, mapper.c
        query = torch.arange(c.chunk)[:, None] + c.ring
        index = query - torch.arange(c.ring + c.chunk)[None] + c.chunk - 1
        self.bias = nn.ParameterList([nn.Parameter(layer.bias.detach()[:, index][None]) for layer in mapper.layers])

    def forward(self, fused, keys, values, valid):
        c, mapper = self.mapper.c, self.mapper
        mask = torch.cat([(valid - 1) * 1e4, torch.zeros(1, c.chunk)], 1).reshape(1, 1, 1, c.ring + c.chunk)
        x, all_keys, all_values = fused, [], []
        for i, layer in enumerate(mapper.layers):
            q, k, v = layer.project(x)
            k, v = torch.cat([ring(keys, i), k], 2), torch.cat([ring(values, i), v], 2)
            x = layer.attend(x, q, k, v, self.bias[i] + mask)
            all_keys.append(k[:, :, c.chunk :].unsqueeze(0))
            all_values.append(v[:, :, c.chunk :].unsqueeze(0))
        tokens, summaries, _ = mapper.outputs(x)
        valid = torch.cat([valid[:, c.chunk :], torch.ones(1, c.chunk)], 1)
        return tokens, summaries[:, c.chunk - 1 :].flatten(1), torch.cat(all_keys), torch.cat(all_values), valid


class WarmGraph(nn.Module):
    """Warm-up and chunk on an empty ring; the ring's inputs are taken so that names agree, and do not matter where valid is 0."""

    def __init__(self, mapper: Mapper):
        super().__init__()
        self.mapper, c = mapper, mapper.c
        self.points = c.warm_up + c.chunk
        span = mapper.distances(self.points, "cpu")
        mask = mapper.span_mask(self.points, "cpu")
        self.bias = nn.ParameterList([nn.Parameter((layer.bias.detach()[:, span] + mask)[None]) for layer in mapper.layers])

    def forward(self, fused, keys, values, valid):
        mapper, n = self.mapper, self.points
        x, all_keys, all_values = fused, [], []
        for i, layer in enumerate(mapper.layers):
            q, k, v = layer.project(x)
            x = layer.attend(x, q, k, v, self.bias[i])
            all_keys.append(torch.cat([ring(keys, i)[:, :, n:], k], 2).unsqueeze(0))
            all_values.append(torch.cat([ring(values, i)[:, :, n:], v], 2).unsqueeze(0))
        tokens, summaries, _ = mapper.outputs(x)
        valid = torch.cat([valid[:, n:], torch.ones(1, n)], 1)
        return tokens, summaries[:, n - 1 :].flatten(1), torch.cat(all_keys), torch.cat(all_values), valid


class UnrolledFlow(nn.Module):
    """N Euler steps from noise."""

    def __init__(self, flow: Flow, steps):
        super().__init__()
        self.flow, self.steps = flow, steps

    def forward(self, noise, *conditions):
        return self.flow.sample(noise, conditions, self.steps)


class DecodeGraph(nn.Module):
    """Latents of a chunk -> pcm; the noise comes from a table, one row a chunk, picked by a clock that is state."""

    def __init__(self, codec: Codec, chunk=3):
        super().__init__()
        self.decoder, c = codec.decoder, codec.config
        self.rows, self.subframes, self.width = c.noise_chunks, chunk * c.subframes, 2 * c.bins
        table = self.decoder.draw_noise(c.noise_chunks, chunk, torch.Generator().manual_seed(20261121))
        self.table = nn.Parameter(table.reshape(c.noise_chunks, -1))
        self.row = nn.Parameter(torch.arange(c.noise_chunks, dtype=torch.float32)[None])

    def forward(self, latents, clock, *state):
        pick = torch.relu(1 - torch.abs(clock - self.row))
        noise = (pick @ self.table).reshape(1, self.subframes, self.width)
        pcm, after = self.decoder(latents, noise, list(state))
        clock = (clock + 1) * (1 - pick[:, self.rows - 1 :])
        return pcm.unsqueeze(1), clock, *after


def build_graphs(encoders, semantic_net, codec, flow):
    """All graphs of the bundle by name."""
    e, m, f = encoders.encoder_config, encoders.mapper_config, flow.c
    motion_state = encoders.motion.initial_state()
    decode_state = [torch.zeros(1, 1), *codec.decoder.initial_state()]
    motion_names = ["pictures", *(f"memory{i}" for i in range(len(motion_state) - 1))]
    decode_names = ["clock", *(f"memory{i}" for i in range(len(decode_state) - 2)), "tail"]
    d = m.width // m.heads
    ring = {"keys": (m.layers, 1, m.heads, m.ring, d), "values": (m.layers, 1, m.heads, m.ring, d), "valid": (1, m.ring)}
    ring_pairs = tuple((n, f"{n}Next") for n in ring)
    conditions = {"tokens": (1, m.chunk, m.token), "summary": (1, m.summary), "prompt": (1, f.prompt),
                  "prefix": (1, f.prefix, f.latent_width), "prefixValid": (1, f.prefix)}
    x = (1, m.chunk, f.latent_width)
    graphs = {
        "motion": Graph(MotionGraph(encoders.motion), {"frames": (1, m.chunk, 3, e.size, e.size), **{n: tuple(s.shape) for n, s in zip(motion_names, motion_state, strict=True)}},
                        ("features", *(f"{n}Next" for n in motion_names)), tuple((n, f"{n}Next") for n in motion_names), "motion"),
        "semantic": Graph(SemanticGraph(semantic_net, encoders.semantic), {"picture": (1, 3, 128, 128)}, ("features",), (), "semantic"),
        "fuse": Graph(encoders.fusion, {"features": (1, m.chunk, e.motion_width + e.semantic_width)}, ("fused",), (), "fuse"),
        "map": Graph(MapGraph(encoders.mapper), {"fused": (1, m.chunk, m.width), **ring}, ("tokens", "summary", *(b for _, b in ring_pairs)), ring_pairs, "map"),
        "mapWarm": Graph(WarmGraph(encoders.mapper), {"fused": (1, m.warm_up + m.chunk, m.width), **ring}, ("tokens", "summary", *(b for _, b in ring_pairs)), ring_pairs, "map"),
        "flow": Graph(flow, {"x": x, "time": (1,), **conditions}, ("velocity",), (), "flow"),
        "decode": Graph(DecodeGraph(codec, m.chunk), {"latents": x, **{n: tuple(s.shape) for n, s in zip(decode_names, decode_state, strict=True)}},
                        ("pcm", *(f"{n}Next" for n in decode_names)), tuple((n, f"{n}Next") for n in decode_names), "decode"),
    }
    for steps in (1, 2, 4):
        graphs[f"flow{steps}"] = Graph(UnrolledFlow(flow, steps), {"noise": x, **conditions}, ("latents",), (), "flow")
    return graphs
