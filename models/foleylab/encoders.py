"""What the pictures say: a causal motion encoder at every grid point, the projection of the semantic features, and fusion.

The motion encoder has finite memory (it is FIR): some pictures back, then causal convolutions. Fusion is MFM-Mapper's:
time-aligned features, channels concatenated, projected.
"""
from dataclasses import dataclass

import torch
from torch import nn

from foleylab.engine_pitch import CLASSES, READER, PitchReader
from foleylab.front import Front, Residual, stage
from foleylab.layers import CausalBlock, hold, through, zero_states
from foleylab.measures import MEASURES, measures
from foleylab.planes import COLOURS, FINE, PLANES, SIZE
from foleylab.semantic import FEATURES
from foleylab.shift import LAGS, Shift, likeness, slopes

PAST = CLASSES + MEASURES  # what goes past fusion and mapper


@dataclass(frozen=True)
class EncoderConfig:
    picture: int = 2 * SIZE
    mean: float = 127.5
    std: float = 64.0
    changes: tuple = ((0, 1), (1, 2), (0, 3), (3, 6))  # between which pictures back: long ones tell slow things' turns
    fine_changes: tuple = ((0, 1), (1, 2), (0, 3))
    channels: tuple = (80, 96, 160)  # of the front, an equal part for the picture and each change; of the trunk's stages
    refined: tuple = (32, 96)  # inner channels of what refines the pictures before each stage
    fine: tuple = (32, 48)  # channels of the front of the fine grey; of what it is gathered in
    motion_width: int = 256
    temporal_blocks: int = 3
    temporal_kernel: int = 5
    semantic_width: int = 96
    semantic_dropout: float = 0.2
    semantic_every: int = 15
    semantic_lag: int = 0
    semantic_stored: int = 6  # clips hold features of every sixth picture
    fused_width: int = 256

    def standardise(self, pictures):
        """Pictures or planes, 0..255 -> as the motion encoder takes them."""
        return (pictures - self.mean) / self.std

    def levels(self, pictures):
        """Back: 0..255."""
        return pictures * self.std + self.mean

    @property
    def motion_features(self):
        """Width of what the motion encoder says: features, and the pitch of engines and measures of pictures, which go past fusion and mapper."""
        return self.motion_width + PAST

    @property
    def fused_features(self):
        return self.fused_width + PAST

    @property
    def pictures_back(self):
        return max(then for _, then in self.changes)

    @property
    def reach(self):
        """Points before that the causal convolutions see."""
        return self.temporal_blocks * (self.temporal_kernel - 1)

    @property
    def memory_points(self):
        """Of features and pitch."""
        return self.pictures_back + max(self.reach, READER.reach)


class MotionEncoder(nn.Module):
    """planes (B, T, PLANES, 64, 64), normalised -> features (B, T, motion width), and behind them, streamed, the logits of engines' pitch and measures."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        (a, b, d), (fine, coarse) = c.channels, c.refined
        self.colours, self.fine = Front(COLOURS, a, 4, c.changes), Front(FINE, c.fine[0], 2, c.fine_changes)
        self.gather = nn.Sequential(stage(*c.fine, 3, 2), nn.Conv2d(c.fine[1], a, 1))
        nn.init.zeros_(self.gather[1].weight)
        nn.init.zeros_(self.gather[1].bias)
        self.trunk = nn.Sequential(Residual(a, fine), stage(a, b, 3, 2), Residual(b, coarse), stage(b, d, 3, 2))
        self.flat = nn.Linear(d * (SIZE // 16) ** 2, c.motion_width)
        self.shift = Shift(c.motion_width)
        self.norm = nn.LayerNorm(c.motion_width)
        self.blocks = nn.ModuleList([CausalBlock(c.motion_width, 2 * c.motion_width, c.temporal_kernel) for _ in range(c.temporal_blocks)])
        self.pitch = PitchReader(c.motion_width)

    def initial_state(self, batch=1):
        """Pictures before, and the convolutions' memories."""
        like = self.flat.weight
        return [like.new_zeros(batch, self.c.pictures_back, PLANES, SIZE, SIZE), *zero_states(self.blocks, batch, like), *self.pitch.initial_state(batch)]

    def spatial(self, joined):
        """Pictures (B, back + T, ...) -> of each of T pictures with its changes, (B, T, motion width), before its norm; how far strips have moved."""
        n, colours, fine = joined.shape[1] - self.c.pictures_back, joined[:, :, :COLOURS], joined[:, :, COLOURS:]
        alike = likeness(slopes(colours[:, self.c.pictures_back - LAGS :].float()))
        return self.refined(self.colours.views(colours, n), self.fine.views(fine, n), alike), alike

    def refined(self, colours, fine, alike):
        """What the fronts say, (B T, C, h, w), and how far strips have moved -> (B, T, motion width)."""
        x = self.trunk(self.colours.normed(colours) + self.gather(self.fine.normed(fine)))
        return self.flat(x.flatten(1)).reshape(*alike.shape[:2], -1) + self.shift(alike)

    def through_time(self, x, state):
        """What `spatial` says -> features, memories."""
        return through(self.blocks, self.norm(x), state)

    def forward(self, frames, state):
        """Streamed: state in, state out. The pitch's reader teaches the features nothing."""
        joined, count = torch.cat([state[0], frames], 1), len(self.blocks)
        x, alike = self.spatial(joined)
        features, after = self.through_time(x, state[1 : 1 + count])
        logits, pitched = self.pitch(x.detach(), alike, state[1 + count :])
        return torch.cat([features, logits, self.measures(joined[:, -frames.shape[1] - 1 :])], -1), [joined[:, frames.shape[1] :], *after, *pitched]

    def look(self, frames):
        """What `spatial` says of a span whose first picture is held backwards, as the engine does before the first frame."""
        return self.spatial(hold(frames, self.c.pictures_back))

    def whole(self, frames):
        """Features of such a span, without the pitch."""
        x, _ = self.look(frames)
        return self.through_time(hold(x, self.c.reach), zero_states(self.blocks, len(x), x))[0][:, self.c.reach :]

    def pitch_of_whole(self, frames):
        return self.pitch.whole(*self.look(frames))

    def measures(self, frames):
        """Of each picture but the first, (B, T - 1, MEASURES)."""
        pictures = self.c.levels(frames[:, :, :COLOURS])
        return measures(pictures[:, 1:].flatten(0, 1), pictures[:, :-1].flatten(0, 1)).unflatten(0, (len(frames), -1))

    def measures_of_whole(self, frames):
        return self.measures(hold(frames, 1))


class SemanticProjection(nn.Module):
    """Frozen pooled features (B, 1280) -> (B, semantic width)."""

    def __init__(self, c):
        super().__init__()
        self.project = nn.Linear(FEATURES, c.semantic_width)
        self.drop = nn.Dropout(c.semantic_dropout)  # a clip's features are always the same: it must not be known by them

    def forward(self, pooled):
        return self.project(self.drop(pooled * 0.5))


class Fusion(nn.Module):
    """Motion and time-aligned semantic features, concatenated -> fused, and behind that the pitch of engines and the measures as they came."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.project = nn.Linear(c.motion_width + c.semantic_width, c.fused_width)
        self.norm = nn.LayerNorm(c.fused_width)

    def forward(self, features):
        motion, past, semantic = features.split([self.c.motion_width, PAST, self.c.semantic_width], -1)
        return torch.cat([self.fuse(motion, semantic), past], -1)

    def fuse(self, motion, semantic):
        """Without pitch and measures."""
        return self.norm(self.project(torch.cat([motion, semantic], -1)))


def align_semantic(features, points, c):
    """(B, K, C) of stored pictures -> (B, points, C): each point uses the picture that it would see in use, or the newest stored one before it, held at the start."""
    seen = torch.arange(points) // c.semantic_every * c.semantic_every - c.semantic_lag
    return features[:, torch.div(seen, c.semantic_stored, rounding_mode="floor").clamp(0, features.shape[1] - 1)]
