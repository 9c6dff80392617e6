"""Scenes: actors before a background under a camera, with wear; and clips of one to three scenes with cuts between."""
from dataclasses import dataclass, field

import cv2
import numpy as np

from foleylab.data.actors import Bouncer, Roller, Silent, Spinner, Vehicle, Walker, Weather
from foleylab.data.bodies.room import Bodies
from foleylab.data.cast import KINDS, draw_cast, draw_from
from foleylab.data.games.first_person import ThirdPersonGame
from foleylab.data.pictures import SIZE, Camera, View, Wear, texture
from foleylab.data.plain import cast_plain, flat_ground
from foleylab.data.sound import MATERIALS, SAMPLE_RATE, SURFACES, finish, place

FRAME_RATE = 30
FAMILIES = ("impact", "strike", "drum", "key", "typing", "explosion", "shot", "arcade", "footstep",
            "engine", "whirr", "roll", "rain", "fire", "wind", "bell", "clock", "water", "animal")
FIRST = 15  # families named before the others were appended; words keep their places, since bundles and clips count on them
VOCABULARY = (*FAMILIES[:FIRST], *MATERIALS, *(s for s in SURFACES if s not in MATERIALS), *FAMILIES[FIRST:])

ALONE = {"impact": Bouncer, "footstep": Walker, "engine": Vehicle, "whirr": Spinner, "roll": Roller, "rain": Weather, "fire": Weather, "wind": Weather,
         "bodies": Bodies, "third-person": ThirdPersonGame}  # a family, or a room or game that sounds as several


@dataclass(frozen=True)
class ClipConfig:
    duration_s: float = 5.0
    silent_share: float = 0.1  # scenes that move and do not sound, or stand still
    game_share: float = 0.33  # mini-games, which fill the picture
    first_person_share: float = 0.12
    bodies_share: float = 0.1  # of those that are no games: rooms of rigid bodies, which fill the picture
    sustained_share: float = 0.3
    second_actor_share: float = 0.35
    distractor_share: float = 0.45
    off_screen_share: float = 0.04
    montage_share: float = 0.15
    plain: bool = False  # flat shapes and flashes on flat ground, without wear (plain.py)
    only: str | None = None  # a key of ALONE: its actor and no other
    silhouette: bool = False  # bodies in flat grey whatever their material


@dataclass
class Event:
    """An onset: seconds, family, material or surface, strength 0..1, whether it can be seen."""

    time_s: float
    family: str
    material: str | None
    strength: float
    visible: bool


@dataclass
class Clip:
    frames: np.ndarray  # (N, 128, 128, 3) uint8 at 30 Hz
    audio: np.ndarray  # (240000,) float32
    events: list = field(default_factory=list)
    beds: list = field(default_factory=list)  # (family, material, curve at 240 Hz)


class Scene:
    """One place. Actors call `emit` for events and `bed` for sustained sounds while they are made."""

    def __init__(self, rng, split, config, silent=None):
        self.split, self.duration_s = split, config.duration_s
        self.track = np.zeros(int(self.duration_s * SAMPLE_RATE), np.float32)
        self.events, self.beds, self.walls = [], [], rng.random() < 0.3
        self.camera, self.wear = Camera(rng, self.duration_s), Wear(rng, split)
        self.gain, self.hidden = rng.uniform(0.5, 1.2), False
        self.backdrop = texture(rng, split, 224, 224)
        self.parallax = rng.uniform(0.3, 1.0)
        if config.plain:
            self.backdrop, self.camera = flat_ground(rng, split), Camera(rng, self.duration_s, calm=rng.random() < 0.8)
            self.wear.grain, self.wear.hud, self.wear.flicker, self.wear.interlace = None, False, 0.0, False
            self.actors = cast_plain(self, rng)
            return
        silent = rng.random() < config.silent_share if silent is None else silent
        self.actors = [] if silent else [ALONE[config.only](self, rng)] if config.only else [make(self, rng) for make in draw_cast(rng, config)]
        for actor in self.actors if config.silhouette else ():
            actor.sprite = silhouette(*actor.sprite)
        for _ in range(rng.integers(1, 4) if rng.random() < config.distractor_share or (silent and rng.random() < 0.75) else 0):
            self.actors.insert(int(rng.integers(len(self.actors) + 1)), Silent(self, rng))
        if rng.random() < config.off_screen_share:
            self.hidden = True
            draw_from(rng, KINDS)(self, rng)

    def emit(self, time_s, wave, family, material, strength, where):
        """A sound that begins at `time_s` at the world point `where`."""
        if time_s >= self.duration_s:
            return
        place(self.track, wave * self.gain, round(time_s * SAMPLE_RATE))
        x, y, zoom = self.camera.at(max(time_s, 0))
        u, v = (where[0] - 64 - x) * zoom + 64, (where[1] - 64 - y) * zoom + 64
        visible = not self.hidden and -4 < u < SIZE + 4 and -4 < v < SIZE + 12
        self.events.append(Event(float(time_s), family, material, float(strength), bool(visible)))

    def bed(self, wave, family, curve, material=None):
        """A sustained sound as long as the scene."""
        n = min(len(wave), len(self.track))
        self.track[:n] += wave[:n] * self.gain
        self.beds.append((family, material, curve))

    def picture(self, t):
        """The view at time t, (128, 128, 3) uint8."""
        x, y, zoom = self.camera.at(t)
        k = self.parallax
        s = 1 + (zoom - 1) * k
        matrix = np.float32([[s, 0, 64 - s * (112 + x * k)], [0, s, 64 - s * (112 + y * k)]])
        out = cv2.warpAffine(self.backdrop, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        view = View(out, (x, y, zoom))
        for actor in self.actors:
            actor.draw(view, t)
        return self.wear.apply(out, t)


def silhouette(picture, alpha):
    """A sprite without its look: flat grey, nowhere half clear."""
    return np.full_like(picture, 110), (alpha > 0.3).astype(np.float32)


def alone(family, silhouette=False):
    """Configuration of clips in which one actor of the family (or room) sounds, and nothing else is or happens."""
    return ClipConfig(silent_share=0, distractor_share=0, off_screen_share=0, montage_share=0, only=family, silhouette=silhouette)


def make_clip(rng, split, config=None):
    """-> Clip; a montage takes each span from another scene, sound and picture."""
    config = config or ClipConfig()
    spans = [0.0, config.duration_s]
    if rng.random() < config.montage_share:
        spans = [0.0, *sorted(rng.uniform(0.7, config.duration_s - 0.7, rng.integers(1, 3))), config.duration_s]
    scenes = [Scene(rng, split, config) for _ in spans[1:]]
    n = int(config.duration_s * FRAME_RATE)
    frames = np.empty((n, SIZE, SIZE, 3), np.uint8)
    clip = Clip(frames, np.zeros(int(config.duration_s * SAMPLE_RATE), np.float32))
    hold = scenes[0].wear.hold_s
    for i in range(n):
        t = min(np.floor(i / FRAME_RATE / hold + 1e-6) * hold, config.duration_s - 0.01) if hold > 0.034 else i / FRAME_RATE
        which = min(np.searchsorted(spans, t, "right") - 1, len(scenes) - 1)
        frames[i] = scenes[which].picture(t)
    for scene, a, b in zip(scenes, spans, spans[1:], strict=False):
        i, j = int(a * SAMPLE_RATE), int(b * SAMPLE_RATE)
        part = scene.track[i:j].copy()
        if j < len(clip.audio):
            fade = min(960, len(part))
            part[len(part) - fade :] *= np.linspace(1, 0, fade)
        clip.audio[i:j] = part
        clip.events += [e for e in scene.events if a <= e.time_s < b]
        clip.beds += [(f, m, np.where((np.arange(len(c)) >= a * 240) & (np.arange(len(c)) < b * 240), c, 0)) for f, m, c in scene.beds]
    clip.audio[:] = finish(clip.audio, rng)
    clip.events.sort(key=lambda e: e.time_s)
    return clip
