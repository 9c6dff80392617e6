"""Shooters seen from above: a ship before scrolling ground, ranks of invaders, an arena with cover, rocks in space."""
import numpy as np
import pymunk

from foleylab.data import sound
from foleylab.data.games.arcade_look import make_sprite
from foleylab.data.games.battle import Battle, Thing, heading
from foleylab.data.games.reel import FRAME_RATE, Takes
from foleylab.data.pictures import SIZE

MODES = ("scroller", "scroller", "scroller", "invaders", "arena", "arena", "rocks")


class TopDownShooter(Battle):
    """Steered by an agent; one of MODES."""

    axis, ahead = 0, 0.0

    def __init__(self, scene, rng):
        self.mode = str(rng.choice(MODES))
        super().__init__(scene, rng)

    def arm_kinds(self):
        return {"invaders": ("single", "single", "rapid", "beam"), "rocks": ("single", "rapid", "rapid", "heavy")}.get(self.mode, super().arm_kinds())

    def foe_shapes(self):
        if self.mode == "rocks":
            return ("rock",)
        if self.mode == "arena":
            return ("tank", "trooper", "blob", "invader") if self.soldier else ("dart", "invader", "saucer", "box", "blob")
        return ("invader", "invader", "blob", "saucer") if self.mode == "invaders" else ("dart", "dart", "invader", "saucer", "box", "tank")

    @property
    def soldier(self):
        return self.world.kind in ("land", "city", "texture", "plain")

    def setup(self):
        super().setup()
        rng, p = self.rng, self.player
        p.r = rng.uniform(5, 9)
        p.x, p.y = rng.uniform(30, 98), rng.uniform(96, 112)
        self.along_range, self.along = (p.y - 14, min(p.y + 6, 116)), p.y
        shape = "dart"
        if self.mode in ("arena", "rocks"):
            self.pace, p.x, p.y = 0.0, rng.uniform(40, 88), rng.uniform(40, 88)
            shape = str(rng.choice(["tank", "trooper"])) if self.mode == "arena" and self.soldier else "dart"
        if self.mode == "invaders":
            self.pace, self.frail = self.pace * 0.2, self.frail
            self.rank()
        p.sprite = make_sprite(rng, self.look, shape, 2 * p.r + 3)
        self.shape, self.drives = shape, rng.random() < (0.8 if shape == "tank" else 0.35)
        self.flames = shape == "dart" and (self.drives or rng.random() < 0.5)
        self.cover = []
        if self.mode == "arena" and rng.random() < 0.75:
            self.build()
        if self.mode == "rocks":
            self.throw_rocks()
        if self.mode == "scroller" and rng.random() < 0.25:
            boss = Thing(**{**vars(self.foe_kinds[-1]), "r": rng.uniform(17, 23), "hp": rng.uniform(15, 45), "pattern": "hover", "speed": 0.9, "spins": False})
            boss.sprite = make_sprite(rng, self.look, str(rng.choice(["dart", "invader", "saucer", "tank"])), 2 * boss.r + 3)
            self.add_foe(boss, 64, -20, 0, 0.9).stop = 28

    # -- ranks that march ----------------------------------------------------------------------------------------------

    def rank(self):
        rng = self.rng
        columns, rows = int(rng.integers(4, 8)), int(rng.integers(2, 5))
        self.march, self.beat, self.march_x = rng.uniform(2, 4), int(rng.integers(5, 16)), 0.0
        kinds = [Thing(**{**vars(k), "r": min(k.r, 6.0), "hp": 1, "pattern": "march", "spins": False}) for k in (self.foe_kind(0), self.foe_kind(0))]
        gap = min(16.0, 104 / columns)
        for row in range(rows):
            for column in range(columns):
                kind = kinds[row % 2]
                foe = self.add_foe(kind, 64 + (column - (columns - 1) / 2) * gap, 18 + row * 13, 0, 0)
                foe.next_shot *= columns * rows / 6

    def move_foe(self, foe, f):
        if foe.pattern == "march":
            return
        if self.mode == "arena":
            self.push_out(foe)
        super().move_foe(foe, f)

    def foe_fires(self, foe, f):
        super().foe_fires(foe, f)
        if foe.pattern == "march":
            foe.next_shot = f + (foe.next_shot - f) * len(self.foes) / 6

    def waves(self, f):
        if self.mode == "rocks":
            return
        if self.mode == "invaders":
            ranks = [e for e in self.foes if e.pattern == "march"]
            if ranks and f % max(2, self.beat * len(ranks) // 24 + 2) == 0:
                xs = [e.x for e in ranks]
                down = (self.march > 0 and max(xs) > 114) or (self.march < 0 and min(xs) < 14)
                self.march = -self.march if down else self.march
                for e in ranks:
                    e.x, e.y = (e.x, e.y + 4) if down else (e.x + self.march, e.y)
            if ranks and not self.rng.random() < 0.02:
                return
            if len(self.foes) > 4 and ranks:
                return
        super().waves(f)

    # -- an arena ------------------------------------------------------------------------------------------------------

    def build(self):
        """Blocks that stop shots and bodies."""
        rng = self.rng
        self.block_sprites = [make_sprite(rng, self.look, "box", int(rng.uniform(12, 24))) for _ in range(2)]
        for _ in range(int(rng.integers(2, 6))):
            s = self.block_sprites[rng.integers(2)]
            x, y = rng.uniform(14, 114, 2)
            if np.hypot(x - self.player.x, y - self.player.y) > 28:
                self.cover.append((float(x), float(y), s.size / 2, s))
        self.knock = Takes(sound.ModalVoice(str(rng.choice(["metal", "wood", "stone"])), 1.0, rng), "impact", rng, 2)

    def push_out(self, body):
        for x, y, r, _ in self.cover:
            d = np.hypot(body.x - x, body.y - y) + 1e-6
            if d < r + body.r:
                body.x, body.y = x + (body.x - x) / d * (r + body.r), y + (body.y - y) / d * (r + body.r)

    def strike(self, s, f, arm):
        for x, y, r, _ in self.cover:
            if abs(s.x - x) < r + 1 and abs(s.y - y) < r + 1:
                self.shots.remove(s)
                if arm.splash:
                    self.splash(f, s.x, s.y, arm.splash)
                else:
                    self.burst.spark(self.reel, f, s.x, s.y, 3.5)
                    self.say(self.tick, f, 0.16 * self.near(s.x, s.y), s.x, s.y)
                return
        super().strike(s, f, arm)

    def send(self, f):
        if self.mode != "arena":
            super().send(f)
            return
        rng = self.rng
        kind = self.foe_kinds[rng.integers(len(self.foe_kinds)) if rng.random() < 0.6 else 0]
        side, spread = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 3)
        for _ in range(int(rng.integers(1, 5)) if kind.r < 9 else 1):
            a = side + rng.uniform(-spread, spread)
            k = 68 / max(abs(np.cos(a)), abs(np.sin(a)))
            self.add_foe(kind, 64 + k * np.cos(a), 64 + k * np.sin(a), 0, 0).pattern = "chase"

    def in_sight(self, foe):
        if self.mode in ("arena", "rocks"):
            return abs((self.bearing(foe) - self.player.angle + np.pi) % (2 * np.pi) - np.pi) < 0.25 and 0 < foe.x < SIZE and 0 < foe.y < SIZE
        return super().in_sight(foe)

    def bearing(self, foe):
        return np.arctan2(foe.x - self.player.x, -(foe.y - self.player.y))

    def steer(self, f):
        rng, p = self.rng, self.player
        if self.mode not in ("arena", "rocks"):
            super().steer(f)
            self.drive[f] = (0.35 + 0.5 * min(1, abs(p.vx) / 2.5)) if self.drives else 0
            return
        foe = self.nearest()
        if foe is not None:
            turn = (self.bearing(foe) - p.angle + np.pi) % (2 * np.pi) - np.pi
            p.angle += np.clip(turn, -0.3, 0.3)
        if f % 12 == 0:
            self.push = rng.uniform(0.3, 1) * (rng.random() < 0.6)
            self.way = p.angle if self.mode == "rocks" else np.arctan2(64 - p.x, p.y - 64) + rng.normal(0, 1.1)
        dx, dy = heading(self.way)
        k = 0.12 if self.mode == "rocks" else 0.3
        p.vx, p.vy = p.vx * (0.98 if k < 0.2 else 0.85) + dx * self.push * k, p.vy * (0.98 if k < 0.2 else 0.85) + dy * self.push * k
        p.x, p.y = p.x + p.vx, p.y + p.vy
        if self.mode == "rocks":
            p.x, p.y = p.x % SIZE, p.y % SIZE
            self.thrust[f] += 0.8 * self.push if self.drives else 0
        else:
            p.x, p.y = np.clip(p.x, 8, 120), np.clip(p.y, 8, 120)
            self.push_out(p)
            self.drive[f] = (0.15 + 0.7 * min(1, np.hypot(p.vx, p.vy) / 2)) if self.drives else 0

    # -- rocks that knock ------------------------------------------------------------------------------------------------

    def throw_rocks(self):
        rng = self.rng
        self.space, self.knocks = pymunk.Space(), []
        self.space.on_collision(1, 1, post_solve=self.knocked)
        self.stone = Takes(sound.ModalVoice("stone", rng.uniform(0.8, 1.8), rng), "impact", rng, 2, "stone")
        self.rock_sprites = [[make_sprite(rng, self.look, "rock", 2 * r + 2) for _ in range(2)] for r in (5, 8, 13)]
        for _ in range(int(rng.integers(4, 9))):
            a = rng.uniform(0, 6.28)
            self.add_rock(int(rng.integers(1, 3)), (self.player.x + 45 * np.cos(a)) % SIZE, (self.player.y + 45 * np.sin(a)) % SIZE, rng.normal(0, 18, 2))

    def add_rock(self, size, x, y, v):
        r = (5.0, 8.0, 13.0)[size]
        kind = Thing(r=r, hp=(1, 2, 3)[size], sprite=self.rock_sprites[size][self.rng.integers(2)], turn=0.0, looks=False, speed=0, pattern="rock", spins=False, amount=0, rate=0)
        body = pymunk.Body(r * r, r**4 * 0.5)
        body.position, body.velocity, body.angular_velocity = (float(x), float(y)), tuple(map(float, v)), self.rng.normal(0, 1.5)
        shape = pymunk.Circle(body, r)
        shape.elasticity, shape.collision_type = 0.95, 1
        self.space.add(body, shape)
        foe = self.add_foe(kind, x, y, 0, 0, body=body, size=size)
        foe.next_shot = 1e9

    def knocked(self, arbiter, space, data):
        if arbiter.is_first_contact:
            self.knocks.append((self.clock, arbiter.total_impulse.length, arbiter.contact_point_set.points[0].point_a))

    def kill(self, foe, f):
        super().kill(foe, f)
        if hasattr(foe, "body") and foe.body in self.space.bodies:
            self.space.remove(foe.body, *foe.body.shapes)
            if foe.size:
                for _ in range(2):
                    a = self.rng.uniform(0, 6.28)
                    self.add_rock(foe.size - 1, foe.x + 5 * np.cos(a), foe.y + 5 * np.sin(a), np.array(foe.body.velocity) + self.rng.normal(0, 22, 2))

    def foes_step(self, f):
        if self.mode == "rocks":
            for k in range(8):
                self.clock = f / FRAME_RATE + k / 240
                self.space.step(1 / 240)
            for foe in self.foes:
                x, y = foe.body.position
                if not (-foe.r < x < SIZE + foe.r and -foe.r < y < SIZE + foe.r):
                    wide = SIZE + 2 * foe.r
                    x, y = (x + foe.r) % wide - foe.r, (y + foe.r) % wide - foe.r
                    foe.body.position = x, y
                foe.x, foe.y, foe.angle = x, y, foe.body.angle
            for time_s, push, where in self.knocks:
                strength = min(0.8, push / 6000)
                if strength > 0.05:
                    self.stone.emit(self.scene, self.rng, time_s, strength, where)
            self.knocks.clear()
            if len(self.foes) < 3 and f % 10 == 0:
                self.add_rock(2, self.rng.choice([-10.0, 138.0]), self.rng.uniform(0, SIZE), self.rng.normal(0, 22, 2))
        super().foes_step(f)

    # -- shown ---------------------------------------------------------------------------------------------------------

    def show_player(self, f, p):
        if self.flames:
            amount = self.push if self.mode in ("arena", "rocks") else 0.5 + 0.5 * min(1, abs(p.vx) / 2.5)
            if amount > 0.05:
                self.flame(f, p.x, p.y, p.angle, amount)
        super().show_player(f, p)

    def show(self, f):
        for x, y, _, sprite in self.cover:
            self.reel.mark(f, 0, "sprite", sprite, x, y)
        super().show(f)
