"""Water that runs: streams and surf, as loud as what is drawn of them."""
import numpy as np

from foleylab.data.actors import speed_curve
from foleylab.data.pictures import colour
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE, bandpass, highpass, lowpass, upsample, white
from foleylab.data.water import G, bubbles, ellipse, mix, scatter, water_colours


def stream_bed(amount, rng):
    """Running water: a rush whose band opens, and bubbles that come more often and larger, with `amount` (0..1 at 240 Hz)."""
    n = len(amount) * SAMPLE_RATE // CURVE_RATE
    a, noise, k = upsample(amount, n), white(rng, n), rng.uniform(0.6, 1.6)
    rush, deep = rng.uniform(0.3, 1), rng.uniform(0.2, 1)
    out = rush * (0.35 * bandpass(noise, 500 * k, 2500 * k) * a + 0.3 * highpass(noise, 2500 * k, 1) * a**1.6) + 0.5 * deep * lowpass(noise, 350 * k) * a**1.4
    bank = bubbles(rng, 0.001, rng.uniform(0.004, 0.01), 16)
    each = np.cumsum(np.clip(amount, 0, 1)) / CURVE_RATE  # seconds at full flow
    times = np.interp(np.sort(rng.uniform(0, each[-1], int(each[-1] * rng.uniform(40, 130)))), each, np.arange(len(each)) / CURVE_RATE)
    bubbling = np.zeros(n, np.float32)
    scatter(bubbling, bank, times, rng.uniform(0.1, 0.7, len(times)), rng)
    return ((out + (1.3 - rush) * bubbling * a**0.6) * 0.8).astype(np.float32)


def wave_bed(amount, rng):
    """Surf: a low roar first, brighter as the wave rises, and foam that fizzes on after it (`amount` 0..1 at 240 Hz)."""
    n = len(amount) * SAMPLE_RATE // CURVE_RATE
    noise, k = white(rng, n), rng.uniform(0.7, 1.5)
    foam, keep = np.zeros(len(amount)), np.exp(-1 / (CURVE_RATE * rng.uniform(0.15, 0.4)))
    for i in range(1, len(amount)):
        foam[i] = max(amount[i] ** 2, foam[i - 1] * keep)
    a, f = upsample(amount, n), upsample(foam, n)
    out = 0.9 * lowpass(noise, 250 * k) * a + 0.6 * bandpass(noise, 300 * k, 1500 * k) * a**1.5 + 0.35 * bandpass(noise, 1500 * k, 7000) * a**2.2
    return ((out + 0.06 * highpass(noise, 4000, 1) * f) * 1.4).astype(np.float32)


class Stream:
    """A waterfall, a fountain, a brook or a jet from a pipe, of an amount that changes."""

    def __init__(self, scene, rng):
        self.kind = str(rng.choice(["fall", "fountain", "brook", "pipe"]))
        self.water, self.foam = water_colours(rng, scene.split)
        self.amount = speed_curve(rng, scene.duration_s)
        if rng.random() < 0.4:
            self.amount = np.clip(self.amount + 0.35, 0, 1)
        scene.bed(stream_bed(self.amount, rng) * rng.uniform(0.5, 1.2), "water", self.amount)
        self.flow = np.cumsum(0.5 + 0.5 * self.amount) * (self.amount > 0.02) / CURVE_RATE if self.kind == "brook" else np.arange(len(self.amount)) / CURVE_RATE
        self.flow = np.maximum.accumulate(self.flow)
        self.x, self.top, self.level, self.wide = rng.uniform(42, 86), rng.uniform(8, 40), rng.uniform(88, 112), rng.uniform(14, 34)
        self.colours = [colour(rng, scene.split, (40, 220)) for _ in range(2)]
        self.lots, self.speed, self.side = rng.random((36, 3)), rng.uniform(60, 130), rng.choice([-1, 1])

    def draw(self, view, t):
        i = int(t * CURVE_RATE)
        amount, flow = float(self.amount[i]), float(self.flow[i])
        getattr(self, self.kind)(view, amount, flow)

    def pool(self, view, amount, flow, x, wide):
        view.box(-80, self.level, 210, 260, self.water)
        for a, b, c in self.lots[: int(26 * amount)]:
            k = (flow * (1.5 + c) + a) % 1
            ellipse(view, x + (b - 0.5) * wide * 2 * (0.6 + k), self.level + 1 + 4 * c - 7 * amount * k * (1 - k) * 2, 2 + 4 * amount, 1.5 + 2.5 * amount * (1 - k), self.foam)

    def fall(self, view, amount, flow):
        x, wide = self.x, self.wide * (0.25 + 0.75 * amount)
        view.polygon([(x - 70, self.top), (x + 70, self.top), (x + 60, 200), (x - 60, 200)], self.colours[0])
        if amount > 0.02:
            view.box(x - wide, self.top - 2, x + wide, self.level + 2, mix(self.water, self.foam, 0.3))
            for a, b, c in self.lots[: int(10 + 26 * amount)]:
                k = (flow * self.speed * (0.8 + 0.4 * c) / 60 + a) % 1
                y = self.top + (self.level - self.top) * (0.25 * k + 0.75 * k * k)
                view.line(x + (b - 0.5) * 1.9 * wide, y, x + (b - 0.5) * 1.9 * wide, min(self.level, y + 7 + 12 * k), self.foam, 2)
        self.pool(view, amount, flow, x, wide * 1.3)

    def fountain(self, view, amount, flow):
        self.pool(view, amount, flow, self.x, 10 + 40 * amount)
        view.box(self.x - 4, self.level - 6, self.x + 4, self.level + 3, self.colours[0])
        high = 6 + (self.level - 18) * amount
        up = np.sqrt(2 * 200 * high)
        if amount <= 0.02:
            return
        for a, b, _ in self.lots:
            age = ((flow / (2 * up / 200) * 1.2 + a) % 1) * 2 * up / 200
            y = self.level - 6 - up * age + 100 * age * age
            vx = (b - 0.5) * (12 + 34 * amount)
            view.line(self.x + vx * age, y, self.x + vx * (age - 0.03), y + 0.03 * (up - 200 * age), self.foam, 1.5 + 1.5 * amount)

    def brook(self, view, amount, flow):
        y, deep = self.level - 34, 5 + 34 * amount
        view.polygon([(-80, y), (210, y + 10 * self.side), (210, 260), (-80, 260)], self.colours[0])
        if amount <= 0.02:
            return
        across = lambda x: y + 12 + 5 * self.side * (x - 64) / 64
        view.polygon([(-80, across(-80)), (210, across(210)), (210, across(210) + deep), (-80, across(-80) + deep)], self.water)
        for a, b, c in self.lots[: int(8 + 28 * amount)]:
            x = -20 + 170 * ((self.side * flow * self.speed * (0.7 + 0.5 * c) / 90 + a) % 1)
            line = across(x) + deep * (0.08 + 0.84 * b) + 1.5 * np.sin(x / 6 + 7 * c)
            view.line(x, line, x + 4 + 12 * amount * c, line + 0.4 * self.side, self.foam, 1 + 2 * amount)
        for k in range(3):  # stones, with foam where the water meets them
            x = 20 + 44 * k + 16 * self.lots[k, 0]
            line = across(x) + deep * (0.3 + 0.5 * self.lots[k, 1])
            ellipse(view, x - self.side * 2, line + 1, 6 + 5 * amount, 2 + 3 * amount + 0.7 * np.sin(9 * flow + k), self.foam)
            ellipse(view, x, line, 6, 4, self.colours[1])

    def pipe(self, view, amount, flow):
        x, y, side = self.x - self.side * 30, self.top + 18, self.side
        push = 22 + 60 * amount
        fall = np.sqrt(2 * (self.level - y) / G)
        if amount > 0.02:
            s = np.linspace(0, fall, 9)
            thick = 1.5 + 5.5 * amount
            px, py = x + side * push * s, y + 0.5 * G * s * s
            view.polygon([*zip(px, py - thick, strict=True), *zip(px[::-1] - side * thick * s[::-1] / fall, py[::-1] + thick, strict=True)], mix(self.water, self.foam, 0.35))
            for a, b, _ in self.lots[:12]:
                k = ((flow / fall + a) % 1) * fall
                view.line(x + side * push * k, y + G * k * k / 2 + (b - 0.5) * thick, x + side * push * (k + 0.03), y + G * (k + 0.03) ** 2 / 2 + (b - 0.5) * thick, self.foam, 1.5)
        self.pool(view, amount, flow, x + side * push * fall, 8 + 18 * amount)
        view.line(x, y, x - side * 100, y, self.colours[0], 15)


class Surf:
    """Waves that come in, break and run up a shore; seen from above it, or from the side against rocks. The sound follows the breaking water."""

    def __init__(self, scene, rng):
        self.water, self.foam = water_colours(rng, scene.split)
        self.beside = rng.random() < 0.4
        n = int(scene.duration_s * CURVE_RATE) + 1
        axis = np.arange(n) / CURVE_RATE
        self.waves, t, self.amount = [], rng.uniform(-1.5, 0.8), np.zeros(n)
        period = rng.uniform(1.6, 3.6)
        while t < scene.duration_s + 2:
            height = rng.uniform(0.25, 1) if rng.random() < 0.85 else 0.08
            rise, last = rng.uniform(0.25, 0.5), rng.uniform(0.7, 1.1) * period * 0.5
            self.waves.append((t, height, rise, last))
            u = axis - t  # builds up before it breaks at t, then runs out
            shape = np.where(u < 0, np.clip(1 + u / rise, 0, 1) ** 2, np.clip(1 - u / last, 0, 1) ** 1.3)
            self.amount = np.maximum(self.amount, height * shape)
            t += period * np.exp(rng.normal(0, 0.15))
        scene.bed(wave_bed(self.amount, rng) * rng.uniform(0.6, 1.3), "water", self.amount)
        self.sand, self.rock = colour(rng, scene.split, (120, 240), (20, 120)), colour(rng, scene.split, (30, 140), (0, 90))
        self.far, self.line, self.side = rng.uniform(12, 36), rng.uniform(62, 82), rng.choice([-1, 1])
        self.ripple, self.lots = rng.uniform(0, 6.28, 4), rng.random((24, 3))

    def draw(self, view, t):
        (self.rocks if self.beside else self.shore)(view, t)

    def edge(self, x, k, size):
        return size * (np.sin(x / 17 + self.ripple[k % 4]) + 0.6 * np.sin(x / 7.3 + self.ripple[(k + 1) % 4]))

    def shore(self, view, t):
        x = np.linspace(-60, 190, 22)
        view.box(-80, self.far, 210, 260, self.sand)
        view.polygon([(190, self.far), (-60, self.far), *zip(x, self.line + self.edge(x, 0, 2), strict=True)], self.water)
        for k, (at, height, rise, last) in enumerate(self.waves):
            u = t - at
            if -2.2 < u < 0:  # the swell, a line that comes nearer and whitens
                near = 1 + u / 2.2
                y = self.far + (self.line - 14 - self.far) * near + self.edge(x, k, 1.5)
                thick, whiteness = 1 + 6 * height * near**2, np.clip(1 + u / rise, 0, 1) ** 2
                view.polygon([*zip(x, y - thick, strict=True), *zip(x[::-1], y[::-1] + thick, strict=True)], mix(mix(self.water, (0, 0, 0), 0.3), self.foam, whiteness))
            elif 0 <= u < last * 1.6:  # foam that runs up and thins out
                run, left = np.sin(np.pi / 2 * min(1, u / (last * 0.75))), max(0.0, 1 - u / last) ** 1.3
                reach = (8 + 40 * height) * run * (1 if u < last * 0.75 else max(0, 1 - (u - last * 0.75) / (last * 0.85)))
                low = self.line - 8 + reach + self.edge(x, k, 2.5)
                high = np.minimum(low, self.line - 14 + (reach + 6) * (1 - left) * 0.9 + self.edge(x, k + 1, 1.5))
                view.polygon([*zip(x, np.full(22, self.line - 20.0), strict=True), *zip(x[::-1], low[::-1], strict=True)], mix(self.water, self.sand, 0.25))
                view.polygon([*zip(x, high, strict=True), *zip(x[::-1], low[::-1] + 1, strict=True)], mix(mix(self.water, self.sand, 0.3), self.foam, 0.25 + 0.75 * left))

    def rocks(self, view, t):
        shore, side = 64 + self.side * 26, self.side
        u = np.linspace(-60, 190, 26)
        level = self.line + 8 + 1.5 * np.sin(u / 13 - 2 * side * t)
        crests = []
        for at, height, rise, _ in self.waves:
            s = t - at
            if -2.2 < s < 0.35:  # a hump that moves towards the rock, steeper as it comes
                spot, tall = shore + side * 45 * min(s, 0), (8 + 30 * height) * (0.35 + 0.65 * np.clip(1 + s / 1.2, 0, 1)) * (1 if s < 0 else 1 - s / 0.35)
                level = level - tall * np.exp(-(((u - spot) / 13) ** 2))
                crests.append((spot, np.clip(1 + s / rise, 0, 1) ** 2 if s < 0 else 1.0))
        view.polygon([*zip(u, level, strict=True), (190, 260), (-60, 260)], self.water)
        for spot, whiteness in crests:
            if whiteness > 0.05:
                near = np.abs(u - spot) < 24 * whiteness + 6
                view.polygon([*zip(u[near], level[near] - 1, strict=True), *zip(u[near][::-1], level[near][::-1] + 2 + 6 * whiteness, strict=True)], self.foam)
        view.polygon([(shore + side * 4, self.line - 22), (shore + side * 26, self.line - 34), (shore + side * 160, self.line - 40), (shore + side * 160, 260), (shore - side * 8, 260)], self.rock)
        for at, height, _, last in self.waves:
            s = t - at
            if 0 <= s < last:  # spray before the rock
                left = (1 - s / last) ** 1.3
                for a, b, c in self.lots[: int(6 + 18 * height)]:
                    vx, vy = -side * (a - 0.25) * 60, -(50 + 120 * b) * (0.4 + 0.6 * height)
                    y = self.line - 6 + vy * s + 110 * s * s
                    if y < self.line + 8:
                        view.circle(shore + vx * s, y, (1.5 + 5 * c * height) * (0.4 + 0.6 * left), self.foam)
                ellipse(view, shore - side * 10, self.line + 8, 8 + 24 * height * (0.4 + 0.6 * left), 2 + 9 * height * left, mix(self.water, self.foam, 0.3 + 0.7 * left))
