"""Recorded effects (CC0, CC-BY, public domain, BSD) as voices.

`make_recordings.py` prepares a folder once; the environment variable FOLEYLAB_RECORDINGS names it. Without it everything here is None, and
actors sound by sound.py alone. Train and tune share their recordings, test has others (of kinds with three sources or more). Each begins
at its onset: the waveform belongs where the event is.
"""
import os

import numpy as np
from scipy import signal

from foleylab.data import items
from foleylab.data.sound import SAMPLE_RATE, highpass, lowpass, seconds

VARIABLE = "FOLEYLAB_RECORDINGS"


def kinds(split):
    """The kinds of which that split has a recording; empty without the folder."""
    folder = os.environ.get(VARIABLE)
    return sorted({kind for kind, test in items.load(folder) if test == (split == "test")}) if folder else []


def take(rng, split, kind):
    """A recording as it was prepared (peak 0.8, at most 3 s), (n,) float32 at 48 kHz, or None. "animal/sheep" asks for one source of a kind."""
    group = items.choose(VARIABLE, rng, split, kind)
    return None if group is None else group[sorted(group)[rng.integers(len(group))]].astype(np.float32)


def play(rng, split, kind, strength):
    """A recording, varied: pitch within a quarter, tilt, decay; louder and brighter with strength (0..1). (n,) float32 at 48 kHz, or None."""
    wave = take(rng, split, kind)
    if wave is None:
        return None
    wave = signal.resample_poly(wave, 20, int(rng.integers(16, 26))).astype(np.float32)  # 0.8 to 1.25 times as long or short
    split_hz, tilt = np.exp(rng.uniform(np.log(300), np.log(4000))), 10 ** (rng.uniform(-5, 5) / 20)
    wave = lowpass(wave, split_hz, 1) * tilt + highpass(wave, split_hz, 1) / tilt
    if strength < 0.9 and rng.random() < 0.7:
        wave = lowpass(wave, 2500 + 18000 * strength, 1)
    if rng.random() < 0.35:
        wave *= np.exp(-seconds(len(wave) / SAMPLE_RATE + 1e-3)[: len(wave)] / np.exp(rng.uniform(np.log(0.08), np.log(0.9))))
        wave = wave[: max(2400, np.flatnonzero(np.abs(wave) > 1e-4)[-1] + 1 if wave.any() else 0)]
    return wave * np.float32(0.8 * strength / max(np.abs(wave).max(), 1e-6))
