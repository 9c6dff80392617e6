"""Drawn art of the tile games: styles, tiles, gems, figures on legs, foes; and fast pasting at whole pixels.

A sprite here is (rgb (h, w, 3) uint8, mask (h, w) uint8 of 0 or 255); `blit` pastes it round a centre.
"""
import cv2
import numpy as np

from foleylab.data import art
from foleylab.data.pictures import SIZE, colour, fractal, hills, texture

FINE = 4  # sprites are drawn this much larger and then reduced
STYLES = ("flat", "outlined", "textured", "dark", "silhouette", "pastel")


def blit(picture, sprite, x, y):
    """Pastes a sprite centred at (x, y), at whole pixels, cut at the borders, in place."""
    rgb, mask = sprite
    h, w = mask.shape
    x0, y0 = int(np.floor(x - w / 2 + 0.5)), int(np.floor(y - h / 2 + 0.5))
    a, b, c, d = max(0, x0), max(0, y0), min(picture.shape[1], x0 + w), min(picture.shape[0], y0 + h)
    if a < c and b < d:
        cv2.copyTo(rgb[b - y0 : d - y0, a - x0 : c - x0], mask[b - y0 : d - y0, a - x0 : c - x0], picture[b:d, a:c])


class Style:
    """How one game looks: its range of colours, outlines and grain."""

    def __init__(self, rng, split):
        self.rng, self.split = rng, split
        self.kind = str(rng.choice(STYLES))
        self.value = {"dark": (25, 130), "silhouette": (8, 50), "pastel": (170, 255)}.get(self.kind, (70, 235))
        self.saturation = {"pastel": (20, 110), "dark": (30, 200), "silhouette": (0, 120)}.get(self.kind, (60, 240))
        self.rim = (15, 12, 18) if rng.random() < 0.7 else colour(rng, split, (200, 255), (0, 60))
        self.grain = rng.uniform(0.15, 0.5)

    def colour(self):
        return colour(self.rng, self.split, self.value, self.saturation)

    def bright(self):
        """A colour for what should catch the eye: coins, eyes, sparks."""
        return colour(self.rng, self.split, (190, 255), (60, 240))

    def sky(self, height, width):
        """The farthest layer, (height, width, 3) uint8; it repeats badly at its sides, so ask for the whole width."""
        rng = self.rng
        if self.kind == "dark":
            return (texture(rng, self.split, height, width) * rng.uniform(0.15, 0.4)).astype(np.uint8)
        if self.kind == "silhouette":
            rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
            a, b = (np.float32(colour(rng, self.split, (150, 255), (20, 180))) for _ in range(2))
            return np.ascontiguousarray(np.broadcast_to(a + (b - a) * rows, (height, width, 3))).astype(np.uint8)
        if rng.random() < 0.4:
            return hills(rng, self.split, height, width)
        if rng.random() < 0.5:
            return np.full((height, width, 3), colour(rng, self.split, (60, 255), (10, 200)), np.uint8)
        return cv2.addWeighted(texture(rng, self.split, height, width), 0.6, np.full((height, width, 3), self.colour(), np.uint8), 0.4, 0)

    def finish(self, canvas):
        """Reduces a (h * FINE, w * FINE, 4) drawing with opacity in its last plane to a sprite, with this style's rim and grain."""
        h, w = canvas.shape[0] // FINE, canvas.shape[1] // FINE
        small = cv2.resize(canvas, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)
        cover = small[..., 3:]
        rgb = np.clip(small[..., :3] * 255 / np.maximum(cover, 1), 0, 255)
        mask = np.where(cover[..., 0] > 100, 255, 0).astype(np.uint8)
        if self.kind == "textured":
            rgb = np.clip(rgb * (1 + self.grain * (2 * fractal(self.rng, h, w, 0.9)[..., None] - 1)), 0, 255)
        rgb = rgb.astype(np.uint8)
        if self.kind in ("outlined", "pastel"):
            wide = cv2.dilate(mask, np.uint8([[0, 1, 0], [1, 1, 1], [0, 1, 0]]))
            rgb[(wide > 0) & (mask == 0)] = self.rim
            mask = wide
        return rgb, mask

    def tile(self, n, kind):
        """A square of ground or a block, (n, n, 3) uint8."""
        rng, out = self.rng, np.empty((n, n, 3), np.float32)
        base = np.float32(self.colour())
        out[:] = base
        y, x = np.mgrid[0:n, 0:n]
        if kind == "brick":
            gap = (y % max(3, n // 2) == 0) | ((x + (y // max(3, n // 2)) * (n // 2)) % n == 0)
            out[gap] = base * 0.5
        elif kind == "bevel":
            out[(x == 0) | (y == 0)], out[(x == n - 1) | (y == n - 1)] = np.clip(base * 1.4, 0, 255), base * 0.5
        elif kind == "speckled":
            out *= np.where(rng.random((n, n)) < 0.2, 0.7, 1.0)[..., None]
        elif kind == "planks":
            out[y % max(3, n // 3) == 0] = base * 0.6
        elif kind == "crate":
            edge = (x < 2) | (y < 2) | (x > n - 3) | (y > n - 3) | (np.abs(x - y) < 1.5)
            out[edge] = base * 0.6
        elif kind == "dots":
            out[(x % 4 == 1) & (y % 4 == 1)] = np.clip(base * 1.5, 0, 255)
        if self.kind == "textured":
            out *= 1 + self.grain * (2 * fractal(rng, n, n, 0.9)[..., None] - 1)
        if self.kind in ("outlined", "pastel") and kind in ("bevel", "crate"):
            out[(x == 0) | (y == 0) | (x == n - 1) | (y == n - 1)] = self.rim
        return np.clip(out, 0, 255).astype(np.uint8)

    def block(self, n, mark=None):
        """A block as a sprite, with a mark of a bright colour on it for a prize."""
        rgb = self.tile(n, str(self.rng.choice(["bevel", "crate", "brick", "speckled", "planks"])))
        if mark is not None:
            k = n // 3
            shape = self.rng.integers(3)
            if shape == 0:
                rgb[k:-k, k:-k] = mark
            elif shape == 1:
                cv2.circle(rgb, (n // 2, n // 2), max(1, n // 4), mark, -1)
            else:
                cv2.line(rgb, (n // 2, 2), (n // 2, n - 4), mark, 2)
        return rgb, np.full((n, n), 255, np.uint8)

    def gem(self, n, shape, c):
        """One of eight shapes in a colour, n pixels wide."""
        big, canvas = n * FINE, np.zeros((n * FINE, n * FINE, 4), np.uint8)
        m, r, full = big / 2, big * 0.44, (*c, 255)
        if shape == 0:
            cv2.circle(canvas, (int(m), int(m)), int(r), full, -1)
        elif shape == 7:
            cv2.rectangle(canvas, (int(m - r * 0.85), int(m - r * 0.85)), (int(m + r * 0.85), int(m + r * 0.85)), full, -1)
        else:
            corners = (None, 4, 3, 6, 10, 5, 8)[shape]
            turn = np.linspace(0, 2 * np.pi, corners, endpoint=False) - np.pi / 2
            reach = np.where(np.arange(corners) % 2, 0.5, 1.0) if corners == 10 else np.ones(corners)
            cv2.fillPoly(canvas, [np.int32(np.stack([m + r * reach * np.cos(turn), m + r * reach * np.sin(turn)], 1))], full)
        light = tuple(int(v + (255 - v) * 0.55) for v in c)
        cv2.ellipse(canvas, (int(m - r * 0.25), int(m - r * 0.3)), (int(r * 0.3), int(r * 0.18)), -30, 0, 360, (*light, 255), -1)
        return self.finish(canvas)


class Figure:
    """A character on animated legs: `pose(name, phase, left)` gives a sprite about `height` pixels high."""

    PHASES = 6

    def __init__(self, style, height, borrow=0.35):
        rng = style.rng
        self.h, self.w = int(height), int(height * rng.uniform(0.6, 1.0))
        self.head, self.leg = rng.uniform(0.2, 0.45), rng.uniform(0.2, 0.4)
        self.wide, self.thick = rng.uniform(0.28, 0.5), rng.uniform(0.1, 0.2)
        self.shape, self.extra, self.arms = rng.integers(4), rng.integers(5), rng.random() < 0.7
        self.skin, self.coat, self.legs, self.eye = style.colour(), style.colour(), style.colour(), style.bright()
        self.sprites = {}
        poses = art.poses(rng, style.split, "character") if rng.random() < borrow else None
        if poses is not None:
            self.wear(poses)
            return
        for name in ("stand", "jump", "fall", "hurt"):
            self.add(style, name, 0, 0.0)
        for k in range(self.PHASES):
            self.add(style, "run", k, k / self.PHASES)

    def wear(self, poses):
        """Takes the pictures of the free art; what they lack is their first."""
        walk = [poses[p] for p in sorted(poses) if p.startswith("walk")] or [next(iter(poses.values()))]
        idle = poses.get("idle", walk[0])
        for name in ("stand", "jump", "fall", "hurt"):
            self.keep(name, 0, *fitted(poses.get({"stand": "idle"}.get(name, name), idle), self.h))
        for k in range(self.PHASES):
            self.keep("run", k, *fitted(walk[k * len(walk) // self.PHASES], self.h))

    def add(self, style, name, key, phase):
        self.keep(name, key, *style.finish(self.paint(name, phase)))

    def keep(self, name, key, rgb, mask):
        for left in (False, True):
            flip = slice(None, None, -1) if left else slice(None)
            self.sprites[name, key, left] = np.ascontiguousarray(rgb[:, flip]), np.ascontiguousarray(mask[:, flip])

    def paint(self, name, phase):
        pad = 4 * FINE
        h, w = self.h * FINE, self.w * FINE
        canvas = np.zeros((h + 2 * FINE, w + 2 * pad, 4), np.uint8)
        mid, feet = w / 2 + pad, h + FINE
        hip = feet - h * self.leg
        bob = h * 0.03 * np.cos(4 * np.pi * phase) if name == "run" else 0.0
        dot = lambda x, y: (int(x), int(y))
        for side in (0.0, 0.5):
            spread = {"jump": 0.28, "fall": 0.22, "hurt": 0.35}.get(name, 0.1)
            swing = 0.35 * np.cos(2 * np.pi * (phase + side)) if name == "run" else spread if side else -spread
            lift = {"run": 0.3 * max(0.0, -np.sin(2 * np.pi * (phase + side))), "jump": 0.35 if side else 0.1}.get(name, 0.0)
            foot = dot(mid + swing * w * 0.9, feet - lift * h * self.leg - FINE)
            cv2.line(canvas, dot(mid + swing * w * 0.2, hip + bob), foot, (*self.legs, 255), max(FINE, int(self.thick * w)))
            cv2.circle(canvas, foot, int(self.thick * w * 0.6), (*self.legs, 255), -1)
        top = feet - h * (1 - self.head * 0.8)
        body = (mid - self.wide * w / 2, top + bob, mid + self.wide * w / 2, hip + bob + FINE)
        if self.shape < 2:
            cv2.rectangle(canvas, dot(*body[:2]), dot(*body[2:]), (*self.coat, 255), -1)
        else:
            cv2.ellipse(canvas, dot(mid, (body[1] + body[3]) / 2), dot(self.wide * w * 0.6, (body[3] - body[1]) * 0.62), 0, 0, 360, (*self.coat, 255), -1)
        if self.arms:
            reach = {"jump": -0.3, "hurt": -0.35, "fall": -0.15}.get(name, 0.2 + (0.12 * np.cos(2 * np.pi * phase) if name == "run" else 0))
            cv2.line(canvas, dot(mid, top + bob + 0.1 * h), dot(mid + 0.38 * w, top + bob + (0.1 + reach) * h), (*self.skin, 255), max(FINE, int(self.thick * w * 0.8)))
        r = h * self.head / 2
        face = dot(mid + 0.04 * w, top + bob - r * 0.75 + FINE)
        if self.shape % 2:
            cv2.rectangle(canvas, (int(face[0] - r), int(face[1] - r)), (int(face[0] + r), int(face[1] + r)), (*self.skin, 255), -1)
        else:
            cv2.circle(canvas, face, int(r), (*self.skin, 255), -1)
        if self.extra == 0:  # a cap
            cv2.rectangle(canvas, dot(face[0] - r, face[1] - r), dot(face[0] + 1.4 * r, face[1] - 0.4 * r), (*self.coat, 255), -1)
        elif self.extra == 1:  # ears
            for dx in (-0.6, 0.6):
                cv2.circle(canvas, dot(face[0] + dx * r, face[1] - r), max(2, int(0.4 * r)), (*self.skin, 255), -1)
        elif self.extra == 2:  # a scarf
            cv2.line(canvas, dot(face[0], face[1] + r), dot(face[0] - 1.8 * r, face[1] + r * (0.4 if name == "fall" else 1.2)), (*self.eye, 255), 2 * FINE)
        cv2.circle(canvas, dot(face[0] + 0.45 * r, face[1]), max(2, int(0.25 * r)), (*self.eye, 255), -1)
        return canvas

    def pose(self, name, phase=0.0, left=False):
        return self.sprites[name, int(phase * self.PHASES) % self.PHASES if name == "run" else 0, bool(left)]


def foe(style, n):
    """Two sprites of a thing that walks, hops or floats, n pixels high."""
    rng = style.rng
    c, d, eye, shape = style.colour(), style.colour(), style.bright(), rng.integers(4)
    out = []
    for step in (-1, 1):
        big, canvas = n * FINE, np.zeros((n * FINE, n * FINE, 4), np.uint8)
        m = big // 2
        for side in (-1, 1):
            cv2.circle(canvas, (m + side * big // 4 + step * side * FINE // 2, big - big // 7), big // 7, (*d, 255), -1)
        if shape == 0:
            cv2.ellipse(canvas, (m, m), (int(big * 0.42), int(big * 0.36)), 0, 0, 360, (*c, 255), -1)
        elif shape == 1:
            cv2.rectangle(canvas, (big // 8, big // 6), (big - big // 8, big - big // 5), (*c, 255), -1)
        elif shape == 2:
            cv2.ellipse(canvas, (m, int(big * 0.8)), (int(big * 0.44), int(big * 0.66)), 0, 180, 360, (*c, 255), -1)
        else:
            spikes = np.linspace(np.pi, 2 * np.pi, 9)
            reach = np.where(np.arange(9) % 2, 0.3, 0.48) * big
            cv2.fillPoly(canvas, [np.int32(np.stack([m + reach * np.cos(spikes), 0.75 * big + 1.3 * reach * np.sin(spikes)], 1))], (*c, 255))
        for side in (-1, 1):
            cv2.circle(canvas, (m + side * big // 6, int(big * 0.45)), big // 11, (*eye, 255), -1)
        out.append(style.finish(canvas))
    return out


def squashed(sprite, share):
    """The sprite at that share of its height."""
    rgb, mask = sprite
    size = (rgb.shape[1], max(1, int(rgb.shape[0] * share)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_NEAREST), cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)


def narrowed(sprite, share):
    """The sprite at that share of its width."""
    rgb, mask = sprite
    size = (max(1, int(rgb.shape[1] * share)), rgb.shape[0])
    return cv2.resize(rgb, size, interpolation=cv2.INTER_NEAREST), cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)


def shrunk(sprite, share):
    """The sprite at that share of both."""
    return narrowed(squashed(sprite, share), share)


def coins(style, n):
    """Four sprites of a spinning coin, ring or stone, n pixels high."""
    c, shape = (colour(style.rng, style.split, (210, 255), (120, 240)) if style.rng.random() < 0.5 else (250, 205, 50)), int(style.rng.choice([0, 0, 1, 3, 4]))
    face = style.gem(n, shape, c)
    return [narrowed(face, share) for share in (1.0, 0.7, 0.3, 0.7)]


def fitted(found, n):
    """A sprite of the free art, n pixels high, without the empty rows above and below it."""
    rgb, alpha = found
    rows = slice(None) if alpha is None else slice(*(np.flatnonzero(alpha.max(1) > 0.3)[[0, -1]] + (0, 1)))
    rgb = rgb[rows]
    size = (max(3, round(n * rgb.shape[1] / rgb.shape[0])), n)
    mask = np.full((n, size[0]), 255, np.uint8)
    if alpha is not None:
        mask = np.where(cv2.resize(alpha[rows].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.45, 255, 0).astype(np.uint8)
    return cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA), mask


def borrowed(rng, split, kind, n, share=0.35):
    """With a chance, a sprite of that kind from the installed free art, n pixels high; else None."""
    found = art.sprite(rng, split, kind) if rng.random() < share else None
    return None if found is None else fitted(found, n)


class Score:
    """Words and bars over a game: points that grow with what happened, hearts, a clock that only counts."""

    def __init__(self, rng, split):
        self.shown, self.colour = rng.random() < 0.65, colour(rng, split, (200, 255), (0, 120))
        self.top, self.unit, self.font = rng.random() < 0.8, int(rng.choice([1, 10, 50, 100])), rng.uniform(0.6, 0.9)
        self.clock, self.hearts, self.plate = rng.random() < 0.4, int(rng.integers(6)), rng.random() < 0.3

    def draw(self, picture, t, times):
        if not self.shown:
            return
        y = 10 if self.top else SIZE - 4
        if self.plate:
            cv2.rectangle(picture, (0, y - 10), (SIZE, y + 3), (20, 20, 24), -1)
        points = self.unit * int(np.searchsorted(times, t + 1e-6, "right"))
        cv2.putText(picture, f"{points:04d}", (3, y), cv2.FONT_HERSHEY_PLAIN, self.font, self.colour, 1)
        if self.clock:
            cv2.putText(picture, str(int(99 - 2 * t)), (SIZE - 24, y), cv2.FONT_HERSHEY_PLAIN, self.font, self.colour, 1)
        for k in range(self.hearts if not self.clock else 0):
            cv2.circle(picture, (SIZE - 6 - 7 * k, y - 4), 2, (225, 50, 60), -1)
