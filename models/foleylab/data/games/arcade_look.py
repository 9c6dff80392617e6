"""How the shooters and races look: an art style with a palette, sprites of its making, and a display of points over the picture."""
import cv2
import numpy as np

from foleylab.data import art
from foleylab.data.pictures import SIZE, colour, fractal, material_sprite

TURNS = 40  # a sprite is kept in this many directions
STYLES = ("flat", "flat", "pixel", "pixel", "neon", "rough", "sepia", "mono", "night")


class Look:
    """An art style: dark or light ground, colours, and what is done to the finished picture."""

    def __init__(self, rng, split):
        self.rng, self.split = rng, split
        self.kind = str(rng.choice(STYLES))
        self.dark = self.kind in ("neon", "night") or rng.random() < 0.5
        self.grit = rng.uniform(0.2, 0.6) if self.kind == "rough" or rng.random() < 0.15 else 0.0
        self.cell = int(rng.choice([2, 2, 3])) if self.kind == "pixel" else 1
        self.tint = np.float32(colour(rng, split, (200, 255), (60, 160))) / 255 if self.kind == "mono" else None
        self.shades = int(rng.integers(4, 9))
        hot = [(255, 250, 225), (255, 205, 80), (250, 120, 30), (120, 60, 40)]
        own = [colour(rng, split, (225, 256), (0, 70)), colour(rng, split, (210, 256), (60, 200)), colour(rng, split, (170, 240), (90, 220)), colour(rng, split, (40, 110), (0, 200))]
        self.fire = hot if rng.random() < 0.75 else own
        self.smoke = tuple(int(v) for v in np.full(3, rng.integers(40, 130)))

    def thing(self):
        """A colour for what stands before the ground."""
        c = colour(self.rng, self.split, (165, 256) if self.dark else (30, 200), (60, 240))
        light = 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]
        if self.dark and light < 110:  # pure blue and red are dark
            return tuple(int(v + (255 - v) * (110 - light) / (255 - light)) for v in c)
        return c if self.dark or light < 150 else tuple(int(v * 150 / light) for v in c)

    def ground(self):
        """A colour for what lies behind."""
        if self.kind == "neon":
            return colour(self.rng, self.split, (0, 24), (0, 220))
        return colour(self.rng, self.split, (8, 95) if self.dark else (120, 235), (0, 170))

    def finish(self, picture):
        """Style over the whole picture, in place."""
        if self.kind == "pixel":
            n = -(-SIZE // self.cell)
            small = cv2.resize(picture, (n, n), interpolation=cv2.INTER_AREA)
            small = (small // 24) * 24 + 12
            picture[:] = cv2.resize(small, (n * self.cell, n * self.cell), interpolation=cv2.INTER_NEAREST)[:SIZE, :SIZE]
        elif self.kind == "neon":
            small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
            picture[:] = cv2.add(picture, cv2.resize(cv2.GaussianBlur(small, (0, 0), 1.1), (SIZE, SIZE)))
        elif self.kind == "sepia":
            grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
            for k, gain in enumerate((1.0, 0.84, 0.62)):
                picture[..., k] = cv2.convertScaleAbs(grey, alpha=gain)
        elif self.kind == "mono":
            grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
            table = np.round(np.arange(256) / 255 * self.shades) / self.shades * 255
            picture[:] = cv2.LUT(cv2.merge([grey] * 3), np.stack([table * v for v in self.tint], 1).astype(np.uint8)[None])


class Sprite:
    """A small picture that can be turned; `size` in pixels. Angle 0 is as it was drawn: from above it looks up, from the side it looks right."""

    def __init__(self, rgb, alpha):
        self.rgb, self.alpha, self.size = rgb, np.float32(alpha), rgb.shape[0]
        self.kept, self.other = {}, None

    def mirrored(self):
        """The same, left and right exchanged."""
        if self.other is None:
            self.other = Sprite(self.rgb[:, ::-1].copy(), self.alpha[:, ::-1].copy())
        return self.other

    def turned(self, angle, scale):
        """-> (premultiplied picture, what is left of the ground, white) as uint16 of one part in 256."""
        key = (round(angle / (2 * np.pi) * TURNS) % TURNS, scale)
        if key not in self.kept:
            n = max(3, int(self.size * scale * (1.42 if key[0] % (TURNS // 4) else 1)) + 1)
            matrix = cv2.getRotationMatrix2D(((self.size - 1) / 2, (self.size - 1) / 2), -key[0] * 360 / TURNS, scale)
            matrix[:, 2] += (n - self.size) / 2
            rgb, alpha = self.rgb, self.alpha
            if scale < 0.75:
                rgb, alpha = cv2.GaussianBlur(rgb, (0, 0), 0.35 / scale), cv2.GaussianBlur(alpha, (0, 0), 0.35 / scale)
            a = cv2.warpAffine(alpha, matrix, (n, n))[..., None]
            colours = cv2.warpAffine(rgb, matrix, (n, n), borderMode=cv2.BORDER_REPLICATE)
            self.kept[key] = (colours * a * 256).astype(np.uint16), (256 - a * 256).astype(np.uint16), (a * 256 * 255).astype(np.uint16)
        return self.kept[key]

    def blit(self, picture, x, y, angle=0.0, white=False, scale=1.0):
        paint, rest, blank = self.turned(angle, scale)
        n = paint.shape[0]
        x0, y0 = round(x - n / 2), round(y - n / 2)
        a, b, c, d = max(0, x0), max(0, y0), min(SIZE, x0 + n), min(SIZE, y0 + n)
        if a >= c or b >= d:
            return
        part, cut = picture[b:d, a:c], (slice(b - y0, d - y0), slice(a - x0, c - x0))
        np.copyto(part, (part * rest[cut] + (blank if white else paint)[cut]) >> 8, casting="unsafe")


def from_art(rng, split, kind, size):
    """A sprite of the installed pictures, with some chance."""
    found = art.sprite(rng, split, kind) if rng.random() < 0.35 else None
    if found is None:
        return None
    rgb, alpha = (cv2.resize(a, (size, size), interpolation=cv2.INTER_AREA if a.shape[0] > size else cv2.INTER_NEAREST) for a in found)
    return Sprite(rgb, alpha)


class Canvas:
    """Draws shapes of a sprite in units of its half size, four times as large, filled or as glowing outlines."""

    def __init__(self, size, outline):
        self.n, self.outline = size * 4, outline
        self.rgb, self.alpha = np.zeros((self.n, self.n, 3), np.uint8), np.zeros((self.n, self.n), np.uint8)

    def at(self, points):
        return np.int32((np.asarray(points) * 0.92 + 1) * (self.n / 2))

    def polygon(self, points, c):
        points = self.at(points)
        for target, value in ((self.rgb, c), (self.alpha, 255)):
            if self.outline:
                cv2.polylines(target, [points], True, value, 5)
            else:
                cv2.fillPoly(target, [points], value)

    def mirrored(self, points, c):
        """A half outline and its mirror image."""
        self.polygon([*points, *[(-x, y) for x, y in points[::-1]]], c)

    def ellipse(self, x, y, a, b, c, turn=0.0):
        for target, value in ((self.rgb, c), (self.alpha, 255)):
            p = self.at([(x, y)])[0]
            cv2.ellipse(target, (int(p[0]), int(p[1])), (max(1, int(a * 0.46 * self.n)), max(1, int(b * 0.46 * self.n))), turn, 0, 360, value, 5 if self.outline else -1)

    def box(self, x0, y0, x1, y1, c):
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], c)

    def sprite(self, size, look):
        alpha = cv2.resize(self.alpha, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        rgb = cv2.resize(self.rgb, (size, size), interpolation=cv2.INTER_AREA)
        rgb = np.clip(rgb / np.maximum(alpha, 0.05)[..., None], 0, 255)
        if look.grit:
            rgb = np.clip(rgb * (1 + look.grit * (fractal(look.rng, size, size, 0.9)[..., None] - 0.5) * 2), 0, 255)
        return Sprite(rgb.astype(np.uint8), alpha)


def dark(c, k=0.55):
    return tuple(int(v * k) for v in c)


def draw_dart(s, rng, a, b, c):
    nose, wing, tail = rng.uniform(0.1, 0.25), rng.uniform(0.55, 1), rng.uniform(0.3, 0.9)
    s.mirrored([(0.15, -0.3), (wing, rng.uniform(0.1, 0.7)), (wing, rng.uniform(0.5, 0.95)), (0.2, tail * 0.6)], b)
    s.mirrored([(nose * 0.4, -1), (nose + 0.12, -0.2), (nose + 0.1, tail), (0.05, tail + 0.08)], a)
    s.ellipse(0, -0.2, 0.13, 0.26, c)


def draw_invader(s, rng, a, b, c):
    n = int(rng.integers(5, 9))
    half = rng.random((n, (n + 1) // 2)) < 0.58
    grid = np.concatenate([half, half[:, : n // 2][:, ::-1]], 1)
    grid[n // 2, n // 2] = True
    for y, x in np.argwhere(grid):
        u, v = 2 * x / n - 1, 2 * y / n - 1
        s.box(u, v, u + 2.1 / n, v + 2.1 / n, a if y % 3 else b)
    eye = n // 3
    for x in (eye, n - 1 - eye):
        s.ellipse(2 * (x + 0.5) / n - 1, 2 * (eye + 0.5) / n - 1, 0.9 / n, 0.9 / n, c)


def draw_saucer(s, rng, a, b, c):
    s.ellipse(0, -0.2, 0.45, 0.55, c)
    s.ellipse(0, 0.1, 1, rng.uniform(0.3, 0.5), a)
    for x in (-0.5, 0, 0.5):
        s.ellipse(x, 0.15, 0.1, 0.1, b)


def draw_blob(s, rng, a, b, c):
    s.ellipse(0, 0, 0.95, rng.uniform(0.6, 0.95), a)
    for x in (-0.35, 0.35):
        s.ellipse(x, 0, 0.22, 0.25, (250, 250, 250))
        s.ellipse(x, 0.08, 0.1, 0.12, (10, 10, 10))
    if rng.random() < 0.5:
        s.mirrored([(0.5, -0.6), (0.9, -1), (0.75, -0.35)], b)


def draw_tank(s, rng, a, b, c):
    for x in (-1, 1):
        s.box(x * 0.8, -0.8, x * 0.45, 0.9, dark(b))
    s.box(-0.5, -0.7, 0.5, 0.8, a)
    s.box(-0.11, -1, 0.11, 0, b)
    s.ellipse(0, 0.05, 0.36, 0.36, c)


def draw_trooper(s, rng, a, b, c):
    s.ellipse(0, 0.2, 0.75, 0.4, a)
    s.box(0.25, -0.95, 0.45, 0.1, (70, 70, 75))
    s.ellipse(0, 0.1, 0.34, 0.38, b)
    s.ellipse(-0.4, -0.15, 0.2, 0.22, c)


def draw_plane(s, rng, a, b, c):
    s.ellipse(-0.05, 0.1, 0.95, rng.uniform(0.2, 0.34), a)
    s.polygon([(-1, -0.6), (-0.7, -0.6), (-0.4, 0.1), (-0.9, 0.1)], b)
    s.polygon([(-0.35, 0.15), (0.25, 0.15), (-0.2, rng.uniform(0.4, 0.8)), (-0.6, 0.5)], dark(b))
    s.ellipse(0.35, -0.05, 0.25, 0.2, c)
    if rng.random() < 0.4:
        s.box(-0.3, -0.75, 0.5, -0.6, b)


def draw_copter(s, rng, a, b, c):
    s.ellipse(0.2, 0.15, 0.6, 0.45, a)
    s.box(-1, 0, 0, 0.2, a)
    s.box(-1, -0.4, -0.8, 0.3, b)
    s.box(-0.7, -0.62, 1, -0.5, b)
    s.box(0.12, -0.6, 0.24, -0.2, b)
    s.ellipse(0.45, 0.05, 0.26, 0.22, c)
    s.box(-0.2, 0.7, 0.7, 0.8, dark(b))


def draw_runner(s, rng, a, b, c):
    s.box(-0.35, 0.2, -0.05, 1, dark(b))
    s.box(0.05, 0.2, 0.35, 1, b)
    s.box(-0.38, -0.45, 0.38, 0.3, a)
    s.ellipse(0, -0.7, 0.32, 0.3, c)
    s.box(0, -0.25, 0.95, -0.05, (60, 60, 65))


def draw_rock(s, rng, a, b, c):
    turns = np.linspace(0, 2 * np.pi, int(rng.integers(7, 12)), endpoint=False)
    far = rng.uniform(0.72, 1, len(turns))
    s.polygon(np.stack([np.cos(turns) * far, np.sin(turns) * far], 1), a)
    if not s.outline:
        s.polygon(np.stack([np.cos(turns) * far * 0.7 - 0.12, np.sin(turns) * far * 0.7 - 0.12], 1), tuple(min(255, int(v * 1.25)) for v in a))
    for _ in range(3):
        s.ellipse(*rng.uniform(-0.5, 0.5, 2), 0.14, 0.12, dark(a, 0.7))


def draw_racer(s, rng, a, b, c):
    wide, long = rng.uniform(0.45, 0.6), rng.uniform(0.85, 1)
    for y in (-0.55, 0.55):
        for x in (-1, 1):
            s.box(x * (wide + 0.12), y - 0.2, x * (wide - 0.08), y + 0.2, (25, 25, 28))
    s.mirrored([(wide * rng.uniform(0.4, 1), -long), (wide, -0.3), (wide, long), (0.1, long)], a)
    s.box(-wide * 0.75, -0.35, wide * 0.75, -0.08, c)
    s.box(-wide * 0.75, 0.4, wide * 0.75, 0.6, c)
    if rng.random() < 0.5:
        s.box(-0.1, -long, 0.1, long, b)


def draw_tail(s, rng, a, b, c):
    """A car from behind."""
    top = rng.uniform(-0.75, -0.35)
    s.mirrored([(0.95, 0.7), (0.95, 0.0), (0.7, -0.05), (0.5, top)], a)
    s.mirrored([(0.58, -0.05), (0.42, top + 0.12)], c)
    for x in (-1, 1):
        s.box(x * 0.95, 0.45, x * 0.6, 0.95, (22, 22, 25))
        s.box(x * 0.9, 0.1, x * 0.6, 0.3, (250, 60, 50))
    s.box(-0.6, 0.4, 0.6, 0.65, dark(a))
    if rng.random() < 0.4:
        s.box(-0.85, top - 0.15, 0.85, top, b)


SHAPES = {"dart": draw_dart, "invader": draw_invader, "saucer": draw_saucer, "blob": draw_blob, "tank": draw_tank, "trooper": draw_trooper, "plane": draw_plane,
          "copter": draw_copter, "runner": draw_runner, "rock": draw_rock, "racer": draw_racer, "tail": draw_tail}
ART = {"dart": "ship", "invader": "enemy", "blob": "enemy", "rock": "rock", "racer": "car", "runner": "character"}


def make_sprite(rng, look, shape, size):
    """-> Sprite of one of SHAPES or "box", `size` pixels wide."""
    size = max(5, int(size))
    found = from_art(rng, look.split, ART[shape], size) if shape in ART else None
    if found is not None:
        return found
    if shape == "box":
        return Sprite(*material_sprite(rng, str(rng.choice(["metal", "plastic", "stone", "wood"])), size, False))
    canvas = Canvas(size, look.kind == "neon" and rng.random() < 0.85)
    SHAPES[shape](canvas, rng, look.thing(), look.thing(), look.thing())
    return canvas.sprite(size, look)


class Hud:
    """Points, bars and lives over the picture; the score only grows when something is hit."""

    def __init__(self, rng, look, shown=0.7):
        self.items = []
        self.colour = look.thing() if rng.random() < 0.6 else ((255, 255, 255) if look.dark else (10, 10, 10))
        self.scale = rng.uniform(0.5, 0.8)
        corners = rng.permutation([(2, 9), (78, 9), (2, 124), (80, 124)])
        if rng.random() < shown:
            self.items = [(str(kind), int(x), int(y)) for kind, (x, y) in zip(rng.permutation(["score", "bar", "lives", "word"])[: rng.integers(1, 4)], corners, strict=False)]
        self.word, self.start = str(rng.choice(["1UP", "LV 3", "HI 9000", "STAGE 2", "AMMO 64", "READY"])), int(rng.integers(0, 5000))

    def draw(self, picture, score, share):
        for kind, x, y in self.items:
            if kind == "bar":
                cv2.rectangle(picture, (x, y - 6), (x + 40, y - 2), dark(self.colour, 0.4), -1)
                cv2.rectangle(picture, (x, y - 6), (x + int(40 * np.clip(share, 0, 1)), y - 2), self.colour, -1)
            elif kind == "lives":
                for k in range(1 + int(3 * np.clip(share, 0, 0.99))):
                    cv2.rectangle(picture, (x + 8 * k, y - 7), (x + 8 * k + 4, y - 2), self.colour, -1)
            else:
                cv2.putText(picture, self.word if kind == "word" else str(self.start + int(score)), (x, y), cv2.FONT_HERSHEY_PLAIN, self.scale, self.colour, 1)
