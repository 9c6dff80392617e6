"""A game played ahead of time: for each frame at 30 Hz the marks that are to be drawn, a flash, a shake; and sounds on frames."""
import cv2
import numpy as np

from foleylab.data.pictures import SIZE
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE, bandpass, upsample, white

FRAME_RATE = 30


def spot(x, y):
    """A place in pixels as the drawing calls take it, in sixteenths."""
    return int(max(-500, min(700, x)) * 16), int(max(-500, min(700, y)) * 16)


class Takes:
    """A voice played a few times at full strength, when it is first needed; each sound is one of these, scaled."""

    def __init__(self, voice, family, rng, count=3, material=None):
        self.voice, self.waves, self.family, self.material = voice, [None] * count, family, material

    def wave(self, rng):
        k = rng.integers(len(self.waves))
        if self.waves[k] is None:
            self.waves[k] = self.voice.play(1.0, rng)
        return self.waves[k]

    def emit(self, scene, rng, time_s, strength, where):
        strength = float(np.clip(strength, 0.03, 1))
        scene.emit(time_s, self.wave(rng) * strength, self.family, self.material, strength, where)


class Reel:
    """Marks by frame, in layers from far to near: 0 ground, 1 things, 2 shots, 3 blasts."""

    def __init__(self, frames):
        self.frames, self.marks = frames, [([], [], [], []) for _ in range(frames)]
        self.lift, self.shake = np.zeros(frames), np.zeros((frames, 2), int)
        self.lift_colour = np.array([255, 255, 255], np.float32)

    def mark(self, frame, layer, *what):
        if 0 <= frame < self.frames:
            self.marks[frame][layer].append(what)

    def disc(self, frame, layer, x, y, r, c, thickness=-1):
        self.mark(frame, layer, "disc", x, y, r, c, thickness)

    def line(self, frame, layer, x0, y0, x1, y1, c, thickness=1):
        self.mark(frame, layer, "line", x0, y0, x1, y1, c, thickness)

    def flash(self, frame, amount):
        """The whole picture lights up and falls back over some frames."""
        for k in range(4):
            if frame + k < self.frames:
                self.lift[frame + k] = max(self.lift[frame + k], amount * 0.5**k)

    def kick(self, frame, pixels, rng):
        for k in range(9):
            if frame + k < self.frames:
                reach = pixels * 0.75**k
                self.shake[frame + k] = np.round(rng.uniform(-reach, reach, 2) + [0, reach * (-1) ** k])

    def draw(self, picture, frame):
        for layer in self.marks[frame]:
            for kind, *a in layer:
                if kind == "sprite":
                    a[0].blit(picture, *a[1:])
                elif kind == "disc":
                    x, y, r, c, thickness = a
                    cv2.circle(picture, spot(x, y), max(8, int(r * 16)), c, thickness, cv2.LINE_AA, 4)
                elif kind == "line":
                    x0, y0, x1, y1, c, thickness = a
                    cv2.line(picture, spot(x0, y0), spot(x1, y1), c, max(1, round(thickness)), cv2.LINE_AA, 4)
                elif kind == "box":
                    x0, y0, x1, y1, c = a
                    cv2.rectangle(picture, (round(x0), round(y0)), (round(x1), round(y1)), c, -1)
        if self.lift[frame] > 0.02:
            picture[:] = cv2.addWeighted(picture, 1 - self.lift[frame], np.full_like(picture, self.lift_colour), self.lift[frame], 0)

    def tremble(self, picture, frame):
        """Moves the picture by the shake of this frame."""
        dx, dy = self.shake[frame].tolist()
        if dx or dy:
            picture[:] = cv2.warpAffine(picture, np.float32([[1, 0, dx], [0, 1, dy]]), (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE)


def by_frame(curve):
    """A curve with a value a frame -> at 240 Hz; each value holds from its frame on, with a short ramp."""
    step = CURVE_RATE // FRAME_RATE
    out = np.repeat(curve, step)[: (len(curve) - 1) * step + 1]
    return np.convolve(np.pad(out, (3, 0), "edge"), np.ones(4) / 4, "valid")


def thrust_bed(amount, rng):
    """The roar of a jet or a rocket: noise that opens with `amount` (0..1 at 240 Hz)."""
    n = len(amount) * SAMPLE_RATE // CURVE_RATE
    a = upsample(amount, n)
    noise = white(rng, n)
    low = rng.uniform(60, 160)
    return ((bandpass(noise, low, low * 6) + 0.5 * bandpass(noise, 500, rng.uniform(1500, 5000)) * a) * a * 0.55).astype(np.float32)


class Burst:
    """How things blow up in this game: a flash, then a ball of fire, rings, squares or shards, then smoke."""

    def __init__(self, rng, look):
        self.rng, self.look = rng, look
        self.kind = "shards" if look.kind == "neon" and rng.random() < 0.6 else str(rng.choice(["ball", "ball", "puffs", "puffs", "squares", "ring"]))
        self.life, self.smokes, self.bits = rng.uniform(0.8, 1.6), rng.random() < 0.6, int(rng.integers(0, 11))
        self.lights = rng.uniform(0, 0.6) if rng.random() < 0.6 else 0.0

    def blast(self, reel, frame, x, y, radius, drift=(0.0, 0.0)):
        """An explosion from `frame` on; `drift` in pixels a frame is how the ground moves."""
        rng, (core, hot, flame, ember) = self.rng, self.look.fire
        life = int((5 + radius * 0.45) * self.life) + 2
        puffs, pieces = rng.normal(0, 0.45, (6, 2)), rng.normal(0, 1, (self.bits + 4, 2))
        for k in range(life + (6 if self.smokes else 0)):
            f, u = frame + k, k / life
            px, py = x + drift[0] * k, y + drift[1] * k
            if k == 0:
                reel.disc(f, 3, px, py, radius * 0.95, core)
                continue
            if u >= 1 or (self.smokes and u > 0.55):
                for dx, dy in puffs[:3]:
                    reel.disc(f, 1, px + dx * radius, py + dy * radius - 4 * u, radius * 0.4 * max(0.2, 1.5 - u), self.look.smoke)
            if u >= 1:
                continue
            grow, shade = 0.6 + 0.5 * min(1, u * 3), core if k == 1 else hot if u < 0.35 else flame if u < 0.7 else ember
            if self.kind == "ball":
                reel.disc(f, 3, px, py, radius * grow * (1 - 0.45 * u), shade)
                reel.disc(f, 3, px, py, radius * 0.55 * (1 - u), core)
            elif self.kind == "puffs":
                for j, (dx, dy) in enumerate(puffs):
                    reel.disc(f, 3, px + dx * radius * (0.5 + u), py + dy * radius * (0.5 + u), radius * (0.62 - 0.5 * u) * (0.8 + 0.06 * j), hot if j % 2 else shade)
            elif self.kind == "squares":
                for j, (dx, dy) in enumerate(pieces):
                    s, far = max(0.6, radius * 0.3 * (1 - u)), radius * (0.25 + u) * 0.8
                    reel.mark(f, 3, "box", px + dx * far - s, py + dy * far - s, px + dx * far + s, py + dy * far + s, hot if j % 3 else shade)
            elif self.kind == "ring":
                reel.disc(f, 3, px, py, radius * (0.5 + 0.8 * u), shade, max(1, int(radius * 0.35 * (1 - u))))
                reel.disc(f, 3, px, py, radius * 0.7 * (1 - u), hot)
            else:
                for dx, dy in pieces:
                    reel.line(f, 3, px + dx * radius * u, py + dy * radius * u, px + dx * radius * (u + 0.35), py + dy * radius * (u + 0.35), shade, 2)
                reel.disc(f, 3, px, py, radius * 0.7 * (1 - u), hot)
            for dx, dy in pieces[: self.bits]:
                reel.disc(f, 3, px + dx * radius * 1.6 * u, py + dy * radius * 1.6 * u, 1.2, flame)
        if self.lights and radius > 11:
            reel.flash(frame, self.lights * min(1, radius / 26))

    def spark(self, reel, frame, x, y, radius=4.0):
        core, hot, *_ = self.look.fire
        reel.disc(frame, 3, x, y, radius, core)
        reel.disc(frame + 1, 3, x, y, radius * 0.7, hot)
        for dx, dy in self.rng.normal(0, 1, (4, 2)) * radius:
            reel.line(frame + 1, 3, x + dx * 0.6, y + dy * 0.6, x + dx * 1.2, y + dy * 1.2, hot)
            reel.line(frame + 2, 3, x + dx, y + dy, x + dx * 1.5, y + dy * 1.5, hot)
