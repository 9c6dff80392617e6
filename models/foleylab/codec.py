"""The codec: 48 kHz sound <-> 96 numbers at 30 Hz: 64 of the frames, 32 of their tones (tones.py).

The encoder (used for training only) hears log-mel and short-time energies, not phase. The decoder is causal and keeps state:
a backbone at 30 Hz, 8 sub-frames per latent, an inverse STFT as a matrix product, and overlap-add. It sums a predicted spectrum
and a predicted filter over fixed noise, so that rain may be noise and a bell a tone.
"""
from dataclasses import dataclass

import numpy as np
import torch
from scipy import signal
from torch import nn

from foleylab.layers import CausalBlock, CenteredBlock, through, zero_states
from foleylab.tones import LOW_BINS, Oscillators, ToneConfig, ToneDecoder, ToneEncoder


@dataclass(frozen=True)
class CodecConfig:
    sample_rate: int = 48000
    latent_frames: int = 1600  # audio frames per latent
    frame_width: int = 64
    tones: ToneConfig = ToneConfig()
    subframes: int = 8
    fft: int = 800
    mels: int = 80
    noise_bands: int = 40
    noise_chunks: int = 24  # the table of noise repeats after so many chunks of 3 latents
    slow_width: int = 384
    slow_blocks: int = 3
    fast_width: int = 192
    fast_blocks: int = 3

    @property
    def latent_width(self):
        return self.frame_width + self.tones.width

    @property
    def hop(self):
        return self.latent_frames // self.subframes

    @property
    def delay_frames(self):
        return (self.fft - self.hop) // 2

    @property
    def bins(self):
        return self.fft // 2 + 1


def mel_matrix(bins, mels, sample_rate, low_hz=0.0):
    """Triangular mel filters, (bins, mels), each summing to one."""
    to_mel, to_hz = lambda f: 2595 * np.log10(1 + f / 700), lambda m: 700 * (10 ** (m / 2595) - 1)
    edges = to_hz(np.linspace(to_mel(low_hz), to_mel(sample_rate / 2), mels + 2))
    hz = np.linspace(0, sample_rate / 2, bins)
    step = hz[1]
    rise = (hz[:, None] - edges[:-2]) / np.maximum(edges[1:-1] - edges[:-2], step)
    fall = (edges[2:] - hz[:, None]) / np.maximum(edges[2:] - edges[1:-1], step)
    weights = np.clip(np.minimum(rise, fall), 0, None)
    return torch.tensor(weights / (weights.sum(0) + 1e-9), dtype=torch.float32)


class Encoder(nn.Module):
    """Sound -> latents; latent k describes audio frames [1600 k, 1600 k + 1600)."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.register_buffer("window", torch.hann_window(c.fft), persistent=False)
        self.register_buffer("mel", mel_matrix(c.bins, c.mels, c.sample_rate), persistent=False)
        self.stem = nn.Linear(c.mels + 8, 192)
        self.fast = nn.ModuleList([CenteredBlock(192, 448, 5) for _ in range(2)])
        self.join = nn.Linear(192 * c.subframes, 384)
        self.slow = nn.ModuleList([CenteredBlock(384, 768, 3) for _ in range(2)])
        self.out = nn.Linear(384, c.frame_width)

    def features(self, audio):
        """(B, 1600 k) -> (B, 8 k, mels + 8): log-mel of frames centred on sub-frames, log energy of their eighths."""
        c = self.c
        padded = nn.functional.pad(audio, (c.delay_frames, c.delay_frames))
        spectrum = torch.stft(padded, c.fft, c.hop, window=self.window, center=False, return_complex=True).abs()
        mel = torch.log(spectrum.transpose(1, 2) @ self.mel + 1e-4)
        short = audio.reshape(audio.shape[0], -1, 8, c.hop // 8).square().mean(-1)
        return torch.cat([mel / 3 + 1.5, torch.log(short + 1e-8) / 5 + 2], -1)

    def hear(self, audio):
        """(B, 1600 T) -> (B, T, 384): all that the latents are made of."""
        x = self.stem(self.features(audio))
        for block in self.fast:
            x = block(x)
        x = self.join(x.reshape(x.shape[0], -1, 8 * x.shape[-1]))  # (B, 8 T, C) -> (B, T, 8 C)
        for block in self.slow:
            x = block(x)
        return x

    def forward(self, audio):
        return self.out(self.hear(audio))


class Decoder(nn.Module):
    """Latents -> sound, `delay_frames` late; state is carried in a list of tensors."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.stem = nn.Linear(c.frame_width, c.slow_width)
        self.slow = nn.ModuleList([CausalBlock(c.slow_width, 2 * c.slow_width, 3) for _ in range(c.slow_blocks)])
        self.split = nn.Linear(c.slow_width, c.fast_width * c.subframes)
        self.fast = nn.ModuleList([CausalBlock(c.fast_width, 3 * c.fast_width, 5) for _ in range(c.fast_blocks)])
        self.head = nn.Linear(c.fast_width, 3 * c.bins + c.noise_bands)
        window = np.sqrt(signal.get_window("hann", c.fft))
        eye = np.eye(c.bins)
        cosine = np.fft.irfft(eye, c.fft) * window
        sine = np.fft.irfft(1j * eye, c.fft) * window
        basis = np.concatenate([cosine, sine]) * np.sqrt(c.fft) / 2
        self.register_buffer("basis", torch.tensor(basis, dtype=torch.float32), persistent=False)
        centres = np.linspace(0, c.noise_bands - 1, c.noise_bands)
        at = np.interp(np.sqrt(np.linspace(0, 1, c.bins)), np.linspace(0, 1, c.noise_bands), centres)
        spread = np.clip(1 - np.abs(at[None] - centres[:, None]), 0, None)
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32), persistent=False)
        self.register_buffer("mean", torch.zeros(c.frame_width))
        self.register_buffer("std", torch.ones(c.frame_width))
        self.tones, self.oscillators = ToneDecoder(c.tones), Oscillators(c.fft, c.hop, range(c.bins), range(LOW_BINS))

    def initial_state(self, batch=1):
        """Convolution states, the overlap-add tail, the tones' memory, and for each of the batch the oscillators' state."""
        like, tones = self.basis, self.tones.initial_state(batch)
        oscillators = [torch.stack([s] * batch) for s in self.oscillators.initial_state()]
        return [*zero_states([*self.slow, *self.fast], batch, like), like.new_zeros(batch, self.c.fft - self.c.hop), tones, *oscillators]

    def features(self, latents, state):
        """(B, T, 64), standardised -> (B, 8 T, fast width), new conv states."""
        c, slow = self.c, len(self.slow)
        x, after = through(self.slow, self.stem(latents * self.std + self.mean), state[:slow])
        x = self.split(x)
        x = x.reshape(x.shape[0], x.shape[1] * c.subframes, c.fast_width)  # (B, T, 8 C) -> (B, 8 T, C)
        x, after_fast = through(self.fast, x, state[slow : slow + len(self.fast)])
        return x, [*after, *after_fast]

    def spectra(self, x):
        """Features -> magnitude-phase spectrum (B, 8 T, 2 bins), noise gains (B, 8 T, bins)."""
        c = self.c
        magnitude, real, imaginary, bands = self.head(x).float().split([c.bins, c.bins, c.bins, c.noise_bands], -1)
        magnitude = torch.exp(torch.clamp(magnitude - 3, -18.0, 5.0))
        length = torch.sqrt(real * real + imaginary * imaginary + 1e-6)
        spectrum = torch.cat([magnitude * real / length, magnitude * imaginary / length], -1)
        return spectrum, torch.exp(torch.clamp(bands @ self.spread - 4, -18.0, 4.0))

    def power(self, spectrum, gain):
        """Of the low bins, as expected over draws of the noise: (B, 8 T, LOW_BINS)."""
        real, imaginary, gain = (x[..., :LOW_BINS] for x in (*spectrum.chunk(2, -1), gain))
        return real * real + imaginary * imaginary + gain * gain

    def synthesise(self, spectrum, gain, noise, tail, waves=None, swell=1.0):
        """Spectra and noise (B, 8 T, 2 bins), the partials' waves (B, 8 T, 2 hop), a factor of each frame -> pcm (B, 1600 T), new tail (B, fft - hop)."""
        c = self.c
        frames = (spectrum + torch.cat([gain, gain], -1) * noise) @ self.basis  # (B, 8 T, fft)
        if waves is not None:
            frames = frames + nn.functional.pad(waves, (c.fft // 2 - c.hop, c.fft // 2 - c.hop))
        return overlap_add((frames * swell).reshape(*frames.shape[:2], c.fft // c.hop, c.hop), tail)

    def sing(self, latents, power, state):
        """Tone latents (B, T, 32), power (B, 8 T, LOW_BINS) -> waves, what is left of each bin, new state."""
        maps, memory = self.tones(latents, state[0])
        rows = [self.oscillators(m, p, *s) for m, p, *s in zip(maps.float(), power, *state[1:], strict=True)]
        waves, left, after = zip(*rows, strict=True)
        return torch.stack(waves), torch.stack(left), [memory, *(torch.stack(s) for s in zip(*after, strict=True))]

    def forward(self, latents, noise, state, swell=1.0):
        """Latents (B, T, 96), a factor of each frame (8 T, 1) -> pcm (B, 1600 T) covering [-delay, 1600 T - delay), next state."""
        frames, tones = latents.split([self.c.frame_width, self.c.tones.width], -1)
        x, after = self.features(frames, state)
        tail, *singing = state[len(after) :]
        spectrum, gain = self.spectra(x)
        waves, left, singing = self.sing(tones, self.power(spectrum, gain), singing)
        pcm, tail = self.synthesise(spectrum * torch.cat([left, left], -1), gain * left, noise, tail, waves, swell)
        return pcm, [*after, tail, *singing]

    def draw_noise(self, batch, latents, generator=None):
        """Spectral noise of unit variance, (B, 8 T, 2 bins)."""
        shape = (batch, latents * self.c.subframes, 2 * self.c.bins)
        return torch.randn(shape, generator=generator, device=self.basis.device) * 0.7071


def overlap_add(parts, tail):
    """Frames in parts of a hop (B, n, k, hop), tail (B, (k - 1) hop) -> (B, n * hop), next tail."""
    batch, n, count, hop = parts.shape
    total = nn.functional.pad(tail, (0, n * hop)).reshape(batch, -1, hop)
    for k in range(count):
        total = total + nn.functional.pad(parts[:, :, k : k + 1].flatten(2), (0, 0, k, total.shape[1] - n - k))
    flat = total.reshape(batch, -1)
    return flat[:, : n * hop], flat[:, n * hop :]


class Codec(nn.Module):
    """Encoder and decoder."""

    def __init__(self, config=None):
        super().__init__()
        self.config = config or CodecConfig()
        self.encoder, self.decoder = Encoder(self.config), Decoder(self.config)
        self.tones = ToneEncoder(self.config.tones)

    def frames(self, audio):
        """-> standardised latents of the frames alone, (B, T, 64)."""
        return (self.encoder(audio) - self.decoder.mean) / self.decoder.std

    def maps(self, audio, frames):
        """What the oscillators are to do, given what the frames already say: (B, T, pitches + bands). On the CPU."""
        d = self.decoder
        x, _ = d.features(frames, d.initial_state(len(audio)))
        power = d.power(*d.spectra(x))
        return torch.stack([d.oscillators.measure(a.numpy(), p) for a, p in zip(audio, power, strict=True)])

    def encode(self, audio):
        """-> standardised latents (B, T, 96)."""
        frames, tones = self.frames(audio), self.decoder.tones
        return torch.cat([frames, (self.tones(self.maps(audio, frames)) - tones.mean) / tones.std], -1)

    def decode(self, latents, seed=0):
        """Whole clip, delay removed: (B, T, 96) -> (B, 1600 T)."""
        batch, n = latents.shape[:2]
        noise = self.decoder.draw_noise(batch, n + 1, torch.Generator().manual_seed(seed))
        padded = torch.cat([latents, latents[:, -1:]], 1)
        pcm, _ = self.decoder(padded, noise, self.decoder.initial_state(batch))
        d = self.config.delay_frames
        return pcm[:, d : d + n * self.config.latent_frames]
