"""A room of rigid bodies in three dimensions, moved by MuJoCo: things fall and tumble, dominoes, balls on slopes, hammers, towers. What touches sounds."""
import numpy as np

from foleylab.data import sound
from foleylab.data.bodies.motion import simulate
from foleylab.data.bodies.solids import Ground, Lens, Shape, order, project, shadow, skin
from foleylab.data.bodies.stages import Stage
from foleylab.data.pictures import SIZE, colour
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE

FASTEST_M_S = 4.0  # closes in with strength 1
SLOWEST_M_S, ROLL_M_S = 0.05, 1.6  # rolls unheard, rolls with curve 1
FAINTEST = 0.05
MASK_S = 0.03
LEAST_ROLL_S, LOOK = 0.03, CURVE_RATE // 15  # of full strength, to be heard at all; steps between looks whether it is in view
RISE = SAMPLE_RATE // 40  # audio frames in which a hit must be heard above what was before
OUT_OF_VIEW = (-999.0, 0.0)


def power(wave):
    """Mean square."""
    return float((wave**2).mean()) if len(wave) else 0.0


class Bodies:
    """`hits` are those that sound, as (motion.Hit, strength); `own` is what the room has sounded by itself."""

    def __init__(self, scene, rng, way=None):
        self.n = int(scene.duration_s * CURVE_RATE) + 1
        self.motion = None
        while self.motion is None:
            self.stage = Stage(rng, scene.duration_s, way)
            self.motion = simulate(self.stage)
        self.solids = self.stage.solids
        self.look(scene, rng)
        self.sound(scene, rng)

    # what is seen

    def look(self, scene, rng):
        """Skins, light, and a camera that has in view where things happen."""
        split, motion = scene.split, self.motion
        accent = colour(rng, split, (170, 255)) if rng.random() < 0.5 else colour(rng, split, (20, 80))
        skins = {}
        self.shapes = []
        for k, s in enumerate(self.solids):
            if (key := s.material if rng.random() < 0.6 else k) not in skins:
                skins[key] = skin(rng, split, s.material)
            self.shapes.append(Shape(s, skins[key], accent, clear=s.material == "glass"))
        self.halves = np.array([s.half for s in self.solids])
        self.corners = np.array([[(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]]) * self.halves[:, None]
        slant, round_ = rng.uniform(0.1, 0.7), rng.uniform(0, 6.28)
        self.light = np.array([slant * np.cos(round_), slant * np.sin(round_), 1.0])
        self.light /= np.linalg.norm(self.light)
        self.shade, self.rod = rng.uniform(0.3, 0.65), colour(rng, split, (30, 220))
        self.ground = Ground(rng, split) if rng.random() < 0.93 else None  # else all hangs before the backdrop
        moves = [i for i, s in enumerate(self.solids) if s.material]
        seen = motion.places[:: CURVE_RATE // 10, moves].reshape(-1, 3)
        points = np.concatenate([*(h.point[None] for h in motion.hits if h.speed_m_s > 0.3), seen[np.abs(seen).max(1) < 1.6][::3], np.array([s.place for s in self.solids if s.place[2] < 2])])
        points = np.unique(np.round(points[np.abs(points).max(1) < 3], 1), axis=0)  # where something is for long counts no more than where it passes
        low, high = np.quantile(points, 0.06, 0), np.quantile(points, 0.94, 0)
        self.lens = Lens(rng, (low + high) / 2)
        self.lens.fit(points, scene.duration_s / 2, rng.uniform(0.7, 1.1))

    def draw(self, view, t):
        i = min(int(t * CURVE_RATE + 1e-6), self.n - 1)
        places, turns = self.motion.places[i].astype(float), self.motion.turns[i].astype(float)
        matrix, eye = self.lens.frame(t)
        corners = np.einsum("abi,aji->abj", self.corners, turns) + places[:, None]
        near = np.abs(places).max(1) < 12  # neither kept out of sight nor far gone
        if self.ground:
            self.ground.draw(view, matrix)
            casts = [corners[k] - self.light * (corners[k][:, 2:] / self.light[2]) for k in np.flatnonzero(near)]
            shadow(view, matrix, casts, self.shade)
        some = np.flatnonzero(near)
        for k in some[order(self.halves[some], corners[some], places[some], turns[some], eye)]:
            solid = self.solids[k]
            if solid.swing:
                a, b = project(matrix, np.stack([np.array(solid.place), places[k]]))[0]
                view.line(*a, *b, self.rod, 2)
            self.shapes[k].draw(view, matrix, eye, places[k], turns[k], self.light)
            if solid.material is None:
                self.shadows_on(view, matrix, k, places, turns, corners, near)

    def shadows_on(self, view, matrix, k, places, turns, corners, near):
        """Shadows on the upper side of a thing that stands still."""
        up, half = turns[k][:, 2], self.halves[k]
        if up[2] < 0.5 or (self.light @ up) < 0.2:
            return
        top, casts = places[k] + up * half[2], []
        for j in np.flatnonzero(near):
            heights = (corners[j] - top) @ up
            if self.solids[j].material and heights.min() > -0.02:
                casts.append(corners[j] - np.maximum(heights, 0)[:, None] / (self.light @ up) * self.light)
        if casts:
            edge = top + np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]) * half @ turns[k].T
            uv, w = project(matrix, edge)
            if w.min() > 0.2:
                shadow(view, matrix, casts, self.shade, uv)

    def where(self, scene, k, t):
        """Where solid `k` is seen at t, or out of view if most of it is."""
        place = self.motion.places[min(int(t * CURVE_RATE), self.n - 1), k].astype(float)
        (seen,), (depth,) = project(self.lens.frame(t)[0], place[None])
        x, y, zoom = scene.camera.at(t)
        inside = np.abs((seen - (64 + x, 64 + y)) * zoom).max() < SIZE / 2
        return tuple(seen) if depth > 0.3 and inside else OUT_OF_VIEW

    # what is heard

    def play(self, k, strength, rng):
        """The sound of solid `k` struck. Things of a kind share a voice, each a little off its pitch, and hits of nearly one strength a wave:
        making one costs milliseconds."""
        solid, key = self.solids[k], max(1, round(strength * 4))
        kind = solid.material, round(3 * np.log2(max(solid.size, 0.2)))
        if kind not in self.voices:
            self.voices[kind] = voice = sound.ModalVoice(solid.material, float(np.clip(solid.size, 0.3, 1.9)), rng)
            voice.decay_s = np.clip(voice.decay_s * self.damp, 0.006, 0.7)
        if (kind, key) not in self.waves:
            self.waves[kind, key] = self.voices[kind].play(key / 4, rng)
        if (k, key) not in self.waves:
            wave = self.waves[kind, key]
            self.waves[k, key] = np.interp(np.arange(int(len(wave) / self.pitch[k])) * self.pitch[k], np.arange(len(wave)), wave).astype(np.float32)
        return self.waves[k, key] * np.float32(strength * 4 / key)

    def sound(self, scene, rng):
        self.voices, self.waves, self.hits = {}, {}, []
        self.damp, self.pitch = rng.uniform(0.35, 1.0), np.exp(rng.normal(0, 0.04, len(self.solids)))
        self.own = np.zeros(len(scene.track), np.float32)
        self.roll(scene, rng)
        latest = (-1.0, 0.0)
        for hit in self.motion.hits:
            solid = self.solids[hit.one]
            weight = 0.6 + 0.4 * min(1.0, solid.size)
            strength = float(np.clip(hit.speed_m_s / FASTEST_M_S, 0, 1)) ** 1.1 * weight
            since = hit.time_s - latest[0]
            if strength < max(FAINTEST, latest[1] * (1.5 if since < MASK_S else 0.6 * np.exp(-since / 0.1))):
                continue  # too soft, or lost in the one before
            wave = self.play(hit.one, strength, rng)
            if hit.other is not None:  # the heavier one gives way less
                wave = self.join(wave, self.play(hit.other, strength * 0.8 * solid.mass_kg / self.solids[hit.other].mass_kg, rng))
            at = round(hit.time_s * SAMPLE_RATE)
            after = self.own[at : at + RISE]
            if not len(after) or power(self.join(wave[: len(after)], after)) < 1.4 * power(self.own[max(0, at - RISE) : at]):
                continue  # drowned by what rings or rolls
            latest = hit.time_s, strength
            sound.place(self.own, wave, at)
            scene.emit(hit.time_s, wave, "impact", solid.material, strength, self.where(scene, hit.one, hit.time_s))
            self.hits.append((hit, strength))

    @staticmethod
    def join(a, b):
        out = np.zeros(max(len(a), len(b)), np.float32)
        out[: len(a)] += a
        out[: len(b)] += b
        return out

    def roll(self, scene, rng):
        """A bed for each of the two solids that roll or slide most, as far as they are seen."""
        curves = {}
        for k in np.flatnonzero(self.motion.travel.max(0) > SLOWEST_M_S):
            curve = np.clip((self.motion.travel[:, k] - SLOWEST_M_S) / ROLL_M_S, 0, 1) * (0.5 + 0.5 * min(1.0, self.solids[k].size))
            if curve.sum() < LEAST_ROLL_S * CURVE_RATE:
                continue
            for a in range(0, self.n, LOOK):
                if curve[a : a + LOOK].any() and self.where(scene, k, a / CURVE_RATE) == OUT_OF_VIEW:
                    curve[a : a + LOOK] = 0
            window = np.hanning(17)
            curve = np.convolve(curve, window / window.sum(), "same")
            curve[curve < 0.03] = 0
            if curve.max() > 0.1 and curve.sum() > LEAST_ROLL_S * CURVE_RATE:
                curves[k] = curve
        for k in sorted(curves, key=lambda k: -curves[k].sum())[:2]:
            material = self.solids[k].material
            wave = sound.roll_bed(curves[k], rng, material) * np.float32(rng.uniform(0.4, 0.9))
            sound.place(self.own, wave, 0)
            scene.bed(wave, "roll", curves[k], material)
