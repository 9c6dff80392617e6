"""What scrolls past behind the shooters, without a sound: stars, land, sea, grids, cities, hills, clouds."""
import cv2
import numpy as np

from foleylab.data import art
from foleylab.data.pictures import SIZE, fractal, texture

DOWN_KINDS = ("stars", "stars", "land", "land", "sea", "grid", "city", "texture", "plain")
SIDE_KINDS = ("stars", "hills", "hills", "city", "cave", "sky", "texture", "plain")


def looped(picture, axis):
    """A picture and its mirror image: scrolls without a seam."""
    return np.concatenate([picture, np.flip(picture, axis)], axis)


class StarField:
    """Points or dashes in layers, the nearer the faster."""

    def __init__(self, rng, look, axis):
        self.axis, self.layers = axis, []
        for depth in np.linspace(0.3, 1, int(rng.integers(2, 4))):
            c = np.float32(look.thing()) * 0.4 + np.float32([150, 150, 150])
            self.layers.append((depth, rng.uniform(0, SIZE, (int(rng.integers(8, 30)), 2)), (c * (0.35 + 0.65 * depth)).clip(0, 255), rng.integers(1, 3) + (rng.random() < 0.15) * 3))

    def draw(self, picture, shift):
        for depth, places, c, long in self.layers:
            move = (places[:, 1] + shift * depth) % SIZE
            x, y = (places[:, 0], move) if self.axis == 0 else (SIZE - 1 - move, places[:, 0])
            x, y = x.astype(int), y.astype(int)
            for k in range(long):
                if self.axis == 0:
                    picture[(y - k) % SIZE, x] = c
                else:
                    picture[y, (x + k) % SIZE] = c


def land(rng, look):
    """Ground from above in three tones by the height of noise: woods, fields, water."""
    height = fractal(rng, SIZE, SIZE, rng.uniform(0.5, 0.9))
    tones = np.float32([look.ground() for _ in range(3)])
    out = tones[np.digitize(height, np.quantile(height, [rng.uniform(0.2, 0.5), rng.uniform(0.55, 0.85)]))]
    if rng.random() < 0.6:
        out *= (0.75 + 0.5 * fractal(rng, SIZE, SIZE, 0.9))[..., None]
    return np.clip(out, 0, 255).astype(np.uint8)


def city(rng, look):
    """Roofs and streets from above."""
    out = np.empty((SIZE, SIZE, 3), np.uint8)
    out[:] = look.ground()
    cell = int(rng.integers(14, 36))
    tones = [look.ground() for _ in range(4)]
    for x in range(0, SIZE, cell):
        for y in range(0, SIZE, cell):
            if rng.random() < 0.75:
                a, b = rng.integers(1, 5, 2)
                cv2.rectangle(out, (x + int(a), y + int(b)), (x + cell - 4, y + cell - 4), tones[rng.integers(4)], -1)
    return out


class World:
    """The ground of a shooter. `axis` 0 scrolls down, 1 scrolls to the left; `draw(picture, shift)` takes the shift in pixels."""

    def __init__(self, rng, look, axis):
        self.axis, self.look = axis, look
        kind = str(rng.choice(DOWN_KINDS if axis == 0 else SIDE_KINDS))
        kind = str(rng.choice(["stars", "grid", "plain"])) if look.kind == "neon" and kind in ("land", "sea", "texture") else kind
        self.kind, self.stars, self.layers, self.clouds = kind, None, [], []
        base = np.empty((SIZE, SIZE, 3), np.uint8)
        base[:] = (np.float32(look.ground()) * (0.2 if kind == "stars" else 1)).astype(np.uint8)
        self.pace = 1.0
        if kind == "stars":
            self.stars, self.pace = StarField(rng, look, axis), 0.2
            if rng.random() < 0.4:
                base = np.clip(base + fractal(rng, SIZE, SIZE, 0.6)[..., None] ** 2 * np.float32(look.ground()), 0, 255).astype(np.uint8)
        elif kind in ("land", "sea"):
            base = land(rng, look)
        elif kind == "texture":
            base = (texture(rng, look.split, SIZE, SIZE) * (rng.uniform(0.3, 0.7) if look.dark else 1)).astype(np.uint8)
        elif kind == "grid":
            c, step = tuple(int(v * 0.6) for v in look.thing()), int(rng.choice([8, 16, 32]))
            base[::step], base[:, ::step] = c, c
        elif kind == "city" and axis == 0:
            base = city(rng, look)
        elif kind in ("sky", "hills", "city", "cave"):
            top, low = np.float32(look.ground()), np.float32(look.ground())
            base[:] = (top + (low - top) * np.linspace(0, 1, SIZE, dtype=np.float32)[:, None, None]).astype(np.uint8)
            self.pace = 0.15
        found = art.sprite(rng, look.split, "background") if axis == 1 and rng.random() < 0.35 else None
        if found is not None:
            base, self.pace = found[0][:, :SIZE], 0.3
        self.base = self.lengthened(looped(base, axis))
        if axis == 1 and kind in ("hills", "city", "cave"):
            self.layers = [self.ridge(rng, look, kind, depth) for depth in np.linspace(0.25, 0.8, int(rng.integers(1, 4)))]
        if rng.random() < 0.3 and look.kind != "neon":
            self.clouds = [(rng.uniform(0, 220), rng.uniform(0, SIZE), rng.uniform(1.2, 2), self.cloud(rng)) for _ in range(int(rng.integers(1, 5)))]

    def ridge(self, rng, look, kind, depth):
        """A silhouette at some depth -> (depth, picture, mask), twice as wide as the view."""
        x = np.arange(2 * SIZE) * (np.pi / SIZE)
        if kind == "city":
            top = SIZE * (0.75 - 0.35 * np.repeat(rng.random(40), 7)[: 2 * SIZE] * (1.2 - depth))
        else:
            top = SIZE * (0.35 + 0.4 * depth) + sum(rng.uniform(2, 14) / k**0.7 * np.sin(k * x + rng.uniform(0, 6)) for k in (1, 2, 3, 5, 9))
        mask = np.arange(SIZE)[:, None] > top
        if kind == "cave":
            mask |= np.arange(SIZE)[:, None] < SIZE * 0.9 - np.roll(top, 60)
        paint = np.empty((SIZE, 2 * SIZE, 3), np.uint8)
        paint[:] = look.ground()
        if kind == "city" and rng.random() < 0.6:
            paint[::6, ::5] = look.thing()
        elif look.grit or rng.random() < 0.4:
            paint[:] = (paint * (0.7 + 0.3 * fractal(rng, SIZE, 2 * SIZE, 0.9)[..., None])).astype(np.uint8)
        return depth, self.lengthened(paint), self.lengthened(mask.astype(np.uint8))

    def cloud(self, rng):
        n = int(rng.integers(24, 56))
        y, x = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j]
        return (np.clip(fractal(rng, n, n, 0.6) * 1.6 - x * x - y * y, 0, 1) * rng.uniform(90, 200)).astype(np.uint8)

    def lengthened(self, loop):
        """A loop and its beginning again, so that every view is one piece of it."""
        return np.concatenate([loop, loop[:SIZE] if self.axis == 0 else loop[:, :SIZE]], self.axis)

    def rolled(self, layer, shift):
        """The part of a layer (a loop along its axis) in view."""
        n = layer.shape[self.axis] - SIZE
        s = int(-shift if self.axis == 0 else shift) % n
        return layer[s : s + SIZE] if self.axis == 0 else layer[:, s : s + SIZE]

    def draw(self, picture, shift):
        picture[:] = self.rolled(self.base, shift * self.pace)
        if self.stars:
            self.stars.draw(picture, shift)
        for depth, paint, mask in self.layers:
            cv2.copyTo(self.rolled(paint, shift * depth), self.rolled(mask, shift * depth), picture)

    def draw_clouds(self, picture, shift):
        """Clouds over everything, faster than the ground."""
        for along, across, pace, cloud in self.clouds:
            n = cloud.shape[0]
            at = int((along + shift * pace) % 260) - 70
            x0, y0 = (int(across) - n // 2, at) if self.axis == 0 else (SIZE - at, int(across * 0.6) - n // 2)
            a, b, c, d = max(0, x0), max(0, y0), min(SIZE, x0 + n), min(SIZE, y0 + n)
            if a < c and b < d:
                part = picture[b:d, a:c]
                part[:] = cv2.add(part, cv2.merge([cloud[b - y0 : d - y0, a - x0 : c - x0]] * 3))
