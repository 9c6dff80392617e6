"""From fused visual features to tokens in the language of sound: a causal transformer over a ring of keys and values.

Positions are relative only, so it is shift invariant. All points of a chunk see the whole chunk (its pictures are there when
it is generated) and the last 150 points before it. Tokens carry the auxiliary predictions (onsets, beds, loudness) openly.
"""
from dataclasses import dataclass

import torch
from torch import nn

from foleylab.codec import CodecConfig
from foleylab.data.scene import FAMILIES, VOCABULARY


@dataclass(frozen=True)
class MapperConfig:
    width: int = 256
    layers: int = 3
    heads: int = 4
    ring: int = 150
    chunk: int = 3
    warm_up: int = 75
    hidden_token: int = 160
    latent_width: int = CodecConfig().latent_width

    @property
    def token(self):
        return self.hidden_token + 2 * len(FAMILIES) + 2


class Layer(nn.Module):
    """Attention with a learned bias per distance, then a wide layer."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.norm1, self.norm2 = nn.LayerNorm(c.width), nn.LayerNorm(c.width)
        self.qkv, self.out = nn.Linear(c.width, 3 * c.width), nn.Linear(c.width, c.width)
        self.up, self.down = nn.Linear(c.width, 4 * c.width), nn.Linear(4 * c.width, c.width)
        slopes = torch.tensor([0.5, 0.1, 0.02, 0.3, 0.05, 0.01][: c.heads])
        distance = torch.arange(c.ring + 2 * c.chunk) - (c.chunk - 1)
        self.bias = nn.Parameter(-slopes[:, None] * distance.abs())  # (heads, distance + chunk - 1)

    def heads(self, x):
        """(B, T, C) -> (B, heads, T, d)."""
        return x.reshape(x.shape[0], x.shape[1], self.c.heads, -1).transpose(1, 2)

    def project(self, x):
        """-> queries, keys, values, each (B, heads, T, d)."""
        return [self.heads(y) for y in self.qkv(self.norm1(x)).chunk(3, -1)]

    def attend(self, x, q, k, v, bias):
        """`bias` (heads or 1, T, S) or with batch, holds distance and mask."""
        weights = torch.softmax(q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5) + bias, -1)
        y = (weights @ v).transpose(1, 2).reshape(x.shape)  # (B, heads, T, d) -> (B, T, C)
        x = x + self.out(y)
        return x + self.down(nn.functional.silu(self.up(self.norm2(x))))


class Mapper(nn.Module):
    """fused (B, T, C) -> tokens (B, T, token); what lies behind the first C numbers of what is fused is not its own."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.layers = nn.ModuleList([Layer(c) for _ in range(c.layers)])
        self.norm = nn.LayerNorm(c.width)
        self.to_hidden, self.to_aux = nn.Linear(c.width, c.hidden_token), nn.Linear(c.width, 2 * len(FAMILIES) + 2)

    def outputs(self, x):
        """Tokens: hidden part, then onset and bed probabilities, any-onset probability, loudness (dB / 80, about -1..0); and the logits of all but the hidden part."""
        x = self.norm(x)
        hidden = nn.functional.layer_norm(self.to_hidden(x), (self.c.hidden_token,))
        aux = self.to_aux(x)
        return torch.cat([hidden, torch.sigmoid(aux[..., :-1]), aux[..., -1:]], -1), aux

    def whole(self, fused, context=None):
        """A span from an empty ring; `context` (B,) cuts each clip's memory there: points from it on see nothing before it."""
        n = fused.shape[1]
        bias_mask = self.span_mask(n, fused.device)[None]
        if context is not None:
            p = torch.arange(n, device=fused.device)
            hidden = (p[None, :, None] >= context[:, None, None]) & (p[None, None, :] < context[:, None, None])
            bias_mask = bias_mask.masked_fill(hidden, -1e4)
        x = fused[..., : self.c.width]
        for layer in self.layers:
            q, k, v = layer.project(x)
            x = layer.attend(x, q, k, v, layer.bias[:, self.distances(n, fused.device)][None] + bias_mask[:, None])
        return self.outputs(x)

    def distances(self, n, device):
        """Index into `bias` for query p and key s, (n, n)."""
        p = torch.arange(n, device=device)
        return (p[:, None] - p[None, :] + self.c.chunk - 1).clamp(0, self.c.ring + 2 * self.c.chunk - 1)

    def span_mask(self, n, device):
        """0 where query p may see key s: within its chunk's end, and at most a ring before its chunk; (n, n)."""
        p = torch.arange(n, device=device)
        start = p // self.c.chunk * self.c.chunk
        allowed = (p[None] < start[:, None] + self.c.chunk) & (p[None] >= start[:, None] - self.c.ring)
        return torch.zeros(n, n, device=device).masked_fill(~allowed, -1e4)

    def step(self, fused, keys, values, valid):
        """One chunk: rings keys, values (layers, 1, heads, ring, d), valid (1, ring) -> tokens, next rings."""
        c, n = self.c, fused.shape[1]
        p = torch.arange(n)[:, None] + c.ring
        index = p - torch.arange(c.ring + n)[None] + c.chunk - 1
        mask = torch.cat([(valid - 1) * 1e4, valid.new_zeros(1, n)], 1)[:, None, None]  # (1, 1, 1, ring + n)
        x, all_keys, all_values = fused[..., : c.width], [], []
        for i, layer in enumerate(self.layers):
            q, k, v = layer.project(x)
            k, v = torch.cat([keys[i], k], 2), torch.cat([values[i], v], 2)
            x = layer.attend(x, q, k, v, layer.bias[:, index][None] + mask)
            all_keys.append(k[:, :, n:])
            all_values.append(v[:, :, n:])
        tokens, _ = self.outputs(x)
        valid = torch.cat([valid[:, n:], torch.ones(1, n)], 1)
        return tokens, torch.stack(all_keys), torch.stack(all_values), valid

    def warm(self, fused):
        """warm_up + chunk points on an empty ring -> the same outputs as `step`, for all points."""
        c, n = self.c, fused.shape[1]
        mask, index = self.span_mask(n, fused.device), self.distances(n, fused.device)
        x, all_keys, all_values = fused[..., : c.width], [], []
        for layer in self.layers:
            q, k, v = layer.project(x)
            x = layer.attend(x, q, k, v, (layer.bias[:, index] + mask)[None])
            pad = k.new_zeros(1, c.heads, c.ring - n, k.shape[-1])
            all_keys.append(torch.cat([pad, k], 2))
            all_values.append(torch.cat([pad, v], 2))
        tokens, _ = self.outputs(x)
        valid = torch.cat([torch.zeros(1, c.ring - n), torch.ones(1, n)], 1)
        return tokens, torch.stack(all_keys), torch.stack(all_values), valid

    def initial_state(self):
        """Empty rings."""
        c = self.c
        shape = (c.layers, 1, c.heads, c.ring, c.width // c.heads)
        return torch.zeros(shape), torch.zeros(shape), torch.zeros(1, c.ring)


class Probes(nn.Module):
    """Used in training only: what the tokens must tell (latents, words)."""

    def __init__(self, c):
        super().__init__()
        self.latents = nn.Sequential(nn.Linear(c.token, 384), nn.SiLU(), nn.Linear(384, c.latent_width))
        self.words = nn.Linear(c.token, len(VOCABULARY))
