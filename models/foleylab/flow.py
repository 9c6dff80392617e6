"""The flow head: the velocity that carries noise to a chunk's latents, given the tokens of that moment.

Rectified flow (https://arxiv.org/abs/2209.03003) by a network that predicts the data itself; the velocity follows from it. So one
step from noise is the expected latent whatever the noise was, and no noise leaks from chunk to chunk; further steps add variety.
An expected latent smears what is uncertain, and onsets are: so whether a point has an onset is decided first, from the mapper's
probability, and told to the network, which was trained on the true answer. Where the mapper's loudness says silence and no onset
was decided, the data is the latent of silence.

The network is told nothing of what it made before: a head that was, followed its own errors and lost onsets (models/LOG.md). That
the sound goes on over the border of chunks, its first points are carried towards the last latent before, until something begins.
"""
from dataclasses import dataclass

import torch
from torch import nn

from foleylab.codec import CodecConfig
from foleylab.data.scene import VOCABULARY
from foleylab.decision import decide_onsets
from foleylab.mapper import MapperConfig


@dataclass(frozen=True)
class FlowConfig:
    latent_width: int = CodecConfig().latent_width
    chunk: int = 3
    carry: tuple = (0.55, 0.25, 0.0)  # how far each point is drawn to it; chosen on the tune split
    token: int = MapperConfig().token
    prompt: int = len(VOCABULARY)
    width: int = 448
    blocks: int = 3
    condition: int = 160
    gate_from: float = -0.8  # the mapper's loudness (dB / 80) below which the sound is silence; chosen on the tune split
    gate_slope: float = 25.0
    time_shift: float = 0.25  # below 1: later steps come near the data, and refine more than they vary
    decide_from: float = 0.35  # the mapper's probability of an onset from which there is one; chosen on the tune split
    decide_slope: float = 100.0

    @property
    def recalled(self):
        """Width of what is recalled for a point: shares of a latent's numbers, and how large each is."""
        return 2 * self.latent_width

    @property
    def prefix(self):
        """Latents before the chunk that are remembered: the carry draws to the newest alone."""
        return 1


class Block(nn.Module):
    """Residual wide layer, scaled and shifted by the condition."""

    def __init__(self, c):
        super().__init__()
        self.norm = nn.LayerNorm(c.width, elementwise_affine=False)
        self.up, self.down = nn.Linear(c.width, 2 * c.width), nn.Linear(2 * c.width, c.width)
        self.modulate = nn.Linear(c.condition, 3 * c.width)
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, x, condition):
        scale, shift, gate = self.modulate(condition).chunk(3, -1)
        y = self.norm(x) * (1 + scale) + shift
        return x + (0.5 + gate) * self.down(nn.functional.silu(self.up(y)))


class Flow(nn.Module):
    """x (B, 3, 96), time (B,), conditions -> velocity (B, 3, 96).

    Conditions: tokens (B, 3, token), or (B, 3, token + 192) with what is recalled (foleylab/recall.py), prompt (B, P); the network
    itself sees the mapper's alone. Past: prefix (B, 1, 96), and (B, 1) whether it is there.
    """

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.decide_from = c.decide_from
        self.enter = nn.Linear(c.chunk * (c.latent_width + c.token + 1), c.width)
        self.register_buffer("frequencies", torch.tensor([1.0, 2, 4, 8, 16, 32]) * 1.5708, persistent=False)
        self.embed = nn.Sequential(nn.Linear(13 + c.prompt, c.condition), nn.SiLU())
        self.blocks = nn.ModuleList([Block(c) for _ in range(c.blocks)])
        self.norm = nn.LayerNorm(c.width)
        self.leave = nn.Linear(c.width, c.chunk * c.latent_width)
        self.register_buffer("silence", torch.zeros(c.latent_width))

    def decide(self, tokens):
        """Onsets of the chunk (B, 3, 1)."""
        return decide_onsets(tokens[..., self.c.token - 2 : self.c.token - 1], self.decide_from, self.c.decide_slope)

    def data(self, x, time, conditions, onsets):
        """The network: expected data, without gate and carry; `onsets` (B, 3, 1) says where sounds begin."""
        return self.inner_and_data(x, time, conditions, onsets)[1]

    def inner_and_data(self, x, time, conditions, onsets):
        """-> what the blocks but the last made of it, (B, width), and the data."""
        tokens, prompt = conditions
        angle = time[:, None] * self.frequencies
        clock = torch.cat([time[:, None], torch.sin(angle), torch.cos(angle)], -1)
        condition = self.embed(torch.cat([clock, prompt], -1))
        h = self.enter(torch.cat([x * time[:, None, None], tokens, onsets], -1).flatten(1))  # (B, 3, C) -> (B, 3 C); pure noise says nothing
        inner = h
        for block in self.blocks:
            inner, h = h, block(h, condition)
        return inner, self.leave(self.norm(h)).reshape(-1, self.c.chunk, self.c.latent_width)

    def gate(self, tokens, begun):
        """0 where the mapper hears nothing and nothing has begun in the chunk, else 1; (B, 3, 1)."""
        return torch.maximum(torch.sigmoid((tokens[..., -1:] - self.c.gate_from) * self.c.gate_slope), begun)

    def gated(self, data, gate):
        """`data`, or silence behind the gate."""
        return gate * data + (1 - gate) * self.silence

    def carried(self, data, past, begun):
        """`data`, its first points drawn to the latent before the chunk, if there is one, until something begins."""
        prefix, valid = past
        share = data.new_tensor(self.c.carry)[:, None] * (1 - begun) * valid[..., None]  # (3, 1) (B, 3, 1) (B, 1, 1)
        return data + share * (prefix - data)

    def begun(self, onsets):
        """Whether something begins at or before each point of the chunk, (B, 3, 1)."""
        return torch.cat([onsets[:, : k + 1].amax(1, keepdim=True) for k in range(self.c.chunk)], 1)

    def recalled(self, data, gate, prompt, recalled):
        """`data`, less the shares (B, 3, 96) of the sound that is recalled, and these shares of it, if the gate is open; who names what sounds
        gets what the head makes of it."""
        gate = gate * (1 - prompt.sum(1).clamp(0, 1))[:, None, None]
        latents, shares = recalled.chunk(2, -1)
        return data + gate * (latents - shares * data)

    def velocity(self, x, time, conditions, past, onsets, begun):
        """Towards the data, gated and carried; `conditions` as in `forward`."""
        tokens, recalled, prompt = conditions[0][..., : self.c.token], conditions[0][..., self.c.token :], conditions[1]
        gate = self.gate(tokens, begun)
        data = self.carried(self.gated(self.data(x, time, (tokens, prompt), onsets), gate), past, begun)
        if recalled.shape[-1]:
            data = self.recalled(data, gate, prompt, recalled)
        return (data - x) / torch.clamp(1 - time, min=0.01)[:, None, None]

    def forward(self, x, time, tokens, prompt, prefix, valid):
        onsets = self.decide(tokens)
        return self.velocity(x, time, (tokens, prompt), (prefix, valid), onsets, self.begun(onsets))

    def times(self, steps):
        """Where the steps begin, and 1."""
        return [k / (k + self.c.time_shift * (steps - k)) for k in range(steps + 1)]

    def sample(self, noise, conditions, past, steps):
        """Euler from noise to latents."""
        onsets, x, times = self.decide(conditions[0]), noise, self.times(steps)
        begun = self.begun(onsets)
        for now, then in zip(times, times[1:], strict=False):
            x = x + self.velocity(x, x.new_full((noise.shape[0],), now), conditions, past, onsets, begun) * (then - now)
        return x

    def whole(self, noise, tokens, steps):
        """Noise (B, T, 96) and tokens (B, T, C) of whole chunks -> latents (B, T, 96), each chunk carried on from the one before; no prompt."""
        past, prompt, out = self.no_past(len(tokens)), tokens.new_zeros(len(tokens), self.c.prompt), []
        for x, chunk in zip(noise.split(self.c.chunk, 1), tokens.split(self.c.chunk, 1), strict=True):
            out.append(self.sample(x, (chunk, prompt), past, steps))
            past = self.remember(out[-1])
        return torch.cat(out, 1)

    def no_past(self, count):
        """-> prefix and whether it is there, where a run begins."""
        return torch.zeros(count, self.c.prefix, self.c.latent_width), torch.zeros(count, self.c.prefix)

    def remember(self, latents):
        """-> the past of the next chunk."""
        return latents[:, -self.c.prefix :], latents.new_ones(len(latents), self.c.prefix)
