"""Whether sound goes on over the borders of chunks: how far the log-mel spectrum jumps there, and elsewhere inside chunks."""
import numpy as np

from foleylab.codec import mel_matrix

WINDOW = 960
APART_S = 0.015  # from the border to the middle of each window
CLEAR_S = 0.08  # nothing may begin so near
FLOOR, AUDIBLE = 1e-4, 3e-3  # of mean power in a band, for windows of this length


def jump(audio, at):
    """Mean over 64 bands of the change in dB across those of the positions `at` where there is sound."""
    padded = np.pad(np.asarray(audio, np.float32), WINDOW)
    mel = mel_matrix(WINDOW // 2 + 1, 64, 48000).numpy()
    power = []
    for side in (-1, 1):
        start = at + WINDOW // 2 + side * int(APART_S * 48000)
        frames = padded[start[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW).astype(np.float32)
        power.append(np.abs(np.fft.rfft(frames)) ** 2 @ mel)
    before, after = power
    change = np.abs(10 * np.log10((after + FLOOR) / (before + FLOOR))).mean(1)
    return change[np.maximum(before.mean(1), after.mean(1)) > AUDIBLE]


def border_jumps(sounds, events, hop_frames):
    """Of sounds with the times of their true events (s): mean jump in dB at borders of hops, and at the thirds inside them."""
    out = {"border": [], "inside": []}
    for sound, times in zip(sounds, events, strict=True):
        at = np.arange(hop_frames // 3, len(sound) - WINDOW, hop_frames // 3)
        clear = np.array([not len(times) or np.abs(times - p / 48000).min() > CLEAR_S for p in at])
        border = at % hop_frames == 0
        out["border"] += jump(sound, at[clear & border]).tolist()
        out["inside"] += jump(sound, at[clear & ~border]).tolist()
    return {k: float(np.mean(v)) if v else 0.0 for k, v in out.items()}
