"""Onsets in sound: a spectral-flux detector, matching with events, chance-corrected scores."""
import numpy as np

from foleylab.codec import mel_matrix

HOP = 240  # 5 ms
WINDOW = 960
MEL = None


def flux(audio):
    """Mean positive rise of log-mel from frame to frame, per 5 ms; frame k is centred at k * 5 ms."""
    global MEL
    if MEL is None:
        MEL = mel_matrix(WINDOW // 2 + 1, 40, 48000).numpy()
    padded = np.pad(np.asarray(audio, np.float32), WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] * np.hanning(WINDOW).astype(np.float32)
    mel = np.log10(np.abs(np.fft.rfft(frames)) @ MEL + 3e-2)
    rise = np.maximum(mel[3:] - mel[:-3], 0).mean(1)
    return np.concatenate([np.zeros(2), rise, np.zeros(1)])


def peaks(f):
    """Of a flux -> times (s) of local maxima within 30 ms, their height over the median of 0.4 s around."""
    padded = np.pad(f, 40, "edge")
    floor = np.median(np.lib.stride_tricks.sliding_window_view(padded, 81), 1)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(f, 6), 13).max(1)
    at = np.flatnonzero((f >= around) & (f > floor))
    return at * HOP / 48000, (f - floor)[at]


def detect(audio, threshold):
    """-> onset times (s) and strengths above the threshold."""
    times, strengths = peaks(flux(audio))
    return times[strengths > threshold], strengths[strengths > threshold]


def audible(events, f, threshold):
    """Times of visible events whose rise can be seen in the true sound's flux; events nearer than 60 ms count once."""
    out = []
    for e in events:
        a = max(0, int((e["time_s"] - 0.015) * 200))
        if e["visible"] and e["time_s"] > 0.03 and f[a : a + 9].max(initial=0) > threshold and (not out or e["time_s"] - out[-1] > 0.06):
            out.append(e["time_s"])
    return np.array(out)


def match(found, truth, tolerance_s):
    """Pairs (found index, truth index), each used once, nearest first."""
    if not len(found) or not len(truth):
        return []
    gap = np.abs(found[:, None] - truth[None])
    pairs, used_f, used_t = [], set(), set()
    for i, j in zip(*np.unravel_index(np.argsort(gap, None), gap.shape), strict=True):
        if gap[i, j] > tolerance_s:
            break
        if i not in used_f and j not in used_t:
            pairs.append((i, j))
            used_f.add(i)
            used_t.add(j)
    return pairs


def f1(found, truth, tolerance_s, shift_s=0.0, length_s=5.0):
    """Over lists of clips: micro F1 of onsets; `shift_s` moves the found ones round the clip."""
    hits = sum(len(match(np.sort((f + shift_s) % length_s) if shift_s else f, t, tolerance_s)) for f, t in zip(found, truth, strict=True))
    total = sum(map(len, found)) + sum(map(len, truth))
    return 2 * hits / max(total, 1)


def score(found, truth, length_s=5.0):
    """F1 at 50 and 100 ms, chance-corrected by own predictions shifted 1 to 4 s, median and spread of the offset (ms)."""
    out = {}
    for ms in (50, 100):
        plain = f1(found, truth, ms / 1000)
        chance = float(np.mean([f1(found, truth, ms / 1000, s, length_s) for s in np.arange(1.0, length_s - 0.9, 0.37)]))
        out |= {f"f1At{ms}": plain, f"chanceAt{ms}": chance, f"correctedAt{ms}": (plain - chance) / (1 - chance)}
    offsets = np.array([f[i] - t[j] for f, t in zip(found, truth, strict=True) for i, j in match(f, t, 0.1)]) * 1000
    if len(offsets):
        out |= {"offsetMedianMs": float(np.median(offsets)), "offsetSpreadMs": float(np.median(np.abs(offsets - np.median(offsets))) * 1.4826)}
    return out


def average_precision(found, truth, tolerance_s):
    """Area under precision over recall of all peaks (times and heights of each clip), highest first; each event is found once."""
    ranked = sorted(((s, i, t) for i, pair in enumerate(found) for t, s in zip(*pair, strict=True)), reverse=True)
    left, right, out = [list(t) for t in truth], 0, 0.0
    for k, (_, i, t) in enumerate(ranked):
        near = min(left[i], key=lambda e: abs(e - t), default=None)
        if near is not None and abs(near - t) <= tolerance_s:
            left[i].remove(near)
            right += 1
            out += right / (k + 1)
    return out / max(sum(map(len, truth)), 1)
