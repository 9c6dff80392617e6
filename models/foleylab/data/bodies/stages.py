"""What stands, hangs and lies in a room of rigid bodies before it begins: solids with a material, a place and a time at which each is let go.

Metres, kilograms, seconds; z is up, the floor is z = 0. Nothing here simulates or draws.
"""
from dataclasses import dataclass

import numpy as np

from foleylab.data.sound import MATERIALS

BOUNCE = {"rubber": 0.75, "wood": 0.35, "metal": 0.4, "glass": 0.45, "stone": 0.25, "plastic": 0.5}
DENSITY = {"rubber": 500, "wood": 350, "metal": 1500, "glass": 750, "stone": 1200, "plastic": 250}  # kg/m3; metal things are mostly hollow
UPRIGHT = (1.0, 0.0, 0.0, 0.0)


@dataclass
class Solid:
    """A box (half edges), ball (radius three times) or cylinder (radius, radius, half length; its axis is its own z); without a material it stands still.

    `waits` until `release_s`, when it takes its velocity and spin: "free" (only moved by others), "held" where it is, or "away", out of sight.
    With `swing` (length, start angle) its place is the pivot from which it hangs by a rod, and swings about y turned by `yaw`.
    """

    kind: str
    half: tuple
    place: tuple
    material: str | None = None
    turn: tuple = UPRIGHT  # quaternion, real part first
    velocity: tuple = (0.0, 0.0, 0.0)
    spin: tuple = (0.0, 0.0, 0.0)
    release_s: float = 0.0
    waits: str = "free"
    friction: float = 0.5
    swing: tuple | None = None
    yaw: float = 0.0

    @property
    def mass_kg(self):
        a, b, c = self.half
        volume = {"box": 8 * a * b * c, "ball": 4.19 * a**3, "cylinder": 6.28 * a * a * c}[self.kind]
        return DENSITY[self.material] * volume

    @property
    def size(self):
        """1 for a thing of a hand's breadth, as voices count it."""
        return float(np.cbrt(np.prod(self.half)) / 0.11)


def about(axis, angle):
    """Quaternion of a turn about an axis."""
    axis = np.asarray(axis, float) / np.linalg.norm(axis)
    return (float(np.cos(angle / 2)), *(float(v) for v in np.sin(angle / 2) * axis))


LYING = about((1, 0, 0), np.pi / 2)  # a cylinder that rolls along x


def any_turn(rng):
    q = rng.normal(0, 1, 4)
    return tuple(float(v) for v in q / np.linalg.norm(q))


def any_half(rng, kind, size):
    """Half extents (m) of a solid about `size` (m) in radius."""
    if kind == "ball":
        return (size,) * 3
    if kind == "cylinder":
        return (size * rng.uniform(0.55, 1), ) * 2 + (size * rng.choice([rng.uniform(0.15, 0.3), rng.uniform(0.8, 1.6)]),)
    return tuple(float(v) for v in size * rng.uniform(0.55, 1.25, 3))


class Stage:
    """The solids of one room, made by one of the ways below, which add what they need."""

    WAYS = ("drop", "drop", "table", "dominoes", "ramp", "hammer", "stack", "pins") * 2 + ("rest",)

    def __init__(self, rng, duration_s, way=None):
        self.rng, self.duration_s, self.solids = rng, duration_s, []
        self.gravity = rng.uniform(6, 11)
        self.common = str(rng.choice(MATERIALS)) if rng.random() < 0.4 else None
        self.floor_friction = rng.uniform(0.2, 0.4)
        self.way = way or str(rng.choice(self.WAYS))
        getattr(self, self.way)(rng)

    def material(self):
        return self.common or str(self.rng.choice(MATERIALS))

    def add(self, kind, half, place, material=None, **more):
        """A solid; movable ones have the room's material, or any."""
        more.setdefault("friction", float(self.rng.uniform(0.3, 0.8)))
        solid = Solid(kind, tuple(float(v) for v in half), tuple(float(v) for v in place), material, **more)
        self.solids.append(solid)
        return solid

    def begin(self):
        return float(self.rng.uniform(0.15, 0.3 * self.duration_s))

    def until(self, left_s):
        """The latest time to let something go that needs so long."""
        return max(0.2, self.duration_s - left_s)

    # the ways

    def drop(self, rng):
        """Things are let go above the floor, one after another, and tumble; a block or a slope may be in their way."""
        waits = str(rng.choice(["held", "away"]))
        for _ in range(rng.choice([0, 0, 1, 2])):
            half = rng.uniform((0.15, 0.15, 0.05), (0.4, 0.4, 0.25))
            x, y = rng.uniform(-0.4, 0.4, 2)
            slope = rng.choice([0.0, rng.uniform(-0.5, 0.5)])
            self.add("box", half, (x, y, half[2] + half[0] * abs(np.sin(slope)) - 0.02), turn=about((rng.normal(), rng.normal(), 0), slope))
        times = np.sort(rng.uniform(0.1, self.until(0.5), int(rng.integers(2, 8))))
        times[0] = min(times[0], self.begin())
        for k, t in enumerate(times):
            kind = str(rng.choice(["box", "ball", "cylinder"]))
            angle = 2.4 * k + rng.uniform(0, 0.5)
            place = (*(rng.uniform(0.2, 0.65) * np.array([np.cos(angle), np.sin(angle)])), rng.uniform(0.8, 1.8))
            self.add(kind, any_half(rng, kind, rng.uniform(0.09, 0.24)), place, self.material(), turn=any_turn(rng), release_s=t, waits=waits,
                     velocity=tuple(rng.normal(0, 0.5, 3)), spin=tuple(rng.normal(0, 4, 3)))

    def table(self, rng):
        """Things on a table are pushed and slide or roll over its edge."""
        high, long, wide = rng.uniform(0.35, 0.8), rng.uniform(0.5, 0.9), rng.uniform(0.3, 0.5)
        self.add("box", (long, wide, high / 2), (-long, 0, high / 2), friction=0.2)
        count = int(rng.integers(1, 5))
        times = np.sort(rng.uniform(0.1, self.until(1.2), count))
        times[0] = min(times[0], self.begin())
        for k, t in enumerate(times):
            kind, size = str(rng.choice(["box", "ball", "cylinder"])), rng.uniform(0.08, 0.16)
            half = any_half(rng, kind, size)
            lying = kind == "cylinder" and (half[2] > half[0] or rng.random() < 0.5)
            y, half = (k - (count - 1) / 2) * 2.0 * wide / count, np.minimum(half, 0.9 * wide / count)
            x, speed = -rng.uniform(0.25, 0.8 * 2 * long), rng.uniform(0.9, 2.2) + (0.8 if kind == "box" else 0)
            self.add(kind, half, (x, y, high + (half[0] if lying else half[2])), self.material(), turn=LYING if lying else UPRIGHT, release_s=t,
                     velocity=(speed, 0, 0), spin=(0, 0, 0), friction=rng.uniform(0.15, 0.4))
        if rng.random() < 0.4:
            self.pile(rng, (rng.uniform(0.3, 0.6), 0), int(rng.integers(1, 4)))

    def dominoes(self, rng):
        """A row of slabs falls, one against the next; a ball, or nothing seen, begins it."""
        count, high = int(rng.integers(4, 12)), rng.uniform(0.14, 0.24)
        thick, wide, gap = rng.uniform(0.018, 0.035), rng.uniform(0.06, 0.12), high * rng.uniform(0.8, 1.25)
        bend, x, y, yaw = rng.choice([0.0, rng.uniform(-0.2, 0.2)]), 0.0, 0.0, 0.0
        base, material = 0.0, self.material()
        if rng.random() < 0.35 and not bend:
            base, long = rng.uniform(0.2, 0.6), count * gap / 2 + 0.15
            self.add("box", (long, wide * 2, base / 2), (long - 0.3, 0, base / 2))
        t = self.begin()
        by_ball = rng.random() < 0.5
        for k in range(count):
            self.add("box", (thick, wide, high), (x, y, base + high), material if rng.random() < 0.8 else self.material(), turn=about((0, 0, 1), yaw), friction=0.35,
                     **({"release_s": t, "velocity": (0.55 * np.sqrt(high / 0.2), 0, 0), "spin": (0, 3.0, 0)} if k == 0 and not by_ball else {}))
            yaw += bend
            x, y = x + gap * np.cos(yaw), y + gap * np.sin(yaw)
        if by_ball:
            r = rng.uniform(0.5, 0.8) * high
            self.add("ball", (r,) * 3, (-thick - r - (0.04 if base else rng.uniform(0.3, 0.7)), 0, base + r), self.material(), release_s=t, velocity=(rng.uniform(1.0, 1.8), 0, 0))

    def ramp(self, rng):
        """Balls and rolls run down a slope, one after another, and meet what stands below."""
        slope, long, wide = rng.uniform(0.2, 0.55), rng.uniform(0.5, 0.9), rng.uniform(0.15, 0.3)
        down, up = np.array([np.cos(slope), 0, -np.sin(slope)]), np.array([np.sin(slope), 0, np.cos(slope)])
        centre = np.array([-long * np.cos(slope), 0, long * np.sin(slope)])
        self.add("box", (long, wide, 0.02), centre - 0.02 * up, turn=about((0, 1, 0), slope))
        times = np.sort(rng.uniform(0.1, self.until(1.0), int(rng.integers(1, 4))))
        times[0] = min(times[0], self.begin())
        waits = "held" if len(times) == 1 else "away"
        for t in times:
            r, kind = rng.uniform(0.06, 0.12), str(rng.choice(["ball", "ball", "cylinder"]))
            half = (r,) * 3 if kind == "ball" else (r, r, r * rng.uniform(0.4, 1.0))
            place = centre - down * long * rng.uniform(0.3, 0.9) + up * (r + 1e-4)
            self.add(kind, half, place + (0, rng.uniform(-0.4, 0.4) * wide, 0), self.material(), turn=LYING if kind == "cylinder" else UPRIGHT, release_s=t, waits=waits)
        if rng.random() < 0.85:
            self.pile(rng, (rng.uniform(0.25, 0.7), rng.uniform(-0.08, 0.08)), int(rng.integers(1, 6)))
        if rng.random() < 0.4:
            self.add("box", (0.05, 0.5, rng.uniform(0.1, 0.25)), (rng.uniform(0.9, 1.3), 0, 0.1))

    def hammer(self, rng):
        """A hammer or a ball on a rod swings down and strikes a thing, a pile, or a block that stays."""
        length, size = rng.uniform(0.6, 1.1), rng.uniform(0.08, 0.14)
        kind = str(rng.choice(["ball", "box", "cylinder"]))
        half = (size,) * 3 if kind == "ball" else (size * 1.2, size * 0.7, size * 0.7) if kind == "box" else (size * 0.7, size * 0.7, size)
        low = rng.uniform(0.02, 0.1)
        side = float(rng.choice([-1, 1]))
        heavy = str(rng.choice(["metal", "stone", self.material()]))
        self.add(kind, half, (0, 0, low + max(half) + length), heavy, release_s=self.begin(), waits="held", swing=(length, side * rng.uniform(0.8, 1.9)))
        reach = half[0] + 0.01
        if rng.random() < 0.3:
            block = (rng.uniform(0.06, 0.15), rng.uniform(0.1, 0.2), low + size * 1.5)
            self.add("box", block, (side * -(reach + block[0]), 0, block[2]))
            return
        self.pile(rng, (side * -(reach + 0.12), 0), int(rng.integers(1, 5)))

    def stack(self, rng):
        """A tower that a thrown ball knocks over; often more than one ball."""
        self.pile(rng, (0, 0), int(rng.integers(3, 9)))
        t = self.begin()
        while t < self.duration_s - 0.5 and len(self.solids) < 12:
            r, flight, yaw = rng.uniform(0.08, 0.15), rng.uniform(0.25, 0.5), rng.normal(0, 0.5)
            start = np.array([-rng.uniform(0.9, 1.4), rng.normal(0, 0.2), rng.uniform(0.2, 0.9)])
            aim = np.array([0, 0, rng.uniform(0.1, 0.5)])
            v = (aim - start) / flight + (0, 0, 0.5 * self.gravity * flight)
            self.add("ball", (r,) * 3, start, str(rng.choice(["metal", self.material()])), release_s=t, waits="away", velocity=tuple(v), spin=(0, 6 * yaw, 0))
            t += rng.uniform(0.8, 2.0)

    def pins(self, rng):
        """A ball rolls over the floor into pins."""
        r, high, gap = rng.uniform(0.04, 0.06), rng.uniform(0.13, 0.2), rng.uniform(0.17, 0.24)
        material = self.material()
        for row in range(int(rng.integers(2, 5))):
            for k in range(row + 1):
                self.add("cylinder", (r, r, high), (0.87 * gap * row, (k - row / 2) * gap, high), material, friction=0.4)
        for k in range(int(rng.integers(1, 3))):
            size, speed, far = rng.uniform(0.1, 0.16), rng.uniform(1.6, 3.4), rng.uniform(0.6, 1.2)
            aim = rng.normal(0, 0.08)
            self.add("ball", (size,) * 3, (-far, k * 0.35 - aim, size), self.material(), release_s=self.begin() + k * rng.uniform(1, 1.6), waits="held" if k == 0 else "away",
                     velocity=(speed, aim * speed / far, 0), spin=(0, speed / size, 0))

    def rest(self, rng):
        """Things stand and lie, and nothing happens to them."""
        for k in range(int(rng.integers(1, 4))):
            self.pile(rng, (0.45 * k, rng.uniform(-0.1, 0.1)), int(rng.integers(1, 4)))
        r = rng.uniform(0.06, 0.12)
        self.add("ball", (r,) * 3, (-0.4, 0, r), self.material())

    def pile(self, rng, at, count):
        """A tower, a wall or a pyramid of like things about the place `at`."""
        kind, material = str(rng.choice(["box", "box", "cylinder"])), self.material()
        a, b, c = rng.uniform(0.06, 0.1), rng.uniform(0.06, 0.12), rng.uniform(0.05, 0.11)
        half = (a, b, c) if kind == "box" else (a, a, c)
        shape = str(rng.choice(["tower", "pyramid"])) if count > 2 else "tower"
        rows = [1] * count if shape == "tower" else [n for n in (3, 2, 1) if n < count or n < 3]
        for level, n in enumerate(rows):
            for k in range(n):
                y = (k - (n - 1) / 2) * 2.25 * half[1] + rng.normal(0, 0.004)
                self.add(kind, half, (at[0] + rng.normal(0, 0.004), at[1] + y, half[2] * (2 * level + 1)), material if rng.random() < 0.75 else self.material(),
                         turn=about((0, 0, 1), rng.normal(0, 0.04)), friction=rng.uniform(0.4, 0.8))
