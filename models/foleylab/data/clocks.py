"""Clocks: what ticks, rings and calls by the time. The sound comes when the hand jumps, the pendulum turns, the hammer shakes or the bird bows."""
import numpy as np
from scipy import signal

from foleylab.data.bells import BellVoice, against, damped, turn
from foleylab.data.pictures import colour
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE, bandpass, lowpass, place, seconds, upsample, white


class TickVoice:
    """An escapement: a tooth that drops on a pallet, hard and short, in a case that answers; tick and tock are two pitches."""

    def __init__(self, case, rng):
        low, ring = {"wood": ((180, 420), 0.035), "metal": ((900, 1800), 0.05), "plastic": ((450, 900), 0.012)}[case]
        self.case_hz, self.ring_s = rng.uniform(*low) * np.array([1, rng.uniform(1.6, 2.4)]), ring * rng.uniform(0.6, 1.5)
        self.hz = rng.uniform(1800, 3200) * np.array([1, rng.uniform(1.5, 1.9), rng.uniform(2.3, 2.9)])
        self.tock, self.second_s, self.level = rng.uniform(0.72, 0.92), rng.uniform(0.006, 0.016), rng.uniform(0.5, 0.9)

    def play(self, strength, rng, tock=False):
        k, n = (self.tock if tock else 1.0), int(0.16 * SAMPLE_RATE)
        out = sum(0.4 * damped(hz * k, 0.006, n) for hz in self.hz) + sum(0.45 * damped(hz * k, self.ring_s, n) for hz in self.case_hz)
        t = seconds(0.01)
        out[: len(t)] += 0.35 * white(rng, len(t)) * np.exp(-t / 0.0012)
        late = int(self.second_s * SAMPLE_RATE)
        out[late:] += 0.35 * out[:-late].copy()  # the impulse after the drop
        return (out * np.linspace(1, 0, n) * self.level * strength).astype(np.float32)


def call(hz, length_s, strength, rng):
    """A note of a small organ pipe with a bellows' breath, as in a cuckoo clock."""
    t = seconds(length_s)
    swell = np.minimum(1, t / 0.015) * np.minimum(1, (length_s - t) / 0.06)
    tone = sum(g * np.sin(2 * np.pi * k * hz * t * (1 - 0.01 * t)) for k, g in ((1, 1), (2, 0.25), (3, 0.12)))
    return ((0.5 * tone + 0.15 * bandpass(white(rng, len(t)), hz * 0.8, hz * 3)) * swell * strength).astype(np.float32)


def ring_bed(on, rate_hz, voice, rng):
    """A hammer that shakes between two bells while `on` (0..1 at 240 Hz), `rate_hz` strikes a second."""
    n = len(on) * SAMPLE_RATE // CURVE_RATE
    out, t = np.zeros(n, np.float32), seconds(0.4)
    strikes = [voice.play(s, rng)[: len(t)] * np.exp(-t / 0.12) for s in (0.5, 0.6, 0.7)]
    at = np.flatnonzero(np.diff(np.floor(np.cumsum(on > 0.5) * rate_hz / CURVE_RATE)))
    for k, i in enumerate(at):
        place(out, strikes[k % 3] * 0.9, i * SAMPLE_RATE // CURVE_RATE)
    return out * upsample(on, n)


def beep_bed(on, hz, rng):
    """An electronic alarm: a square tone while `on`."""
    n = len(on) * SAMPLE_RATE // CURVE_RATE
    return lowpass(signal.square(2 * np.pi * hz * np.arange(n) / SAMPLE_RATE), rng.uniform(4000, 9000)) * upsample(on, n) * 0.2


class Face:
    """A dial with marks and hands, round or square."""

    def __init__(self, scene, rng, r):
        self.r, self.square, self.marks = r, rng.random() < 0.25, int(rng.choice([4, 12]))
        pale = rng.random() < 0.6
        self.plate = colour(rng, scene.split, (200, 256) if pale else (15, 80), (0, 90))
        self.ink = colour(rng, scene.split, (10, 80) if pale else (190, 256), (0, 160))
        self.rim, self.hand = colour(rng, scene.split, (60, 255)), colour(rng, scene.split, (150, 255), (150, 255)) if rng.random() < 0.6 else self.ink
        self.hour, self.minute, self.wide, self.reach = rng.uniform(0, 6.28), rng.uniform(0, 6.28), rng.uniform(2, 3.5), rng.uniform(0.75, 0.95)

    def draw(self, view, x, y, angle):
        """`angle`: of the hand that moves, clockwise from noon (rad)."""
        r = self.r
        for k, c in ((1.12, self.rim), (1.0, self.plate)):
            view.box(x - r * k, y - r * k, x + r * k, y + r * k, c) if self.square else view.circle(x, y, r * k, c)
        for a in np.arange(self.marks) * 2 * np.pi / self.marks:
            view.line(x + 0.84 * r * np.sin(a), y - 0.84 * r * np.cos(a), x + 0.95 * r * np.sin(a), y - 0.95 * r * np.cos(a), self.ink, 1.5)
        for a, length in ((self.hour, 0.5), (self.minute, 0.7)):
            view.line(x, y, x + length * r * np.sin(a), y - length * r * np.cos(a), self.ink, 2)
        view.line(x - 0.2 * r * np.sin(angle), y + 0.2 * r * np.cos(angle), x + self.reach * r * np.sin(angle), y - self.reach * r * np.cos(angle), self.hand, self.wide)
        view.circle(x, y, 2.5, self.hand)


class JumpingHand:
    """A wall clock or watch seen close: the second hand jumps and quivers, with a tick; or it glides, without."""

    def __init__(self, scene, rng):
        self.face = Face(scene, rng, rng.uniform(26, 50))
        self.x, self.y = rng.uniform(50, 78), rng.uniform(50, 78)
        self.period, self.step = (1.0 if rng.random() < 0.7 else rng.uniform(0.25, 0.8)), 2 * np.pi / int(rng.choice([12, 24, 60 if self.face.r > 38 else 30]))
        self.first, self.from_angle, self.glides = rng.uniform(-self.period, 0.0), rng.uniform(0, 6.28), rng.random() < 0.12
        self.quiver, self.takes = rng.uniform(0, 0.5), rng.uniform(0.008, 0.03)
        voice, strength = TickVoice(str(rng.choice(["plastic", "metal", "wood"])), rng), rng.uniform(0.4, 0.9)
        for k, t in enumerate(np.arange(self.first, scene.duration_s, self.period)):
            if t > 0 and not self.glides:
                scene.emit(t, voice.play(strength, rng, k % 2 == 1 and self.period < 0.9), "clock", None, strength, (self.x, self.y))

    def draw(self, view, t):
        k = (t - self.first) / self.period
        if not self.glides:
            since = (k % 1) * self.period
            jump = min(1.0, (since + 0.01) / self.takes) + self.quiver * np.exp(-since * 22) * np.sin(since * 90)
            k = np.floor(k) - 1 + jump
        self.face.draw(view, self.x, self.y, self.from_angle + self.step * k)


class PendulumClock:
    """A case with a dial and a pendulum: tick at one turn, tock at the other, or both where the tooth drops, past the middle; the hand jumps with them."""

    def __init__(self, scene, rng):
        self.face, self.x, self.y = Face(scene, rng, rng.uniform(15, 22)), rng.uniform(35, 93), rng.uniform(24, 36)
        self.length, self.swing, self.beat = rng.uniform(50, 72), rng.uniform(0.2, 0.5), rng.uniform(0.35, 1.0)
        self.bob, self.phase, self.cased = rng.uniform(6, 11), rng.uniform(0, 1), rng.random() < 0.7
        self.colours = [colour(rng, scene.split, (50, 230)) for _ in range(3)]
        self.back = colour(rng, scene.split)
        if self.cased:
            self.colours[1:] = [against(rng, scene.split, self.back) for _ in range(2)]
        self.drop = 0.0 if rng.random() < 0.7 else -rng.uniform(0.3, 0.42)  # in beats, after the turn
        self.step = 2 * np.pi / int(rng.choice([12, 24]))
        voice, strength = TickVoice("wood" if self.cased else "metal", rng), rng.uniform(0.4, 1)
        self.stopped = rng.random() < 0.08
        for k in range(0 if self.stopped else int(scene.duration_s / self.beat) + 3):
            t = (k + self.drop - self.phase) * self.beat
            if t > 0:
                scene.emit(t, voice.play(strength * rng.uniform(0.9, 1), rng, k % 2 == 1), "clock", None, strength, (self.x, self.y + self.length / 2))

    def draw(self, view, t):
        k = 0.5 if self.stopped else t / self.beat + self.phase
        x, y, r = self.x, self.y, self.face.r
        low = y + self.length + self.bob + 6
        if self.cased:
            wide = max(r * 1.4, self.length * self.swing + self.bob + 3)
            view.polygon([(x - r * 1.5, y - r * 1.2), (x, y - r * 2.2), (x + r * 1.5, y - r * 1.2)], self.colours[0])
            view.box(x - wide, y - r * 1.3, x + wide, low, self.colours[0])
            view.box(x - wide + 3, y + 4, x + wide - 3, low - 3, self.back)
        a = self.swing * np.cos(np.pi * k)
        tip = (x + self.length * np.sin(a), y + self.length * np.cos(a))
        view.line(x, y, *tip, self.colours[1], 2)
        view.circle(*tip, self.bob, self.colours[2])
        self.face.draw(view, x, y, self.step * np.floor(k - self.drop))


class Metronome:
    """A rod with a weight that swings before a stand, and clicks as it passes the middle; higher weights swing slower."""

    def __init__(self, scene, rng):
        self.x, self.floor, self.tall = rng.uniform(40, 88), rng.uniform(100, 122), rng.uniform(60, 88)
        slow = rng.random()
        self.beat, self.weight = 0.3 * 3.6**slow, 0.35 + 0.5 * slow
        self.swing, self.phase = rng.uniform(0.35, 0.75), rng.uniform(0, 1)
        self.colours = [colour(rng, scene.split, (40, 255))]
        self.colours += [against(rng, scene.split, self.colours[0]) for _ in range(2)]
        voice, strength, accent = TickVoice("wood", rng), rng.uniform(0.5, 0.9), int(rng.choice([1, 3, 4]))
        for k in range(int(scene.duration_s / self.beat) + 3):
            t = (k + 0.5 - self.phase) * self.beat
            if t > 0:
                s = min(1.0, strength * (1.25 if k % accent == 0 and accent > 1 else 1))
                scene.emit(t, voice.play(s, rng, k % 2 == 1), "clock", None, s, (self.x, self.floor - self.tall / 2))

    def draw(self, view, t):
        a, x, y, h = self.swing * np.cos(np.pi * (t / self.beat + self.phase)), self.x, self.floor - 8, self.tall
        view.polygon([(x - h * 0.36, self.floor), (x + h * 0.36, self.floor), (x + h * 0.14, self.floor - h), (x - h * 0.14, self.floor - h)], self.colours[0])
        view.line(x, y, x + h * np.sin(a), y - h * np.cos(a), self.colours[1], 3)
        bob = turn([(-8, -h * self.weight - 5), (8, -h * self.weight - 5), (5, -h * self.weight + 6), (-5, -h * self.weight + 6)], -a, x, y)
        view.polygon(bob, self.colours[2])


class Alarm:
    """An alarm clock: twin bells and a hammer that shakes it while it rings, or a display that flashes with its beeps."""

    def __init__(self, scene, rng):
        self.beeps, self.rate = rng.random() < 0.35, rng.uniform(12, 24)
        self.face, self.x, self.y = Face(scene, rng, rng.uniform(20, 32)), rng.uniform(45, 83), rng.uniform(62, 82)
        self.colours = [colour(rng, scene.split, (90, 255)) for _ in range(3)]
        self.off, self.lit = (30, 35, 30), colour(rng, scene.split, (200, 256), (100, 255))
        n = int(scene.duration_s * CURVE_RATE) + 1
        axis, on, t = np.arange(n) / CURVE_RATE, np.zeros(n), rng.uniform(0.1, 1.5)
        hz, gap, pips = rng.uniform(900, 2800), rng.uniform(0.18, 0.45), int(rng.integers(1, 5))
        voice, level = BellVoice("desk", rng.uniform(0.6, 1.1), rng), rng.uniform(0.5, 1)
        starts = []
        while t < scene.duration_s:
            t = round(t * 30) / 30
            spans = [(t + k * gap, gap * 0.5) for k in range(pips)] if self.beeps else [(t, rng.uniform(0.4, 2.2))]
            for start, length in spans:
                start = round(start * 30) / 30
                on[(axis >= start) & (axis < start + length)] = 1
                starts.append(start)
            t = spans[-1][0] + spans[-1][1] + rng.uniform(0.25, 1.5)
        self.on, self.shake = on, rng.uniform(1.2, 3)
        smooth = np.convolve(np.pad(on, 1, "edge"), [0.25, 0.5, 0.25], "valid")
        bed = beep_bed(smooth, hz, rng) if self.beeps else ring_bed(on, self.rate, voice, rng)
        scene.bed(bed * level, "clock", smooth if self.beeps else on)
        for start in starts:
            first = np.zeros(1, np.float32) if self.beeps else voice.play(0.5, rng)[: SAMPLE_RATE // 4] * np.exp(-seconds(0.25) / 0.08) * 0.9
            scene.emit(start + 0.003, first * level, "clock", None, level, (self.x, self.y))

    def draw(self, view, t):
        on, x, y, r = self.on[min(int(round(t * CURVE_RATE)), len(self.on) - 1)] > 0, self.x, self.y, self.face.r
        if self.beeps:
            view.box(x - r * 1.6, y - r * 0.8, x + r * 1.6, y + r * 0.8, self.colours[0])
            view.box(x - r * 1.4, y - r * 0.6, x + r * 1.4, y + r * 0.6, self.lit if on else self.off)
            for k in (-1.05, -0.5, 0.3, 0.85):
                view.box(x + r * k, y - r * 0.35, x + r * (k + 0.3), y + r * 0.35, self.off if on else self.lit)
            return
        if on:
            x, y = x + self.shake * np.sin(t * 97), y + 0.6 * self.shake * np.sin(t * 131)
        side = np.sin(np.pi * self.rate * t) if on else 0.0
        for k in (-1, 1):
            view.line(x, y, x + k * r * 0.8, y + r * 1.35, self.colours[1], 4)
            view.circle(x + k * r * 0.68, y - r * 1.08, r * 0.42, self.colours[0])
        view.line(x, y - r, x + side * r * 0.25, y - r * 1.45, self.colours[1], 2.5)
        view.circle(x + side * r * 0.25, y - r * 1.5, 4, self.colours[2])
        self.face.draw(view, x, y, 0.5)


class Cuckoo:
    """A house with a door: it opens, a bird comes out and bows at each of its two notes, a third apart, and goes in again."""

    def __init__(self, scene, rng):
        self.x, self.y, self.size = rng.uniform(42, 86), rng.uniform(58, 78), rng.uniform(0.8, 1.3)
        self.colours = [colour(rng, scene.split, (50, 230)) for _ in range(4)]
        self.colours[2] = colour(rng, scene.split, (170, 256))
        self.face, self.side = Face(scene, rng, 13 * self.size), rng.choice([-1, 1])
        high, low, gap, strength = rng.uniform(600, 950), rng.choice([4 / 5, 5 / 6]), rng.uniform(0.28, 0.42), rng.uniform(0.5, 0.9)
        self.visits, t = [], rng.uniform(0.1, 1.2)
        while t < scene.duration_s:
            count, silent = int(rng.integers(1, 4)), rng.random() < 0.1
            first, pause = t + rng.uniform(0.2, 0.5), gap * rng.uniform(2.2, 3.2)
            notes = [first + k * pause + h for k in range(count) for h in (0, gap)]
            self.visits.append((t, notes, notes[-1] + gap, silent))
            for k, at in enumerate(notes):
                if not silent:
                    wave = call(high * (low if k % 2 else 1), gap * (0.75 if k % 2 == 0 else 0.95), strength, rng)
                    scene.emit(at, wave, "clock", None, strength, (self.x, self.y - 20))
            t = notes[-1] + gap + rng.uniform(0.6, 2)

    def draw(self, view, t):
        x, y, s = self.x, self.y, self.size
        view.box(x - 26 * s, y - 24 * s, x + 26 * s, y + 34 * s, self.colours[0])
        view.polygon([(x - 33 * s, y - 20 * s), (x, y - 48 * s), (x + 33 * s, y - 20 * s)], self.colours[1])
        self.face.draw(view, x, y + 16 * s, 0.3)
        out, bow = 0.0, 0.0
        for start, notes, end, silent in self.visits:
            if start <= t < end + 0.15:
                out = float(np.clip(min((t - start) / 0.15, (end + 0.15 - t) / 0.15), 0, 1))
                past = [t - n for n in notes if n <= t + 1e-6]
                bow = 0.0 if silent or not past or past[-1] > 0.22 else 1 - past[-1] / 0.22
        view.box(x - 9 * s, y - 24 * s, x + 9 * s, y - 5 * s, (20, 15, 15))
        if out:
            u, v = x + self.side * 15 * s * out, y - 14 * s + 5 * bow
            view.circle(u - self.side * 7 * s, v + 2, 6.5 * s, self.colours[2])
            view.circle(u, v - 4 * s, 4.5 * s, self.colours[2])
            for k in (-1, 1):
                tip = v - 4 * s + k * (1 + 4 * bow) * s
                view.polygon([(u + self.side * 3 * s, v - 4 * s), (u + self.side * 11 * s, tip), (u + self.side * 3 * s, v - 4 * s + 2 * k * s)], (250, 190, 40))
        else:
            view.box(x - 9 * s, y - 24 * s, x + 9 * s, y - 5 * s, self.colours[3])


def clock(scene, rng):
    """One of the clocks."""
    return (JumpingHand, PendulumClock, Metronome, Alarm, Cuckoo)[rng.choice(5, p=(0.25, 0.25, 0.2, 0.2, 0.1))](scene, rng)
