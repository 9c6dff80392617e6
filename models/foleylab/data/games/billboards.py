"""Small pictures that stand in a world: figures in two strides, things to pick up, barrels, fire. Each is (rgb (48, 48, 3) uint8, alpha (48, 48) float)."""
import cv2
import numpy as np

from foleylab.data.pictures import colour, fractal

EDGE = 48


class Ink:
    """Draws shapes into a picture and its alpha alike; places are 0..48."""

    def __init__(self):
        self.rgb, self.alpha = np.zeros((EDGE, EDGE, 3), np.uint8), np.zeros((EDGE, EDGE), np.uint8)

    def circle(self, x, y, r, c):
        for target, paint in ((self.rgb, c), (self.alpha, 255)):
            cv2.circle(target, (int(x * 16), int(y * 16)), int(r * 16), paint, -1, cv2.LINE_AA, 4)
        return self

    def polygon(self, points, c):
        for target, paint in ((self.rgb, c), (self.alpha, 255)):
            cv2.fillPoly(target, [np.int32(np.float64(points) * 16)], paint, cv2.LINE_AA, 4)
        return self

    def line(self, x0, y0, x1, y1, c, w):
        for target, paint in ((self.rgb, c), (self.alpha, 255)):
            cv2.line(target, (int(x0 * 16), int(y0 * 16)), (int(x1 * 16), int(y1 * 16)), paint, max(1, int(w)), cv2.LINE_AA, 4)
        return self

    def box(self, x0, y0, x1, y1, c):
        return self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], c)

    def done(self):
        return self.rgb, np.float32(self.alpha) / 255


def dim(c, k):
    """A colour times k, within 0..255."""
    return tuple(int(min(255, v * k)) for v in c)


def figure(rng, split):
    """A being in two strides."""
    kind = str(rng.choice(["soldier", "soldier", "blob", "ghost", "drone", "beast"]))
    a, b, c = (colour(rng, split, (80, 255)) for _ in range(3))
    eye, head, wide = (255, 240, 160) if rng.random() < 0.5 else colour(rng, split, (200, 255)), rng.uniform(4, 7), rng.uniform(5, 10)
    horns, armed = rng.random() < 0.3, rng.random() < 0.7
    frames = []
    for stride in (-1, 1):
        ink = Ink()
        if kind == "soldier":
            for side in (-1, 1):
                ink.line(24 + side * 3, 29, 24 + side * 5, 46 - (4 if side == stride else 0), dim(b, 0.8), 5)
                ink.line(24 + side * wide, 18, 24 + side * (wide + 2 - 4 * armed), 29 + stride * side, dim(a, 0.75), 4)
            ink.box(24 - wide, 14, 24 + wide, 31, a).circle(24, 8, head, c)
            ink.circle(24 - 2, 8, 1.2, eye).circle(24 + 2, 8, 1.2, eye)
            if horns:
                ink.polygon([(24 - head, 6), (24 - head - 3, -1), (24 - 1, 3)], b).polygon([(24 + head, 6), (24 + head + 3, -1), (24 + 1, 3)], b)
            if armed:
                ink.box(20, 23, 30, 27, (50, 50, 55))
        elif kind == "blob":
            ink.circle(24, 33 - stride, 13 + stride, a).circle(24, 25 + stride, 10, a)
            ink.circle(20, 26, 3.5, (255, 255, 255)).circle(28, 26, 3.5, (255, 255, 255)).circle(20, 26, 1.5, (0, 0, 0)).circle(28, 26, 1.5, (0, 0, 0))
            ink.box(18, 36, 30, 38 + stride, b)
        elif kind == "ghost":
            ink.circle(24, 18, 13, a).box(11, 18, 37, 38, a)
            for k in range(4):
                ink.circle(14 + 6.5 * k + stride, 39, 4, a)
            ink.circle(19, 18, 3, b).circle(29, 18, 3, b)
        elif kind == "drone":
            ink.circle(24, 20, 11, a).box(8, 18 + 2 * stride, 40, 21 + 2 * stride, b).circle(24, 21, 5, eye).circle(24, 21, 2.5, c)
        else:
            for k in (-1, 1):
                for j in range(3):
                    ink.line(24 + 8 * k, 32, 24 + (14 + 3 * j) * k, 46 - 3 * ((j + (stride > 0)) % 2), b, 3)
            ink.circle(24, 30, 12, a).circle(19, 27, 2.5, eye).circle(29, 27, 2.5, eye)
            ink.polygon([(18, 35), (30, 35), (28, 39), (26, 36), (24, 39), (22, 36), (20, 39)], (245, 245, 235))
        frames.append(ink.done())
    return frames


def barrel(rng, split):
    """A drum or a crate."""
    a, b = colour(rng, split, (90, 240)), colour(rng, split, (90, 255))
    ink = Ink().box(12, 10, 36, 47, a).box(12, 10, 17, 47, dim(a, 0.65)).box(30, 10, 33, 47, dim(a, 1.3))
    for y in (12, 26, 40):
        ink.box(12, y, 36, y + 3, b)
    return ink.done()


def item(rng, split):
    """A thing to pick up."""
    kind, a, b = rng.integers(5), colour(rng, split, (150, 255), (120, 255)), colour(rng, split, (120, 255))
    ink = Ink()
    if kind == 0:
        ink.circle(24, 28, 13, (250, 205, 50)).circle(24, 28, 8, (255, 235, 130))
    elif kind == 1:
        ink.box(8, 20, 40, 46, (235, 235, 235)).box(21, 23, 27, 43, a).box(14, 30, 34, 36, a)
    elif kind == 2:
        ink.polygon([(24, 10), (38, 28), (24, 46), (10, 28)], a).polygon([(24, 10), (30, 28), (24, 46), (18, 28)], dim(a, 1.4))
    elif kind == 3:
        ink.box(8, 26, 40, 46, a).box(8, 26, 40, 30, b).box(21, 32, 27, 38, (30, 30, 30))
    else:
        ink.circle(16, 24, 9, a).circle(16, 24, 4, dim(a, 0.3)).box(23, 22, 44, 26, a).box(38, 26, 41, 32, a)
    return ink.done()


def fire(rng, hot):
    """A ball of fire from `hot` (core, rim)."""
    y, x = np.mgrid[0:EDGE, 0:EDGE].astype(np.float32) / (EDGE / 2) - 1
    r = np.sqrt(x * x + y * y) + 0.55 * (fractal(rng, EDGE, EDGE, 0.8) - 0.5)
    mix = np.clip((r - 0.25) / 0.5, 0, 1)[..., None]
    rgb = np.float32(hot[0]) * (1 - mix) + np.float32(hot[1]) * mix
    return rgb.astype(np.uint8), np.clip((0.95 - r) * 5, 0, 1)


def glow(c):
    """A soft light with a white heart."""
    y, x = np.mgrid[0:EDGE, 0:EDGE].astype(np.float32) / (EDGE / 2) - 1
    r = np.sqrt(x * x + y * y)
    rgb = np.float32(c) + (255 - np.float32(c)) * np.clip(1.3 - 3 * r, 0, 1)[..., None]
    return rgb.astype(np.uint8), np.clip(1.6 * (1 - r), 0, 1)
