"""Boxes and balls of materials that are dropped, thrown, pushed or rained on pegs: pymunk moves them, and contacts sound by their impulse."""
import cv2
import numpy as np
import pymunk

from foleylab.data import sound
from foleylab.data.games.tiles import Score, Style, blit, borrowed
from foleylab.data.pictures import SIZE, colour, material_sprite
from foleylab.data.sound import CURVE_RATE, MATERIALS

BODY, STILL, PUSHER = 1, 2, 3
BOUNCE = {"rubber": 0.75, "wood": 0.35, "metal": 0.4, "glass": 0.45, "stone": 0.25, "plastic": 0.5}
WEIGHT = {"rubber": 1.0, "wood": 0.7, "metal": 3.0, "glass": 1.5, "stone": 2.4, "plastic": 0.5}
TURNS = 64  # a body is kept drawn in this many directions
QUIET_PX_S = 16.0


class Piece:
    """A box, plank or ball: its body, its voice, and its drawings."""

    def __init__(self, rng, space, kind, at, size, material, band):
        self.material, self.size, self.kind = material, size, kind
        half = (size, size) if kind != "plank" else (size * 2, max(2.5, size * 0.45))
        mass = WEIGHT[material] * size * size / 50
        moment = pymunk.moment_for_circle(mass, 0, size) if kind == "ball" else pymunk.moment_for_box(mass, (2 * half[0], 2 * half[1]))
        self.body = pymunk.Body(mass, moment)
        self.body.position = at
        self.shape = pymunk.Circle(self.body, size) if kind == "ball" else pymunk.Poly.create_box(self.body, (2 * half[0] - 1, 2 * half[1] - 1), radius=0.5)
        self.shape.collision_type, self.shape.friction, self.shape.elasticity = BODY, rng.uniform(0.3, 0.8), BOUNCE[material]
        space.add(self.body, self.shape)
        self.voice = sound.ModalVoice(material, size / 9 * (1.3 if kind == "plank" else 1), rng)
        rgb, alpha = material_sprite(rng, material, int(2 * half[0]) + 1, kind == "ball")
        if kind == "plank":
            rgb, alpha = (np.ascontiguousarray(part[: int(2 * half[1]) + 1]) for part in (rgb, np.ones_like(alpha)))
        elif kind == "box":
            alpha = np.ones_like(alpha)
        if kind == "ball" and rng.random() < 0.7:  # a band shows that it turns
            rgb[:, rgb.shape[1] // 2 - 1 : rgb.shape[1] // 2 + 2] = band
        self.rgb, self.alpha, self.turned, self.waves = rgb, alpha, {}, {}

    def play(self, strength, rng):
        """The sound of a hit; hits of nearly one strength share a wave, as making one costs milliseconds."""
        key = max(1, int(round(strength * 3)))
        if key not in self.waves:
            self.waves[key] = self.voice.play(key / 3, rng)
        return self.waves[key] * (strength * 3 / key)

    def sprite(self, angle):
        """The drawing turned by `angle` (radians)."""
        key = int(round(angle / (2 * np.pi) * TURNS)) % TURNS
        if key not in self.turned:
            h, w = self.alpha.shape
            side = int(np.hypot(h, w)) + 2
            matrix = cv2.getRotationMatrix2D((w / 2 - 0.5, h / 2 - 0.5), -360 * key / TURNS, 1)
            matrix[:, 2] += (side - w) / 2, (side - h) / 2
            cover = cv2.warpAffine(self.alpha, matrix, (side, side))
            self.turned[key] = cv2.warpAffine(self.rgb, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), np.where(cover > 0.35, 255, 0).astype(np.uint8)
        return self.turned[key]


class Crates:
    """`contacts` are (seconds, body, body, speed, x, y), `happenings` those that sound: (seconds, name, strength 0..1, x, y)."""

    def __init__(self, scene, rng):
        self.style, self.n = Style(rng, scene.split), int(scene.duration_s * CURVE_RATE) + 1
        self.kind = str(rng.choice(["drop", "throw", "push", "rain"]))
        self.space = space = pymunk.Space()
        space.gravity, space.sleep_time_threshold = (0, rng.uniform(250, 700)), 0.3
        self.floor = rng.uniform(96, 120)
        self.still, self.pegs, self.pieces, self.contacts = [], [], [], []
        self.common = str(rng.choice(MATERIALS)) if rng.random() < 0.4 else None
        self.wall(-30, self.floor, 160, self.floor + 60)
        if rng.random() < 0.6 or self.kind == "push":
            self.wall(-30, -60, rng.uniform(1, 5), 200)
            self.wall(SIZE - rng.uniform(1, 5), -60, 160, 200)
        self.pusher, self.pusher_path, self.hand = None, np.full((self.n, 2), -99.0, np.float32), np.full((self.n, 2), -99.0, np.float32)
        self.speed = np.zeros(self.n)
        self.last = {}
        self.plans = []  # (from step, release step, piece, from, to, velocity) of what a hand brings
        getattr(self, self.kind)(rng)
        space.on_collision(BODY, STILL, post_solve=self.touch)
        space.on_collision(BODY, BODY, post_solve=self.touch)
        space.on_collision(BODY, PUSHER, post_solve=self.touch)
        self.play()
        self.sound(scene, rng)
        self.paint(rng, scene)

    # what stands and what happens

    def wall(self, x0, y0, x1, y1):
        shape = pymunk.Poly(self.space.static_body, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        shape.collision_type, shape.friction, shape.elasticity = STILL, 0.6, 0.7
        self.space.add(shape)
        self.still.append([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

    def ramp(self, a, b):
        shape = pymunk.Segment(self.space.static_body, a, b, 2.0)
        shape.collision_type, shape.friction, shape.elasticity = STILL, 0.4, 0.7
        self.space.add(shape)
        self.pegs.append((a, b))

    def piece(self, rng, kind, at, size=None):
        material = self.common or str(rng.choice(MATERIALS))
        one = Piece(rng, self.space, kind, at, size or rng.uniform(4.5, 11), material, self.style.bright())
        self.pieces.append(one)
        return one

    def frame_step(self, t):
        return int(np.ceil(t * 30)) * (CURVE_RATE // 30)

    def drop(self, rng):
        """A claw carries things along the top and lets them go."""
        for _ in range(rng.integers(0, 3)):
            x, y = rng.uniform(25, 103), rng.uniform(50, 85)
            self.ramp((x - rng.uniform(8, 22), y + rng.uniform(-8, 8)), (x + rng.uniform(8, 22), y + rng.uniform(-8, 8)))
        t, x = rng.uniform(0.0, 0.4), rng.uniform(25, 103)
        while t < self.n / CURVE_RATE - 0.2 and len(self.pieces) < 10:
            size, to = rng.uniform(4.5, 11), rng.uniform(18, 110)
            travel = rng.uniform(0.2, 0.7)
            one = self.piece(rng, str(rng.choice(["box", "ball", "plank"], p=[0.45, 0.45, 0.1])), (-200, 0), size)
            self.plans.append((self.frame_step(t), self.frame_step(t + travel), one, (x, 12.0), (to, 12.0), (rng.normal(0, 20), 0)))
            x, t = to, t + travel + rng.uniform(0.15, 0.7)

    def throw(self, rng):
        """Balls are thrown at a pile."""
        x, size = rng.uniform(70, 95), rng.uniform(5, 8)
        y, wide = self.floor - size, int(rng.integers(1, 4))
        for level in range(int(rng.integers(2, 6))):
            for k in range(wide):
                self.piece(rng, "box", (x + (k - wide / 2) * 2.1 * size, y - level * 2 * size), size)
        t = rng.uniform(0.2, 0.8)
        while t < self.n / CURVE_RATE - 0.3 and len(self.pieces) < 22:
            one = self.piece(rng, "ball", (-200, 0), rng.uniform(5, 9))
            flight, aim = rng.uniform(0.3, 0.6), (x + rng.uniform(-10, 6), self.floor - rng.uniform(5, 50))
            start = np.array([12.0, self.floor - rng.uniform(20, 50)])
            v = ((aim[0] - start[0]) / flight, (aim[1] - start[1]) / flight - 0.5 * self.space.gravity[1] * flight)
            self.plans.append((self.frame_step(t - 0.3), self.frame_step(t), one, (start[0] - 4, start[1] + 3), tuple(start), v))
            t += rng.uniform(0.6, 1.5)

    def push(self, rng):
        """A bar pushes things along, over an edge or against a wall."""
        self.body = pymunk.Body(body_type=pymunk.Body.KINEMATIC)
        tall, y = rng.uniform(14, 26), self.floor
        if rng.random() < 0.5:
            edge, y = rng.uniform(60, 90), self.floor - rng.uniform(20, 40)
            self.wall(-30, y, edge, self.floor + 60)
        self.pusher = (3.5, tall / 2)
        self.body.position = -10, y - tall / 2 - 0.5
        shape = pymunk.Poly.create_box(self.body, (7, tall))
        shape.collision_type, shape.friction, shape.elasticity = PUSHER, 0.3, 0.2
        self.space.add(self.body, shape)
        x = 20.0
        for _ in range(rng.integers(2, 7)):
            one = self.piece(rng, str(rng.choice(["box", "ball"], p=[0.7, 0.3])), (0, 0), rng.uniform(5, 9))
            x += one.size
            one.body.position = x, y - one.size - (0 if rng.random() < 0.6 else rng.uniform(20, 60))
            x += one.size + rng.uniform(0.5, 8)
        knots = np.cumsum(rng.uniform(0.3, 1.1, 12))
        self.strokes = knots, np.where(np.arange(12) % 2, rng.uniform(40, 115, 12), rng.uniform(-8, 25, 12))

    def rain(self, rng):
        """Balls fall through rows of pegs."""
        gap, ys = rng.uniform(17, 26), np.arange(38, self.floor - 16, rng.uniform(16, 24))
        for row, y in enumerate(ys):
            for x in np.arange((row % 2) * gap / 2 + rng.uniform(2, 6), SIZE, gap):
                self.ramp((x, y), (x, y + 0.1))
        t = rng.uniform(0, 0.4)
        while t < self.n / CURVE_RATE - 0.2 and len(self.pieces) < 12:
            x = rng.uniform(20, 108)
            one = self.piece(rng, "ball", (-200, 0), rng.uniform(3.5, 5.5))
            self.plans.append((self.frame_step(t - 0.3), self.frame_step(t), one, (x - 8, 12.0), (x, 12.0), (rng.normal(0, 15), 0)))
            t += rng.uniform(0.25, 1.0)

    def touch(self, arbiter, space, data):
        """A contact of two shapes: new ones sound by the speed that the impulse takes away, lasting ones slide."""
        first = arbiter.is_first_contact
        if not first and self.step % 4:
            return
        a, b = arbiter.bodies
        if not first:
            if b.body_type == pymunk.Body.STATIC:
                self.speed[self.step : self.step + 4] += min(a.velocity.length, 300) * min(1.0, a.mass)
            return
        mass = 1 / ((1 / a.mass) + (1 / b.mass if b.body_type == pymunk.Body.DYNAMIC else 0))
        speed, key = arbiter.total_impulse.length / mass, tuple(sorted((id(a), id(b))))
        if speed < QUIET_PX_S or self.step - self.last.get(key, -99) < 14:
            return
        self.last[key] = self.step
        point = arbiter.contact_point_set.points[0].point_a
        self.contacts.append(((self.step + 0.5) / CURVE_RATE, a, b, speed, point.x, point.y))

    def play(self):
        held = {plan[2]: plan for plan in self.plans}
        self.paths = np.full((self.n // 2 + 1, len(self.pieces), 3), -500, np.float32)  # at 120 Hz
        waiting = list(held)
        for one in waiting:
            self.space.remove(one.body, one.shape)
        for i in range(self.n):
            self.step = i
            for one in list(waiting):
                start, stop, _, a, b, v = held[one]
                if i >= stop:
                    one.body.position, one.body.velocity, one.body.angular_velocity = b, v, v[0] / 15
                    self.space.add(one.body, one.shape)
                    waiting.remove(one)
                elif i >= start:
                    u = (i - start) / max(1, stop - start)
                    u = u * u * (3 - 2 * u)
                    one.body.position = a[0] + (b[0] - a[0]) * u, a[1] + (b[1] - a[1]) * u
                    self.hand[i] = one.body.position[0], one.body.position[1] - one.size
            if self.pusher and i % 8 == 0:
                t, x = i / CURVE_RATE, self.body.position.x
                want = np.interp(t + 1 / 30, *self.strokes)
                self.body.velocity = float(np.clip((want - x) * 30, -110, 110)), 0
            if self.pusher:
                self.pusher_path[i] = self.body.position
            if i % 2 == 0:
                self.paths[i // 2] = [(*one.body.position, one.body.angle) for one in self.pieces]
            self.space.step(1 / CURVE_RATE)

    def sound(self, scene, rng):
        of_body = {one.body: one for one in self.pieces}
        fastest = np.sqrt(2 * self.space.gravity[1] * 70)
        self.happenings, latest = [], {}
        for t, a, b, speed, x, y in self.contacts:
            one = of_body[a] if b not in of_body or rng.random() < 0.5 else of_body[b]
            strength = float(np.clip(speed / fastest, 0, 1.1)) ** 1.1 * (0.6 + 0.4 * min(1, one.size / 9))
            at, before = latest.get(one, (-1.0, 0.0))
            hidden = t - at < 0.03 and strength < 1.5 * before  # one thing does not strike twice in a moment
            if strength > 0.03 and not hidden and t > 0.03 and 0 <= x < SIZE and y < SIZE:
                latest[one] = t, strength
                scene.emit(t, one.play(strength, rng), "impact", one.material, strength, (x, y))
                self.happenings.append((t, "contact", strength, x, y))
        curve = np.convolve(np.clip(self.speed / 260, 0, 1), np.ones(13) / 13, "same")
        curve[curve < 0.03] = 0
        if rng.random() < 0.6 and curve.max() > 0.1:
            material = max((one.material for one in self.pieces), key=[one.material for one in self.pieces].count)
            scene.bed(sound.roll_bed(curve, rng, material) * rng.uniform(0.25, 0.6), "roll", curve, material)

    # what is seen

    def paint(self, rng, scene):
        self.ground = self.style.sky(SIZE, SIZE).copy()
        found = borrowed(rng, scene.split, "background", SIZE, 0.3)
        if found is not None:
            k = int(rng.integers(found[0].shape[1] - SIZE + 1))
            self.ground = found[0][:, k : k + SIZE].copy()
        n = int(rng.integers(8, 20))
        tile = np.tile(self.style.tile(n, str(rng.choice(["plain", "brick", "planks", "speckled", "bevel"]))), (SIZE // n + 1, SIZE // n + 1, 1))[:SIZE, :SIZE]
        mask = np.zeros((SIZE, SIZE), np.uint8)
        for points in self.still:
            cv2.fillPoly(mask, [np.int32(points)], 255)
        cv2.copyTo(np.ascontiguousarray(tile), mask, self.ground)
        c = self.style.rim if rng.random() < 0.5 else self.style.bright()
        for a, b in self.pegs:
            cv2.line(self.ground, (int(a[0] * 16), int(a[1] * 16)), (int(b[0] * 16), int(b[1] * 16)), c, 4, cv2.LINE_AA, 4)
        self.claw, self.score = self.style.bright(), Score(rng, scene.split)
        self.drifts = [(rng.uniform(0, 160), rng.uniform(5, 70), rng.uniform(-15, 15), rng.uniform(3, 8)) for _ in range(rng.integers(0, 3))]
        self.drift, self.claw_kind = colour(rng, scene.split, (120, 255), (0, 120)), rng.integers(3)

    def draw(self, view, t):
        picture, i = view.picture, min(int(t * CURVE_RATE + 1e-6), self.n - 1)
        picture[:] = self.ground
        for x, y, v, r in self.drifts:
            view.circle((x + v * t) % 160 - 16, y, r, self.drift)
        x, y = self.hand[i]
        if x > -50 and self.claw_kind < 2:
            view.line(x, -5 if self.kind != "throw" else y, x, y, self.claw, 2)
            for side in (-1, 1):
                view.line(x, y - 1, x + 5 * side, y + 4, self.claw, 2)
        for one, (x, y, angle) in zip(self.pieces, self.paths[i // 2], strict=True):
            if -30 < x < SIZE + 30 and y < SIZE + 30:
                blit(picture, one.sprite(angle), x, y)
        if self.pusher:
            x, y = self.pusher_path[i]
            view.box(x - 3.5, y - self.pusher[1], x + 3.5, y + self.pusher[1], self.claw)
            view.line(-20, y, x, y, self.claw, 3)
        self.score.draw(picture, t, ())
