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
    over = over_floor(f)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(f, 6), 13).max(1)
    at = np.flatnonzero((f >= around) & (over > 0))
    return at * HOP / 48000, over[at]


def over_floor(f):
    """A flux less its median of 0.4 s around."""
    return f - np.median(np.lib.stride_tricks.sliding_window_view(np.pad(f, 40, "edge"), 81), 1)


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


def settle(found, truth, tolerance_s, neutral=None):
    """-> hits, and how many of the found ones count: one that hits no event and lies in a neutral span, or near a neutral moment (each takes one), does not."""
    pairs = match(found, truth, tolerance_s)
    if neutral is None or len(pairs) == len(found):
        return len(pairs), len(found)
    left = np.delete(found, [i for i, _ in pairs])
    left = left[~neutral.covers(left)]
    return len(pairs), len(pairs) + len(left) - len(match(left, neutral.times, tolerance_s))


def tally(found, truth, tolerance_s, neutral=None, shifts=(0.0,), length_s=5.0):
    """Over lists of clips, the found ones moved round the clip by each shift: hits, found ones that count, events; (shifts, clips, 3)."""
    moved = lambda f, s: np.sort((f + s) % length_s) if s else f
    neutral = neutral or [None] * len(truth)
    return np.array([[(*settle(moved(f, s), t, tolerance_s, n), len(t)) for f, t, n in zip(found, truth, neutral, strict=True)] for s in shifts])


def f1_of(counts):
    """Micro F1 of a tally, one for each shift."""
    hits, found, events = counts.sum(1).T
    return 2 * hits / np.maximum(found + events, 1)


def f1(found, truth, tolerance_s, shift_s=0.0, length_s=5.0):
    """Over lists of clips: micro F1 of onsets; `shift_s` moves the found ones round the clip."""
    return float(f1_of(tally(found, truth, tolerance_s, shifts=(shift_s,), length_s=length_s))[0])


def shifts_of(length_s=5.0):
    """None, and those of chance: 1 to 4 s in clips of 5 s."""
    return 0.0, *np.arange(1.0, length_s - 0.9, 0.37)


def corrected(counts):
    """Of a tally whose first shift is none -> F1, chance, (F1 - chance) / (1 - chance)."""
    plain, *wrong = f1_of(counts)
    chance = float(np.mean(wrong))
    return float(plain), chance, float((plain - chance) / (1 - chance))


def score(found, truth, length_s=5.0, neutral=None):
    """F1 at 50 and 100 ms, chance-corrected by own predictions shifted 1 to 4 s, median and spread of the offset (ms)."""
    out = {}
    for ms in (50, 100):
        figures = corrected(tally(found, truth, ms / 1000, neutral, shifts_of(length_s), length_s))
        out |= dict(zip((f"f1At{ms}", f"chanceAt{ms}", f"correctedAt{ms}"), figures, strict=True))
    offsets = np.array([f[i] - t[j] for f, t in zip(found, truth, strict=True) for i, j in match(f, t, 0.1)]) * 1000
    if len(offsets):
        out |= {"offsetMedianMs": float(np.median(offsets)), "offsetSpreadMs": float(np.median(np.abs(offsets - np.median(offsets))) * 1.4826)}
    return out


def average_precision(found, truth, tolerance_s, neutral=None):
    """Area under precision over recall of all peaks (times and heights of each clip), highest first; each event, and each neutral moment, is found once."""
    ranked = sorted(((s, i, t) for i, pair in enumerate(found) for t, s in zip(*pair, strict=True)), reverse=True)
    left, right, counted, out = [list(t) for t in truth], 0, 0, 0.0
    free = [list(n.times) for n in neutral] if neutral else [[] for _ in truth]
    for _, i, t in ranked:
        if take(left[i], t, tolerance_s):
            right, counted = right + 1, counted + 1
            out += right / counted
        elif not (neutral and neutral[i].covers(t)) and not take(free[i], t, tolerance_s):
            counted += 1
    return out / max(sum(map(len, truth)), 1)


def take(times, t, tolerance_s):
    """Whether one of the times is near; the nearest leaves the list."""
    near = min(times, key=lambda e: abs(e - t), default=None)
    if near is None or abs(near - t) > tolerance_s:
        return False
    times.remove(near)
    return True
