"""Puzzles on a board: crates pushed by a figure, tiles that slide into a gap, cards that are turned."""
from collections import deque

import cv2
import numpy as np

from foleylab.data import sound
from foleylab.data.games.kit import Kit
from foleylab.data.games.tiles import Figure, Score, Style, blit, borrowed, narrowed
from foleylab.data.pictures import SIZE, colour, material_sprite, texture
from foleylab.data.sound import CURVE_RATE

SIDES = ((0, 1), (1, 0), (0, -1), (-1, 0))  # (rows, columns)


def cell_at(moves, t):
    """Where something is by its moves (from s, to s, from cell, to cell), cells (row, column)."""
    for a, b, start, end in reversed(moves):
        if t >= a:
            u = 1.0 if t >= b else (t - a) / (b - a)
            return start[0] + (end[0] - start[0]) * u, start[1] + (end[1] - start[1]) * u
    return moves[0][2]


class PushCrates:
    """Seen from above: a figure walks between walls and pushes crates, which slide with a noise and stop with a thud; goals light up."""

    def __init__(self, scene, rng):
        self.style, self.cell = Style(rng, scene.split), int(rng.integers(12, 20))
        self.rows = self.columns = SIZE // self.cell
        self.left = (SIZE - self.columns * self.cell) / 2
        self.kit = Kit(rng, ("step", "thud", "slam", "win"))
        self.walk_s, self.push_s, self.ice = rng.uniform(0.13, 0.3), rng.uniform(0.2, 0.5), rng.random() < 0.3
        self.walls = rng.random((self.rows, self.columns)) < rng.uniform(0.02, 0.12)
        self.walls[[0, -1]] = self.walls[:, [0, -1]] = True
        free = [tuple(int(k) for k in p) for p in rng.permutation(np.argwhere(~self.walls[1:-1, 1:-1]) + 1)]
        inner = []  # apart from each other, so that each can be pushed
        for p in free:
            if 1 < p[0] < self.rows - 2 and 1 < p[1] < self.columns - 2 and all(abs(p[0] - q[0]) + abs(p[1] - q[1]) > 1 for q in inner):
                inner.append(p)
        inner = inner[: int(rng.integers(2, 6))]
        self.boxes = [[(-1.0, -1.0, p, p)] for p in inner]
        rest = [p for p in free if p not in inner]
        self.goals = rest[-int(rng.integers(2, 8)) :]
        for cell in rest:
            self.hero = [(-1.0, -1.0, cell, cell)]
            if next(self.choices(rng), None):
                break
        self.lit, self.hits, self.curve = [], [], np.zeros(int(scene.duration_s * CURVE_RATE) + 1)
        self.step_sounds = rng.random() < 0.5
        self.play(scene, rng)
        self.paint(rng, scene)

    def at(self, cell):
        return self.left + (cell[1] + 0.5) * self.cell, self.left + (cell[0] + 0.5) * self.cell

    def open(self, cell):
        return not self.walls[cell] and cell not in [b[-1][3] for b in self.boxes]

    def route(self, start, end):
        """Cells from after `start` to `end` around what stands; None if there is no way."""
        before, queue = {start: None}, deque([start])
        while queue:
            cell = queue.popleft()
            if cell == end:
                out = []
                while cell != start:
                    out.append(cell)
                    cell = before[cell]
                return out[::-1]
            for dr, dc in SIDES:
                to = cell[0] + dr, cell[1] + dc
                if to not in before and self.open(to):
                    before[to] = cell
                    queue.append(to)
        return None

    def choices(self, rng):
        """Crates that can be pushed: (way to behind it, crate, side)."""
        for k in rng.permutation(len(self.boxes)):
            r, c = self.boxes[k][-1][3]
            for j in rng.permutation(4):
                dr, dc = SIDES[j]
                if self.open((r + dr, c + dc)) and self.open((r - dr, c - dc)):
                    way = self.route(self.hero[-1][3], (r - dr, c - dc))
                    if way is not None:
                        yield way, self.boxes[k], (dr, dc)

    def stroll(self, rng):
        """A way to some free cell, for when nothing can be pushed."""
        cells = [tuple(int(k) for k in p) for p in rng.permutation(np.argwhere(~self.walls))[:6]]
        return next((way for way in (self.route(self.hero[-1][3], c) for c in cells) if way), [])

    def play(self, scene, rng):
        t = rng.uniform(0.05, 0.6)
        while t < scene.duration_s:
            found = next(self.choices(rng), None)
            way, box, side = found or (self.stroll(rng), None, None)
            for cell in way:
                if self.step_sounds:
                    self.kit.emit(scene, t + self.walk_s * 0.5, "step", 0.6, self.at(cell))
                self.hero.append((t, t + self.walk_s, self.hero[-1][3], cell))
                t += self.walk_s
            t = (self.push(scene, rng, t, box, side) if box else t + 0.1) + rng.exponential(0.15)
        bed = np.convolve(self.curve, np.ones(7) / 7, "same")
        if bed.max() > 0:
            scene.bed(sound.roll_bed(bed, rng, self.kit.material) * rng.uniform(0.5, 1.0), "roll", bed, self.kit.material)

    def push(self, scene, rng, t, box, side):
        """Pushes the crate one or more cells, or off over ice until it hits; -> when it is done."""
        dr, dc = side
        count, limit = 0, int(rng.integers(1, 5))
        while (count < limit or self.ice) and t < scene.duration_s:
            r, c = box[-1][3]
            to = r + dr, c + dc
            if not self.open(to):
                break
            took = self.push_s * (0.35 if self.ice else 1.0)
            box.append((t, t + took, (r, c), to))
            if count == 0 or not self.ice:
                self.hero.append((t, t + took, self.hero[-1][3], (r, c)))
            a, b = int(t * CURVE_RATE), int((t + took) * CURVE_RATE)
            self.curve[a:b] = 0.9 if self.ice else 0.6
            t, count = t + took, count + 1
            if to in self.goals and not self.ice:
                lit = np.ceil(t * 30) / 30
                self.lit.append((lit, to, box))
                self.kit.emit(scene, lit + rng.uniform(0, 0.008), "win", 0.7, self.at(to))
                break
        if not self.open((box[-1][3][0] + dr, box[-1][3][1] + dc)):
            where = self.at((box[-1][3][0] + dr * 0.5, box[-1][3][1] + dc * 0.5))
            self.hits.append((t, *where))
            self.kit.emit(scene, t, "slam" if self.ice else "thud", 0.9 if self.ice else 0.6, where)
        return t + 0.1

    def paint(self, rng, scene):
        style, n = self.style, self.cell
        floor = style.tile(n, str(rng.choice(["plain", "speckled", "dots", "bevel", "planks"])))
        wall = style.tile(n, str(rng.choice(["brick", "bevel", "crate", "speckled"])))
        self.ground = np.tile(floor, (SIZE // n + 2, SIZE // n + 2, 1))[:SIZE, :SIZE].copy()
        mark = style.bright()
        for r in range(self.rows):
            for c in range(self.columns):
                x, y = self.at((r, c))
                if self.walls[r, c]:
                    blit(self.ground, (wall, np.full((n, n), 255, np.uint8)), x, y)
                elif (r, c) in self.goals:
                    cv2.circle(self.ground, (int(x), int(y)), max(2, n // 4), mark, 2)
        rgb, alpha = material_sprite(rng, self.kit.material, n - 2, False)
        self.box = (rgb, np.full(alpha.shape, 255, np.uint8)) if rng.random() < 0.5 else style.block(n - 2, style.colour())
        self.box_lit = cv2.addWeighted(self.box[0], 0.4, np.full_like(self.box[0], mark), 0.6, 0), self.box[1]
        self.figure, self.spark = Figure(style, n * 0.9), style.bright()
        self.score, self.gains = Score(rng, scene.split), np.sort([t for t, *_ in self.lit])

    def draw(self, view, t):
        picture = view.picture
        picture[:] = self.ground
        for box in self.boxes:
            cell = cell_at(box, t)
            on = any(b is box and t + 1e-6 >= at and cell == goal for at, goal, b in self.lit)
            blit(picture, self.box_lit if on else self.box, *self.at(cell))
        r, c = cell_at(self.hero, t)
        moving = next((m for m in reversed(self.hero) if m[0] <= t), self.hero[0])
        walking = t < moving[1]
        left = next((m[3][1] < m[2][1] for m in reversed(self.hero) if m[0] <= t and m[3][1] != m[2][1]), False)
        blit(picture, self.figure.pose("run" if walking else "stand", (r + c) % 1, left), *self.at((r, c)))
        for at, goal, _ in self.lit:
            u = t - at + 1e-6
            if 0 <= u < 0.3:
                view.circle(*self.at(goal), self.cell * (0.4 + 2 * u), self.spark, 2)
        for at, x, y in self.hits:
            u = t - at
            if 0 <= u < 0.15:
                for side in (-1, 1):
                    view.circle(x + side * (3 + 40 * u), y, 2.2 - 10 * u, self.spark)
        self.score.draw(picture, t, self.gains)


class SlideTiles:
    """The pieces of a picture slide one after another into the gap; each slides with a noise and stops with a click."""

    def __init__(self, scene, rng):
        self.style, self.side = Style(rng, scene.split), int(rng.integers(3, 6))
        self.cell = int(rng.uniform(100, 122)) // self.side
        self.left = (SIZE - self.cell * self.side) / 2
        self.kit = Kit(rng, ("click", "thud"))
        self.name = str(rng.choice(["click", "thud"]))
        self.tiles = {(r, c): [(-1.0, -1.0, (r, c), (r, c))] for r in range(self.side) for c in range(self.side)}
        gap = (int(rng.integers(self.side)), int(rng.integers(self.side)))
        del self.tiles[gap]
        self.curve, before = np.zeros(int(scene.duration_s * CURVE_RATE) + 1), None
        t, gap_s, slide_s = rng.uniform(0, 0.5), rng.uniform(0.02, 0.5), rng.uniform(0.08, 0.35)
        while t < scene.duration_s:
            near = [(gap[0] + dr, gap[1] + dc) for dr, dc in SIDES if (gap[0] + dr, gap[1] + dc) != before and 0 <= gap[0] + dr < self.side and 0 <= gap[1] + dc < self.side]
            cell = near[rng.integers(len(near))]
            tile = next(m for m in self.tiles.values() if m[-1][3] == cell)
            took = slide_s * rng.uniform(0.7, 1.4)
            tile.append((t, t + took, cell, gap))
            self.curve[int(t * CURVE_RATE) : int((t + took) * CURVE_RATE)] = np.clip(0.15 / took, 0.2, 1)
            self.kit.emit(scene, t + took, self.name, 0.8, self.at(gap))
            gap, before = cell, gap
            t += took + rng.exponential(gap_s) + 0.03
        bed = np.convolve(self.curve, np.ones(5) / 5, "same")
        scene.bed(sound.roll_bed(bed, rng, self.kit.material) * rng.uniform(0.4, 0.9), "roll", bed, self.kit.material)
        self.paint(rng, scene)

    def at(self, cell):
        return self.left + (cell[1] + 0.5) * self.cell, self.left + (cell[0] + 0.5) * self.cell

    def paint(self, rng, scene):
        n, full = self.cell, self.cell * self.side
        found = borrowed(rng, scene.split, "background", SIZE, 0.4)
        motif = cv2.resize(found[0][:, :SIZE], (full, full)) if found is not None else texture(rng, scene.split, full, full)
        if motif.mean() < 70:  # what slides must be seen
            motif = cv2.convertScaleAbs(motif, alpha=1, beta=70)
        words, ink = rng.random() < 0.5, colour(rng, scene.split, (200, 255))
        plain = rng.random() < 0.4
        mask = np.full((n - 1, n - 1), 255, np.uint8)
        self.sprites = {}
        for k, (r, c) in enumerate(self.tiles):
            rgb = self.style.tile(n - 1, "bevel") if plain and words else motif[r * n : r * n + n - 1, c * n : c * n + n - 1].copy()
            rgb[[0, -1]] = rgb[[0, -1]] // 2
            rgb[:, [0, -1]] = rgb[:, [0, -1]] // 2
            if words:
                cv2.putText(rgb, str(k + 1), (n // 5, int(n * 0.7)), cv2.FONT_HERSHEY_PLAIN, n / 22, ink, 2)
            self.sprites[r, c] = rgb, mask
        self.ground = self.style.sky(SIZE, SIZE).copy()
        a = int(self.left)
        cv2.rectangle(self.ground, (a - 4, a - 4), (a + full + 3, a + full + 3), self.style.colour(), -1)
        cv2.rectangle(self.ground, (a - 1, a - 1), (a + full, a + full), (18, 16, 20) if motif.mean() > 130 or rng.random() < 0.5 else (230, 228, 220), -1)

    def draw(self, view, t):
        view.picture[:] = self.ground
        for home, moves in self.tiles.items():
            blit(view.picture, self.sprites[home], *self.at(cell_at(moves, t)))


class TurnCards:
    """Cards are turned with a click; two alike chime and stay or vanish, others turn back."""

    def __init__(self, scene, rng):
        self.style, self.rows, self.columns = Style(rng, scene.split), int(rng.integers(2, 5)), int(rng.integers(3, 6))
        if self.rows * self.columns % 2:
            self.columns += 1
        self.w, self.h = 120 // self.columns, 116 // self.rows
        self.kit = Kit(rng, ("click", "win", "wrong"))
        count = self.rows * self.columns
        self.faces = rng.permutation(np.repeat(np.arange(count // 2), 2))
        self.turn_s, self.vanish, self.luck = rng.uniform(0.12, 0.35), rng.random() < 0.5, rng.uniform(0.3, 0.9)
        self.turns, self.wins, self.hand = [[] for _ in range(count)], [], []
        t, open_ = np.ceil(rng.uniform(0.1, 0.5) * 30) / 30, list(range(count))
        grid = lambda t: np.ceil(t * 30) / 30
        while t < scene.duration_s and len(open_) > 1:
            first = int(rng.choice(open_))
            twin = next(k for k in open_ if k != first and self.faces[k] == self.faces[first])
            second = twin if rng.random() < self.luck or len(open_) == 2 else int(rng.choice([k for k in open_ if k != first]))
            for card in (first, second):
                self.turn(scene, rng, t, card, True)
                t = grid(t + self.turn_s + rng.uniform(0.08, 0.45))
            if self.faces[first] == self.faces[second]:
                self.wins.append((t, first, second))
                self.kit.emit(scene, t + rng.uniform(0, 0.008), "win", 0.8, self.at(second))
                open_ = [k for k in open_ if k not in (first, second)]
            else:
                t = grid(t + rng.uniform(0.05, 0.3))
                for card in (first, second):
                    self.turn(scene, rng, t, card, False, name="wrong" if card == first else None)
            t = grid(t + rng.uniform(0.15, 0.5))
        self.paint(rng, scene)

    def at(self, k):
        return 4 + (k % self.columns + 0.5) * self.w, 8 + (k // self.columns + 0.5) * self.h

    def turn(self, scene, rng, t, card, up, name="click"):
        self.turns[card].append((t, up))
        if up:
            self.hand.append((t, card))
        if name:
            self.kit.emit(scene, t + rng.uniform(0, 0.008), name, 0.8, self.at(card))

    def paint(self, rng, scene):
        style, w, h = self.style, self.w - 3, self.h - 3
        self.ground = style.sky(SIZE, SIZE).copy()
        mask = np.full((h, w), 255, np.uint8)
        mask[[0, 0, -1, -1], [0, -1, 0, -1]] = 0
        back = texture(rng, scene.split, h, w)
        back[[0, 1, -2, -1]] = back[:, [0, 1, -2, -1]] = style.rim
        paper = colour(rng, scene.split, (190, 255), (0, 60)) if rng.random() < 0.75 else colour(rng, scene.split, (20, 80))
        self.back, self.sprites, size = (back, mask), [], min(w, h) - 4
        for _ in range(len(self.faces) // 2):
            face = np.full((h, w, 3), paper, np.uint8)
            found = borrowed(rng, scene.split, str(rng.choice(["character", "enemy", "ship", "prop"])), size, 0.25)
            sign = style.gem(size, int(rng.integers(8)), colour(rng, scene.split, (90, 240), (100, 240))) if found is None or found[1].shape[1] > w else found
            blit(face, sign, w / 2, h / 2)
            self.sprites.append((face, mask))
        self.spark, self.pointer = style.bright(), rng.random() < 0.7
        self.score, self.gains = Score(rng, scene.split), np.sort([t for t, *_ in self.wins])

    def draw(self, view, t):
        picture = view.picture
        picture[:] = self.ground
        won = {k: at for at, *pair in self.wins for k in pair}
        for k, turns in enumerate(self.turns):
            since = t - won.get(k, np.inf) + 1e-6
            if self.vanish and since > 0.25:
                continue
            up, share = False, 1.0
            for at, to in turns:
                if t + 1e-6 >= at:
                    u = min(1.0, (t - at + 0.034) / self.turn_s)  # the first picture of a turn shows it begun
                    up, share = (to if u >= 0.5 else not to), abs(1 - 2 * u)
            x, y = self.at(k)
            sprite = self.sprites[self.faces[k]] if up else self.back
            if 0 <= since < 0.2:
                sprite = cv2.addWeighted(sprite[0], 0.4, np.full_like(sprite[0], 255), 0.6, 0), sprite[1]
                y -= 3
            blit(picture, sprite if share > 0.98 else narrowed(sprite, max(share, 0.08)), x, y)
            if 0 <= since < 0.3:
                view.circle(x, y, 4 + 60 * since, self.spark, 1)
        if self.pointer and self.hand:
            times = [h[0] for h in self.hand]
            at = [self.at(h[1]) for h in self.hand]
            x, y = (np.interp(t, times, [p[j] for p in at]) for j in (0, 1))
            view.polygon([(x, y), (x + 8, y + 5), (x + 3, y + 9)], self.spark)
        self.score.draw(picture, t, self.gains)
