"""How far strips of the picture have moved: normalised cross-correlation of their profiles with those of the pictures before.

Speed is what engines are heard by, and what tells a camera that turns from things that move; two pictures' difference says that something
moved, not how far. A profile is the mean of a strip of four rows along the picture, or of four columns across it, and its slope is what is
compared, so that light and flat ground do not matter.
"""
import torch
from torch import nn

from foleylab.planes import SIZE

STRIP = 4
STRIPS = 2 * SIZE // STRIP  # of rows, then of columns
LAGS, REACH, WINDOWS = 2, 6, 2  # pictures back; pixels either way; parts of a strip that are compared by themselves
SHIFTS = 2 * REACH + 1
FEATURES = STRIPS * LAGS * SHIFTS * WINDOWS
AT_ONCE = 16  # pictures that a cache holds with all their windows
NOISE = 0.02  # power of a slope that is none, in deviations of a picture


def slopes(frames):
    """Normalised pictures (..., 3, 64, 64) -> slopes of the profiles (..., 32, 64)."""
    grey = frames.mean(-3)
    rows = grey.unflatten(-2, (SIZE // STRIP, STRIP)).mean(-2)
    columns = grey.unflatten(-1, (SIZE // STRIP, STRIP)).mean(-1).transpose(-1, -2)
    profiles = torch.cat([rows, columns], -2)
    return nn.functional.pad(profiles[..., 1:] - profiles[..., :-1], (0, 1))


def windows(x, size):
    """(..., L) -> every window of that size, (..., L - size + 1, size)."""
    if not torch.onnx.is_in_onnx_export():
        return x.unfold(-1, size, 1)  # a view; a graph has none, and one gather is better than many slices
    count = x.shape[-1] - size + 1
    places = (torch.arange(count)[:, None] + torch.arange(size)).flatten()
    return x[..., places].reshape(*x.shape[:-1], count, size)


def compare(now, then):
    """(N, 32, 64) twice -> in -1..1, (N, 32, SHIFTS, WINDOWS)."""
    padded, size = nn.functional.pad(then, (REACH, REACH)), SIZE // WINDOWS
    power = windows(padded.square(), size).mean(-1)
    parts = []
    for k in range(WINDOWS):
        here, moved = now[..., k * size : (k + 1) * size], windows(padded[..., k * size : (k + 1) * size + 2 * REACH], size)
        scale = (here.square().mean(-1, keepdim=True) + NOISE) * (power[..., k * size : k * size + SHIFTS] + NOISE)
        parts.append((here.unsqueeze(-2) * moved).mean(-1) / scale.sqrt())
    return torch.stack(parts, -1)


@torch.no_grad()
def likeness(slopes):
    """Slopes (B, 2 + T, 32, 64), those of the two pictures before first -> (B, T, FEATURES)."""
    n = slopes.shape[1] - LAGS
    now, *then = (slopes[:, LAGS - k : LAGS - k + n].flatten(0, 1) for k in range(LAGS + 1))
    parts = [torch.stack([compare(now[at : at + AT_ONCE], before[at : at + AT_ONCE]) for before in then], 1) for at in range(0, len(now), AT_ONCE)]
    return torch.cat(parts).flatten(1).unflatten(0, (-1, n))


class Shift(nn.Module):
    """What is added to the motion features."""

    def __init__(self, width, hidden=96):
        super().__init__()
        self.enter, self.leave = nn.Linear(FEATURES, hidden), nn.Linear(hidden, width)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, alike):
        """What `likeness` says -> (B, T, width)."""
        return self.leave(torch.relu(self.enter(alike)))
