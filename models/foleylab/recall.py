"""A memory of sounds: the mean of what may be heard sounds like no one thing, what was heard once sounds like one.

At each onset the token is compared with those of remembered events. The latents that followed the event that looked most alike are
played from there on, until they end or something else begins; where none looked alike, nothing is. How far it reaches depends on how
sure it is that this is no game: whose sounds and pictures are made up is no measure for them, and the head's mean follows them better
(models/LOG.md). All is sums and products: the choice is a steep softmax, and what is still to be played is the state, so that GPUs need
no index and a change of devices no other sound.
"""
from dataclasses import dataclass

import torch
from torch import nn

from foleylab.codec import CodecConfig
from foleylab.decision import decide_onsets
from foleylab.flow import FlowConfig
from foleylab.mapper import MapperConfig
from foleylab.onnxfile import round_steps


@dataclass(frozen=True)
class RecallConfig:
    token: int = MapperConfig().token
    latent_width: int = CodecConfig().latent_width
    chunk: int = MapperConfig().chunk
    hidden: int = 192
    key: int = 32
    sounds: int = 200
    points: int = 12  # how long a sound is remembered
    fade: int = 4  # points over which it gives way at its end
    slope: float = 60.0  # of the choice, per unit of squared distance
    reach: float = 8.0  # squared distance from which on nothing looks alike, if this is surely no game; chosen on the tune split
    doubt: float = 1.0  # log odds of no game at which half of that is left; likewise
    decide_from: float = FlowConfig.decide_from
    decide_slope: float = FlowConfig.decide_slope
    recalled: int = FlowConfig().recalled


class Recall(nn.Module):
    """tokens (B, 3, token), playing (B, points, 97) -> tokens with what is recalled (B, 3, token + 97), playing."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.ask = nn.Sequential(nn.Linear(c.token, c.hidden), nn.SiLU(), nn.Linear(c.hidden, c.key))
        self.no_game = nn.Linear(c.token, 1)  # log odds
        self.compare = nn.Linear(c.key, c.sounds)
        self.sounds = nn.Parameter(torch.zeros(c.sounds, c.points * c.latent_width))
        self.shares = nn.Parameter(torch.zeros(c.sounds, c.points))

    def initial_state(self, batch=1):
        """Nothing plays."""
        return self.sounds.new_zeros(batch, self.c.points, self.c.recalled)

    def remember(self, keys, latents, lengths):
        """Sets the memory: keys (N, key), latents (N, points, 96), of which `lengths` (N,) points belong to the sound. Whole steps, so that a byte holds each."""
        c = self.c
        age = torch.arange(c.points)
        share = ((lengths[:, None] - age) / c.fade).clamp(0, 1)
        with torch.no_grad():
            self.compare.weight.copy_(2 * c.slope * keys)
            self.compare.bias.copy_(-c.slope * keys.square().sum(1))
            self.sounds.copy_(torch.from_numpy(round_steps((share[..., None] * latents).flatten(1).numpy())))
            self.shares.copy_(share)
        return self

    def forward(self, tokens, playing):
        c = self.c
        onsets = decide_onsets(tokens[..., -2:-1], c.decide_from, c.decide_slope)
        asked = self.ask(tokens)
        reach = c.reach * torch.sigmoid(self.no_game(tokens) - c.doubt)
        nothing = c.slope * (asked.square().sum(-1, keepdim=True) - reach)
        chosen = torch.softmax(torch.cat([self.compare(asked), nothing], -1), -1)[..., : c.sounds]
        begun = torch.cat([(chosen @ x).reshape(-1, c.chunk, c.points, x.shape[1] // c.points) for x in (self.sounds, self.shares)], -1)
        recalled = []
        for k in range(c.chunk):
            playing = playing + onsets[:, k : k + 1] * (begun[:, k] - playing)
            recalled.append(playing[:, :1])
            playing = torch.cat([playing[:, 1:], torch.zeros_like(playing[:, :1])], 1)
        return torch.cat([tokens, torch.cat(recalled, 1)], -1), playing

    def span(self, tokens, playing):
        """`forward` over a span (B, T, token) of whole chunks."""
        out = []
        for k in range(0, tokens.shape[1], self.c.chunk):
            x, playing = self(tokens[:, k : k + self.c.chunk], playing)
            out.append(x)
        return torch.cat(out, 1), playing

    def whole(self, tokens):
        """A span from nothing."""
        return self.span(tokens, self.initial_state(len(tokens)))[0]
