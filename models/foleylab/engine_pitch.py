"""The pitch of engines: what the true sound has, where an engine alone is heard, in half semitones.

The pitch follows from what is seen, the size of a machine and how fast it goes (foleylab/data/actors.py). A network of its own tells it,
from what the motion encoder sees, and learns from nothing but engines: train_pitch.py.
"""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from foleylab.data.scene import FAMILIES, FRAME_RATE
from foleylab.layers import CausalBlock, hold, through, zero_states
from foleylab.pitch import FRAME_S, track
from foleylab.shift import FEATURES

LOWEST_HZ, CLASSES, PER_OCTAVE = 35.0, 72, 24
UNKNOWN = -1
SPREAD = 0.8  # deviation of the target about the true class, in classes
ALONE_S, HEARD, NOT_HEARD = 0.8, 0.05, 0.05  # after an onset; curves of beds
ENGINE = FAMILIES.index("engine")


def class_of(hz):
    """Nearest class of each pitch, or UNKNOWN."""
    at = np.round(PER_OCTAVE * np.log2(np.asarray(hz) / LOWEST_HZ)).astype(int)
    return np.where((at >= 0) & (at < CLASSES), at, UNKNOWN)


def engine_alone(onset, bed):
    """Onsets and beds (T, families) -> points (T,) at which an engine is the only thing heard."""
    if bed.shape[-1] <= ENGINE:  # a shard made before there were engines
        return np.zeros(len(bed), bool)
    hits = np.flatnonzero(onset.max(-1) > 0.03)
    ago = np.arange(len(bed))[:, None] - hits[None]
    over = ((ago >= -1) & (ago < ALONE_S * FRAME_RATE)).any(1)
    return (bed[:, ENGINE] > HEARD) & (np.delete(bed, ENGINE, -1).max(-1) < NOT_HEARD) & ~over


def label(audio, onset, bed):
    """A clip's sound (N,), onsets and beds (T, families) -> class of pitch at each point, int8 (T,), UNKNOWN where no engine alone is heard clearly."""
    alone = engine_alone(onset, bed)
    if not alone.any():
        return np.full(len(bed), UNKNOWN, np.int8)
    hz, clear = track(audio)
    frame = np.minimum(((np.arange(len(bed)) + 0.5) / FRAME_RATE / FRAME_S).astype(int), len(hz) - 1)
    return np.where(alone & clear[frame], class_of(hz[frame]), UNKNOWN).astype(np.int8)


@dataclass(frozen=True)
class ReaderConfig:
    hidden: int = 160
    blocks: int = 3
    kernel: int = 9

    @property
    def reach(self):
        """Points before that the causal convolutions see."""
        return self.blocks * (self.kernel - 1)


READER = ReaderConfig()


class PitchReader(nn.Module):
    """Motion features before their norm (B, T, width) and how far strips have moved (B, T, FEATURES) -> logits (B, T, CLASSES)."""

    def __init__(self, width, c=READER):
        super().__init__()
        self.c = c
        self.moved, self.seen, self.norm = nn.Linear(FEATURES, c.hidden), nn.Linear(width, c.hidden), nn.LayerNorm(c.hidden)
        self.blocks = nn.ModuleList([CausalBlock(c.hidden, 2 * c.hidden, c.kernel) for _ in range(c.blocks)])
        self.tell = nn.Linear(c.hidden, CLASSES)

    def initial_state(self, batch=1):
        return zero_states(self.blocks, batch, self.tell.weight)

    def enter(self, seen, alike):
        """Of each picture by itself, (B, T, hidden)."""
        return self.norm(torch.relu(self.moved(alike)) + self.seen(seen))

    def through_time(self, x, state):
        x, after = through(self.blocks, x, state)
        return self.tell(x), after

    def forward(self, seen, alike, state):
        """Of a chunk, with memories -> logits, memories."""
        return self.through_time(self.enter(seen, alike), state)

    def whole(self, seen, alike):
        """Of a span whose first picture is held backwards."""
        x = hold(self.enter(seen, alike), self.c.reach)
        return self.through_time(x, self.initial_state(len(x)))[0][:, self.c.reach :]


def choose(logits, slope):
    """Logits (B, T, CLASSES) -> weights that are nearly 1 at the class within a semitone of which the pitch most likely lies."""
    near = 2 * (PER_OCTAVE // 12) + 1
    return torch.softmax(slope * nn.functional.avg_pool1d(torch.softmax(logits, -1), near, 1, near // 2), -1)


def pitch_loss(logits, classes):
    """Cross entropy of (..., CLASSES) with a bump about the true class; where it is unknown nothing counts."""
    target = torch.softmax(-0.5 * ((torch.arange(CLASSES, device=logits.device) - classes[..., None]) / SPREAD) ** 2, -1)
    each = nn.functional.cross_entropy(logits.flatten(0, -2), target.flatten(0, -2), reduction="none")
    counts = (classes.flatten() != UNKNOWN).float()
    return (each * counts).sum() / counts.sum().clamp_min(1)
