"""What follows the picture where nobody knows what it shows: deviations of loudness, in bands, from plain measures of pictures.

Each measure is standardised by its own running mean and spread, so that what is usual here counts for nothing. One layer and leaky sums of it over
some times, and another layer, are asked for the band envelopes of the true sound with their correlation as the loss (train_follower.py); beside it
stands what needs no training, how much the picture brightened, with a slow fall. All memory is sums and one largest value, so a span is a matrix
product with a constant matrix, and nothing is unrolled.
"""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from foleylab.measures import MEASURES, RISE


@dataclass(frozen=True)
class FollowerConfig:
    measures: int = MEASURES
    bands: int = 4
    hidden: int = 64
    merged: int = 96
    times: tuple = (1, 2, 4, 8, 16, 32)  # points over which the hidden layer is summed; the first is no sum
    usual: float = 150.0  # points: time of the running mean and spread
    least: float = 0.05  # added to the variance
    limits: tuple = (-4.0, 6.0)  # of a standardised measure
    fall: float = 0.93  # by which brightening that is held falls a point
    held: float = 0.5  # bels for each deviation of it; chosen on the tune split


def ages(count):
    """How many points before each of `count` points each of them lies, (count, count); negative where it lies after."""
    steps = np.arange(count)
    return steps[:, None] - steps


def constant(array):
    return torch.from_numpy(np.asarray(array, np.float32))


def leaky_sum(x, before, time):
    """x (B, T, C), the sum before (B, C) -> y_t = (1 - 1 / time) y_(t - 1) + x_t / time, (B, T, C)."""
    count, keep = int(x.shape[1]), 1 - 1 / time
    ago = ages(count)
    weights = np.where(ago >= 0, keep ** np.maximum(ago, 0) / time, 0)
    return constant(weights) @ x + constant(keep ** np.arange(1, count + 1))[:, None] * before[:, None]


def hold_largest(x, before, fall):
    """x (B, T), held before (B, 1), logarithms -> held after each: falls by no more than `fall` a point, (B, T)."""
    ago = ages(int(x.shape[1]) + 1)[1:]
    fallen = np.where(ago >= 0, ago * np.log(fall), -1e4)
    return (torch.cat([before, x], 1)[:, None] + constant(fallen)).amax(-1)


class Follower(nn.Module):
    """measures (B, T, MEASURES), state -> deviations (B, T, bands) in log10 of power, next state.

    State: sums of ones, of what is standardised and of its squares, (B, 1 + 2 (MEASURES + 1)), of the hidden layer, (B, 5 hidden), and what is held, (B, 1).
    """

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.enter = nn.Linear(c.measures, c.hidden)
        self.merge = nn.Linear(c.hidden * len(c.times), c.merged)
        self.leave = nn.Linear(c.merged, c.bands)
        self.drop = nn.Dropout(0.2)

    def initial_state(self, batch=1):
        c, like = self.c, self.leave.weight
        return like.new_zeros(batch, 1 + 2 * (c.measures + 1)), like.new_zeros(batch, (len(c.times) - 1) * c.hidden), like.new_zeros(batch, 1)

    def standardise(self, x, sums):
        """(B, T, C), running sums -> in deviations from their running mean, and the sums after the last."""
        c = self.c
        sums = leaky_sum(torch.cat([torch.ones_like(x[..., :1]), x, x * x], -1), sums, c.usual)
        one, mean, square = sums.split([1, x.shape[-1], x.shape[-1]], -1)
        mean = mean / one
        spread = torch.sqrt(torch.relu(square / one - mean * mean) + c.least)
        return ((x - mean) / spread).clamp(*c.limits), sums[:, -1]

    def forward(self, measures, state):
        c, (sums, leaks, held) = self.c, state
        rises = hold_largest(measures[..., RISE], held, c.fall)
        x, sums = self.standardise(torch.cat([measures, rises[..., None]], -1), sums)
        deviations, leaks = self.learned(x[..., :-1], leaks)
        return deviations + c.held * x[..., -1:], (sums, leaks, rises[:, -1:])

    def learned(self, x, leaks):
        """Standardised measures -> the part that is learned, and the sums of the hidden layer after the last."""
        hidden = torch.relu(self.enter(x))
        over_times = [hidden] + [leaky_sum(hidden, before, time) for before, time in zip(leaks.chunk(len(self.c.times) - 1, -1), self.c.times[1:], strict=True)]
        merged = torch.relu(self.merge(self.drop(torch.cat(over_times, -1))))
        return self.leave(self.drop(merged)), torch.cat([s[:, -1] for s in over_times[1:]], -1)
