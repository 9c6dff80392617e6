"""Animals that walk or fly without a sound and are heard exactly when they open their mouths, stretch or hop.

Pictures are cut-outs of photographs where art is installed (art.py), else drawn; calls are recordings where those are installed
(recordings.py), else synthesised: a pulse or a tone with a pitch contour, noise, and formants.
"""
from dataclasses import dataclass

import cv2
import numpy as np

from foleylab.data import items, recordings
from foleylab.data.actors import ticks
from foleylab.data.art import VARIABLE
from foleylab.data.pictures import colour, fractal, on_frame
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE, bandpass, highpass, seconds, white

FAMILY = "animal"
STEPS = 6  # of stretching, precomputed
RATIO = CURVE_RATE / SAMPLE_RATE


@dataclass(frozen=True)
class Species:
    """Its call: pitch (Hz) at begin, middle and end, length (s), share of noise, trill (Hz, depth), formants (Hz), calls in a row; its recording; whether it flies, and is a bird."""

    pitch: tuple[float, float, float]
    length_s: tuple[float, float]
    noise: float
    trill: tuple[float, float]
    formants: tuple[float, ...]
    row: int = 1
    recording: str | None = None
    flies: bool = False
    bird: bool = False
    colours: tuple[tuple[int, int, int], ...] = ((120, 90, 60),)


SPECIES = {
    "sheep": Species((300, 320, 280), (0.4, 0.9), 0.15, (9, 0.09), (900, 1700), 2, "animal/opensfx-sheep", colours=((235, 230, 220), (60, 55, 50))),
    "cow": Species((110, 140, 90), (0.8, 1.5), 0.1, (5, 0.02), (350, 900), 1, "animal/opensfx-cow", colours=((240, 240, 235), (120, 70, 40), (40, 35, 35))),
    "horse": Species((900, 700, 350), (0.7, 1.3), 0.2, (11, 0.12), (1200, 2500), 1, "animal/opensfx-horse", colours=((110, 65, 35), (50, 40, 35), (200, 190, 180))),
    "lion": Species((80, 110, 65), (0.8, 1.6), 0.7, (24, 0.1), (350, 800), 1, "animal/opensfx-lion", colours=((205, 160, 85), (225, 225, 230))),
    "monkey": Species((500, 900, 600), (0.12, 0.3), 0.3, (14, 0.08), (900, 1900), 4, "animal/opensfx-monkey", colours=((95, 70, 50),)),
    "dog": Species((380, 330, 190), (0.1, 0.22), 0.45, (0, 0), (600, 1300), 3, colours=((150, 105, 60), (50, 45, 40), (215, 205, 190))),
    "cat": Species((480, 720, 430), (0.35, 0.8), 0.1, (6, 0.02), (900, 1800), 1, colours=((220, 140, 60), (70, 70, 75), (230, 225, 215))),
    "pig": Species((95, 120, 85), (0.12, 0.3), 0.6, (28, 0.12), (450, 1200), 3, colours=((235, 170, 165), (90, 75, 65))),
    "duck": Species((230, 215, 180), (0.1, 0.2), 0.2, (0, 0), (1150, 2300), 4, bird=True, colours=((240, 240, 235), (90, 80, 55))),
    "hen": Species((620, 480, 330), (0.06, 0.14), 0.2, (0, 0), (1000, 2100), 4, bird=True, colours=((175, 90, 45), (235, 230, 220))),
    "owl": Species((370, 400, 360), (0.25, 0.5), 0.05, (0, 0), (), 2, flies=True, bird=True, colours=((150, 110, 80),)),
    "crow": Species((480, 520, 400), (0.18, 0.4), 0.55, (35, 0.1), (1500, 2700), 3, "bird/crow", True, True, ((35, 35, 45), (200, 60, 40))),
    "bird": Species((3200, 4600, 2700), (0.06, 0.16), 0.02, (30, 0.05), (), 5, "bird", True, True, ((60, 120, 200), (220, 190, 60), (190, 70, 60), (110, 140, 80))),
    "frog": Species((75, 90, 70), (0.15, 0.35), 0.25, (38, 0.2), (700, 1600), 3, colours=((80, 150, 60),)),
}


def synthesised(species, scale, strength, rng):
    """One call of a species, `scale` times as high as usual; (n,) float32 at 48 kHz, sharp at its begin."""
    t = seconds(rng.uniform(*species.length_s))
    at = t / t[-1]
    rate, depth = species.trill
    hz = np.interp(at, (0, 0.4, 1), species.pitch) * scale * rng.uniform(0.93, 1.07) * (1 + depth * np.sin(2 * np.pi * rate * t + rng.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE
    noise = white(rng, len(t))
    if species.formants:
        pulse = sum(np.sin(k * phase) * (k * hz < 16000) / k**0.7 for k in range(1, 25))
        rough = (1 - species.noise) * pulse + species.noise * 2.5 * noise * (1 + np.sin(phase))
        out = sum(bandpass(rough, f * scale**0.3 * 0.75, f * scale**0.3 * 1.3) / (k + 1) for k, f in enumerate(species.formants)) + 0.12 * rough
    else:
        out = np.sin(phase) + 0.15 * np.sin(2 * phase) + species.noise * noise
    shape = np.minimum(1, t / 0.006) * np.interp(at, (0, 0.1, 0.6, 1), (0.7, 1, 0.8, 0)) * (1 + 3 * depth * np.sin(2 * np.pi * rate * t))
    out = highpass(out * shape, 50)
    return (0.8 * strength / np.abs(out).max() * out).astype(np.float32)


def recorded(species, split, strength, rng):
    """One call out of the recordings, from where it is heard; None if there is none."""
    wave = recordings.play(rng, split, species.recording, strength) if species.recording else None
    if wave is None:
        return None
    wave = wave[np.argmax(np.abs(wave) > 0.15 * np.abs(wave).max()) :].copy()
    wave[:96] *= np.linspace(0, 1, 96)[: len(wave)]
    return wave[: 2 * SAMPLE_RATE]


def loudness(wave):
    """How loud a call is by time, 0..1 at 240 Hz: how far the mouth is open."""
    step = int(1 / RATIO)
    blocks = np.abs(wave[: len(wave) // step * step]).reshape(-1, step).max(1) if len(wave) >= step else np.ones(1)
    blocks = np.convolve(np.pad(blocks, 4, mode="edge"), np.ones(9) / 9, "valid")
    return np.sqrt(blocks / max(blocks.max(), 1e-6))


def stretched(rgb, alpha):
    """STEPS pictures of a sprite, ever taller and narrower on the same feet, each (m, m, 3) and (m, m)."""
    n = rgb.shape[0]
    m, out = int(n * 1.6), []
    for k in range(STEPS):
        tall, wide = 1 + 0.42 * k / (STEPS - 1), 1 - 0.16 * k / (STEPS - 1)
        matrix = np.float32([[wide, 0, m / 2 - wide * n / 2], [0, tall, m - 1 - tall * (n - 1)]])
        out.append(tuple(cv2.warpAffine(part, matrix, (m, m), flags=cv2.INTER_LINEAR) for part in (rgb, alpha)))
    return out


class CutOut:
    """A photographed animal: it stretches and hops when it calls; standing on (x, y), looking left or right."""

    def __init__(self, picture, size, rng):
        rgb, alpha = picture[..., :3], picture[..., 3].astype(np.float32) / 255
        rgb = np.clip(rgb * rng.uniform(0.8, 1.2, 3), 0, 255).astype(np.uint8)
        self.right = stretched(rgb, alpha)
        self.left = stretched(np.ascontiguousarray(rgb[:, ::-1]), np.ascontiguousarray(alpha[:, ::-1]))
        self.scale, self.hop = size / rgb.shape[0], rng.uniform(0.0, 0.2) * size

    def draw(self, view, x, y, side, opening, stride, flap):
        sprite = (self.right if side > 0 else self.left)[round(opening * (STEPS - 1))]
        middle = y - self.hop * opening - sprite[0].shape[0] / 2 * self.scale
        view.sprite(sprite, x, middle, 0.06 * np.sin(stride) + 0.08 * np.sin(flap), self.scale)


class Drawn:
    """An animal drawn of a patched body, legs or wings, and a head whose jaw opens."""

    def __init__(self, species, size, rng):
        base = np.float32(species.colours[rng.integers(len(species.colours))])
        shade = lambda k: tuple(int(v) for v in np.clip(base * k + rng.normal(0, 8, 3), 0, 255))
        self.size, self.bird = size, species.bird
        self.body, self.dark, self.light = shade(1), shade(0.65), shade(1.2)
        n = max(12, int(size * 0.75))
        y, x = (np.mgrid[0:n, 0:n] / (n - 1) - 0.5) * 2
        patches = fractal(rng, n, n, 0.7) > rng.uniform(0.4, 0.9)
        rgb = np.where(patches[..., None], np.uint8(self.dark), np.uint8(self.body))
        self.sprite = np.ascontiguousarray(rgb), (np.clip((1 - np.sqrt(x**2 + (y / 0.62) ** 2)) * n / 3, 0, 1)).astype(np.float32)
        self.leg, self.neck, self.ear = rng.uniform(0.18, 0.34) * size, rng.uniform(0.05, 0.3) * size, rng.uniform(0.06, 0.16) * size
        self.mouth, self.beak = (150, 30, 40), (230, 160, 40)

    def draw(self, view, x, y, side, opening, stride, flap):
        s, y = self.size, y - 0.06 * self.size * opening
        middle = y - self.leg - 0.2 * s
        if not flap:
            for k, at in enumerate((-0.06, 0.06) if self.bird else (-0.26, -0.18, 0.18, 0.26)):
                view.line(x + at * s, middle, x + at * s + 0.12 * s * np.sin(stride + k * np.pi / 2 + (k % 2) * np.pi), y, self.dark, max(2, s / 14))
        if not self.bird:
            view.line(x - side * 0.34 * s, middle - 0.05 * s, x - side * 0.46 * s, middle + 0.12 * s, self.dark, max(2, s / 18))
        view.sprite(self.sprite, x, middle, 0, 1)
        if self.bird:
            tip = 0.42 * s * np.sin(flap) if flap else -0.12 * s
            view.polygon([(x - 0.16 * s, middle), (x + 0.16 * s, middle), (x - side * 0.12 * s, middle - tip)], self.dark)
            view.polygon([(x - side * 0.3 * s, middle), (x - side * 0.52 * s, middle - 0.08 * s), (x - side * 0.52 * s, middle + 0.08 * s)], self.dark)
        hx, hy, r = x + side * 0.36 * s, middle - 0.1 * s - self.neck - 0.05 * s * opening, 0.17 * s
        view.line(x + side * 0.26 * s, middle, hx, hy, self.body, max(2, s / 6))
        jaw = 0.75 * opening
        for turn, c in ((jaw, self.beak if self.bird else self.body), (-jaw * 0.6, self.beak if self.bird else self.body)):
            tip = hx + side * 2.1 * r * np.cos(turn), hy + 0.15 * r + 2.1 * r * np.sin(turn)
            if opening > 0.05 and turn > 0:
                view.polygon([(hx, hy), tip, (hx + side * 2.0 * r * np.cos(jaw * 0.6), hy + 0.15 * r - 2.0 * r * np.sin(jaw * 0.6))], self.mouth)
            view.polygon([(hx, hy - 0.55 * r), (hx, hy + 0.75 * r), tip], c)
        view.circle(hx, hy, r, self.body)
        if not self.bird:
            view.polygon([(hx - side * 0.5 * r, hy - 0.6 * r), (hx + side * 0.1 * r, hy - 0.8 * r), (hx - side * 0.3 * r, hy - r - self.ear)], self.dark)
        view.circle(hx + side * 0.25 * r, hy - 0.3 * r, max(1, r / 5), (15, 15, 15))


class Animal:
    """One to three animals of a kind; every call is an event, all other movement is silent."""

    def __init__(self, scene, rng):
        group = items.choose(VARIABLE, rng, scene.split, "animal") if rng.random() < 0.65 else None
        name = next(iter(group)) if group else str(rng.choice(sorted(SPECIES)))
        self.species = species = SPECIES[name]
        size, self.flies = rng.uniform(30, 62), species.flies and (not group or rng.random() < 0.5)
        self.floor = rng.uniform(60, 110) if self.flies else rng.uniform(max(70, size + 15), 120)
        self.ground = colour(rng, scene.split) if not self.flies and rng.random() < 0.5 else None
        self.strokes = colour(rng, scene.split, (200, 255), (0, 120)) if rng.random() < 0.25 else None
        self.count = int(rng.choice([1, 1, 1, 2, 3]))
        size = min(size, 100 / self.count)
        self.size, figure = size, CutOut(group[name], size, rng) if group else None
        n = int(scene.duration_s * CURVE_RATE) + 1
        self.figures = [figure or Drawn(species, size, rng) for _ in range(self.count)]
        self.path, self.opening, self.stride = np.zeros((self.count, n, 2)), np.zeros((self.count, n)), np.zeros((self.count, n))
        self.side, self.flap = np.ones((self.count, n)), np.zeros((self.count, n))
        calls = self.calls(scene, rng, rng.uniform(0.7, 1.4), rng.random() < 0.75)
        self.move(scene, rng, calls)
        for t, who, wave, strength in calls:
            x, y = self.path[who, min(int(t * CURVE_RATE), n - 1)]
            scene.emit(t + rng.uniform(0, 0.01), wave, FAMILY, None, strength, (x, y - size / 2))

    def calls(self, scene, rng, scale, by_record):
        """Plans who calls when: [(time on a frame, who, wave, strength)]; opens the mouths."""
        out, busy, n, row = [], 0.0, self.opening.shape[1], self.species.row
        for first in ticks(rng, scene.duration_s, rng.uniform(0.7, 2.2), 0.4):
            t, who, level = max(first, busy), int(rng.integers(self.count)), rng.uniform(0.35, 1)
            for _ in range(1 if by_record and self.species.recording else int(rng.integers(1, row + 1))):
                t = on_frame(t)
                strength = float(level * rng.uniform(0.85, 1))
                wave = recorded(self.species, scene.split, strength, rng) if by_record else None
                wave = synthesised(self.species, scale, strength, rng) if wave is None else wave
                if t >= scene.duration_s - 0.05:
                    break
                a, shape = int(round(t * CURVE_RATE)), loudness(wave)
                shape[: CURVE_RATE // 10] = np.maximum(shape[: CURVE_RATE // 10], 0.8)
                shape = np.concatenate([np.maximum(shape, 0.35 * (shape > 0.02)), np.linspace(shape[-1], 0, 24)])[: n - a]
                self.opening[who, a : a + len(shape)] = np.maximum(self.opening[who, a : a + len(shape)], (0.6 + 0.4 * strength) * shape)
                out.append((t, who, wave, strength))
                t += len(wave) / SAMPLE_RATE + rng.uniform(0.1, 0.25)
            busy = t + 0.1
        return out

    def move(self, scene, rng, calls):
        """Walks, stands (always while calling) or flies, without a sound."""
        n, axis = self.opening.shape[1], np.arange(self.opening.shape[1]) / CURVE_RATE
        for k in range(self.count):
            middle = 64 + (k - (self.count - 1) / 2) * 100 / self.count + rng.uniform(-8, 8)
            reach, rate, phase = rng.uniform(0, 44 / self.count), rng.uniform(0.15, 0.6), rng.uniform(0, 6.28)
            goes = np.ones(n) if self.flies else (np.sin(axis * rng.uniform(0.5, 2) + rng.uniform(0, 6)) > rng.uniform(-0.8, 0.6)).astype(float)
            for t, who, wave, _ in calls:
                if who == k and not self.flies:
                    goes[max(0, int(t * CURVE_RATE) - 24) : int((t + len(wave) / SAMPLE_RATE + 0.15) * CURVE_RATE)] = 0
            turn = 2 * np.pi * rate * np.cumsum(goes) / CURVE_RATE + phase
            self.path[k, :, 0] = middle + reach * np.sin(turn)
            self.stride[k] = np.cumsum(goes) / CURVE_RATE * (6 + 12 * rate)
            self.path[k, :, 1] = self.floor + (rng.uniform(4, 14) * np.sin(axis * rng.uniform(1, 3) + phase) if self.flies else -1.2 * np.abs(np.sin(self.stride[k])))
            self.side[k] = np.where(np.cos(turn) >= 0, 1, -1) if reach > 4 else rng.choice([-1, 1])
            self.flap[k] = axis * rng.uniform(14, 30) + phase if self.flies else 0

    def draw(self, view, t):
        i = min(int(round(t * CURVE_RATE)), self.opening.shape[1] - 1)
        if self.ground:
            view.box(-60, self.floor, 190, 190, self.ground)
        for k, figure in enumerate(self.figures):
            x, y = self.path[k, i]
            side, opening = self.side[k, i], self.opening[k, i]
            figure.draw(view, x, y, side, opening, self.stride[k, i], self.flap[k, i])
            if self.strokes and opening > 0.3:
                for turn in (-0.9, -0.45, 0.0):
                    a, b = 0.55 * self.size, 0.55 * self.size + 9 * opening
                    up = y - 0.65 * self.size
                    view.line(x + side * a * np.cos(turn), up + a * np.sin(turn), x + side * b * np.cos(turn), up + b * np.sin(turn), self.strokes, 2)
