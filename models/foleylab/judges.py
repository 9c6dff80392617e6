"""Two public classifiers of sounds that judge ours: mn04 of EfficientAT (https://github.com/fschmid56/EfficientAT) and YAMNet
(https://github.com/tensorflow/models/tree/master/research/audioset/yamnet). Their weights lie outside the repository; nothing
was trained on them.
"""
import numpy as np
import torch
from scipy.linalg import sqrtm
from scipy.signal import resample_poly
from torch import nn

# kernel, stride, hidden, output channels, squeeze and excitation, hard swish
BLOCKS = ((3, 1, 8, 8, 0, 0), (3, 2, 24, 16, 0, 0), (3, 1, 32, 16, 0, 0), (5, 2, 32, 16, 1, 0), (5, 1, 48, 16, 1, 0), (5, 1, 48, 16, 1, 0),
          (3, 2, 96, 32, 0, 1), (3, 1, 80, 32, 0, 1), (3, 1, 72, 32, 0, 1), (3, 1, 72, 32, 0, 1), (3, 1, 192, 48, 1, 1), (3, 1, 272, 48, 1, 1),
          (5, 2, 272, 64, 1, 1), (5, 1, 384, 64, 1, 1), (5, 1, 384, 64, 1, 1))


def layer(inputs, outputs, kernel=1, stride=1, groups=1, act=None):
    """Convolution, batch norm, activation."""
    parts = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs, eps=1e-3)]
    return nn.Sequential(*parts, *([act()] if act else []))


class Excite(nn.Module):
    """Squeeze and excitation of channels; the names are those of the published weights."""

    def __init__(self, width, hidden):
        super().__init__()
        one = nn.Module()
        one.fc1, one.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.conc_se_layers = nn.ModuleList([one])

    def forward(self, x):
        one = self.conc_se_layers[0]
        return x * torch.sigmoid(one.fc2(torch.relu(one.fc1(x.mean((2, 3))))))[..., None, None]


class Inverted(nn.Module):
    """MobileNetV3's block."""

    def __init__(self, inputs, kernel, stride, hidden, outputs, excite, swish):
        super().__init__()
        act = nn.Hardswish if swish else nn.ReLU
        parts = [layer(inputs, hidden, act=act)] if hidden != inputs else []
        parts.append(layer(hidden, hidden, kernel, stride, hidden, act))
        if excite:
            squeeze = max(8, int(hidden / 4 + 4) // 8 * 8)  # a multiple of 8
            parts.append(Excite(hidden, squeeze + 8 if squeeze < 0.9 * hidden / 4 else squeeze))
        self.block = nn.Sequential(*parts, layer(hidden, outputs))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.block(x) if self.residual else self.block(x)


class MobileNetJudge(nn.Module):
    """Log-mel (B, 1, 128, T) -> logits (B, 527), embeddings (B, 384)."""

    def __init__(self):
        super().__init__()
        parts, width = [layer(1, 8, 3, 2, act=nn.Hardswish)], 8
        for kernel, stride, hidden, outputs, excite, swish in BLOCKS:
            parts.append(Inverted(width, kernel, stride, hidden, outputs, excite, swish))
            width = outputs
        self.features = nn.Sequential(*parts, layer(width, 384, act=nn.Hardswish))
        self.classifier = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(384, 512), nn.Hardswish(), nn.Identity(), nn.Linear(512, 527))

    def forward(self, x):
        seen = self.features(x).mean((2, 3))
        return self.classifier(seen), seen


def kaldi_mels(bands=128, n_fft=1024, rate=32000, low=0.0, high=15000.0):
    """Triangles on Kaldi's mel scale, (bands, n_fft / 2 + 1)."""
    mel = lambda hz: 1127 * np.log1p(hz / 700)
    edges = np.linspace(mel(low), mel(high), bands + 2)
    at = mel(np.arange(n_fft // 2) * rate / n_fft)[None]
    left, centre, right = (edges[k : k + bands, None] for k in range(3))
    shape = np.maximum(0, np.minimum((at - left) / (centre - left), (right - at) / (right - centre)))
    return torch.tensor(np.pad(shape, ((0, 0), (0, 1))), dtype=torch.float32)


class Mn04:
    """Judge of class and of likeness: `hear(audio)` -> class scores (527,) and embeddings (N, 384) of its seconds, which overlap by half."""

    def __init__(self, folder):
        self.net = MobileNetJudge().eval()
        self.net.load_state_dict(torch.load(folder / "mn04_as_mAP_432.pt", weights_only=True))
        self.mels, self.window = kaldi_mels(), torch.hann_window(800, periodic=False)

    def picture(self, audio):
        """(B, N) at 32 kHz -> normalised log-mel (B, 1, 128, T)."""
        x = audio[:, 1:] - 0.97 * audio[:, :-1]
        power = torch.stft(x, 1024, 320, 800, self.window, return_complex=True).abs().square()
        return ((torch.log(self.mels @ power + 1e-5) + 4.5) / 5)[:, None]

    @torch.no_grad()
    def hear(self, audio):
        x = torch.from_numpy(resample_poly(np.asarray(audio, np.float32), 2, 3).astype(np.float32))
        logits, seen = self.net(self.picture(x.unfold(0, 32000, 16000)))
        return torch.sigmoid(logits).mean(0).numpy(), seen.numpy()


class Yamnet:
    """Judge of class: `hear(audio)` -> scores (521,), mean over its windows of 0.975 s."""

    def __init__(self, folder):
        from ai_edge_litert.interpreter import Interpreter

        self.net = Interpreter(str(folder / "yamnet_int8.tflite"), num_threads=1)
        self.net.allocate_tensors()

    def hear(self, audio):
        x, scores = resample_poly(np.asarray(audio, np.float32), 1, 3).astype(np.float32), []
        for start in range(0, len(x) - 15600 + 1, 7800):
            self.net.set_tensor(self.net.get_input_details()[0]["index"], x[None, start : start + 15600])
            self.net.invoke()
            scores.append(self.net.get_tensor(self.net.get_output_details()[0]["index"])[0].copy())
        return np.mean(scores, 0), None


def divergence(truth, scores):
    """KL of scores from the truth's, each made to sum to one."""
    p, q = (np.clip(s, 1e-6, None) / np.clip(s, 1e-6, None).sum() for s in (truth, scores))
    return float((p * np.log(p / q)).sum())


def frechet(a, b):
    """Distance of two sets of embeddings (N, D) as Gaussians (https://arxiv.org/abs/1812.08466)."""
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * sqrtm(ca @ cb).real))


def frechet_row(ours, truth, parts=10):
    """Distance over all clips, standard error by the jackknife over tenths of them."""
    whole = frechet(np.concatenate(ours), np.concatenate(truth))
    if len(ours) < 2 * parts:
        return {"fad": whole}
    left = []
    for k in range(parts):
        keep = [i for i in range(len(ours)) if i % parts != k]
        left.append(frechet(np.concatenate([ours[i] for i in keep]), np.concatenate([truth[i] for i in keep])))
    return {"fad": whole, "fadSe": float(np.sqrt((parts - 1) / parts * np.sum((np.array(left) - np.mean(left)) ** 2)))}


def load_judges(folder):
    """Judges whose weights and runtimes are there, by name; says what is missing."""
    out = {}
    for name, make in (("mn04", Mn04), ("yamnet", Yamnet)):
        try:
            out[name] = make(folder)
        except (ImportError, OSError, ValueError) as reason:
            print(f"judge {name} left out: {reason}", flush=True)
    return out
