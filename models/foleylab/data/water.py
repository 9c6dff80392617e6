"""Drops and splashes. The sound of water is that of bubbles: a bubble of radius a (m) sings at 3.26 / a Hz (Minnaert 1933), dies away
at 0.13 / a + 0.0072 a**-1.5 a second, and its pitch rises as it nears the surface (van den Doel, Physically based models for liquid sounds, 2005)."""
import cv2
import numpy as np

from foleylab.data.actors import ticks
from foleylab.data.pictures import colour, material_sprite
from foleylab.data.sound import MATERIALS, SAMPLE_RATE, bandpass, lowpass, place, seconds, white

G = 420.0  # of things that fall, pixels / s2


def bubble(radius_m, rise):
    """One bubble, (n,) float32 with a peak near 1: a sinusoid that dies away and rises by `rise` times its damping."""
    damping = 0.13 / radius_m + 0.0072 * radius_m**-1.5
    t = seconds(min(6 / damping, 0.25))
    wave = np.sin(2 * np.pi * 3.26 / radius_m * t * (1 + 0.5 * rise * damping * t)) * np.exp(-damping * t)
    return wave.astype(np.float32)


def bubbles(rng, smallest_m, largest_m, count=12):
    """Bubbles of all sizes between, small ones more often, each as loud as its size to the power 0.7."""
    radii = np.exp(rng.uniform(np.log(smallest_m), np.log(largest_m), count))
    return [bubble(a, rng.uniform(0, 0.15)) * np.float32((a / largest_m) ** 0.7) for a in radii]


def scatter(out, waves, times_s, gains, rng):
    """Adds one of `waves` at each time, in place."""
    for t, g in zip(times_s, gains, strict=True):
        place(out, waves[rng.integers(len(waves))] * np.float32(g), int(t * SAMPLE_RATE))


class DropVoice:
    """A drop that falls into a pool: a faint slap, and at once the bubble it caught; larger drops catch larger, lower bubbles."""

    def __init__(self, size, rng):
        self.radius_m = 0.0022 * size * np.exp(rng.normal(0, 0.15))
        self.rise, self.delay_s, self.level = rng.uniform(0.06, 0.14), rng.uniform(0.002, 0.008), rng.uniform(0.8, 1.3)
        self.echo_s = rng.uniform(0.03, 0.09)

    def play(self, strength, rng):
        out, t = np.zeros(int(0.4 * SAMPLE_RATE), np.float32), seconds(0.012)
        out[: len(t)] = 0.15 * bandpass(white(rng, len(t)), 1500, 9000) * np.exp(-t / 0.002)
        radius = self.radius_m * (0.85 + 0.3 * strength) * np.exp(rng.normal(0, 0.05))
        place(out, bubble(radius, self.rise) * 0.9, int(self.delay_s * SAMPLE_RATE))
        if rng.random() < 0.5:
            place(out, bubble(radius * rng.uniform(0.4, 0.7), self.rise) * 0.3, int((self.delay_s + self.echo_s) * SAMPLE_RATE))
        return out * np.float32(self.level * strength)


class SplashVoice:
    """A thing that falls into water: slap, the boom of the hole that closes, spray that hisses, bubbles, and drops that fall back."""

    def __init__(self, size, rng):
        self.size, self.tail_s = size, (0.08 + 0.22 * size) * rng.uniform(0.7, 1.3)
        self.boom_hz, self.bright = rng.uniform(110, 190) / (0.4 + size), rng.uniform(3500, 8000)
        self.bank, self.level = bubbles(rng, 0.0012, 0.004 + 0.012 * size), rng.uniform(0.7, 1.1)

    def play(self, strength, rng):
        t = seconds(0.5 + 0.8 * self.size)
        noise = white(rng, len(t))
        tail = self.tail_s * (0.6 + 0.6 * strength)
        spray = lowpass(noise, self.bright * (0.4 + 0.6 * strength)) * (np.exp(-t / 0.012) + 0.45 * np.minimum(1, t / 0.03) * np.exp(-t / tail))
        boom = np.sin(2 * np.pi * self.boom_hz * t * (1 + 0.6 * t)) * np.minimum(1, t / 0.02) * np.exp(-t / (0.05 + 0.1 * self.size))
        out = (0.6 * spray + 0.6 * self.size * boom).astype(np.float32)
        times = rng.exponential(tail * 1.2, int(10 + 35 * self.size * strength))
        times = times[times < t[-1] * 0.9]
        scatter(out, self.bank, 0.01 + times, rng.uniform(0.1, 0.5, len(times)), rng)
        out[-2400:] *= np.linspace(1, 0, 2400, dtype=np.float32)
        return out * np.float32(self.level * strength)


def ellipse(view, x, y, rx, ry, c, thickness=-1):
    """An ellipse with level axes, in world units."""
    axes = (max(16, int(rx * view.zoom * 16)), max(16, int(ry * view.zoom * 16)))
    cv2.ellipse(view.picture, view.fixed(x, y), axes, 0, 0, 360, c, thickness, cv2.LINE_AA, 4)


def mix(a, b, k):
    """Between two colours."""
    return tuple(int(v + (w - v) * k) for v, w in zip(a, b, strict=True))


def water_colours(rng, split):
    """Water and foam: blue, green or of any hue, dark or light; foam is lighter."""
    water = tuple(int(v) for v in rng.integers((10, 60, 90), (80, 160, 230))) if rng.random() < 0.6 else colour(rng, split, (40, 190))
    return water, mix(water, (255, 255, 255), rng.uniform(0.6, 0.95))


def ring(view, x, y, age_s, reach, flat, c, water):
    """Rings that widen from where something fell in, and fade."""
    for late in (0.0, 0.14):
        u = (age_s - late) / 0.9
        if 0 <= u < 1:
            r = 2 + reach * u**0.8
            ellipse(view, x, y, r, r * flat, mix(c, water, u), 2 if u < 0.5 else 1)


class Drips:
    """Drops that swell at a tap, a leaf or a roof's edge, fall into a pool and make rings; drops beside the pool fall on sand, unheard."""

    def __init__(self, scene, rng):
        self.water, self.foam = water_colours(rng, scene.split)
        self.level, self.flat, self.kind = rng.uniform(78, 108), rng.uniform(0.2, 0.45), str(rng.choice(["tap", "leaf", "roof"]))
        self.colours, self.basin = [colour(rng, scene.split, (50, 230)) for _ in range(2)], rng.random() < 0.5
        count, full = int(rng.integers(1, 4)), rng.random() < 0.5
        self.wide = 200 if full else rng.uniform(40, 58)
        self.dry = rng.random() < 0.1 and not full
        self.drops, self.mouths = [], []
        for k in range(count):
            size = rng.uniform(0.6, 1.7)
            x = 64 + (k - (count - 1) / 2) * 76 / count + rng.uniform(-6, 6)
            top, land = rng.uniform(8, self.level - 42), self.level + rng.uniform(-0.3, 0.3) * 18
            if self.dry:
                x, land = (116 if x > 64 else 12), self.level + 4
            self.mouths.append((x, top))
            voice = DropVoice(size, rng)
            fall = np.sqrt(2 * (land - top) / G)
            for t in np.array(ticks(rng, scene.duration_s + fall, rng.uniform(0.35, 1.4), rng.choice([0.02, 0.35]))) + rng.uniform(-0.016, 0.016):
                strength = float(np.clip((0.35 + 0.4 * size * rng.uniform(0.8, 1)) * fall / 0.6, 0.15, 1))
                self.drops.append((t - fall, t, x, top, land, 2.6 * size**0.6 + 1))
                if not self.dry and t > 0:
                    scene.emit(t, voice.play(strength, rng), "water", None, strength, (x, land))

    def draw(self, view, t):
        if not self.dry and self.wide > 100:
            view.box(-80, self.level - 12, 210, 260, self.water)
        else:
            view.box(-80, self.level - 8, 210, 260, self.colours[1])
            if self.basin:
                ellipse(view, 64, self.level + 4, self.wide + 5, self.wide * self.flat + 5, mix(self.colours[1], (0, 0, 0), 0.4))
            ellipse(view, 64, self.level, self.wide - (16 if self.dry else 0), self.wide * self.flat, self.water)
        for start, end, x, top, land, r in self.drops:
            if start - 0.4 < t < start:
                view.circle(x, top + r * 0.4, r * (t - start + 0.4) / 0.4, self.foam)
            elif start <= t < end:
                y, long = top + 0.5 * G * (t - start) ** 2, 1 + (t - start) * 2.5
                ellipse(view, x, min(y, land - r * 0.5), r / long**0.4, r * long**0.6, self.foam)
            elif 0 <= t - end < 1.1:
                age = t - end
                if self.dry:
                    ellipse(view, x, land, r * 1.3, r * 0.5, mix(self.colours[1], (0, 0, 0), 0.4 * max(0, 1 - age)))
                    continue
                ring(view, x, land, age, 7 * r, self.flat, self.foam, self.water)
                if age < 0.3:  # the crown, then the jet
                    u = age / 0.3
                    for k in (-1, 0, 1):
                        view.circle(x + k * r * 3 * u, land - 4 * r * (1.4 if k == 0 else 1) * u * (1 - u) * 2 - 1, r * 0.6 * (1.2 - u), self.foam)
        for x, top in self.mouths:
            if self.kind == "tap":
                view.line(x, top - 3, x, top - 9, self.colours[0], 8)
                view.line(x, top - 10, x + 40 * np.sign(x - 63.9), top - 10, self.colours[0], 7)
            elif self.kind == "leaf":
                view.polygon([(x, top), (x - 9, top - 12), (x - 26, top - 20), (x - 8, top - 4)], self.colours[0])
            else:
                view.box(x - 13, -80, x + 13, top - 1, self.colours[0])


class Splash:
    """Things that fall or leap into water: spray flies, rings widen, the thing sinks or floats up; some only swoop down and turn, unheard."""

    def __init__(self, scene, rng):
        self.water, self.foam = water_colours(rng, scene.split)
        self.level, self.flat, self.wave = rng.uniform(70, 104), rng.uniform(0.12, 0.3), rng.uniform(0, 2.5)
        size = rng.uniform(0.35, 1.3)
        self.r, self.leaps, self.floats = 4 + 7 * size, rng.random() < 0.35, rng.random() < 0.4
        self.sprite = material_sprite(rng, str(rng.choice(MATERIALS)), int(2 * self.r) + 2, rng.random() < 0.6)
        self.spin, self.drops = rng.uniform(-7, 7), int(rng.integers(8, 18))
        voice = SplashVoice(size, rng)
        self.throws, self.splashes = [], []  # (start, end, x, y, vx, vy, leaves the water, misses), (time, x, strength, spray (n, 2))
        last = -1.0
        for t in ticks(rng, scene.duration_s, rng.uniform(0.6, 1.8), 0.35):
            t += rng.uniform(-0.016, 0.016)
            x, miss = rng.uniform(18, 110), rng.random() < 0.1
            high = rng.uniform(25, 70) if self.leaps else rng.uniform(45, self.level + 15)
            vx, fall = rng.normal(0, 22), np.sqrt(2 * high / G)
            start = t - 2 * fall if self.leaps else t - fall
            if self.leaps and start < last + 0.3:
                continue
            last = t
            strength = float(np.clip((0.3 + 0.5 * size) * fall / 0.5 * rng.uniform(0.85, 1.1), 0.2, 1))
            self.throws.append((start, t, x - vx * (t - start), high, vx, miss))
            for at, s, where in ((start, 0.45 * strength, x - vx * (t - start)), (t, strength, x)) if self.leaps and not miss else ((t, strength, x),):
                if miss:
                    continue
                spray = rng.normal(0, 1, (self.drops, 2)) * (26, 20) + (0.3 * vx, -75)
                self.splashes.append((at, where, s, spray * (0.45 + 0.7 * s)))
                if at > 0:
                    scene.emit(at, voice.play(s, rng), "water", None, s, (where, self.level))

    def draw(self, view, t):
        for start, end, x, high, vx, miss in self.throws:
            if not start - 0.02 <= t < end + 1.4:
                continue
            s = t - start
            if miss:  # as near as 5 pixels above the water, and up again
                y = self.level - self.r - 5 - high * ((t - end) / (end - start)) ** 2 * (1 if t < end else 2)
            elif t < end:
                y = self.level - 0.3 * self.r - high + 0.5 * G * (t - end + np.sqrt(2 * high / G)) ** 2
            elif self.floats and not self.leaps:
                y, s = self.level + 14 * np.exp(-3 * (t - end)) * np.cos(7 * (t - end)) - 14 * np.exp(-9 * (t - end)), end - start
            else:
                y = self.level + 60 * (t - end)
            view.sprite(self.sprite, x + vx * min(s, end - start + (0.0 if not miss else 9.0)), y, self.spin * min(s, end - start))
        u = np.linspace(-40, 168, 14)
        top = self.level + self.wave * np.sin(u / 11 + 3 * t)
        view.polygon([*zip(u, top, strict=True), (200, 260), (-80, 260)], self.water)
        for at, x, strength, spray in self.splashes:
            age = t - at
            if not 0 <= age < 1.1:
                continue
            ring(view, x, self.level + 5, age, 18 + 32 * strength, self.flat, self.foam, self.water)
            if age < 0.22:  # the crown that stands up at once
                tall, spread = 0.32 * min(1, (age + 0.02) / 0.06) * (1 - age / 0.3), 0.1 + age
                for k, (vx, vy) in enumerate(spray[:6]):
                    base = x + (k - 2.5) * 0.35 * self.r
                    view.line(base, self.level + 2, base + vx * spread, self.level + vy * tall, self.foam, 3.5 - 6 * age)
                ellipse(view, x, self.level + 1, self.r * (1.2 + 3 * age), 3.5 + 2 * strength, self.foam)
            for vx, vy in spray:
                y = self.level + vy * age + 0.5 * 260 * age**2
                if y < self.level + 2:
                    view.circle(x + vx * age, y, 1.4 + 1.4 * strength * (1 - age), self.foam)
