"""Critics of the decoder's sound: small convolutions over log-mel spectrograms of four windows, each of which says of every patch whether it is true.

As in GANs of vocoders (https://arxiv.org/abs/2010.05646, https://arxiv.org/abs/2106.07889): hinge loss, and the distance between what the critics' layers
make of the true sound and of the decoder's (feature matching), which asks for this sound and not for any true one.
"""
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from foleylab.codec import CodecConfig, mel_matrix

LOOKS = ((2048, 512, 96), (1024, 256, 96), (512, 128, 64), (256, 64, 40))  # window and hop in audio frames, mel bands
LAYERS = ((16, 1), (32, 2), (64, 1), (64, 2), (64, 1))  # channels, step in time; each halves the bands
SLOPE = 0.2


class Critic(nn.Module):
    """Sound (B, N) -> verdicts (B, 1, bands, frames), and what each layer heard."""

    def __init__(self, window, hop, bands):
        super().__init__()
        self.window_frames, self.hop = window, hop
        self.register_buffer("window", torch.hann_window(window), persistent=False)
        self.register_buffer("mel", mel_matrix(window // 2 + 1, bands, CodecConfig.sample_rate), persistent=False)
        layers, width = [], 2
        for channels, step in LAYERS:
            kernel = (3, 3) if layers else (5, 3)
            layers.append(weight_norm(nn.Conv2d(width, channels, kernel, (2, step), (kernel[0] // 2, 1))))
            width = channels
        self.layers, self.out = nn.ModuleList(layers), weight_norm(nn.Conv2d(width, 1, 3, 1, 1))

    def picture(self, audio):
        """-> (B, 2, bands, frames): the log-mel spectrogram, and how high each band lies, from -1 to 1."""
        spectrum = torch.stft(audio, self.window_frames, self.hop, window=self.window, center=False, return_complex=True)
        power = self.mel.T @ (spectrum.real.square() + spectrum.imag.square() + 1e-9)
        loud = torch.log(power + 1e-4) / 3 + 1
        height = torch.linspace(-1, 1, power.shape[1], device=audio.device)[None, :, None].expand_as(loud)
        return torch.stack([loud, height], 1)

    def forward(self, audio):
        x, heard = self.picture(audio.float()), []
        for layer in self.layers:
            x = nn.functional.leaky_relu(layer(x), SLOPE)
            heard.append(x)
        return self.out(x).float(), heard


class Adversary(nn.Module):
    """All critics."""

    def __init__(self):
        super().__init__()
        self.critics = nn.ModuleList([Critic(*look) for look in LOOKS])

    def forward(self, audio):
        return [critic(audio) for critic in self.critics]


def critics_loss(true, made):
    """Answers of the adversary -> hinge loss by which it learns to tell them apart; 2 where it cannot."""
    losses = [torch.relu(1 - t).mean() + torch.relu(1 + m).mean() for (t, _), (m, _) in zip(true, made, strict=True)]
    return sum(losses) / len(losses)


def falsehood(made):
    """How false the decoder's sound is found."""
    return -sum(verdict.mean() for verdict, _ in made) / len(made)


def features_apart(true, made):
    """Mean distance of the true sound and the decoder's in the critics' layers."""
    apart = [(a.detach().float() - b.float()).abs().mean() for (_, t), (_, m) in zip(true, made, strict=True) for a, b in zip(t, m, strict=True)]
    return sum(apart) / len(apart)
