"""What of a sound is tone: partials on a grid of pitches, and the power of the noise between them, at the latents' rate.

Peaks of long spectra (170 ms low, 43 ms high) that stand out, have the shape of a steady sinusoid, and go on for three latents (the sinusoids-plus-noise
model of Serra and Smith 1990, https://doi.org/10.2307/3680788).
"""
from dataclasses import dataclass

import numpy as np
from scipy.fft import rfft
from scipy.ndimage import maximum_filter1d, uniform_filter1d

RATE, HOP = 48000, 1600
LOW_HZ, EVEN_FROM_HZ, HIGH_HZ = 40.0, 2080.0, 10_000.0
STEPS_AN_OCTAVE, EVEN_STEP_HZ = 24, 60.0


def pitch_grid():
    """Quarter tones up to where they are 60 Hz apart, then every 60 Hz; in Hz."""
    low = LOW_HZ * 2 ** (np.arange(0, 400) / STEPS_AN_OCTAVE)
    low = low[low < EVEN_FROM_HZ]
    return np.concatenate([low, np.arange(low[-1] + EVEN_STEP_HZ, HIGH_HZ, EVEN_STEP_HZ)])


GRID_HZ = pitch_grid()
PITCHES = len(GRID_HZ)
NOISE_EDGES_HZ = np.concatenate([[0, 100, 200, 300], np.geomspace(400, HIGH_HZ + 100, 16)])  # of the bands in which noise is measured
NOISE_BANDS = len(NOISE_EDGES_HZ) - 1
WINDOWS = ((0, 400, 8192), (400, 2200, 4096), (2200, int(HIGH_HZ) + 100, 2048))  # from Hz, to Hz, audio frames
STRONG_DB, WEAK_DB, LOBE_DB, AUDIBLE_DB = 11.0, 5.0, 8.0, -75.0  # over the spectrum around; weak ones count beside strong ones; over two bins away
BUMP_DB = 4.0  # a partial between two pitches: a parabola in dB, from which its place can be read again
FLOOR_DB = -90.0
REACH = 2  # pitches by which a partial may move from latent to latent


@dataclass
class Partials:
    """`level_db` (T, pitches): bumps about partials, of a sinusoid's amplitude; `noise` (T, bands): power beside them; `near` (T, bands): a partial is in or beside."""

    level_db: np.ndarray
    noise: np.ndarray
    near: np.ndarray


def spectrum(audio, size):
    """Amplitudes of sinusoids, (T, size + 1): Hann windows centred on the latents, padded to twice their length."""
    frames = np.pad(np.asarray(audio, np.float32), (size // 2, size))
    at = np.arange(len(audio) // HOP) * HOP + HOP // 2
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    return np.abs(rfft(frames[at[:, None] + np.arange(size)] * window, 2 * size)) / (window.sum() / 2)


def peaks(amplitude, low_hz, high_hz, size):
    """-> latent, bin, place in the grid, level in dB, whether it is strong; of every peak with a sinusoid's shape."""
    a, b = max(4, int(low_hz / RATE * 2 * size)), int(high_hz / RATE * 2 * size)
    db = 20 * np.log10(amplitude[:, : b + 160] + 1e-7)
    around = uniform_filter1d(db, 81, axis=1, mode="nearest")
    c, over = db[:, a:b], db[:, a:b] - around[:, a:b]
    beside = np.maximum(db[:, a - 4 : b - 4], db[:, a + 4 : b + 4])
    found = (c > db[:, a - 1 : b - 1]) & (c >= db[:, a + 1 : b + 1]) & (over > WEAK_DB) & (c > AUDIBLE_DB) & (c - beside > LOBE_DB)
    t, j = np.nonzero(found)
    strong, j = over[t, j] > STRONG_DB, j + a
    left, top, right = db[t, j - 1], db[t, j], db[t, j + 1]
    hz = (j + 0.5 * (left - right) / (left - 2 * top + right - 1e-9)) * RATE / (2 * size)
    return t, j, np.interp(hz, GRID_HZ, np.arange(PITCHES)), top, strong


def lasting(t, place, strong, count):
    """Which peaks go on: strong ones with others within reach in two of the latents beside, and weak ones beside those; twice."""
    at = np.round(place).astype(int)
    hard, any_ = np.zeros((count, PITCHES), bool), np.zeros((count, PITCHES), bool)
    hard[t[strong], at[strong]] = True
    any_[t, at] = True
    wide = lambda m: maximum_filter1d(m.astype(np.uint8), 2 * REACH + 1, axis=1) > 0
    moved = lambda m, k: np.roll(np.pad(m, ((2, 2), (0, 0))), k, 0)[2:-2]
    seen = wide(any_)
    before, after = moved(seen, 1), moved(seen, -1)
    kept = hard & ((before & after) | (before & moved(seen, 2)) | (after & moved(seen, -2)))
    for _ in range(2):
        near = wide(kept)
        kept = kept | (any_ & (moved(near, 1) | moved(near, -1)))
    return kept[t, at]


def bumps(t, place, level_db, count):
    """(T, pitches): about each partial a parabola in dB, five pitches wide."""
    out = np.full((count, PITCHES), FLOOR_DB, np.float32)
    base = np.floor(place).astype(int)
    for k in range(-2, 4):
        at = base + k
        inside = (at >= 0) & (at < PITCHES)
        value = np.maximum(level_db - BUMP_DB * (at - place) ** 2, FLOOR_DB).astype(np.float32)
        np.maximum.at(out, (t[inside], at[inside]), value[inside])
    return out


def noise_between(amplitude, t, j, low_hz, high_hz, size, out):
    """Adds to `out` (T, bands) the power of the noise in the bands of this window: the mean beside the lobes, over the whole band."""
    beside = np.ones(amplitude.shape, bool)
    for k in range(-5, 6):
        beside[t, np.clip(j + k, 0, amplitude.shape[1] - 1)] = False
    power = amplitude**2
    for b, (low, high) in enumerate(zip(NOISE_EDGES_HZ, NOISE_EDGES_HZ[1:], strict=False)):
        if low_hz <= low < high_hz - 1:
            first = int(low / RATE * 2 * size)
            bins = slice(first, max(int(high / RATE * 2 * size), first + 1))
            free = beside[:, bins]
            mean = (power[:, bins] * free).sum(1) / np.maximum(free.sum(1), 1)
            out[:, b] = mean * free.shape[1] / 6  # a bin of white noise has six times its share of the power, by window and padding


def find_partials(audio):
    """(N,) at 48 kHz -> Partials of its N // 1600 latents."""
    count = len(audio) // HOP
    spectra = [spectrum(audio, size) for _, _, size in WINDOWS]
    found = [peaks(a, *w) for a, w in zip(spectra, WINDOWS, strict=True)]
    window = np.repeat(range(len(WINDOWS)), [len(f[0]) for f in found])
    t, j, place, level_db, strong = (np.concatenate(x) for x in zip(*found, strict=True))
    kept = lasting(t, place, strong, count)
    t, j, place, level_db, window = t[kept], j[kept], place[kept], level_db[kept], window[kept]
    noise, has = np.zeros((count, NOISE_BANDS), np.float32), np.zeros((count, NOISE_BANDS), np.uint8)
    for i, (a, w) in enumerate(zip(spectra, WINDOWS, strict=True)):
        noise_between(a, t[window == i], j[window == i], *w, noise)
    has[t, np.clip(np.searchsorted(NOISE_EDGES_HZ, GRID_HZ[np.round(place).astype(int)]) - 1, 0, NOISE_BANDS - 1)] = 1
    return Partials(bumps(t, place, level_db, count), noise, maximum_filter1d(has, 5, axis=1) > 0)
