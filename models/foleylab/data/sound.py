"""Sound models of the procedural scenes: every one is synthesised here, from physics or from a recipe, at 48 kHz.

A *voice* is one thing that can sound (a wooden box, a pistol, a coin): made once per scene from a random generator, then
`play(strength, rng)` gives the waveform that begins at the event. A *bed* turns a curve at 240 Hz (speed, intensity) into a
sustained sound as long as the curve.
"""
from dataclasses import dataclass

import numpy as np
from scipy import signal

SAMPLE_RATE = 48000
CURVE_RATE = 240

MATERIALS = ("wood", "metal", "glass", "rubber", "stone", "plastic")


@dataclass(frozen=True)
class Material:
    """Modal parameters: base frequency of an object of size 1 (Hz), spread of mode ratios, decay (s), damping growth, noise share."""

    base_hz: tuple[float, float]
    ratio_power: tuple[float, float]
    decay_s: tuple[float, float]
    damping: float
    modes: int
    noise: float
    level: float


MODAL = {
    "wood": Material((170, 420), (1.0, 1.35), (0.05, 0.14), 1.1, 9, 0.35, 0.8),
    "metal": Material((350, 1100), (1.1, 1.6), (0.5, 1.6), 0.35, 16, 0.12, 0.7),
    "glass": Material((1100, 2600), (0.9, 1.3), (0.18, 0.55), 0.5, 10, 0.15, 0.6),
    "rubber": Material((60, 150), (0.8, 1.1), (0.05, 0.12), 1.8, 5, 0.15, 1.0),
    "stone": Material((650, 1600), (0.8, 1.2), (0.015, 0.05), 0.9, 8, 0.6, 0.8),
    "plastic": Material((320, 900), (0.8, 1.2), (0.03, 0.07), 0.9, 7, 0.3, 0.7),
}


def seconds(duration_s):
    """Time axis in seconds, at 48 kHz."""
    return np.arange(int(duration_s * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE


def lowpass(x, hz, order=2):
    """Butterworth low-pass."""
    return signal.sosfilt(signal.butter(order, min(hz, 23000), "low", fs=SAMPLE_RATE, output="sos"), x).astype(np.float32)


def highpass(x, hz, order=2):
    """Butterworth high-pass."""
    return signal.sosfilt(signal.butter(order, hz, "high", fs=SAMPLE_RATE, output="sos"), x).astype(np.float32)


def bandpass(x, low_hz, high_hz, order=1):
    """Butterworth band-pass."""
    sos = signal.butter(order, [low_hz, min(high_hz, 23000)], "band", fs=SAMPLE_RATE, output="sos")
    return signal.sosfilt(sos, x).astype(np.float32)


def white(rng, n):
    """White noise of unit variance."""
    return rng.standard_normal(n, dtype=np.float32)


class ModalVoice:
    """Something struck: damped modes; faster hits are louder and brighter; larger things are lower and ring longer."""

    def __init__(self, material, size, rng):
        m = MODAL[material]
        base = np.exp(rng.uniform(*np.log(m.base_hz))) / max(size, 0.15) ** 0.7
        ratios = np.arange(1, m.modes + 1) ** rng.uniform(*m.ratio_power) * np.exp(rng.normal(0, 0.06, m.modes))
        self.hz = np.clip(base * ratios, 30, 19000).astype(np.float32)
        decay = rng.uniform(*m.decay_s) * max(size, 0.2) ** 0.3
        self.decay_s = (decay / ratios**m.damping).clip(0.006, 3).astype(np.float32)
        self.gain = (rng.uniform(0.2, 1, m.modes) / ratios ** rng.uniform(0.2, 0.8)).astype(np.float32)
        self.noise, self.level, self.base = m.noise, m.level, base

    def play(self, strength, rng):
        t = seconds(min(self.decay_s.max() * 5, 2.0))
        cutoff = self.base * 2 + 9000 * strength
        gain = self.gain * np.exp(-self.hz / cutoff) * rng.uniform(0.7, 1.3, self.gain.shape)
        gain /= np.sqrt((self.gain**2).sum()) + 1e-6
        out = np.zeros(len(t), np.float32)
        for hz, decay, g in zip(self.hz, self.decay_s, gain, strict=True):
            n = min(len(t), int(decay * 6 * SAMPLE_RATE))
            out[:n] += g * np.exp(-t[:n] / decay) * np.sin(2 * np.pi * hz * t[:n])
        n = int(0.03 * SAMPLE_RATE)
        click = lowpass(white(rng, n), 1500 + 12000 * strength) * np.exp(-t[:n] / 0.004)
        out[: min(n, len(out))] += self.noise * click[: len(out)]
        return out * self.level * strength


class ShotVoice:
    """A gun: a crack, a body, a short tail."""

    def __init__(self, rng):
        self.tail_s, self.body_hz = rng.uniform(0.06, 0.3), rng.uniform(90, 260)
        self.bright, self.level = rng.uniform(2500, 11000), rng.uniform(0.6, 1.0)

    def play(self, strength, rng):
        t = seconds(self.tail_s * 5)
        crack = white(rng, len(t)) * np.exp(-t / 0.006)
        tail = lowpass(white(rng, len(t)), self.bright) * np.exp(-t / self.tail_s)
        body = np.sin(2 * np.pi * self.body_hz * t * np.exp(-t * 3)) * np.exp(-t / (self.tail_s * 0.6))
        return (0.5 * crack + 0.45 * tail + 0.5 * body) * self.level * strength


class ExplosionVoice:
    """A blast: low-passed noise whose brightness falls, over a falling boom."""

    def __init__(self, size, rng):
        self.tail_s, self.boom_hz = rng.uniform(0.25, 0.7) * (0.5 + size), rng.uniform(40, 90)
        self.bright, self.crackle = rng.uniform(1200, 6000), rng.uniform(0, 0.4)

    def play(self, strength, rng):
        t = seconds(min(self.tail_s * 4, 2.2))
        n = white(rng, len(t))
        mix = np.exp(-t / (self.tail_s * 0.3))
        body = (lowpass(n, self.bright) * mix + 2.0 * lowpass(n, self.bright * 0.15) * (1 - mix)) * np.exp(-t / self.tail_s)
        boom = np.sin(2 * np.pi * self.boom_hz * (t - 0.3 * t**2)) * np.exp(-t / (self.tail_s * 0.7))
        out = 0.7 * body + 0.5 * boom + 0.4 * n * np.exp(-t / 0.012)
        pops = (rng.random(len(t)) < 30 / SAMPLE_RATE) * rng.uniform(0, 1, len(t))
        out = out + self.crackle * lowpass(pops.astype(np.float32), 3000) * 3 * np.exp(-t / self.tail_s)
        return (out * strength * 0.9).astype(np.float32)


SURFACES = ("wood", "stone", "grass", "gravel", "metal", "snow")


class FootstepVoice:
    """A step on a surface: heel and toe, coloured noise with grains."""

    def __init__(self, surface, rng):
        self.surface = surface
        table = {"wood": (90, 900, .03, .5), "stone": (200, 3500, .02, .4), "grass": (500, 5000, .06, .25),
                 "gravel": (900, 9000, .09, .5), "metal": (250, 4500, .04, .5), "snow": (250, 2500, .12, .4)}
        low, high, self.decay, self.level = table[surface]
        k = np.exp(rng.normal(0, 0.2))
        self.low, self.high = low * k, high * k
        self.thud_hz = rng.uniform(60, 140)
        self.ring = ModalVoice("metal" if surface == "metal" else "wood", rng.uniform(0.8, 1.6), rng)

    def play(self, strength, rng):
        t = seconds(0.3)
        env = np.exp(-t / self.decay) + 0.5 * np.where(t > 0.07, np.exp(-(t - 0.07) / self.decay), 0) * (t > 0.07)
        grains = white(rng, len(t))
        if self.surface in ("gravel", "snow"):
            grains = grains * (rng.random(len(t)) < 0.02) * 5
        out = bandpass(grains.astype(np.float32), self.low, self.high) * env * 1.6
        out += 0.5 * np.sin(2 * np.pi * self.thud_hz * t) * np.exp(-t / 0.03)
        if self.surface in ("wood", "metal"):
            ring = self.ring.play(0.5, rng)[: len(out)]
            out[: len(ring)] += 0.35 * ring
        return (out * self.level * strength).astype(np.float32)


class DrumVoice:
    """Kick, snare, hat or tom."""

    def __init__(self, kind, rng):
        self.kind, self.hz = kind, {"kick": 55, "tom": 130, "snare": 190, "hat": 8000}[kind] * np.exp(rng.normal(0, 0.2))
        self.decay = {"kick": .14, "tom": .2, "snare": .1, "hat": .05}[kind] * np.exp(rng.normal(0, 0.25))

    def play(self, strength, rng):
        t = seconds(self.decay * 5)
        noise = white(rng, len(t))
        if self.kind == "hat":
            return (0.5 * strength * highpass(noise, 6500) * np.exp(-t / self.decay)).astype(np.float32)
        tone = np.sin(2 * np.pi * (self.hz * t + self.hz * 0.05 * (1 - np.exp(-t * 40)))) * np.exp(-t / self.decay)
        share = {"kick": 0.08, "tom": 0.1, "snare": 0.9}[self.kind]
        snap = highpass(noise, 1200) * np.exp(-t / (self.decay * 0.8)) * 0.5
        return ((tone + share * snap + 0.2 * noise * np.exp(-t / 0.002)) * strength * 0.8).astype(np.float32)


class KeyVoice:
    """A plucked or struck string, or a bell."""

    def __init__(self, hz, timbre, decay_s):
        self.hz, self.timbre, self.decay_s = hz, timbre, decay_s

    def play(self, strength, rng):
        t = seconds(min(self.decay_s * 4, 2.0))
        out = np.zeros(len(t), np.float32)
        ratios = (1, 2, 2.4, 3, 4.5, 5.33, 6) if self.timbre == "bell" else np.arange(1, 10) * np.sqrt(1 + 4e-4 * np.arange(1, 10) ** 2)
        for k, r in enumerate(ratios, 1):
            if self.hz * r < 20000:
                tilt = (0.35 + 0.4 * strength) ** (k - 1)
                out += tilt * np.exp(-t * (1 + 0.5 * k) / self.decay_s) * np.sin(2 * np.pi * self.hz * r * t).astype(np.float32)
        out[:96] *= np.linspace(0, 1, 96)
        return out * strength * 0.45


class ArcadeVoice:
    """Game sounds made by a swept pulse or noise: coin, jump, laser, hit, power."""

    def __init__(self, kind, rng):
        self.kind, self.k, self.duty = kind, np.exp(rng.normal(0, 0.25)), rng.uniform(0.15, 0.5)
        self.steps = rng.integers(2, 5)

    def play(self, strength, rng):
        k = self.k
        if self.kind == "coin":
            t = seconds(0.4)
            hz = np.where(t < 0.07, 990 * k, 1320 * k)
            env = np.exp(-np.maximum(t - 0.07, 0) / 0.1)
        elif self.kind == "jump":
            t = seconds(0.22)
            hz = 260 * k * (1 + 5 * t)
            env = np.minimum(1, (0.22 - t) / 0.08)
        elif self.kind == "laser":
            t = seconds(0.25)
            hz = 200 * k + 1800 * k * np.exp(-t / 0.06)
            env = np.exp(-t / 0.07)
        elif self.kind == "power":
            t = seconds(0.5)
            hz = 400 * k * 1.26 ** np.floor(t / 0.5 * self.steps * 2)
            env = np.minimum(1, (0.5 - t) / 0.2)
        else:  # hit
            t = seconds(0.25)
            noise = np.repeat(white(rng, len(t) // 12 + 1), 12)[: len(t)]
            return (0.3 * noise * np.exp(-t / 0.06) * strength).astype(np.float32)
        phase = np.cumsum(hz / SAMPLE_RATE) % 1
        return (lowpass(np.where(phase < self.duty, 1.0, -1.0) * env, 9000) * 0.28 * strength).astype(np.float32)


class ClickVoice:
    """A key of a keyboard, a switch."""

    def __init__(self, rng):
        self.hz, self.level = rng.uniform(1500, 4500), rng.uniform(0.25, 0.45)

    def play(self, strength, rng):
        t = seconds(0.09)
        gap = int(rng.uniform(0.03, 0.06) * SAMPLE_RATE)
        burst = bandpass(white(rng, len(t)), self.hz * 0.6, self.hz * 1.8) * np.exp(-t / 0.005)
        out = burst.copy()
        out[gap:] += 0.4 * burst[: len(t) - gap]
        return (out * self.level * strength * 2).astype(np.float32)


ENGINE_HZ = 50.0  # idle pitch of a machine of size 1


def upsample(curve, n):
    """Curve at 240 Hz -> n values at 48 kHz, linear."""
    return np.interp(np.arange(n) * (CURVE_RATE / SAMPLE_RATE), np.arange(len(curve)), curve).astype(np.float32)


def engine_bed(speed, rng, size=None, rise=None):
    """Engine or motor: harmonics of a pitch that follows `speed` (0..1 at 240 Hz); silent at 0. A larger machine's is lower; `rise`: by how much it is higher at full speed."""
    n = len(speed) * SAMPLE_RATE // CURVE_RATE
    s = upsample(speed, n)
    idle_hz = rng.uniform(35, 80) if size is None else ENGINE_HZ / size
    hz = idle_hz * (1 + (rng.uniform(1.2, 2.5) if rise is None else rise) * s)
    phase = np.cumsum(hz / SAMPLE_RATE)
    out = np.zeros(n, np.float32)
    tilt, odd = rng.uniform(0.6, 1.1), rng.uniform(0.2, 1)
    for k in range(1, 14):
        out += (odd if k % 2 else 1) / k**tilt * np.sin(2 * np.pi * k * phase + rng.uniform(0, 6)) * rng.uniform(0.4, 1)
    out += 0.5 * lowpass(white(rng, n), 1800) * (0.6 + 0.4 * np.sin(2 * np.pi * phase))
    return lowpass(out, rng.uniform(1500, 5000)) * np.clip(s * 1.5, 0, 1) ** 0.7 * (0.25 + 0.75 * s) * 0.28


def whirr_bed(speed, rng):
    """A wheel or fan that ticks and hums with its turning."""
    n = len(speed) * SAMPLE_RATE // CURVE_RATE
    s = upsample(speed, n)
    phase = np.cumsum(s * rng.uniform(120, 320) / SAMPLE_RATE)
    tone = np.sin(2 * np.pi * phase) + 0.5 * np.sin(4 * np.pi * phase) + 0.3 * signal.sawtooth(2 * np.pi * phase * 3)
    air = bandpass(white(rng, n), 300, 3000)
    return ((0.18 * tone + 0.35 * air) * s**1.2 * 0.7).astype(np.float32)


def roll_bed(speed, rng, material):
    """Rolling or sliding: a rough noise through the body's modes, louder and brighter with `speed`."""
    n = len(speed) * SAMPLE_RATE // CURVE_RATE
    s = upsample(speed, n)
    voice = ModalVoice(material, rng.uniform(0.8, 1.6), rng)
    rough = white(rng, n) * (0.3 + (rng.random(n) < 0.004) * 6)
    out = 0.5 * lowpass(rough, 700) + 0.2 * lowpass(rough, 3500) * s
    for hz in voice.hz[:4]:
        out += 0.5 * bandpass(rough, hz * 0.93, hz * 1.07)
    return (out * s * 0.7).astype(np.float32)


def rain_bed(amount, rng):
    """Rain: a hiss and single drops; follows `amount`."""
    n = len(amount) * SAMPLE_RATE // CURVE_RATE
    a = upsample(amount, n)
    hiss = highpass(lowpass(white(rng, n), rng.uniform(5000, 12000)), rng.uniform(400, 1500))
    drops = (rng.random(n) < 250 * a / SAMPLE_RATE) * rng.uniform(0.2, 1, n) * 8
    return ((0.12 * hiss + 0.5 * bandpass(drops.astype(np.float32), 1200, 5000)) * a).astype(np.float32)


def fire_bed(amount, rng):
    """Fire: a rumble, a hiss, crackles."""
    n = len(amount) * SAMPLE_RATE // CURVE_RATE
    a = upsample(amount, n)
    slow = lowpass(white(rng, n), 6)
    slow = 1 + 0.4 * slow / (slow.std() + 1e-6)
    pops = (rng.random(n) < 14 * a / SAMPLE_RATE) * rng.exponential(0.5, n)
    return ((1.2 * lowpass(white(rng, n), 220) * slow + 0.04 * white(rng, n) + 6 * bandpass(pops.astype(np.float32), 900, 7000)) * a * 0.35).astype(np.float32)


def wind_bed(amount, rng):
    """Wind or waves: noise whose band opens with `amount`."""
    n = len(amount) * SAMPLE_RATE // CURVE_RATE
    a = upsample(amount, n)
    noise = white(rng, n)
    k = rng.uniform(0.7, 1.5)
    low, high = bandpass(noise, 120 * k, 450 * k), bandpass(noise, 450 * k, 2200 * k)
    return ((0.5 * low * a + 0.5 * high * a**2) * 0.6).astype(np.float32)


def place(track, wave, position):
    """Adds `wave` to `track` from `position` (audio frames) on, in place; what lies outside is cut."""
    start = max(0, -position)
    end = min(len(wave), len(track) - position)
    if end > start:
        track[position + start : position + end] += wave[start:end]


def add_room(track, rng):
    """With a chance, a small room: exponentially fading noise, quiet."""
    if rng.random() > 0.4:
        return track
    t = seconds(rng.uniform(0.1, 0.5))
    tail = lowpass(white(rng, len(t)), rng.uniform(2000, 9000)) * np.exp(-t / rng.uniform(0.03, 0.12))
    tail *= rng.uniform(0.05, 0.25) / (np.sqrt((tail**2).sum()) + 1e-6)
    return track + signal.fftconvolve(track, tail)[: len(track)].astype(np.float32)


def finish(track, rng):
    """Room, level, soft limit to +-1."""
    return np.tanh(add_room(track, rng) * 0.7).astype(np.float32)


def random_clip(rng, duration_s=1.6):
    """A sound-only clip for the codec: events of one to three voices and perhaps a bed, at random times."""
    track = np.zeros(int(duration_s * SAMPLE_RATE), np.float32)
    if rng.random() < 0.05:
        return track
    for _ in range(rng.integers(1, 4)):
        voice = random_voice(rng)
        for _ in range(rng.integers(1, 5)):
            place(track, voice.play(rng.uniform(0.08, 1) ** 1.3, rng), int(rng.uniform(-0.3, duration_s) * SAMPLE_RATE))
    if rng.random() < 0.45:
        track += random_bed(random_curve(rng, int(duration_s * CURVE_RATE)), rng) * rng.uniform(0.2, 1.2)
    return finish(track * rng.uniform(0.25, 1.1), rng)


def random_curve(rng, n):
    """A slow curve in 0..1 with rests."""
    knots = rng.uniform(-0.3, 1, max(3, n // 80))
    return np.clip(np.interp(np.linspace(0, len(knots) - 1, n), np.arange(len(knots)), knots), 0, 1)


def random_bed(curve, rng):
    """Any of the beds over `curve`."""
    kind = rng.integers(6)
    if kind == 2:
        return roll_bed(curve, rng, str(rng.choice(MATERIALS)))
    return (engine_bed, whirr_bed, None, rain_bed, fire_bed, wind_bed)[kind](curve, rng)


def random_voice(rng):
    """Any voice; the shares follow how often scenes use them."""
    kind = rng.integers(9)
    if kind <= 2:
        return ModalVoice(str(rng.choice(MATERIALS)), rng.uniform(0.3, 1.8), rng)
    if kind == 3:
        return ShotVoice(rng)
    if kind == 4:
        return ExplosionVoice(rng.uniform(0.2, 1), rng)
    if kind == 5:
        return FootstepVoice(str(rng.choice(SURFACES)), rng)
    if kind == 6:
        return DrumVoice(str(rng.choice(["kick", "snare", "hat", "tom"])), rng)
    if kind == 7:
        timbre = str(rng.choice(["string", "bell"]))
        return KeyVoice(110 * 2 ** rng.uniform(0, 4), timbre, rng.uniform(0.2, 1.0))
    return ClickVoice(rng) if rng.random() < 0.25 else ArcadeVoice(str(rng.choice(["coin", "jump", "laser", "power", "hit"])), rng)
