"""A side-scroller: a figure led by a small agent runs, jumps, lands, picks up, stomps, bumps and breaks through a generated level.

Bodies move by pymunk at 240 Hz; what sounds is read from its contacts. Foes, clouds, coins and birds move without a sound.
"""
import cv2
import numpy as np
import pymunk
from scipy.signal import lfilter

from foleylab.data import sound
from foleylab.data.games.kit import Kit
from foleylab.data.games.level import Level, far_layer
from foleylab.data.games.tiles import Figure, Score, Style, blit, borrowed, coins, foe, shrunk, squashed
from foleylab.data.pictures import SIZE, hold_camera, on_frame
from foleylab.data.sound import CURVE_RATE

HERO, SOLID, BLOCK, COIN, FOE = 1, 2, 3, 4, 5
STEP_S = 1 / CURVE_RATE
STEPS_PER_FRAME = CURVE_RATE // 30
NAMES = ("step", "jump", "land", "coin", "stomp", "bump", "break", "power", "hurt", "fall")
LEADING = ("jump", "coin", "power", "hurt", "fall")  # these begin with a picture; the others at a contact


class Foe:
    """One that walks to and fro between two ends, or floats up and down."""

    def __init__(self, rng, x, feet, left, right, size):
        self.left, self.right, self.size = left, right, size
        self.floats = rng.random() < 0.2
        self.body = pymunk.Body(body_type=pymunk.Body.KINEMATIC)
        self.body.position = x, feet - size / 2 - (rng.uniform(4, 22) if self.floats else 0)
        self.body.velocity = (-rng.uniform(6, 34) if rng.random() < 0.9 else 0.0), 0
        self.y0, self.phase = self.body.position.y, rng.uniform(0, 6)
        self.shape = pymunk.Poly.create_box(self.body, (size * 0.8, size * 0.8))
        self.shape.collision_type, self.shape.sensor = FOE, True
        self.path, self.gone_s, self.squashed = [], np.inf, False

    def lead(self, t):
        """Once a frame: keeps where it is and turns at its ends."""
        x, y = self.body.position
        v = self.body.velocity.x
        self.path.append((x, y))
        if (x < self.left and v < 0) or (x > self.right and v > 0):
            v = -v
        self.body.velocity = v, 30 * np.cos(3 * t + self.phase) if self.floats else 0


class Platformer:
    """`happenings` are (seconds, name, strength 0..1, x, y in the level)."""

    background = True
    ambient_share = 0.0  # set it to about a third for games with quiet weather

    def __init__(self, scene, rng):
        hold_camera(scene, rng)
        self.n = int(scene.duration_s * CURVE_RATE) + 1
        self.style = style = Style(rng, scene.split)
        self.speed, self.tall = rng.uniform(45, 110), rng.uniform(14, 26)
        leap, air = rng.uniform(26, 50), rng.uniform(0.45, 0.85)  # pixels up, seconds of flight
        self.gravity, self.kick = 8 * leap / air**2, 4 * leap / air
        self.level = Level(rng, style, self.speed * scene.duration_s + 240, self.tall, leap, self.speed * air)
        self.figure = Figure(style, self.tall)
        self.kit = Kit(rng, NAMES)
        self.boldness, self.skill, self.rests = rng.uniform(0.02, 0.06), rng.uniform(0.8, 1.0), rng.uniform(0, 0.025)
        self.steps_sound, self.land_sounds = rng.random() < 0.55, rng.random() < 0.85
        self.happenings = []
        self.build(rng)
        self.play(rng)
        self.follow(rng)
        self.dress(rng, scene)
        self.sound(scene, rng)

    # the world

    def build(self, rng):
        self.space = space = pymunk.Space()
        space.gravity = 0, self.gravity
        shapes = [(b, SOLID, None) for b in self.level.boxes()]
        s = self.level.tile / 2
        shapes += [((b.x - s, b.y - s, b.x + s, b.y + s), BLOCK, b) for b in self.level.blocks]
        self.of_shape = {}
        for (x0, y0, x1, y1), kind, item in shapes:
            shape = pymunk.Poly(space.static_body, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
            shape.collision_type, shape.friction = kind, 0
            space.add(shape)
            self.of_shape[shape] = item
        self.coin_size = int(np.clip(self.level.tile * 0.7, 6, 10))
        for thing in self.level.things:
            shape = pymunk.Circle(space.static_body, self.coin_size / 2, (thing.x, thing.y))
            shape.collision_type, shape.sensor = COIN, True
            space.add(shape)
            self.of_shape[shape] = thing
        self.foe_size = int(np.clip(self.tall * rng.uniform(0.6, 0.9), 8, 16))
        self.foes = [Foe(rng, *spot, self.foe_size) for spot in self.level.foes]
        for one in self.foes:
            space.add(one.body, one.shape)
            self.of_shape[one.shape] = one
        self.hero = pymunk.Body(1, float("inf"))
        width = max(5.0, self.figure.w * 0.5)
        shape = pymunk.Poly.create_box(self.hero, (width - 2, self.tall - 2), radius=1)
        shape.collision_type, shape.friction, shape.elasticity = HERO, 0, 0
        self.reach = width / 2
        top = int(np.flatnonzero(self.level.solid[:, 3])[0]) * self.level.tile
        self.hero.position = 3 * self.level.tile, top - self.tall / 2 - (0 if rng.random() < 0.7 else rng.uniform(5, 45))
        space.add(self.hero, shape)
        space.on_collision(HERO, SOLID, post_solve=self.touch)
        space.on_collision(HERO, BLOCK, post_solve=self.touch)
        space.on_collision(HERO, COIN, begin=self.take)
        space.on_collision(HERO, FOE, begin=self.meet)

    def note(self, t, name, strength, x=None, y=None):
        x, y = self.hero.position if x is None else (x, y)
        self.happenings.append((float(t), name, float(strength), float(x), float(y)))

    def touch(self, arbiter, space, data):
        """A contact with the ground, a wall or a block; its impulse (mass 1) is the speed that it takes away."""
        down = arbiter.normal.y
        impulse, vy = arbiter.total_impulse.length, self.before.y
        if down > 0.7 and vy > -1:
            if self.step - self.ground > 12 and vy > 20:
                overlap = min(p.distance for p in arbiter.contact_point_set.points)
                x, y = self.hero.position
                self.note(self.now - np.clip(-overlap / vy, 0, STEP_S), "land", np.clip(max(impulse, vy) / (1.3 * self.kick), 0.15, 1), x, y + self.tall / 2)
            self.ground = self.step
        elif down < -0.7 and vy < -25:
            block = self.of_shape[arbiter.shapes[1]]
            if block is None or block.broken_s < self.now:
                return
            self.queue.append((block, arbiter.shapes[1], abs(vy) / self.kick))

    def hit(self, block, shape, strength):
        """After the step: the block that was hit from below hops, gives its prize or breaks."""
        t = self.now
        if block.kind == "brick":
            block.broken_s = t
            self.space.remove(shape)
            self.note(t, "break", np.clip(0.5 + strength / 2, 0, 1), block.x, block.y)
        else:
            fresh = block.kind == "prize" and not block.bumps
            block.bumps += (t,)
            self.note(t, "bump", np.clip(0.4 + strength / 2, 0, 1), block.x, block.y)
            if fresh:
                self.note(on_frame(t + 0.03), "coin", 0.8, block.x, block.y - self.level.tile)

    def take(self, arbiter, space, data):
        thing = self.of_shape[arbiter.shapes[1]]
        if thing.taken_s == np.inf and self.lost_s is None:
            thing.taken_s = on_frame(self.now)
            self.note(thing.taken_s, "power" if thing.power else "coin", 0.8, thing.x, thing.y)
            if thing.power:
                self.power_s = thing.taken_s

    def meet(self, arbiter, space, data):
        one = self.of_shape[arbiter.shapes[1]]
        x, y = self.hero.position
        if one.gone_s < np.inf or self.lost_s is not None:
            return
        if self.before.y > 15 and y + self.tall / 2 < one.body.position.y + 3:
            one.gone_s, one.squashed = self.now, True
            self.note(self.now, "stomp", 0.9, *one.body.position)
            self.bounce = True
        elif self.now > self.safe_s:
            self.hurts.append(on_frame(self.now))
            self.note(self.hurts[-1], "hurt", 0.9)
            self.safe_s, self.stunned_s = self.now + 1.2, self.now + 0.35
            self.thrown = -np.sign(one.body.position.x - x) or -1.0

    # the agent

    def play(self, rng):
        n = self.n
        self.path = np.zeros((n, 2), np.float32)
        self.pose, self.left, self.phase = np.zeros(n, np.uint8), np.zeros(n, bool), np.zeros(n, np.float32)
        self.ground, self.before, self.now, self.queue = -99, self.hero.velocity, 0.0, []
        self.bounce, self.thrown, self.safe_s, self.stunned_s, self.hurts = False, 0.0, -1.0, -1.0, []
        self.lost_s, self.power_s, self.want, self.rest_until, self.target, self.cut_s = None, -9.0, self.speed, -1.0, None, np.inf
        self.home, self.stuck, self.respawns = tuple(self.hero.position), 0, []
        self.hero.velocity = (self.speed if rng.random() < 0.7 else 0, 0)
        cycle, stride = rng.random(), max(1.5 * self.tall, self.speed / 3.2)
        for i in range(n):
            self.step, t = i, i * STEP_S
            if i % STEPS_PER_FRAME == 0:
                for one in self.foes:
                    one.lead(t)
                self.decide(t, rng)
            vx, vy = self.hero.velocity
            x, y = self.hero.position
            grounded = i - self.ground <= 3
            if t > self.stunned_s:
                most = self.speed * (10 if grounded else 5) * STEP_S
                vx += min(max(self.want - vx, -most), most)
            if t > self.cut_s and vy < 0:
                vy, self.cut_s = vy * 0.45, np.inf
            self.before = pymunk.Vec2d(vx, min(vy, 420))
            self.hero.velocity = self.before
            if grounded and abs(vx) > 8:
                was, cycle = cycle, cycle + abs(vx) * STEP_S / stride
                if int(2 * cycle) > int(2 * was):
                    self.note(t, "step", 0.5 + 0.3 * abs(vx) / self.speed, x, y + self.tall / 2)
            self.path[i], self.phase[i] = (x, y), cycle % 1
            self.left[i] = vx < -2 or (abs(vx) <= 2 and i > 0 and self.left[i - 1])
            self.pose[i] = 4 if t < self.stunned_s else (1 if abs(vx) > 8 else 0) if grounded else 2 if vy < 0 else 3
            self.now = t + STEP_S
            self.space.step(STEP_S)
            self.settle()

    def settle(self):
        """After a step: what contacts asked for, and falls out of the world."""
        for item in self.queue[:1]:
            self.hit(*item)
        self.queue.clear()
        if self.bounce:
            self.hero.velocity, self.bounce = (self.hero.velocity.x, -0.6 * self.kick), False
        if self.thrown:
            self.hero.velocity, self.thrown, self.ground = (self.thrown * self.speed * 0.7, -0.5 * self.kick), 0.0, -99
        x, y = self.hero.position
        if self.lost_s is None and y > self.level.height - self.tall * 0.4:
            self.lost_s = on_frame(self.now)
            self.note(self.lost_s, "fall", 0.9, x, self.level.height - 8)
        elif self.lost_s is not None and self.now > self.lost_s + 0.7:
            self.lost_s, self.safe_s = None, self.now + 1.0
            self.hero.position, self.hero.velocity = (self.home[0], self.home[1] - 30), (0, 0)
            self.respawns.append(self.now)

    def jump(self, t, rng, low=False):
        self.hero.velocity = self.hero.velocity.x, -self.kick
        self.ground = -99
        self.note(t, "jump", 0.8)
        self.cut_s = t + rng.uniform(0.06, 0.12) if low else np.inf

    def decide(self, t, rng):
        """Once a frame: where to run, whether to jump."""
        x, y = self.hero.position
        vx, feet = self.hero.velocity.x, y + self.tall / 2
        grounded = self.step - self.ground <= 3
        if self.lost_s is not None or t < self.stunned_s:
            self.want = 0.0
            return
        if not grounded:
            if self.target is not None and self.target.gone_s == np.inf:
                gap = self.target.body.position.x - x
                self.want = np.clip(gap * 8 + self.target.body.velocity.x, -self.speed * 1.3, self.speed * 1.3)
            return
        self.target = None
        if t > self.rest_until:
            self.want = self.speed
            if rng.random() < self.rests:
                self.rest_until = t + rng.uniform(0.2, 0.9)
                self.want = 0.0 if rng.random() < 0.7 else -self.speed * 0.7
        ahead = np.sign(self.want or 1)
        front = x + ahead * self.reach
        if self.level.ground_below(x - 14 * ahead, feet) and self.level.ground_below(x, feet) and self.level.ground_below(x + 14 * ahead, feet):
            self.home = x, y
        look = abs(vx) / 30 * 1.2 + 2
        wall = self.level.at(front + ahead * (look + 2), feet - 3) or any(abs(b.x - front) < look + 6 and abs(b.y - feet + 8) < 8 and b.broken_s > t for b in self.level.blocks)
        edge = not self.level.ground_below(x + ahead * (look - 1), feet - 2)
        self.stuck = self.stuck + 1 if self.want and abs(vx) < 4 else 0
        if self.stuck > 25:
            self.rest_until, self.want, self.stuck = t + 0.5, -self.want, 0
        if (wall or edge) and self.want < 0:
            self.want, self.rest_until = 0.0, max(self.rest_until, t + 0.2)
        elif self.want and (wall or edge) and rng.random() < (self.skill if edge else 0.8):
            self.jump(t, rng)
        elif self.want > 0 and self.meet_ahead(t, x, feet, vx, rng):
            self.jump(t, rng)
        elif self.want and rng.random() < self.boldness * 30 / 12:
            if rng.random() < 0.4 or self.worth(x, y, vx):
                self.jump(t, rng, rng.random() < 0.35)
        elif self.worth(x, y, vx) and rng.random() < 0.5:
            self.jump(t, rng)

    def meet_ahead(self, t, x, feet, vx, rng):
        """Whether to jump now so as to come down on a foe ahead."""
        for one in self.foes:
            ex, ey = one.body.position
            if one.gone_s < np.inf or not 0 < ex - x < 160 or abs(ey + self.foe_size / 2 - feet) > 30:
                continue
            drop = max(0.0, self.kick**2 - 2 * self.gravity * (feet - ey + self.foe_size / 2))
            flight = (self.kick + np.sqrt(drop)) / self.gravity
            meet = (ex - x) - (vx - one.body.velocity.x) * flight
            if abs(meet) < abs(vx) / 30 * 0.8 and rng.random() < self.skill:
                self.target = one
                return True
            if ex - x < self.reach + self.foe_size * 0.8 and rng.random() < 0.15 * self.skill:
                return True
        return False

    def worth(self, x, y, vx):
        """Whether a jump now meets a block or a coin above."""
        head = y - self.tall / 2
        for px, py in [(b.x, b.y + self.level.tile / 2) for b in self.level.blocks if b.broken_s == np.inf and len(b.bumps) < 2] + [(c.x, c.y + 6) for c in self.level.things if c.taken_s == np.inf]:
            rise = head - py
            if 4 < rise < self.kick**2 / (2 * self.gravity) * 0.95:
                at = (self.kick - np.sqrt(self.kick**2 - 2 * self.gravity * rise)) / self.gravity
                if abs(px - x - vx * at) < self.level.tile * 0.35:
                    return True
        return False

    # what is seen and heard

    def follow(self, rng):
        """The left upper corner of the view at 240 Hz, (n, 2): smooth, fixed to the figure, or page by page."""
        x, y = self.path[:, 0].astype(np.float64), self.path[:, 1].astype(np.float64)
        manner = str(rng.choice(["smooth", "fixed", "page"], p=[0.5, 0.3, 0.2]))
        place = rng.uniform(30, 70)
        if manner == "page":
            page, pages = 0, np.empty(self.n)
            for i, u in enumerate(x):
                page += int(u > (page + 1) * 112 - 2) - int(u < page * 112 - 6)
                pages[i] = page
            slide = int(rng.uniform(0.1, 0.5) * CURVE_RATE)
            target = np.convolve(np.pad(pages, (slide, 0), "edge"), np.ones(slide + 1) / (slide + 1), "valid") * 112 - 8
        else:
            target = x - place
        if manner == "smooth":
            a = np.exp(-STEP_S / rng.uniform(0.08, 0.35))
            target = lfilter([1 - a], [1, -a], target, zi=[a * target[0]])[0]
            lead = x - place - target
            target = target + np.clip(lead - 30, 0, None) + np.clip(lead + 30, None, 0)
        a = np.exp(-STEP_S / 0.25)
        up = np.clip(y - 70, 0, self.level.height - SIZE)
        up = lfilter([1 - a], [1, -a], up, zi=[a * up[0]])[0]
        self.corner = np.stack([np.clip(target, 0, self.level.width - SIZE), np.clip(up, 0, self.level.height - SIZE)], 1)

    def dress(self, rng, scene):
        """Sprites, layers behind, weather."""
        style, s = self.style, self.level.tile
        far = self.corner[:, 0].max()
        self.depths = rng.uniform(0, 0.25), rng.uniform(0.35, 0.7)
        self.sky = style.sky(SIZE, int(SIZE + far * self.depths[0]) + 2)
        found = borrowed(rng, scene.split, "background", SIZE, 0.25)
        if found is not None:
            self.sky = cv2.resize(found[0], (self.sky.shape[1], SIZE))
        self.hills = far_layer(rng, style, SIZE, int(SIZE + far * self.depths[1]) + 2, np.float32(self.sky.mean((0, 1)))) if rng.random() < 0.65 else None
        self.clouds = [(rng.uniform(0, 200), rng.uniform(4, 60), rng.uniform(-14, 14), rng.uniform(5, 14)) for _ in range(rng.integers(0, 5))]
        self.cloud = style.bright() if style.kind != "dark" else style.colour()
        self.birds = [(rng.uniform(0, 160), rng.uniform(5, 50), rng.uniform(-40, 40)) for _ in range(rng.integers(0, 3))]
        self.coin = coins(style, self.coin_size)
        own = borrowed(rng, scene.split, "coin", self.coin_size)
        self.coin = self.coin if own is None else [own] * 4
        self.power = style.gem(min(12, s), int(rng.integers(1, 7)), style.bright())
        own = borrowed(rng, scene.split, "enemy", self.foe_size)
        self.foe = foe(style, self.foe_size) if own is None else [own, own]
        mark = style.bright()
        self.block = {"brick": style.block(s), "prize": style.block(s, mark), "hard": style.block(s)}
        self.used = style.block(s)
        self.spark, self.dust = style.bright(), style.colour()
        self.puffs, self.score = rng.random() < 0.6, Score(rng, scene.split)
        self.gains = np.sort([t for t, name, *_ in self.happenings if name in ("coin", "stomp", "break", "power")])
        self.flags = [(int(c) * s, rng.uniform(0, 6)) for c in rng.integers(6, self.level.columns, rng.integers(0, 6))]
        self.weather = None
        if rng.random() < self.ambient_share:
            amount = np.clip(np.interp(np.arange(self.n), np.linspace(0, self.n, 5), rng.uniform(0.1, 0.7, 5)), 0, 1)
            self.weather = str(rng.choice(["wind", "rain"])), amount, rng.uniform(0, SIZE, (40, 2)), style.bright()
            make = {"wind": sound.wind_bed, "rain": sound.rain_bed}[self.weather[0]]
            scene.bed(make(amount, rng) * rng.uniform(0.2, 0.45), self.weather[0], amount)

    def sound(self, scene, rng):
        for t, name, strength, x, y in self.happenings:
            if t >= scene.duration_s or (name == "step" and not self.steps_sound) or (name == "land" and not self.land_sounds):
                continue
            left, top = self.corner[min(int(t * CURVE_RATE), self.n - 1)]
            self.kit.emit(scene, t + (rng.uniform(0, 0.01) if name in LEADING else 0.0), name, strength, (x - left, y - top))

    def draw(self, view, t):
        picture, i = view.picture, min(int(t * CURVE_RATE + 1e-6), self.n - 1)
        left, top = self.corner[i]
        left, top, frame = int(left), int(top), t * 30
        k = int(left * self.depths[0])
        picture[:] = self.sky[:, k : k + SIZE]
        for x, y, v, r in self.clouds:
            x = (x + v * t - left * 0.15) % 200 - 36
            view.circle(x, y, r * 0.7, self.cloud)
            view.circle(x + r, y + 1, r * 0.9, self.cloud)
            view.circle(x + 2 * r, y + 2, r * 0.6, self.cloud)
        if self.hills is not None:
            k = int(left * self.depths[1])
            cv2.copyTo(self.hills[0][:, k : k + SIZE], self.hills[1][:, k : k + SIZE], picture)
        for x, y, v in self.birds:
            x, wing = (x + v * t - left * 0.3) % 160 - 16, 3 * np.sin(t * 14 + y)
            view.line(x - 4, y - wing, x, y, self.dust, 1)
            view.line(x, y, x + 4, y - wing, self.dust, 1)
        cv2.copyTo(self.level.rgb[top : top + SIZE, left : left + SIZE], self.level.mask[top : top + SIZE, left : left + SIZE], picture)
        self.draw_things(view, picture, t, left, top)
        x, y = self.path[i] - (left, top)
        blinking = any(0 <= t - h < 1.2 for h in self.hurts + self.respawns) and int(frame) % 4 < 2
        if not blinking or self.pose[i] == 4:
            sprite = self.figure.pose(("stand", "run", "jump", "fall", "hurt")[self.pose[i]], self.phase[i], self.left[i])
            if 0 <= t - self.power_s < 0.8 and int(frame) % 4 < 2:
                sprite = 255 - sprite[0], sprite[1]
            blit(picture, sprite, x, y + self.tall / 2 - sprite[1].shape[0] / 2 + 1)
        self.draw_effects(view, picture, t, left, top)
        if self.weather:
            self.draw_weather(view, t, i)
        self.score.draw(picture, t, self.gains)

    def draw_things(self, view, picture, t, left, top):
        near = lambda x: -20 < x - left < SIZE + 20
        for x, phase in self.flags:
            if near(x) and self.level.solid[:, x // self.level.tile].any():
                y = int(np.flatnonzero(self.level.solid[:, x // self.level.tile])[0]) * self.level.tile - top
                view.line(x - left, y, x - left, y - 16, self.dust, 1)
                view.polygon([(x - left, y - 16), (x - left + 9, y - 13 + 2 * np.sin(8 * t + phase)), (x - left, y - 10)], self.spark)
        for b in self.level.blocks:
            if near(b.x) and t < b.broken_s:
                hop = max((4.5 * np.sin(np.pi * min((t - s + 0.03) / 0.16, 1)) for s in b.bumps if t >= s), default=0.0)
                blit(picture, self.used if b.bumps and b.kind == "prize" else self.block[b.kind], b.x - left, b.y - top - hop)
        for c in self.level.things:
            if near(c.x) and t < c.taken_s - 1e-6:
                if c.power:
                    blit(picture, self.power, c.x - left, c.y - top + 2 * np.sin(4 * t))
                else:
                    blit(picture, self.coin[int(t * 9) % 4], c.x - left, c.y - top)
        for one in self.foes:
            f = min(t * 30, len(one.path) - 1.001)
            (xa, ya), (xb, yb) = one.path[int(f)], one.path[int(f) + 1]
            x, y = xa + (xb - xa) * (f % 1) - left, ya + (yb - ya) * (f % 1) - top
            if not -20 < x < SIZE + 20:
                continue
            if t < one.gone_s:
                blit(picture, self.foe[int(t * 6) % 2], x, y)
            elif t - one.gone_s < 0.4:
                x, y = one.path[min(int(one.gone_s * 30), len(one.path) - 1)]
                blit(picture, squashed(self.foe[0], 0.35), x - left, y - top + self.foe_size * 0.33)

    def draw_effects(self, view, picture, t, left, top):
        for at, name, strength, x, y in self.happenings:
            u = t - at + 1e-6
            if not 0 <= u < 0.5 or name == "step":
                continue
            x, y = x - left, y - top
            if name in ("coin", "power") and u < 0.3:
                for a in np.linspace(0, 6.28, 5, endpoint=False):
                    view.circle(x + (3 + 30 * u) * np.cos(a), y + (3 + 30 * u) * np.sin(a), 1.6 - 3 * u, self.spark)
                blit(picture, shrunk(self.coin[0], 0.8), x, y - 60 * u)
            elif name == "break":
                for dx, dy in ((-28, -70), (28, -70), (-45, -110), (45, -110)):
                    blit(picture, shrunk(self.block["brick"], 0.45), x + dx * (u + 0.06), y + dy * u + 200 * u * u)
            elif name == "land" and self.puffs and u < 0.2:
                for side in (-1, 1):
                    view.circle(x + side * (4 + 40 * u), y - 1 - 10 * u, 2.4 * (1 - 4 * u) * (0.5 + strength) + 0.6, self.dust)
            elif name == "stomp" and u < 0.2:
                view.circle(x, y, 4 + 50 * u, self.spark, 1)
            elif name == "hurt" and u < 0.25:
                for a in np.linspace(0.3, 6.58, 6, endpoint=False):
                    view.line(x + 6 * np.cos(a), y + 6 * np.sin(a), x + (8 + 50 * u) * np.cos(a), y + (8 + 50 * u) * np.sin(a), self.spark, 1)
            elif name == "fall":
                view.line(x, y, x, y - 14 - 60 * u, self.spark, 2)

    def draw_weather(self, view, t, i):
        kind, amount, drops, c = self.weather
        dx, dy = (160, 25) if kind == "wind" else (-20, 230)
        for x, y in (drops[: int(40 * amount[i])] + (dx * t, dy * t)) % SIZE:
            view.line(x, y, x - dx * 0.04, y - dy * 0.04, c, 1)
