"""The head of the window system: the velocity that carries noise to the latents of a whole window, each latent conditioned on
the pictures' features of its moment (the dynamic condition of Foley-Flow, ../shared/seeds.md).

A trunk of dilated convolutions and one attention over the window reads the features alone, decides where sounds begin, and says,
for each latent, a mean and a deviation given these onsets (in training: the true ones, so that no attack is smeared). Noise that
flows to such a Gaussian has a closed form for steps of any size, so one step already draws from it; the head behind it learns what
is left, in the manner of shortcut models (https://arxiv.org/abs/2410.12557).
"""
from dataclasses import dataclass

import torch
from torch import nn

from foleylab.codec import CodecConfig
from foleylab.data.scene import FAMILIES, VOCABULARY
from foleylab.decision import decide_onsets


@dataclass(frozen=True)
class WindowFlowConfig:
    points: int = 120
    latent_width: int = CodecConfig().latent_width
    token: int = 256
    prompt: int = len(VOCABULARY)
    width: int = 192
    trunk_dilations: tuple = (1, 2, 4)
    head_dilations: tuple = (1, 3)
    kernel: int = 5
    heads: int = 4
    condition: int = 64
    temperature: float = 1.0  # share of the deviation that is drawn; chosen on the tune split
    gate_from: float = -0.64  # the trunk's loudness (dB / 80) below which the sound is silence, as in the live head
    gate_slope: float = 25.0
    decide_from: float = 0.4  # the trunk's probability of an onset from which there is one; chosen on the tune split
    decide_slope: float = 100.0  # as in the live head

    @property
    def tells(self):
        """Onsets and beds by family, any onset, loudness: what the trunk is also trained to tell."""
        return 2 * len(FAMILIES) + 2


class TimeBlock(nn.Module):
    """ConvNeXt-like block that looks both ways; the wide layer may be scaled and shifted. (B, T, C)."""

    def __init__(self, c, dilation):
        super().__init__()
        pad = (c.kernel - 1) // 2 * dilation
        self.conv = nn.Conv2d(c.width, c.width, (1, c.kernel), dilation=(1, dilation), padding=(0, pad), groups=c.width)
        self.norm = nn.LayerNorm(c.width)
        self.up, self.down = nn.Linear(c.width, 2 * c.width), nn.Linear(2 * c.width, c.width)
        self.gain = nn.Parameter(torch.full((c.width,), 0.3))

    def forward(self, x, scale=None, shift=None):
        y = self.conv(x.transpose(1, 2).unsqueeze(2)).squeeze(2).transpose(1, 2)  # (B, T, C) -> (B, C, 1, T) and back
        y = self.norm(y)
        if scale is not None:
            y = y * (1 + scale) + shift
        return x + self.gain * self.down(nn.functional.silu(self.up(y)))


class TimeAttention(nn.Module):
    """Attention over the window with a learned bias per distance, both ways."""

    def __init__(self, c):
        super().__init__()
        self.heads, n = c.heads, c.points
        self.norm = nn.LayerNorm(c.width)
        self.qkv, self.out = nn.Linear(c.width, 3 * c.width), nn.Linear(c.width, c.width)
        slopes = torch.tensor([0.5, 0.1, 0.02, 0.3, 0.05, 0.01][: c.heads])
        self.bias = nn.Parameter(-slopes[:, None] * (torch.arange(2 * n - 1) - n + 1).abs())
        at = torch.arange(n)
        self.register_buffer("index", at[:, None] - at[None] + n - 1, persistent=False)

    def forward(self, x):
        b, n, w = x.shape
        q, k, v = (y.reshape(b, n, self.heads, -1).transpose(1, 2) for y in self.qkv(self.norm(x)).chunk(3, -1))  # (B, heads, T, d)
        weights = torch.softmax(q @ k.transpose(-1, -2) * ((w // self.heads) ** -0.5) + self.bias[:, self.index][None], -1)
        return x + self.out((weights @ v).transpose(1, 2).reshape(b, n, w))


class Trunk(nn.Module):
    """tokens (B, T, token), prompt (B, P) -> hidden (B, T, C), mean and deviation (B, T, 96), logits of what it tells, onsets (B, T, 1)."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.enter, self.wish = nn.Linear(c.token, c.width), nn.Linear(c.prompt, c.width, bias=False)
        self.blocks = nn.ModuleList([TimeBlock(c, d) for d in c.trunk_dilations])
        self.attention = TimeAttention(c)
        self.last = TimeBlock(c, 1)
        self.norm = nn.LayerNorm(c.width)
        self.tell = nn.Linear(c.width, c.tells)
        self.decide_from = c.decide_from
        self.mix = nn.Linear(c.width + c.tells + 1, c.width)
        self.to_mean, self.to_spread = nn.Linear(c.width, c.latent_width), nn.Linear(c.width, c.latent_width)

    def forward(self, tokens, prompt, onsets=None):
        """`onsets` (B, T, 1): the true ones, in training."""
        x = self.enter(tokens) + self.wish(prompt)[:, None]
        for block in self.blocks:
            x = block(x)
        x = self.norm(self.last(self.attention(x)))
        logits = self.tell(x)
        told = torch.cat([torch.sigmoid(logits[..., :-1]), logits[..., -1:]], -1)
        onsets = decide_onsets(told[..., -2:-1], self.decide_from, self.c.decide_slope) if onsets is None else onsets
        h = nn.functional.silu(self.mix(torch.cat([x, told, onsets], -1)))
        spread = torch.exp(torch.clamp(self.to_spread(h).float(), -2.5, 0.7))
        return h, self.to_mean(h).float(), spread, logits.float(), onsets


def gaussian_velocity(x, time, step, mean, spread):
    """Mean velocity from `time` to `time + step` (B, 1, 1) of the flow from standard normal noise to N(mean, spread).

    On its path x = t mean + s(t) e with s(t)^2 = (1 - t)^2 + t^2 spread^2; `step` 0 is the velocity itself.
    """
    now = torch.sqrt((1 - time) * (1 - time) + time * time * spread * spread)
    after = time + step
    then = torch.sqrt((1 - after) * (1 - after) + after * after * spread * spread)
    slope = spread * spread * (2 * time + step) - 2 * (1 - time) + step
    return mean + slope / (now * (now + then)) * (x - time * mean)


class WindowFlow(nn.Module):
    """x (B, 120, 96), time (B,), step size (B,), tokens (B, 120, token), prompt (B, P) -> velocity (B, 120, 96)."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.temperature = c.temperature
        self.trunk = Trunk(c)
        self.enter = nn.Linear(2 * c.latent_width + c.width, c.width)
        self.register_buffer("frequencies", torch.tensor([1.0, 2, 4, 8]) * 1.5708, persistent=False)
        self.embed = nn.Sequential(nn.Linear(17, c.condition), nn.SiLU())
        self.modulate = nn.Linear(c.condition, 2 * c.width * len(c.head_dilations))
        self.blocks = nn.ModuleList([TimeBlock(c, d) for d in c.head_dilations])
        self.norm = nn.LayerNorm(c.width)
        self.leave = nn.Linear(c.width, c.latent_width)
        for layer in (self.modulate, self.leave):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.register_buffer("silence", torch.zeros(c.latent_width))

    def rest(self, x, time, step, hidden, mean):
        """What the closed form does not say of the velocity."""
        angle, size = time[:, None] * self.frequencies, step[:, None] * self.frequencies
        clock = self.embed(torch.cat([time[:, None], torch.sin(angle), torch.cos(angle), torch.sin(size), torch.cos(size)], -1))
        parts = self.modulate(clock)[:, None].chunk(2 * len(self.blocks), -1)
        h = self.enter(torch.cat([x, mean, hidden], -1))
        for k, block in enumerate(self.blocks):
            h = block(h, parts[2 * k], parts[2 * k + 1])
        return self.leave(self.norm(h)).float()

    def raw(self, x, time, step, seen):
        """The velocity without the gate; `seen` is what the trunk gave."""
        hidden, mean, spread, *_ = seen
        t, d = time[:, None, None], step[:, None, None]
        return gaussian_velocity(x, t, d, mean, spread * self.temperature) + self.rest(x, time, step, hidden, mean)

    def gated(self, x, time, step, seen):
        """Towards the latent of silence where the trunk's loudness says so and nothing began within three points."""
        onsets = seen[4]
        nothing = torch.zeros_like(onsets[:, :2])
        begun = torch.maximum(onsets, torch.maximum(torch.cat([nothing[:, :1], onsets[:, :-1]], 1), torch.cat([nothing, onsets[:, :-2]], 1)))
        gate = torch.maximum(torch.sigmoid((seen[3][..., -1:] - self.c.gate_from) * self.c.gate_slope), begun)
        left = torch.clamp(1 - time, min=0.01)[:, None, None]
        return gate * self.raw(x, time, step, seen) + (1 - gate) * (self.silence - x) / left

    def forward(self, x, time, step, tokens, prompt):
        return self.gated(x, time, step, self.trunk(tokens, prompt))

    def sample(self, noise, tokens, prompt, steps):
        """Euler from noise to latents; the trunk is run once."""
        seen, x, n = self.trunk(tokens, prompt), noise, noise.shape[0]
        for k in range(steps):
            x = x + self.gated(x, x.new_full((n,), k / steps), x.new_full((n,), 1 / steps), seen) * (1 / steps)
        return x


def window_losses(flow, batch):
    """Parts of the loss; `batch`: latents, tokens, prompt, onset, bed, loudness, and weight (B, T), 0 before a held start."""
    latents, weight = batch["latents"], batch["weight"]
    valid = (weight > 0).float()
    hit = (batch["onset"] > 0.03).float()
    strong = hit.amax(-1)
    wide = nn.functional.max_pool1d(strong[:, None], 3, 1, 1)[:, 0]
    count = (weight * (1 + 2 * wide))[..., None]  # points at an onset count three times
    count = count / count.mean().clamp_min(1e-6)
    seen = flow.trunk(batch["tokens"], batch["prompt"], strong[..., None])
    _, mean, spread, logits, _ = seen
    families = hit.shape[-1]
    known = batch["known"][:, None]  # (B, 1, 1): 0 where nobody knows what sounds
    onset, bed, any_onset, loud = logits.split([families, families, 1, 1], -1)

    def bce(value, truth, by=1.0):
        return (nn.functional.binary_cross_entropy_with_logits(value, truth, reduction="none") * by * valid[..., None]).mean()

    error = mean - latents
    parts = {
        "onset": bce(onset, hit, known * (1 + hit * (6 * (0.3 + 0.7 * batch["onset"]) - 1))) * families,
        "any": 4 * bce(any_onset, strong[..., None], 1 + strong[..., None] * 3),
        "bed": bce(bed, batch["bed"].clamp(0, 1), known) * families,
        "loud": 3 * (nn.functional.smooth_l1_loss(loud, batch["loudness"][..., None] / 80, beta=0.1, reduction="none") * valid[..., None]).mean(),
        "mean": (error.square() * count).mean(),
        "spread": 0.3 * ((error.detach().square() / (2 * spread.square()) + torch.log(spread)) * count).mean(),
    }
    return parts | flow_parts(flow, latents, [s.detach() for s in seen], count)


class Windows:
    """Cached features and labels of clips, cut to windows; a window may begin up to three seconds before its clip."""

    def __init__(self, cache, points=120, hop=30):
        self.cache, self.points, self.hop = cache, points, hop
        self.length = cache["fused"].shape[1]

    def __len__(self):
        return len(self.cache["fused"])

    def batch(self, rows, starts):
        """`rows` and `starts` (B,) int64; before the clip its first picture is held, and nothing counts."""
        at = starts[:, None] + torch.arange(self.points)[None]
        inside = at.clamp(0, self.length - 1)
        before = (at < 0)[..., None]
        take = lambda k: self.cache[k][rows[:, None], inside].float()
        out = {k: take(k) for k in ("latents", "onset", "bed", "loudness")}
        out["tokens"] = torch.where(before, self.cache["still"][rows][:, None].float(), take("fused"))
        weight = (at >= 0).float()
        weight[:, -self.hop - 3 :] *= 2  # the last hop and its overlap are what is heard
        return out | {"weight": weight, "prompt": self.cache["words"][rows].float(), "known": self.cache["known"][rows].float()}

    def draw(self, count):
        """Half of the windows begin before their clip; the prompt shows some of the true words one time in five."""
        rows = torch.randint(len(self), (count,))
        early = torch.rand(count) < 0.5
        starts = torch.where(early, torch.randint(self.hop - self.points, 0, (count,)), torch.randint(0, self.length - self.points + 1, (count,)))
        batch = self.batch(rows, starts)
        shown = (torch.rand(count, 1) < 0.2) * (torch.rand_like(batch["prompt"]) < 0.7)
        return batch | {"prompt": batch["prompt"] * shown}


def flow_parts(flow, latents, seen, count):
    """Flow matching on three quarters of the batch, shortcut consistency on the rest; the trunk is not trained by it."""
    n = len(latents)
    noise, quarter = torch.randn_like(latents), n // 4
    time = torch.rand(n, device=latents.device)
    halves = 2.0 ** -torch.randint(1, 4, (quarter,), device=latents.device)  # half steps: 1/2, 1/4, 1/8
    time[:quarter] = torch.floor(torch.rand(quarter, device=latents.device) / (2 * halves)) * 2 * halves
    time[quarter : n // 2] *= 0.3
    step = torch.zeros(n, device=latents.device)
    x = noise + (latents - noise) * time[:, None, None]
    target = latents - noise
    with torch.no_grad():
        part = [s[:quarter] for s in seen]
        first = flow.raw(x[:quarter], time[:quarter], halves * (halves > 0.13), part)
        second = flow.raw(x[:quarter] + first * halves[:, None, None], time[:quarter] + halves, halves * (halves > 0.13), part)
        target[:quarter] = (first + second) / 2
    step[:quarter] = 2 * halves
    error = (flow.raw(x, time, step, seen) - target).square() * count
    return {"shortcut": error[:quarter].sum() / error.numel(), "flow": error[quarter:].sum() / error.numel()}
