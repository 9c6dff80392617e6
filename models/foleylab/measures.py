"""Plain measures of how a picture differs from the one before: what nobody has to learn, and what holds for pictures that nobody trained on.

Encoders that learn from scenes know these scenes; in games that they have not seen, loudness that follows such measures follows better (models/LOG.md,
2026-11-24). They are taken at 64 x 64 pixels, in levels of 8 bits, as logarithms, since what counts is the ratio to what is usual here.
"""
import torch
from torch import nn

LEAST = 0.02  # levels: what is less is nothing
LITTLE, MUCH, APPEARED, BRIGHT = 10, 40, 30, 140  # levels from which on a pixel counts in some of the measures
MEASURES, RISE = 25, 1  # how many, and where the mean rise lies among them


def blocks(x, size):
    """(N, 1, 64, 64) -> means of blocks of that size."""
    return nn.functional.avg_pool2d(x, size)


def largest(x):
    """(N, 1, h, w) -> (N,)."""
    return x.flatten(1).amax(1)


def mean(x):
    """Likewise."""
    return x.flatten(1).mean(1)


def around(x):
    """The largest of every 3 x 3 pixels."""
    return nn.functional.max_pool2d(x, 3, 1, 1)


def measures(now, before):
    """Pictures (N, 3, 64, 64) in levels 0..255, and the one before each -> (N, MEASURES)."""
    grey, then = now.mean(1, keepdim=True), before.mean(1, keepdim=True)
    rise, fall = torch.relu(grey - then), torch.relu(then - grey)
    change = rise + fall
    appeared, vanished = torch.relu(grey - around(then)), torch.relu(-around(-then) - grey)  # what no pixel near had before
    red, green, blue = (now - before).split(1, 1)
    warm = torch.relu(torch.relu(red) + torch.relu(green) / 2 - blue.abs())
    deviation = torch.sqrt(mean((grey - grey.mean((2, 3), keepdim=True)).square()))
    parts = [mean(change), mean(rise), mean(fall), torch.sqrt(mean(change.square()))]
    parts += [largest(blocks(change, k)) for k in (2, 8, 16)]
    parts += [largest(blocks(x, k)) for x in (rise, fall) for k in (2, 8)]
    parts += [mean(torch.relu(change - LITTLE)), mean(torch.relu(change - MUCH)), mean(torch.relu(rise - MUCH))]
    parts += [mean(appeared), mean(vanished), largest(blocks(appeared, 2)), largest(blocks(vanished, 2)), mean(torch.relu(appeared - APPEARED))]
    parts += [mean(warm), largest(blocks(warm, 4)), mean(grey), deviation, mean(torch.relu(grey - BRIGHT)), mean(torch.relu(now[:, :1] - now[:, 2:]))]
    return torch.log(torch.stack(parts, -1) + LEAST)
