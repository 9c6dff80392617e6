"""A memory of sounds: the mean of what may be heard sounds like no one thing, what was heard once sounds like one.

At each onset the token is compared with those of remembered events. The latents that followed the event that looked most alike are
played from there on, until they end or something else begins. Of its tones (32 of the 96 numbers), always: they say which part of the
power is tone, and where, not how much power there is, and their mean is noise. Of the rest only where that event looked alike at all.
How far this reaches depends on how sure it is that this is no game, whose sounds and pictures are made up, and which the head's mean
follows better (models/LOG.md); and where hardly anything is expected to be heard, it reaches nowhere. Where no such sound plays, tones are
those of remembered moments that looked alike, taken point by point; and where an engine is heard, those of an engine at the pitch that
the motion encoder tells (foleylab/engine_pitch.py).

All is sums and products: the choice is a steep softmax, and what is still to be played is the state, so that GPUs need no index and a
change of devices no other sound.
"""
from dataclasses import dataclass

import torch
from torch import nn

from foleylab.codec import CodecConfig
from foleylab.data.scene import FAMILIES
from foleylab.decision import doubt_onsets
from foleylab.engine_pitch import CLASSES, ENGINE, choose
from foleylab.flow import FlowConfig
from foleylab.mapper import MapperConfig
from foleylab.onnxfile import round_steps


@dataclass(frozen=True)
class RecallConfig:
    token: int = MapperConfig().token
    latent_width: int = CodecConfig().latent_width
    tones_from: int = CodecConfig().frame_width
    chunk: int = MapperConfig().chunk
    hidden: int = 192
    key: int = 32
    sounds: int = 200
    moments: int = 256
    points: int = 12  # how long a sound is remembered
    fade: int = 4  # points over which it gives way at its end
    slope: float = 60.0  # of the choice of a sound, per unit of squared distance
    moment_slope: float = 5.0  # of a moment's: so far, that tones change about as fast as true ones do
    engine_from: float = 0.07  # the mapper's answer for an engine (how far it is driven) at which half of the tones are its
    engine_slope: float = 100.0
    pitch_slope: float = 2000.0  # of the choice of its pitch
    reach: float = 8.0  # squared distance from which on nothing looks alike, if this is surely no game; chosen on the tune split
    soft_from: float = -0.55  # the mapper's loudness (dB / 80) at which half of that is left; likewise
    soft_slope: float = 60.0
    decide_from: float = FlowConfig.decide_from
    decide_slope: float = FlowConfig.decide_slope
    recent_points: int = 240  # so long the last onset is recent
    refractory: float = 0.35  # what is taken from the mapper's probability right after an onset; this and what follows is chosen on the tune split
    refractory_points: int = 7  # over which that wears off
    quiet_from: float = -0.25  # the mapper's loudness (dB / 80) below which something is taken as well
    quiet_slope: float = 0.3  # so much for each unit
    still: float = 0.45  # what is taken at last where no onset is recent and nothing goes on sounding
    still_from: float = -0.35  # the loudness at which half of that is taken
    still_slope: float = 60.0
    game_doubt: float = 0.06  # what is taken in a game instead of the last two
    recalled: int = FlowConfig().recalled


def look_for(compare, keys, slope):
    """Sets a linear layer to minus the squared distances from keys (N, key), times `slope`, but for what they have in common."""
    compare.weight.copy_(2 * slope * keys)
    compare.bias.copy_(-slope * keys.square().sum(1))


class Recall(nn.Module):
    """tokens (B, 3, token), state, logits of engines' pitch (B, 3, CLASSES) -> tokens with what is recalled (B, 3, token + 192), next state.

    What is recalled are latents, as much of each number as its share says, and these shares. In the tokens onsets are as likely as doubts leave them
    (foleylab/decision.py). State: what plays, (B, points, 192), and how recent the last onset is, (B, 1).
    """

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.ask = nn.Sequential(nn.Linear(c.token, c.hidden), nn.SiLU(), nn.Linear(c.hidden, c.key))
        self.no_game = nn.Linear(c.token, 1)  # log odds
        self.compare, self.compare_moments = nn.Linear(c.key, c.sounds), nn.Linear(c.key, c.moments)
        self.sounds = nn.Parameter(torch.zeros(c.sounds, c.points * c.latent_width))
        self.shares = nn.Parameter(torch.zeros(c.sounds, c.points))
        self.moments = nn.Parameter(torch.zeros(c.moments, c.latent_width - c.tones_from))
        self.engines = nn.Parameter(torch.zeros(CLASSES, c.latent_width - c.tones_from))
        self.register_buffer("tones", (torch.arange(c.latent_width) >= c.tones_from).float(), persistent=False)

    @property
    def warm_up(self):
        """Points before a stream's first chunk from which on it is run, but for its decisions: what began earlier has ended."""
        return self.c.points

    def initial_state(self, batch=1):
        """Nothing plays, and nothing has begun lately."""
        return self.sounds.new_zeros(batch, self.c.points, self.c.recalled), self.sounds.new_zeros(batch, 1)

    def remember(self, keys, latents, lengths):
        """Sets the memory: keys (N, key), latents (N, points, 96), of which `lengths` (N,) points belong to the sound. Whole steps, so that a byte holds each."""
        c = self.c
        age = torch.arange(c.points)
        share = ((lengths[:, None] - age) / c.fade).clamp(0, 1)
        with torch.no_grad():
            look_for(self.compare, keys, c.slope)
            self.sounds.copy_(torch.from_numpy(round_steps((share[..., None] * latents).flatten(1).numpy())))
            self.shares.copy_(share)
        return self

    def remember_moments(self, keys, latents):
        """Likewise the tones of moments: keys (N, key), latents (N, 96)."""
        with torch.no_grad():
            look_for(self.compare_moments, keys, self.c.moment_slope)
            self.moments.copy_(torch.from_numpy(round_steps(latents[:, self.c.tones_from :].numpy())))
        return self

    def remember_engines(self, tones):
        """Likewise the tones (CLASSES, 32) of an engine at each pitch."""
        with torch.no_grad():
            self.engines.copy_(torch.from_numpy(round_steps(tones.numpy())))
        return self

    def passing(self, tokens, asked, pitch):
        """Tones (B, 3, 32) where no sound plays."""
        c = self.c
        moments = torch.softmax(self.compare_moments(asked), -1) @ self.moments
        engine = choose(pitch, c.pitch_slope) @ self.engines
        at = MapperConfig.hidden_token + len(FAMILIES) + ENGINE
        heard = torch.sigmoid(c.engine_slope * (tokens[..., at : at + 1] - c.engine_from))
        return moments + heard * (engine - moments)

    def reach(self, tokens):
        """Squared distance from which on nothing looks alike, (B, 3, 1)."""
        c = self.c
        return c.reach * torch.sigmoid(self.no_game(tokens)) * torch.sigmoid(c.soft_slope * (tokens[..., -1:] - c.soft_from))

    def decide(self, tokens, recent):
        """Of a chunk: probabilities less doubts, onsets, how recent the last is then."""
        return doubt_onsets(tokens[..., -2:-1], tokens[..., -1:], torch.sigmoid(self.no_game(tokens)), recent, self.c)

    def forward(self, tokens, state, pitch):
        c, (playing, recent) = self.c, state
        probability, onsets, recent = self.decide(tokens, recent)
        tokens = torch.cat([tokens[..., :-2], probability, tokens[..., -1:]], -1)
        asked, points = self.ask(tokens), (*tokens.shape[:2], c.points, -1)
        scores = self.compare(asked)
        nothing = c.slope * (asked.square().sum(-1, keepdim=True) - self.reach(tokens))
        alike = 1 - torch.softmax(torch.cat([scores, nothing], -1), -1)[..., -1:, None]  # (B, 3, 1, 1)
        nearest = torch.softmax(scores, -1)
        part = alike + (1 - alike) * self.tones
        begun = torch.cat([part * (nearest @ self.sounds).reshape(points), part * (nearest @ self.shares).reshape(points)], -1)
        recalled = []
        for k in range(c.chunk):
            playing = playing + onsets[:, k : k + 1] * (begun[:, k] - playing)
            recalled.append(playing[:, :1])
            playing = torch.cat([playing[:, 1:], torch.zeros_like(playing[:, :1])], 1)
        latents, shares = torch.cat(recalled, 1).chunk(2, -1)
        passing = nn.functional.pad(self.passing(tokens, asked, pitch), (c.tones_from, 0))
        return torch.cat([tokens, latents + (1 - shares) * passing, shares + (1 - shares) * self.tones], -1), (playing, recent)

    def span(self, tokens, state, pitch):
        """`forward` over a span (B, T, token) of whole chunks."""
        out = []
        for k in range(0, tokens.shape[1], self.c.chunk):
            x, state = self(tokens[:, k : k + self.c.chunk], state, pitch[:, k : k + self.c.chunk])
            out.append(x)
        return torch.cat(out, 1), state

    def whole(self, tokens, pitch):
        """A span from nothing."""
        return self.span(tokens, self.initial_state(len(tokens)), pitch)[0]
