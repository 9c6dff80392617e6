"""Rockets that rise over a dark skyline and burst: a whistle, then flash and bang on one picture, and the crackle of sparks."""
import numpy as np

from foleylab.unseen.canvas import FRAME_RATE, FRAMES, RATE, SIDE, Canvas, Track, one_pole


def burst_sound(rng, size):
    """A shock with its echo from houses."""
    n = int(1.4 * RATE)
    t = np.arange(n) / RATE
    shock = rng.standard_normal(n) * np.exp(-t / (0.03 + 0.09 * size))
    rumble = one_pole(rng.standard_normal(n), 90 + 60 * rng.random()) * np.exp(-t / (0.3 + 0.4 * size)) * 8
    out = one_pole(shock, 2500) * 2 + rumble
    echo = int(rng.uniform(0.15, 0.4) * RATE)
    out[echo:] += 0.25 * one_pole(out[:-echo], 700)
    return out * (0.4 + 0.6 * size)


def crackle(rng, duration_s):
    n = int(duration_s * RATE)
    pops = (rng.random(n) < 90 / RATE) * rng.uniform(0.1, 0.5, n) * np.linspace(1, 0, n)
    return np.convolve(pops, np.exp(-np.arange(120) / 14) * rng.choice([-1, 1], 120))[:n]


def whistle(rng, duration_s):
    n = int(duration_s * RATE)
    hz = np.linspace(rng.uniform(900, 1600), rng.uniform(2200, 3400), n)
    return 0.05 * np.sin(2 * np.pi * np.cumsum(hz) / RATE) * np.linspace(0.1, 1, n) * (1 + 0.3 * rng.standard_normal(n))


class Rocket:
    """One rocket: where it rises, when it bursts, its sparks."""

    def __init__(self, rng, burst_frame):
        self.burst, self.rise = burst_frame, int(rng.integers(10, 28))
        self.foot, self.top = np.array([rng.uniform(20, 108), 118.0]), np.array([rng.uniform(15, 113), rng.uniform(14, 60)])
        self.size = rng.uniform(0.2, 1)
        self.colour = tuple(int(v) for v in rng.permutation([255, rng.integers(80, 255), rng.integers(20, 160)]))
        count = int(rng.integers(24, 70))
        angle, speed = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.6, 1, count) * (14 + 26 * self.size)
        self.sparks = np.stack([np.cos(angle), np.sin(angle)], 1) * speed[:, None]

    def draw(self, canvas, frame):
        since = (frame - self.burst) / FRAME_RATE
        if -self.rise <= frame - self.burst < 0:
            share = 1 + (frame - self.burst) / self.rise
            x, y = self.foot + (self.top - self.foot) * (1 - (1 - share) ** 1.6)
            canvas.line((x, y), (x, y + 5), (255, 220, 160), 0.8)
        elif 0 <= since < 1.4:
            if since < 0.12:
                canvas.glow(*self.top, 18 + 40 * self.size, self.colour, (1 - since / 0.12) * (0.4 + 0.6 * self.size))
            fade = max(0.0, 1 - since / 1.3)
            colour = tuple(int(v * fade) for v in self.colour)
            spread = 1 - np.exp(-2.2 * since)
            for dx, dy in self.sparks:
                x, y = self.top[0] + dx * spread, self.top[1] + dy * spread + 9 * since**2
                canvas.line((x, y), (x - 0.06 * dx, y - 0.06 * dy), colour, 0.7)


def make_fireworks(rng):
    """-> pictures (150, 128, 128, 3), sound (240000,), events (time, name, strength)."""
    track, rockets, frame = Track(), [], int(rng.integers(8, 40))
    while frame < FRAMES - 3:
        rocket = Rocket(rng, frame)
        rockets.append(rocket)
        time_s = frame / FRAME_RATE
        track.add(time_s, burst_sound(rng, rocket.size), "burst", 0.4 + 0.6 * rocket.size)
        if rng.random() < 0.5:
            track.add(time_s + 0.15, crackle(rng, rng.uniform(0.4, 1.0)))
        if rng.random() < 0.4:
            track.add(max(0, time_s - rocket.rise / FRAME_RATE), whistle(rng, rocket.rise / FRAME_RATE))
        frame += int(rng.integers(9, 45))
    roofs = np.cumsum(rng.uniform(6, 18, 20))
    heights = rng.uniform(100, 122, 20)
    frames = []
    for i in range(FRAMES):
        canvas = Canvas((8, 8, 20))
        for rocket in rockets:
            rocket.draw(canvas, i)
        for left, right, high in zip([0, *roofs], roofs, heights, strict=False):
            canvas.polygon([(left, high), (right, high), (right, SIDE), (left, SIDE)], (18, 16, 22))
        frames.append(canvas.small())
    return np.stack(frames), track.finished(rng), track.events
