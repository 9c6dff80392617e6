"""Textures, palettes, cameras and the wear of a picture. Pictures are uint8 RGB, 128 x 128; world units are pixels of that size."""
import cv2
import numpy as np

SIZE = 128
cv2.setNumThreads(1)

TEXTURES = {"train": ("flat", "gradient", "fractal", "stripes", "checker", "leaves", "bricks", "stars", "hills"),
            "test": ("flat", "gradient", "fractal", "cells", "leaves", "diagonal", "hills", "planks")}


def colour(rng, split, value=(60, 255), saturation=(0, 220)):
    """A random colour; test takes other sectors of hue than train and tune."""
    sector = rng.integers(6)
    hue = int((sector * 30 + (rng.uniform(0, 15) if split != "test" else rng.uniform(15, 30))) % 180)
    pixel = np.uint8([[[hue, rng.integers(*saturation), rng.integers(*value)]]])
    return tuple(int(v) for v in cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0])


def fractal(rng, height, width, roughness=0.55):
    """Noise of several octaves in 0..1."""
    out, gain = np.zeros((height, width), np.float32), 1.0
    for octave in range(2, 7):
        small = rng.random((2**octave, 2**octave), dtype=np.float32)
        out += gain * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        gain *= roughness
    out -= out.min()
    return out / (out.max() + 1e-6)


def texture(rng, split, height, width, kind=None):
    """A textured surface, (height, width, 3) uint8."""
    kind = kind or str(rng.choice(TEXTURES["test" if split == "test" else "train"]))
    a, b = np.float32(colour(rng, split, (10, 255))), np.float32(colour(rng, split, (10, 255)))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    period = rng.uniform(6, 40)
    if kind == "leaves":
        return dead_leaves(rng, split, height, width)
    if kind == "hills":
        return hills(rng, split, height, width)
    if kind == "flat":
        mask = np.zeros((height, width), np.float32)
    elif kind == "gradient":
        angle = rng.uniform(0, 6.3)
        mask = (np.cos(angle) * x / width + np.sin(angle) * y / height + 1) / 2
    elif kind == "fractal":
        mask = fractal(rng, height, width, rng.uniform(0.4, 0.9))
    elif kind == "stripes":
        mask = ((x if rng.random() < 0.5 else y) % period < period / 2).astype(np.float32)
    elif kind == "diagonal":
        mask = ((x + y) % period < period / 2).astype(np.float32)
    elif kind == "checker":
        mask = ((x // period + y // period) % 2).astype(np.float32)
    elif kind == "bricks":
        row = y // (period / 2)
        mask = np.minimum((y % (period / 2) > 2), ((x + row * period / 2) % period > 2)).astype(np.float32)
    elif kind == "planks":
        mask = 0.6 * fractal(rng, height, width) ** 2 + 0.4 * (x % period > 1.5)
    elif kind == "cells":
        points = np.zeros((height, width), np.uint8) + 1
        points[rng.integers(0, height, 60), rng.integers(0, width, 60)] = 0
        mask = np.clip(cv2.distanceTransform(points, cv2.DIST_L2, 3) / 20, 0, 1)
    else:  # stars
        mask = (rng.random((height, width)) < 0.01).astype(np.float32)
        a = a * 0.15
    out = a + (b - a) * mask[..., None]
    if rng.random() < 0.6:
        out *= 0.7 + 0.6 * fractal(rng, height, width, 0.8)[..., None]
    return np.clip(out, 0, 255).astype(np.uint8)


def dead_leaves(rng, split, height, width):
    """Overlapping shapes of all sizes: the statistics of natural pictures (Lee, Mumford, Huang 2001)."""
    out = np.zeros((height, width, 3), np.uint8)
    base = [colour(rng, split, (20, 240), (0, 140)) for _ in range(5)]
    for radius in np.sort(3 + 45 * rng.random(140) ** 3)[::-1]:
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        c = np.clip(np.float32(base[rng.integers(5)]) * rng.uniform(0.6, 1.3), 0, 255)
        axes = (max(1, int(radius)), max(1, int(radius * rng.uniform(0.3, 1))))
        cv2.ellipse(out, centre, axes, float(rng.uniform(0, 180)), 0, 360, tuple(float(v) for v in c), -1)
    noise = rng.normal(0, rng.uniform(0, 14), (height, width, 1))
    return np.clip(cv2.GaussianBlur(out, (0, 0), rng.uniform(0.3, 1.5)) + noise, 0, 255).astype(np.uint8)


def hills(rng, split, height, width):
    """Sky and layers of land."""
    out = np.empty((height, width, 3), np.uint8)
    sky, horizon = np.float32(colour(rng, split, (80, 255))), np.float32(colour(rng, split, (80, 255)))
    out[:] = (sky + (horizon - sky) * np.linspace(0, 1, height, dtype=np.float32)[:, None, None]).astype(np.uint8)
    x = np.arange(width)
    for layer in range(rng.integers(1, 4)):
        top = height * (0.45 + 0.15 * layer) + sum(rng.uniform(2, 12) / k * np.sin(x * k / width * 6.28 * 2 + rng.uniform(0, 6)) for k in (1, 2, 3, 5))
        points = np.concatenate([np.stack([x, top], 1), [[width, height], [0, height]]]).astype(np.int32)
        cv2.fillPoly(out, [points], colour(rng, split, (30, 200)))
    return out


MATERIAL_LOOK = {"wood": (15, 120, 150), "metal": (110, 25, 170), "glass": (100, 60, 230), "rubber": (None, 200, 120),
                 "stone": (20, 20, 120), "plastic": (None, 210, 235)}


def material_sprite(rng, material, size, round_):
    """A small picture of an object of that material and its alpha, (size, size, 3) uint8 and (size, size) float."""
    hue, saturation, value = MATERIAL_LOOK[material]
    hue = rng.integers(180) if hue is None else (hue + rng.integers(-8, 9)) % 180
    hsv = np.empty((size, size, 3), np.float32)
    hsv[:] = hue, np.clip(saturation + rng.normal(0, 25), 0, 255), np.clip(value + rng.normal(0, 30), 40, 255)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / max(size - 1, 1) - 0.5
    if material == "wood":
        hsv[..., 2] *= 0.8 + 0.25 * np.sin(y * rng.uniform(20, 40) + 3 * fractal(rng, size, size))
    elif material == "metal":
        hsv[..., 2] *= 0.6 + 0.8 * np.abs(np.sin((x + y) * rng.uniform(3, 6) + rng.uniform(0, 3)))
    elif material == "stone":
        hsv[..., 2] *= 0.5 + fractal(rng, size, size, 0.9)
    elif material in ("glass", "plastic"):
        hsv[..., 2] *= 0.75 + 0.7 * np.exp(-((x + 0.2) ** 2 + (y + 0.2) ** 2) * 25)
    else:
        hsv[..., 2] *= 0.9 + 0.2 * (np.abs(x) < 0.08)
    rgb = cv2.cvtColor(np.clip(hsv, 0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)
    alpha = np.ones((size, size), np.float32) * (0.65 if material == "glass" else 1)
    if round_:
        alpha *= np.clip((0.5 - np.sqrt(x**2 + y**2)) * size, 0, 1)
    elif rng.random() < 0.3:
        alpha *= (np.abs(x) + np.abs(y) < 0.6)
    if rng.random() < 0.3:
        rgb = cv2.addWeighted(rgb, 1, np.full_like(rgb, 255), -0.2, 0)
    return rgb, alpha


def paste(picture, sprite, alpha, centre, angle=0.0, scale=1.0):
    """Draws a sprite at a sub-pixel centre with rotation (radians) and scale, in place."""
    half = sprite.shape[0] / 2
    reach = int(half * 1.45 * scale) + 2
    x0, y0 = int(np.floor(centre[0])) - reach, int(np.floor(centre[1])) - reach
    a, b = max(0, x0), max(0, y0)
    c, d = min(SIZE, x0 + 2 * reach), min(SIZE, y0 + 2 * reach)
    if a >= c or b >= d:
        return
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.float32([[cos, -sin, centre[0] - a - cos * half + sin * half], [sin, cos, centre[1] - b - sin * half - cos * half]])
    patch = cv2.warpAffine(sprite, matrix, (c - a, d - b), flags=cv2.INTER_LINEAR)
    cover = cv2.warpAffine(alpha, matrix, (c - a, d - b), flags=cv2.INTER_LINEAR)[..., None]
    region = picture[b:d, a:c]
    region[:] = (region * (1 - cover) + patch * cover).astype(np.uint8)


class Camera:
    """Where the view is, by time: still, panning, hand-held, zooming, following; with cuts to other framings."""

    def __init__(self, rng, duration_s, calm=False):
        self.kind = "still" if calm or rng.random() < 0.45 else str(rng.choice(["pan", "hand", "zoom", "shake"]))
        self.speed = rng.uniform(-14, 14, 2)
        self.amount, self.rate = rng.uniform(0.5, 3.5), rng.uniform(0.3, 1.5)
        self.phases = rng.uniform(0, 6.28, 4)
        cuts = [] if rng.random() < 0.7 else sorted(rng.uniform(0.3, duration_s, rng.integers(1, 4)))
        self.cuts = [0.0, *cuts]
        self.framings = [(rng.uniform(-12, 12), rng.uniform(-12, 12), rng.uniform(0.8, 1.35)) for _ in self.cuts]
        self.framings[0] = (0.0, 0.0, 1.0)
        self.kicks = []
        self.bob = None

    def at(self, t):
        """-> (centre x, centre y, zoom)."""
        x, y, zoom = self.framings[np.searchsorted(self.cuts, t, "right") - 1]
        p = self.phases
        if self.kind == "pan":
            x, y = x + self.speed[0] * np.sin(t * 0.8 + p[0]), y + 0.4 * self.speed[1] * np.sin(t * 0.7 + p[1])
        elif self.kind in ("hand", "shake"):
            k = 1 if self.kind == "hand" else 5
            x += self.amount * (np.sin(t * 2.1 * k + p[0]) + 0.5 * np.sin(t * 5.3 * k + p[1]))
            y += self.amount * (np.sin(t * 1.7 * k + p[2]) + 0.5 * np.sin(t * 4.7 * k + p[3]))
        elif self.kind == "zoom":
            zoom *= 1 + 0.25 * np.sin(t * self.rate + p[0])
        for kick, strength in self.kicks:
            if kick <= t < kick + 0.4:
                y += 5 * strength * np.exp(-(t - kick) * 9) * np.sin((t - kick) * 70)
        if self.bob is not None:
            y += self.bob(t)
        return x, y, zoom


def hold_camera(scene, rng):
    """Gives the scene a camera that stands still, for a game that moves its own world: its places are places in the picture."""
    scene.camera = Camera(rng, scene.duration_s, calm=True)
    scene.camera.framings, scene.camera.cuts = [(0.0, 0.0, 1.0)], [0.0]


def on_frame(t):
    """The time of the first 30 Hz picture at or after `t`, s."""
    return float(np.ceil(t * 30 - 1e-6) / 30)


class View:
    """One picture being drawn: world to pixels under a camera."""

    def __init__(self, picture, camera):
        self.picture = picture
        self.cx, self.cy, self.zoom = camera

    def at(self, x, y):
        return (x - 64 - self.cx) * self.zoom + 64, (y - 64 - self.cy) * self.zoom + 64

    def fixed(self, x, y):
        u, v = self.at(x, y)
        return int(min(max(u * 16, -30000), 30000)), int(min(max(v * 16, -30000), 30000))

    def circle(self, x, y, radius, c, thickness=-1):
        cv2.circle(self.picture, self.fixed(x, y), max(1, int(radius * self.zoom * 16)), c, thickness, cv2.LINE_AA, 4)

    def line(self, x0, y0, x1, y1, c, thickness=2):
        cv2.line(self.picture, self.fixed(x0, y0), self.fixed(x1, y1), c, max(1, int(thickness * self.zoom)), cv2.LINE_AA, 4)

    def polygon(self, points, c):
        cv2.fillPoly(self.picture, [np.int32([self.fixed(*p) for p in points])], c, cv2.LINE_AA, 4)

    def box(self, x0, y0, x1, y1, c):
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], c)

    def sprite(self, sprite, x, y, angle=0.0, scale=1.0):
        paste(self.picture, *sprite, self.at(x, y), angle, scale * self.zoom)


class Wear:
    """What happens to a picture after the camera: light, grain, blur, letterbox, captions, interlacing, low rates."""

    def __init__(self, rng, split):
        self.rng = rng
        self.gain, self.offset, self.gamma = rng.uniform(0.6, 1.25), rng.uniform(-25, 25), rng.uniform(0.7, 1.4)
        table = 255 * (np.clip(np.arange(256) * self.gain + self.offset, 0, 255) / 255) ** self.gamma
        self.table = table.clip(0, 255).astype(np.uint8)
        self.grain = None if rng.random() < 0.5 else rng.normal(0, rng.uniform(1, 10), (160, 160, 1)).astype(np.int16)
        self.blur = 0 if rng.random() < 0.6 else rng.uniform(0.3, 1.1)
        self.bars = (0, 0) if rng.random() < 0.75 else ((int(rng.integers(6, 20)), 0) if rng.random() < 0.5 else (0, int(rng.integers(6, 24))))
        self.hud = rng.random() < 0.35
        self.hud_colour, self.hud_spots = colour(rng, split, (150, 255)), rng.integers(0, 110, (rng.integers(1, 4), 2))
        self.flicker = 0.0 if rng.random() < 0.8 else rng.uniform(0.02, 0.15)
        self.hold_s = float(rng.choice([1 / 30] * 6 + [1 / 25, 1 / 24, 1 / 20, 1 / 15]))
        self.interlace = rng.random() < 0.06
        self.mirror = rng.random() < 0.3
        self.last = None

    def apply(self, picture, t):
        rng = self.rng
        picture = cv2.LUT(picture, self.table)
        if self.flicker:
            picture = cv2.convertScaleAbs(picture, alpha=1 + self.flicker * np.sin(t * 23))
        if self.blur:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur)
        if self.hud:
            for k, (x, y) in enumerate(self.hud_spots):
                text = str(int(t * (k + 1) * 3) * 10 + 7) if k else "LIFE"
                cv2.putText(picture, text, (int(x), int(y) + 12), cv2.FONT_HERSHEY_PLAIN, 0.7, self.hud_colour, 1)
        if self.grain is not None:
            a, b = rng.integers(0, 32, 2)
            picture = np.clip(picture + self.grain[a : a + SIZE, b : b + SIZE], 0, 255).astype(np.uint8)
        if self.interlace and self.last is not None:
            mixed = picture.copy()
            mixed[1::2] = self.last[1::2]
            self.last, picture = picture, mixed
        else:
            self.last = picture
        if self.bars != (0, 0):
            picture = picture.copy()
            h, w = self.bars
            if h:
                picture[:h] = picture[-h:] = 0
            if w:
                picture[:, :w] = picture[:, -w:] = 0
        return picture[:, ::-1] if self.mirror else picture
