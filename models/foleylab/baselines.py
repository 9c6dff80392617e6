"""Sounds that need no model: noise that follows the picture, a metronome, and a sampler that answers motion."""
from collections import Counter

import numpy as np

from foleylab.onsets import detect, f1

KINDS, HOLDS = ("motion", "brightening", "brightness"), (0.0, 0.7, 0.85, 0.93)
GRID_FRAMES, SAMPLE_FRAMES = 1600, 24000
LIBRARY_CLIPS, LEAST_FAMILIES = 200, 6


def picture_curves(pictures):
    """(N, 128, 128, 3) uint8 -> {kind: (N,)} in 0..1: mean change, mean rise, and mean of the grey 64 x 64 pictures."""
    grey = pictures.reshape(len(pictures), 64, 2, 64, 2, 3).mean((2, 4, 5)) / 255
    change = np.diff(grey, axis=0, prepend=grey[:1])
    return {"motion": np.abs(change).mean((1, 2)), "brightening": np.maximum(change, 0).mean((1, 2)), "brightness": grey.mean((1, 2))}


def hold_peaks(curve, hold):
    """Falls by no more than the factor `hold` a picture."""
    out, now = np.empty(len(curve)), 0.0
    for i, v in enumerate(curve):
        now = max(v, hold * now)
        out[i] = now
    return out


def following_noise(curve, hold, seed=0):
    """White noise as loud as a picture's curve, (N * 1600,)."""
    level = np.repeat(hold_peaks(curve, hold), GRID_FRAMES)
    return (np.random.default_rng(seed).standard_normal(len(level)) * level).astype(np.float32)


def metronome(frames, gap_s, seed=0):
    """A burst of noise every `gap_s`."""
    out, rng = np.zeros(frames, np.float32), np.random.default_rng(seed)
    for at in range(int(gap_s * 24000), frames - 4800, int(gap_s * 48000)):
        out[at : at + 4800] = 0.3 * rng.standard_normal(4800) * np.exp(-np.arange(4800) / 960)
    return out


def motion_peaks(curve, threshold):
    """Grid points of the largest change within 0.1 s either way that stands `threshold` over the clip's median."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(curve, 3), 7).max(1)
    return np.flatnonzero((curve >= around) & (curve > np.median(curve) + threshold))


def describe_library(clips, limit=LIBRARY_CLIPS):
    """What a sampler of these training clips plays: how many, of which shards, and of which families of events.

    Raises ValueError where these are so few that whoever is judged beside it would look better than they are.
    """
    count = min(limit, len(clips))
    shards = sorted({clips.shards[shard] for shard, _ in clips.index[:count]})
    families = Counter(e["family"] for events in clips.events()[:count] for e in events)
    if len(families) < LEAST_FAMILIES:
        raise ValueError(f"The sampler, a baseline, needs training clips of at least {LEAST_FAMILIES} families of events to play; the first {count} of {clips.folder} "
                         f"({', '.join(shards) or 'no shards'}) have {', '.join(families) or 'none'}. Make some: make_clips.py --split train --seed 1 --clips 400 --games 0.")
    return f"{count} clips of {', '.join(shards)}: {', '.join(f'{name} {n}' for name, n in families.most_common())}"


class MotionSampler:
    """At each motion peak, the half second of training sound that began at the motion peak nearest in height."""

    def __init__(self, clips, picture, limit=LIBRARY_CLIPS, threshold=0.01):
        self.threshold, heights, self.sounds = threshold, [], []
        for i in range(min(limit, len(clips))):
            curve, audio = picture_curves(picture(i))["motion"], np.asarray(clips.row("audio", i), np.float32)
            for p in motion_peaks(curve, threshold):
                heights.append(curve[p])
                self.sounds.append(audio[p * GRID_FRAMES : p * GRID_FRAMES + SAMPLE_FRAMES])
        self.heights, self.fade = np.array(heights), np.linspace(1, 0, 4800, dtype=np.float32)

    def play(self, curve):
        """Motion curve (N,) -> sound (N * 1600,)."""
        out = np.zeros(len(curve) * GRID_FRAMES, np.float32)
        for p in motion_peaks(curve, self.threshold) if len(self.heights) else ():
            wave = self.sounds[np.abs(self.heights - curve[p]).argmin()][: len(out) - p * GRID_FRAMES].copy()
            n = min(len(wave), 4800)
            wave[len(wave) - n :] *= self.fade[4800 - n :]
            out[p * GRID_FRAMES : p * GRID_FRAMES + len(wave)] += wave
        return np.clip(out, -1, 1)

    def tune(self, curves, truth, detector):
        """Takes the threshold with the best F1 at 50 ms on other clips."""
        best = (-1.0, self.threshold)
        for self.threshold in (0.002, 0.005, 0.01, 0.02, 0.04):
            best = max(best, (f1([detect(self.play(c), detector)[0] for c in curves], truth, 0.05), self.threshold))
        self.threshold = best[1]
        return self


def best_gap(truth):
    """Mean gap of the metronome: as many beats as there are events in 5 s clips."""
    return 5.0 * len(truth) / max(sum(map(len, truth)), 1)
