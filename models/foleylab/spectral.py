"""Spectral distances: the codec's loss, and the pictures we look at."""
import torch

WINDOWS = (2048, 1024, 512, 256, 128, 64)


def magnitudes(audio, size):
    """(B, N) -> (B, bins, frames), normalised so that white noise of unit variance is about one."""
    window = torch.hann_window(size, device=audio.device)
    spectrum = torch.stft(audio, size, size // 4, window=window, center=True, return_complex=True)
    return torch.sqrt(spectrum.real**2 + spectrum.imag**2 + 1e-12) / window.square().sum().sqrt()


def weights(bins, like):
    """Falls with frequency, so that the upper octave does not rule."""
    hz = torch.linspace(0, 24000, bins, device=like.device)
    w = 1 / (hz + 1500) ** 0.7
    return (w / w.mean())[None, :, None]


def describe(audio):
    """What distances compare: a list, per window, of (log magnitude, compressed magnitude)."""
    out = []
    for size in WINDOWS:
        m = magnitudes(audio, size)
        out.append((torch.log(m + 2e-4), (m + 1e-5).sqrt()))
    return out


def distance(a, b):
    """Mean over windows of weighted L1 of log and of square-rooted magnitudes, of two `describe` results."""
    total = 0.0
    for (la, ra), (lb, rb) in zip(a, b, strict=True):
        w = weights(la.shape[1], la)
        total = total + ((la - lb).abs() * w).mean() + 4.0 * ((ra - rb).abs() * w).mean()
    return total / len(a)


def energy_distance(truth, first, second):
    """Two draws against the truth (https://arxiv.org/abs/2008.01160): noise is scored as noise."""
    t, a, b = describe(truth), describe(first), describe(second)
    apart = distance(a, b)
    return 0.5 * (distance(t, a) + distance(t, b)) - 0.5 * apart, apart


def draw_spectrograms(rows, path, strip=None):
    """Log spectrograms of [(title, audio at 48 kHz as numpy)], one below the other, under an optional film strip."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    n = len(rows) + (strip is not None)
    figure, axes = plt.subplots(n, 1, figsize=(11, 1.75 * n), squeeze=False)
    axes = list(axes[:, 0])
    if strip is not None:
        axes[0].imshow(strip, aspect="auto")
        axes.pop(0).axis("off")
    for axis, (title, audio) in zip(axes, rows, strict=True):
        m = magnitudes(torch.as_tensor(np.asarray(audio, dtype=np.float32))[None], 1024)[0]
        axis.imshow(20 * torch.log10(m + 1e-5), origin="lower", aspect="auto", vmin=-90, vmax=10, cmap="magma",
                    extent=(0, len(audio) / 48000, 0, 24), interpolation="nearest")
        axis.set_ylim(0, 16)
        axis.set_title(title, fontsize=7, pad=1)
        axis.tick_params(labelsize=6)
    figure.tight_layout(pad=0.3)
    figure.savefig(path, dpi=80)
    plt.close(figure)
