"""A generated side-view level on a grid: ground with gaps and steps, platforms, pipes, blocks, coins and foes; and its picture."""
from dataclasses import dataclass

import cv2
import numpy as np

from foleylab.data.games.tiles import Style, borrowed
from foleylab.data.pictures import SIZE

GROUND, PLATFORM, PIPE = 1, 2, 3


@dataclass
class Block:
    """A block that can be hit from below: where its centre is, and what it is (brick, prize, hard)."""

    x: float
    y: float
    kind: str
    broken_s: float = np.inf
    bumps: tuple = ()


@dataclass
class Thing:
    """A coin or a power-up, gone from `taken_s` on."""

    x: float
    y: float
    power: bool = False
    taken_s: float = np.inf


class Level:
    """`solid` (rows, columns) of 0 or what is there; `tile` pixels a tile; `leap` and `reach` are how high and far a jump goes, in pixels."""

    def __init__(self, rng, style, width, tall, leap, reach):
        self.tile = s = int(rng.integers(8, 17))
        self.rows = -(-SIZE // s) + (int(rng.integers(2, 5)) if rng.random() < 0.3 else 0)
        self.columns = int(width) // s + 2
        self.solid = np.zeros((self.rows, self.columns), np.uint8)
        self.blocks, self.things, self.foes = [], [], []  # foes: (x, y of the feet, left end, right end)
        self.lay(rng, tall, leap, reach)
        self.height, self.width = self.rows * s, self.columns * s
        self.paint(rng, style)

    def lay(self, rng, tall, leap, reach):
        s, rows = self.tile, self.rows
        lift = max(1, int(leap * 0.8 / s))  # tiles that a jump climbs with ease
        far = max(1, int(reach * 0.6 / s))
        low, high = rows - 2, max(3, rows - 5)
        top, x, last = int(rng.integers(high, low + 1)), 0, ""
        shares = rng.dirichlet(np.full(6, 1.2)) * 0.7 + 0.05
        self.fill(0, 6, top)
        x = 6
        while x < self.columns:
            kind = str(rng.choice(["flat", "gap", "step", "blocks", "pipe", "platform"], p=shares / shares.sum()))
            n = int(rng.integers(3, 7))
            if kind == "gap" and last != "gap":
                n = int(rng.integers(1, far + 1))
                self.row_of_coins(rng, x, n, (top - lift - 0.5) * s, 0.4)
                x, last = x + n, "gap"
                continue
            if kind == "step":
                top = int(np.clip(top + rng.choice([-1, 1]) * rng.integers(1, lift + 1), high, low))
            self.fill(x, n, top)
            if kind == "flat":
                self.row_of_coins(rng, x, n, (top - 0.2) * s - tall / 2, 0.5)
                self.stand(rng, x, n, top, 0.7)
            elif kind == "blocks":
                fit = [k for k in range(2, 9) if tall + 3 <= (k - 1) * s <= tall + leap * 0.85 and top - k >= 1]
                if fit:
                    k, count = int(rng.choice(fit)), int(rng.integers(1, min(n, 4) + 1))
                    for j in range(count):
                        self.blocks.append(Block((x + j + 0.5) * s, (top - k + 0.5) * s, str(rng.choice(["brick", "prize", "hard"], p=[0.45, 0.4, 0.15]))))
                self.stand(rng, x, n, top, 0.3)
            elif kind == "pipe" and n >= 4:
                self.solid[top - int(rng.integers(1, lift + 1)) : top, x + 1 : x + 3] = PIPE
            elif kind == "platform":
                k = min(lift, 4)
                if k * s > tall + s + 2 and top - k > 1:
                    self.solid[top - k, x : x + n] = PLATFORM
                    self.row_of_coins(rng, x, n, (top - k - 0.2) * s - tall / 2, 0.6)
            x, last = x + n, kind

    def fill(self, x, n, top):
        self.solid[top:, x : x + n] = GROUND

    def row_of_coins(self, rng, x, n, y, share):
        if rng.random() < share and y > 6:
            for j in range(min(n, int(rng.integers(1, 5)))):
                self.things.append(Thing((x + j + 0.5) * self.tile, y, rng.random() < 0.08))

    def stand(self, rng, x, n, top, share):
        if rng.random() < share and n >= 3:
            self.foes.append(((x + rng.uniform(0.4, 0.9) * n) * self.tile, top * self.tile, (x + 0.5) * self.tile, (x + n - 0.5) * self.tile))

    def boxes(self):
        """Rectangles (x0, y0, x1, y1) that cover what is solid, without seams along a floor."""
        s, done, out = self.tile, self.solid == 0, []
        for x in range(self.columns):
            for y in range(self.rows):
                if done[y, x]:
                    continue
                kind, y1, x1 = self.solid[y, x], y, x
                while y1 < self.rows and self.solid[y1, x] == kind and not done[y1, x]:
                    y1 += 1
                while x1 < self.columns and (self.solid[y:y1, x1] == kind).all() and not done[y:y1, x1].any() and (y == 0 or self.solid[y - 1, x1] != kind):
                    x1 += 1
                done[y:y1, x:x1] = True
                out.append((x * s, y * s, x1 * s, y1 * s + (60 if y1 == self.rows else 0)))
        return out

    def at(self, x, y):
        """Whether the point lies in something solid."""
        column, row = int(x // self.tile), int(y // self.tile)
        return 0 <= column < self.columns and 0 <= row < self.rows and self.solid[row, column] > 0

    def ground_below(self, x, y):
        """Whether there is anything solid below the point."""
        column, row = int(x // self.tile), max(0, int(y // self.tile))
        return not 0 <= column < self.columns or bool(self.solid[row:, column].any())

    def paint(self, rng, style: Style):
        s = self.tile
        kinds = ["plain", "brick", "bevel", "speckled", "planks", "crate", "dots"]
        under, top, platform = (style.tile(s, str(rng.choice(kinds))) for _ in range(3))
        free = borrowed(rng, style.split, "tile", s)
        if free is not None and free[0].shape == (s, s, 3) and free[1].mean() > 200:
            top = free[0]
        if rng.random() < 0.5:
            top = under.copy()
            top[: max(2, s // 4)] = style.colour()
        pipe = np.full((s, 2 * s, 3), style.colour(), np.uint8)
        pipe[:, s // 3 : s // 2] = np.clip(np.float32(pipe[0, 0]) * 1.4, 0, 255)
        pipe[:, -max(2, s // 4) :] = pipe[0, 0] // 2
        self.rgb = np.zeros((self.height, self.width, 3), np.uint8)
        self.mask = cv2.resize(np.where(self.solid > 0, 255, 0).astype(np.uint8), (self.width, self.height), interpolation=cv2.INTER_NEAREST)
        for y, x in np.argwhere(self.solid):
            kind = self.solid[y, x]
            if kind == PIPE:
                side = s if x and self.solid[y, x - 1] == PIPE else 0
                tile = pipe[:, side : side + s]
            else:
                tile = platform if kind == PLATFORM else top if y and self.solid[y - 1, x] != GROUND else under
            self.rgb[y * s : y * s + s, x * s : x * s + s] = tile
        for y, x in np.argwhere(self.solid == PIPE):
            if self.solid[y - 1, x] != PIPE:
                self.rgb[y * s : y * s + max(2, s // 3), x * s : x * s + s] = style.rim


def far_layer(rng, style, height, width, haze):
    """Shapes between the sky and the level, in colours near the sky's mean `haze`: (rgb, mask)."""
    rgb, mask = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    kind, clear = rng.integers(5), rng.uniform(0.15, 0.6)
    colours = [tuple(int(v) for v in haze + clear * (np.float32(style.colour()) - haze)) for _ in range(2)]
    base, step = height * rng.uniform(0.6, 0.9), rng.uniform(14, 40)
    for k, x in enumerate(np.arange(-20, width + 20, step)):
        x, tall, c = x + rng.normal(0, 4), rng.uniform(10, 60), colours[k % 2]
        for out, value in ((rgb, c), (mask, 255)):
            if kind == 0:
                cv2.rectangle(out, (int(x), int(base - tall)), (int(x + step * 0.8), height), value, -1)
            elif kind == 1:
                cv2.fillPoly(out, [np.int32([(x - step, height), (x, base - tall), (x + step, height)])], value)
            elif kind == 2:
                cv2.ellipse(out, (int(x), height), (int(step), int(height - base + tall)), 0, 0, 360, value, -1)
            elif kind == 3:
                cv2.rectangle(out, (int(x), int(base - tall)), (int(x + 4), height), value, -1)
                cv2.circle(out, (int(x + 2), int(base - tall)), int(6 + tall / 6), value, -1)
            else:
                cv2.rectangle(out, (int(x), 0), (int(x + step * 0.25), height), value, -1)
    return rgb, mask
