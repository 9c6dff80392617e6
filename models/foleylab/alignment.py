"""Masked audio-visual alignment (VAMA of Foley-Flow, ../shared/seeds.md): most of a clip's sound is hidden, in segments, and restored from the
pictures' features and from what of the sound is left. So the features must hold what the sound needs, in meaning and in time. In training only.
"""
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from foleylab.codec import CodecConfig


@dataclass(frozen=True)
class AlignmentConfig:
    latent_width: int = CodecConfig().latent_width
    visual_width: int = 256
    width: int = 160
    heads: int = 4
    layers: int = 2
    segment: int = 3  # points; the paper's are 50 ms
    ratio: float = 0.8  # hidden; the best of the paper's


class Restorer(nn.Module):
    """One layer: the sound attends to itself and to the pictures, near moments first."""

    def __init__(self, c):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(c.width) for _ in range(3)])
        self.itself, self.across = (nn.MultiheadAttention(c.width, c.heads, batch_first=True) for _ in range(2))
        self.wide = nn.Sequential(nn.Linear(c.width, 3 * c.width), nn.SiLU(), nn.Linear(3 * c.width, c.width))

    def forward(self, x, visual, near):
        y = self.norms[0](x)
        x = x + self.itself(y, y, y, attn_mask=near, need_weights=False)[0]
        x = x + self.across(self.norms[1](x), visual, visual, attn_mask=near, need_weights=False)[0]
        return x + self.wide(self.norms[2](x))


class MaskedAlignment(nn.Module):
    """latents (B, T, 96), fused features (B, T, C), counts (B, T) -> mean squared error of the hidden latents that count."""

    def __init__(self, config=None):
        super().__init__()
        self.c = c = config or AlignmentConfig()
        self.sound, self.visual = nn.Linear(c.latent_width, c.width), nn.Linear(c.visual_width, c.width)
        self.unknown = nn.Parameter(torch.zeros(c.width))
        self.layers = nn.ModuleList([Restorer(c) for _ in range(c.layers)])
        self.leave = nn.Sequential(nn.LayerNorm(c.width), nn.Linear(c.width, c.latent_width))
        self.register_buffer("slopes", torch.tensor([0.5, 0.1, 0.02, 0.3, 0.05, 0.01][: c.heads]), persistent=False)

    def hide(self, batch, points, device):
        """Which points are hidden, (B, T) bool."""
        segments = torch.rand(batch, -(-points // self.c.segment), device=device) < self.c.ratio
        return segments.repeat_interleave(self.c.segment, 1)[:, :points]

    def restored(self, latents, fused, hidden):
        """-> latents as restored, (B, T, 96)."""
        at = torch.arange(latents.shape[1], device=latents.device)
        near = (-self.slopes[:, None, None] * (at[:, None] - at[None]).abs()).repeat(len(latents), 1, 1)  # (B heads, T, T)
        x = torch.where(hidden[..., None], self.unknown, self.sound(latents))
        visual = self.visual(fused)
        with sdpa_kernel(SDPBackend.MATH):  # of such short spans, and with a bias, faster than flash attention
            for layer in self.layers:
                x = layer(x, visual, near)
        return self.leave(x)

    def forward(self, latents, fused, counts):
        hidden = self.hide(*latents.shape[:2], latents.device)
        error = (self.restored(latents, fused, hidden).float() - latents).square().mean(-1)
        weight = hidden * counts
        return (error * weight).sum() / weight.sum().clamp_min(1)
