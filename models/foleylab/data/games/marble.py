"""Games of a ball (or barrel, or wheel) that rolls over a tiled course seen in perspective: the rolling follows the speed, walls are bumped into,
coins are taken, the ball hops, lands, and falls through holes."""
import cv2
import numpy as np
import pymunk

from foleylab.data import art, sound
from foleylab.data.games.billboards import dim, glow, item
from foleylab.data.games.raycast import carve, rounded, walk_through
from foleylab.data.pictures import SIZE, colour, hold_camera, on_frame, texture
from foleylab.data.sound import CURVE_RATE, MATERIALS, SAMPLE_RATE

CELL = 20  # pixels of the course's picture a cell
OUT_OF_VIEW = (-999.0, 0.0)


def rolling(speed, rng, material):
    """A rolling sound whose loudness and pitch follow `speed` (0..1 at 240 Hz): a rumble, a higher hiss when fast, a flutter once a turn."""
    n = len(speed) * SAMPLE_RATE // CURVE_RATE
    s = sound.upsample(speed, n)
    noise, k = sound.white(rng, n), rng.uniform(0.7, 1.5)
    low, high = sound.bandpass(noise, 90 * k, 320 * k), sound.bandpass(noise, 700 * k, 2600 * k)
    flutter = 1 + rng.uniform(0, 0.6) * np.sin(2 * np.pi * np.cumsum(s) * rng.uniform(8, 22) / SAMPLE_RATE)
    return ((sound.roll_bed(speed, rng, material) * 0.7 + (low * s + 0.8 * high * s**2) * 0.8) * flutter).astype(np.float32)


class MarbleGame:
    """A course of cells; the ball is steered along it in the plane at 240 Hz, the view follows."""

    def __init__(self, scene, rng):
        hold_camera(scene, rng)
        self.scene, self.n = scene, int(scene.duration_s * CURVE_RATE) + 1
        self.kind = str(rng.choice(["ball", "ball", "ball", "barrel", "wheel"]))
        self.radius, self.material = rng.uniform(0.2, 0.36), str(rng.choice(MATERIALS))
        self.rails = rng.random() < 0.75  # the course ends at a wall; else in nothing
        self.grid = carve(rng)
        self.route = rounded(walk_through(rng, self.grid, 26), 25)
        self.coins, self.holes, self.hops, self.bumps, self.landings, self.falls = [], [], [], [], [], []
        self.roll_along(scene, rng)
        self.look(scene, rng)
        self.sounds(scene, rng)
        self.paint(scene.split, rng)

    # --- motion ---

    def space(self, rng):
        """The walls' faces in the plane and the ball -> (space, body). Where the course ends in nothing the ball glides along, silent."""
        space = pymunk.Space()
        space.damping = rng.uniform(0.35, 0.8)
        for a, b in self.edges()[0]:
            segment = pymunk.Segment(space.static_body, tuple(a), tuple(b), 0.02)
            segment.elasticity, segment.friction = float(self.rails), 0.1
            space.add(segment)
        body = pymunk.Body(1.0, 1.0)
        shape = pymunk.Circle(body, self.radius)
        shape.elasticity = rng.uniform(0.3, 0.85)
        space.add(body, shape)
        return space, body

    def roll_along(self, scene, rng):
        """Steps the ball; keeps its place, height, speed, and what it met."""
        space, body = self.space(rng)
        hits = []

        def struck(arbiter, space, data):
            if arbiter.is_first_contact:
                hits.append(arbiter.total_impulse.length)

        space.on_collision(post_solve=struck)
        n, dt, top = self.n, 1 / CURVE_RATE, rng.uniform(1.6, 4.2)
        pull = np.interp(np.arange(n), np.linspace(0, n, 9), rng.choice([0.0, 0.3, 0.6, 1.0, 1.0, 1.3], 9)) * top * 1.6
        astray = np.interp(np.arange(n), np.linspace(0, n, 12), rng.normal(0, rng.uniform(0.4, 2.2), 12))
        gravity, hop_gap, hole_gap = rng.uniform(7, 14), rng.choice([99.0, rng.uniform(0.8, 2.5)]), rng.choice([99.0, 99.0, rng.uniform(1.2, 3.5)])
        bouncy, hop_speed = rng.uniform(0.1, 0.6), rng.uniform(1.6, 3.6)
        s, z, vz = rng.uniform(0.5, 3), 0.0, 0.0
        body.position = tuple(self.route[int(s * 16)])
        if rng.random() < 0.35:
            z, vz = rng.uniform(0.8, 2.5), 0.0
        next_hop, next_hole, sinking, drop = rng.uniform(0.3, 2.5) if hop_gap < 90 else 99.0, rng.uniform(1.2, 3.5) if hole_gap < 90 else 99.0, 0.0, 0.0
        path = np.empty((n, 4))  # x, y, z, speed on the ground
        for i in range(n):
            t = i * dt
            if sinking > 0:
                drop += 9.0 * dt
                z -= drop * dt
                sinking -= dt
                if sinking <= 0:
                    self.falls[-1] = (self.falls[-1][0], t)
                    body.position, body.velocity, z, vz = tuple(self.route[int(max(0.5, s - 1.5) * 16)]), (0, 0), 1.4, 0.0
                path[i] = *body.position, z, 0.0
                continue
            here = np.array(body.position)
            while s < len(self.route) / 16 - 2 and np.hypot(*(self.route[int(s * 16)] - here)) < 0.9:
                s += 0.1
            way = self.route[min(int(s * 16), len(self.route) - 1)] - here
            way = way / (np.hypot(*way) + 1e-6)
            turn = astray[i]
            force = pull[i] * (way + turn * np.array([-way[1], way[0]]))
            if z <= 0:
                body.force = tuple(force)
            space.step(dt)
            if z <= 0:
                for impulse in hits:
                    if impulse > 0.12:
                        self.bumps.append((t, impulse / top, np.array(body.position)))
            hits.clear()
            if z > 0 or vz > 0:
                vz -= gravity * dt
                z += vz * dt
                if z <= 0:
                    z = 0.0
                    self.landings.append((t, -vz / 6))
                    vz = -vz * bouncy if -vz * bouncy > 0.5 else 0.0
            elif t > next_hop:
                t0 = on_frame(t)
                if abs(t0 - t) < 0.6 * dt:
                    vz, next_hop = hop_speed, t + hop_gap * rng.uniform(0.7, 1.5)
                    self.hops.append(t0)
            elif t > next_hole and all(np.hypot(*(h - here)) > 1.0 for h in self.holes) and body.velocity.length > 0.6:
                ahead = here + np.array(body.velocity) / body.velocity.length * 0.1
                if i < 10 or np.hypot(*(path[: max(1, i - 30), :2] - ahead).T).min() > self.radius * 1.6 + 0.1:
                    self.holes.append(ahead)
                    self.falls.append((t, 99.0))
                    sinking, drop, next_hole = 0.7, 0.3, t + hole_gap
            v = body.velocity.length
            if v > top:
                body.velocity = body.velocity * (top / v)
            path[i] = *body.position, z, v if z <= 0 else 0.0
        self.path, self.top = path, top
        self.curve = np.clip(path[:, 3] / top, 0, 1)
        self.curve[self.curve < 0.03] = 0
        moved = np.diff(path[:, :2], axis=0, prepend=path[:1, :2])
        moved[np.hypot(*moved.T) > 0.2] = 0  # put back after a fall
        self.turned = np.cumsum(np.hypot(*moved.T)) / self.radius
        self.moved = moved

    # --- the view ---

    def look(self, scene, rng):
        """A camera behind and above that follows; its heading is fixed or turns with the way."""
        n, w = self.n, np.hanning(int(rng.uniform(0.15, 0.6) * CURVE_RATE) | 1)
        soft = lambda c: np.convolve(np.pad(c, len(w) // 2, "edge"), w / w.sum(), "valid")
        self.centre = np.stack([soft(self.path[:, 0]), soft(self.path[:, 1])], 1)
        heading = np.full(n, rng.uniform(0, 6.28))
        if rng.random() < 0.6:
            wide = np.hanning(int(rng.uniform(0.6, 1.6) * CURVE_RATE) | 1)
            smoothed = [np.convolve(np.pad(c, len(wide) // 2, "edge"), wide, "valid") for c in self.moved.T]
            heading = np.unwrap(np.arctan2(smoothed[1], smoothed[0] + 1e-9))
            quiet = np.hypot(*smoothed) < 1e-3
            if (~quiet).any():
                heading = np.interp(np.arange(n), np.flatnonzero(~quiet), heading[~quiet])
        self.heading = heading
        self.pitch, self.away = (rng.uniform(0.5, 1.0) if rng.random() < 0.75 else rng.uniform(1.15, 1.5)), rng.uniform(2.6, 5.5)
        self.lens = rng.uniform(0.5, 0.9)
        self.away = max(1.8, min(self.away, SIZE / 2 / self.lens * self.radius / 6.5))  # the ball is at least 13 pixels wide
        self.wobble = rng.uniform(0, 0.12) if rng.random() < 0.4 else 0.0  # the course itself seems to tilt

    def frame(self, t):
        """-> (matrix (3, 4) from places to pixels, place of the eye)."""
        i = min(int(t * CURVE_RATE + 1e-6), self.n - 1)
        a, p = self.heading[i] + self.wobble * np.sin(1.7 * t), self.pitch + self.wobble * np.sin(2.3 * t)
        ahead = np.array([np.cos(a) * np.cos(p), np.sin(a) * np.cos(p), -np.sin(p)])
        right = np.array([-np.sin(a), np.cos(a), 0.0])
        down = np.cross(right, ahead)
        eye = np.array([*self.centre[i], 0.2]) - self.away * ahead
        focal = SIZE / 2 / self.lens
        turn = np.stack([focal * right + SIZE / 2 * ahead, focal * down + SIZE * 0.55 * ahead, ahead])
        return np.column_stack([turn, -turn @ eye]), eye

    def spot(self, matrix, place):
        """A place (x, y, z) -> (column, row, pixels per cell), None behind the eye."""
        u, v, w = matrix @ np.array([*place, 1.0])
        return (u / w, v / w, SIZE / 2 / self.lens / w) if w > 0.2 else None

    def where(self, t):
        """Where the ball is seen at t."""
        i = min(int(t * CURVE_RATE), self.n - 1)
        seen = self.spot(self.frame(t)[0], (*self.path[i, :2], self.path[i, 2] + self.radius))
        return seen[:2] if seen else OUT_OF_VIEW

    # --- sounds ---

    def sounds(self, scene, rng):
        scene.bed(rolling(self.curve, rng, self.material) * rng.uniform(0.5, 1.2), "roll", self.curve, self.material)
        voice, size = sound.ModalVoice(self.material, rng.uniform(0.4, 1.4), rng), rng.uniform(0.7, 1.2)
        voice.decay_s = np.maximum(voice.decay_s * rng.uniform(0.3, 1.0), 0.007)
        last = -1.0
        for t, impulse, _ in self.bumps:
            strength = float(np.clip(impulse * size, 0, 1))
            if t > last + 0.05 and strength > 0.05 and self.rails:
                scene.emit(t, voice.play(strength, rng), "impact", self.material, strength, self.where(t))
                last = t
        for t, speed in self.landings:
            strength = float(np.clip(speed * size * 1.2, 0, 1))
            if strength > 0.05:
                scene.emit(t, voice.play(strength, rng), "impact", self.material, strength, self.where(t))
        jump, slide = sound.ArcadeVoice("jump", rng), sound.ArcadeVoice(str(rng.choice(["laser", "hit"])), rng)
        level, shout, whistle = rng.uniform(0.4, 1.0, 3), rng.random() < 0.7, rng.random() < 0.7
        for t in self.hops if shout else ():
            scene.emit(t + rng.uniform(0, 0.008), jump.play(level[0], rng), "arcade", None, float(level[0]), self.where(t))
        for t, _ in self.falls if whistle else ():
            t = on_frame(t)
            scene.emit(t + rng.uniform(0, 0.008), slide.play(level[1], rng), "arcade", None, float(level[1]), self.where(t))
        self.lay_coins(scene, rng, level[2])

    def lay_coins(self, scene, rng, level):
        """Coins on the ball's way and off it; one that the ball reaches vanishes on the next picture."""
        if rng.random() < 0.25:
            return
        chime = sound.ArcadeVoice("coin", rng) if rng.random() < 0.7 else sound.KeyVoice(rng.uniform(700, 1800), "bell", rng.uniform(0.15, 0.5))
        family = "arcade" if isinstance(chime, sound.ArcadeVoice) else "key"
        places = [self.path[i, :2] for i in range(int(rng.uniform(30, 150)), self.n, int(rng.uniform(60, 200)))]
        places += [p + 0.5 for p in np.argwhere(self.grid == 0)[rng.permutation((self.grid == 0).sum())[:12], ::-1]]
        for place in places:
            near = np.flatnonzero((np.hypot(*(self.path[:, :2] - place).T) < self.radius + 0.1) & (np.abs(self.path[:, 2]) < 0.4))
            if len(near) and near[0] < 24:
                continue
            t = on_frame(near[0] / CURVE_RATE) if len(near) else 99.0
            if all(abs(t - c[1]) > 0.07 or t > 90 for c in self.coins):
                self.coins.append((place, t))
                if t < scene.duration_s:
                    scene.emit(t + rng.uniform(0, 0.008), chime.play(level, rng), family, None, float(level), self.where(t))

    # --- the picture ---

    def paint(self, split, rng):
        """Pictures of the course and the ball; colours of walls, of what lies below."""
        n = len(self.grid)
        kind, (a, b) = rng.integers(4), [colour(rng, split, (60, 255)) for _ in range(2)]
        y, x = np.mgrid[0:n, 0:n]
        tiles = np.uint8(np.where(((x + y) % 2 > 0)[..., None], a, b if kind == 0 else dim(a, rng.uniform(0.6, 0.9))))
        course = cv2.resize(tiles, (n * CELL, n * CELL), interpolation=cv2.INTER_NEAREST)
        if kind >= 2:
            tile = art.sprite(rng, split, "tile") if rng.random() < 0.35 else None
            tile = cv2.resize(tile[0] if tile else texture(rng, split, 64, 64), (CELL * 2, CELL * 2), interpolation=cv2.INTER_AREA)
            course = np.ascontiguousarray(np.tile(tile, (n // 2 + 1, n // 2 + 1, 1))[: n * CELL, : n * CELL])
        elif rng.random() < 0.5:
            for k in range(0, n * CELL, CELL):
                course[k : k + 1], course[:, k : k + 1] = dim(a, 0.5), dim(a, 0.5)
        grain = rng.uniform(0, 0.3) * (texture(rng, split, n * CELL // 2, n * CELL // 2, "fractal").mean(2) / 128 - 1)
        course = np.clip(course * (1 + cv2.resize(grain, (n * CELL, n * CELL))[..., None]), 0, 255).astype(np.uint8)
        for hole in self.holes:
            cv2.circle(course, tuple(int(v * CELL) for v in hole), int((self.radius + 0.1) * CELL), (5, 5, 8), -1, cv2.LINE_AA)
        self.wall = colour(rng, split, (60, 230))
        self.high = rng.uniform(0.15, 0.4) if self.rails else -0.3
        solid = cv2.resize(self.grid, (n * CELL, n * CELL), interpolation=cv2.INTER_NEAREST) > 0
        tops = np.empty_like(course)
        tops[:] = self.wall
        if rng.random() < 0.5:
            tops[:] = np.clip(tops * (texture(rng, split, n * CELL, n * CELL).mean(2, keepdims=True) / 200 + 0.4), 0, 255)
        self.course, self.tops = np.dstack([course, np.uint8(~solid) * 255]), np.dstack([tops, np.uint8(solid) * 255])
        self.faces = self.wall_faces()
        self.deep = texture(rng, split, SIZE, SIZE) if rng.random() < 0.7 else np.full((SIZE, SIZE, 3), colour(rng, split, (0, 120)), np.uint8)
        self.deep = np.dstack([self.deep, np.zeros((SIZE, SIZE), np.uint8)])
        self.drift, self.ambient = rng.uniform(0, 14), rng.uniform(0.5, 1.1)
        self.coin = item(rng, split) if rng.random() < 0.6 else glow((255, 215, 60))
        if rng.random() < 0.35 and (found := art.sprite(rng, split, "coin")):
            self.coin = found
        self.skin, self.colours = int(rng.integers(4)), np.float32([colour(rng, split, (90, 255)) for _ in range(2)])
        self.start = np.linalg.qr(rng.normal(0, 1, (3, 3)))[0]
        turn, self.turns = self.start, []
        for i in range(0, self.n, CURVE_RATE // 30):
            dx, dy = self.moved[max(0, i - CURVE_RATE // 30 + 1) : i + 1].sum(0)
            angle = np.hypot(dx, dy) / self.radius
            if angle > 1e-4:
                turn = cv2.Rodrigues(np.array([-dy, dx, 0.0]) / np.hypot(dx, dy) * angle)[0] @ turn
            self.turns.append(turn)
        self.hud, self.ink = rng.random() < 0.4, colour(rng, split, (160, 255))
        self.axis_turn = np.unwrap(np.arctan2(*self.smooth_moves().T[::-1]))

    def smooth_moves(self):
        w = np.hanning(61)
        return np.stack([np.convolve(np.pad(c, 30, "edge"), w, "valid") for c in self.moved.T], 1) + 1e-6

    def edges(self):
        """Where a free cell (x, y) meets a wall: ends of the edge and the step to the wall, (m, 2, 2) and (m, 2)."""
        walls, ends, steps = self.grid > 0, [], []
        for y, x in np.argwhere(~walls):
            for dx, dy, a, b in ((-1, 0, (x, y), (x, y + 1)), (1, 0, (x + 1, y), (x + 1, y + 1)), (0, -1, (x, y), (x + 1, y)), (0, 1, (x, y + 1), (x + 1, y + 1))):
                if walls[y + dy, x + dx]:
                    ends.append((a, b))
                    steps.append((dx, dy))
        return np.float64(ends), np.float64(steps)

    def wall_faces(self):
        """The upright faces of the walls (or of the course, where it ends in nothing): corners (m, 4, 4), middles, outward normals (m, 2), colours."""
        ends, steps = self.edges()
        corners = np.ones((len(ends), 4, 4))
        corners[:, :, :2], corners[:, :2, 2], corners[:, 2:, 2] = ends[:, [0, 1, 1, 0]], 0, self.high
        tint = [(*dim(self.wall, 0.5 + 0.25 * abs(x)), 0) for x, _ in steps]
        return corners, ends.mean(1), -steps if self.rails else steps, tint

    def draw(self, view, t):
        matrix, eye = self.frame(t)
        picture = np.roll(self.deep, int(self.drift * t), 1)  # with a fourth channel, so that a pixel is one uint32
        i = min(int(t * CURVE_RATE + 1e-6), self.n - 1)
        ball = self.path[i, :3]
        if not self.rails:
            self.draw_faces(picture, matrix, eye)
        self.lay(picture, self.course, matrix, 0.0)
        if self.rails:
            self.draw_faces(picture, matrix, eye)
            self.lay(picture, self.tops, matrix, self.high)
        view.picture[:] = cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB)
        things = [(ball, self.draw_ball, (ball, t, i))]
        for place, taken in self.coins:
            if t + 1e-6 < taken and np.abs(place - ball[:2]).max() < 8:
                things.append((place, self.draw_coin, (place, t)))
            elif 0 <= t - taken + 1e-6 < 0.2:
                things.append((place, self.draw_gleam, (place, t - taken)))
        for _, paint, what in sorted(things, key=lambda e: -((e[0][0] - eye[0]) ** 2 + (e[0][1] - eye[1]) ** 2)):
            paint(view, matrix, *what)
        if self.ambient < 1:
            view.picture[:] = cv2.convertScaleAbs(view.picture, alpha=self.ambient)
        if self.hud:
            count = sum(t + 1e-6 >= c for _, c in self.coins)
            cv2.putText(view.picture, f"{count * 10}", (4, 13), cv2.FONT_HERSHEY_PLAIN, 0.9, self.ink, 1)
            cv2.putText(view.picture, f"{t * 1.0 + 12:.0f}", (104, 13), cv2.FONT_HERSHEY_PLAIN, 0.9, self.ink, 1)

    def lay(self, picture, sheet, matrix, z):
        """Draws a picture of the course (RGB and cover) that lies flat at the height z."""
        flat = np.column_stack([matrix[:, :2] / CELL, matrix[:, 2] * z + matrix[:, 3]])
        seen = cv2.warpPerspective(sheet, flat, (SIZE, SIZE), flags=cv2.INTER_LINEAR)
        back = np.linalg.inv(flat)
        on = seen[..., 3] > 127
        on[back[2, 1] * np.arange(SIZE) + back[2, 2] <= 0] = False  # above the horizon; the view never leans sideways
        np.copyto(picture.view(np.uint32)[..., 0], seen.view(np.uint32)[..., 0], where=on)

    def draw_faces(self, picture, matrix, eye):
        corners, middles, normals, tint = self.faces
        gap = eye[:2] - middles
        far = (gap**2).sum(1)
        near = np.flatnonzero(((gap * normals).sum(1) > 0) & (far < 90))
        uvw = corners[near] @ matrix.T  # (k, 4, 3)
        uv = uvw[..., :2] / np.maximum(uvw[..., 2:], 1e-6)
        on = (uvw[..., 2].min(1) > 0.3) & (uv.max(1) > 0).all(1) & (uv.min(1) < SIZE).all(1) & (np.abs(uv).max((1, 2)) < 2000)
        for k in sorted(np.flatnonzero(on), key=lambda k: -far[near[k]]):
            cv2.fillPoly(picture, [np.int32(uv[k] * 16)], tint[near[k]], cv2.LINE_8, 4)

    def draw_coin(self, view, matrix, place, t):
        seen = self.spot(matrix, (*place, 0.25 + 0.05 * np.sin(5 * t + place[0])))
        if seen:
            view.sprite(self.coin, seen[0], seen[1], 0.0, seen[2] * 0.65 / len(self.coin[0]))

    def draw_gleam(self, view, matrix, place, since):
        seen = self.spot(matrix, (*place, 0.4 + 2 * since))
        if seen:
            for k in range(5):
                a = k * 1.257 + 3 * since
                view.circle(seen[0] + 40 * (0.05 + since) * np.cos(a) * 2, seen[1] + 40 * (0.05 + since) * np.sin(a) * 2, 2.2, (255, 245, 170))

    def draw_ball(self, view, matrix, ball, t, i):
        x, y, z = ball
        seen, ground = self.spot(matrix, (x, y, z + self.radius)), self.spot(matrix, (x, y, 0.0))
        if seen is None or z < -2.5:
            return
        r = self.radius * seen[2]
        if z >= 0 and ground:
            squash = max(0.25, np.sin(self.pitch))
            angle = np.linspace(0, 6.28, 18)
            view.polygon(np.column_stack([ground[0] + r * 0.95 * np.cos(angle), ground[1] + r * 0.95 * squash * np.sin(angle)]), (18, 18, 20))
        shrink = 1.0 if z >= 0 else max(0.15, 1 + z * 0.35)
        if self.kind == "ball":
            self.draw_sphere(view, seen, r * shrink, t, i, 1.0 if z >= 0 else max(0.25, 1 + z * 0.4))
        else:
            self.draw_drum(view, matrix, ball, i)

    def draw_sphere(self, view, seen, r, t, i, light):
        """A ball with a pattern that turns as it rolls."""
        m = 24
        v, u = (np.mgrid[0:m, 0:m].astype(np.float32) + 0.5) / m * 2 - 1
        d = u * u + v * v
        w = np.sqrt(np.clip(1 - d, 0, 1))
        a, p = self.heading[i], self.pitch
        right, ahead = np.array([-np.sin(a), np.cos(a), 0]), np.array([np.cos(a) * np.cos(p), np.sin(a) * np.cos(p), -np.sin(p)])
        down = np.cross(right, ahead)
        normal = np.stack([u, v, w], -1) @ np.float32(np.stack([right, down, -ahead]))
        own = normal @ np.float32(self.turns[min(int(t * 30 + 1e-6), len(self.turns) - 1)])
        if self.skin == 0:
            mask = np.sign(own[..., 0] * own[..., 1] * own[..., 2]) > 0
        elif self.skin == 1:
            mask = np.abs(own[..., 0]) < 0.35
        elif self.skin == 2:
            mask = np.sin(6 * np.arctan2(own[..., 1], own[..., 0])) > 0
        else:
            mask = (np.sin(7 * own[..., 0]) * np.sin(7 * own[..., 1]) * np.sin(7 * own[..., 2] + 1)) > 0.15
        shade = (0.45 + 0.55 * np.clip(w * 0.6 - u * 0.3 - v * 0.6, 0, 1)) * light
        rgb = np.where(mask[..., None], self.colours[0], self.colours[1]) * shade[..., None] + 150 * light * np.exp(-((u + 0.35) ** 2 + (v + 0.45) ** 2) * 18)[..., None]
        view.sprite((np.clip(rgb, 0, 255).astype(np.uint8), np.clip((1 - np.sqrt(d)) * m / 2, 0, 1).astype(np.float32)), seen[0], seen[1], 0.0, 2 * r / m)

    def draw_drum(self, view, matrix, ball, i):
        """A barrel or a wheel that lies across its way; bars on its mantle turn with it."""
        x, y, z = ball
        a, wide = self.axis_turn[i], (0.45 if self.kind == "barrel" else 0.14)
        axle, way = np.array([-np.sin(a), np.cos(a), 0.0]), np.array([np.cos(a), np.sin(a), 0.0])
        up, angle = np.array([0.0, 0.0, 1.0]), np.linspace(0, 2 * np.pi, 19)
        ring = self.radius * (np.cos(angle)[:, None] * way + np.sin(angle)[:, None] * up) + np.array([x, y, z + self.radius])
        flat = lambda p: (lambda h: h[:, :2] / h[:, 2:])(np.column_stack([p, np.ones(len(p))]) @ matrix.T)
        ends = [flat(ring + s * wide * axle) for s in (-1, 1)]
        body, trim = (tuple(int(v) for v in c) for c in self.colours)
        view.polygon(cv2.convexHull(np.float32(np.concatenate(ends)))[:, 0], dim(body, 0.85))
        sight = matrix[2, :3]
        for k in range(7):
            b = k * 2 * np.pi / 7 - self.turned[i]
            out = np.cos(b) * way + np.sin(b) * up
            if out @ sight < -0.05:
                centre = np.array([x, y, z + self.radius]) + self.radius * out
                p, q = flat(np.stack([centre - wide * axle, centre + wide * axle]))
                view.line(*p, *q, trim, 2 if self.kind == "barrel" else 3)
        side = ends[1] if axle @ sight < 0 else ends[0]
        view.polygon(side, dim(body, 0.6))
        for k in range(5):
            b = k * 1.2566 - self.turned[i]
            s = 1 if axle @ sight < 0 else -1
            rim = np.array([x, y, z + self.radius]) + s * wide * axle
            p, q = flat(np.stack([rim, rim + 0.85 * self.radius * (np.cos(b) * way + np.sin(b) * up)]))
            view.line(*p, *q, trim, 1)
