"""A pinball table from above: a ball under slant gravity, bumpers that light up and kick, walls, two flippers."""
import numpy as np

from foleylab.unseen.canvas import FRAME_RATE, FRAMES, RATE, SIDE, Canvas, Track

SUBSTEPS = 16
DRAIN = 122.0


def bell(hz, strength, rng):
    """Frequency modulation, as in early synthesizers."""
    t = np.arange(int(0.5 * RATE)) / RATE
    return 0.4 * strength * np.sin(2 * np.pi * hz * t + 3 * np.exp(-t / 0.05) * np.sin(2 * np.pi * hz * 1.41 * t)) * np.exp(-t / rng.uniform(0.08, 0.2))


def thud(hz, length_s, strength):
    """A solenoid: a falling sine behind a step."""
    t = np.arange(int(0.15 * RATE)) / RATE
    return 0.7 * strength * np.sin(2 * np.pi * hz * t * (1 - t)) * np.exp(-t / length_s) * np.minimum(1, t * 4000)


class Table:
    """Bumpers, flippers and the ball's whole run, computed when made."""

    def __init__(self, rng, track):
        self.rng, self.track = rng, track
        self.bumpers = []
        while len(self.bumpers) < rng.integers(3, 6):
            x, y, r = rng.uniform(28, 100), rng.uniform(20, 78), rng.uniform(6, 10)
            if all(np.hypot(x - a, y - b) > r + s + 8 for a, b, s, _ in self.bumpers):
                self.bumpers.append((x, y, r, rng.uniform(300, 1500)))
        self.lit = np.full((FRAMES, len(self.bumpers)), 0.0)
        self.flips = np.zeros((FRAMES, 2))
        self.path = np.zeros((FRAMES, 2))
        self.run()

    def run(self):
        rng, dt = self.rng, 1 / FRAME_RATE / SUBSTEPS
        x, v = np.array([rng.uniform(30, 98), 12.0]), np.array([rng.normal(0, 60), 20.0])
        radius, gravity, last_wall, last_hit = 3.0, rng.uniform(110, 190), -1.0, np.full(len(self.bumpers), -1.0)
        for frame in range(FRAMES):
            if x[1] > DRAIN + 14:  # lost: the next ball comes in silence
                x, v = np.array([rng.uniform(30, 98), 8.0]), np.array([rng.normal(0, 60), 20.0])
            if x[1] > 100 and v[1] > 0 and rng.random() < 0.75 and not self.flips[max(0, frame - 6) : frame].any():
                side = int(x[0] > 64)
                self.flips[frame : frame + 5, side] = (1, 1, 0.7, 0.4, 0.2)[: len(self.flips) - frame]
                self.track.add(frame / FRAME_RATE, thud(140, 0.02, 0.8), "flipper", 0.8)
                if 100 < x[1] < 120 and 30 < x[0] < 98:
                    v = np.array([rng.normal(0, 70), -rng.uniform(170, 260)])
            for step in range(SUBSTEPS):
                now = (frame + step / SUBSTEPS) / FRAME_RATE
                v[1] += gravity * dt
                x = x + v * dt
                for axis, low, high in ((0, 12 + radius, 116 - radius), (1, 6 + radius, 1e9)):
                    if not low < x[axis] < high:
                        x[axis] = np.clip(x[axis], low, high)
                        speed = abs(v[axis])
                        v[axis] = -0.6 * v[axis]
                        if speed > 45 and now - last_wall > 0.08:
                            last_wall = now
                            self.track.add(now, thud(420, 0.008, min(1, speed / 220)), "wall", speed / 220)
                for k, (bx, by, r, hz) in enumerate(self.bumpers):
                    apart = x - (bx, by)
                    gap = np.hypot(*apart)
                    if gap < r + radius:
                        normal = apart / max(gap, 1e-6)
                        x = np.array([bx, by]) + normal * (r + radius)
                        v = v - 2 * min(0, v @ normal) * normal
                        v = v / max(1e-6, np.hypot(*v)) * rng.uniform(110, 180)
                        if now - last_hit[k] > 0.06:
                            last_hit[k] = now
                            self.track.add(now, bell(hz, 0.9, rng), "bumper", 0.9)
                            self.track.add(now, thud(95, 0.03, 0.8))
                            self.lit[frame : frame + 4, k] = (1, 0.8, 0.5, 0.2)[: FRAMES - frame]
            self.path[frame] = x


def make_pinball(rng):
    """-> pictures (150, 128, 128, 3), sound (240000,), events (time, name, strength)."""
    track = Track()
    table = Table(rng, track)
    felt, rail, cap = (tuple(int(v) for v in rng.integers(a, b, 3)) for a, b in ((10, 110), (120, 230), (90, 200)))
    stripes = [(rng.uniform(12, 116), rng.uniform(10, 110), tuple(int(v) for v in rng.integers(30, 160, 3))) for _ in range(12)]
    frames = []
    for i in range(FRAMES):
        canvas = Canvas(rail)
        canvas.polygon([(12, 6), (116, 6), (116, SIDE), (12, SIDE)], felt)
        for x, y, colour in stripes:
            canvas.polygon([(x, y), (x + 8, y + 3), (x + 3, y + 9)], colour)
        for k, (x, y, r, _) in enumerate(table.bumpers):
            light = table.lit[i, k]
            canvas.disc(x, y, r, tuple(int(v + (255 - v) * light) for v in cap))
            canvas.disc(x, y, r * 0.55, (250, 250, 250) if light > 0.1 else tuple(v // 2 for v in cap))
        for side, (x, turn) in enumerate(((40, 1), (88, -1))):
            angle = 0.5 - 1.0 * table.flips[i, side]
            canvas.line((x, 108), (x + turn * 17 * np.cos(angle), 108 + 17 * np.sin(angle)), (240, 200, 60), 4)
        canvas.disc(*table.path[i], 3.0, (225, 225, 235))
        canvas.disc(table.path[i][0] - 1, table.path[i][1] - 1, 1.0, (255, 255, 255))
        frames.append(canvas.small())
    return np.stack(frames), track.finished(rng), track.events
