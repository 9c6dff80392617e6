"""Footage of Freedoom (BSD-3-Clause art and sounds), picture and sound exactly in step, computed by dsda-doom from recorded inputs.

Inputs are the demos in Freedoom's own packages, from each player's eyes, and seeded agents that walk, turn and shoot at random: alone
against what lives there, or several against each other, as in an arena.
Whole levels are held out by name: those of DEMO4 for the test, two for the choices while tuning.
Debian packages: dsda-doom freedoom freedm ffmpeg.
"""
import random
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

WADS = Path("/usr/share/games/doom")
ENGINE = "/usr/games/dsda-doom"
TICS = 35  # inputs a second
SIDE, RATE = 128, 30
# (IWAD, episode, map), one for each level of which no picture may be trained on.
HELD_OUT = {"test": {("freedoom1", 4, 6), ("freedoom2", 1, 26), ("freedm", 1, 9)}, "tune": {("freedoom2", 1, 2), ("freedoom1", 3, 3)}}
FORWARD, BACK, STILL, SIDEWAYS = 50, -25, 0, 40


@dataclass(frozen=True)
class Take:
    """One piece of footage: a demo of the package from the eyes of `view`, or `duration_s` of `agents` with `seed`, from the first one's."""

    wad: str
    episode: int
    map: int
    demo: str | None = None
    view: int = 0
    duration_s: float = 0
    seed: int = 0
    agents: int = 1

    @property
    def level(self):
        return self.wad, self.episode, self.map

    @property
    def name(self):
        return "-".join(map(str, (self.wad, self.episode, self.map, *((self.demo, self.view) if self.demo else (f"agents{self.agents}" if self.agents > 1 else "agent", self.seed)))))


def split_of(take):
    """The split to which the level of a take belongs."""
    return next((split for split, levels in HELD_OUT.items() if take.level in levels), "train")


def lumps(wad):
    """Name -> content of a WAD file."""
    data = (WADS / f"{wad}.wad").read_bytes()
    count, at = struct.unpack("<ii", data[4:12])
    out = {}
    for i in range(count):
        start, size, name = struct.unpack("<ii8s", data[at + 16 * i : at + 16 * i + 16])
        out[name.rstrip(b"\0").decode("latin1")] = data[start : start + size]
    return out


def demo_takes(wad):
    """All demos of a package, from the eyes of each player."""
    for name, demo in lumps(wad).items():
        if name.startswith("DEMO"):
            for view in range(4):
                if demo[9 + view]:
                    yield Take(wad, demo[2], demo[3], name, view)


def agent_takes(wad, duration_s, seeds, agents=1):
    """Agents on every level of a package."""
    for name in lumps(wad):
        if len(name) == 4 and name[0] == "E" and name[2] == "M":
            level = int(name[1]), int(name[3])
        elif name.startswith("MAP") and name[3:].isdigit():
            level = 1, int(name[3:])
        else:
            continue
        for seed in seeds:
            yield Take(wad, *level, duration_s=duration_s, seed=seed, agents=agents)


def inputs(take):
    """The recorded inputs of a take, as a demo file (format 1.9)."""
    if take.demo:
        demo = bytearray(lumps(take.wad)[take.demo])
        demo[8] = take.view  # whose eyes are shown
        return bytes(demo)
    there = [int(player < take.agents) for player in range(4)]
    arena = 2 if take.agents > 1 else 0  # each against all, and what was taken comes back
    tracks = [walk(random.Random(take.name if player == 0 else f"{take.name} {player}"), take) for player in range(take.agents)]
    return bytes([109, 2, take.episode, take.map, arena, 0, 0, 0, 0, *there, *(byte for tic in zip(*tracks, strict=True) for command in tic for byte in command), 0x80])


def walk(rng, take):
    """An agent's commands, one a tic: forward, sideways, turn, buttons. In an arena it takes up other weapons more often."""
    left, forward, side, turn, shoots = 0, STILL, 0, 0, False
    every, weapons = (600, 4) if take.agents == 1 else (140, 6)
    for tic in range(int(take.duration_s * TICS)):
        if left == 0:
            left = rng.randint(6, 50)
            forward = rng.choice((FORWARD, FORWARD, FORWARD, STILL, BACK))
            side = rng.choice((0, 0, 0, SIDEWAYS, -SIDEWAYS))
            turn = rng.choice((0, 0, rng.randint(-3, 3), rng.randint(-9, 9)))
            shoots = rng.random() < 0.4
        left -= 1
        buttons = 1 if shoots else 2 * (tic % 12 == 0)  # shoot, or open what is before us
        if tic % every == every - 1:
            buttons = 4 | rng.randint(1, weapons) << 3  # another weapon
        yield forward & 255, side & 255, turn & 255, buttons


def settings(folder):
    """What the engine is told: no music, no messages, small lossless pictures, sound as it mixes it."""
    sound = "ffmpeg -v error -y -f s16le -ar %s -ac 2 -i - -ac 1 -ar 48000 sound.wav"
    picture = f"ffmpeg -v error -y -f rawvideo -pix_fmt rgb24 -s %wx%h -r %r -i - -vf scale={SIDE}:{SIDE}:flags=area -c:v libx264 -qp 0 -preset ultrafast -threads 1 -pix_fmt yuv444p picture.mkv"
    values = {
        "cap_soundcommand": f'"{sound}"', "cap_videocommand": f'"{picture}"', "cap_muxcommand": '"ffmpeg -v error -y -i picture.mkv -i sound.wav -c copy %f"',
        "cap_tempfile1": '"sound.wav"', "cap_tempfile2": '"picture.mkv"', "cap_remove_tempfiles": 0, "cap_wipescreen": 0, "cap_fps": RATE,
        "videomode": '"32bit"', "screen_resolution": '"320x240"', "use_fullscreen": 0, "uncapped_framerate": 1, "snd_samplerate": 44100, "music_volume": 0,
        "sfx_volume": 10, "show_messages": 0, "hudadd_demoprogressbar": 0, "render_wipescreen": 0, "screenblocks": 11, "hud_displayed": 0,
    }
    (folder / ".dsda-doom").mkdir()
    (folder / ".dsda-doom" / "dsda-doom.cfg").write_text("".join(f"{k} {v}\n" for k, v in values.items()))


def play(take):
    """-> pictures (N, 128, 128, 3) uint8 at 30 Hz, mono sound (M,) float32 at 48 kHz. Raises RuntimeError if the engine fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings(folder)
        (folder / "take.lmp").write_bytes(inputs(take))
        quiet = {"HOME": name, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "PATH": "/usr/bin:/bin"}
        done = subprocess.run([ENGINE, "-iwad", f"{take.wad}.wad", "-timedemo", "take.lmp", "-nomusic", "-viddump", "both.mkv"],
                              cwd=name, env=quiet, capture_output=True, timeout=1500, check=False)
        if done.returncode or not (folder / "picture.mkv").exists() or not (folder / "sound.wav").exists():
            raise RuntimeError(f"dsda-doom made nothing of {take.name}: {done.stderr.decode(errors='replace').strip()[-300:]}")
        with av.open(str(folder / "picture.mkv")) as box:
            pictures = np.stack([f.to_ndarray(format="rgb24") for f in box.decode(video=0)])
        with av.open(str(folder / "sound.wav")) as box:
            sound = np.concatenate([f.to_ndarray().reshape(-1) for f in box.decode(audio=0)]).astype(np.float32) / 32768
    return pictures, sound
