"""Three in a row: stones swap, vanish in a pop, those above fall and land; cascades are louder. Wrong swaps go back with a dull sound."""
import numpy as np

from foleylab.data.games.kit import Kit
from foleylab.data.games.tiles import Score, Style, blit, shrunk
from foleylab.data.pictures import SIZE, colour


class MatchThree:
    """`moves` of a stone are (start s, end s, from, to, falling): on a grid of cells, y down."""

    def __init__(self, scene, rng):
        self.style = Style(rng, scene.split)
        self.columns, self.rows, self.kinds = int(rng.integers(5, 9)), int(rng.integers(5, 9)), int(rng.integers(4, 7))
        self.cell = min(116 // self.columns, (110 if rng.random() < 0.7 else 124) // self.rows)
        self.left, self.top = (SIZE - self.columns * self.cell) / 2, SIZE - self.rows * self.cell - rng.uniform(1, 4)
        self.gravity, self.swap_s, self.vanish_s = rng.uniform(25, 90), rng.uniform(0.1, 0.22), rng.uniform(0.1, 0.3)
        self.gap = rng.uniform(0.15, 0.8)
        self.kit = Kit(rng, ("click", "pop", "thud", "wrong", "burst"))
        self.click_sounds, self.land_sounds = rng.random() < 0.6, rng.random() < 0.7
        self.stones, self.pops, self.swaps = [], [], []  # a stone: [kind, moves, gone_s]
        self.grid = np.zeros((self.rows, self.columns), int)
        for r in range(self.rows):
            for c in range(self.columns):
                kinds = [k for k in range(self.kinds) if not (c > 1 and k == self.kind(r, c - 1) == self.kind(r, c - 2)) and not (r > 1 and k == self.kind(r - 1, c) == self.kind(r - 2, c))]
                self.grid[r, c] = self.new(int(rng.choice(kinds)), r, c)
        self.play(scene, rng)
        self.paint(rng, scene)

    def kind(self, r, c):
        return self.stones[self.grid[r, c]][0]

    def new(self, kind, r, c):
        self.stones.append([kind, [(-1.0, -1.0, (c, r), (c, r), False)], np.inf])
        return len(self.stones) - 1

    def where(self, c, r):
        return self.left + (c + 0.5) * self.cell, self.top + (r + 0.5) * self.cell

    def matches(self):
        """The cells that stand three or more in a row."""
        kinds = np.array([[self.kind(r, c) for c in range(self.columns)] for r in range(self.rows)])
        out = np.zeros(kinds.shape, bool)
        across, down = (kinds[:, :-2] == kinds[:, 1:-1]) & (kinds[:, 1:-1] == kinds[:, 2:]), (kinds[:-2] == kinds[1:-1]) & (kinds[1:-1] == kinds[2:])
        for k in range(3):
            out[:, k : self.columns - 2 + k] |= across
            out[k : self.rows - 2 + k] |= down
        return out

    def trade(self, a, b):
        self.grid[a], self.grid[b] = self.grid[b], self.grid[a]

    def choose(self, rng, wrong):
        """Two neighbours whose exchange makes a match, or does not if `wrong`."""
        pairs = [((r, c), (r + dr, c + dc)) for r in range(self.rows) for c in range(self.columns) for dr, dc in ((0, 1), (1, 0)) if r + dr < self.rows and c + dc < self.columns]
        for k in rng.permutation(len(pairs)):
            self.trade(*pairs[k])
            good = self.matches().any()
            self.trade(*pairs[k])
            if good != wrong:
                return pairs[k]
        return pairs[0]

    def move(self, stone, t0, t1, to, falling=False):
        self.stones[stone][1].append((t0, t1, self.stones[stone][1][-1][3], to, falling))

    def exchange(self, a, b, t):
        self.trade(a, b)
        for r, c in (a, b):
            self.move(self.grid[r, c], t, t + self.swap_s, (c, r))

    def play(self, scene, rng):
        t = rng.uniform(0.05, 0.8)
        while t < scene.duration_s:
            wrong = rng.random() < 0.15
            a, b = self.choose(rng, wrong)
            t = np.ceil(t * 30) / 30
            self.swaps.append((t, a, b))
            if self.click_sounds:
                self.kit.emit(scene, t + rng.uniform(0, 0.008), "click", 0.6, self.where(*a[::-1]))
            self.exchange(a, b, t)
            t += self.swap_s
            if not self.matches().any():
                self.kit.emit(scene, t, "wrong", 0.6, self.where(*a[::-1]))
                self.exchange(a, b, t)
                t += self.swap_s
            depth = 0
            while self.matches().any() and t < scene.duration_s:
                t = self.clear(scene, rng, np.ceil(t * 30) / 30, depth)
                depth += 1
            t += rng.exponential(self.gap) + 0.08

    def clear(self, scene, rng, t, depth):
        """Stones vanish at `t`, those above fall; -> when the last has landed."""
        gone = self.matches()
        cells = np.argwhere(gone)
        at = self.where(*cells.mean(0)[::-1])
        self.kit.emit(scene, t + rng.uniform(0, 0.008), "burst" if len(cells) > 4 else "pop", min(1, 0.55 + 0.15 * depth + 0.05 * len(cells)), at)
        for r, c in cells:
            self.stones[self.grid[r, c]][2] = t
            self.pops.append((t, *self.where(c, r), self.kind(r, c)))
        start, landings = t + self.vanish_s, {}
        for c in range(self.columns):
            kept = [self.grid[r, c] for r in range(self.rows) if not gone[r, c]]
            fresh = self.rows - len(kept)
            column = [self.new(int(rng.integers(self.kinds)), r - fresh - 0.3, c) for r in range(fresh)] + kept
            for r, stone in enumerate(column):
                drop = r - self.stones[stone][1][-1][3][1]
                self.grid[r, c] = stone
                if drop > 0:
                    end = start + np.sqrt(2 * drop / self.gravity)
                    self.move(stone, start, end, (c, r), True)
                    landings.setdefault(round(end * 60), []).append((end, drop, c, r))
        if self.land_sounds:
            for group in landings.values():
                end, drop, c, r = max(group, key=lambda g: g[1])
                self.kit.emit(scene, min(g[0] for g in group), "thud", np.clip(0.3 * np.sqrt(drop) + 0.03 * len(group), 0.2, 1), self.where(c, r))
        return max(g[0] for group in landings.values() for g in group) + 0.05

    def paint(self, rng, scene):
        style, n = self.style, self.cell
        self.board = style.sky(SIZE, SIZE).copy()
        self.board = (self.board * rng.uniform(0.3, 0.8)).astype(np.uint8)
        a, b = (np.float32(colour(rng, scene.split, (20, 200), (0, 120))) for _ in range(2))
        opacity = rng.uniform(0.3, 0.9)
        for r in range(self.rows):
            for c in range(self.columns):
                y, x = int(self.top + r * n), int(self.left + c * n)
                part = self.board[y : y + n - 1, x : x + n - 1]
                part[:] = part * (1 - opacity) + (a if (r + c) % 2 else b) * opacity
        shapes, same = rng.permutation(8), rng.random() < 0.3
        hue = style.bright if style.kind in ("dark", "silhouette") or rng.random() < 0.6 else style.colour
        self.sprites = [style.gem(n - 2, int(shapes[0] if same else shapes[k]), hue()) for k in range(self.kinds)]
        self.small = [[shrunk(s, k) for k in (0.8, 0.6, 0.35)] for s in self.sprites]
        self.spark, self.flash, self.score = style.bright(), rng.random() < 0.7, Score(rng, scene.split)
        self.score.top = True
        self.gains = np.sort([p[0] for p in self.pops])
        self.idle = rng.random() < 0.3  # stones that sway without a sound
        self.hand = rng.random() < 0.6

    def draw(self, view, t):
        picture = view.picture
        picture[:] = self.board
        for k, (kind, moves, gone) in enumerate(self.stones):
            if t - gone > self.vanish_s or (len(moves) > 1 and moves[0][2][1] < 0 and t < moves[1][0]):
                continue
            t0, t1, a, b, falling = next((m for m in reversed(moves) if t >= m[0]), moves[0])
            u = 1.0 if t >= t1 else (t - t0) / (t1 - t0)
            u = u * u if falling else u
            x, y = self.where(a[0] + (b[0] - a[0]) * u, a[1] + (b[1] - a[1]) * u)
            sprite = self.sprites[kind]
            if t >= gone - 1e-6:
                sprite = self.small[kind][min(2, int((t - gone) / self.vanish_s * 3))]
                if self.flash and t - gone < 0.09:
                    view.circle(x, y, self.cell * 0.6, (255, 255, 240))
            elif self.idle:
                x += 0.8 * np.sin(3 * t + k)
            blit(picture, sprite, x, y)
        for at, x, y, _ in self.pops:
            u = t - at + 1e-6
            if 0 <= u < 0.25:
                for a in (0.4, 2.0, 3.6, 5.2):
                    view.circle(x + (3 + 55 * u) * np.cos(a), y + (3 + 55 * u) * np.sin(a), 1.8 - 5 * u, self.spark)
        if self.hand:
            coming = next(((s, a) for s, a, _ in self.swaps if t < s + 0.25), None)
            if coming:
                x, y = self.where(*coming[1][::-1])
                view.circle(x, y, self.cell * 0.55, self.spark, 1)
        self.score.draw(picture, t, self.gains)
