"""Plain things on plain ground, as games and pages draw them: flat shapes that bounce, flashes of the whole picture or a part."""
import numpy as np

from foleylab.data import sound
from foleylab.data.actors import Blasts, Bouncer, Drummer, Pendulums, Shooter, Silent, Striker, ticks
from foleylab.data.pictures import SIZE, colour


class PlainBall(Bouncer):
    """A flat shape that falls, bounces and comes to rest; it may squash, and the floor may light up under it."""

    def __init__(self, scene, rng):
        super().__init__(scene, rng)
        self.hits = np.array([e.time_s for e in scene.events if e.family == "impact"])
        dark = rng.random() < 0.5
        self.colour = colour(rng, scene.split, (170, 255) if dark else (20, 160), (0, 255) if rng.random() < 0.6 else (0, 20))
        self.floor_colour = colour(rng, scene.split, (20, 255), (0, 120))
        self.squash = rng.uniform(0.1, 0.45) if rng.random() < 0.6 else 0.0
        self.lit = colour(rng, scene.split, (220, 255), (0, 120)) if rng.random() < 0.25 else None
        self.corners = np.linspace(0, 2 * np.pi, 25 if self.round else 5)[:-1] + (0 if self.round else np.pi / 4)

    def draw(self, view, t):
        past = self.hits[self.hits <= t + 1e-6]
        since = t - past[-1] if len(past) else 9.0
        if self.draw_floor:
            view.box(-60, self.floor, 190, self.floor + 60, self.lit if self.lit and since < 0.08 else self.floor_colour)
        x, y, _ = self.path[int(t * sound.CURVE_RATE)]
        flat = self.squash * max(0.0, 1 - since / 0.09)
        wide, high = self.radius * (1 + flat), self.radius * (1 - flat) * (1 if self.round else 0.8)
        low = y + self.radius * (1 if self.round else 0.8)
        view.polygon([(x + wide * np.cos(a), low - high + high * np.sin(a)) for a in self.corners], self.colour)


class Flashes:
    """The picture, or a part of it, flashes up: for some frames, or fading; a shot or a blast is heard."""

    def __init__(self, scene, rng):
        voice = sound.ShotVoice(rng) if rng.random() < 0.5 else sound.ExplosionVoice(rng.uniform(0.1, 0.8), rng)
        self.family = "shot" if isinstance(voice, sound.ShotVoice) else "explosion"
        self.fades, self.hold_s = rng.random() < 0.5, rng.uniform(0.03, 0.28)
        self.colour = (255, 255, 255) if rng.random() < 0.6 else colour(rng, scene.split, (200, 255), (0, 200))
        self.corner = (-80, -80, 220, 220)
        if rng.random() < 0.35:
            x, y = rng.uniform(5, 90, 2)
            self.corner = (x, y, x + rng.uniform(15, 80), y + rng.uniform(15, 80))
        self.times = np.array(ticks(rng, scene.duration_s, rng.uniform(0.35, 1.5), 0.4))
        centre = (np.clip((self.corner[0] + self.corner[2]) / 2, 0, SIZE), np.clip((self.corner[1] + self.corner[3]) / 2, 0, SIZE))
        for t in self.times:
            strength = rng.uniform(0.5, 1)
            scene.emit(t + rng.uniform(0, 0.008), voice.play(strength, rng), self.family, None, strength, centre)

    def draw(self, view, t):
        past = self.times[self.times <= t + 1e-6]
        since = t - past[-1] if len(past) else 9.0
        if since > self.hold_s:
            return
        light = 1 - since / self.hold_s if self.fades else 1.0
        (a, b), (c, d) = view.at(*self.corner[:2]), view.at(*self.corner[2:])
        part = view.picture[int(np.clip(b, 0, SIZE)) : int(np.clip(d, 0, SIZE)), int(np.clip(a, 0, SIZE)) : int(np.clip(c, 0, SIZE))]
        part[:] = part + (np.array(self.colour) - part) * light


PLAIN = (PlainBall, PlainBall, PlainBall, Flashes, Flashes, Striker, Drummer, Blasts, Shooter, Pendulums)


def cast_plain(scene, rng):
    """One thing on a flat ground, seldom two; or something that moves and does not sound."""
    if rng.random() < 0.08:
        return [Silent(scene, rng)]
    return [PLAIN[rng.integers(len(PLAIN))](scene, rng) for _ in range(1 if rng.random() < 0.8 else 2)]


def flat_ground(rng, split):
    """A backdrop of one colour, dark more often than not."""
    return np.full((224, 224, 3), colour(rng, split, (0, 70) if rng.random() < 0.6 else (70, 255), (0, 160)), np.uint8)
