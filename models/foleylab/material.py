"""What a struck body, or the ground under a foot, sounds made of: a small classifier of 0.3 s of sound, fitted on true training sounds alone."""
from dataclasses import dataclass

import numpy as np

from foleylab.codec import mel_matrix
from foleylab.data.sound import MATERIALS, SURFACES

KINDS = {"material": ("impact", MATERIALS), "surface": ("footstep", SURFACES)}  # what is told, of which family, the classes
LENGTH_S, ALONE_S = 0.3, 0.25
EDGES_MS = (-10, 5, 20, 40, 70, 120, 200, 280)  # of the slices whose mean spectra are compared, from the loudest rise on
FLOOR_DB, BANDS = -60, 24


def lone_events(clips, kind):
    """-> clip, time (s), class of each event of the kind with none beside it and no bed under it."""
    family, classes = KINDS[kind]
    out = []
    for i, events in enumerate(clips.events()[: len(clips)]):
        bed = np.asarray(clips.row("bed", i)).max(1)
        times = np.array([e["time_s"] for e in events])
        for e in events:
            t = e["time_s"]
            near = np.abs(times - t) < 1e-9
            alone = not ((times > t - 0.15) & (times < t + ALONE_S) & ~near).any() and near.sum() == 1
            fits = e["family"] == family and e["material"] in classes and e["visible"] and e["strength"] > 0.1
            if fits and alone and 0.05 < t < 5 - LENGTH_S - 0.1 and bed[int(t * 30) : int(t * 30) + 9].max() < 0.05:
                out.append((i, t, classes.index(e["material"])))
    return out


def describe(audio, time_s):
    """Sound at an event -> (len(EDGES_MS) - 1) * BANDS log-mel means in dB under the loudest, its beginning looked for within 50 ms; zeros for silence."""
    start = int((time_s - 0.05) * 48000)
    x = np.asarray(audio[max(start, 0) : start + int((LENGTH_S + 0.1) * 48000)], np.float32)
    x = np.pad(x, (max(-start, 0), int((LENGTH_S + 0.15) * 48000) - len(x) - max(-start, 0)))
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, 480), 960)[::240] * np.hanning(960).astype(np.float32)
    mel = np.abs(np.fft.rfft(frames)) ** 2 @ mel_matrix(481, BANDS, 48000).numpy()
    power = mel.sum(1)
    rise = power[4:24] - power[:20]  # over 20 ms
    at = (int(rise.argmax()) + 2) * 5
    if power.max() < 1e-5:
        return np.zeros((len(EDGES_MS) - 1) * BANDS)
    slices = [mel[max((at + a) // 5, 0) : max((at + b) // 5, 1)].mean(0) for a, b in zip(EDGES_MS, EDGES_MS[1:], strict=False)]
    db = 10 * np.log10(np.stack(slices) + 1e-9)
    return np.maximum(db - db.max(), FLOOR_DB).reshape(-1) - FLOOR_DB / 2


@dataclass(frozen=True)
class Ear:
    """Linear discriminant: mean of each class, and the whitening of what they vary by."""

    classes: tuple
    means: np.ndarray
    whiten: np.ndarray

    def hear(self, features):
        """(N, D) -> log-probabilities (N, classes), all classes alike beforehand."""
        x = features @ self.whiten
        score = -0.5 * ((x[:, None] - self.means[None]) ** 2).sum(2)
        score -= score.max(1, keepdims=True)
        return score - np.log(np.exp(score).sum(1, keepdims=True))


def fit_ear(features, labels, classes, shrink=0.1):
    """Fisher's discriminant with a covariance drawn towards a round one."""
    means = np.stack([features[labels == k].mean(0) for k in range(len(classes))])
    spread = features - means[labels]
    cov = spread.T @ spread / len(features)
    cov = (1 - shrink) * cov + shrink * np.trace(cov) / len(cov) * np.eye(len(cov))
    values, vectors = np.linalg.eigh(cov)
    whiten = vectors / np.sqrt(values)
    return Ear(tuple(classes), means @ whiten, whiten)


def train_ear(clips, kind, limit=250, seed=0):
    """On at most `limit` lone events of each class; None where a class has fewer than ten."""
    found, classes = lone_events(clips, kind), KINDS[kind][1]
    rng = np.random.default_rng(seed)
    chosen = [e for k in range(len(classes)) for e in rng.permutation([(i, t, c) for i, t, c in found if c == k])[:limit]]
    labels = np.array([int(c) for _, _, c in chosen])
    if not len(labels) or np.bincount(labels, minlength=len(classes)).min() < 10:
        return None
    return fit_ear(np.stack([describe(clips.row("audio", int(i)), t) for i, t, _ in chosen]), labels, classes)


def accuracy(ear, sounds, events):
    """-> share told right, its standard error over clips, and for each event whether it was."""
    heard = ear.hear(np.stack([describe(sounds[i], t) for i, t, _ in events])).argmax(1)
    right = heard == [c for _, _, c in events]
    by_clip = {}
    for (i, _, _), ok in zip(events, right, strict=True):
        by_clip.setdefault(i, []).append(ok - right.mean())
    return float(right.mean()), float(np.sqrt(sum(np.sum(v) ** 2 for v in by_clip.values())) / len(right)), right
