"""The decoder (codec.py) as a graph: the same sound with less arithmetic and fewer nodes.

Of the waves of a frame, cosines come again mirrored, sines mirrored and with the other sign; about a quarter of the frame, those of even
number and those of odd number differ in the same way. So a quarter of a frame is computed of each of the four kinds, and the rest are sums.
For this the bins lie in another order, (2, n): even ones, odd ones. Nothing here has an axis for the batch.
"""
import numpy as np
import torch
from torch import nn

from foleylab.codec import overlap_add
from foleylab.layers import Constants
from foleylab.swell import WIDTH, between
from foleylab.tones import LOW_BINS, Oscillators

LARGEST_SUM = 100  # rows of parts up to which one matrix product overlaps and adds them faster than padding does


def by_parity(numbers):
    """Wave numbers -> where the even ones lie among them, then the odd ones, (2, n); -1 where there is one less."""
    even, odd = (np.flatnonzero(np.asarray(numbers) % 2 == k) for k in (0, 1))
    n = max(len(even), len(odd))
    return torch.tensor(np.stack([np.pad(a, (0, n - len(a)), constant_values=-1) for a in (even, odd)]))


def pick(array, index):
    """Rows of an array or a parameter, in another order; zeros where the index is -1. The rest of `index`'s shape comes first."""
    kept = (index >= 0).reshape(*index.shape, *[1] * (array.dim() - 1))
    return array.detach()[index.clamp(min=0)] * kept


def run_block(block, x, state):
    """A CausalBlock: x (T, C), state (k - 1, C)."""
    conv, kernel = block.depthwise.conv, block.depthwise.kernel
    joined = torch.cat([state, x])
    taps = torch.arange(x.shape[0])[:, None] + torch.arange(kernel)  # rows that each output is made of
    y = (joined[taps] * conv.weight[:, 0, 0].t()).sum(1) + conv.bias
    return x + block.scale * block.down(nn.functional.silu(block.up(block.norm(y)))), joined[x.shape[0] :]


class Synthesis(Constants):
    """Latents (T, 96) and noise (8 T, 2, 2, 201) -> pcm (1600 T,); the state as in `initial_state`."""

    def __init__(self, decoder, points):
        super().__init__()
        self.decoder, c = decoder, decoder.c
        self.frames = points * c.subframes
        self.bins = by_parity(range(c.bins))
        magnitude, real, imaginary = (torch.where(self.bins < 0, -1, self.bins + k * c.bins) for k in range(3))
        self.columns = torch.cat([magnitude.flatten(), torch.stack([real, imaginary], 1).flatten(), torch.arange(c.noise_bands) + 3 * c.bins])
        self.weight, self.bias = (nn.Parameter(pick(p, self.columns)) for p in (decoder.head.weight, decoder.head.bias))
        self.keep("spread", pick(decoder.spread.t(), self.bins).flatten(0, 1).t())
        eye = np.eye(c.bins)
        self.keep("waves", self.quarters([np.fft.irfft(eye, c.fft), np.fft.irfft(1j * eye, c.fft)], self.bins) * np.sqrt(c.fft) / 2)
        self.keep("window", np.sin(np.pi * np.arange(c.fft) / c.fft))
        self.oscillators = Oscillators(c.fft, c.hop, self.bins.flatten(), self.bins[:, : LOW_BINS // 2].flatten())

    def quarters(self, waves, index):
        """Waves (bins, fft), cosines and sines, -> (even cosines, even sines, odd cosines, odd sines; bins of each, fft / 4 + 1)."""
        pair = [pick(torch.from_numpy(w[:, : w.shape[1] // 4 + 1]), index) for w in waves]
        return torch.stack(pair, 1).flatten(0, 1)

    def initial_state(self):
        """Convolutions' memories (k - 1, C), the last of them the tones', what is left of the last frames, the oscillators' state."""
        c = self.decoder.c
        memories = [torch.zeros(b.depthwise.kernel - 1, b.depthwise.conv.in_channels) for b in (*self.decoder.slow, *self.decoder.fast, self.decoder.tones.block)]
        return [*memories, torch.zeros(c.fft // c.hop - 1, c.hop), *self.oscillators.initial_state()]

    def restore_head(self):
        """The decoder's own layer from the one in the order of parity."""
        with torch.no_grad():
            kept = self.columns >= 0
            self.decoder.head.weight[self.columns[kept]], self.decoder.head.bias[self.columns[kept]] = self.weight[kept], self.bias[kept]

    def state_names(self):
        return [*(f"memory{i}" for i in range(len(self.decoder.slow) + len(self.decoder.fast) + 1)), "tail", "phase", "loud"]

    def forward(self, latents, noise, *state, swell=None):
        x, maps, after = self.features(latents, state)
        pcm, *rest = self.sound(x, maps, noise, *state[len(after) :], swell=swell)
        return pcm.flatten(), *after, *rest

    def features(self, latents, state):
        """-> (8 T, fast width), maps of the tones (T, n), new memories."""
        d, after = self.decoder, []
        latents, tones = latents.split([d.c.frame_width, d.c.tones.width], -1)
        x = d.stem(latents * d.std + d.mean)
        for blocks, memories in ((d.slow, state), (d.fast, state[len(d.slow) :])):
            for block, s in zip(blocks, memories, strict=False):
                x, s = run_block(block, x, s)
                after.append(s)
            x = d.split(x).reshape(self.frames, d.c.fast_width) if blocks is d.slow else x
        t = d.tones
        y, memory = run_block(t.block, nn.functional.silu(t.stem(tones * t.std + t.mean)), state[len(after)])
        return x, t.out(y), [*after, memory]

    def sound(self, x, maps, noise, tail, *oscillators, swell=None):
        """Spectra, filtered noise and partials, times a factor of each frame (8 T, 1): -> (8 T, hop), new tail, new state of the oscillators."""
        c, half = self.decoder.c, self.bins.shape[1]
        head = nn.functional.linear(x, self.weight, self.bias)
        magnitude, parts, bands = head.split([2 * half, 4 * half, c.noise_bands], -1)
        magnitude = torch.exp(torch.clamp(magnitude - 3, -18.0, 5.0))
        gain = torch.exp(torch.clamp(bands @ self.spread - 4, -18.0, 4.0))
        of_bins = lambda y: y.reshape(-1, 2, 1, half)
        parts = parts.reshape(-1, 2, 2, half)  # real and imaginary
        square = (parts * parts).sum(2, keepdim=True)
        scale = of_bins(magnitude) / torch.sqrt(square + 1e-6)
        low = lambda y: y[..., : LOW_BINS // 2]
        loud, soft = low(scale), low(of_bins(gain))
        waves, left, oscillators = self.oscillators(maps, (loud * loud * low(square) + soft * soft).flatten(1), *oscillators)
        spectrum = (parts * scale + of_bins(gain) * noise) * of_bins(left)
        frames = self.unfold(spectrum, self.waves) * self.window
        frames = frames + nn.functional.pad(waves, (c.fft // 2 - c.hop, c.fft // 2 - c.hop))
        pcm, tail = self.overlap(frames if swell is None else swell * frames, c.hop, tail)
        return pcm, tail, *oscillators

    def unfold(self, strengths, waves):
        """Strengths (n, 2, 2, bins) of the four kinds of waves (4, bins, fft / 4 + 1) -> whole frames (n, fft)."""
        even_cosines, even_sines, odd_cosines, odd_sines = (x @ w for x, w in zip(strengths.flatten(1).chunk(4, -1), waves, strict=True))
        a, b, c, d = even_cosines + odd_sines, odd_cosines + even_sines, even_cosines - odd_sines, odd_cosines - even_sines
        quarter = waves.shape[-1] - 1
        return torch.cat([(a + b)[:, :quarter], (a - b)[:, 1:].flip(1), (c - d)[:, :quarter], (c + d)[:, 1:].flip(1)], -1)

    def overlap(self, frames, hop, tail):
        """Frames (n, fft), tail (parts - 1, hop) -> (n, hop), next tail."""
        n, parts = frames.shape[0], frames.shape[1] // hop
        if n * parts > LARGEST_SUM:
            pcm, tail = overlap_add(frames.reshape(1, n, parts, hop), tail.flatten()[None])
            return pcm.reshape(n, hop), tail.reshape(parts - 1, hop)
        sums = np.zeros((n + parts - 1, n * parts + parts - 1), np.float32)
        for k in range(n * parts):
            sums[k // parts + k % parts, k] = 1
        for k in range(parts - 1):
            sums[k, n * parts + k] = 1
        return (torch.from_numpy(sums) @ torch.cat([frames.reshape(n * parts, hop), tail])).split([n, parts - 1])


class DecodeGraph(Constants):
    """Latents of a chunk, and behind each the logarithm of a gain -> pcm; the noise comes from a table, one row a chunk, picked by a clock that is state."""

    def __init__(self, codec, chunk=3):
        super().__init__()
        c = codec.config
        self.synthesis, self.rows = Synthesis(codec.decoder, chunk), c.noise_chunks
        self.drawn = codec.decoder.draw_noise(c.noise_chunks, chunk, torch.Generator().manual_seed(20261121)).half().float()  # (rows, 8 chunk, 2 bins)
        columns = self.drawn.reshape(*self.drawn.shape[:2], 2, c.bins).permute(3, 0, 1, 2)
        self.noise = nn.Parameter(pick(columns, self.synthesis.bins).permute(2, 3, 0, 4, 1).contiguous())  # (rows, 8 chunk, 2, 2, bins / 2)
        self.keep("between", between(chunk, c.subframes))

    def initial_state(self):
        return [torch.zeros(1, 1), torch.zeros(WIDTH, 1), *self.synthesis.initial_state()]

    def state_names(self):
        return ["clock", "gain", *self.synthesis.state_names()]

    def forward(self, latents, clock, gain, *state):
        row = torch.clamp(clock, 0, self.rows - 1).to(torch.int32).reshape(1)
        noise = self.noise.reshape(self.rows, -1)[row].reshape(self.noise.shape[1:])
        latents, gains = latents.flatten(0, 1).split([latents.shape[-1] - WIDTH, WIDTH], -1)
        pcm, *after = self.synthesis(latents, noise, *state, swell=torch.exp(self.between @ torch.cat([gain, gains])))
        clock = (clock + 1) * torch.clamp(self.rows - 1 - clock, 0, 1)
        return pcm.reshape(1, 1, -1), clock, gains[-1:], *after
