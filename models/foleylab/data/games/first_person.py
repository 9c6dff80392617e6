"""Games through the eyes of one who walks a generated map (or from behind its hero): steps, shots, foes, blasts, doors, things picked up.

The view moves wholly without a sound of its own; what sounds is a foot, a weapon, a foe, a door, a hit.
"""
from dataclasses import dataclass, field

import cv2
import numpy as np

from foleylab.data import art, sound
from foleylab.data.games import billboards
from foleylab.data.games.raycast import SKY_WIDTH, TILE, World, billboard, carve, project, rounded, walk_through
from foleylab.data.games.weapons import Weapon
from foleylab.data.pictures import SIZE, colour, hold_camera, on_frame, texture
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE, SURFACES

GROUND = {"wood": (120, 85, 50), "stone": (110, 110, 115), "grass": (70, 115, 50), "gravel": (125, 112, 95), "metal": (95, 105, 120), "snow": (220, 225, 235)}
OUT_OF_VIEW = (-999.0, 0.0)


def smooth(curve, window_s):
    """A curve at 240 Hz under a Hann window."""
    w = np.hanning(int(window_s * CURVE_RATE) | 1)
    return np.convolve(np.pad(curve, len(w) // 2, "edge"), w / w.sum(), "valid")


def knots(rng, n, gap_s, draw):
    """Straight lines through random values about every `gap_s`, (n,) at 240 Hz; `draw(count)` gives the values."""
    count = max(2, int(n / CURVE_RATE / gap_s) + 2)
    return np.interp(np.arange(n), np.linspace(0, n - 1, count), draw(count))


def cry(rng, strength):
    """A short voice that falls, as of a foe that dies."""
    t = sound.seconds(rng.uniform(0.2, 0.5))
    hz = rng.uniform(160, 600) * np.exp(-t * rng.uniform(1, 4)) * (1 + 0.05 * np.sin(t * rng.uniform(60, 200)))
    wave = 2 * (np.cumsum(hz / SAMPLE_RATE) % 1) - 1 + 0.4 * sound.white(rng, len(t))
    shape = np.minimum(1, t / 0.012) * np.exp(-t * 3) * np.minimum(1, (t[-1] - t) / 0.06)
    return (sound.bandpass(wave, rng.uniform(300, 700), rng.uniform(1200, 3000)) * shape * strength * 0.8).astype(np.float32)


@dataclass
class Foe:
    """A being or a barrel: place, drift to and fro, when it falls or bursts, when it shoots. Times in s, 99 for never."""

    base: np.ndarray
    frames: list
    height: float
    drift: np.ndarray
    rate: float
    phase: float
    hover: float = 0.0
    dies: float = 99.0
    bursts: bool = False
    charge: tuple | None = None  # (from, until, place)
    shots: list = field(default_factory=list)

    def at(self, t):
        """Place at the time(s) t -> (..., 2)."""
        t = np.minimum(t, self.dies)
        out = self.base + np.sin(self.rate * np.asarray(t) + self.phase)[..., None] * self.drift
        if self.charge:
            a, b, goal = self.charge
            u = np.clip((np.asarray(t) - a) / (b - a), 0, 1)[..., None]
            out = out + (goal - out) * u
        return out


class FirstPersonGame:
    """A walk through a map; a share only looks about, glides without steps, or shows its hero from behind."""

    third_share = 0.2  # of the walks: the hero is seen from behind

    def __init__(self, scene, rng):
        hold_camera(scene, rng)
        self.scene, self.rng, self.n = scene, rng, int(scene.duration_s * CURVE_RATE) + 1
        self.time = np.arange(self.n) / CURVE_RATE
        self.mode = str(rng.choice(["walk", "look", "glide"], p=[0.78, 0.1, 0.12]))
        self.third = self.mode == "walk" and rng.random() < self.third_share
        self.size, self.lens = (128 if rng.random() < 0.6 else 64), rng.uniform(0.55, 1.15)
        self.lights, self.tints, self.kicks, self.blasts, self.missiles, self.items, self.foes = [], [], [], [], [], [], []
        self.surface = str(rng.choice(SURFACES))
        self.build(scene.split, rng)
        self.travel(rng)
        self.tread(scene, rng)
        self.move_doors(scene, rng)
        kinds = ["pistol", "shotgun", "machine", "machine", "laser", "launcher", "melee", None]
        kind = kinds[rng.integers(len(kinds))] if self.mode == "walk" else kinds[rng.integers(len(kinds))] if rng.random() < 0.3 else None
        self.weapon = Weapon(rng, scene.split, kind) if kind else None
        self.fight(scene, rng)
        self.find_items(scene, rng)
        self.dress(scene.split, rng)

    # --- the place ---

    def build(self, split, rng):
        """Map, textures, light and the walk through it."""
        grid = carve(rng)
        walk = walk_through(rng, grid, 30)
        self.line = rounded(walk)
        straight = [i for i in range(2, min(18, len(walk) - 1)) if walk[i - 1][0] + walk[i + 1][0] == 2 * walk[i][0] and walk[i - 1][1] + walk[i + 1][1] == 2 * walk[i][1]]
        between = []
        for i in straight:
            (y, x), down = walk[i], walk[i][0] != walk[i - 1][0]
            sides = grid[y, [x - 1, x + 1]] if down else grid[[y - 1, y + 1], x]
            if (sides > 0).all() and walk[i] not in [walk[k] for k in between] and all(i - k > 2 for k in between):
                between.append(i)
        self.gates = sorted(int(k) for k in rng.permutation(between)[: rng.integers(1, 4)]) if between and rng.random() < 0.75 else []
        floor = texture(rng, split, TILE, TILE)
        if rng.random() < 0.7:
            grey = cv2.cvtColor(floor, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32) / 128
            floor = np.clip(grey ** rng.uniform(0.2, 0.7) * np.float32(GROUND[self.surface]) * rng.uniform(0.7, 1.2, 3), 0, 255).astype(np.uint8)
        ceiling, sky = texture(rng, split, TILE, TILE), None
        if rng.random() < 0.3:
            ceiling[:] = colour(rng, split, (10, 200))
        if rng.random() < 0.4:
            sky = cv2.resize(texture(rng, split, 96, 256, str(rng.choice(["hills", "gradient", "fractal"]))), (SKY_WIDTH // 2, 128))
            sky = np.ascontiguousarray(np.concatenate([sky, sky[:, ::-1]], 1))
        walls = [self.wall(split, rng) for _ in range(4)]
        murk = (0, 0, 0) if rng.random() < 0.5 else colour(rng, split, (20, 230), (0, 110))
        fog = 0.0 if rng.random() < 0.25 else rng.uniform(0.03, 0.4)
        self.world = World(grid, walls, floor, ceiling, sky, fog, murk, rng.uniform(0.4, 1.2), rng.uniform(0.8, 1.7) if not rng.random() < 0.15 else 2.5,
                           [walk[k] for k in self.gates], self.wall(split, rng, True), rng.random() < 0.5, rng.uniform(0.5, 1.0))
        self.free = np.argwhere(grid == 0)[:, ::-1] + 0.5

    def wall(self, split, rng, door=False):
        """A wall's texture; doors have a frame and bars."""
        tile = art.sprite(rng, split, "tile") if rng.random() < 0.25 else None
        out = cv2.resize(tile[0], (TILE, TILE), interpolation=cv2.INTER_NEAREST) if tile is not None else texture(rng, split, TILE, TILE)
        out = np.ascontiguousarray(out)
        if door:
            c = colour(rng, split, (60, 255))
            cv2.rectangle(out, (0, 0), (TILE - 1, TILE - 1), c, 6)
            for k in range(rng.integers(1, 5)):
                cv2.rectangle(out, (4, 8 + 13 * k), (TILE - 4, 12 + 13 * k), billboards.dim(c, 0.6), -1)
        return out

    # --- the walker ---

    def travel(self, rng):
        """Speed, place, heading and height of the eye at 240 Hz; doors open as one comes near."""
        n, top = self.n, rng.uniform(1.2, 3.4)
        pace = knots(rng, n, rng.uniform(0.5, 1.4), lambda k: rng.choice([0, 0.5, 1, 1, 1], k)) if rng.random() < 0.8 else np.ones(n)
        pace = smooth(pace, 0.2) * (0 if self.mode == "look" else 1) * top
        self.opening_s, self.opened = rng.uniform(0.5, 1.2), [99.0] * len(self.gates)
        s, v, reach, way = 0.0, pace[0], rng.uniform(1.6, 2.6), np.empty(n)
        for i in range(n):
            want = pace[i]
            for k, gate in enumerate(self.gates):
                if self.opened[k] > 90 and s > gate - reach:
                    self.opened[k] = on_frame(i / CURVE_RATE)
                if i / CURVE_RATE < self.opened[k] + self.opening_s and s > gate - 1.3:
                    want = 0.0
            v += (want - v) * 14 / CURVE_RATE
            s = min(s + v / CURVE_RATE, len(self.line) / 16 - 2)
            way[i] = s
        self.way, self.top = way, top
        self.speed = np.clip(np.gradient(way) * CURVE_RATE / top, 0, 1.2)
        along = lambda u: np.stack([np.interp(u * 16, np.arange(len(self.line)), c) for c in self.line.T], 1)
        place, ahead = along(way), along(way + rng.uniform(0.5, 1.1))
        heading = smooth(np.unwrap(np.arctan2(*(ahead - place).T[::-1])), rng.uniform(0.2, 0.5))
        loose = rng.uniform(0.4, 1.6) if self.mode == "look" else rng.uniform(0.0, 0.5)
        wander = smooth(knots(rng, n, rng.uniform(0.3, 1.2), lambda k: rng.normal(0, loose, k)), rng.uniform(0.1, 0.4))
        tilt = smooth(knots(rng, n, 0.8, lambda k: rng.normal(0, 1, k)), 0.4) * (rng.uniform(0, 0.1) if rng.random() < 0.4 else 0)
        strafe = smooth(knots(rng, n, 0.6, lambda k: rng.uniform(-0.18, 0.18, k)), 0.3) * (rng.random() < 0.6) * (self.mode != "look")
        place = place + strafe[:, None] * np.stack([-np.sin(heading), np.cos(heading)], 1)
        self.eye = np.column_stack([place, np.full(n, rng.uniform(0.4, 0.6)), heading + wander, tilt])
        if self.third:
            self.eye[:, 2], self.eye[:, 4] = rng.uniform(0.6, 0.75), tilt - rng.uniform(0.04, 0.14)

    def tread(self, scene, rng):
        """Steps where the phase passes a whole number, the eye then lowest; jumps and landings."""
        self.phase = rng.random() + np.cumsum(self.speed) / CURVE_RATE * rng.uniform(1.7, 3.2)
        self.bobs = self.third or rng.random() < 0.8
        quiet = self.mode != "walk" or (not self.bobs and rng.random() < 0.5)
        air, level = np.zeros(self.n), rng.uniform(0.25, 0.7)
        voice = sound.FootstepVoice(self.surface, rng)
        if self.mode == "walk" and rng.random() < 0.3:
            jump = sound.ArcadeVoice("jump", rng) if rng.random() < 0.4 else None
            t = on_frame(rng.uniform(0.3, 2.5))
            while t < scene.duration_s - 0.7:
                flight, high = rng.uniform(0.4, 0.65), rng.uniform(0.25, 0.5)
                a, b = int(t * CURVE_RATE), int((t + flight) * CURVE_RATE)
                u = np.linspace(0, 1, b - a)
                air[a:b] = high * 4 * u * (1 - u)
                if jump:
                    scene.emit(t + rng.uniform(0, 0.008), jump.play(0.6, rng), "arcade", None, 0.6, (64, 118))
                scene.emit(t + flight, voice.play(min(1.0, level * 1.6), rng), "footstep", self.surface, min(1.0, level * 1.6), (64, 118))
                self.kicks.append((t + flight, 0.04))
                t = on_frame(t + flight + rng.uniform(0.3, 2))
        self.air = air
        strength = rng.uniform(0.15, 0.9) if self.bobs else 0.0
        dip = np.cos(2 * np.pi * self.phase) * np.clip(self.speed * 1.5, 0, 1) * (air == 0) * strength
        self.eye[:, 2] += air * min(1.0, (self.world.height - 0.65) / 0.6) - (0.05 * dip if not self.third else 0)
        self.eye[:, 4] -= (0.022 if not self.third else 0.004) * dip
        self.sway = np.stack([7 * strength * np.sin(np.pi * self.phase) * self.speed, 6 * dip - 8 * air], 1)
        if quiet:
            return
        for i in np.flatnonzero(np.diff(np.floor(self.phase))) + 1:
            if self.speed[i] > 0.12 and air[i] == 0:
                loud = float(level * (0.5 + 0.5 * min(1, self.speed[i])) * rng.uniform(0.8, 1.1))
                scene.emit(i / CURVE_RATE, voice.play(loud, rng), "footstep", self.surface, loud, (64, 118) if self.bobs else OUT_OF_VIEW)

    def move_doors(self, scene, rng):
        """A grinding bed while a door moves, a thunk when it is open."""
        material, loud = str(rng.choice(["stone", "metal", "metal", "wood"])), rng.uniform(0.4, 1.0)
        thunk, curve = sound.ModalVoice(material, rng.uniform(1.2, 2.0), rng), np.zeros(self.n)
        thunk.decay_s = np.maximum(thunk.decay_s * rng.uniform(0.15, 0.6), 0.007)
        for k, start in enumerate(self.opened):
            if start > scene.duration_s:
                continue
            end = start + self.opening_s
            curve = np.maximum(curve, np.clip(np.minimum(self.time - start, end - self.time) / 0.03, 0, 1) * loud)
            if end < scene.duration_s:
                y, x = np.argwhere(self.world.door_map == k + 1)[0]
                self.say(end, thunk.play(loud * 0.8, rng), "impact", material, loud * 0.8, (x + 0.5, y + 0.5, 0.5), door=True)
        self.grind = curve
        if curve.any():
            scene.bed(sound.roll_bed(curve, rng, material), "roll", curve, material)

    def open_at(self, t):
        """Sets the doors as they are at t."""
        self.world.door_open = np.clip((t - np.array(self.opened)) / self.opening_s, 0, 1)

    def row(self, t):
        return min(int(t * CURVE_RATE + 1e-6), self.n - 1)

    def screen(self, place, t, door=False):
        """Where a place (x, y, z) is seen at t, in pixels; far outside when it is not."""
        eye = self.eye[self.row(t)]
        seen = project(eye, place, self.lens, SIZE)
        self.open_at(t)
        if seen is None or not -6 < seen[0] < SIZE + 6 or (not door and self.world.opaque(eye[:2], place[:2])):
            return OUT_OF_VIEW
        return seen[0], float(np.clip(seen[1], 0, SIZE - 1))

    def say(self, t, wave, family, material, strength, place, door=False):
        """Emits a sound of a place, softer with distance."""
        if t < self.scene.duration_s:
            loud = 1 / (1 + 0.3 * max(0.0, np.hypot(*(np.array(place[:2]) - self.eye[self.row(t), :2])) - 1))
            self.scene.emit(t, wave * loud, family, material, strength * loud, self.screen(place, t, door))

    # --- others ---

    def people(self, split, rng):
        """Two strides of a being, from drawn art or drawn here."""
        found = art.poses(rng, split, str(rng.choice(["enemy", "character"]))) if rng.random() < 0.35 else None
        if found:
            strides = [found[k] for k in sorted(found) if k.startswith("walk")] or list(found.values())
            return [strides[0], strides[len(strides) // 2]]
        return billboards.figure(rng, split)

    def place_foe(self, rng, kinds, t, near=1.5, far=6.0):
        """A foe in a free cell that is seen at t, roughly ahead; None if none is found."""
        eye = self.eye[self.row(t)]
        self.open_at(t)
        gap = self.free - eye[:2]
        distance, turn = np.hypot(*gap.T), np.abs((np.arctan2(gap[:, 1], gap[:, 0]) - eye[3] + np.pi) % (2 * np.pi) - np.pi)
        for k in rng.permutation(np.flatnonzero((distance > near) & (distance < far) & (turn < 0.9)))[:10]:
            if not self.world.opaque(eye[:2], self.free[k]):
                frames = kinds[rng.integers(len(kinds))]
                axis = rng.uniform(0, 6.28)
                still = len(frames) == 1
                height, drift = (0.5 if still else rng.uniform(0.5, 0.95)) * min(self.world.height, 1.1), 0.0 if still else rng.uniform(0, 0.4)
                return Foe(self.free[k], frames, height, drift * np.array([np.cos(axis), np.sin(axis)]), rng.uniform(0.8, 3),
                           rng.uniform(0, 6), 0.0 if still or rng.random() < 0.8 else rng.uniform(0.1, 0.4), bursts=still or rng.random() < 0.25)
        return None

    def fight(self, scene, rng):
        """Foes are met one after another, aimed at, shot; some shoot first; some shots hit nothing."""
        kinds = [self.people(scene.split, rng) for _ in range(rng.integers(1, 4))]
        if self.weapon and self.weapon.kind != "melee":
            kinds.append([billboards.barrel(rng, scene.split)])
        scorch = [((255, 250, 200), (255, 140, 30)), ((255, 255, 255), colour(rng, scene.split, (180, 255), (120, 255)))]
        self.fire, self.smoke = billboards.fire(rng, scorch[rng.random() < 0.25]), billboards.fire(rng, ((95, 90, 85), (50, 50, 50)))
        self.spark = billboards.glow((255, 210, 90))
        self.bolt = billboards.glow(self.weapon.hot if self.weapon else (255, 120, 40))
        self.blast_voice, self.bits = sound.ExplosionVoice(rng.uniform(0.2, 1.0), rng), rng.normal(0, 1, (7, 3))
        self.foe_voice = sound.ArcadeVoice("laser", rng) if rng.random() < 0.25 else sound.ShotVoice(rng)
        self.hurt_voice = sound.ArcadeVoice("hit", rng) if rng.random() < 0.4 else sound.ModalVoice(str(rng.choice(["rubber", "wood"])), rng.uniform(0.8, 1.6), rng)
        self.cries, self.hurts, self.kills, war = rng.random() < 0.7, [], [], rng.random() < (0.65 if self.weapon else 0.35)
        shots, t, met = [], rng.uniform(0.2, 1.5), []
        while t < scene.duration_s - 0.4 and war:
            foe = self.place_foe(rng, kinds, t)
            length = rng.uniform(0.5, 1.4)
            if foe is not None:
                end = t + length
                met.append((foe, t, end))
                if len(foe.frames) > 1 and self.weapon and (self.weapon.kind == "melee" or rng.random() < 0.2):
                    eye = self.eye[self.row(end)]
                    foe.charge = (t - 0.6, end, eye[:2] + 1.1 * np.array([np.cos(eye[3]), np.sin(eye[3])]))
            t += length + rng.uniform(0.2, 1.4)
        for foe, a, b in met:
            self.foes.append(foe)
            if not self.weapon:
                if len(foe.frames) > 1 and rng.random() < 0.5:
                    foe.shots = [on_frame(s) for s in np.arange(a + 0.1, b, rng.uniform(0.15, 0.6))]
                continue
            weight = smooth(((self.time > a - 0.15) & (self.time < b + 0.1)).astype(float), 0.3)
            gap = foe.at(self.time) - self.eye[:, :2]
            turn = (np.arctan2(gap[:, 1], gap[:, 0]) - self.eye[:, 3] + np.pi) % (2 * np.pi) - np.pi
            self.eye[:, 3] += weight * turn
            mine, s = [], on_frame(max(a + 0.1, shots[-1] + self.weapon.gap if shots else 0))
            if self.weapon.kind == "melee":
                mine = [on_frame(b)]
            while s < b and self.weapon.kind != "melee":
                mine.append(s)
                s = on_frame(s + self.weapon.gap * (rng.uniform(0.9, 1.5) if self.weapon.kind != "machine" else 1))
            shots += mine
            if mine and (foe.charge or rng.random() < 0.75):
                last = mine[-1]
                foe.dies = on_frame(last + self.fly_s(foe, last) + 0.001)
            if len(foe.frames) > 1 and rng.random() < 0.4:
                foe.shots = [on_frame(s) for s in np.arange(a - rng.uniform(0, 0.5), min(b, foe.dies) - 0.05, rng.uniform(0.2, 0.7))]
        if self.weapon and (not met or rng.random() < 0.3):
            shots += self.stray(rng, scene.duration_s, shots)
        self.shoot(scene, rng, sorted(shots))
        self.settle(scene, rng)
        if rng.random() < 0.2:
            for t in rng.uniform(0, scene.duration_s, rng.integers(1, 4)):
                foe = self.place_foe(rng, kinds, t, 2.0, 8.0)
                if foe:
                    self.burst(on_frame(t), np.array([*foe.base, rng.uniform(0.2, 0.6)]), rng.uniform(0.5, 1), rng)

    def stray(self, rng, duration_s, taken):
        """Shots at nothing, in bursts."""
        out, t = [], rng.uniform(0.1, 2)
        while t < duration_s:
            for _ in range(rng.integers(1, 9) if self.weapon.kind in ("machine", "laser") else rng.integers(1, 4)):
                if min((abs(t - s) for s in taken), default=9) > self.weapon.gap:
                    out.append(on_frame(t))
                t = on_frame(t + self.weapon.gap)
            t += rng.exponential(0.9)
        return [s for s in out if s < duration_s]

    def fly_s(self, foe, t):
        """How long what is shot at t takes to reach the foe."""
        speed = {"launcher": 9.0, "laser": 14.0}.get(self.weapon.kind)
        return np.hypot(*(foe.at(t) - self.eye[self.row(t), :2])) / speed if speed else 0.0

    def shoot(self, scene, rng, shots):
        """Sounds of the own weapon, light, missiles, shells that end at a wall; reloads between bursts."""
        weapon = self.weapon
        if weapon is None:
            return
        weapon.shots, seen = shots, (64, 100)
        click = sound.ModalVoice("metal", 0.3, rng)
        click.decay_s = np.maximum(click.decay_s * 0.08, 0.007)
        for k, t in enumerate(shots):
            hits = weapon.kind != "melee" or any(abs(f.dies - t) < 0.02 for f in self.foes)
            if hits:
                loud = weapon.level * rng.uniform(0.9, 1.05)
                scene.emit(t + rng.uniform(0, 0.008), weapon.voice.play(loud, rng), weapon.family, getattr(weapon.voice, "material", None), loud, seen)
                self.lights.append((t, weapon.light if weapon.kind != "melee" else 0.0, 14.0))
            if weapon.kind in ("launcher", "laser"):
                self.send(rng, t)
            rest = (shots[k + 1] if k + 1 < len(shots) else scene.duration_s) - t
            if weapon.kind not in ("melee", "laser") and rest > 1.1 and rng.random() < 0.4:
                a = t + 0.3
                weapon.reloads.append((a, a + 0.7))
                scene.emit(a + 0.35, click.play(0.4, rng), "impact", "metal", 0.4, (64, 120) if weapon.visible else OUT_OF_VIEW)

    def send(self, rng, t):
        """A missile from the muzzle to the foe that dies of it, or to the next wall; rockets burst there."""
        eye, speed = self.eye[self.row(t)], 9.0 if self.weapon.kind == "launcher" else 14.0
        aim = [f for f in self.foes if abs(f.dies - t - self.fly_s(f, t)) < 0.04]
        side = (self.weapon.muzzle[0] - 64) / 64 * self.lens * 0.5
        start = np.array([eye[0] + 0.5 * np.cos(eye[3]) - side * np.sin(eye[3]), eye[1] + 0.5 * np.sin(eye[3]) + side * np.cos(eye[3]), eye[2] - 0.15])
        if aim:
            goal, end = np.array([*aim[0].at(aim[0].dies), aim[0].height / 2]), aim[0].dies
            aim[0].bursts |= self.weapon.kind == "launcher"
        else:
            way = np.array([np.cos(eye[3]), np.sin(eye[3])])
            reach = next((r for r in np.arange(0.5, 14, 0.1) if self.world.grid[tuple((eye[:2] + way * (r + 0.2)).astype(int)[::-1])]), 0.5)
            goal, end = np.array([*(eye[:2] + way * reach), eye[2]]), on_frame(t + reach / speed)
            if self.weapon.kind == "launcher":
                self.burst(end, goal, 0.9, rng)
        self.missiles.append((t, max(end, t + 0.03), start, goal))

    def settle(self, scene, rng):
        """Foes that shoot and die, and what that does to the walker."""
        for foe in self.foes:
            for t in foe.shots:
                if not 0 <= t < min(foe.dies, scene.duration_s):
                    continue
                place = (*foe.at(t), foe.hover + foe.height * 0.6)
                family = "arcade" if isinstance(self.foe_voice, sound.ArcadeVoice) else "shot"
                self.say(t + rng.uniform(0, 0.008), self.foe_voice.play(0.8, rng), family, None, 0.8, place)
                if rng.random() < 0.3:
                    self.hurts.append(on_frame(t + rng.uniform(0.03, 0.2)))
            if foe.dies < scene.duration_s:
                self.kills.append(foe.dies)
                place = np.array([*foe.at(foe.dies), foe.hover + foe.height * 0.5])
                if foe.bursts:
                    self.burst(foe.dies, place, rng.uniform(0.6, 1.0), rng)
                elif self.cries:
                    loud = rng.uniform(0.4, 0.9)
                    wave = cry(rng, loud) if rng.random() < 0.7 else sound.ArcadeVoice("hit", rng).play(loud, rng)
                    self.say(foe.dies + rng.uniform(0, 0.01), wave, "arcade", None, loud, place)
        if rng.random() < 0.12:
            self.hurts += [on_frame(t) for t in rng.uniform(0.3, scene.duration_s, rng.integers(1, 4))]
        family, material = ("arcade", None) if isinstance(self.hurt_voice, sound.ArcadeVoice) else ("impact", "rubber")
        for t in sorted(self.hurts):
            loud = rng.uniform(0.4, 0.9)
            scene.emit(t + rng.uniform(0, 0.008), self.hurt_voice.play(loud, rng), family, material, loud, (64, 64))
            self.tints.append((t, (200, 0, 0), rng.uniform(0.35, 0.7)))
            self.kicks.append((t, 0.03))

    def burst(self, t, place, strength, rng):
        """An explosion: fire, light, a kick of the view by nearness."""
        if t >= self.scene.duration_s:
            return
        self.say(t + rng.uniform(0, 0.008), self.blast_voice.play(strength, rng), "explosion", None, strength, place)
        self.blasts.append((t, place, rng.uniform(0.9, 1.6) * strength, rng.uniform(0.4, 0.8)))
        far = np.hypot(*(place[:2] - self.eye[self.row(t), :2]))
        self.lights.append((t, 1.0 / (1 + 0.5 * far), 6.0))
        self.kicks.append((t, 0.09 / (1 + far)))

    def find_items(self, scene, rng):
        """Things on the way that vanish with a chime when one comes to them."""
        if self.mode == "look" or rng.random() < 0.45:
            return
        voice, kinds = sound.ArcadeVoice(str(rng.choice(["coin", "power"])), rng), [billboards.item(rng, scene.split) for _ in range(2)]
        if rng.random() < 0.35 and (found := art.sprite(rng, scene.split, "coin")):
            kinds.append(found)
        tint, loud = colour(rng, scene.split, (200, 255), (60, 220)), rng.uniform(0.5, 1.0)
        deep, last = rng.uniform(0, 0.45), -1.0
        for s in np.arange(rng.uniform(1, 3), self.way[-1] + 4, rng.uniform(1.0, 3.5)):
            there = np.flatnonzero(self.way > s - 0.35)
            t = on_frame(there[0] / CURVE_RATE) if len(there) else 99.0
            if t > last + 0.1:
                self.items.append((np.array([*self.line[min(int(s * 16), len(self.line) - 1)], 0.0]), kinds[rng.integers(len(kinds))], t, rng.uniform(0, 6)))
                scene.emit(t + rng.uniform(0, 0.008), voice.play(loud, rng), "arcade", None, loud, (64, 100))
                self.tints.append((t, tint, deep))
                last = t

    # --- the picture ---

    def dress(self, split, rng):
        """Cross hair, bars, numbers, a small map, the hero from behind."""
        self.ink = [colour(rng, split, (150, 255)) for _ in range(3)]
        self.cross, self.cross_size = int(rng.integers(5)), rng.uniform(2, 6)
        self.hud, self.bar = int(rng.integers(5)), int(rng.integers(10, 24))
        self.bar_colour, self.font = colour(rng, split, (30, 160)), rng.uniform(0.7, 1.3)
        self.chart, self.health = rng.random() < 0.15, int(rng.integers(50, 201))
        self.ammo = int(rng.integers(20, 300))
        self.hero = [colour(rng, split, (60, 255)) for _ in range(3)]
        self.tall, self.feet, self.hero_x = rng.uniform(44, 66), rng.uniform(106, 120), 64 + rng.uniform(-14, 14)

    def draw(self, view, t):
        i = self.row(t)
        self.open_at(t)
        eye = self.eye[i].copy()
        eye[4] += sum(a * np.exp(-(t - s) * 8) * np.cos((t - s) * 45) for s, a in self.kicks if 0 <= t - s + 1e-6 < 0.6)
        light = sum(a * np.exp(-(t - s) * k) for s, a, k in self.lights if 0 <= t - s + 1e-6 < 0.5)
        picture, depth = self.world.render(*eye[:4], eye[4], self.lens, self.size, min(1.0, light))
        self.draw_beings(picture, depth, eye, t)
        if self.size != SIZE:
            picture = cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)
        view.picture[:] = picture
        sway = self.sway[i]
        if self.third:
            self.draw_hero(view, t, i)
        elif self.weapon:
            self.weapon.draw(view, t, sway)
        for s, c, amount in self.tints:
            if 0 <= t - s + 1e-6 < 0.4:
                k = amount * max(0.0, 1 - (t - s) / 0.4)
                view.picture[:] = cv2.addWeighted(view.picture, 1 - k, np.full_like(view.picture, c), k, 0)
        self.draw_hud(view, t)

    def draw_beings(self, picture, depth, eye, t):
        """Billboards from far to near."""
        things = []
        for foe in self.foes:
            x, y = foe.at(t)
            gone = t - foe.dies
            if gone + 1e-6 < 0:
                stride = foe.frames[int(foe.phase + t * (2 + 2 * foe.rate)) % len(foe.frames)]
                things.append(((x, y, foe.hover), stride, foe.height, 0.0, 1.0, 1.0))
                if any(0 <= t - s + 1e-6 < 0.067 for s in foe.shots):
                    wide = max(foe.height * 0.55, 0.12 * self.lens * np.hypot(x - eye[0], y - eye[1]))  # at least 7 pixels
                    things.append(((x - 0.1 * np.cos(eye[3]), y - 0.1 * np.sin(eye[3]), foe.hover + foe.height * 0.35), self.spark, wide, 1.0, 1.0, 1.0))
            elif not foe.bursts:
                fall = min(1.0, max(gone, 0) / 0.35)
                things.append(((x, y, foe.hover * (1 - fall)), foe.frames[0], foe.height, 0.0, 1 - 0.8 * fall, 1 + 0.25 * fall))
        for start, place, size, life in self.blasts:
            u = (t - start) / life
            if -1e-6 < u < 1:
                far = np.hypot(*(place[:2] - eye[:2]))
                grow, fade = max(size, 0.2 * self.lens * far) * (0.55 + 0.5 * min(1.0, max(u, 0) * 4)), min(1.0, 2.2 * (1 - u))
                rgb, alpha = self.fire if u < 0.55 else self.smoke
                things.append(((*place[:2], place[2] - grow / 2 + 0.2 * u), (rgb, alpha * fade), grow, 1.0 if u < 0.55 else 0.0, 1.0, 1.0))
                for a, b, c in self.bits:
                    s = max(u, 0) * life
                    things.append(((place[0] + a * s * 1.6, place[1] + b * s * 1.6, place[2] + abs(c) * 2 * s - 3 * s * s), self.spark, 0.12 * size, 1.0, 1.0, 1.0))
        for a, b, start, goal in self.missiles:
            if 0 <= t - a + 1e-6 and t < b - 1e-6:
                x, y, z = start + (goal - start) * (max(t - a, 0) / (b - a))
                things.append(((x, y, z - 0.1), self.bolt, 0.2, 1.0, 1.0, 1.0))
        for place, sprite, taken, phase in self.items:
            if t + 1e-6 < taken:
                turn = abs(np.cos(3 * t + phase)) * 0.8 + 0.2
                things.append(((*place[:2], 0.06 + 0.04 * np.sin(4 * t + phase)), sprite, 0.36, 0.3, 1.0, turn))
        things.sort(key=lambda e: -((e[0][0] - eye[0]) ** 2 + (e[0][1] - eye[1]) ** 2))
        for place, sprite, height, bright, squash, width in things:
            billboard(picture, depth, eye, self.lens, place, sprite, height, self.world, bright, squash, width)

    def draw_hero(self, view, t, i):
        """The own figure from behind; a foot is down where its step sounds, the feet take turns."""
        c, h, x = np.pi * self.phase[i], self.tall, self.hero_x
        going, up = min(1.0, 1.5 * self.speed[i]), 70 * self.air[i]
        hip = self.feet - 0.46 * h - up + 0.02 * h * going * np.cos(2 * c)
        legs, coat, head = self.hero
        for side, lift in ((-1, max(0.0, np.sin(c))), (1, max(0.0, -np.sin(c)))):
            foot = self.feet - up - 0.2 * h * lift * going + (0.06 * h if up > 0 else 0)
            view.line(x + side * 0.07 * h, hip, x + side * 0.1 * h, foot, billboards.dim(legs, 1 - 0.35 * lift * going), h / 9)
            view.line(x + side * 0.1 * h - 1, foot, x + side * 0.1 * h + 1, foot, (25, 22, 20), h / 8)
            swing = 0.1 * h * going * np.sin(c) * side
            view.line(x + side * 0.15 * h, hip - 0.28 * h, x + side * 0.2 * h, hip - 0.02 * h + swing, billboards.dim(coat, 0.8), h / 12)
        lean = 0.02 * h * going * np.sin(c)
        if self.weapon:
            since, at = self.weapon.since(t), (x + 0.24 * h, hip - 0.2 * h)
            view.line(*at, at[0] + 0.02 * h, at[1] - 0.26 * h, (40, 40, 45), h / 14)
            if self.weapon.kind == "melee" and since < 0.25:
                view.line(*at, x + 0.3 * h * np.cos(since * 12), hip - 0.3 * h - 0.35 * h * np.sin(since * 12), (210, 210, 220), 3)
            elif since < self.weapon.flash_s:
                self.weapon.draw_flash(view, np.array([at[0] + 0.02 * h, at[1] - 0.3 * h]), 0.8)
        view.polygon([(x - 0.16 * h + lean, hip - 0.32 * h), (x + 0.16 * h + lean, hip - 0.32 * h), (x + 0.1 * h, hip + 0.03 * h), (x - 0.1 * h, hip + 0.03 * h)], coat)
        view.circle(x + lean, hip - 0.42 * h, 0.1 * h, head)

    def draw_hud(self, view, t):
        size, (a, b, _) = self.cross_size, self.ink
        if self.cross == 1 and self.weapon:
            view.line(64 - size, 64, 64 + size, 64, a, 1)
            view.line(64, 64 - size, 64, 64 + size, a, 1)
        elif self.cross == 2 and self.weapon:
            view.circle(64, 64, 1.2, a)
        elif self.cross == 3 and self.weapon:
            view.circle(64, 64, size, a, 1)
        hurt = sum(t + 1e-6 >= s for s in self.hurts)
        health, shot = max(1, self.health - 17 * hurt), sum(t + 1e-6 >= s for s in self.weapon.shots) if self.weapon else 0
        write = lambda text, x, y, c: cv2.putText(view.picture, text, (int(x), int(y)), cv2.FONT_HERSHEY_PLAIN, self.font, c, 1)
        if self.hud == 1:
            view.box(0, 128 - self.bar, 128, 128, self.bar_colour)
            write(str(health), 4, 125, a)
            write(str(max(0, self.ammo - shot)), 52, 125, b)
            write(str(sum(t + 1e-6 >= s for s in self.kills)), 108, 125, b)
        elif self.hud == 2:
            write(str(health), 4, 124, a)
            write(str(max(0, self.ammo - shot)), 92, 124, b)
        elif self.hud == 3:
            view.box(5, 6, 5 + 44, 10, (30, 30, 30))
            view.box(5, 6, 5 + 44 * health / self.health, 10, a)
            view.box(5, 12, 5 + 44 * max(0, self.ammo - shot) / self.ammo, 14, b)
        if self.chart:
            x, y = self.eye[self.row(t), :2] * 1.3
            view.box(98, 3, 126, 31, (20, 20, 20))
            view.circle(99 + x, 4 + y, 1.5, a)


class ThirdPersonGame(FirstPersonGame):
    """The same, its walks all with the hero in view."""

    third_share = 1.0
