"""Bells: bronze that swings, is hammered, pressed or hung in rows. The sound comes from measured partials, the strikes from the motion.

Ratios of the church bell and of tubes: Rossing and Perrin, Vibrations of Bells, Applied Acoustics 20 (1987) 41-70, and Fletcher and Rossing,
The Physics of Musical Instruments, chapter 21. Gains and decays are ours, in the order measured there: the hum lasts longest, the strike is the nominal.
"""
from dataclasses import dataclass

import numpy as np

from foleylab.data.actors import ticks
from foleylab.data.pictures import colour
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE, lowpass, seconds, white

LONGEST_S = 2.5


@dataclass(frozen=True)
class Make:
    """A make of bell: ratios to the prime, gains, decays to 1/e (s) at size 1, the prime of size 1 (Hz), loudness."""

    ratios: tuple[float, ...]
    gains: tuple[float, ...]
    decay_s: tuple[float, ...]
    hz: float
    level: float


RING = tuple(n * (n * n - 1) / np.sqrt(n * n + 1) / (6 / np.sqrt(5)) for n in (2, 3, 4, 5, 6))  # bending of a thin ring (Rayleigh, Theory of Sound, 233)
BAR = tuple((2 * n + 1) ** 2 * 2 / 81 for n in range(3, 9))  # bending of a free bar, from the third mode on; the fourth is an octave above the note heard
MAKES = {
    "church": Make((0.5, 1, 1.183, 1.506, 2, 2.514, 2.662, 3.011, 4.166, 5.433, 6.796, 8.215), (.6, .5, .75, .15, 1, .2, .2, .55, .45, .3, .2, .15),
                   (6, 2.2, 2, 0.9, 0.8, 0.5, 0.5, 0.4, 0.28, 0.2, 0.15, 0.12), 520, 0.55),
    "hand": Make((1, 2, 3, 4.2, 5.4, 8.3), (1, 0.25, 0.6, 0.15, 0.2, 0.1), (1.1, 0.6, 0.6, 0.3, 0.25, 0.15), 900, 0.5),
    "desk": Make(RING, (1, 0.7, 0.4, 0.25, 0.15), (1.1, 0.7, 0.4, 0.25, 0.15), 1900, 0.45),
    "tube": Make(BAR, (0.5, 1, 0.8, 0.6, 0.35, 0.2), (1.6, 1.4, 1, 0.7, 0.45, 0.3), 620, 0.5),
}


def damped(hz, decay_s, n):
    """sin(2 pi hz t) exp(-t / decay), (n,) float32: the powers of one complex number, taken as an outer product because that is quick."""
    step, rows = (2j * np.pi * hz - 1 / decay_s) / SAMPLE_RATE, -(-n // 256)
    coarse, fine = np.exp(step * 256 * np.arange(rows)).astype(np.complex64)[:, None], np.exp(step * np.arange(256)).astype(np.complex64)
    return (coarse.real * fine.imag + coarse.imag * fine.real).ravel()[:n]


class BellVoice:
    """A bell: partials that each beat, as nothing is cast quite round. Larger is lower and rings longer; a harder or faster strike is brighter."""

    def __init__(self, make, size, rng, hz=None):
        m = MAKES[make]
        self.prime_hz = m.hz / size * np.exp(rng.normal(0, 0.08)) if hz is None else hz
        self.hz = self.prime_hz * np.array(m.ratios) * np.exp(rng.normal(0, 0.005, len(m.ratios)))
        heard = self.hz < 20000
        self.hz, self.gain = self.hz[heard], np.array(m.gains)[heard] * np.exp(rng.normal(0, 0.3, heard.sum()))
        self.decay_s = np.array(m.decay_s)[heard] * np.sqrt(m.hz / self.prime_hz) * np.exp(rng.normal(0, 0.2))
        self.hardness, self.level = rng.uniform(0.4, 1), m.level
        self.modes = []
        for hz, decay in zip(self.hz, self.decay_s, strict=True):
            n, twin = int(min(decay * 5, LONGEST_S) * SAMPLE_RATE), rng.uniform(0, 0.8)
            mode = (damped(hz, decay, n) + twin * damped(hz * (1 + rng.uniform(3e-4, 4e-3)), decay, n)) / (1 + twin)
            mode[-n // 8 :] *= np.linspace(1, 0, len(mode[-n // 8 :]), dtype=np.float32)
            self.modes.append(mode)

    def play(self, strength, rng):
        gain = self.gain * np.exp(-self.hz / (self.prime_hz * (1 + 9 * self.hardness * strength))) * rng.uniform(0.8, 1.2, len(self.hz))
        gain /= np.sqrt((gain**2).sum()) + 1e-6
        out = np.zeros(max(map(len, self.modes)), np.float32)
        for g, mode in zip(gain, self.modes, strict=True):
            out[: len(mode)] += np.float32(g) * mode
        t = seconds(0.02)
        out[: len(t)] += 0.3 * self.hardness * lowpass(white(rng, len(t)), 2000 + 9000 * self.hardness * strength) * np.exp(-t / 0.003)
        return out * np.float32(self.level * strength)


def turn(points, angle, x, y):
    """Points (n, 2) that hang from the origin, turned to the right by `angle` (radians) and moved to (x, y)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(points) @ np.array([[c, -s], [s, c]]) + (x, y)


def against(rng, split, other):
    """A colour that stands out from another by its lightness."""
    return colour(rng, split, (190, 256) if max(other) < 150 else (15, 90), (0, 160))


def lift(t, hits, fall_s, rise_s):
    """How far what strikes is raised, 0 (touches, at a hit) .. 1: it falls ever faster, and rises slowly. `hits`, `fall_s`: sorted (n,)."""
    k = int(np.searchsorted(hits, t + 1e-9))
    down = 1 - (1 - min(1.0, (hits[k] - t) / fall_s[k])) ** 2 if k < len(hits) else 1.0
    u = min(1.0, (t - hits[k - 1]) / rise_s) if k else 1.0
    return min(down, u * u * (3 - 2 * u))


def strokes(scene, rng, gap, jitter=0.25):
    """Hits with rests between: times (s), strengths 0..1, how long the fall takes (s; a faster one is stronger), and whether it stops short of the bell."""
    times = np.array([t + rng.uniform(-0.016, 0.016) for t in ticks(rng, scene.duration_s, gap, jitter)])
    strength = rng.uniform(0.25, 1, len(times))
    return times, strength, 0.24 - 0.15 * strength, rng.random(len(times)) < 0.1


class Body:
    """How a bell looks: a flared outline that hangs from its crown, with bands, a shine, and lines of sound about it for a moment, as in cartoons."""

    def __init__(self, scene, rng, width):
        self.width, self.height = width, width * rng.uniform(0.85, 1.2)
        y = np.array([0, 0, 0.04, 0.12, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0])
        shoulder = rng.uniform(0.2, 0.34)
        x = width * (shoulder + (0.5 - shoulder) * y ** rng.uniform(1.3, 4)) * np.minimum(1, [0, 0.5, 0.8, 1, 1, 1, 1, 1, 1, 1])
        y *= self.height
        self.outline = np.concatenate([np.stack([x, y], 1), np.stack([-x, y], 1)[::-1]])
        bronze = rng.random() < 0.5
        self.colour = tuple(int(v * k) for v, k in zip((200, 150, 70), rng.uniform(0.7, 1.2, 3), strict=True)) if bronze else colour(rng, scene.split, (90, 255))
        self.dark, self.light = tuple(int(v * 0.45) for v in self.colour), tuple(min(255, int(v * 1.35)) for v in self.colour)
        self.bands = [k for k in (3, 7, 8) if rng.random() < 0.5]
        self.shine = rng.choice([-0.55, 0.0, 0.5])
        self.open = rng.random() < 0.3
        self.clapper = against(rng, scene.split, self.dark if self.open else self.colour)
        self.lines = colour(rng, scene.split, (180, 255), (0, 120)) if rng.random() < 0.25 else None

    def draw(self, view, x, y, angle, swing=None, since=9.0, strength=1.0):
        """At its crown (x, y); `swing`: the angle of a clapper; `since`: seconds after the last strike."""
        place = turn(self.outline, angle, x, y)
        if not self.open and swing is not None:
            self.hang(view, x, y, swing)
        view.polygon(place, self.colour)
        if self.shine:
            part = self.outline[2:9] * (self.shine, 1)
            view.polygon(turn(np.concatenate([part, part[::-1] * (0.6, 1)]), angle, x, y), self.light)
        for k in self.bands:
            view.line(*place[k], *place[-1 - k], self.dark, 2)
        if self.open:
            view.polygon(turn(self.outline[3:-3] * (0.82, 0.9) + (0, self.height * 0.1), angle, x, y), self.dark)
            if swing is not None:
                self.hang(view, x, y, swing)
        if self.lines and since < 0.25:
            for a in (-1.9, -1.2, 1.2, 1.9):
                far = self.width * (0.75 + since)
                point = turn([(far * np.sin(a), self.height / 2 + far * 0.8 * np.cos(a)), (far * 1.3 * np.sin(a), self.height / 2 + far * 1.05 * np.cos(a))], angle, x, y)
                view.line(*point[0], *point[1], self.lines, 1 + 2 * strength)

    @property
    def ball(self):
        return max(4.0, 0.15 * self.width)

    def hang(self, view, x, y, swing):
        tip = turn([(0, self.height * 1.1)], swing, x, y)[0]
        view.line(x, y + 2, *tip, self.clapper, 2.5)
        view.circle(*tip, self.ball, self.clapper)


class SwingingBell:
    """A bell on a yoke, or shaken by hand, with a free clapper: a strike is the clapper that meets the wall, as fast as they close."""

    def __init__(self, scene, rng):
        self.by_hand = rng.random() < 0.35
        size = rng.uniform(0.5, 1.1) if self.by_hand else rng.uniform(0.6, 1.9)
        self.body = Body(scene, rng, 14 + 24 * size)
        voice = BellVoice("hand" if self.by_hand else "church", size, rng)
        self.x, self.y = rng.uniform(40, 88), rng.uniform(16, 100 - self.body.height)
        self.colours = [colour(rng, scene.split, (40, 220)) for _ in range(2)]
        self.frame, tied = rng.random() < 0.6, rng.random() < 0.1
        rate = rng.uniform(9, 20) if self.by_hand else rng.uniform(4.2, 7) / size**0.3
        n = int(scene.duration_s * CURVE_RATE) + 1
        knots = np.clip(rng.uniform(-0.3, 1.3, int(rng.integers(3, 7))), 0, 1) if rng.random() < 0.6 else np.full(2, rng.uniform(0.6, 1))
        swing = np.interp(np.linspace(0, 1, 4 * n), np.linspace(0, 1, len(knots)), knots) * rng.uniform(0.5, 1.1)
        angle = swing * np.sin(rate * np.arange(4 * n) / (4 * CURVE_RATE) + rng.uniform(0, 6.28))
        reach = np.arctan((0.46 * self.body.width - self.body.ball) / (self.body.height * 1.06))
        self.clapper, hits = clap(angle, np.inf if tied else reach, (rate * rng.uniform(0.5, 0.85)) ** 2, rng.uniform(0.1, 0.35), 1 / (4 * CURVE_RATE))
        if tied:
            self.clapper = angle
        self.angle, self.clapper = angle[::4], self.clapper[::4]
        self.hits = [(t, float(min(1.0, v / (1.2 * rate)) ** 0.8)) for t, v in hits if v > 0.12 * rate]
        for t, strength in self.hits:
            scene.emit(t, voice.play(strength, rng), "bell", None, strength, (self.x, self.y + self.body.height))

    def draw(self, view, t):
        i, x, y, w = int(t * CURVE_RATE), self.x, self.y, self.body.width
        if self.by_hand:
            grip = turn([(0, -w * 0.55)], self.angle[i], x, y)[0]
            view.line(x, y, *grip, self.colours[0], 4)
            view.line(*grip, x + 50 * np.sign(x - 64), y - 70, self.colours[1], 8)
            view.circle(*grip, 7, self.colours[1])
        else:
            if self.frame:
                for side in (-1, 1):
                    view.line(x + side * w * 0.62, y, x + side * w * 0.8, 200, self.colours[1], 4)
            yoke = turn([(-w * 0.55, -4), (w * 0.55, -4), (w * 0.4, 3), (-w * 0.4, 3)], self.angle[i], x, y)
            view.polygon(yoke, self.colours[0])
        since, strength = min(((t - h, s) for h, s in self.hits if h <= t), default=(9.0, 0))
        self.body.draw(view, x, y, self.angle[i], self.clapper[i], since, strength)


def clap(angle, reach, pull, bounce, dt):
    """A clapper, a pendulum of squared rate `pull` (1/s2), in a bell that moves by `angle`: its angle at each step, and (time, closing speed) of each contact."""
    path, hits, last = np.empty(len(angle)), [], -1.0
    a, v, wall = float(angle[0]), 0.0, np.gradient(angle, dt).tolist()
    for i, (bell, speed) in enumerate(zip(angle.tolist(), wall, strict=True)):
        v -= (pull * np.sin(a) + 0.4 * v) * dt
        before = a - (angle[i - 1] if i else bell)
        a += v * dt
        side = 1 if a > bell else -1
        if (a - bell) * side >= reach:
            closing = (v - speed) * side
            if closing > 0:
                if i * dt - last > 0.06:
                    share = np.clip((reach - before * side) / max((a - bell) * side - before * side, 1e-9), 0, 1)
                    hits.append(((i - 1 + share) * dt, closing))
                    last = i * dt
                v = speed - side * closing * bounce
            a = bell + side * reach
        path[i] = a
    return path, [(t, v) for t, v in hits if t > 0]


class HammeredBell:
    """A bell that hangs still; a hammer on an arm, perhaps a figure's, strikes its lip from outside, and it gives way and swings out."""

    def __init__(self, scene, rng):
        size = rng.uniform(0.5, 1.8)
        self.body = Body(scene, rng, 14 + 24 * size)
        voice = BellVoice("church", size, rng)
        self.x, self.y = rng.uniform(38, 90), rng.uniform(8, 95 - self.body.height)
        self.side = 1 if self.x < 64 else -1
        self.colours = [colour(rng, scene.split, (40, 255)) for _ in range(3)]
        self.head, self.arm = rng.uniform(4.5, 8), rng.uniform(24, 42)
        self.lean, self.back, self.rise = rng.uniform(-0.3, 0.5), rng.uniform(0.6, 1.4), rng.uniform(0.2, 0.5)
        self.figure, self.give = rng.random() < 0.35, rng.uniform(0.02, 0.12) / size
        self.at = np.array([self.x + self.side * (self.body.width / 2 + self.head), self.y + self.body.height * 0.95])
        self.pivot = self.at + self.arm * np.array([self.side * np.sin(self.lean), -np.cos(self.lean)])
        self.times, self.strength, self.fall, self.miss = strokes(scene, rng, rng.uniform(0.5, 1.6), rng.choice([0.03, 0.3]))
        for t, s, miss in zip(self.times, self.strength, self.miss, strict=True):
            if not miss and t > 0:
                scene.emit(t, voice.play(s, rng), "bell", None, s, self.at)

    def draw(self, view, t):
        past = [(t - h, s) for h, s, miss in zip(self.times, self.strength, self.miss, strict=True) if h <= t and not miss]
        away = -self.side * self.give * sum(s * np.exp(-2.5 * u) * np.sin(8 * u) for u, s in past)
        view.line(self.x, -60, self.x, self.y + 2, self.colours[2], 2)
        since, strength = min(past, default=(9.0, 0))
        self.body.draw(view, self.x, self.y, away, None, since, strength)
        up = lift(t, self.times, self.fall, self.rise)
        k = int(np.argmin(np.abs(self.times - t))) if len(self.times) else 0
        if len(self.times) and self.miss[k]:
            up = max(up, 0.3)
        head = self.pivot + self.arm * np.array([-self.side * np.sin(self.lean - up * self.back), np.cos(self.lean - up * self.back)])
        if self.figure:
            view.line(self.pivot[0] + self.side * 3, self.pivot[1] - 2, self.pivot[0] + self.side * 5, self.pivot[1] + 45, self.colours[2], 10)
            view.circle(self.pivot[0] + self.side * 3, self.pivot[1] - 10, 7, self.colours[2])
        view.line(*self.pivot, *head, self.colours[0], 3)
        view.circle(*head, self.head, self.colours[1])


class DeskBell:
    """A dome on a counter with a button; a hand comes down, and the bell rings when the button is down."""

    def __init__(self, scene, rng):
        size = rng.uniform(0.6, 1.5)
        voice = BellVoice("desk", size, rng)
        self.x, self.floor, self.r, self.squat = rng.uniform(38, 90), rng.uniform(85, 115), 10 + 13 * size, rng.uniform(0.65, 1)
        self.colours = [colour(rng, scene.split, (60, 255)) for _ in range(4)]
        self.body = Body(scene, rng, 2 * self.r)
        self.tall, self.lean, self.rise = rng.uniform(20, 45), rng.uniform(-35, 35), rng.uniform(0.12, 0.35)
        self.times, self.strength, self.fall, self.miss = strokes(scene, rng, rng.uniform(0.3, 1.4), 0.4)
        for t, s, miss in zip(self.times, self.strength, self.miss, strict=True):
            if not miss and t > 0:
                scene.emit(t, voice.play(s, rng), "bell", None, s, (self.x, self.floor - self.r))

    def draw(self, view, t):
        past = [t - h for h, miss in zip(self.times, self.miss, strict=True) if h <= t and not miss]
        since, r = min(past, default=9.0), self.r
        x = self.x + 1.2 * np.exp(-since * 14) * np.sin(since * 150)
        view.box(-80, self.floor, 210, 260, self.colours[0])
        rest = self.floor - 4 - r * self.squat - 6
        up = lift(t, self.times, self.fall, self.rise)
        k = int(np.argmin(np.abs(self.times - t))) if len(self.times) else 0
        finger = rest + 4 - up * self.tall - (9 if len(self.times) and self.miss[k] else 0)
        view.box(x - 2.5, max(rest, finger), x + 2.5, rest + 9, self.colours[1])
        dome = [(x + r * np.cos(a), self.floor - 4 - r * self.squat * np.sin(a)) for a in np.linspace(0, np.pi, 18)]
        view.polygon(dome, self.body.light if since < 0.07 else self.body.colour)
        view.polygon([(x + (p - x) * 0.35 - r * 0.3, q * 0.7 + self.floor * 0.3 - 4) for p, q in dome], self.body.light)
        view.box(x - r * 1.08, self.floor - 4, x + r * 1.08, self.floor, self.colours[2])
        view.line(x, finger - 4, x + self.lean, finger - 120, self.colours[3], 13)
        view.circle(x, finger - 4.5, 5, self.colours[3])
        if self.body.lines and since < 0.2:
            for a in (0.4, 1.0, 2.14, 2.74):
                view.line(x + 1.4 * r * np.cos(a), self.floor - 1.4 * r * np.sin(a), x + 1.8 * r * np.cos(a), self.floor - 1.8 * r * np.sin(a), self.body.lines, 2)


class Chimes:
    """Tubes of many lengths on a bar, struck by a mallet; bending waves: the pitch falls with the square of the length."""

    def __init__(self, scene, rng):
        count = int(rng.integers(3, 8))
        steps = np.cumsum(rng.choice([1, 2, 2, 3], count))
        longest, gap = rng.uniform(60, 95), min(18, 104 / count)
        self.wide, self.top, self.x = gap * rng.uniform(0.35, 0.6), rng.uniform(6, 26), 64 + rng.uniform(-8, 8) + (np.arange(count) - (count - 1) / 2) * gap
        hz = 300 * 2 ** rng.uniform(0, 1.2) * 2 ** (steps / 12)
        self.long = longest * np.sqrt(hz[0] / hz)
        if rng.random() < 0.4:
            self.x = self.x[::-1]
        self.colours = [colour(rng, scene.split, (70, 255)) for _ in range(4)]
        self.lit, self.rise = rng.random() < 0.35, rng.uniform(0.1, 0.25)
        voices = [BellVoice("tube", 1.0, rng, h) for h in hz]
        self.times, self.strength, self.fall, self.miss = strokes(scene, rng, rng.uniform(0.25, 0.9))
        n = len(self.times)
        self.which = (np.arange(n) % count if rng.random() < 0.3 else rng.integers(0, count, n)).astype(int)
        self.side = np.where(rng.random() < 0.5, 1, -1)
        for t, s, k, miss in zip(self.times, self.strength, self.which, self.miss, strict=True):
            if not miss and t > 0:
                scene.emit(t, voices[k].play(s, rng), "bell", None, s, (self.x[k], self.top + 12))

    def draw(self, view, t):
        for k, (x, length) in enumerate(zip(self.x, self.long, strict=True)):
            past = [(t - h, s) for h, s, w, miss in zip(self.times, self.strength, self.which, self.miss, strict=True) if w == k and h <= t and not miss]
            angle = -self.side * 0.05 * sum(s * np.exp(-1.8 * u) * np.sin(9 * u) for u, s in past)
            tip = (x + length * np.sin(angle), self.top + length * np.cos(angle))
            bright = self.lit and past and past[-1][0] < 0.12
            view.line(x, self.top, *tip, (255, 255, 230) if bright else self.colours[0], self.wide)
            view.line(x - self.wide * 0.2, self.top, tip[0] - self.wide * 0.2, tip[1], self.colours[1], 1)
        view.line(self.x.min() - 9, self.top, self.x.max() + 9, self.top, self.colours[2], 5)
        if not len(self.times):
            return
        k = int(np.searchsorted(self.times, t))
        a, b = max(0, k - 1), min(k, len(self.times) - 1)
        u = np.clip((t - self.times[a]) / max(self.times[b] - self.times[a], 1e-6), 0, 1) if a != b else 0.0
        x = self.x[self.which[a]] + (self.x[self.which[b]] - self.x[self.which[a]]) * u * u * (3 - 2 * u)
        near = a if t - self.times[a] < self.times[b] - t else b
        up = max(lift(t, self.times, self.fall, self.rise), 0.35 if self.miss[near] else 0.0)
        x, y = x + self.side * (self.wide / 2 + 4.5 + 20 * up), self.top + 12 + 9 * up
        view.line(x, y, x + self.side * 16, y + 34, self.colours[3], 2.5)
        view.circle(x, y, 5, self.colours[3])


def bell(scene, rng):
    """One of the bells."""
    return (SwingingBell, HammeredBell, DeskBell, Chimes)[rng.choice(4, p=(0.4, 0.25, 0.2, 0.15))](scene, rng)
