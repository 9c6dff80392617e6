"""Blocks of four cells fall step by step, are moved and turned, land with a thud, and full lines flash and vanish."""
import numpy as np

from foleylab.data.games.kit import Kit
from foleylab.data.games.tiles import Score, Style
from foleylab.data.pictures import SIZE, colour, on_frame

SHAPES = [np.array(s) for s in ([[1, 1, 1, 1]], [[1, 1], [1, 1]], [[0, 1, 0], [1, 1, 1]], [[1, 0, 0], [1, 1, 1]], [[0, 0, 1], [1, 1, 1]], [[0, 1, 1], [1, 1, 0]], [[1, 1, 0], [0, 1, 1]])]
FRAME_S = 1 / 30


class FallingBlocks:
    """`boards` are (from s, cells (rows, columns) of colour + 1); `pieces` are (from s, to s, shape, row, column, colour)."""

    def __init__(self, scene, rng):
        self.style = style = Style(rng, scene.split)
        self.rows, self.columns = int(rng.integers(11, 19)), int(rng.integers(7, 11))
        self.cell = min(122 // self.rows, 110 // self.columns)
        side = (SIZE - self.columns * self.cell) / 2
        self.left, self.top = int(side + rng.uniform(-0.8, 0.8) * max(0, side - 4)), int((SIZE - self.rows * self.cell) / 2)
        self.kit = Kit(rng, ("click", "turn", "thud", "slam", "burst", "pop"))
        self.step_s, self.think_s = rng.uniform(0.12, 0.5), rng.uniform(0.07, 0.2)
        self.hard, self.tick, self.greedy = rng.random(), rng.random() < 0.65, rng.uniform(0.8, 1)
        self.clear_s = round(rng.uniform(0.15, 0.4) * 30) / 30
        self.colours = [style.colour() if style.kind not in ("silhouette", "dark") else style.bright() for _ in range(7)]
        self.cells = self.start(rng)
        self.boards, self.pieces, self.flashes, self.drops, self.lands = [(-1.0, self.cells.copy())], [], [], [], []
        self.play(scene, rng)
        self.paint(rng, scene)

    def start(self, rng):
        """A pile with a gap or two in each row, so that lines come soon."""
        cells = np.zeros((self.rows, self.columns), int)
        holes = rng.integers(0, self.columns, 2)
        for r in range(self.rows - int(rng.integers(1, self.rows // 2)), self.rows):
            if rng.random() < 0.35:
                holes = rng.integers(0, self.columns, 2)
            cells[r] = rng.integers(1, 8, self.columns)
            cells[r, holes] = 0
        return cells

    def fits(self, shape, r, c):
        h, w = shape.shape
        if c < 0 or c + w > self.columns or r + h > self.rows:
            return False
        return not (shape[max(0, -r) :] * self.cells[max(0, r) : max(0, r + h), c : c + w]).any()

    def floor(self, shape, r, c):
        while self.fits(shape, r + 1, c):
            r += 1
        return r

    def goal(self, shape, rng):
        """Where to put it: turns and column, by lines made, height and holes."""
        best, at = -np.inf, (0, self.columns // 2)
        for turns in range(4):
            turned = np.rot90(shape, turns)
            for c in range(self.columns - turned.shape[1] + 1):
                if not self.fits(turned, -2, c):
                    continue
                r = self.floor(turned, -2, c)
                if r < 0:
                    continue
                after = self.cells.copy()
                after[r : r + turned.shape[0], c : c + turned.shape[1]] += turned
                full = (after > 0).all(1).sum()
                holes = ((np.cumsum(after > 0, 0) > 0) & (after == 0)).sum()
                value = 6 * full - 2 * holes + 0.5 * r + rng.normal(0, 2 * (1 - self.greedy))
                if value > best:
                    best, at = value, (turns, c)
        return at

    def where(self, r, c):
        return self.left + (c + 0.5) * self.cell, self.top + (max(r, 0) + 0.5) * self.cell

    def play(self, scene, rng):
        t = round(rng.uniform(-0.5, 0.5) * 30) / 30
        while t < scene.duration_s:
            k = int(rng.integers(len(SHAPES)))
            shape = SHAPES[k]
            if (self.cells[:3] > 0).any():
                self.cells[:] = self.start(rng)
                self.boards.append((t, self.cells.copy()))
            t = self.fall(scene, rng, t, shape, k)

    def fall(self, scene, rng, t, shape, k):
        """One piece from its start to its rest; -> when the next comes."""
        turns, goal = self.goal(shape, rng)
        r, c = -1 if shape.shape[0] > 1 else 0, (self.columns - shape.shape[1]) // 2
        next_step, next_act, since = t + self.step_s, t + rng.uniform(0.1, 0.4), t
        where = lambda: self.where(r + shape.shape[0] / 2 - 0.5, c + shape.shape[1] / 2 - 0.5)

        def change(new, nr, nc):
            nonlocal shape, r, c, since
            if t > since:
                self.pieces.append((since, t, shape, r, c, k))
            shape, r, c, since = new, nr, nc, t

        while t < scene.duration_s:
            if t >= next_act - 1e-6 and (turns or c != goal):
                next_act = t + self.think_s * rng.uniform(0.7, 1.6)
                if turns and (rng.random() < 0.5 or c == goal):
                    turned = np.rot90(shape)
                    turns -= 1
                    if self.fits(turned, r, min(c, self.columns - turned.shape[1])):
                        change(turned, r, min(c, self.columns - turned.shape[1]))
                        self.kit.emit(scene, t + rng.uniform(0, 0.008), "turn", 0.6, where())
                elif c != goal:
                    to = c + (1 if goal > c else -1)
                    if self.fits(shape, r, to):
                        change(shape, r, to)
                        if self.tick:
                            self.kit.emit(scene, t + rng.uniform(0, 0.008), "click", 0.55, where())
                    else:
                        goal = c
            elif not turns and c == goal and t >= next_act and self.hard > rng.random():
                low, high = self.floor(shape, r, c), r
                change(shape, low, c)
                self.drops.append((t, high, low, c, shape.shape[1], k))
                return self.rest(scene, rng, t, shape, r, c, k, "slam", min(1.0, 0.5 + 0.04 * (low - high)))
            if t >= next_step - 1e-6:
                quick = not turns and c == goal
                next_step = t + (min(0.07, self.step_s) if quick else self.step_s)
                if not self.fits(shape, r + 1, c):
                    self.pieces.append((since, t, shape, r, c, k))
                    return self.rest(scene, rng, t, shape, r, c, k, "thud", 0.6)
                change(shape, r + 1, c)
            t = round((t + FRAME_S) * 30) / 30
        self.pieces.append((since, t, shape, r, c, k))
        return t

    def rest(self, scene, rng, t, shape, r, c, k, name, strength):
        self.kit.emit(scene, t + rng.uniform(0, 0.006), name, strength, self.where(r + shape.shape[0] - 1, c + shape.shape[1] / 2 - 0.5))
        self.lands.append((t, shape, r, c))
        h, w = shape.shape
        a = max(0, -r)
        self.cells[r + a : r + h, c : c + w] += shape[a:] * (k + 1)
        self.boards.append((t, self.cells.copy()))
        full = np.flatnonzero((self.cells > 0).all(1))
        if len(full):
            at = on_frame(t + rng.choice([0.0, 0.1, 0.2]) + 0.05)
            self.kit.emit(scene, at + rng.uniform(0, 0.008), "burst" if len(full) > 1 else "pop", min(1, 0.6 + 0.15 * len(full)), self.where(full.mean(), self.columns / 2))
            self.flashes.append((at, full))
            t = at + self.clear_s
            left = np.delete(self.cells, full, 0)
            self.cells = np.vstack([np.zeros((len(full), self.columns), int), left])
            self.boards.append((t, self.cells.copy()))
        return round((t + rng.uniform(0.05, 0.25)) * 30) / 30

    def paint(self, rng, scene):
        self.ground = self.style.sky(SIZE, SIZE).copy()
        self.ground = (self.ground * rng.uniform(0.3, 1.0)).astype(np.uint8)
        h, w, n = self.rows * self.cell, self.columns * self.cell, self.cell
        well = self.ground[self.top : self.top + h, self.left : self.left + w]
        base = np.float32(colour(rng, scene.split, (5, 60) if rng.random() < 0.75 else (180, 250), (0, 90)))
        well[:] = well * 0.1 + base * 0.9
        if rng.random() < 0.4:
            well[::n], well[:, ::n] = np.clip(base * 1.4 + 12, 0, 255), np.clip(base * 1.4 + 12, 0, 255)
        rim = self.style.colour()
        self.ground[self.top : self.top + h, max(0, self.left - 3) : self.left] = rim
        self.ground[self.top : self.top + h, self.left + w : self.left + w + 3] = rim
        self.ground[self.top + h : self.top + h + 3, max(0, self.left - 3) : self.left + w + 3] = rim
        look = rng.integers(3)
        self.tiles = np.zeros((9, n, n, 3), np.uint8)
        y, x = np.mgrid[0:n, 0:n]
        for k, c in enumerate(self.colours):
            tile = np.empty((n, n, 3), np.float32)
            tile[:] = c
            if look == 0:
                tile[(x == 0) | (y == 0)] = np.clip(np.float32(c) * 1.5, 0, 255)
                tile[(x == n - 1) | (y == n - 1)] = np.float32(c) * 0.5
            elif look == 1:
                tile[(x == n - 1) | (y == n - 1)] = base
            else:
                tile[(x > 1) & (y > 1) & (x < n - 2) & (y < n - 2)] = np.float32(c) * 0.6
            self.tiles[k + 1] = np.clip(tile, 0, 255)
        self.tiles[8] = 255
        self.score, self.style_flash, self.shake = Score(rng, scene.split), rng.integers(3), rng.random() < 0.4
        self.gains = np.sort([t for t, _ in self.flashes])
        self.stars = rng.uniform(0, SIZE, (int(rng.integers(0, 12)), 2)) if rng.random() < 0.5 else ()
        self.star, self.star_v = colour(rng, scene.split, (120, 255)), rng.uniform(-20, 20, 2)

    def put(self, picture, values, r, c):
        """Draws the cells that are not 0 with their upper left at row r and column c."""
        n = self.cell
        for y, x in np.argwhere(values):
            if r + y >= 0:
                v, u = self.top + (r + y) * n, self.left + (c + x) * n
                picture[v : v + n, u : u + n] = self.tiles[values[y, x]]

    def draw(self, view, t):
        picture, t = view.picture, t + 1e-4
        picture[:] = self.ground
        for x, y in (self.stars + self.star_v * t) % SIZE if len(self.stars) else ():
            if not self.left - 3 < x < self.left + self.columns * self.cell + 3:
                view.circle(x, y, 1, self.star)
        cells = next(b for at, b in reversed(self.boards) if at <= t)
        n, (h, w) = self.cell, cells.shape
        image = self.tiles[cells].transpose(0, 2, 1, 3, 4).reshape(h * n, w * n, 3)
        mask = (cells > 0).repeat(n, 0).repeat(n, 1)
        well = picture[self.top : self.top + h * n, self.left : self.left + w * n]
        well[mask] = image[mask]
        for a, b, shape, r, c, k in self.pieces:
            if a <= t < b:
                self.put(picture, shape * (k + 1), r, c)
        for at, high, low, c, wide, k in self.drops:
            if 0 <= t - at < 0.1:
                x0 = self.left + c * n
                part = picture[self.top + max(high, 0) * n : self.top + max(low, 0) * n, x0 : x0 + wide * n]
                part[:] = part * 0.5 + 0.5 * np.float32(self.colours[k])
        for at, shape, r, c in self.lands:
            if 0 <= t - at < 0.08:
                self.put(picture, shape * 8, r, c)
        for at, full in self.flashes:
            u = (t - at) / self.clear_s
            if 0 <= u < 1:
                for r in full:
                    y = self.top + r * n
                    keep = int(w * n / 2 * u) if self.style_flash == 0 else 0
                    if self.style_flash == 1 and int(u * 6) % 2:
                        continue
                    view.box(self.left + keep, y, self.left + w * n - keep - 1, y + n - 1, (255, 255, 245) if u < 0.5 or self.style_flash < 2 else (20, 20, 20))
        if self.shake:
            fresh = min((t - d[0] for d in self.drops if t >= d[0]), default=9)
            if fresh < 0.12:
                picture[2:] = picture[:-2].copy()
        self.score.draw(picture, t, self.gains)
