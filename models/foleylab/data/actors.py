"""What moves and sounds in a scene. An actor plans its whole motion when made, writes its sounds and events into the scene,
and then draws itself at any time. Things that the picture cannot foretell (a shot) happen on a frame, as in a game."""
import numpy as np

from foleylab.data import sound
from foleylab.data.pictures import SIZE, View, colour, material_sprite, texture
from foleylab.data.sound import CURVE_RATE, MATERIALS, SURFACES


def ticks(rng, duration_s, gap, jitter=0.3, first=None):
    """Event times about `gap` apart, each on a 30 Hz frame."""
    out, t = [], rng.uniform(0, gap) if first is None else first
    while t < duration_s:
        out.append(round(t * 30) / 30)
        t += max(0.1, gap * np.exp(rng.normal(0, jitter)))
    return out


class Bouncer:
    """A body of some material that falls, bounces, comes to rest, and is dropped again; floor and walls may be drawn."""

    def __init__(self, scene, rng):
        self.material = str(rng.choice(MATERIALS))
        size = rng.uniform(0.35, 1.9)
        self.radius = 4 + 6.5 * size
        self.round = rng.random() < 0.7
        self.sprite = material_sprite(rng, self.material, int(self.radius * 2) + 2, self.round)
        self.floor = rng.uniform(80, 122)
        self.floor_colour = colour(rng, scene.split)
        self.draw_floor = rng.random() < 0.8
        voice = sound.ModalVoice(self.material, size, rng)
        bounce = {"rubber": 0.82, "wood": 0.5, "metal": 0.55, "glass": 0.55, "stone": 0.35, "plastic": 0.65}[self.material] + rng.normal(0, 0.05)
        g = rng.uniform(220, 700)
        n, dt = int(scene.duration_s * CURVE_RATE) + 1, 1 / CURVE_RATE
        ground = self.floor - self.radius * (1 if self.round else 0.8)
        x, y = rng.uniform(15, 113), rng.uniform(-30, ground - 15)
        vx, vy, rest, wait = rng.normal(0, 30), rng.uniform(-60, 60), 0.0, rng.uniform(0.1, 0.8)
        path, fastest = np.empty((n, 3), np.float32), np.sqrt(2 * g * 90)
        angle, hits = 0.0, []
        for i in range(n):
            vy += g * dt
            x, y, angle = x + vx * dt, y + vy * dt, angle + vx * dt / self.radius
            if y > ground and vy > 0:
                y = ground
                if vy > 14:
                    hits.append((i * dt, vy))
                    vy, vx = -vy * min(bounce, 0.9), vx * 0.9
                else:
                    vy, vx, rest = 0.0, vx * 0.98, rest + dt
            if not self.radius < x < SIZE - self.radius and (x - 64) * vx > 0:
                vx = -vx
                if scene.walls and abs(vx) > 12:
                    hits.append((i * dt, abs(vx) * 1.5))
            if rest > wait:
                rest, wait, y = 0.0, rng.uniform(0.1, 1.2), y if rng.random() < 0.5 else -15.0
                vx, vy = rng.normal(0, 35), -rng.uniform(0.4, 1) * np.sqrt(2 * g * 60) if y > 0 else 0.0
            path[i] = x, y, angle
        self.path = path
        for t, v in hits:
            strength = float(np.clip(v / fastest, 0, 1.1)) ** 1.2
            if strength > 0.04:
                scene.emit(t, voice.play(strength, rng), "impact", self.material, strength, path[int(t * CURVE_RATE), :2])

    def draw(self, view, t):
        if self.draw_floor:
            view.box(-60, self.floor, 190, self.floor + 60, self.floor_colour)
        x, y, angle = self.path[int(t * CURVE_RATE)]
        view.sprite(self.sprite, x, y, angle)


class Striker:
    """A tool on an arm that swings at a thing and hits it, or misses it without a sound."""

    family = "strike"

    def __init__(self, scene, rng):
        self.material = str(rng.choice(MATERIALS))
        self.voice = sound.ModalVoice(self.material, rng.uniform(0.5, 1.8), rng)
        self.pivot = np.array([rng.uniform(20, 108), rng.uniform(15, 60)])
        self.length, self.back = rng.uniform(25, 50), rng.uniform(0.6, 1.5)
        self.side = rng.choice([-1, 1])
        self.hit_angle = rng.uniform(0.2, 1.1)
        self.colour, self.width = colour(rng, scene.split), rng.uniform(2, 5)
        self.head = material_sprite(rng, str(rng.choice(MATERIALS)), int(rng.uniform(8, 18)), rng.random() < 0.4)
        self.target = material_sprite(rng, self.material, int(rng.uniform(16, 34)), rng.random() < 0.4)
        hits = ticks(rng, scene.duration_s, rng.uniform(0.35, 1.3), 0.25)
        n = int(scene.duration_s * CURVE_RATE) + 1
        axis = np.arange(n) / CURVE_RATE
        self.angle = np.full(n, self.hit_angle + self.back)
        self.shake = []
        for t in hits:
            t += rng.uniform(-0.016, 0.016)
            miss, strength = rng.random() < 0.2, rng.uniform(0.25, 1)
            low = self.hit_angle + 0.35 if miss else self.hit_angle
            down, up = rng.uniform(0.08, 0.2), rng.uniform(0.15, 0.35)
            fall = np.clip((axis - t + down) / down, 0, 1) ** 2
            rise = np.clip((axis - t) / up, 0, 1)
            swing = np.where(axis < t, fall, 1 - rise * rise * (3 - 2 * rise))
            reach = low + (self.back * (0.5 + 0.5 * strength)) * (1 - swing)
            self.angle = np.where((axis > t - down) & (axis < t + up), np.minimum(self.angle, reach), self.angle)
            if not miss and t > 0:
                self.shake.append(t)
                scene.emit(t, self.voice.play(strength, rng), self.family, self.material, strength, self.tip(self.hit_angle))

    def tip(self, angle):
        return self.pivot + self.length * np.array([self.side * np.cos(angle), 0.9 - np.sin(angle)])

    def draw(self, view, t):
        bump = sum(2.0 * np.exp(-(t - s) * 25) for s in self.shake if 0 <= t - s < 0.3)
        tip = self.tip(self.hit_angle)
        view.sprite(self.target, tip[0], tip[1] + self.target[0].shape[0] / 2 + self.head[0].shape[0] / 2 - 2 + bump)
        tip = self.tip(self.angle[int(t * CURVE_RATE)])
        view.line(*self.pivot, *tip, self.colour, self.width)
        view.sprite(self.head, *tip, -self.angle[int(t * CURVE_RATE)] * self.side)


class Drummer:
    """Pads hit by sticks; each pad has its own drum; a pad may light up."""

    def __init__(self, scene, rng):
        count = rng.integers(1, 5)
        self.pads = []
        floor = rng.uniform(70, 110)
        for k in range(count):
            kind = str(rng.choice(["kick", "snare", "hat", "tom"]))
            voice = sound.DrumVoice(kind, rng)
            gap = rng.uniform(0.25, 1.0)
            hits = [t + rng.uniform(-0.016, 0.016) for t in ticks(rng, scene.duration_s, gap, rng.uniform(0.02, 0.3))]
            x = 64 + (k - (count - 1) / 2) * 112 / count + rng.uniform(-4, 4)
            level = rng.uniform(0.4, 1)
            flat = rng.uniform(0.25, 0.6) if kind != "hat" else 0.15
            self.pads.append((x, floor + rng.uniform(-12, 8), rng.uniform(8, 13), flat, colour(rng, scene.split), hits, rng.random() < 0.5))
            for t in hits:
                if t > 0:
                    scene.emit(t, voice.play(level * rng.uniform(0.6, 1), rng), "drum", None, level, (x, floor))
        self.stick = colour(rng, scene.split, (120, 255))

    def draw(self, view, t):
        for x, y, r, flat, c, hits, lights in self.pads:
            since = min((t - h for h in hits if t >= h), default=9)
            until = min((h - t for h in hits if h > t), default=9)
            dip = 2.5 * np.exp(-since * 20)
            shade = tuple(int(min(255, v + (120 * np.exp(-since * 12) if lights else 0))) for v in c)
            view.box(x - r, y + dip, x + r, y + r * 1.3, tuple(v // 2 for v in c))
            view.polygon([(x + r * np.cos(a), y + dip + r * flat * np.sin(a)) for a in np.linspace(0, 6.28, 20)], shade)
            lift = min(since / 0.18, until / 0.14, 1.0)
            view.line(x, y + dip - 1 - 22 * lift, x + 20, y - 28 * lift - 14, self.stick, 2)


class Keys:
    """A keyboard of notes, or a typing keyboard: what goes down sounds."""

    def __init__(self, scene, rng):
        self.typing = rng.random() < 0.4
        self.count = int(rng.integers(6, 14))
        self.rows = 3 if self.typing else 1
        self.top, self.height = rng.uniform(55, 85), rng.uniform(12, 18) * (1 if self.typing else 2.4)
        self.up, self.down = colour(rng, scene.split, (130, 255), (0, 60)), colour(rng, scene.split, (60, 255))
        self.tint = rng.random() < 0.5
        self.hand = colour(rng, scene.split) if rng.random() < 0.5 else None
        click = sound.ClickVoice(rng)
        base, timbre, decay = 110 * 2 ** rng.uniform(0, 1.5), str(rng.choice(["string", "string", "bell"])), rng.uniform(0.2, 0.8)
        self.hits = []
        for t in ticks(rng, scene.duration_s, rng.uniform(0.12, 0.35) if self.typing else rng.uniform(0.2, 0.8), 0.4):
            k, row, strength = int(rng.integers(self.count)), int(rng.integers(self.rows)), rng.uniform(0.3, 1)
            t += rng.uniform(0, 0.01)
            self.hits.append((t, k, row, rng.uniform(0.08, 0.25)))
            wave = click.play(strength, rng) if self.typing else sound.KeyVoice(base * 2 ** ([0, 2, 4, 5, 7, 9, 11][k % 7] / 12 + k // 7), timbre, decay).play(strength, rng)
            scene.emit(t, wave, "typing" if self.typing else "key", None, strength, (64, 90))

    def draw(self, view, t):
        width = 116 / self.count
        for row in range(self.rows):
            for k in range(self.count):
                pressed = any(h - 0.02 <= t < h + hold and kk == k and r == row for h, kk, r, hold in self.hits)
                x, y = 6 + k * width, self.top + row * self.height + (2.5 if pressed else 0)
                view.box(x + 0.7, y, x + width - 0.7, y + self.height - 1.5, self.down if pressed and self.tint else tuple(int(v * (0.75 if pressed else 1)) for v in self.up))
        if self.hand:
            for h, k, row, hold in self.hits:
                if h - 0.1 <= t < h + hold:
                    lift = 12 * max(0, (h - t) / 0.1)
                    view.circle(6 + (k + 0.5) * width, self.top + (row + 0.7) * self.height - lift, 4, self.hand)


class Pendulums:
    """Two bobs on strings that clack in the middle, or one that strikes a bell."""

    def __init__(self, scene, rng):
        self.material = str(rng.choice(["metal", "wood", "plastic", "glass", "stone"]))
        voice = sound.ModalVoice(self.material, rng.uniform(0.4, 1.2), rng)
        self.radius, self.length, self.top = rng.uniform(6, 12), rng.uniform(45, 75), rng.uniform(5, 25)
        self.sprite = material_sprite(rng, self.material, int(self.radius * 2) + 2, True)
        self.colour, self.period = colour(rng, scene.split), rng.uniform(0.5, 1.3)
        self.start, self.amplitude, self.fade = rng.uniform(-0.5, 0.5), rng.uniform(0.4, 0.9), rng.uniform(0.02, 0.25)
        t = self.start
        while t < scene.duration_s:
            strength = self.amplitude / 0.9 * np.exp(-self.fade * max(t, 0))
            if t > 0:
                scene.emit(t, voice.play(strength, rng), "impact", self.material, strength, (64, self.top + self.length))
            t += self.period

    def draw(self, view, t):
        k = (t - self.start) / self.period
        swing = self.amplitude * np.exp(-self.fade * t) * abs(np.sin(np.pi * k))
        left = int(np.floor(k)) % 2 == 0
        for side in (-1, 1):
            a = side * swing if (side < 0) == left else 0.0
            x, y = 64 + side * self.radius + self.length * np.sin(a), self.top + self.length * np.cos(a)
            view.line(64 + side * self.radius, self.top, x, y, self.colour, 1)
            view.sprite(self.sprite, x, y)


class Blasts:
    """Explosions: a flash, a ball of fire that grows and fades, smoke, bits; the camera may shake."""

    def __init__(self, scene, rng):
        self.items = []
        size = rng.uniform(0.2, 1.0)
        voice = sound.ExplosionVoice(size, rng)
        self.light = rng.random() < 0.5
        for t in ticks(rng, scene.duration_s, rng.uniform(0.5, 2.2), 0.5):
            strength = rng.uniform(0.4, 1)
            x, y = rng.uniform(15, 113), rng.uniform(20, 105)
            bits = rng.normal(0, 60, (12, 2)) if rng.random() < 0.7 else np.zeros((0, 2))
            hot = ((255, 240, 180), (255, 150, 40)) if rng.random() < 0.75 else (colour(rng, scene.split, (200, 255), (0, 80)), colour(rng, scene.split, (180, 255)))
            self.items.append((t, x, y, (8 + 22 * size) * strength, bits, hot, rng.uniform(0.25, 0.7)))
            scene.emit(t + rng.uniform(0, 0.01), voice.play(strength, rng), "explosion", None, strength, (x, y))
            if rng.random() < 0.4:
                scene.camera.kicks.append((t, strength))

    def draw(self, view, t):
        for start, x, y, radius, bits, (core, flame), life in self.items:
            u = (t - start) / life
            if not 0 <= u + 1e-6 < 1.6:
                continue
            if self.light and u < 0.2:
                view.picture[:] = np.clip(view.picture.astype(np.int16) + int(90 * (1 - u * 5)), 0, 255)
            grow = 0.45 + 0.55 * min(1, u * 3)
            if u > 0.5:
                view.circle(x, y - 8 * u, radius * (0.8 + 0.4 * u), (70, 65, 60))
            if u < 0.9:
                view.circle(x, y, radius * grow * (1 - 0.5 * u), flame)
                view.circle(x, y, radius * grow * 0.6 * (1 - u), core)
            for vx, vy in bits:
                s = max(u, 0) * life
                view.circle(x + vx * s, y + vy * s + 90 * s * s, 1.5, flame)


class Shooter:
    """A ship or a gun seen from the side or above: muzzle flash, bullets, things that burst when hit."""

    def __init__(self, scene, rng):
        self.up = rng.random() < 0.5
        arcade = rng.random() < 0.5
        voice = sound.ArcadeVoice("laser", rng) if arcade else sound.ShotVoice(rng)
        burst = sound.ExplosionVoice(rng.uniform(0.1, 0.6), rng) if rng.random() < 0.7 else sound.ArcadeVoice("hit", rng)
        family = "arcade" if arcade else "shot"
        self.ship, self.enemy = material_sprite(rng, "metal", 18, False), material_sprite(rng, str(rng.choice(MATERIALS)), 16, rng.random() < 0.5)
        self.shape, self.colours = rng.integers(3), [colour(rng, scene.split, (120, 255)) for _ in range(4)]
        self.phase, self.sway = rng.uniform(0, 6), rng.uniform(0.3, 1.5)
        self.bullet_speed, self.bullet_size = rng.uniform(120, 300), rng.uniform(1, 3)
        self.flash = rng.uniform(3, 9)
        level = rng.uniform(0.35, 0.9)
        rate = rng.uniform(0.12, 0.9)
        self.shots, self.bursts = [], []
        bursting = rng.random() < 0.5
        for k, t in enumerate(ticks(rng, scene.duration_s, rate, 0.1 if rng.random() < 0.5 else 0.5)):
            if bursting and (t * 0.7) % 1 > 0.5:
                continue
            x = self.place(t)
            self.shots.append((t, x))
            scene.emit(t + rng.uniform(0, 0.008), voice.play(level, rng), family, None, level, (64, 100))
            if rng.random() < 0.35 or k == 0:
                reach = rng.uniform(30, 80)
                at = round((t + reach / self.bullet_speed) * 30) / 30
                if at < scene.duration_s:
                    strength = rng.uniform(0.4, 0.9)
                    self.bursts.append((at, x, reach, strength))
                    scene.emit(at + rng.uniform(0, 0.008), burst.play(strength, rng), "explosion", None, strength, (64, 64))

    def place(self, t):
        return 64 + 42 * np.sin(self.sway * t + self.phase)

    def world(self, across, along):
        return (across, 112 - along) if self.up else (14 + along, across)

    def draw(self, view, t):
        for at, x, reach, strength in self.bursts:
            if -1.5 < t - at < 0:
                view.sprite(self.enemy, *self.world(x, reach + 7 + 18 * (at - t)))
            elif 0 <= t - at + 1e-6 < 0.35:
                u = (t - at) / 0.35
                view.circle(*self.world(x, reach + 7), 13 * strength * (0.5 + u) * (1 - 0.4 * u), self.colours[1] if u > 0.4 else (255, 235, 170))
        for s, x in self.shots:
            along = 10 + (t - s) * self.bullet_speed
            if 0 <= t - s + 1e-6 and along < 130:
                a, b = self.world(x, along), self.world(x, along + 5)
                view.line(*a, *b, self.colours[2], self.bullet_size)
            if 0 <= t - s + 1e-6 < 0.07:
                view.circle(*self.world(x, 10), self.flash, (255, 240, 180))
        view.sprite(self.ship, *self.world(self.place(t), 3))


class FirstPerson:
    """A corridor or a panorama through the eyes of one who walks, turns and shoots."""

    background = True

    def __init__(self, scene, rng):
        n = int(scene.duration_s * CURVE_RATE) + 1
        self.wall, self.ground = texture(rng, scene.split, 96, 512), texture(rng, scene.split, 96, 256)
        knots = rng.normal(0, 60, 8).cumsum()
        self.yaw = np.interp(np.arange(n), np.linspace(0, n, 8), knots)
        self.walk = np.clip(np.interp(np.arange(n), np.linspace(0, n, 6), rng.uniform(-0.6, 1.2, 6)), 0, 1)
        steps = np.cumsum(self.walk) / CURVE_RATE * rng.uniform(1.6, 2.8)
        self.steps, self.bob, self.distance = steps, rng.uniform(0, 5), np.cumsum(self.walk) / CURVE_RATE * 60
        footstep = sound.FootstepVoice(str(rng.choice(SURFACES)), rng)
        if rng.random() < 0.6:
            for i in np.flatnonzero(np.diff(np.floor(steps))):
                scene.emit(i / CURVE_RATE, footstep.play(0.5, rng), "footstep", footstep.surface, 0.5, (64, 64))
        gun = sound.ShotVoice(rng) if rng.random() < 0.8 else sound.ArcadeVoice("laser", rng)
        self.colours = [colour(rng, scene.split) for _ in range(3)]
        self.flash, self.offset = rng.uniform(6, 16), rng.uniform(-20, 20)
        self.shots = ticks(rng, scene.duration_s, rng.uniform(0.12, 1.6), 0.5) if rng.random() < 0.8 else []
        level = rng.uniform(0.5, 1)
        for t in self.shots:
            scene.emit(t + rng.uniform(0, 0.008), gun.play(level, rng), "shot", None, level, (64, 110))
        self.lights = rng.random() < 0.6
        self.foe = material_sprite(rng, str(rng.choice(MATERIALS)), 30, rng.random() < 0.5)
        self.foes = [(t, rng.uniform(20, 108), rng.uniform(0.6, 2)) for t in ticks(rng, scene.duration_s, 1.5, 0.5)]
        blast = sound.ExplosionVoice(rng.uniform(0.2, 0.8), rng)
        self.blasts = [t for t, _, _ in self.foes if rng.random() < 0.4]
        for t in self.blasts:
            scene.emit(t, blast.play(0.7, rng), "explosion", None, 0.7, (64, 64))

    def draw(self, view, t):
        i = int(t * CURVE_RATE)
        picture = view.picture
        shift = int(self.yaw[i]) % (self.wall.shape[1] - SIZE)
        picture[: 64 + 16] = self.wall[:80, shift : shift + SIZE]
        rows = np.arange(16, 64)
        depth = 900.0 / rows
        v = ((depth + self.distance[i]) * 4).astype(int) % 96
        u = ((np.arange(SIZE)[None] - 64) * depth[:, None] / 20 + self.yaw[i]).astype(int) % 256
        picture[80:] = self.ground[v[:, None], u][:48]
        bob = self.bob * self.walk[i] * np.cos(2 * np.pi * self.steps[i])
        if abs(bob) > 0.5:
            picture[:] = np.roll(picture, int(bob), 0)
        for at, x, _ in self.foes:
            u = at - t
            if 0 < u < 1.2:
                view.sprite(self.foe, x - (self.yaw[i] - self.yaw[min(int(at * CURVE_RATE), len(self.yaw) - 1)]), 72, 0, 1.1 - 0.6 * u)
            elif at in self.blasts and -0.4 < u <= 1e-6:
                view.circle(x, 72, 22 * (1 + u * 1.5), (255, 190, 80))
        since = min((t - s for s in self.shots if t + 1e-6 >= s), default=9)
        recoil = 8 * np.exp(-since * 12)
        x, y = 64 + self.offset, 100 + 2 * bob + recoil
        if since < 0.07:
            view.circle(x, y - 6, self.flash, (255, 235, 150))
            if self.lights:
                picture[:] = np.clip(picture.astype(np.int16) + 40, 0, 255)
        view.polygon([(x - 5, y), (x + 5, y), (x + 14, 140), (x - 14, 140)], self.colours[0])
        view.line(x, y, x, y + 30, self.colours[1], 3)


class Walker:
    """A figure that walks or runs; each foot that lands sounds after its surface."""

    def __init__(self, scene, rng):
        self.surface = str(rng.choice(SURFACES))
        voice = sound.FootstepVoice(self.surface, rng)
        self.rate, self.height = rng.uniform(0.9, 2.2), rng.uniform(30, 70)
        self.floor, self.phase = rng.uniform(88, 122), rng.uniform(0, 1)
        self.x0, self.speed = rng.uniform(30, 98), rng.choice([-1, 1]) * rng.uniform(0, 14)
        self.colours = [colour(rng, scene.split) for _ in range(3)]
        self.ground = colour(rng, scene.split)
        self.stops = sorted(rng.uniform(0, scene.duration_s, 2)) if rng.random() < 0.4 else (9, 9)
        n = int(scene.duration_s * CURVE_RATE) + 1
        going = ~((np.arange(n) / CURVE_RATE > self.stops[0]) & (np.arange(n) / CURVE_RATE < self.stops[1]))
        self.cycle = self.phase + np.cumsum(going) / CURVE_RATE * self.rate
        self.moved = np.cumsum(going) / CURVE_RATE * self.speed
        for i in np.flatnonzero(np.diff(np.floor(2 * self.cycle))):
            strength = float(np.clip(0.3 + 0.3 * self.rate * rng.uniform(0.7, 1), 0, 1))
            scene.emit(i / CURVE_RATE, voice.play(strength, rng), "footstep", self.surface, strength, (self.x0 + self.moved[i], self.floor))

    def draw(self, view, t):
        view.box(-60, self.floor, 190, 190, self.ground)
        i = int(t * CURVE_RATE)
        c, h, x = self.cycle[i] * 2 * np.pi, self.height, self.x0 + self.moved[i]
        hip = self.floor - 0.48 * h + 0.03 * h * np.cos(2 * c)
        for k in (0, np.pi):
            foot = x + 0.24 * h * np.cos(c + k)
            lift = 0.14 * h * max(0, -np.sin(c + k))
            knee = (x + foot) / 2 + 0.05 * h * np.sign(self.speed or 1)
            view.line(x, hip, knee, (hip + self.floor - lift) / 2, self.colours[0], h / 14)
            view.line(knee, (hip + self.floor - lift) / 2, foot, self.floor - lift, self.colours[0], h / 14)
            view.line(x, hip - 0.28 * h, x + 0.2 * h * np.cos(c + k + np.pi), hip - 0.05 * h, self.colours[1], h / 18)
        view.line(x, hip, x, hip - 0.32 * h, self.colours[1], h / 7)
        view.circle(x, hip - 0.42 * h, 0.09 * h, self.colours[2])


class Platformer:
    """A side-scroller: jumps, landings, coins, stomps, over a scrolling ground."""

    def __init__(self, scene, rng):
        self.speed = rng.uniform(25, 70)
        self.floor, self.size = rng.uniform(92, 112), rng.uniform(12, 22)
        self.hero, self.foe = material_sprite(rng, str(rng.choice(MATERIALS)), int(self.size), rng.random() < 0.5), material_sprite(rng, str(rng.choice(MATERIALS)), 14, True)
        self.ground, self.block = texture(rng, scene.split, 48, 256), colour(rng, scene.split, (120, 255))
        g = rng.uniform(350, 700)
        n = int(scene.duration_s * CURVE_RATE) + 1
        self.y = np.zeros(n)
        jump, land = sound.ArcadeVoice("jump", rng), sound.FootstepVoice(str(rng.choice(SURFACES)), rng)
        coin, stomp = sound.ArcadeVoice("coin", rng), sound.ArcadeVoice("hit", rng)
        loud = rng.uniform(0.5, 1, 4)
        t, self.coins, self.foes = rng.uniform(0.1, 0.8), [], []
        while t < scene.duration_s - 0.2:
            t = round(t * 30) / 30
            v = rng.uniform(110, 200)
            flight = 2 * v / g
            scene.emit(t + 0.004, jump.play(loud[0], rng), "arcade", None, loud[0], (50, 90))
            a, b = int(t * CURVE_RATE), min(n, int((t + flight) * CURVE_RATE))
            s = np.arange(b - a) / CURVE_RATE
            self.y[a:b] = v * s - 0.5 * g * s * s
            if rng.random() < 0.4:
                self.coins.append((round((t + flight * 0.45) * 30) / 30, v * flight * 0.45 - 0.5 * g * (flight * 0.45) ** 2))
                scene.emit(self.coins[-1][0] + 0.004, coin.play(loud[2], rng), "arcade", None, loud[2], (50, 60))
            if rng.random() < 0.3:
                self.foes.append(t + flight)
                scene.emit(t + flight, stomp.play(loud[3], rng), "arcade", None, loud[3], (50, 100))
            else:
                scene.emit(t + flight, land.play(loud[1], rng), "footstep", land.surface, loud[1], (50, 100))
            t += flight + rng.exponential(0.5) + 0.1

    def draw(self, view, t):
        shift = int(t * self.speed) % 128
        top = int(np.clip(view.at(0, self.floor)[1], 0, SIZE - 1))
        view.picture[top:] = self.ground[: SIZE - top, shift : shift + SIZE] if SIZE - top <= 48 else self.block
        for at, height in self.coins:
            if t < at:
                view.circle(40 + (at - t) * self.speed, self.floor - self.size / 2 - height, 4, (250, 210, 40))
            elif t - at < 0.2:
                view.circle(40 - (t - at) * 20, self.floor - self.size - height - 60 * (t - at), 2.5, (255, 245, 160))
        for at in self.foes:
            x = 40 + (at - t) * self.speed
            if t < at:
                view.sprite(self.foe, x, self.floor - 6)
            elif t - at < 0.3:
                view.box(x - 7, self.floor - 3, x + 7, self.floor, self.block)
        for k in range(3):
            view.box(((k * 70 - t * self.speed) % 210) - 40, 30 + 12 * k, ((k * 70 - t * self.speed) % 210) - 14, 40 + 12 * k, self.block)
        run = 1.5 * abs(np.sin(t * 14)) if self.y[int(t * CURVE_RATE)] == 0 else 0
        view.sprite(self.hero, 40, self.floor - self.size / 2 - self.y[int(t * CURVE_RATE)] - run, 0.1 * np.sin(t * 14))


def speed_curve(rng, duration_s):
    """A speed in 0..1 at 240 Hz with rests and slow changes."""
    n = int(duration_s * CURVE_RATE) + 1
    count = int(rng.integers(3, 8))
    knots = np.clip(rng.uniform(-0.35, 1.1, count), 0, 1) if rng.random() < 0.8 else np.full(count, rng.uniform(0.3, 1))
    curve = np.interp(np.arange(n), np.linspace(0, n, count), knots)
    return np.convolve(np.pad(curve, 30, "edge"), np.ones(61) / 61, "valid")


class Vehicle:
    """A car seen from the side on a scrolling road, or from behind; engine by speed."""

    def __init__(self, scene, rng):
        self.speed = speed_curve(rng, scene.duration_s)
        fastest = rng.uniform(120, 260)  # pixels a second
        self.moved = np.cumsum(self.speed) / CURVE_RATE * fastest
        self.behind = rng.random() < 0.35
        self.colours = [colour(rng, scene.split) for _ in range(4)]
        self.floor, self.size = rng.uniform(90, 112), 1.2 if self.behind else rng.uniform(0.7, 1.3)
        scene.bed(sound.engine_bed(self.speed, rng, self.size, fastest / 105) * rng.uniform(0.5, 1.2), "engine", self.speed)
        self.road = texture(rng, scene.split, 40, 256)

    def draw(self, view, t):
        i = int(t * CURVE_RATE)
        moved, fast = self.moved[i], self.speed[i]
        if self.behind:
            view.polygon([(-60, 150), (190, 150), (70, 55), (58, 55)], self.colours[3])
            for k in range(8):
                z = ((k * 30 - moved * 0.8) % 240) / 240
                y0, y1 = 55 + 90 / (1 + 12 * z) * 0.9, 55 + 90 / (1 + 12 * (z + 0.03)) * 0.9
                view.line(64, y0, 64, y1, (240, 240, 200), 3)
        else:
            y = int(np.clip(self.floor, 0, 126))
            s = int(moved) % 128
            rows = min(40, SIZE - y)
            view.picture[y : y + rows] = self.road[:rows, s : s + SIZE]
            for k in range(4):
                x = (k * 60 - moved * 0.5) % 240 - 40
                view.box(x, self.floor - 45, x + 4, self.floor, self.colours[2])
        jitter = np.sin(t * 60) * 0.8 * fast
        x, y, s = 64, self.floor - 12 * self.size + jitter, self.size
        if self.behind:
            y = 100 + jitter
        view.box(x - 26 * s, y - 9 * s, x + 26 * s, y + 4 * s, self.colours[0])
        view.box(x - 14 * s, y - 19 * s, x + 12 * s, y - 9 * s, self.colours[1])
        for dx in (-16, 16):
            wx, wy = x + dx * s, y + 6 * s
            view.circle(wx, wy, 7 * s, (25, 25, 25))
            if not self.behind:
                for a in (0, 2.09, 4.19):
                    view.line(wx, wy, wx + 6 * s * np.cos(a + moved / 7), wy + 6 * s * np.sin(a + moved / 7), (190, 190, 190), 1)


class Spinner:
    """A wheel, fan or saw that turns faster and slower."""

    def __init__(self, scene, rng):
        self.speed = speed_curve(rng, scene.duration_s)
        self.angle = np.cumsum(self.speed) / CURVE_RATE * rng.uniform(8, 22)
        scene.bed(sound.whirr_bed(self.speed, rng) * rng.uniform(0.4, 1.1), "whirr", self.speed)
        self.x, self.y, self.r = rng.uniform(40, 88), rng.uniform(40, 88), rng.uniform(18, 42)
        self.blades, self.colours = int(rng.integers(2, 8)), [colour(rng, scene.split) for _ in range(3)]
        self.fan = rng.random() < 0.5

    def draw(self, view, t):
        a0, r = self.angle[int(t * CURVE_RATE)], self.r
        view.circle(self.x, self.y, r, self.colours[0], -1 if not self.fan else 2)
        for k in range(self.blades):
            a = a0 + k * 6.283 / self.blades
            tip = (self.x + r * 0.95 * np.cos(a), self.y + r * 0.95 * np.sin(a))
            if self.fan:
                side = (self.x + r * 0.8 * np.cos(a + 0.45), self.y + r * 0.8 * np.sin(a + 0.45))
                view.polygon([(self.x, self.y), tip, side], self.colours[1])
            else:
                view.line(self.x, self.y, *tip, self.colours[1], 2)
        view.circle(self.x, self.y, r * 0.15, self.colours[2])


class Roller:
    """A ball that rolls to and fro, or a box that slides; louder when faster."""

    def __init__(self, scene, rng):
        self.material = str(rng.choice(MATERIALS))
        self.radius = rng.uniform(8, 18)
        self.sprite = material_sprite(rng, self.material, int(2 * self.radius) + 2, rng.random() < 0.75)
        self.tilt, self.floor = rng.uniform(-0.25, 0.25), rng.uniform(80, 112)
        n = int(scene.duration_s * CURVE_RATE) + 1
        knots = rng.uniform(16, 112, int(rng.integers(3, 8)))
        where = np.interp(np.arange(n), np.linspace(0, n, len(knots)), knots)
        self.x = np.convolve(np.pad(where, 60, "edge"), np.hanning(121) / 60.0, "valid")
        speed = np.abs(np.gradient(self.x)) * CURVE_RATE
        speed = np.clip(np.where(speed < 3, 0, speed) / 90, 0, 1)
        scene.bed(sound.roll_bed(speed, rng, self.material) * rng.uniform(0.5, 1.2), "roll", speed, self.material)
        self.colour = colour(rng, scene.split)

    def draw(self, view, t):
        x = self.x[int(t * CURVE_RATE)]
        line = lambda u: self.floor + self.tilt * (u - 64)
        view.polygon([(-40, line(-40)), (170, line(170)), (170, 190), (-40, 190)], self.colour)
        view.sprite(self.sprite, x, line(x) - self.radius, x / self.radius)


class Weather:
    """Rain in streaks and splashes, fire in tongues, wind in grass or waves: each as strong as its curve."""

    def __init__(self, scene, rng):
        self.kind = str(rng.choice(["rain", "fire", "wind"]))
        self.amount = speed_curve(rng, scene.duration_s)
        if rng.random() < 0.5:
            self.amount = np.clip(self.amount + 0.4, 0, 1)
        make = {"rain": sound.rain_bed, "fire": sound.fire_bed, "wind": sound.wind_bed}[self.kind]
        scene.bed(make(self.amount, rng) * rng.uniform(0.5, 1.2), self.kind, self.amount)
        self.seed, self.slant = int(rng.integers(1 << 30)), rng.uniform(-0.3, 0.3)
        self.colours = [colour(rng, scene.split, (120, 255), (0, 120)) for _ in range(2)]
        self.x, self.y, self.width = rng.uniform(30, 98), rng.uniform(85, 118), rng.uniform(12, 34)
        self.roots = rng.uniform(-20, 148, 70)
        self.tall = rng.uniform(8, 45)
        self.waves = rng.random() < 0.4
        self.phase = np.cumsum(0.3 + self.amount) / CURVE_RATE

    def draw(self, view, t):
        i = int(t * CURVE_RATE)
        amount = self.amount[i]
        r = np.random.default_rng([self.seed, int(t * 30)])
        if self.kind == "rain":
            for x, y in r.uniform(-10, 138, (int(70 * amount), 2)):
                view.line(x, y, x + 9 * self.slant, y + 9, self.colours[0], 1)
            for x in r.uniform(0, 128, int(10 * amount)):
                view.circle(x, 118 + r.uniform(-10, 8), 2, self.colours[0], 1)
        elif self.kind == "fire":
            for _ in range(int(4 + 26 * amount)):
                u = r.random()
                c = ((255, 230, 120), (255, 150, 40), (220, 70, 20))[min(2, int(u * 3))]
                view.circle(self.x + r.normal(0, self.width * 0.4 * (1 - u)), self.y - u * self.width * 1.9 * amount, (1 - u) * self.width * 0.3 + 1, c)
        elif self.waves:
            for k in range(6):
                x = np.linspace(-10, 138, 24)
                y = 70 + 10 * k + (2 + 8 * amount) * np.sin(x / (9 + 2 * k) + 6 * self.phase[i] + k)
                view.polygon([*zip(x, y, strict=True), (138, 190), (-10, 190)], tuple(int(v * (0.4 + 0.1 * k)) for v in self.colours[0]))
        else:
            for k, x in enumerate(self.roots):
                lean = amount * 14 * (0.6 + 0.4 * np.sin(8 * self.phase[i] + x / 15 + k)) + np.sin(2 * t + k)
                view.line(x, 128, x + lean * np.sign(self.slant), 128 - self.tall * (0.6 + 0.4 * ((k * 7) % 10) / 10), self.colours[k % 2], 2)


class Silent:
    """Things that move and do not sound: drifting shapes, flags, scrolling words, blinking lights, passers-by far away."""

    def __init__(self, scene, rng):
        self.kind = str(rng.choice(["drift", "orbit", "flag", "words", "blink", "flock"]))
        self.colours = [colour(rng, scene.split) for _ in range(3)]
        self.a, self.b = rng.uniform(15, 113, 2), rng.uniform(15, 113, 2)
        self.r, self.rate, self.phase = rng.uniform(4, 16), rng.uniform(0.2, 1.8), rng.uniform(0, 6.28)
        self.sprite = material_sprite(rng, str(rng.choice(MATERIALS)), int(2 * self.r) + 2, rng.random() < 0.5)

    def draw(self, view, t):
        k = self.rate * t + self.phase
        if self.kind == "drift":
            u = 0.5 - 0.5 * np.cos(k)
            view.sprite(self.sprite, *(self.a + (self.b - self.a) * u), k)
        elif self.kind == "orbit":
            view.sprite(self.sprite, self.a[0] + 25 * np.cos(2 * k), self.a[1] + 14 * np.sin(2 * k), 2 * k)
        elif self.kind == "flag":
            x = np.linspace(0, 36, 10)
            y = self.a[1] + 4 * np.sin(x / 6 - 5 * k) * x / 36
            view.polygon([*zip(self.a[0] + x, y, strict=True), *zip(self.a[0] + x[::-1], y[::-1] + 18, strict=True)], self.colours[0])
            view.line(self.a[0], self.a[1], self.a[0], 150, self.colours[1], 2)
        elif self.kind == "words":
            x = (self.a[0] - 22 * t) % 200 - 70
            view.box(x, self.a[1], x + 66, self.a[1] + 9, self.colours[0])
            view.line(x + 4, self.a[1] + 4, x + 55, self.a[1] + 4, self.colours[1], 2)
        elif self.kind == "blink":
            if np.sin(3 * k) > 0:
                view.circle(*self.a, self.r * 0.6, self.colours[0])
        else:
            for j in range(7):
                x, y = self.a[0] + 18 * np.sin(k + j * 1.7), self.a[1] * 0.6 + 10 * np.cos(1.3 * k + j)
                wing = 3 * np.sin(9 * k + j)
                view.line(x - 4, y - wing, x, y, self.colours[0], 1)
                view.line(x, y, x + 4, y - wing, self.colours[0], 1)


EVENTFUL = (Bouncer, Bouncer, Striker, Drummer, Keys, Pendulums, Blasts, Shooter, Walker, Platformer)
SUSTAINED = (Vehicle, Spinner, Roller, Weather, Weather)

__all__ = ["EVENTFUL", "SUSTAINED", "FirstPerson", "Silent", "View"]
