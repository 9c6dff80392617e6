"""Races: a road ahead with bends and hills, or a track from above. One speed moves the road's stripes, turns the engine's pitch and fills the gauge."""
import math
from types import SimpleNamespace as Thing

import cv2
import numpy as np
import pymunk

from foleylab.data import art, sound
from foleylab.data.games.arcade_look import Hud, Look, dark, make_sprite
from foleylab.data.games.reel import FRAME_RATE, Burst, Reel, Takes
from foleylab.data.pictures import SIZE, colour, fractal, hills, hold_camera, texture
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE, bandpass, upsample, white

STEP = 1 / CURVE_RATE


def squeal_bed(amount, rng):
    """Tyres that slide: a wavering cry of two near pitches in noise, as loud as `amount`."""
    n = len(amount) * SAMPLE_RATE // CURVE_RATE
    a, hz = upsample(amount, n), rng.uniform(600, 1300)
    waver = np.cumsum(rng.normal(0, 1, n // 480 + 2)) * 0.02
    phase = np.cumsum(hz * (1 + 0.12 * a + 0.08 * np.tanh(np.interp(np.arange(n) / 480, np.arange(len(waver)), waver))) / SAMPLE_RATE)
    tone = np.sin(2 * np.pi * phase) + 0.5 * np.sin(2 * np.pi * 2.03 * phase) + 0.3 * np.sin(2 * np.pi * 1.47 * phase)
    return ((0.16 * tone * rng.uniform(0.4, 1) + 1.1 * bandpass(white(rng, n), hz * 0.7, hz * 1.8) * rng.uniform(0.3, 0.8)) * a * 0.8).astype(np.float32)


def rumble_bed(amount, speed, rng):
    """Ribs of a kerb, or rough ground: thumps whose rate follows `speed`, as loud as `amount`."""
    n = len(amount) * SAMPLE_RATE // CURVE_RATE
    a, beat = upsample(amount, n), np.cumsum((8 + 26 * upsample(speed, n)) / SAMPLE_RATE) % 1
    return ((bandpass(white(rng, n), 60, 420) * 1.6 + 0.5 * bandpass(white(rng, n), 500, 2200)) * np.exp(-beat * 5) * a * 0.8).astype(np.float32)


def smooth(curve, frames=25):
    return np.convolve(np.pad(curve, frames // 2, "edge"), np.ones(frames) / frames, "valid")[: len(curve)]


def tarmac(rng, look):
    """The road's colour: dark where things are light, light where they are dark."""
    return colour(rng, look.split, (18, 55) if look.kind == "neon" else (40, 105) if look.dark else (155, 225), (0, 45))


class Gears:
    """The engine's curve from the speed: the note climbs in a gear and falls back when it shifts; some machines have one gear."""

    def __init__(self, rng):
        self.count = int(rng.choice([1, 1, 2, 3, 4, 5]))
        self.idle, self.depth, self.shared = rng.uniform(0, 0.16), rng.uniform(0.2, 0.5), rng.uniform(0.4, 0.8)

    def engine(self, speed, throttle):
        """Speed and throttle in 0..1 at 240 Hz -> engine 0..1."""
        tops = np.linspace(0, 1, self.count + 1)[1:] ** 0.8
        gear, gears = 0, np.zeros(len(speed), int)
        for i, v in enumerate(speed):
            if gear < self.count - 1 and v > tops[gear]:
                gear += 1
            elif gear > 0 and v < tops[gear - 1] - 0.07:
                gear -= 1
            gears[i] = gear
        low = np.concatenate([[0], tops])[gears]
        climb = (speed - low) / (tops[gears] - low)
        note = speed if self.count == 1 else (1 - self.depth) * speed + self.depth * np.clip(climb, 0, 1) * (0.35 + 0.65 * speed)
        shift = np.convolve(np.abs(np.diff(gears, prepend=0)) > 0, np.hanning(31), "same") if self.count > 1 else 0.0
        out = self.idle + (1 - self.idle) * note * (self.shared + (1 - self.shared) * throttle) * (1 - 0.35 * np.clip(shift, 0, 1))
        return smooth(np.clip(out, 0, 1), 9)


class Racing:
    """A race: the road ahead, or the track from above."""

    def __init__(self, scene, rng):
        hold_camera(scene, rng)
        self.look = Look(rng, scene.split)
        self.race = (RoadAhead if rng.random() < 0.6 else Track)(scene, rng, self.look)
        self.mode = type(self.race).__name__

    def draw(self, view, t):
        race = self.race
        f, i = min(int(t * FRAME_RATE + 1e-4), race.reel.frames - 1), min(int(t * CURVE_RATE + 1e-4), len(race.speed) - 1)
        race.paint(view.picture, i)
        race.reel.draw(view.picture, f)
        race.reel.tremble(view.picture, f)
        race.hud.draw(view.picture, i * race.speed.mean() / 8, race.speed[i])
        race.gauge(view.picture, race.speed[i])
        self.look.finish(view.picture)


class Race:
    """What both have: sounds of engine, skid, kerb and crash; a gauge of the speed."""

    def __init__(self, scene, rng, look):
        self.scene, self.rng, self.look = scene, rng, look
        self.n = int(scene.duration_s * CURVE_RATE) + 1
        self.reel, self.hud, self.burst = Reel(int(scene.duration_s * FRAME_RATE) + 1), Hud(rng, look, 0.5), Burst(rng, look)
        self.gears, self.level = Gears(rng), rng.uniform(0.8, 1.5)
        self.dial = str(rng.choice(["none", "bar", "needle"]))
        self.dial_colour, self.dial_at = look.thing(), (18 if rng.random() < 0.5 else 110, 110)
        self.speed, self.throttle, self.skid, self.kerb = np.zeros(self.n), np.zeros(self.n), np.zeros(self.n), np.zeros(self.n)
        self.bang = [Takes(sound.ModalVoice("metal", size, rng), "impact", rng, 2, "metal") for size in (0.8, 1.8)]
        self.dull = Takes(sound.ExplosionVoice(0.1, rng), "impact", rng, 1, "metal")
        self.shakes, self.ring_s = rng.uniform(1, 5), rng.uniform(0.08, 0.4)

    def crash(self, time_s, strength, x, y):
        """Metal on metal, as loud as it was fast; sparks and a shake from the first frame that shows it."""
        strength = float(np.clip(strength, 0.05, 1))
        where, f = (float(np.clip(x, 0, 127)), float(np.clip(y, 0, 127))), int(np.ceil(time_s * FRAME_RATE - 1e-3))
        takes = self.bang[int(strength > 0.55)]
        wave = takes.wave(self.rng) * (strength * 0.7)
        wave *= np.exp(-np.arange(len(wave), dtype=np.float32) / (SAMPLE_RATE * self.ring_s))
        thud = self.dull.wave(self.rng)[: int(0.35 * SAMPLE_RATE)] * strength * 0.7
        wave[: len(thud)] += thud[: len(wave)] * np.linspace(1, 0, len(thud))[: len(wave)]
        self.scene.emit(time_s, wave, "impact", "metal", strength, where)
        self.burst.spark(self.reel, f, *where, 4 + 8 * strength)
        self.reel.kick(f, self.shakes * strength + 1, self.rng)
        if strength > 0.6:
            self.reel.flash(f, 0.3 * strength)
        for dx, dy in self.rng.normal(0, 1, (int(4 + 8 * strength), 2)):
            for k in range(1, 9):
                self.reel.disc(f + k, 3, where[0] + dx * 2.5 * k, where[1] + dy * 2 * k + 0.25 * k * k - 2 * k, 1.2, self.look.fire[1])

    def puff(self, f, x, y, amount, c, drift=(0.0, 0.0)):
        """A cloud that grows for half a second."""
        dx, dy = self.rng.normal(0, 1.2, 2)
        for k in range(13):
            self.reel.disc(f + k, 1, x + dx + drift[0] * k, y + dy + drift[1] * k, (2 + 0.45 * k) * (0.5 + amount) * (1 if k < 8 else (13 - k) / 6), c)

    def beds(self, engine_level=1.0):
        rng, scene = self.rng, self.scene
        self.engine = self.gears.engine(self.speed, self.throttle)
        scene.bed(sound.engine_bed(self.engine, rng, 1.0, 1.8) * self.level * engine_level, "engine", self.engine)
        self.skid, self.kerb = smooth(self.skid, 17), smooth(self.kerb, 9)
        if self.skid.max() > 0.1:
            scene.bed(squeal_bed(self.skid, rng) * self.level, "roll", self.skid, "rubber")
        if self.kerb.max() > 0.1:
            scene.bed(rumble_bed(self.kerb, self.speed, rng) * self.level, "roll", self.kerb, "stone")

    def gauge(self, picture, v):
        x, y = self.dial_at
        if self.dial == "bar":
            cv2.rectangle(picture, (x - 14, y + 4), (x + 14, y + 9), dark(self.dial_colour, 0.35), -1)
            cv2.rectangle(picture, (x - 14, y + 4), (x - 14 + int(28 * v), y + 9), self.dial_colour, -1)
        elif self.dial == "needle":
            a = np.pi * (0.85 + 1.3 * v)
            cv2.circle(picture, (x, y), 13, dark(self.dial_colour, 0.3), -1, cv2.LINE_AA)
            cv2.line(picture, (x, y), spot_int(x + 11 * np.cos(a), y + 11 * np.sin(a)), self.dial_colour, 2, cv2.LINE_AA)


def spot_int(x, y):
    return int(round(x)), int(round(y))


class RoadAhead(Race):
    """A road in perspective: rows of the picture are distances; bends shift the rows, hills move the horizon."""

    def __init__(self, scene, rng, look):
        super().__init__(scene, rng, look)
        self.horizon, self.depth = rng.uniform(44, 62), rng.uniform(0.7, 1.6)
        self.wide, self.top_speed = rng.uniform(0.65, 1.15), rng.uniform(26, 60)  # of the road, in half pictures at the bottom row; world units a second
        self.period = rng.uniform(5, 12)
        self.base_y = rng.uniform(103, 114)
        self.drive()
        self.look_of_it()
        self.place_traffic()
        self.ride()
        self.beds()

    # -- the ride ------------------------------------------------------------------------------------------------------

    def drive(self):
        """Plans pedals and bends; the speed follows the pedals."""
        rng, n = self.rng, self.n
        knots = np.clip(rng.normal(0, 0.75, 9), -1.4, 1.4) * (rng.random(9) < 0.75)
        self.bend_by_place = lambda z: np.interp(z / 28 % 9, np.arange(10), [*knots, knots[0]])
        rises = rng.normal(0, 1, 9) * (rng.uniform(3, 12) if rng.random() < 0.6 else 0)
        self.rise_by_place = lambda z: np.interp(z / 22 % 9, np.arange(10), [*rises, rises[0]])
        plan = rng.choice(["go", "go", "go", "coast", "brake", "stop"], 8)
        marks = np.sort(rng.uniform(0, n, 7)).astype(int)
        pedal = np.searchsorted(marks, np.arange(n), "right")
        self.v0 = rng.uniform(0, 1) * (rng.random() < 0.7)
        self.pull, self.brakes = rng.uniform(0.3, 0.9), rng.uniform(0.6, 1.8)
        self.plan = plan[pedal]
        if self.v0 < 0.15:
            self.plan[:200] = "go"

    def place_traffic(self):
        """Other cars by place on the road, each with its own speed; the ride may run into them."""
        rng = self.rng
        self.cars = [Thing(z=rng.uniform(8, 80), v=rng.uniform(0.15, 0.7) * self.top_speed, lane=float(rng.choice([-0.5, 0.0, 0.5])), sprite=make_sprite(rng, self.look, "tail", 46), hit=-9.0)
                     for _ in range(int(rng.integers(0, 8)))]
        self.careless, self.walled = rng.uniform(0, 1.4), rng.random() < 0.55

    def ride(self):
        """Steps at 240 Hz: speed, place, where on the road; brushes with kerbs, barriers and cars."""
        rng, n = self.rng, self.n
        v, z, x, vx = self.v0, 0.0, rng.uniform(-0.3, 0.3), 0.0
        self.place, self.across, self.lean = np.zeros(n), np.zeros(n), np.zeros(n)
        self.car_places = np.zeros((n, len(self.cars), 2))
        ease, goal, grip, last_wall, bend = 0.0, 0.0, rng.uniform(0.4, 1.1), -9.0, 0.0
        smoke = tuple(int(s) for s in np.full(3, rng.integers(150, 235)))
        skids_when_braking = rng.random() < 0.6
        for i in range(n):
            t, plan = i * STEP, self.plan[i]
            bend = float(self.bend_by_place(z)) if i % 4 == 0 else bend
            pedal = {"go": 1.0, "coast": 0.0, "brake": 0.0, "stop": 0.0}[plan]
            ease += (pedal - ease) * 0.03
            v += (self.pull * ease * (1 - v) - 0.06 * v - (self.brakes * (v > 0) if plan == "stop" or (plan == "brake" and v > 0.3) else 0)) * STEP
            v = max(0.0, v)
            off = abs(x) > 1.05
            if off:
                v -= max(0, v - 0.35) * 1.5 * STEP
            z += v * self.top_speed * STEP
            if i % 80 == 0:
                goal = rng.normal(0, 0.35) * (1 + 1.4 * self.careless)
                near = [c for c in self.cars if 2 < c.z - z < 26]
                if near and rng.random() > 0.75 * self.careless:
                    goal = -0.55 if near[0].lane > -0.1 else 0.6
            slide = bend * v * v
            vx += ((goal - x) * 9 - vx * 4.5 - slide * (1.2 + 1.6 * self.careless)) * STEP
            x += vx * v * STEP * 1.6
            slip = max(0.0, abs(slide) * 1.4 + abs(vx) * v * 0.6 - grip) + (v * 0.7 if skids_when_braking and plan == "stop" and v > 0.12 else 0)
            self.skid[i] = min(1.0, slip * 1.3) if slip > 0.08 and not off else 0.0
            edge = 0.86 < abs(x) <= 1.08
            self.kerb[i] = (0.9 if edge else 0.6 if off else 0.0) * min(1, v * 1.6)
            self.lean[i] = np.clip(bend * v * 0.5 + vx * min(0.35, v), -0.6, 0.6) + 0.25 * np.sign(slide) * min(1, slip)
            self.speed[i], self.throttle[i], self.place[i], self.across[i] = v, ease, z, x
            limit = 1.25 if self.walled else 1.9
            if abs(x) > limit:
                x, side, push = np.sign(x) * limit, np.sign(x), abs(vx) * v
                vx = -0.4 * vx
                if t - last_wall > 0.25 and v > 0.1 and self.walled:
                    last_wall = t
                    self.crash(t, 0.25 + 0.45 * v + 0.3 * push, 64 + side * 15, self.base_y)
                    v *= 0.75
            for j, car in enumerate(self.cars):
                car.z += car.v * STEP
                if car.z < z - 8:
                    car.z += 100
                elif car.z > z + 100:
                    car.z -= 100
                self.car_places[i, j] = car.z - z, car.lane
                if 0 < car.z - z - self.nose() < 0.8 and abs(car.lane - x) < 0.55 and v * self.top_speed > car.v and t - car.hit > 0.6 and v > 0.15:
                    push = (v * self.top_speed - car.v) / self.top_speed
                    car.hit, car.v = t, car.v + 0.9 * (v * self.top_speed - car.v)
                    self.crash(t, 0.3 + 1.3 * push, 64 + 18 * (car.lane - x), self.base_y - 6)
                    v = max(0.0, v - 0.8 * push)
                car.v += (0.5 * self.top_speed - car.v) * 0.2 * STEP
            if i % 8 == 0:
                f = i // 8
                if self.skid[i] > 0.05:
                    for side in (-1, 1):
                        self.puff(f, 64 + side * 13, self.base_y + 6, self.skid[i], smoke, (-slide * 1.5, -0.3))
                if off and v > 0.1 and f % 2 == 0:
                    self.puff(f, 64 + rng.normal(0, 12), self.base_y + 7, 0.5 * v, dark(self.grass[0], 0.7), (0, -0.3))
                if edge and v > 0.1:
                    self.reel.shake[f] = rng.integers(-1, 2, 2)

    def nose(self):
        """How far before the eye the own car is."""
        return self.depth * 64 / (self.base_y + 4 - self.horizon)

    # -- the picture ---------------------------------------------------------------------------------------------------

    def look_of_it(self):
        rng, look = self.rng, self.look
        tone = np.float32(look.ground())
        self.grass = [tuple(int(v) for v in (tone * k).clip(0, 255)) for k in (1.0, rng.uniform(0.7, 0.9))]
        road = np.float32(tarmac(rng, look))
        paint = np.float32(look.thing())
        kerbs = [np.float32(look.thing()), np.float32([240, 240, 240])]
        k = rng.uniform(0.82, 0.95)
        # colours by kind (grass, kerb, road, lane) and parity of the stripe
        self.table = np.array([[self.grass[0], kerbs[0], road, paint], [self.grass[1], kerbs[1], road * k, road * k]], np.float32).clip(0, 255).astype(np.uint8)
        self.kerb_share, self.lanes = rng.uniform(0.05, 0.14), int(rng.choice([1, 2, 3]))
        found = art.sprite(rng, look.split, "background") if rng.random() < 0.35 else None
        if found is not None:
            sky = found[0][:96]
        elif rng.random() < 0.6:
            sky = hills(rng, look.split, SIZE, 256)
            sky = sky[int(rng.integers(5, 30)) :][:80]
        else:
            sky = texture(rng, look.split, 80, 256, str(rng.choice(["gradient", "fractal", "flat", "stars" if look.split != "test" else "gradient"])))
        self.sky = (sky * (0.5 if look.kind == "night" else 1.0)).astype(np.uint8)
        if look.kind == "neon":
            self.sky = (self.sky * 0.3).astype(np.uint8)
        self.sky = np.concatenate([self.sky, self.sky[:, ::-1]], 1)
        self.sky = cv2.resize(self.sky, (512, 96))
        self.grain = (fractal(rng, SIZE, SIZE, 0.95) * 40).astype(np.uint8)[..., None].repeat(3, 2) if look.grit else None
        self.props = [(str(rng.choice(["tree", "post", "sign", "house", "arch", "bush"])), look.thing(), look.thing(), rng.uniform(0.7, 1.6)) for _ in range(3)]
        self.prop_gap, self.prop_seed = rng.uniform(5, 16), int(rng.integers(1000))
        self.own = make_sprite(rng, look, "tail", int(rng.uniform(30, 42)))
        self.columns = np.arange(SIZE, dtype=np.float32)[None]

    def geometry(self, i):
        """-> horizon row, and for the rows below: distance, centre of the road, its half width."""
        z0 = self.place[i]
        horizon = float(np.clip(self.horizon + self.rise_by_place(z0), 30, 80))
        top = int(horizon) + 1
        s = (np.arange(top, SIZE) - horizon) / (SIZE - horizon)  # 0 at the horizon, 1 at the bottom
        far = self.depth / np.maximum(s, 0.008)
        near = 1 - s
        bend = self.bend_by_place(z0 + 6) * 0.6 + 0.4 * self.bend_by_place(z0 + 18)
        return horizon, top, s, far, bend, 64 + 46 * bend * near**2.2 - self.across[i] * 64 * self.wide * s, 64 * self.wide * s

    def paint(self, picture, i):
        z0 = self.place[i]
        horizon, top, s, far, bend, middle, half = self.geometry(i)
        turn = int(60 * np.sin(z0 / 60) + 30 * bend + 128) % 384
        if turn + SIZE > 512:
            turn = 512 - SIZE
        picture[:top] = self.sky[96 - min(top, 96) :][:top, turn : turn + SIZE] if top <= 96 else self.sky[:1, turn : turn + SIZE]
        off = np.abs(self.columns - middle[:, None].astype(np.float32)) / half[:, None].astype(np.float32)
        kind = (off < 1 + self.kerb_share).view(np.uint8) + (off < 1).view(np.uint8)
        lane = 0.035 if self.lanes > 1 else 0.05
        if self.lanes == 2:
            kind[off < lane] = 3
        elif self.lanes == 3:
            kind[np.abs(off - 0.34) < lane] = 3
        else:
            kind[np.abs(off - 0.92) < lane * 0.7] = 3
        parity = ((far + z0) % self.period < self.period / 2).astype(np.uint8)
        picture[top:] = self.table.reshape(8, 3)[kind + 4 * parity[:, None]]
        if self.grain is not None:
            picture[top:] = cv2.subtract(picture[top:], self.grain[top:])
        self.along_the_road(picture, i, horizon, bend)
        jolt = np.sin(i * 0.9) * (0.5 * self.speed[i] + 0.3 * self.gears.idle)
        self.own.blit(picture, 64 + 6 * np.clip(self.lean[i], -1, 1), self.base_y - self.own.size * 0.3 + jolt, self.lean[i] * 0.22)

    def along_the_road(self, picture, i, horizon, bend):
        """Props at the sides and other cars, from far to near."""
        z0, things = self.place[i], []
        first = int(z0 // self.prop_gap) + 1
        for k in range(first, first + int(60 / self.prop_gap)):
            far = k * self.prop_gap - z0
            if far > self.depth * 0.9:
                things.append((far, k, None))
        for j, car in enumerate(self.cars):
            far = self.car_places[i, j, 0]
            if self.nose() * 0.9 < far < 60:
                things.append((far, 0, (car, self.car_places[i, j, 1])))
        for far, k, other in sorted(things, key=lambda a: -a[0]):
            s = self.depth / far
            y, middle = horizon + (SIZE - horizon) * s, 64 + 46 * bend * max(0, 1 - s) ** 2.2 - self.across[i] * 64 * self.wide * s
            if other:
                car, lane = other
                scale = max(0.08, round(s * self.wide * 26) / 26 * self.own.size / 46 / max(0.4, self.depth / self.nose() * self.wide))
                scale = min(2.0, np.ceil(scale * 20) / 20)
                car.sprite.blit(picture, middle + lane * 64 * self.wide * s, y - 23 * scale * 0.75, 0.0, False, scale)
                continue
            for side in (-1, 1) if (k * 7 + self.prop_seed) % 3 else (1,):
                self.prop(picture, self.props[(k * 5 + self.prop_seed) % 3], middle + side * 64 * self.wide * s * 1.45, y, 62 * s, side)
            if self.walled:
                for side in (-1, 1):
                    x = middle + side * 64 * self.wide * s * 1.3
                    cv2.rectangle(picture, spot_int(np.clip(x - 3 * s, -99, 250), y - 14 * s), spot_int(np.clip(x + 3 * s, -99, 250), y), self.props[0][1], -1)

    def prop(self, picture, look, x, y, h, side):
        kind, a, b, tall = look
        if not -80 < x < SIZE + 80 or h < 1.5:
            return
        h *= tall
        if kind == "tree":
            cv2.rectangle(picture, spot_int(x - h * 0.05, y - h * 0.5), spot_int(x + h * 0.05, y), dark(b), -1)
            cv2.circle(picture, spot_int(x, y - h * 0.7), max(1, int(h * 0.32)), a, -1)
        elif kind == "bush":
            cv2.circle(picture, spot_int(x, y - h * 0.1), max(1, int(h * 0.22)), a, -1)
        elif kind == "post":
            cv2.rectangle(picture, spot_int(x - h * 0.06, y - h * 0.9), spot_int(x + h * 0.06, y), a, -1)
            cv2.rectangle(picture, spot_int(x - h * 0.06, y - h * 0.9), spot_int(x - side * h * 0.4, y - h * 0.85), b, -1)
        elif kind == "sign":
            cv2.rectangle(picture, spot_int(x - 1, y - h * 0.5), spot_int(x + 1, y), dark(b), -1)
            cv2.rectangle(picture, spot_int(x - h * 0.35, y - h * 0.9), spot_int(x + h * 0.35, y - h * 0.45), a, -1)
            cv2.rectangle(picture, spot_int(x - h * 0.2, y - h * 0.75), spot_int(x + h * 0.2, y - h * 0.6), b, -1)
        elif kind == "house":
            cv2.rectangle(picture, spot_int(x + side * h * 0.1, y - h * 0.7), spot_int(x + side * h * 1.1, y), a, -1)
            cv2.rectangle(picture, spot_int(x + side * h * 0.3, y - h * 0.5), spot_int(x + side * h * 0.5, y - h * 0.3), b, -1)
        else:
            cv2.fillPoly(picture, [np.int32([(x - h * 0.3, y), (x, y - h), (x + h * 0.3, y)])], a)


class Track(Race):
    """A closed track from above, bodies by pymunk: the tyres grip until they slide; barriers and other cars ring when they are hit."""

    def __init__(self, scene, rng, look):
        super().__init__(scene, rng, look)
        self.zoom, self.turns_with = rng.uniform(0.75, 1.5), rng.random() < 0.3
        self.half = rng.uniform(13, 22)
        self.lay()
        self.plan()
        self.ride()
        self.beds()

    def lay(self):
        """The middle line as a loop of points, and the map of it."""
        rng, look = self.rng, self.look
        a = np.linspace(0, 2 * np.pi, 240, endpoint=False)
        r = 1 + sum(rng.uniform(-1, 1) * 0.42 / k * np.sin(k * a + rng.uniform(0, 6)) for k in (2, 3, 4, 5))
        r = np.clip(r, 0.4, 1.8) / r.max()
        self.size = 560
        self.line = np.stack([280 + 215 * r * np.cos(a) * rng.uniform(0.8, 1), 280 + 215 * r * np.sin(a)], 1)
        if rng.random() < 0.5:
            self.line = self.line[::-1].copy()
        self.ahead = np.roll(self.line, -1, 0) - self.line
        self.ahead /= np.linalg.norm(self.ahead, axis=1, keepdims=True)
        self.points = list(zip(self.line.tolist(), self.ahead.tolist(), strict=True))
        self.side = np.stack([-self.ahead[:, 1], self.ahead[:, 0]], 1)
        soil = texture(rng, look.split, 140, 140, str(rng.choice(["flat", "fractal", "fractal", "leaves"]))) * (0.55 if look.dark else 1.0)
        if look.kind in ("neon", "flat"):
            soil = np.full((140, 140, 3), look.ground(), np.float32)
        if rng.random() < 0.6:
            cell = int(rng.integers(8, 30))
            soil[:, np.arange(140) % (2 * cell) < cell] *= 0.85
        world = cv2.resize(soil.astype(np.uint8), (self.size, self.size))
        loop = [np.int32(self.line * 16)]
        ribs = (look.thing(), (240, 240, 240))
        road = tarmac(rng, look)
        for k in range(0, 240, 3):
            for s in (-1, 1):
                p = self.line[k] + s * self.half * self.side[k]
                q = self.line[(k + 3) % 240] + s * self.half * self.side[(k + 3) % 240]
                cv2.line(world, spot_int(*p), spot_int(*q), ribs[(k // 3) % 2], 7)
        cv2.polylines(world, loop, True, road, int(2 * self.half), cv2.LINE_AA, 4)
        if rng.random() < 0.7:
            c = look.thing()
            for k in range(0, 240, 6):
                cv2.line(world, spot_int(*self.line[k]), spot_int(*self.line[(k + 3) % 240]), c, 1, cv2.LINE_AA)
        p = self.line[60]
        for j in range(-6, 6):
            q = p + self.side[60] * self.half * j / 6
            cv2.line(world, spot_int(*q), spot_int(*(q + self.side[60] * self.half / 6)), (245, 245, 245) if j % 2 else (20, 20, 20), 5)
        self.walled = rng.random() < 0.7
        self.wall = self.half + (rng.uniform(6, 14) if self.walled else 60)
        if self.walled:
            c = look.thing()
            for s in (-1, 1):
                edge = self.line + s * self.wall * self.side
                cv2.polylines(world, [np.int32(edge * 16)], True, c, 3, cv2.LINE_AA, 4)
        for _ in range(int(rng.integers(10, 60))):
            p, r = rng.uniform(0, self.size, 2), rng.uniform(4, 12)
            if np.min(np.linalg.norm(self.line - p, axis=1)) > self.wall + r + 2:
                cv2.circle(world, spot_int(*p), int(r), look.thing(), -1, cv2.LINE_AA)
        self.world = world

    def plan(self):
        rng = self.rng
        self.top_speed, self.grip, self.care = rng.uniform(90, 190), rng.uniform(100, 330), rng.uniform(0.6, 1.9)
        self.pull = self.top_speed * rng.uniform(0.5, 1.1)
        long = rng.uniform(15, 22)
        self.count = int(rng.integers(1, 5))
        self.sprites = [make_sprite(rng, self.look, "racer", long) for _ in range(self.count)]
        self.long = long
        starts = int(rng.integers(240))
        self.rests = sorted(rng.uniform(0, self.scene.duration_s, 2)) if rng.random() < 0.35 else (9, 9)
        self.space, self.knocks = pymunk.Space(), []
        self.bodies, self.lanes = [], []
        for k in range(self.count):
            body = pymunk.Body(1, long**2 * 0.12)
            at = (starts + (0 if k == 0 else int(rng.integers(4, 26)) * (1 if rng.random() < 0.75 else -1))) % 240
            lane = rng.uniform(-0.4, 0.4) * self.half
            p, d = self.line[at] + self.side[at] * lane, self.ahead[at]
            body.position, body.angle = (float(p[0]), float(p[1])), float(np.arctan2(d[0], -d[1]))
            v = self.top_speed * rng.uniform(0, 0.7) * (rng.random() < 0.7 or k > 0)
            body.velocity = float(d[0] * v), float(d[1] * v)
            shape = pymunk.Poly.create_box(body, (long * 0.55, long), 1)
            shape.elasticity, shape.friction, shape.collision_type = 0.4, 0.4, 1 if k == 0 else 2
            self.space.add(body, shape)
            self.bodies.append(body)
            self.lanes.append(lane)
        if self.walled:
            for s in (-1, 1):
                edge = self.line + s * self.wall * self.side
                for p, q in zip(edge, np.roll(edge, -1, 0), strict=True):
                    wall = pymunk.Segment(self.space.static_body, tuple(map(float, p)), tuple(map(float, q)), 1.5)
                    wall.elasticity, wall.friction, wall.collision_type = 0.45, 0.3, 3
                    self.space.add(wall)
        self.space.on_collision(1, None, post_solve=self.knocked)

    def knocked(self, arbiter, space, data):
        if arbiter.is_first_contact:
            p = arbiter.contact_point_set.points[0].point_a
            self.knocks.append((self.clock, arbiter.total_impulse.length / self.top_speed, (p.x, p.y)))

    def ride(self):
        rng, n = self.rng, self.n
        self.states = np.zeros((n, self.count, 3))
        pedals, last = [1.0] * self.count, -9.0
        at = [int(np.argmin(np.linalg.norm(self.line - np.array(b.position), axis=1))) for b in self.bodies]
        pace = [1.0, *rng.uniform(0.55, 0.95, self.count)]
        smoke = tuple(int(s) for s in np.full(3, rng.integers(150, 235)))
        dust = tuple(int(s) for s in self.world[2, 2])
        crashes, self.trail, self.kept = [], [], {}
        for i in range(n):
            self.clock = i * STEP
            for k, body in enumerate(self.bodies):
                self.states[i, k] = body.position.x, body.position.y, body.angle
                self.tyres(i, k, body, at, pace, pedals)
            self.space.step(STEP)
            for time_s, push, where in self.knocks:
                if push > 0.03 and time_s - last > 0.12:
                    last = time_s
                    crashes.append((time_s, push, where))
            self.knocks.clear()
            if i % 8 == 0:
                f, body = i // 8, self.bodies[0]
                x, y, angle = self.states[i, 0]
                if self.skid[i] > 0.08 or (self.kerb[i] > 0.3 and f % 3 == 0):
                    for side in (-1, 1):
                        back = (x - np.sin(angle) * self.long * 0.4 + side * np.cos(angle) * 4, y + np.cos(angle) * self.long * 0.4 + side * np.sin(angle) * 4)
                        self.trail.append((f, back, max(self.skid[i], 0.4), smoke if self.skid[i] > 0.08 else dark(dust, 0.8), self.skid[i] > 0.08))
        self.view = self.framing()
        for f, place, amount, c, tyre in self.trail:
            for k in range(0, 13):
                u, v = self.seen(place, min((f + k) * 8, n - 1))
                self.reel.disc(f + k, 1, u, v, (1.5 + 0.4 * k) * (0.4 + amount) * self.zoom * (1 if k < 8 else (13 - k) / 6), c)
            for k in range(0, 45) if tyre else ():
                u, v = self.seen(place, min((f + k) * 8, n - 1))
                if -4 < u < 132 and -4 < v < 132:
                    self.reel.disc(f + k, 0, u, v, 1.3 * self.zoom, (25, 25, 28))
        for f in range(self.reel.frames):  # cars lie under the smoke
            i = min(f * 8, n - 1)
            for k in range(self.count):
                u, v = self.seen(self.states[i, k, :2], i)
                self.reel.marks[f][1].insert(k, ("sprite", self.sprites[k], u, v, self.states[i, k, 2] - (self.turned(i)), False, round(self.zoom, 2)))
        for time_s, push, where in crashes:
            i = min(int(time_s * CURVE_RATE), n - 1)
            self.crash(time_s, 0.12 + 1.1 * push, *self.seen(where, i))

    def tyres(self, i, k, body, at, pace, pedals):
        """Steers to a point ahead on the line, brakes for bends; tyres hold until the sideways speed is more than the grip allows."""
        px, py = body.position
        while True:
            (x, y), (dx, dy) = self.points[(at[k] + 1) % 240]
            if (x - px) * dx + (y - py) * dy > 0:
                break
            at[k] = (at[k] + 1) % 240
        vx, vy = body.velocity
        cos, sin = math.cos(body.angle), math.sin(body.angle)
        nose, right = (sin, -cos), (cos, sin)
        v, slip = vx * nose[0] + vy * nose[1], vx * right[0] + vy * right[1]
        if i % 8 == 0:
            reach = int(4 + abs(v) * 0.055)
            j = (at[k] + reach) % 240
            gx, gy = self.line[j] + self.side[j] * self.lanes[k] - (px, py)
            turn = (np.arctan2(gx, -gy) - body.angle + np.pi) % (2 * np.pi) - np.pi
            far = (at[k] + reach + 7) % 240
            bend = np.arccos(np.clip(self.ahead[at[k]] @ self.ahead[far], -1, 1))
            want = self.top_speed * pace[k] * np.clip(1.25 - bend * (0.75 if k else 0.62 / self.care), 0.3, 1)
            if k == 0 and self.rests[0] < self.clock < self.rests[1]:
                want = 0
            pedals[k] = (np.clip((want - v) / 25, -1.6, 1), np.clip(turn * 5, -4.5, 4.5))
        push, steer = pedals[k]
        body.angular_velocity += (steer * min(1, abs(v) / 35) - body.angular_velocity) * 0.08
        hold = self.grip * STEP * (2.2 if k else 1)
        side = min(max(-slip * 0.25, -hold), hold)
        drive = (push if push > 0 else push * 1.3 * (v > 0)) * self.pull * STEP
        body.velocity = vx + nose[0] * drive + right[0] * side - vx * 0.12 * STEP, vy + nose[1] * drive + right[1] * side - vy * 0.12 * STEP
        if k == 0:
            self.speed[i], self.throttle[i] = min(1, math.hypot(vx, vy) / self.top_speed), max(0.0, push)
            amount = (abs(slip) - 13) / 45
            locked = push < -0.8 and v > 45
            self.skid[i] = min(1, max(0, amount) + 0.3 * locked) if amount > 0 or locked else 0
            (x, y), (dx, dy) = self.points[at[k]]
            off = abs((py - y) * dx - (px - x) * dy)
            self.kerb[i] = (0.8 if -2 < off - self.half < 5 else 0.5 if off > self.half + 5 else 0) * min(1, 1.5 * self.speed[i])
            if off > self.half + 5:
                self.skid[i] *= 0.3

    def framing(self):
        """The middle of the view by time: behind the own car, smoothed, and looking ahead."""
        p = self.states[:, 0, :2]
        return np.stack([smooth(p[:, 0], 81), smooth(p[:, 1], 81)], 1)

    def turned(self, i):
        return self.headings[i] if self.turns_with else 0.0

    @property
    def headings(self):
        if not hasattr(self, "kept_headings"):
            self.kept_headings = smooth(np.unwrap(self.states[:, 0, 2]), 61)
        return self.kept_headings

    def matrix(self, i):
        """Places of the world -> pixels, (2, 3)."""
        if i not in self.kept:
            a, z = -self.turned(i), self.zoom
            cos, sin = math.cos(a) * z, math.sin(a) * z
            x, y = self.view[i].tolist()
            middle = 82 if self.turns_with else 64
            self.kept[i] = (cos, -sin, 64 - cos * x + sin * y), (sin, cos, middle - sin * x - cos * y)
        return self.kept[i]

    def seen(self, place, i):
        (a, b, c), (d, e, f) = self.matrix(i)
        x, y = place
        return a * x + b * y + c, d * x + e * y + f

    def paint(self, picture, i):
        cv2.warpAffine(self.world, np.float32(self.matrix(i - i % 8)), (SIZE, SIZE), dst=picture, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
