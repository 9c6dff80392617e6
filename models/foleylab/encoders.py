"""What the pictures say: a causal motion encoder at every grid point, the projection of the semantic features, and fusion.

The motion encoder has finite memory (it is FIR): two pictures back, then causal convolutions. Fusion is MFM-Mapper's:
time-aligned features, channels concatenated, projected.
"""
from dataclasses import dataclass

import torch
from torch import nn

from foleylab.engine_pitch import CLASSES, PitchReader
from foleylab.layers import CausalBlock, through, zero_states
from foleylab.semantic import FEATURES
from foleylab.shift import Shift, likeness, slopes


@dataclass(frozen=True)
class EncoderConfig:
    size: int = 64
    mean: float = 127.5
    std: float = 64.0
    channels: tuple = (48, 96, 160)
    motion_width: int = 256
    temporal_blocks: int = 3
    temporal_kernel: int = 5
    semantic_width: int = 96
    semantic_dropout: float = 0.2
    semantic_every: int = 15
    semantic_lag: int = 0
    semantic_stored: int = 6  # clips hold features of every sixth picture
    fused_width: int = 256

    @property
    def motion_features(self):
        """Width of what the motion encoder says: features, and the pitch of engines, which goes past fusion and mapper."""
        return self.motion_width + CLASSES

    @property
    def fused_features(self):
        return self.fused_width + CLASSES

    @property
    def memory_points(self):
        return 2 + self.temporal_blocks * (self.temporal_kernel - 1)


def stage(inputs, outputs, kernel, stride):
    """Convolution, batch norm (folded on export), ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.BatchNorm2d(outputs), nn.ReLU())


class MotionEncoder(nn.Module):
    """frames (B, T, 3, 64, 64), normalised -> features (B, T, motion width), and behind them the logits of engines' pitch."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        a, b, d = c.channels
        self.stem = nn.Conv2d(3, a, 4, 4, bias=False)
        self.stem_norm = nn.BatchNorm2d(a)
        self.trunk = nn.Sequential(stage(a, b, 3, 2), stage(b, d, 3, 2))
        self.flat = nn.Linear(d * (c.size // 16) ** 2, c.motion_width)
        self.shift = Shift(c.motion_width)
        self.norm = nn.LayerNorm(c.motion_width)
        self.blocks = nn.ModuleList([CausalBlock(c.motion_width, 2 * c.motion_width, c.temporal_kernel) for _ in range(c.temporal_blocks)])
        self.pitch = PitchReader(c.motion_width, c.temporal_blocks, c.temporal_kernel)

    def initial_state(self, batch=1):
        """Two pictures, and the convolutions' memories."""
        like = self.flat.weight
        return [like.new_zeros(batch, 2, 3, self.c.size, self.c.size), *zero_states(self.blocks, batch, like), *self.pitch.initial_state(batch)]

    def spatial(self, frames, before):
        """-> (B, T, motion width) of each picture with its two differences; what the pitch is read from; the last two pictures."""
        x, alike, pictures = self.look(frames, before)
        return *self.entered(x, alike), pictures

    def look(self, frames, before):
        """-> features of each picture before their norm, how far strips have moved, the last two pictures.

        A third of the stem's channels sees the picture, a third its change, a third the change before; each is normalised by
        itself, so that a small change counts as much as the picture. Changes are taken of the pictures: nothing needs a gradient
        but the stem's weights, and of pictures of 8 bits they are exact in bfloat16.
        """
        joined = torch.cat([before, frames], 1)
        (b, n), width, side = frames.shape[:2], self.c.channels[0], self.c.size // 4
        patches = joined.reshape(b, n + 2, 3, side, 4, side, 4).permute(0, 1, 3, 5, 2, 4, 6).reshape(b, n + 2, side * side, 48)
        change = patches[:, 1:] - patches[:, :-1]
        seen = patches[:, 2:], change[:, 1:], change[:, :-1]
        x = torch.cat([nn.functional.linear(v, w) for v, w in zip(seen, self.stem.weight.reshape(3, width // 3, 48), strict=True)], -1)
        x = torch.relu(self.stem_norm(x.reshape(b * n, side, side, width).permute(0, 3, 1, 2)))
        alike = likeness(slopes(joined.float()))
        return self.flat(self.trunk(x).flatten(1)).reshape(b, n, self.c.motion_width) + self.shift(alike), alike, joined[:, n:]

    def entered(self, x, alike):
        """Normalised features of pictures, and what the pitch is read from, which teaches these features nothing."""
        return self.norm(x), self.pitch.enter(x.detach(), alike)

    def through_time(self, x, y, state):
        """-> features and logits, memories."""
        x, after = through(self.blocks, x, state[: len(self.blocks)])
        logits, pitched = self.pitch(y, state[len(self.blocks) :])
        return torch.cat([x, logits], -1), [*after, *pitched]

    def forward(self, frames, state):
        """Streamed: state in, state out."""
        x, y, pictures = self.spatial(frames, state[0])
        features, after = self.through_time(x, y, state[1:])
        return features, [pictures, *after]

    def whole(self, frames):
        """A span whose first picture is held backwards, as the engine does before the first frame."""
        still = frames[:, :1]
        *found, _ = self.spatial(frames, still.expand(-1, 2, -1, -1, -1))
        first = [z[:, :1] for z in found] if self.training else self.spatial(still, still.expand(-1, 2, -1, -1, -1))[:-1]
        reach = self.c.memory_points - 2
        held = [torch.cat([z0.expand(-1, reach, -1), z], 1) for z0, z in zip(first, found, strict=True)]
        return self.through_time(*held, self.initial_state(len(frames))[1:])[0][:, reach:]


class SemanticProjection(nn.Module):
    """Frozen pooled features (B, 1280) -> (B, semantic width)."""

    def __init__(self, c):
        super().__init__()
        self.project = nn.Linear(FEATURES, c.semantic_width)
        self.drop = nn.Dropout(c.semantic_dropout)  # a clip's features are always the same: it must not be known by them

    def forward(self, pooled):
        return self.project(self.drop(pooled * 0.5))


class Fusion(nn.Module):
    """Motion and time-aligned semantic features, concatenated -> fused, and behind that the pitch of engines as it came."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.project = nn.Linear(c.motion_width + c.semantic_width, c.fused_width)
        self.norm = nn.LayerNorm(c.fused_width)

    def forward(self, features):
        motion, pitch, semantic = features.split([self.c.motion_width, CLASSES, self.c.semantic_width], -1)
        return torch.cat([self.fuse(motion, semantic), pitch], -1)

    def fuse(self, motion, semantic):
        return self.norm(self.project(torch.cat([motion, semantic], -1)))


def align_semantic(features, points, c):
    """(B, K, C) of stored pictures -> (B, points, C): each point uses the picture that it would see in use, or the newest stored one before it, held at the start."""
    seen = torch.arange(points) // c.semantic_every * c.semantic_every - c.semantic_lag
    return features[:, torch.div(seen, c.semantic_stored, rounding_mode="floor").clamp(0, features.shape[1] - 1)]
