"""The rules that the shooters share: arms, foes in waves, shots, hits, explosions, finds, harm; each on a frame at 30 Hz, with its sound.

A game is played ahead of time by a small agent and kept in a Reel; places are pixels of the picture, speeds pixels a frame, angles 0 for up, turning right.
"""
from dataclasses import dataclass
from types import SimpleNamespace as Thing

import numpy as np

from foleylab.data import sound
from foleylab.data.games.arcade_look import Hud, Look, from_art, make_sprite
from foleylab.data.games.reel import FRAME_RATE, Burst, Reel, Takes, by_frame, thrust_bed
from foleylab.data.games.scroll_worlds import World
from foleylab.data.pictures import SIZE, hold_camera


@dataclass
class Arm:
    """A weapon: frames between shots, pixels a frame, loudness 0..1, size in pixels, harm, shots at once and their fan."""

    kind: str
    gap: int
    speed: float
    strength: float
    size: float
    power: float
    count: int = 1
    fan: float = 0.0
    splash: float = 0.0


def random_arm(rng, kinds=("rapid", "rapid", "single", "single", "heavy", "spread", "beam", "rocket")):
    kind = str(rng.choice(kinds))
    if kind == "rapid":
        return Arm(kind, int(rng.integers(2, 6)), rng.uniform(5, 9), rng.uniform(0.25, 0.5), rng.uniform(1, 1.8), 1)
    if kind == "single":
        return Arm(kind, int(rng.integers(6, 15)), rng.uniform(4, 8), rng.uniform(0.4, 0.75), rng.uniform(1.4, 2.6), 2)
    if kind == "spread":
        return Arm(kind, int(rng.integers(8, 20)), rng.uniform(4, 7), rng.uniform(0.5, 0.9), rng.uniform(1.2, 2), 1.5, int(rng.choice([3, 5])), rng.uniform(0.15, 0.4))
    if kind == "heavy":
        return Arm(kind, int(rng.integers(18, 42)), rng.uniform(3.5, 6.5), rng.uniform(0.8, 1), rng.uniform(2.6, 4.5), 6, splash=rng.uniform(8, 16))
    if kind == "rocket":
        return Arm(kind, int(rng.integers(20, 45)), rng.uniform(0.5, 1.2), rng.uniform(0.4, 0.7), rng.uniform(1.6, 2.4), 6, splash=rng.uniform(10, 20))
    if kind == "bomb":
        return Arm(kind, int(rng.integers(18, 50)), 1.0, rng.uniform(0.12, 0.3), rng.uniform(2, 3), 6, splash=rng.uniform(10, 18))
    return Arm("beam", int(rng.integers(20, 60)), 0, rng.uniform(0.4, 0.9), rng.uniform(1.5, 5), 0.6)


def heading(angle):
    return np.sin(angle), -np.cos(angle)


class Battle:
    """A shooter. Subclasses place and steer the player, send foes and may add ground; `axis` 0 scrolls down, 1 to the left."""

    axis, ahead = 0, 0.0  # angle in which the player looks

    def __init__(self, scene, rng):
        hold_camera(scene, rng)
        self.scene, self.rng = scene, rng
        self.frames = int(round(scene.duration_s * FRAME_RATE)) + 1
        self.look, self.reel = Look(rng, scene.split), Reel(self.frames)
        self.burst, self.world, self.hud = Burst(rng, self.look), World(rng, self.look, self.axis), Hud(rng, self.look)
        self.reel.lift_colour = np.float32(self.look.fire[0])
        self.shift, self.score = np.zeros(self.frames), np.zeros(self.frames)
        self.pace = rng.uniform(0.3, 4) if rng.random() < 0.85 else 0.0  # scrolling, pixels a frame
        self.shots, self.foes, self.foe_shots, self.finds = [], [], [], []
        self.beam_on, self.thrust, self.drive = np.zeros(self.frames), np.zeros(self.frames), np.zeros(self.frames)
        self.level = rng.uniform(0.6, 1.0)
        self.voices()
        self.shakes = rng.uniform(0, 5) if rng.random() < 0.6 else 0.0
        self.arms = [random_arm(rng, self.arm_kinds())]
        if rng.random() < 0.4:
            self.arms.append(random_arm(rng, ("heavy", "rocket", "beam", "single", *self.more_arms())))
        self.policies = [str(rng.choice(["held", "bursts", "bursts", "aimed", "aimed"])) for _ in self.arms]
        self.arm_colours, self.foe_colour = [self.look.thing() for _ in self.arms], self.look.thing()
        self.arm_looks = [str(rng.choice(["dash", "dot", "ring", "bolt"])) for _ in self.arms]
        self.arm_takes = [self.arm_voice(a) for a in self.arms]
        self.next_shot, self.burst_s = [int(rng.integers(2, 20)) for _ in self.arms], (rng.uniform(0.4, 1.6), rng.uniform(0, 6))
        self.wave_at, self.wave_gap = int(rng.integers(0, 12)), int(rng.integers(22, 70))
        self.foe_fire = rng.uniform(25, 110) if rng.random() < 0.75 else 0
        self.find_share, self.clear_at = rng.uniform(0, 0.35), int(rng.integers(30, self.frames)) if rng.random() < 0.2 else -1
        self.safe_until, self.away_until, self.frail = 0, 0, rng.random() < 0.25
        self.art_shot = from_art(rng, scene.split, "bullet", 7) if rng.random() < 0.3 else None
        self.foe_kinds = [self.foe_kind(k) for k in range(int(rng.integers(2, 4)))]
        self.player = Thing(x=64.0, y=100.0, vx=0.0, vy=0.0, r=6.0, angle=self.ahead, sprite=None)
        self.setup()
        for f in range(self.frames):
            self.step(f)
        self.beds()

    # -- what sounds -------------------------------------------------------------------------------------------------

    def voices(self):
        rng = self.rng
        self.booms = [Takes(sound.ExplosionVoice(rng.uniform(*size), rng), "explosion", rng, 2) for size in ((0.05, 0.25), (0.35, 0.6), (0.75, 1.0))]
        self.tick, self.chime = Takes(sound.ArcadeVoice("hit", rng), "arcade", rng, 2), Takes(sound.ArcadeVoice(str(rng.choice(["power", "coin"])), rng), "arcade", rng, 1)
        self.foe_takes = self.gun(0.5)
        self.hurt = Takes(sound.ExplosionVoice(rng.uniform(0.1, 0.4), rng), "explosion", rng, 1)

    def gun(self, real_share):
        real = self.rng.random() < real_share
        return Takes(sound.ShotVoice(self.rng) if real else sound.ArcadeVoice("laser", self.rng), "shot" if real else "arcade", self.rng)

    def arm_voice(self, arm):
        if arm.kind in ("heavy", "spread", "bomb"):
            return self.gun(0.75)
        return self.gun(0.5)

    def arm_kinds(self):
        return ("rapid", "rapid", "single", "single", "heavy", "spread", "beam", "rocket")

    def more_arms(self):
        return ()

    def say(self, takes, f, strength, x, y):
        """The sound of something that is first seen on frame f."""
        takes.emit(self.scene, self.rng, f / FRAME_RATE + self.rng.uniform(0, 0.008), strength * self.level, (x, y))

    def near(self, x, y):
        """1 at the player, less far away."""
        return 1 - 0.5 * min(1, np.hypot(x - self.player.x, y - self.player.y) / 130)

    def beds(self):
        rng, scene = self.rng, self.scene
        if self.beam_on.any():
            power = max(a.strength for a in self.arms if a.kind == "beam") * self.level
            curve = by_frame(self.beam_on) * power
            scene.bed(sound.whirr_bed(curve, rng) * rng.uniform(0.7, 1.2), "whirr", curve)
        if self.thrust.max() > 0.05:
            curve = np.clip(by_frame(self.thrust), 0, 1) * self.level
            scene.bed(thrust_bed(curve, rng) * rng.uniform(0.6, 1.1), "engine", curve)
        if self.drive.any():
            curve = np.convolve(np.pad(by_frame(np.clip(self.drive, 0, 1)), 12, "edge"), np.ones(25) / 25, "valid")
            scene.bed(sound.engine_bed(curve, rng) * rng.uniform(0.3, 0.8), "engine", curve)

    # -- what fights -------------------------------------------------------------------------------------------------

    def foe_shapes(self):
        return ("dart", "invader", "saucer", "blob", "box")

    def foe_kind(self, k):
        """Foes of one kind: small ones die of one shot, large ones take many."""
        rng = self.rng
        r = (rng.uniform(4, 6.5), rng.uniform(6, 9), rng.uniform(10, 16))[min(k, 2)]
        shape = str(rng.choice(self.foe_shapes()))
        level, looks = shape in ("invader", "saucer", "blob", "box"), shape in ("plane", "copter", "runner", "blob")  # the same from all sides; looks to the right
        return Thing(r=r, hp=(1, rng.uniform(2, 4), rng.uniform(5, 12))[min(k, 2)], sprite=make_sprite(rng, self.look, shape, 2 * r + 3), speed=rng.uniform(0.5, 2.4) / (1 + 0.4 * k),
                     turn=0.0 if level or looks else -np.pi / 2 if self.axis else np.pi, looks=looks, pattern=str(rng.choice(["straight", "weave", "weave", "dive", "hover"])),
                     amount=rng.uniform(0.3, 2.2), rate=rng.uniform(0.04, 0.16), spins=rng.random() < 0.12)

    def add_foe(self, kind, x, y, vx, vy, **more):
        rng = self.rng
        foe = Thing(kind=kind, x=float(x), y=float(y), vx=float(vx), vy=float(vy), r=kind.r, hp=kind.hp, angle=kind.turn, phase=rng.uniform(0, 6.3), white=-9, base=float(x), age=0,
                    next_shot=rng.exponential(self.foe_fire) + 8 if self.foe_fire else 1e9, pattern=kind.pattern, stop=rng.uniform(20, 60), **more)
        self.foes.append(foe)
        return foe

    def send(self, f):
        """A wave from ahead: a row, a file, a wedge, or scattered."""
        rng, axis = self.rng, self.axis
        kind = self.foe_kinds[rng.integers(len(self.foe_kinds)) if rng.random() < 0.7 else 0]
        count = int(rng.integers(1, 7)) if kind.r < 7 else int(rng.integers(1, 3))
        form, middle, gap = str(rng.choice(["row", "file", "wedge", "loose"])), rng.uniform(30, 98), 2 * kind.r + rng.uniform(3, 9)
        for k in range(count):
            side = k - (count - 1) / 2
            across = {"row": middle + side * gap, "file": middle, "wedge": middle + side * gap}.get(form, rng.uniform(12, 116))
            back = {"row": 0, "file": k * gap, "wedge": abs(side) * gap}.get(form, rng.uniform(0, 60))
            across = float(np.clip(across, 10, self.floor(f) - 8 if axis else 118))
            if axis == 0:
                self.add_foe(kind, across, -kind.r - back, 0, kind.speed)
            else:
                self.add_foe(kind, SIZE + kind.r + back, across, -kind.speed, 0)

    def floor(self, f):
        return 118.0

    def move_foe(self, foe, f):
        kind, p = foe.kind, self.player
        foe.age += 1
        sway = kind.amount * np.cos(foe.age * kind.rate + foe.phase)
        if foe.pattern == "chase":
            d = np.hypot(p.x - foe.x, p.y - foe.y) + 1e-6
            pull = kind.speed if d > foe.stop else 0.0
            foe.vx += 0.12 * (pull * (p.x - foe.x) / d - foe.vx) + self.rng.normal(0, 0.06)
            foe.vy += 0.12 * (pull * (p.y - foe.y) / d - foe.vy) + self.rng.normal(0, 0.06)
            foe.angle = np.arctan2(p.x - foe.x, -(p.y - foe.y)) if foe.kind.turn else 0.0
        elif foe.pattern == "hover" and ((foe.y if self.axis == 0 else SIZE - foe.x) > foe.stop):
            foe.vx, foe.vy = (sway, 0.0) if self.axis == 0 else (0.0, sway)
        elif foe.pattern in ("weave", "hover"):
            foe.vx, foe.vy = (sway, foe.vy) if self.axis == 0 else (foe.vx, sway)
        elif foe.pattern == "dive":
            k = 0.03 * kind.amount
            foe.vx, foe.vy = (np.clip(foe.vx + k * np.sign(p.x - foe.x), -2, 2), foe.vy + 0.02) if self.axis == 0 else (foe.vx - 0.02, np.clip(foe.vy + k * np.sign(p.y - foe.y), -2, 2))
        foe.x, foe.y = foe.x + foe.vx, foe.y + foe.vy
        if kind.spins:
            foe.angle += 0.2
        if self.axis == 1 and foe.pattern != "walk":
            foe.y = min(foe.y, self.floor(f) - foe.r)

    def nearest(self, reach=200.0):
        p, best = self.player, None
        for foe in self.foes:
            d = np.hypot(foe.x - p.x, foe.y - p.y)
            if d < reach and -2 < foe.x < SIZE + 2 and -2 < foe.y < SIZE:
                best, reach = foe, d
        return best

    def steer(self, f):
        """Across the way of the foes to the nearest one or to a find, away from what comes close."""
        rng, p, axis = self.rng, self.player, self.axis
        if f % 6 == 0 or f == 0:
            foe = self.nearest()
            goal = min(self.finds, key=lambda q: abs(q.x - p.x) + abs(q.y - p.y)) if self.finds and rng.random() < 0.7 else foe
            wander = rng.normal(0, 18)
            middle = (64 + wander * 1.5) if goal is None else (goal.x if axis == 0 else goal.y) + wander * 0.3
            for q in self.foe_shots:
                d = (p.y - q.y, p.x - q.x) if axis == 0 else (q.x - p.x, p.y - q.y)
                if 0 < d[0] < 35 and abs(d[1]) < 9 and rng.random() < 0.75:
                    middle = (p.x if axis == 0 else p.y) + (18 if d[1] > 0 else -18)
            self.goal = np.clip(middle, 10, (self.floor(f) - 8) if axis else 118)
            self.along = np.clip(self.along + rng.normal(0, 2.5), *self.along_range)
        v = np.clip((self.goal - (p.x if axis == 0 else p.y)) * 0.14, -self.agility, self.agility)
        w = np.clip((self.along - (p.y if axis == 0 else p.x)) * 0.05, -1, 1)
        blend = lambda old, new: old + 0.3 * (new - old)
        p.vx, p.vy = (blend(p.vx, v), blend(p.vy, w)) if axis == 0 else (blend(p.vx, w), blend(p.vy, v))
        p.x, p.y = p.x + p.vx, p.y + p.vy

    # -- shots -------------------------------------------------------------------------------------------------------

    def wants(self, k, f):
        """Does the agent pull trigger k on this frame?"""
        if f < self.away_until:
            return False
        if self.policies[k] == "held":
            return True
        if self.policies[k] == "bursts":
            length, phase = self.burst_s
            return (f / FRAME_RATE / length + phase + 0.37 * k) % 2 < 1
        return any(self.in_sight(foe) for foe in self.foes)

    def in_sight(self, foe):
        p = self.player
        return abs(foe.x - p.x) < foe.r + 6 and -4 < foe.y < p.y if self.axis == 0 else abs(foe.y - p.y) < foe.r + 6 and p.x < foe.x < SIZE + 4

    def muzzle(self):
        p, (dx, dy) = self.player, heading(self.aim())
        return p.x + dx * (p.r + 2), p.y + dy * (p.r + 2)

    def aim(self):
        return self.player.angle

    def fire(self, k, f):
        rng, arm, (x, y), angle = self.rng, self.arms[k], self.muzzle(), self.aim()
        if arm.kind == "bomb":
            x, y = self.player.x, self.player.y + self.player.r
            self.shots.append(Thing(arm=k, x=x, y=y, vx=self.player.vx * 0.5, vy=0.4, life=200, power=arm.power))
            self.reel.disc(f, 3, x, y + 2, 4, self.look.fire[0])
        else:
            for j in range(arm.count):
                dx, dy = heading(angle + arm.fan * (j - (arm.count - 1) / 2) + rng.normal(0, 0.02 if arm.kind == "rapid" else 0.005))
                self.shots.append(Thing(arm=k, x=x, y=y, vx=dx * arm.speed, vy=dy * arm.speed, life=120, power=arm.power))
            flash = 2.5 + 6 * arm.strength
            self.reel.disc(f, 3, x, y, flash, self.look.fire[0])
            if flash > 5:
                self.reel.disc(f + 1, 3, x, y, flash * 0.5, self.look.fire[1])
            if arm.kind == "heavy" and self.shakes:
                self.reel.kick(f, self.shakes * 0.4, rng)
        self.say(self.arm_takes[k], f, arm.strength * rng.uniform(0.88, 1), x, y)
        self.next_shot[k] = f + max(2, round(arm.gap * rng.uniform(0.95, 1.1)))

    def beam(self, k, f):
        """A ray to the first foe in its way or to the edge; its hum is a bed, its hits tick."""
        arm, (x, y), (dx, dy) = self.arms[k], self.muzzle(), heading(self.aim())
        self.beam_on[f] = 1
        length, struck = 150.0, None
        for foe in self.foes:
            along, off = (foe.x - x) * dx + (foe.y - y) * dy, abs((foe.x - x) * dy - (foe.y - y) * dx)
            if 0 < along < length and off < foe.r + arm.size and 0 < foe.x < SIZE and 0 < foe.y < SIZE:
                length, struck = along, foe
        wide = 1 + arm.size + 0.7 * np.sin(f * 1.9)
        self.reel.line(f, 2, x, y, x + dx * length, y + dy * length, self.arm_colours[k], wide + 2)
        self.reel.line(f, 2, x, y, x + dx * length, y + dy * length, self.look.fire[0], max(1, wide * 0.5))
        self.reel.disc(f, 3, x, y, 2 + arm.size * 0.6, self.look.fire[0])
        if struck is not None:
            self.wound(struck, f, arm.power, x + dx * length, y + dy * length, quiet=f % 5 > 0)

    def wound(self, foe, f, power, x, y, quiet=False):
        foe.hp -= power
        if foe.hp <= 0:
            self.kill(foe, f)
            return
        foe.white = f
        if not quiet:
            self.burst.spark(self.reel, f, x, y, self.rng.uniform(3, 5))
            self.say(self.tick, f, (0.25 + 0.02 * foe.r) * self.near(x, y), x, y)

    def kill(self, foe, f):
        if foe not in self.foes:
            return
        self.foes.remove(foe)
        self.boom(f, foe.x, foe.y, foe.r * 1.3 + 3)
        self.score[f:] += 50 * round(foe.r)
        if self.rng.random() < self.find_share:
            self.finds.append(Thing(x=foe.x, y=foe.y, vx=0.0 if self.axis == 0 else -0.7, vy=0.9 if self.axis == 0 else 0.1, phase=self.rng.uniform(0, 6)))

    def boom(self, f, x, y, radius, near=None):
        """An explosion: as loud as it is large and near."""
        drift = (0.0, self.pace * self.world.pace) if self.axis == 0 else (-self.pace * self.world.pace, 0.0)
        self.burst.blast(self.reel, f, x, y, radius, drift)
        strength = (0.22 + 0.033 * radius) * (self.near(x, y) if near is None else near)
        self.say(self.booms[0 if radius < 12 else 1 if radius < 18 else 2], f, min(1, strength), x, y)
        if self.shakes and radius > 12:
            self.reel.kick(f, self.shakes * min(1, radius / 26), self.rng)

    def splash(self, f, x, y, reach, spare=None):
        """A large shot goes off: all foes in reach are harmed in the same frame or one or two later."""
        self.boom(f, x, y, reach)
        for foe in list(self.foes):
            if foe is not spare and np.hypot(foe.x - x, foe.y - y) < reach + foe.r:
                foe.hp -= 6
                if foe.hp <= 0:
                    self.kill(foe, f)

    def move_shots(self, f):
        for s in list(self.shots):
            arm = self.arms[s.arm]
            if arm.kind == "rocket":
                foe, v = self.nearest(), np.hypot(s.vx, s.vy)
                faster = min(v + 0.28, 7.0)
                s.vx, s.vy = s.vx / v * faster, s.vy / v * faster
                if foe is not None:
                    d = np.hypot(foe.x - s.x, foe.y - s.y) + 1e-6
                    s.vx, s.vy = s.vx + 0.35 * (foe.x - s.x) / d, s.vy + 0.35 * (foe.y - s.y) / d
                self.thrust[f] += 0.5 * self.near(s.x, s.y)
            elif arm.kind == "bomb":
                s.vy += 0.16
            s.x, s.y, s.life = s.x + s.vx, s.y + s.vy, s.life - 1
            if s.life < 0 or not (-6 < s.x < SIZE + 6 and -6 < s.y < SIZE + 6):
                self.shots.remove(s)
            elif self.axis == 1 and s.y > self.floor_at(f, s.x):
                self.shots.remove(s)
                self.on_ground(s, f, arm)
            else:
                self.strike(s, f, arm)

    def on_ground(self, s, f, arm):
        if arm.splash:
            self.splash(f, s.x, s.y, arm.splash)
        else:
            self.burst.spark(self.reel, f, s.x, s.y, 3)

    def floor_at(self, f, x):
        return 200.0

    def strike(self, s, f, arm):
        slack = arm.size + 0.4 * max(abs(s.vx), abs(s.vy))
        for foe in self.foes:
            if 1 < foe.x < SIZE - 1 and foe.y > 1 and abs(foe.x - s.x) < foe.r + slack and abs(foe.y - s.y) < foe.r + slack and np.hypot(foe.x - s.x, foe.y - s.y) < foe.r + slack:
                if s in self.shots:
                    self.shots.remove(s)
                if arm.splash:
                    self.splash(f, s.x, s.y, arm.splash, spare=foe)
                self.wound(foe, f, s.power, s.x, s.y)
                return

    def foe_fires(self, foe, f):
        p = self.player
        foe.next_shot = f + max(6, self.rng.exponential(self.foe_fire))
        d = np.hypot(p.x - foe.x, p.y - foe.y) + 1e-6
        if not (4 < foe.x < SIZE - 4 and 4 < foe.y < SIZE - 4) or d < 18:
            return
        v = self.foe_speed
        dx, dy = (p.x - foe.x) / d, (p.y - foe.y) / d
        x, y = foe.x + dx * foe.r, foe.y + dy * foe.r
        self.foe_shots.append(Thing(x=x, y=y, vx=dx * v, vy=dy * v))
        self.reel.disc(f, 3, x, y, 4.5, self.look.fire[0])
        self.reel.disc(f + 1, 3, x, y, 2.5, self.look.fire[1])
        self.say(self.foe_takes, f, (0.14 + 0.012 * foe.r) * self.near(x, y), x, y)

    def harm(self, f, x, y):
        """The player is hit: shake, flash, a dull bang; or is lost for a while."""
        p = self.player
        if f < self.safe_until:
            return
        self.safe_until = f + 28
        self.reel.flash(f, 0.35)
        if self.frail:
            self.boom(f, p.x, p.y, 22, near=1)
            self.away_until, self.safe_until = f + 24, f + 50
            return
        self.burst.spark(self.reel, f, x, y, 7)
        self.reel.kick(f, 2 + self.shakes, self.rng)
        self.say(self.hurt, f, 0.6, x, y)

    def finds_step(self, f):
        p = self.player
        for q in list(self.finds):
            q.x, q.y = q.x + q.vx, q.y + q.vy
            if f >= self.away_until and np.hypot(q.x - p.x, q.y - p.y) < p.r + 7:
                self.finds.remove(q)
                for k in range(5):
                    self.reel.disc(f + k, 3, p.x, p.y, p.r + 4 + 2.5 * k, self.find_colour, 2)
                self.reel.disc(f, 3, q.x, q.y, 5, (255, 255, 255))
                self.say(self.chime, f, 0.7, q.x, q.y)
                if self.arms[0].kind not in ("beam", "bomb"):
                    self.arms[0].gap = max(2, int(self.arms[0].gap * 0.7))
            elif q.x < -8 or q.y > SIZE + 8:
                self.finds.remove(q)

    # -- one frame ---------------------------------------------------------------------------------------------------

    def setup(self):
        self.goal, self.along, self.agility = 64.0, 100.0, self.rng.uniform(1.2, 3.5)
        self.foe_speed, self.find_colour = self.rng.uniform(1.2, 3.2), self.look.thing()

    def step(self, f):
        self.shift[f] = self.shift[f - 1] + self.pace if f else self.rng.uniform(0, 200)
        self.waves(f)
        if f >= self.away_until:
            self.steer(f)
            self.meet(f)
        self.move_shots(f)
        for k, arm in enumerate(self.arms):
            if arm.kind == "beam":
                if f > 3 and self.wants(k, f) and (f // arm.gap + k) % 2 == 0:
                    self.beam(k, f)
            elif f >= self.next_shot[k] and self.wants(k, f):
                self.fire(k, f)
        self.foes_step(f)
        self.finds_step(f)
        if f == self.clear_at:
            self.reel.flash(f, 0.8)
            for foe in [e for e in self.foes if -4 < e.x < SIZE + 4 and -4 < e.y < SIZE + 4]:
                self.kill(foe, f)
        self.show(f)

    def waves(self, f):
        if f >= self.wave_at and len(self.foes) < 16:
            self.wave_at = f + round(self.wave_gap * self.rng.uniform(0.6, 1.4))
            self.send(f)

    def meet(self, f):
        p = self.player
        for foe in list(self.foes):
            if np.hypot(foe.x - p.x, foe.y - p.y) < foe.r * 0.8 + p.r * 0.7 and f >= self.safe_until:
                if foe.r < 9:
                    self.kill(foe, f)
                self.harm(f, (foe.x + p.x) / 2, (foe.y + p.y) / 2)

    def foes_step(self, f):
        for foe in list(self.foes):
            self.move_foe(foe, f)
            if foe.x < -30 or foe.x > SIZE + 110 or foe.y > SIZE + 30 or foe.y < -120:
                self.foes.remove(foe)
            elif f >= foe.next_shot and f >= self.away_until:
                self.foe_fires(foe, f)
        p = self.player
        for q in list(self.foe_shots):
            q.x, q.y = q.x + q.vx, q.y + q.vy
            if f >= self.safe_until and np.hypot(q.x - p.x, q.y - p.y) < p.r:
                self.foe_shots.remove(q)
                self.harm(f, q.x, q.y)
            elif not (-4 < q.x < SIZE + 4 and -4 < q.y < SIZE + 4) or q.y > self.floor_at(f, q.x):
                self.foe_shots.remove(q)

    def show(self, f):
        """Marks of this frame."""
        reel, p = self.reel, self.player
        for foe in self.foes:
            left = self.axis == 1 and foe.kind.looks and (foe.vx < 0 if foe.pattern != "walk" else foe.x > p.x)
            reel.mark(f, 1, "sprite", foe.kind.sprite.mirrored() if left else foe.kind.sprite, foe.x, foe.y, foe.angle, f - foe.white < 2)
        for q in self.finds:
            r = 4 + 0.8 * np.sin(f * 0.5 + q.phase)
            reel.disc(f, 1, q.x, q.y, r, self.find_colour)
            reel.disc(f, 1, q.x, q.y, r * 0.5, (255, 255, 255))
        if f >= self.away_until and (f >= self.safe_until or f % 4 < 2):
            self.show_player(f, p)
        for s in self.shots:
            arm, c, look = self.arms[s.arm], self.arm_colours[s.arm], self.arm_looks[s.arm]
            if arm.kind in ("rocket", "bomb"):
                v = np.hypot(s.vx, s.vy) + 1e-6
                dx, dy = s.vx / v, s.vy / v
                reel.line(f, 2, s.x - dx * 4, s.y - dy * 4, s.x + dx * 3, s.y + dy * 3, c, arm.size + 1)
                if arm.kind == "rocket":
                    long = self.rng.uniform(5, 10)
                    reel.line(f, 2, s.x - dx * 5, s.y - dy * 5, s.x - dx * long, s.y - dy * long, self.look.fire[1], 3)
                    for k in range(1, 9):
                        reel.disc(f + k, 0, s.x - dx * 6, s.y - dy * 6, 1.2 + 0.25 * k, self.look.smoke)
            elif self.art_shot is not None and arm.kind != "rapid":
                reel.mark(f, 2, "sprite", self.art_shot, s.x, s.y, np.arctan2(s.vx, -s.vy))
            elif look in ("dash", "bolt"):
                k = 1.0 if look == "bolt" else 0.55
                reel.line(f, 2, s.x, s.y, s.x - s.vx * k, s.y - s.vy * k, c, arm.size)
            else:
                reel.disc(f, 2, s.x, s.y, arm.size + 0.6, c, 1 if look == "ring" and arm.size > 1.8 else -1)
        for q in self.foe_shots:
            reel.disc(f, 2, q.x, q.y, 2.2, self.foe_colour)
            reel.disc(f, 2, q.x, q.y, 1, (255, 255, 255))

    def show_player(self, f, p):
        self.reel.mark(f, 1, "sprite", p.sprite, p.x, p.y, p.angle)

    def flame(self, f, x, y, angle, amount):
        """A jet behind the player, as long as it is strong."""
        dx, dy = heading(angle)
        long = amount * self.rng.uniform(6, 10) * self.player.r / 6
        self.reel.line(f, 1, x - dx * self.player.r, y - dy * self.player.r, x - dx * (self.player.r + long), y - dy * (self.player.r + long), self.look.fire[2], 4)
        self.reel.line(f, 1, x - dx * self.player.r, y - dy * self.player.r, x - dx * (self.player.r + long * 0.6), y - dy * (self.player.r + long * 0.6), self.look.fire[0], 2)

    def draw(self, view, t):
        f, picture = min(int(t * FRAME_RATE + 1e-4), self.frames - 1), view.picture
        self.world.draw(picture, self.shift[f])
        self.draw_ground(picture, f)
        self.reel.draw(picture, f)
        if self.world.clouds:
            self.world.draw_clouds(picture, self.shift[f])
        self.reel.tremble(picture, f)
        self.hud.draw(picture, self.score[f], 1 - 0.4 * f / self.frames)
        self.look.finish(picture)

    def draw_ground(self, picture, f):
        pass
