"""The graphs of the window bundle as modules with static inputs and outputs; all but the head's are the live system's parts,
laid out for a hop of 30 points, and their weights lie in the live bundle's files."""
import numpy as np
import torch
from torch import nn

from foleylab.decode_graph import DecodeGraph, Synthesis
from foleylab.graphs import Graph, MotionGraph
from foleylab.onnxfile import round_weights
from foleylab.window_flow import WindowFlow


class FusedAlone(nn.Module):
    """Fusion of features without the pitch of engines: there is no memory here that would ask for it."""

    def __init__(self, fusion):
        super().__init__()
        self.fusion = fusion

    def forward(self, features):
        return self.fusion.fuse(*features.split([self.fusion.c.motion_width, self.fusion.c.semantic_width], -1))


class UnrolledWindowFlow(nn.Module):
    """N Euler steps from noise; the trunk is run once."""

    def __init__(self, flow: WindowFlow, steps):
        super().__init__()
        self.flow, self.steps = flow, steps

    def forward(self, noise, tokens, prompt):
        return self.flow.sample(noise, tokens, prompt, self.steps)


class WindowDecodeGraph(nn.Module):
    """halo + hop latents -> pcm; the noise has the hop's period, so that what two windows both decode has the same noise."""

    def __init__(self, decode: DecodeGraph, halo, hop):
        super().__init__()
        self.synthesis = s = Synthesis(decode.synthesis.decoder, halo + hop)
        noise, self.hop = decode.noise.detach().flatten(0, 1), hop * s.decoder.c.subframes  # the live decoder's table, row after row
        rest = halo * s.decoder.c.subframes
        if rest > self.hop or self.hop > len(noise):
            raise ValueError(f"a halo of {halo} and a hop of {hop} latents do not fit the table of noise")
        self.first, self.again = nn.Parameter(noise[: self.hop].clone()), nn.Parameter(noise[:rest].clone())

    def forward(self, latents, *state):
        s = self.synthesis
        x, maps, after = s.features(latents.flatten(0, 1), state)
        points = self.hop // s.decoder.c.subframes
        a, *rest = s.sound(x[: self.hop], maps[:points], self.first, *state[len(after) :])
        b, *rest = s.sound(x[self.hop :], maps[points:], self.again, *rest)
        return torch.cat([a, b]).reshape(1, 1, -1), *after, *rest


def decode_frames(decoder, frames, noise):
    """Latents of the frames (1, T, 64) -> pcm without tones, from fresh state."""
    state = decoder.initial_state()
    x, after = decoder.features(frames, state)
    return decoder.synthesise(*decoder.spectra(x), noise, state[len(after)])[0]


def spoilt_latents(codec, latents, start, tolerance=1e-4):
    """How many latents a decoder that begins at `start` with fresh state needs until it agrees with one that ran before.

    `latents` (1, T, 96); differences count relative to the peak. Of the frames alone: the phases of partials never forget where they began.
    """
    decoder, n = codec.decoder, latents.shape[1]
    noise = decoder.draw_noise(1, n, torch.Generator().manual_seed(1))
    with torch.no_grad():
        sound = lambda first: decode_frames(decoder, latents[:, first:, : codec.config.frame_width], noise[:, first * codec.config.subframes :])
        whole, fresh = sound(0), sound(start)
    apart = (whole[:, start * codec.config.latent_frames :] - fresh).abs()[0].numpy()
    wrong = np.flatnonzero(apart > tolerance * float(whole.abs().max()))
    return 0 if not len(wrong) else int(wrong[-1] // codec.config.latent_frames + 1)


def build_window_graphs(encoders, codec, flow, hop, halo):
    """All graphs of the bundle by name but the semantic encoder's, which is live's own file."""
    e, c = encoders.encoder_config, flow.c
    motion = MotionGraph(encoders.motion, pitched=False)
    decode = WindowDecodeGraph(round_weights(DecodeGraph(codec)), halo, hop)
    motion_state, decode_state = motion.initial_state(), decode.synthesis.initial_state()
    motion_names = motion.state_names()
    decode_names = decode.synthesis.state_names()
    shapes = lambda names, state: {n: tuple(s.shape) for n, s in zip(names, state, strict=True)}
    after = lambda names: tuple(f"{n}Next" for n in names)
    pairs = lambda names: tuple((n, f"{n}Next") for n in names)
    x, conditions = (1, c.points, c.latent_width), {"tokens": (1, c.points, c.token), "prompt": (1, c.prompt)}
    graphs = {
        "motion": Graph(motion, {"frames": (1, hop, 3, e.picture, e.picture), **shapes(motion_names, motion_state)},
                        ("features", *after(motion_names)), pairs(motion_names), "motion"),
        "fuse": Graph(FusedAlone(encoders.fusion), {"features": (1, hop, e.motion_width + e.semantic_width)}, ("fused",), (), "fuse"),
        "flow": Graph(flow, {"x": x, "time": (1,), "stepSize": (1,), **conditions}, ("velocity",), (), "flow"),
        "decode": Graph(round_weights(decode), {"latents": (1, halo + hop, c.latent_width), **shapes(decode_names, decode_state)},
                        ("pcm", *after(decode_names)), pairs(decode_names), "decode"),
    }
    for steps in (1, 2, 4):
        graphs[f"flow{steps}"] = Graph(UnrolledWindowFlow(flow, steps), {"noise": x, **conditions}, ("latents",), (), "flow")
    return graphs
