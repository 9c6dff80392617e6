"""In games, sounds swell and sink with what the picture does, and begin the sooner: what nobody trained on is not known, but that much can be seen.

How far the follower's deviations (foleylab/follower.py) move loudness and the probability of an onset depends on how likely this is a game: in scenes, all
is as the head and the mapper say. The gain travels behind the latents to the decoder, as a logarithm, so that nothing said is a gain of one.
"""
import math
from dataclasses import dataclass, field

import torch
from torch import nn

from foleylab.follower import Follower, FollowerConfig, leaky_sum

WIDTH = 1  # of what a point is told
DECIBEL = math.log(10) / 20


def between(points, subframes):
    """Weights of the point before and `points` points for each frame, (points subframes, points + 1): gains go in straight lines, as logarithms."""
    at = (torch.arange(points * subframes) + 1) / subframes
    return (1 - (at[:, None] - torch.arange(points + 1)).abs()).clamp(min=0)


@dataclass(frozen=True)
class SwellConfig:
    follower: FollowerConfig = field(default_factory=FollowerConfig)
    depth: float = 2.0  # by which deviations are multiplied for loudness; this and what follows is chosen on the tune split
    limits_db: tuple = (-25.0, 3.0)
    lift: float = 0.1  # of the probability of an onset, for a deviation of one bel
    lately: float = 60.0  # points over which the odds of a game are averaged
    odds_slope: float = 2.0


class Swell(nn.Module):
    """tokens (B, T, C), log odds that this is no game (B, T, 1), measures (B, T, MEASURES), state -> tokens, logarithms of gains (B, T, 1), next state."""

    def __init__(self, c):
        super().__init__()
        self.c, self.follower = c, Follower(c.follower)

    def initial_state(self, batch=1):
        """The follower's, and sums of ones and odds, (B, 2)."""
        return *self.follower.initial_state(batch), self.follower.leave.weight.new_zeros(batch, 2)

    def forward(self, tokens, no_game, measures, state):
        c, (*follower, sums) = self.c, state
        deviations, follower = self.follower(measures, follower)
        sums = leaky_sum(torch.cat([torch.ones_like(no_game), no_game], -1), sums, c.lately)
        game = torch.sigmoid(-c.odds_slope * sums[..., 1:] / sums[..., :1])
        moved = deviations.mean(-1, keepdim=True)
        probability = (tokens[..., -2:-1] + c.lift * game * moved).clamp(0, 1)
        gains = DECIBEL * game * (10 * c.depth * moved).clamp(*c.limits_db)
        return torch.cat([tokens[..., :-2], probability, tokens[..., -1:]], -1), gains, (*follower, sums[:, -1])

    def whole(self, tokens, no_game, measures):
        """A span from nothing: tokens and gains."""
        return self(tokens, no_game, measures, self.initial_state(len(measures)))[:2]
