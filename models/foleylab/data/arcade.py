"""Footage of nine arcade shooters by Kenta Cho (BSD-2-Clause, pictures and sounds with them), played by seeded fingers.

Picture and sound are exactly in step (in_step.c). Linux alone; Debian packages: gcc libc6-dev libsdl1.2-dev libgl-dev libgl1-mesa-dri xvfb xauth ffmpeg
and the games.
"""
import random
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from math import gcd
from pathlib import Path

import av
import numpy as np
from scipy.signal import resample_poly

SIDE, SOUND_HZ = 128, 48_000
SHOWN_HZ = 60  # pictures that the game shows a second; every second one is kept
SKIP_S = 4.0  # title and menu
START_S = 2.7
SHIM = Path(__file__).with_name("in_step.c")
UP, DOWN, RIGHT, LEFT = 273, 274, 275, 276  # SDL's numbers of keys
KEYS = {key: ord(key) for key in "zxijkl"} | {"up": UP, "down": DOWN, "right": RIGHT, "left": LEFT}


@dataclass(frozen=True)
class Habit:
    """A key held for a time drawn from `held_s`, after a pause drawn from `pause_s`; of several keys one is drawn each time."""

    keys: tuple
    held_s: tuple
    pause_s: tuple


SHOOT = Habit(("z",), (0.15, 1.2), (0.1, 0.7))
SHOOT_SHORTLY = Habit(("z",), (0.1, 0.8), (0.25, 1.2))  # where 20 to 40 shots a second would sound like one tone
SPECIAL = Habit(("x",), (0.05, 0.4), (1.0, 4.0))
ASIDE = Habit(("left", "right"), (0.08, 0.5), (0.0, 0.3))
ALONG = Habit(("up", "down"), (0.05, 0.3), (0.0, 0.4))
STEER = (ASIDE, ALONG)


@dataclass(frozen=True)
class Game:
    """Arguments of its program, what the fingers do, keys of which the seed draws up to `choices` presses in its menu, and whether it asks for a start again."""

    arguments: tuple
    habits: tuple
    menu: str | None = None
    choices: int = 0
    restarts: bool = False


SMALL, VGA = ("-window", "-lowres"), ("-window", "-res", "640", "480")
GAMES = {
    "rrootage": Game(SMALL, (SHOOT_SHORTLY, SPECIAL, *STEER), "x", 3, restarts=True),
    "noiz2sa": Game(("-window",), (SHOOT, SPECIAL, *STEER), "down", 2, restarts=True),
    "parsec47": Game(SMALL, (SHOOT_SHORTLY, SPECIAL, *STEER), "down", 2, restarts=True),
    "gunroar": Game(VGA, (Habit(("z",), (0.05, 0.5), (0.7, 2.0)), SPECIAL, ASIDE, Habit(("up", "up", "down"), (0.1, 0.6), (0.0, 0.4)))),
    "titanion": Game(VGA, (SHOOT, SPECIAL, *STEER), "down", 2),
    "torus-trooper": Game(VGA, (SHOOT_SHORTLY, Habit(("x",), (0.3, 1.2), (2.0, 5.0)), ASIDE, Habit(("up", "up", "down"), (0.05, 0.3), (0.0, 0.4))), "right", 2),
    "mu-cade": Game(VGA, (Habit(("j", "l"), (0.15, 0.9), (0.1, 0.5)), Habit(("i", "k"), (0.15, 0.9), (0.1, 0.5)), Habit(("z",), (0.07, 0.1), (0.8, 1.6)),
                          Habit(("left", "right"), (0.05, 0.15), (0.3, 1.0)), Habit(("up", "down"), (0.05, 0.15), (0.3, 1.0)))),
    "tumiki-fighters": Game(VGA, (SHOOT, SPECIAL, *STEER)),
    "val-and-rick": Game(VGA, (Habit(("z",), (0.1, 0.5), (0.1, 0.7)), Habit(("x",), (0.05, 0.2), (0.3, 1.5)), *STEER)),
}


@dataclass(frozen=True)
class Take:
    """`duration_s` of a game, played by `seed`."""

    game: str
    seed: int
    duration_s: float

    @property
    def name(self):
        return f"{self.game}-{self.seed}"


def presses(take):
    """-> (s, SDL's number of a key, 1 pressed or 0 let go) in order of time, from the game's begin."""
    game, rng, out = GAMES[take.game], random.Random(take.name), []
    end = SKIP_S + take.duration_s

    def press(key, at, held):
        out.extend([(at, KEYS[key], 1), (at + held, KEYS[key], 0)])

    for k in range(rng.randint(0, game.choices)):
        press(game.menu, 1.2 + 0.25 * k, 0.07)
    press("z", START_S, 0.07)
    rests = []  # a title of some games starts only while nothing else is pressed
    while game.restarts and (rests[-1] if rests else 8.0) < end:
        rests.append((rests[-1] if rests else 3.0) + rng.uniform(5, 7))
    for habit in game.habits:
        at = START_S + 0.3 + rng.uniform(*habit.pause_s)
        while at < end:
            held = rng.uniform(*habit.held_s)
            if not any(at < rest + 0.5 and at + held > rest for rest in rests):
                press(rng.choice(habit.keys), at, held)
            at += held + max(0.05, rng.uniform(*habit.pause_s))
    for rest in rests:
        press("z", rest + 0.2, 0.1)
    return sorted(out)


@cache
def shim():
    """Compiles in_step.c, once -> where it lies."""
    folder = tempfile.mkdtemp(prefix="in_step-")
    flags = subprocess.run(["sdl-config", "--cflags"], capture_output=True, check=True, text=True).stdout.split()
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", f"{folder}/in_step.so", SHIM, *flags, "-ldl"], check=True)
    return f"{folder}/in_step.so"


def capture(command, keys, duration_s, seed, limit_s=900):
    """A program that shows by SDL 1.2, and presses from its begin (see `presses`) -> pictures (N, 128, 128, 3) uint8 at 30 Hz, mono sound (M,) float32
    at 48 kHz, from SKIP_S on. Raises RuntimeError if it fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "keys.txt").write_text("".join(f"{int(at * SHOWN_HZ)} {key} {down}\n" for at, key, down in keys))
        told = {"IN_STEP_FOLDER": name, "IN_STEP_KEYS": f"{name}/keys.txt", "IN_STEP_SKIP": int(SKIP_S * SHOWN_HZ),
                "IN_STEP_PICTURES": int(duration_s * SHOWN_HZ), "IN_STEP_SEED": 137 * seed}
        quiet = {"HOME": name, "PATH": "/usr/bin:/bin", "SDL_VIDEODRIVER": "x11", "SDL_AUDIODRIVER": "dummy", "LIBGL_ALWAYS_SOFTWARE": "1", "LP_NUM_THREADS": "1"}
        on_a_screen = ["xvfb-run", "-a", "-s", "-screen 0 640x480x24 -noreset", "env", *(f"{k}={v}" for k, v in told.items()), f"LD_PRELOAD={shim()}"]
        try:
            done = subprocess.run([*on_a_screen, *command], cwd=name, env=quiet, capture_output=True, timeout=limit_s, check=False)
        except subprocess.TimeoutExpired as reason:
            raise RuntimeError(f"{command[0]} was not done with {duration_s} s after {limit_s} s") from reason
        if done.returncode or not (folder / "form.txt").exists():
            raise RuntimeError(f"{command[0]} was to show {duration_s} s and ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()[-300:]}")
        width, height, rate, channels = map(int, (folder / "form.txt").read_text().split())
        pictures = np.memmap(folder / "pictures.rgb", np.uint8, "r").reshape(-1, height, width, 3)
        sound = np.fromfile(folder / "sound.s16", np.int16).reshape(-1, channels).mean(1) / 32768
        return shrunk(pictures), resample_poly(sound, SOUND_HZ // gcd(SOUND_HZ, rate), rate // gcd(SOUND_HZ, rate)).astype(np.float32)


def play(take, tries=4):
    """-> pictures, sound of a take (see `capture`). A game that fails is tried again: gunroar ends in its loader one time of three, also when nobody looks."""
    for left in reversed(range(tries)):
        try:
            return capture([f"/usr/games/{take.game}", *GAMES[take.game].arguments], presses(take), take.duration_s, take.seed)
        except RuntimeError:
            if not left:
                raise
    raise ValueError(f"{tries} tries")


def shrunk(pictures):
    """(N, h, w, 3) -> (N, 128, 128, 3), by area."""
    to_size = av.video.reformatter.VideoReformatter()
    return np.stack([to_size.reformat(av.VideoFrame.from_ndarray(np.ascontiguousarray(p), format="rgb24"), SIDE, SIDE, interpolation="AREA").to_ndarray() for p in pictures])
