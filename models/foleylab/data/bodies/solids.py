"""A small renderer of solids: a perspective camera, faces with textures and flat shade, painter's order by planes that part, balls as shaded discs, shadows.

What a camera projects to are places of a scene, in its units (the picture is 128 x 128 under a camera that stands still); the scene's own camera comes after it.
"""
import cv2
import numpy as np

from foleylab.data.pictures import SIZE, material_sprite, texture

NEAR = 0.05  # m before the eye
SIDES = 12  # of a cylinder
BALL = 22  # pixels of a ball's own picture
SKIN = 32
AMBIENT = 0.42
EDGE = np.float32([(0, 0), (SKIN, 0), (SKIN, SKIN), (0, SKIN)])
CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
BOX_FACES = np.array([(4, 6, 7, 5), (0, 1, 3, 2), (2, 3, 7, 6), (0, 4, 5, 1), (1, 5, 7, 3), (0, 2, 6, 4)])
BOX_NORMALS = np.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], float)


class Lens:
    """A camera in the room that looks at `target` from `away` (m): it stands, swings to and fro, goes round, or trembles."""

    def __init__(self, rng, target):
        self.target, self.away = np.asarray(target, float), 3.0
        self.azimuth, self.height = rng.uniform(-0.9, 0.9) - np.pi / 2 + rng.choice([0, np.pi]), rng.uniform(0.12, 0.75)
        self.focal = SIZE / 2 / rng.uniform(0.35, 0.75)
        self.kind = str(rng.choice(["stand", "stand", "stand", "swing", "round", "tremble", "near"]))
        self.rate, self.phase = rng.uniform(0.1, 0.4) * rng.choice([-1, 1]), rng.uniform(0, 6.28)

    def frame(self, t):
        """-> (matrix (3, 4) from metres to places of the scene, place of the eye)."""
        a, h, away = self.azimuth, self.height, self.away
        if self.kind == "swing":
            a += 0.3 * np.sin(3 * self.rate * t + self.phase)
        elif self.kind == "round":
            a += self.rate * t
        elif self.kind == "tremble":
            a, h = a + 0.008 * np.sin(23 * t + self.phase), h + 0.008 * np.sin(19 * t)
        elif self.kind == "near":
            away = away * (1 - 0.15 * np.sin(2 * self.rate * t))
        c, s, low, far = np.cos(a), np.sin(a), np.sin(h), np.cos(h)
        right, down, ahead = (-s, c, 0.0), (low * c, low * s, -far), np.array([-c * far, -s * far, -low])
        eye = self.target - away * ahead
        matrix = np.empty((3, 4))
        matrix[0, :3], matrix[1, :3], matrix[2, :3] = self.focal * np.array(right) + SIZE / 2 * ahead, self.focal * np.array(down) + SIZE / 2 * ahead, ahead
        matrix[:, 3] = -matrix[:, :3] @ eye
        return matrix, eye

    def fit(self, points, t, share=0.5):
        """Goes so far away that the points (m, 3) lie within a share of the picture's half."""
        for self.away in np.geomspace(0.8, 12, 40):
            uv, w = project(self.frame(t)[0], points)
            if (w > 0.2).all() and np.quantile(np.abs(uv - SIZE / 2).max(1), 0.93) < SIZE / 2 * share:
                break


def project(matrix, points):
    """Points (m, 3) -> places (m, 2) and depths (m,)."""
    h = points @ matrix[:, :3].T + matrix[:, 3]
    return h[:, :2] / np.maximum(h[:, 2:], NEAR), h[:, 2]


def pixels(view, places):
    """Places of the scene (m, 2) -> pixels, as `view.at`."""
    return (places - (64 + view.cx, 64 + view.cy)) * view.zoom + 64


def skin(rng, split, material):
    """The look of a solid's side, (SKIN, SKIN, 3) uint8; what stands still has a texture."""
    if material is None:
        return cv2.resize(texture(rng, split, 64, 64), (SKIN, SKIN), interpolation=cv2.INTER_AREA)
    return material_sprite(rng, material, SKIN, False)[0]


class Shape:
    """A solid as it is drawn: corners, faces with outward normals, a skin, and a second colour that shows how it turns."""

    def __init__(self, solid, picture, accent, clear=False):
        self.kind, self.half, self.skin, self.accent, self.clear = solid.kind, np.array(solid.half), picture, np.float32(accent), clear
        self.mean = picture.reshape(-1, 3).mean(0)
        if self.kind == "cylinder":
            a = np.arange(SIDES) * 2 * np.pi / SIDES
            ring = np.stack([np.cos(a), np.sin(a)], 1)
            self.corners = np.concatenate([np.column_stack([ring, np.full(SIDES, z)]) for z in (-1, 1)]) * self.half
            k, after = np.arange(SIDES), (np.arange(SIDES) + 1) % SIDES
            half = SIDES // 2
            self.faces = [*np.stack([k, after, after + SIDES, k + SIDES], 1),
                          np.arange(half + 1) + SIDES, np.r_[half:SIDES, 0] + SIDES, np.arange(half + 1), np.r_[half:SIDES, 0]]
            out = np.column_stack([np.cos(a + np.pi / SIDES), np.sin(a + np.pi / SIDES), 0 * a])
            self.normals = np.concatenate([out, [(0, 0, 1)] * 2, [(0, 0, -1)] * 2])
            columns = picture.reshape(SKIN, 8, SKIN // 8, 3).mean((0, 2))
            side = columns[k % 8] * (1 - 0.35 * (k[:, None] % 6 == 0))
            self.tints = np.concatenate([side, [self.mean, self.accent, self.mean, self.accent]])
        else:  # a ball's corners serve its shadow and its order
            self.corners, self.faces, self.normals, self.tints = CORNERS * self.half, BOX_FACES, BOX_NORMALS, np.tile(self.mean, (6, 1))
        self.middles = np.array([self.corners[f].mean(0) for f in self.faces])
        if self.kind == "ball":
            v, u = (np.mgrid[0:BALL, 0:BALL].astype(np.float32) + 0.5) / BALL * 2 - 1
            d = u * u + v * v
            self.facing = np.stack([u, v, -np.sqrt(np.clip(1 - d, 0, 1))], -1).reshape(-1, 3)  # right, down, ahead
            self.cover = np.clip((1 - np.sqrt(d)) * BALL / 2, 0, 1).astype(np.float32)
            self.shine = 110 * np.exp(-((u + 0.35) ** 2 + (v + 0.45) ** 2) * 16).reshape(-1, 1)

    def draw(self, view, matrix, eye, place, turn, light):
        """At a place, turned by a matrix (3, 3); `light` points to where light comes from."""
        if self.clear:
            before = view.picture.copy()
        if self.kind == "ball":
            self.draw_ball(view, matrix, place, turn, light)
        else:
            self.draw_faces(view, matrix, eye, place, turn, light)
        if self.clear:
            cv2.addWeighted(view.picture, 0.72, before, 0.28, 0, dst=view.picture)

    def draw_ball(self, view, matrix, place, turn, light):
        (seen,), (depth,) = project(matrix, place[None])
        if depth < 4 * NEAR:
            return
        ahead = matrix[2, :3]
        axes = np.stack([(row - ahead * (row @ ahead)) for row in matrix[:2, :3]])
        focal = np.linalg.norm(axes[0])
        normal = self.facing @ np.float32(np.vstack([axes / focal, ahead]))
        own = normal @ np.float32(turn)
        index = np.clip((own[:, :2] + 1) * (SKIN / 2), 0, SKIN - 1).astype(np.int32)
        rgb = np.float32(self.skin[index[:, 1], index[:, 0]])
        rgb[np.abs(own[:, 0]) < 0.22] = self.accent
        shade = AMBIENT + (1.12 - AMBIENT) * np.clip(normal @ np.float32(light), 0, 1)
        rgb = np.clip(rgb * shade[:, None] + self.shine, 0, 255).astype(np.uint8).reshape(BALL, BALL, 3)
        view.sprite((rgb, self.cover), seen[0], seen[1], 0.0, 2 * self.half[0] * focal / depth / BALL)

    def draw_faces(self, view, matrix, eye, place, turn, light):
        corners = self.corners @ turn.T + place
        seen = ((eye - (self.middles @ turn.T + place)) * (normals := self.normals @ turn.T)).sum(1) > 0
        uv, depth = project(matrix, corners)
        if depth.min() < 2 * NEAR:
            return
        uv = np.float32(pixels(view, uv))
        low, high = uv.min(0), uv.max(0)
        if high.min() < 0 or low.max() > SIZE or max(high.max(), -low.min()) > 1500:
            return
        shade = AMBIENT + (1.12 - AMBIENT) * np.maximum(normals @ light, 0)
        fine, tints = np.int32(np.round(uv * 16)), np.minimum(self.tints * shade[:, None], 255).tolist()
        for k in np.flatnonzero(seen):
            if self.kind == "box" and (high - low).min() > 9:
                lay(view.picture, self.skin, uv[self.faces[k]], fine[self.faces[k]], float(shade[k]))
            else:
                cv2.fillPoly(view.picture, [fine[self.faces[k]]], tints[k], cv2.LINE_AA, 4)


def lay(picture, skin, corner, fine, shade):
    """Draws a skin over a quadrilateral, in place; its corners as pixels (4, 2) float32 and as sixteenths of them, int32."""
    (a, b), (c, d) = corner.min(0).tolist(), corner.max(0).tolist()
    x0, y0, x1, y1 = max(0, int(a)), max(0, int(b)), min(SIZE, int(c) + 2), min(SIZE, int(d) + 2)
    if x1 - x0 < 1 or y1 - y0 < 1 or min(c - a, d - b) < 1:
        return
    patch = cv2.warpPerspective(skin, cv2.getPerspectiveTransform(EDGE, corner - np.float32((x0, y0))), (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros(patch.shape[:2], np.uint8)
    cv2.fillPoly(mask, [fine - np.int32((16 * x0, 16 * y0))], 255, cv2.LINE_8, 4)
    cv2.copyTo(cv2.convertScaleAbs(patch, alpha=shade), mask, picture[y0:y1, x0:x1])


def order(halves, corners, places, turns, eye):
    """Indices of boxes from far to near: where a face's plane parts two of them, the one on the eye's side comes later; else the nearer."""
    n, slack = len(places), 0.006
    own = np.einsum("abci,aij->abcj", corners[None] - places[:, None, None], turns)  # corners of b seen from a
    over, under = own.min(2) > halves[:, None] - slack, own.max(2) < slack - halves[:, None]
    seen = np.einsum("ai,aij->aj", eye - places, turns)
    outside = seen[:, None] > halves[:, None], seen[:, None] < -halves[:, None]
    front = ((over & outside[0]) | (under & outside[1])).any(2)  # b stands before a
    behind = ((over & ~outside[0]) | (under & ~outside[1])).any(2) & ~front
    later = front | behind.T
    np.fill_diagonal(later, False)
    later &= ~(later & later.T)
    far, left, row = -((places - eye) ** 2).sum(1), list(range(n)), []
    left.sort(key=lambda k: far[k])
    while left:
        pick = next((k for k in left if not later[left, k].any()), left[0])
        left.remove(pick)
        row.append(pick)
    return row


def shadow(view, matrix, outlines, depth, within=None):
    """Darkens where the outlines (m, 3) fall, only `within` a polygon (places of the scene) if given."""
    hulls = []
    for points in outlines:
        uv, w = project(matrix, points)
        uv = pixels(view, uv)
        if w.min() > 4 * NEAR and np.abs(uv).max() < 1500 and uv.max(0).min() > 0 and uv.min(0).max() < SIZE:
            hulls.append(np.int32(cv2.convexHull(np.float32(uv)) * 16))
    if not hulls:
        return
    mask, level = np.zeros((SIZE, SIZE), np.uint8), int(255 * depth)
    for hull in hulls:
        cv2.fillConvexPoly(mask, hull, level, cv2.LINE_AA, 4)
    if within is not None:
        inside = np.zeros_like(mask)
        cv2.fillConvexPoly(inside, np.int32(pixels(view, within) * 16), 255, cv2.LINE_8, 4)
        mask &= inside
    x, y, w, h = cv2.boundingRect(mask)
    if w:
        part = view.picture[y : y + h, x : x + w]
        cv2.multiply(part, cv2.cvtColor(255 - cv2.blur(mask[y : y + h, x : x + w], (3, 3)), cv2.COLOR_GRAY2RGB), dst=part, scale=1 / 255)


class Ground:
    """The floor to the horizon, where it fades."""

    def __init__(self, rng, split):
        tile = cv2.GaussianBlur(texture(rng, split, 128, 128), (0, 0), rng.uniform(0.5, 2))
        tile = cv2.addWeighted(tile, (bold := rng.uniform(0.25, 0.9)), np.full_like(tile, tile.reshape(-1, 3).mean(0).astype(np.uint8)), 1 - bold, 0)
        self.tile = np.concatenate([np.concatenate([tile, tile[:, ::-1]], 1), np.concatenate([tile, tile[:, ::-1]], 1)[::-1]])  # without a seam
        self.scale, self.mean = rng.uniform(25, 70), np.float32(self.tile.reshape(-1, 3).mean(0))  # pixels of the tile a metre
        self.reach, self.drawn = rng.uniform(4, 9), None

    def draw(self, view, matrix):
        flat = np.array([[view.zoom, 0, 64 - (64 + view.cx) * view.zoom], [0, view.zoom, 64 - (64 + view.cy) * view.zoom], [0, 0, 1]]) @ matrix[:, [0, 1, 3]]
        if self.drawn is None or not np.array_equal(flat, self.drawn[0]):  # a camera that stands still sees the same again
            self.drawn = flat, *self.seen(flat @ np.diag([1 / self.scale, 1 / self.scale, 1]))
        view.picture[self.drawn[1] :] = self.drawn[2]

    def seen(self, flat):
        """-> the uppermost row of the floor, and the picture from there on."""
        back = np.linalg.inv(flat)
        near = back[2, 1] * np.arange(SIZE) + back[2, 2]  # 1 / depth; the camera never leans sideways
        rows = np.flatnonzero(near > 1e-3)
        if not len(rows):
            return SIZE, np.empty((0, SIZE, 3), np.uint8)
        top = int(rows[0])
        out = cv2.warpPerspective(self.tile, np.array([[1, 0, 0], [0, 1, -top], [0, 0, 1]]) @ flat, (SIZE, SIZE - top), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        clear = np.float32(np.clip(near[top:] * self.reach * 1.3 - 0.3, 0, 1))[:, None, None]
        k = int(np.searchsorted(clear[:, 0, 0], 1.0))
        out[:k] = out[:k] * clear[:k] + self.mean * (1 - clear[:k])
        return top, out
