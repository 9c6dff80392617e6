"""What the motion encoder sees of a picture: planes of 64 x 64, its colours, and of four times as many pixels the grey.

Clips hold the colours at 64 x 64 and the grey at 128 x 128 (make_clips.py); what is small moves there. A plane of grey holds one pixel of
every 2 x 2, so that all planes are of one size.
"""
import numpy as np
import torch
from torch import nn

SIZE, COLOURS, FINE = 64, 3, 4
PLANES = COLOURS + FINE


def shrink(pictures):
    """uint8 (N, 128, 128, 3) -> the exact box mean, rounded to 8 bit, (N, 64, 64, 3)."""
    n = len(pictures)
    return ((pictures.reshape(n, SIZE, 2, SIZE, 2, COLOURS).astype(np.uint16).sum((2, 4)) + 2) // 4).astype(np.uint8)


def grey(pictures):
    """uint8 (N, 128, 128, 3) -> the mean of the colours, rounded to 8 bit, (N, 128, 128)."""
    return ((pictures.astype(np.uint16).sum(-1) + 1) // COLOURS).astype(np.uint8)


def join(small, fine):
    """Colours (N, 64, 64, 3) and grey (N, 128, 128) -> planes (N, PLANES, 64, 64)."""
    out = np.empty((len(small), PLANES, SIZE, SIZE), np.uint8)
    for k in range(COLOURS):
        out[:, k] = small[..., k]
    for k in range(FINE):
        out[:, COLOURS + k] = fine[:, k // 2 :: 2, k % 2 :: 2]
    return out


def part(planes):
    """Back: planes (N, PLANES, 64, 64) -> colours (N, 64, 64, 3), grey (N, 128, 128)."""
    fine = np.empty((len(planes), 2 * SIZE, 2 * SIZE), np.uint8)
    for k in range(FINE):
        fine[:, k // 2 :: 2, k % 2 :: 2] = planes[:, COLOURS + k]
    return np.ascontiguousarray(planes[:, :COLOURS].transpose(0, 2, 3, 1)), fine


def planes_of(frames):
    """Normalised pictures (..., 3, 128, 128) -> planes (..., PLANES, 64, 64), as streamed."""
    grey = frames.mean(-3, keepdim=True)
    flat = torch.cat([nn.functional.avg_pool2d(frames.flatten(0, -4), 2), nn.functional.pixel_unshuffle(grey.flatten(0, -4), 2)], 1)
    return flat.unflatten(0, frames.shape[:-3])
