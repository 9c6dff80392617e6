"""Pitch of sounds that have one, by YIN: de Cheveigne and Kawahara 2002, https://doi.org/10.1121/1.1458024."""
import numpy as np
from scipy.signal import resample_poly

RATE, LOW_HZ, HIGH_HZ = 12000, 30, 800
FRAME_S = 0.05
CLEAR, AUDIBLE_DBFS = 0.15, -55.0  # normalised difference below which a pitch is clear; softer frames have none
SEMITONE = 2 ** (1 / 12)


def track(audio):
    """(N,) at 48 kHz -> per frame of 50 ms: pitch in Hz, and whether it is clear.

    A frame sums the squared differences over 50 ms about its middle; the period is the first dip of their cumulative mean normal form
    below CLEAR, else its lowest point, refined by a parabola.
    """
    x = resample_poly(np.asarray(audio, np.float64), 1, 4)
    n, longest, step = int(FRAME_S * RATE), RATE // LOW_HZ, int(FRAME_S * RATE)
    size = n + longest + 1
    starts = np.arange(0, len(x) - n + 1, step)
    padded = np.pad(x, (longest // 2, size))
    frames = padded[starts[:, None] + np.arange(size)]
    curves = normalised(frames, n, longest)
    shortest = RATE // HIGH_HZ
    loud = 10 * np.log10((frames**2).mean(1) + 1e-12) > AUDIBLE_DBFS
    found = [period(c, shortest) for c in curves]
    return np.array([RATE / p for p, _ in found]), np.array([d < CLEAR for _, d in found]) & loud


def normalised(frames, n, longest):
    """Difference functions of lags 0 to `longest` over their running mean, (frames, lags)."""
    total = np.concatenate([np.zeros((len(frames), 1)), np.cumsum(frames**2, 1)], 1)
    lags = np.arange(longest + 1)
    power = total[:, lags + n] - total[:, lags]
    length = 2 ** int(np.ceil(np.log2(frames.shape[1] + n)))
    cross = np.fft.irfft(np.fft.rfft(frames, length) * np.conj(np.fft.rfft(frames[:, :n], length)), length)[:, : longest + 1]
    d = np.maximum(power[:, :1] + power - 2 * cross, 0)
    out = np.ones_like(d)
    out[:, 1:] = d[:, 1:] * lags[1:] / np.maximum(np.cumsum(d[:, 1:], 1), 1e-12)
    return out


def period(curve, shortest):
    """-> period in samples, depth of the dip."""
    below = np.flatnonzero(curve[shortest:-1] < CLEAR)
    at = shortest + (below[0] if len(below) else int(curve[shortest:-1].argmin()))
    while len(below) and at + 1 < len(curve) - 1 and curve[at + 1] < curve[at]:
        at += 1
    a, b, c = curve[at - 1 : at + 2]
    bend = a - 2 * b + c
    return at + (np.clip(0.5 * (a - c) / bend, -1, 1) if bend > 1e-12 else 0.0), float(b)


def same_pitch(true_track, track_):
    """Two results of `track` -> frames of clear true pitch, of these within a semitone, and a semitone off by one or two octaves.

    A frame of ours must be heard; that its pitch is clear is not asked.
    """
    (true_hz, clear), (hz, _) = true_track, track_
    n = min(len(true_hz), len(hz))
    ratio = np.log(hz[:n] / true_hz[:n]) / np.log(SEMITONE)
    within = lambda x: np.abs(x) <= 1
    right = clear[:n] & within(ratio)
    octave = clear[:n] & ~right & np.any([within(ratio - k) for k in (-24, -12, 12, 24)], 0)
    return int(clear[:n].sum()), int(right.sum()), int(octave.sum())
