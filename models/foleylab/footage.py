"""Films whose true sound is known but not their events: sample games, held-out levels of Freedoom; how well a sound follows them."""
import json

import av
import cv2
import numpy as np

from foleylab.baselines import HOLDS, following_noise, picture_curves
from foleylab.difference import difference_alone
from foleylab.envelope import follow
from foleylab.spectral import draw_spectrograms


def read_video(path, fps=30):
    """-> pictures on the 30 Hz grid (N, 128, 128, 3), newest not later; mono sound at 48 kHz."""
    with av.open(str(path)) as box:
        stream, pictures, times = box.streams.video[0], [], []
        for frame in box.decode(stream):
            pictures.append(cv2.resize(frame.to_ndarray(format="rgb24"), (128, 128), interpolation=cv2.INTER_AREA))
            times.append(float(frame.pts * stream.time_base))
    with av.open(str(path)) as box:
        resampler, parts = av.AudioResampler("flt", "mono", 48000), []
        for frame in box.decode(audio=0):
            parts += [f.to_ndarray()[0] for f in resampler.resample(frame)]
    at = np.searchsorted(np.array(times) - times[0], np.arange(int((times[-1] - times[0]) * fps)) / fps + 1e-4, "right") - 1
    return np.stack(pictures)[at], np.concatenate(parts)


def sample_games(folder):
    """Name, pictures, sound of every video of a folder."""
    for path in sorted(folder.glob("*.mp4")):
        yield path.stem, *read_video(path)


def held_out_levels(folder):
    """The same of the takes of held-out levels, from their clips put together again (make_captures.py)."""
    for path in sorted(folder.glob("game-test-*-takes.json")):
        shard, at = path.name.removesuffix("-takes.json"), 0
        pictures, audio = (np.load(folder / f"{shard}-{key}.npy", mmap_mode="r") for key in ("pictures", "audio"))
        for take in json.loads(path.read_text()):
            span = slice(at, at := at + take["clips"])
            if take["clips"] >= 4:
                name = f"{take['wad']} {take['episode']}.{take['map']} {take['demo'] or 'agent'} {take['view'] if take['demo'] else take['seed']}"
                yield name, np.concatenate(pictures[span]), np.concatenate(audio[span]).astype(np.float32)


def judge_footage(runner, footage, seed, out, difference=False):
    """Envelope correlation on every piece: ours, that of frame difference alone if asked for, and noise that follows the picture in all its variants."""
    rows = {}
    for name, pictures, audio in footage:
        sound = runner.sounds(pictures, seed)[0]
        n = min(len(audio), len(sound))
        r, lag, z = follow(audio[:n], sound[:n])
        noise = {f"noise after {k}, hold {h:g}": follow(audio[:n], following_noise(c, h)[:n])[0] for k, c in picture_curves(pictures).items() for h in HOLDS}
        rows[name] = {"r": r, "lagMs": lag, "z": z, "levelDbfs": 10 * np.log10(np.mean(sound.astype(np.float64) ** 2) + 1e-12), "noise": noise}
        if difference:
            rows[name]["differenceR"] = follow(audio[:n], runner.sounds(difference_alone(pictures), seed)[0][:n])[0]
        print(name, {k: round(float(v), 3) for k, v in rows[name].items() if k != "noise"}, round(max(noise.values()), 3), flush=True)
        strip = np.concatenate([pictures[i] for i in np.linspace(0, min(len(pictures), 600) - 1, 14).astype(int)], 1)
        draw_spectrograms([(f"{name} truth", audio[:960000]), ("ours", sound[:960000])], out / f"{name}.png", strip)
    return rows
