"""The flow head: the velocity that carries noise to a chunk's latents, given the tokens of that moment.

Rectified flow (https://arxiv.org/abs/2209.03003) by a network that predicts the data itself; the velocity follows from it. So one
step from noise is the expected latent whatever the noise was, and no noise leaks from chunk to chunk; further steps add variety.
An expected latent smears what is uncertain, and onsets are: so whether a point has an onset is decided first, from the mapper's
probability, and told to the network, which was trained on the true answer. Where the mapper's loudness says silence and no onset
was decided, the data is the latent of silence.
"""
from dataclasses import dataclass

import torch
from torch import nn

from foleylab.codec import CodecConfig
from foleylab.data.scene import VOCABULARY
from foleylab.mapper import MapperConfig


@dataclass(frozen=True)
class FlowConfig:
    latent_width: int = CodecConfig().latent_width
    chunk: int = 3
    prefix: int = 3  # the newest latents before the chunk, as the head itself made them
    token: int = MapperConfig().token
    prompt: int = len(VOCABULARY)
    width: int = 448
    blocks: int = 3
    condition: int = 160
    gate_from: float = -0.67  # the mapper's loudness (dB / 80) below which the sound is silence; chosen on the tune split
    gate_slope: float = 25.0
    time_shift: float = 0.25  # below 1: later steps come near the data, and refine more than they vary
    decide_from: float = 0.45  # the mapper's probability of an onset from which there is one; chosen on the tune split
    decide_slope: float = 100.0  # steep, but not a step: devices that differ in the last digits must not differ in onsets


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

    Conditions: tokens (B, 3, token), prompt (B, P), prefix (B, 3, 96), and (B, 3) which of the prefix is there.
    """

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.decide_from = c.decide_from
        self.enter = nn.Linear(c.chunk * (c.latent_width + c.token + 1), c.width)
        self.past = nn.Linear(c.prefix * (c.latent_width + 1), c.width, bias=False)
        self.register_buffer("frequencies", torch.tensor([1.0, 2, 4, 8, 16, 32]) * 1.5708, persistent=False)
        self.embed = nn.Sequential(nn.Linear(13 + c.prompt, c.condition), nn.SiLU())
        self.blocks = nn.ModuleList([Block(c) for _ in range(c.blocks)])
        self.norm = nn.LayerNorm(c.width)
        self.leave = nn.Linear(c.width, c.chunk * c.latent_width)
        self.register_buffer("silence", torch.zeros(c.latent_width))

    def decide(self, tokens):
        """Onsets of the chunk (B, 3, 1), 0 or 1 but for a narrow ramp: probable enough, and not less than their neighbours."""
        p = tokens[..., -2:-1]
        before = torch.cat([torch.zeros_like(p[:, :1]), p[:, :-1]], 1)
        after = torch.cat([p[:, 1:], torch.zeros_like(p[:, :1])], 1)
        lead = p - torch.maximum(before, after)
        return torch.sigmoid((p - self.decide_from) * self.c.decide_slope) * torch.sigmoid(lead * self.c.decide_slope + 1)

    def data(self, x, time, conditions, onsets):
        """The network: expected data, without the gate; `onsets` (B, 3, 1) says where sounds begin."""
        return self.inner_and_data(x, time, conditions, onsets)[1]

    def inner_and_data(self, x, time, conditions, onsets):
        """-> what the blocks but the last made of it, (B, width), and the data."""
        tokens, prompt, prefix, valid = conditions
        angle = time[:, None] * self.frequencies
        clock = torch.cat([time[:, None], torch.sin(angle), torch.cos(angle)], -1)
        condition = self.embed(torch.cat([clock, prompt], -1))
        h = self.enter(torch.cat([x * time[:, None, None], tokens, onsets], -1).flatten(1))  # (B, 3, C) -> (B, 3 C); pure noise says nothing
        h = h + self.past(torch.cat([prefix * valid[..., None], valid[..., None]], -1).flatten(1))
        inner = h
        for block in self.blocks:
            inner, h = h, block(h, condition)
        return inner, self.leave(self.norm(h)).reshape(-1, self.c.chunk, self.c.latent_width)

    def gated(self, x, time, conditions, onsets):
        """Expected data, or silence where the mapper hears none and nothing begins."""
        tokens = conditions[0]
        begun = torch.cat([onsets[:, : k + 1].amax(1, keepdim=True) for k in range(self.c.chunk)], 1)  # at or before, in the chunk
        gate = torch.maximum(torch.sigmoid((tokens[..., -1:] - self.c.gate_from) * self.c.gate_slope), begun)
        return gate * self.data(x, time, conditions, onsets) + (1 - gate) * self.silence

    def velocity(self, x, time, conditions, onsets):
        return (self.gated(x, time, conditions, onsets) - x) / torch.clamp(1 - time, min=0.01)[:, None, None]

    def forward(self, x, time, *conditions):
        return self.velocity(x, time, conditions, self.decide(conditions[0]))

    def times(self, steps):
        """Where the steps begin, and 1."""
        return [k / (k + self.c.time_shift * (steps - k)) for k in range(steps + 1)]

    def sample(self, noise, conditions, steps, onsets=None):
        """Euler from noise to latents; the onsets are decided, if not told."""
        onsets = self.decide(conditions[0]) if onsets is None else onsets
        x, n, times = noise, noise.shape[0], self.times(steps)
        for now, then in zip(times, times[1:], strict=False):
            x = x + self.velocity(x, x.new_full((n,), now), conditions, onsets) * (then - now)
        return x

    def empty_prefix(self, count):
        """-> prefix and what of it is there, where a run begins."""
        return torch.zeros(count, self.c.prefix, self.c.latent_width), torch.zeros(count, self.c.prefix)

    def remember(self, prefix, valid, latents):
        """The prefix of the next chunk."""
        valid = torch.cat([valid, valid.new_ones(latents.shape[:2])], 1)
        return torch.cat([prefix, latents], 1)[:, -self.c.prefix :], valid[:, -self.c.prefix :]
