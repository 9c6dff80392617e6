"""The codec's tones: what of the frames' power is sung by steady oscillators instead of noise.

Frames of 17 ms (codec.py) know when and how loud, but not which pitch: they make noise of tones. So 32 further numbers a latent say, pitch by
pitch, what share of the power around is a partial's, and, band by band, how much of the rest is left. Oscillators at these pitches sing it, as loud
as the frames say: attacks stay the frames' own. Once in a chunk an oscillator takes over the phase of its strongest neighbour, so that partials glide.
"""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from foleylab.layers import CausalBlock, CenteredBlock, Constants, zero_states
from foleylab.partials import FLOOR_DB, GRID_HZ, HOP, NOISE_BANDS, NOISE_EDGES_HZ, PITCHES, RATE, REACH, find_partials

RANGE_DB, HEADROOM_DB = 30.0, 5.0  # shares and what is left of noise lie within so much of the whole; a share may be measured as more than that
HEARD = 0.1  # share, in units of the range, from which an oscillator sings
AROUND_HZ = 240.0  # a partial's power is a share of what the frames have within so much of it
ATTACK = 4.0  # times the partials' power: what the frames have above it in a band is an attack, and stays noise
STEEP, STEEPEST = 1e4, 1e8  # of what would be comparisons: GPUs of the engine's runtime place none
SINE_DB = 3.0103  # of a sinusoid's squared amplitude over its power
BLOCK = 3  # latents between two looks at the neighbours: a chunk
LOW_BINS = 174  # of the frames' spectrum, 60 Hz each, that matter here
MAPS = PITCHES + NOISE_BANDS


@dataclass(frozen=True)
class ToneConfig:
    width: int = 32
    listener: int = 384
    decoder: int = 256


def from_db(x):
    return torch.exp(x * (np.log(10) / 10))


def to_db(power):
    return 10 * torch.log10(torch.clamp(power, min=1e-12))


def between(centres, at):
    """Linear interpolation from `centres` to `at` as a matrix (centres, at); the first holds below, zero above."""
    return np.stack([np.interp(at, centres, row, right=0) for row in np.eye(len(centres))])


class Oscillators(Constants):
    """Maps (T, pitches + bands) in 0..1 and the frames' power in low bins (8 T, low) -> the partials' waves (8 T, hop 2) and what is left of each bin (8 T, bins).

    `bins` and `low`: the numbers of the columns' bins, -1 for a column without one; `low` must have the first `LOW_BINS`.
    """

    def __init__(self, fft, hop, bins, low):
        super().__init__()
        self.fft, self.hop, self.each = fft, hop, HOP // hop  # frames a latent
        (hz, there), (low_hz, low_there) = ((np.asarray(x) * RATE / fft, np.asarray(x) >= 0) for x in (bins, low))
        centres = (NOISE_EDGES_HZ[:-1] + NOISE_EDGES_HZ[1:]) / 2
        bands, blur = between(centres, hz) * there, np.eye(NOISE_BANDS) + 0.5 * (np.eye(NOISE_BANDS, k=1) + np.eye(NOISE_BANDS, k=-1))
        beside = np.clip(np.arange(PITCHES)[:, None] + np.arange(-REACH, REACH + 1), 0, PITCHES - 1)
        time = np.arange(hop) + 0.5  # from the middle on: before it cosines are the same, sines turned over
        angle, hann = 2 * np.pi * GRID_HZ[:, None] * time / RATE, 0.5 + 0.5 * np.cos(np.pi * time / hop)
        # a bin's power of the sound is its square over the window's length
        self.keep("around", (np.abs(low_hz[:, None] - GRID_HZ) <= AROUND_HZ) * low_there[:, None] / fft)
        crowd = between(centres, GRID_HZ)
        self.keep("crowd", crowd)
        self.keep("spread", bands)
        self.keep("beyond", np.clip(1 - bands.sum(0), 0, None))
        self.keep("in_bands", (between(centres, low_hz) * low_there).T @ blur / fft)
        self.keep("beside", beside.T, torch.int64)
        self.keep("about", np.clip(np.arange(self.each)[:, None] + np.arange(-2, 2), 0, self.each - 1), torch.int64)
        self.keep("pitch_bands", crowd.T @ blur)
        self.keep("cosines", np.cos(angle) * hann)
        self.keep("sines", np.sin(angle) * hann)
        self.keep("so_far", np.tri(BLOCK, k=-1))
        self.keep("hz", GRID_HZ)
        self.keep("spacing", np.gradient(GRID_HZ))
        self.keep("clock", (np.arange(self.each)[:, None] + 0.5) * hop / RATE)

    def initial_state(self):
        """Each oscillator's phase in cycles, and its power in the latent before."""
        return [torch.zeros_like(self.hz), torch.zeros_like(self.hz)]

    def reference(self, power):
        """(8 T, low bins) -> (T, 8, pitches): the power around each pitch, its mean over the latent, but no more than in any of four frames about the moment: what
        begins within the latent is not sung before, and that frames waver where tones are does not matter."""
        x = (power @ self.around).reshape(-1, self.each, PITCHES)
        return torch.minimum(x.mean(1, keepdim=True), x[:, self.about].amax(2))

    def shares(self, tones):
        """Maps of the pitches (T, pitches) -> share of the power around (T, pitches), pitch in Hz (T, pitches). Only peaks sing; what is beside one has its pitch."""
        left, right = tones[:, self.beside[REACH - 1]], tones[:, self.beside[REACH + 1]]
        slope, bend = left - right, left + right - 2 * tones
        heard = torch.clamp((tones - HEARD) / HEARD, 0, 1) * torch.clamp((tones - torch.maximum(left, right)) * STEEP + 1, 0, 1)
        off = torch.clamp(0.5 * slope / (bend - 1e-4), -1.5, 1.5)
        share = from_db((tones - 0.25 * slope * off - 1) * RANGE_DB + HEADROOM_DB) * heard
        return share / torch.clamp(share @ self.crowd.T @ self.crowd, min=1), self.hz + off * self.spacing

    def phases(self, power, hz, state):
        """Power and pitch (T, pitches) -> phases at the latents' beginnings in cycles, (T, pitches), new state.

        Once in three latents each oscillator takes the phase of its strongest neighbour (0 if none sings); in between it keeps it, since beside a partial the pitch told
        is the partial's.
        """
        (phase, before), turns, out = state, hz * (HOP / RATE), []
        for first in range(0, power.shape[0], BLOCK):
            now = turns[first : first + BLOCK]
            near = before[self.beside]
            strongest = torch.clamp((near - near.amax(0, keepdim=True)) * STEEPEST + 1, min=0) * torch.clamp(near * STEEPEST, max=1)
            phase = (strongest * phase[self.beside]).sum(0, keepdim=True) / (strongest.sum(0, keepdim=True) + 1e-6)
            out.append(phase + self.so_far[: now.shape[0], : now.shape[0]] @ now)
            phase = phase + now.sum(0, keepdim=True)
            phase, before = (phase - torch.floor(phase))[0], power[first + now.shape[0] - 1]
        return torch.cat(out), [phase, before]

    def forward(self, maps, power, *state):
        tones, left = maps[:, :PITCHES], torch.clamp(maps[:, PITCHES:], 0, 1)
        share, hz = self.shares(torch.clamp(tones, 0, 1))
        sung = share[:, None] * self.reference(power)  # (T, 8, pitches)
        phase, after = self.phases(sung.mean(1), hz, state)
        cycles = phase[:, None] + hz[:, None] * self.clock
        angle = ((cycles - torch.floor(cycles)) * (2 * np.pi)).reshape(-1, PITCHES)
        loud = torch.sqrt(2 * sung).reshape(-1, PITCHES)
        even, odd = (loud * torch.cos(angle)) @ self.cosines, (loud * torch.sin(angle)) @ self.sines
        waves = torch.cat([(even + odd).flip(1), even - odd], 1)
        partials, whole = sung @ self.pitch_bands, (power @ self.in_bands).reshape(-1, self.each, NOISE_BANDS)
        rest = torch.maximum(1 - ATTACK * partials / (whole + 1e-12), from_db((left[:, None] - 1) * RANGE_DB))
        return waves, torch.sqrt(torch.clamp(rest, max=1).flatten(0, 1) @ self.spread + self.beyond), after

    def measure(self, audio, power):
        """A sound (N,) and the power of the frames it is coded into (8 T, low) -> the maps that `forward` takes, (T, pitches + bands)."""
        found = find_partials(audio)
        quiet = (power @ self.spread[:, :LOW_BINS].T / self.fft).reshape(-1, self.each, NOISE_BANDS).quantile(0.3, dim=1)
        width = torch.tensor(np.diff(NOISE_EDGES_HZ) * self.fft / RATE, dtype=torch.float32) / self.spread.sum(1).clamp(min=0.2)  # bins in a band, over those counted
        level = torch.from_numpy(np.where(found.level_db > FLOOR_DB, found.level_db, -1e3))
        share = level - SINE_DB - HEADROOM_DB - to_db(self.reference(power).mean(1))
        left = to_db(torch.from_numpy(found.noise)) - to_db(quiet * width)
        left = torch.where(torch.from_numpy(found.near), left, torch.zeros_like(left))
        share, left = share / RANGE_DB + 1, left / RANGE_DB + 1
        over = nn.functional.max_pool1d(share[None], 5, 1, 2)[0] - 1  # a bump that is too high is lowered, so that its top stays one
        return torch.clamp(torch.cat([share - torch.clamp(over, min=0), left], 1), 0, 1)


class ToneEncoder(nn.Module):
    """Maps (B, T, pitches + bands) -> (B, T, width), which may look a latent either way. Used for training only."""

    def __init__(self, c):
        super().__init__()
        self.stem = nn.Linear(MAPS, c.listener)
        self.block = CenteredBlock(c.listener, 2 * c.listener, 3)
        self.out = nn.Linear(c.listener, c.width)

    def forward(self, maps):
        return self.out(self.block(nn.functional.silu(self.stem(maps))))


class ToneDecoder(nn.Module):
    """(B, T, width), standardised, and state -> maps (B, T, pitches + bands), new state."""

    def __init__(self, c):
        super().__init__()
        self.stem = nn.Linear(c.width, c.decoder)
        self.block = CausalBlock(c.decoder, 2 * c.decoder, 3)
        self.out = nn.Linear(c.decoder, MAPS)
        self.register_buffer("mean", torch.zeros(c.width))
        self.register_buffer("std", torch.ones(c.width))

    def initial_state(self, batch=1):
        return zero_states([self.block], batch, self.mean)[0]

    def forward(self, latents, state):
        x, state = self.block(nn.functional.silu(self.stem(latents * self.std + self.mean)), state)
        return self.out(x), state
