"""Shooters seen from the side: a ship over rolling land, a soldier who runs and guns, a gun on the ground against planes; what is shot down falls and bounces."""
import cv2
import numpy as np
import pymunk

from foleylab.data import sound
from foleylab.data.games.arcade_look import dark, make_sprite
from foleylab.data.games.battle import Battle, Thing, heading
from foleylab.data.games.reel import FRAME_RATE, Takes
from foleylab.data.pictures import SIZE, fractal

MODES = ("flight", "flight", "soldier", "soldier", "gunner")
ROWS = np.arange(SIZE)[:, None]


class SideShooter(Battle):
    """Steered by an agent; one of MODES."""

    axis, ahead = 1, np.pi / 2

    def __init__(self, scene, rng):
        self.mode = str(rng.choice(MODES))
        super().__init__(scene, rng)

    def arm_kinds(self):
        if self.mode == "gunner":
            return ("rapid", "rapid", "single", "heavy", "spread")
        return ("rapid", "single", "spread", "heavy") if self.mode == "soldier" else super().arm_kinds()

    def more_arms(self):
        return ("bomb", "bomb", "bomb") if self.mode == "flight" and self.grounded else ()

    def arm_voice(self, arm):
        return self.gun(0.8 if self.mode != "flight" or arm.kind == "heavy" else 0.4)

    def voices(self):
        super().voices()
        self.grounded = self.mode != "flight" or self.rng.random() < 0.65  # is there ground?

    def foe_shapes(self):
        return ("runner", "runner", "blob", "invader") if self.mode == "soldier" else ("plane", "plane", "copter", "saucer", "invader", "dart")

    def foe_kind(self, k):
        kind = super().foe_kind(k)
        if self.mode == "soldier":
            kind.r = min(kind.r, 10)
        return kind

    def setup(self):
        super().setup()
        rng, p, look = self.rng, self.player, self.look
        self.pace = {"flight": max(self.pace, 0.8), "soldier": 0.0, "gunner": 0.0}[self.mode]
        n = 512
        x = np.arange(n) * 2 * np.pi / n
        level, rough = rng.uniform(96, 114), (rng.uniform(0, 9) if self.mode == "flight" and rng.random() < 0.7 else 0.0)
        self.tops = level + rough * sum(np.sin(k * x + rng.uniform(0, 6)) / k**0.6 for k in (1, 2, 3, 5, 8)) if self.grounded else np.full(n, 400.0)
        self.tops = np.maximum(self.tops, 78)
        soil = np.empty((SIZE, n, 3), np.float32)
        soil[:] = look.ground()
        soil *= (0.7 + 0.6 * fractal(rng, SIZE, n, 0.9))[..., None] if rng.random() < 0.7 else 1.0
        if rng.random() < 0.5:
            soil[:, :: int(rng.integers(12, 40))] *= 0.7
        edge = np.abs(ROWS - self.tops) < 2
        soil[edge] = look.thing()
        self.soil = np.clip(soil, 0, 255).astype(np.uint8)
        self.solid = (ROWS > self.tops).astype(np.uint8)
        self.soil, self.solid = (np.concatenate([a, a[:, :SIZE]], 1) for a in (self.soil, self.solid))
        p.r = rng.uniform(5, 8.5)
        p.x, p.y = rng.uniform(18, 40), rng.uniform(35, 80)
        self.along_range, self.along = (12, 55), p.x
        self.drives = self.mode == "flight" and rng.random() < 0.5
        shape = {"flight": str(rng.choice(["plane", "copter", "dart"])), "soldier": "runner", "gunner": "box"}[self.mode]
        self.turn = -np.pi / 2 if shape != "dart" else 0.0
        if self.mode == "soldier":
            p.r, self.run, self.air = rng.uniform(8, 12), 0.0, 0.0
            p.x = rng.uniform(25, 60)
        if self.mode == "gunner":
            p.x, p.r = rng.uniform(15, 113), rng.uniform(7, 11)
            p.angle = 0.0
            p.y = self.tops[0] - p.r * 0.6
            for k, arm in enumerate(self.arms):
                self.policies[k] = "aimed" if rng.random() < 0.6 else self.policies[k]
                arm.splash = arm.splash or (rng.uniform(7, 12) if rng.random() < 0.3 else 0)
        p.sprite = make_sprite(rng, look, shape, 2 * p.r + 3)
        self.base_colour, self.gun_colour = look.thing(), look.thing()
        self.space, self.pieces, self.contacts = pymunk.Space(), [], []
        self.space.gravity = 0, rng.uniform(160, 320)
        self.wreck_share = rng.uniform(0.2, 0.7) if self.grounded and self.mode != "soldier" else 0.0
        ground = [pymunk.Segment(self.space.static_body, (float(a), float(self.tops[a % n])), (float(a + 8), float(self.tops[(a + 8) % n])), 2) for a in range(0, 2 * n, 8)] if self.grounded else []
        for s in ground:
            s.elasticity, s.friction, s.collision_type = 0.55, 0.7, 2
        self.space.add(*ground)
        self.space.on_collision(3, 2, post_solve=self.touched)
        stuff = str(rng.choice(["metal", "metal", "metal", "stone", "wood", "plastic"]))
        self.clank = Takes(sound.ModalVoice(stuff, rng.uniform(0.3, 1.0), rng), "impact", rng, 2, stuff)
        self.piece_sprite = make_sprite(rng, look, "box", 9)
        self.bomber_share = rng.uniform(0.2, 0.8) if self.mode == "gunner" else 0.0
        self.bombs = []
        self.distant = sorted(rng.integers(10, self.frames, int(rng.integers(1, 5)))) if rng.random() < 0.3 else []

    # -- ground --------------------------------------------------------------------------------------------------------

    def floor(self, f):
        return min(118.0, self.tops.min() - 4)

    def floor_at(self, f, x):
        return self.tops[int(x + self.shift[f]) % len(self.tops)]

    def draw_ground(self, picture, f):
        if self.grounded:
            s = int(self.shift[f]) % len(self.tops)
            cv2.copyTo(self.soil[:, s : s + SIZE], self.solid[:, s : s + SIZE], picture)

    def step(self, f):
        if self.mode == "soldier" and f:
            self.pace = self.run
        super().step(f)

    # -- who is where --------------------------------------------------------------------------------------------------

    def send(self, f):
        rng = self.rng
        if self.mode == "soldier":
            kind = self.foe_kinds[rng.integers(len(self.foe_kinds))]
            for k in range(int(rng.integers(1, 4))):
                side = 1 if rng.random() < 0.8 else -1
                x = SIZE + 8 + 16 * k if side > 0 else -8 - 14 * k
                foe = self.add_foe(kind, x, self.tops[0] - kind.r, -side * kind.speed, 0)
                foe.pattern, foe.angle = "walk", 0.0
        elif self.mode == "gunner":
            kind = self.foe_kinds[rng.integers(len(self.foe_kinds))]
            side = rng.choice([-1, 1])
            for k in range(int(rng.integers(1, 4))):
                foe = self.add_foe(kind, 64 + side * (70 + 22 * k), rng.uniform(12, self.floor(f) * 0.55), -side * (kind.speed + 0.5), 0)
                foe.pattern = "straight"
        else:
            super().send(f)

    def move_foe(self, foe, f):
        if foe.pattern == "walk":
            foe.age += 1
            foe.x += (foe.vx if abs(foe.x - self.player.x) > foe.stop else 0.0) - self.pace
            foe.y = self.tops[0] - foe.r + (1.2 * abs(np.sin(foe.age * 0.5)) * -1 if abs(foe.x - self.player.x) > foe.stop else 0)
            return
        super().move_foe(foe, f)
        if self.bomber_share and 6 < foe.x < SIZE - 6 and self.rng.random() < 0.035 * self.bomber_share:
            self.bombs.append(Thing(x=foe.x, y=foe.y + foe.r, vx=foe.vx * 0.6, vy=0.3))

    def steer(self, f):
        rng, p = self.rng, self.player
        if self.mode == "flight":
            super().steer(f)
            p.angle = np.pi / 2 + np.clip(p.vy * 0.08, -0.3, 0.3)
            self.drive[f] = (0.4 + 0.4 * np.clip((p.vx + abs(p.vy)) / 3, 0, 1)) if self.drives else 0
            if self.grounded:
                p.y = min(p.y, self.floor_at(f, p.x) - p.r - 3)
        elif self.mode == "soldier":
            if f % 20 == 0:
                self.target_run = float(rng.choice([0, 0, 1.2, 2, 2.6]))
                if self.air == 0 and rng.random() < 0.25:
                    self.air = 0.01
                    p.vy = -rng.uniform(3, 4.4)
            self.run += 0.2 * (self.target_run - self.run)
            if self.air:
                self.air, p.vy = self.air - p.vy, p.vy + 0.3
                if self.air <= 0:
                    self.air, p.vy = 0.0, 0.0
            p.y = self.tops[0] - p.r - self.air - (1.2 * abs(np.sin(f * 0.55)) if self.run > 0.4 and not self.air else 0)
            foe = self.nearest()
            p.angle = np.pi / 2 if foe is None or foe.x >= p.x else -np.pi / 2
        else:
            foe = self.nearest()
            if foe is not None:
                lead = np.hypot(foe.x - p.x, foe.y - p.y) / max(self.arms[0].speed, 3)
                turn = np.arctan2(foe.x + foe.vx * lead - p.x, -(foe.y + foe.vy * lead - p.y)) - p.angle
                p.angle = np.clip(p.angle + np.clip(turn, -0.14, 0.14), -1.5, 1.5)

    def in_sight(self, foe):
        p = self.player
        if self.mode == "flight":
            return super().in_sight(foe)
        if self.mode == "soldier":
            return 0 < foe.x < SIZE and (foe.x > p.x) == (p.angle > 0)
        dx, dy = heading(p.angle)
        return -5 < foe.x < SIZE + 5 and abs((foe.x - p.x) * dy - (foe.y - p.y) * dx) < foe.r + 14

    def muzzle(self):
        p, (dx, dy) = self.player, heading(self.player.angle)
        reach = p.r * 1.7 if self.mode == "gunner" else p.r + 2
        return p.x + dx * reach, p.y + dy * reach - (p.r * 0.15 if self.mode == "soldier" else 0)

    def meet(self, f):
        if self.mode != "gunner":
            super().meet(f)

    # -- what falls ----------------------------------------------------------------------------------------------------

    def kill(self, foe, f):
        present = foe in self.foes
        super().kill(foe, f)
        if present and self.rng.random() < self.wreck_share and foe.pattern != "walk" and foe.y < self.floor(f) - 20:
            self.drop(foe.x + self.shift[f], foe.y, foe.r * 0.75, ((foe.vx + self.pace) * 25, foe.vy * 20 - 20), foe.kind.sprite, True)

    def drop(self, x, y, r, v, sprite, wreck):
        body = pymunk.Body(1, 30)
        body.position, body.velocity, body.angular_velocity = (float(x), float(y)), tuple(map(float, v)), float(self.rng.normal(0, 6))
        shape = pymunk.Circle(body, float(r))
        shape.elasticity, shape.friction, shape.collision_type = 0.6, 0.6, 3
        self.space.add(body, shape)
        self.pieces.append(Thing(body=body, r=r, sprite=sprite, wreck=wreck, age=0))

    def touched(self, arbiter, space, data):
        if arbiter.is_first_contact:
            self.contacts.append((self.clock, arbiter.shapes[0].body, arbiter.total_impulse.length))

    def fall(self, f):
        """Wrecks blow up where they land and leave pieces that bounce; the pieces ring at the moment of contact."""
        if not self.pieces:
            return
        for k in range(8):
            self.clock = (f - 1) / FRAME_RATE + k / 240
            self.space.step(1 / 240)
        gone, landed = set(), self.contacts[:]
        self.contacts.clear()
        for time_s, body, push in landed:
            piece = next((q for q in self.pieces if q.body is body), None)
            if piece is None or body in gone:
                continue
            x, y = body.position.x - self.shift[f], body.position.y
            if piece.wreck:
                gone.add(body)
                self.boom(f, x, min(y, 124), piece.r * 2 + 4)
                for _ in range(int(self.rng.integers(0, 3))):
                    self.drop(body.position.x, y - 4, 4, (body.velocity.x * 0.5 + self.rng.normal(0, 40), -self.rng.uniform(60, 150)), self.piece_sprite, False)
            elif push > 25 and time_s >= 0:
                strength = min(0.7, push / 220) * self.near(x, y)
                if strength > 0.05:
                    self.clank.emit(self.scene, self.rng, time_s, strength, (x, y))
        for piece in list(self.pieces):
            piece.age += 1
            x, y = piece.body.position
            x -= self.shift[f]
            if piece.body in gone or x < -20 or piece.age > (120 if piece.wreck else 40) or y > 200:
                self.space.remove(piece.body, *piece.body.shapes)
                self.pieces.remove(piece)
                continue
            self.reel.mark(f, 1, "sprite", piece.sprite, x, y, piece.body.angle)
            if piece.wreck:
                for k in range(1, 12):
                    self.reel.disc(f + k, 0, x - self.pace * k, y - 0.6 * k, 1.5 + 0.3 * k, self.look.smoke)
                self.reel.disc(f, 1, x, y, 2.5, self.look.fire[1])

    def fall_bombs(self, f):
        for b in list(self.bombs):
            b.vy += 0.09
            b.x, b.y = b.x + b.vx, b.y + b.vy
            if b.y > self.floor_at(f, b.x) - 1:
                self.bombs.remove(b)
                self.boom(f, b.x, b.y, self.rng.uniform(9, 17))
                if np.hypot(b.x - self.player.x, b.y - self.player.y) < 18:
                    self.harm(f, b.x, b.y)
            else:
                self.reel.line(f, 1, b.x, b.y - 3, b.x + b.vx, b.y + 3, self.foe_colour, 3)

    def foes_step(self, f):
        super().foes_step(f)
        self.fall(f)
        self.fall_bombs(f)
        if f in self.distant:  # shells that land at the edges, far off
            x, y = self.rng.choice([self.rng.uniform(0, 14), self.rng.uniform(114, 128)]), min(self.floor_at(f, 64), 100) - self.rng.uniform(0, 30)
            self.boom(f, x, y, self.rng.uniform(8, 13), near=0.5)

    # -- shown ---------------------------------------------------------------------------------------------------------

    def show_player(self, f, p):
        reel = self.reel
        if self.mode == "gunner":
            (x, y), r = self.muzzle(), p.r
            reel.line(f, 1, p.x, p.y, x, y, self.gun_colour, r * 0.45)
            reel.disc(f, 1, p.x, p.y, r * 0.8, self.base_colour)
            reel.mark(f, 1, "box", p.x - r * 1.1, p.y + r * 0.2, p.x + r * 1.1, p.y + r, dark(self.base_colour))
            return
        if self.drives:
            self.flame(f, p.x, p.y, p.angle, self.drive[f] * 1.2)
        if self.mode == "soldier":
            side = 1 if p.angle > 0 else -1
            reel.line(f, 1, p.x, p.y - p.r * 0.15, p.x + side * p.r * 1.1, p.y - p.r * 0.15, (60, 60, 65), 2)
            for k in (0, np.pi):  # legs
                swing = np.sin(f * 0.55 + k) * p.r * 0.5 if self.run > 0.4 else (0.25 if k else -0.25) * p.r
                reel.line(f, 1, p.x, p.y + p.r * 0.2, p.x + swing, p.y + p.r, self.base_colour, 3)
        reel.mark(f, 1, "sprite", p.sprite.mirrored() if self.mode == "soldier" and p.angle < 0 else p.sprite, p.x, p.y, p.angle + self.turn if self.mode == "flight" else 0.0)
