"""A grid world seen from within: maps, ways through them, and a ray caster in numpy with billboards.

Places are in cells (x to the east, y to the south, z up, floor 0), angles in radians, pictures uint8 RGB, square.
"""
import cv2
import numpy as np

TILE = 64  # edge of a wall or floor texture
SKY_WIDTH = 512


def carve(rng):
    """A map, (n, n) uint8: 0 free, k >= 1 wall with texture k - 1; the border is closed. Cells of one map share up to 4 walls."""
    kind, n = str(rng.choice(["maze", "rooms", "arena", "corridor", "rooms"])), int(rng.integers(15, 21))
    grid = np.ones((n, n), np.uint8)
    if kind == "maze":
        carve_maze(rng, grid)
    elif kind == "arena":
        grid[1:-1, 1:-1] = rng.random((n - 2, n - 2)) < rng.choice([0.02, 0.08, 0.15])
        if rng.random() < 0.4:
            grid[3:-1:3, 3:-1:3] = 1
    elif kind == "rooms":
        last = None
        for _ in range(rng.integers(4, 9)):
            h, w = rng.integers(2, 6, 2)
            y, x = rng.integers(1, n - h), rng.integers(1, n - w)
            grid[y : y + h, x : x + w] = 0
            if last is not None:
                grid[min(y, last[0]) : max(y, last[0]) + 1, last[1]] = 0
                grid[y, min(x, last[1]) : max(x, last[1]) + 1] = 0
            last = (y, x)
    else:
        y, x, wide = *rng.integers(2, n - 3, 2), rng.integers(1, 3)
        for k in range(26):
            d = int(rng.integers(2, 7)) * int(rng.choice([-1, 1]))
            goal = int(np.clip((x if k % 2 else y) + d, 2, n - 3))
            if k % 2:
                grid[y : y + wide, min(x, goal) : max(x, goal) + wide] = 0
                x = goal
            else:
                grid[min(y, goal) : max(y, goal) + wide, x : x + wide] = 0
                y = goal
    kinds = rng.integers(1, 5)
    blocks = np.kron(rng.integers(0, kinds, (n // 3 + 1, n // 3 + 1)), np.ones((3, 3), int))[:n, :n]
    grid[[0, -1]] = 1
    grid[:, [0, -1]] = 1
    return np.where(grid > 0, blocks + 1, 0).astype(np.uint8)


def carve_maze(rng, grid):
    """Carves a maze with loops into an all-wall grid, in place."""
    n = len(grid)
    stack = [(1, 1)]
    grid[1, 1] = 0
    while stack:
        y, x = stack[-1]
        ways = [(a, b) for a, b in ((2, 0), (-2, 0), (0, 2), (0, -2)) if 0 < y + a < n - 1 and 0 < x + b < n - 1 and grid[y + a, x + b]]
        if not ways:
            stack.pop()
            continue
        a, b = ways[rng.integers(len(ways))]
        grid[y + a // 2, x + b // 2] = grid[y + a, x + b] = 0
        stack.append((y + a, x + b))
    grid[1:-1, 1:-1] &= (rng.random((n - 2, n - 2)) > 0.15).astype(np.uint8)


def distances(grid, start):
    """Steps from `start` (y, x) to every free cell, -1 where there is no way; and from which cell one comes."""
    far, origin, row = np.full(grid.shape, -1), {}, [start]
    far[start] = 0
    for y, x in row:
        for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            cell = (y + a, x + b)
            if grid[cell] == 0 and far[cell] < 0:
                far[cell] = far[y, x] + 1
                origin[cell] = (y, x)
                row.append(cell)
    return far, origin


def walk_through(rng, grid, cells):
    """A walk of at least `cells` cells from a random free one to far ones: list of (y, x)."""
    free = np.argwhere(grid == 0)
    for _ in range(8):
        here = tuple(int(v) for v in free[rng.integers(len(free))])
        if (distances(grid, here)[0] >= 0).sum() > min(20, len(free) // 2):
            break
    walk = [here]
    while len(walk) < cells:
        far, origin = distances(grid, walk[-1])
        goals = np.argwhere(far >= max(1, np.quantile(far[far >= 0], 0.6)))
        if not len(goals):
            return walk + [walk[-1]] * cells
        cell, back = tuple(int(v) for v in goals[rng.integers(len(goals))]), []
        while cell != walk[-1]:
            back.append(cell)
            cell = origin[cell]
        walk += back[::-1]
    return walk


def rounded(walk, window=17):
    """A walk over cells -> its places with round corners, 16 a cell, (m, 2) as (x, y)."""
    centres = np.float64(walk)[:, ::-1] + 0.5
    k = np.arange(16 * (len(centres) - 1) + 1) / 16
    line = np.stack([np.interp(k, np.arange(len(centres)), c) for c in centres.T], 1)
    weights = np.hanning(window + 2)[1:-1]
    pad = np.pad(line, ((window // 2, window // 2), (0, 0)), "edge")
    return np.stack([np.convolve(c, weights / weights.sum(), "valid") for c in pad.T], 1)


def pack(texture):
    """(h, w, 3) uint8 -> (h * w) uint32, so that one look-up fetches a pixel."""
    return np.dstack([texture, np.zeros(texture.shape[:2], np.uint8)]).view(np.uint32).ravel()


class World:
    """A map with its textures, light and fog. `door_open` (doors,) in 0..1 may change between pictures."""

    def __init__(self, grid, walls, floor, ceiling, sky, fog, fog_colour, light, height, doors=(), door_texture=None, rising=False, side=0.75):
        self.grid, self.fog, self.fog_colour, self.light, self.height = grid, float(fog), [float(c) for c in fog_colour], light, height
        self.n_walls, self.sky, self.rising, self.side = len(walls), sky is not None, rising, np.float32(side)
        self.atlas = np.concatenate([*(pack(w) for w in walls), pack(door_texture if door_texture is not None else walls[0]), pack(floor),
                                     pack(ceiling if ceiling is not None else floor), *([pack(sky)] if sky is not None else [])])
        self.bases = np.arange(self.n_walls + 4, dtype=np.int32) * (TILE * TILE)
        self.sky_rows = len(sky) if sky is not None else 0
        self.door_map = np.zeros(grid.shape, int)
        for k, cell in enumerate(doors):
            self.door_map[cell] = k + 1
        self.door_open = np.zeros(len(doors))

    def first_hits(self, x, y, dx, dy, solid):
        """The first cell where `solid` (map of 0 and numbers) stops each ray -> distance, place along the face 0..1, number, face."""
        n, k, columns = len(self.grid), np.arange(len(self.grid))[:, None], np.arange(len(dx))
        best = None
        for face, (p, q, dp, dq) in enumerate(((x, y, dx, dy), (y, x, dy, dx))):
            dp = np.where(np.abs(dp) < 1e-6, 1e-6, dp)
            t = (np.floor(p) + (dp > 0) - p) / dp + k / np.abs(dp)  # (crossings, columns)
            across = q + t * dq
            cell_p = np.clip(int(p) + np.sign(dp).astype(int) * (k + 1), 0, n - 1)
            cell_q = np.clip(across, 0, n - 1).astype(int)
            what = solid[cell_q, cell_p] if face == 0 else solid[cell_p, cell_q]
            if solid is self.door_map:
                along = across % 1
                what = what * ((along > self.door_open[what - 1]) | self.rising) if len(self.door_open) else what
            which = (what > 0).argmax(0)
            number = what[which, columns]
            hit = np.where(number > 0, t[which, columns], 1e3), across[which, columns] % 1, number
            if best is None:
                best = [*hit, np.zeros(len(dx), int)]
            else:
                nearer = hit[0] < best[0]
                best = [np.where(nearer, new, old) for new, old in zip((*hit, 1), best, strict=True)]
        return best

    def render(self, x, y, z, yaw, tilt, lens, size, glow=0.0):
        """-> picture (size, size, 3) and the depth of each column (size,). `tilt` moves the horizon (share of the picture),
        `lens` is the tangent of half the field of view, `glow` extra light 0..1."""
        off = (np.arange(size) + 0.5) / size * 2 - 1
        cos, sin = np.cos(yaw), np.sin(yaw)
        dx, dy = cos - sin * off * lens, sin + cos * off * lens
        focal, horizon = size / 2 / lens, size * (0.5 + tilt)
        rows = np.arange(size) + 0.5 - horizon
        rows[np.abs(rows) < 0.3] = 0.3
        below = rows > 0
        reach = (np.where(below, z, self.height - z) * focal / np.abs(rows)).astype(np.float32)[:, None]
        u, v = (((p + reach * d.astype(np.float32)) * TILE).astype(np.int32) & (TILE - 1) for p, d in ((np.float32(x), dx), (np.float32(y), dy)))
        index = v * TILE + u + np.where(below, self.bases[self.n_walls + 1], self.bases[self.n_walls + 2])[:, None]
        depth = np.repeat(np.minimum(reach, np.float32(40)), size, 1)
        if self.sky:
            turn = ((np.arctan2(dy, dx) / (2 * np.pi)) % 1 * SKY_WIDTH).astype(np.int32)
            up = np.clip(self.sky_rows - 1 + rows * self.sky_rows / size * 1.2, 0, self.sky_rows - 1).astype(np.int32)[:, None]
            over = int(np.count_nonzero(~below))
            index[:over] = (self.bases[self.n_walls + 3] + up * SKY_WIDTH + turn)[:over]
            depth[:over] = 0
        far, along, what, face = self.first_hits(x, y, dx, dy, self.grid)
        layers = [(far, along, what - 1, face, 0.0)]
        if len(self.door_open):
            near, place, door, side = self.first_hits(x, y, dx, dy, self.door_map)
            near = np.where((door > 0) & (near < far), near, 1e3)
            opened = self.door_open[np.maximum(door, 1) - 1]
            if (near < 900).any():
                layers.append((near, place if self.rising else place - opened, np.full(size, self.n_walls), side, opened if self.rising else 0.0))
                far = np.minimum(far, np.where((opened < 0.5) | (not self.rising), near, 1e3))
        line, glow = np.arange(size, dtype=np.float32)[:, None] + 0.5, float(glow)
        shine = np.float32(self.light * (1 + 1.2 * glow))
        shade = np.full((size, size), shine, np.float32)
        for distance, place, texture, side, lift in layers:
            distance = distance.astype(np.float32)
            scale = np.float32(focal) / np.maximum(distance, np.float32(0.05))
            top, bottom = np.float32(horizon) - np.float32(self.height - z) * scale, np.float32(horizon) + np.float32(z - self.height * lift) * scale
            on = (line >= top) & (line < np.where(distance < 900, bottom, -1))
            mine = ((line - bottom) * (TILE / scale)).astype(np.int32) & (TILE - 1)
            mine *= TILE
            mine += ((place % 1) * TILE).astype(np.int32) + self.bases[texture]
            np.copyto(index, mine, where=on)
            np.copyto(depth, np.broadcast_to(distance, depth.shape), where=on)
            np.copyto(shade, np.where(side > 0, self.side * shine, shine), where=on)
        rgb = self.atlas.take(index).view(np.uint8).reshape(size, size, 4)[..., :3].astype(np.float32)
        if self.fog:
            clear = cv2.exp(depth * -self.fog)
            shade *= clear
            murk = (1 - clear) * min(1.0, self.light + glow)
            murk = cv2.merge([murk * c + 40 * glow * clear for c in self.fog_colour])
        else:
            murk = 40.0 * glow
        rgb *= shade[..., None]
        rgb += murk
        return cv2.convertScaleAbs(rgb), far

    def opaque(self, a, b):
        """Whether a wall or a door less than half open stands between the places a and b."""
        k = np.linspace(0, 1, max(2, int(np.hypot(*np.subtract(b, a)) * 8)))
        x, y = (a[0] + (b[0] - a[0]) * k).astype(int), (a[1] + (b[1] - a[1]) * k).astype(int)
        door = self.door_map[y, x]
        shut = (door > 0) & (self.door_open[door - 1] < 0.5) if len(self.door_open) else False
        return bool(((self.grid[y, x] > 0) | shut).any())


def project(eye, place, lens, size):
    """A place (x, y, z) seen from eye (x, y, z, yaw, tilt) -> column, row, pixels per cell, depth; None behind the eye."""
    x, y, z, yaw, tilt = eye
    rx, ry = place[0] - x, place[1] - y
    depth = rx * np.cos(yaw) + ry * np.sin(yaw)
    if depth < 0.25:
        return None
    scale = size / 2 / lens / depth
    return size / 2 + (ry * np.cos(yaw) - rx * np.sin(yaw)) * scale, size * (0.5 + tilt) + (z - place[2]) * scale, scale, depth


def billboard(picture, depth, eye, lens, place, sprite, height, world, bright=0.0, squash=1.0, width=1.0):
    """Draws a sprite (rgb, alpha) `height` cells tall that stands at `place`, in place, behind nearer columns.
    `bright` 0..1: 1 glows by itself, 0 takes the world's light and fog."""
    seen = project(eye, place, lens, len(picture))
    if seen is None:
        return
    column, foot, scale, far = seen
    tall, wide = int(min(height * scale * squash, 400)), int(min(height * scale * width, 400))
    if tall < 1 or wide < 1:
        return
    x, y, size = int(round(column - wide / 2)), int(round(foot - tall)), len(picture)
    a, b, c, d = max(0, x), max(0, y), min(size, x + wide), min(size, y + tall)
    if a >= c or b >= d:
        return
    shown = np.flatnonzero(depth[a:c] > far)
    if not len(shown):
        return
    rgb, alpha = sprite
    matrix = np.float32([[rgb.shape[1] / wide, 0, (a - x + 0.5) * rgb.shape[1] / wide - 0.5], [0, rgb.shape[0] / tall, (b - y + 0.5) * rgb.shape[0] / tall - 0.5]])
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_NEAREST if size < 100 else cv2.INTER_LINEAR)
    patch = cv2.warpAffine(rgb, matrix, (c - a, d - b), flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    cover = cv2.warpAffine(alpha, matrix, (c - a, d - b), flags=flags) * (depth[a:c] > far)
    clear = np.exp(-world.fog * far)
    gain = bright + (1 - bright) * clear * world.light
    patch = np.clip(patch * gain + np.float32(world.fog_colour) * (1 - bright) * (1 - clear) * min(1, world.light), 0, 255)
    region = picture[b:d, a:c]
    region[:] = (region + (patch - region) * cover[..., None]).astype(np.uint8)
