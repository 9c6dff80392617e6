"""python make_clips.py --out DIR/clips --split train --seed 1 --clips 500

Renders procedural clips, wears them with a real codec (H.264 at a random rate), and writes one shard: pictures 64 x 64 in
colour and 128 x 128 in grey at 30 Hz, semantic features at 5 Hz, sound, labels at 30 Hz, events; for the test split also the 128 x 128 pictures.
Seeds of different splits never meet: the split's name is part of the seed. Prints clips per core-second. `--only engine` makes the split
engine-test, in which a family's actor is alone; with `--silhouette`, silhouette-test, in which its bodies are flat grey.
"""
import argparse
import io
import json
import time
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
import torch

from foleylab.data.scene import ALONE, FAMILIES, FRAME_RATE, VOCABULARY, ClipConfig, alone, make_clip
from foleylab.engine_pitch import label
from foleylab.planes import grey, shrink
from foleylab.semantic import load_semantic

SPLITS = ("train", "tune", "test")


def compress(frames, rng):
    """Through H.264 and back, at a random rate; a fifth stays as drawn."""
    if rng.random() < 0.2:
        return frames
    store = io.BytesIO()
    with av.open(store, "w", format="mp4") as box:
        stream = box.add_stream("libx264", rate=FRAME_RATE)
        stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p"
        stream.options = {"crf": str(int(rng.integers(12, 35))), "preset": "veryfast", "threads": "1"}
        for picture in frames:
            box.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        box.mux(stream.encode())
    store.seek(0)
    to_rgb = av.video.reformatter.VideoReformatter()  # one for all pictures: each new one costs more than the conversion
    with av.open(store) as box:
        out = [to_rgb.reformat(f, format="rgb24").to_ndarray() for f in box.decode(video=0)]
    return np.stack(out)


def labels(clip, points):
    """-> onset (points, families), bed (points, families), word bag (vocabulary)."""
    onset, bed = np.zeros((points, len(FAMILIES)), np.float16), np.zeros((points, len(FAMILIES)), np.float16)
    words = np.zeros(len(VOCABULARY), np.float16)
    for e in clip.events:
        if e.visible:
            g = int(e.time_s * FRAME_RATE)
            onset[g, FAMILIES.index(e.family)] = max(onset[g, FAMILIES.index(e.family)], e.strength)
            for word in (e.family, e.material):
                if word:
                    words[VOCABULARY.index(word)] = 1
    for family, material, curve in clip.beds:
        n = points * 8
        bed[:, FAMILIES.index(family)] = np.maximum(bed[:, FAMILIES.index(family)], curve[:n].reshape(points, 8).mean(1))
        for word in (family, material):
            if word:
                words[VOCABULARY.index(word)] = 1
    return onset, bed, words


def loudness(audio, points):
    """Mean power of each grid point in dB."""
    power = audio.reshape(points, -1).astype(np.float64) ** 2
    return (10 * np.log10(power.mean(1) + 1e-8)).astype(np.float16)


def describe(clip, rng, net, onset, bed, words, known, short=False):
    """A clip's row of the shard: the pictures as a codec leaves them, what the semantic net sees (`short`: in bfloat16), sound, labels."""
    frames = compress(clip.frames, rng)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=short):
        semantic = net(torch.tensor(frames[::6]).permute(0, 3, 1, 2).float().sub(127).div(128)).float().numpy().astype(np.float16)
    return {"small": shrink(frames), "fine": grey(frames), "semantic": semantic, "audio": clip.audio.astype(np.float16), "onset": onset, "bed": bed, "words": words,
            "loudness": loudness(clip.audio, len(frames)), "pitch": label(clip.audio, onset, bed), "known": np.array([known], np.uint8), "pictures": frames}


class Shard:
    """Rows of clips on their way to disk; the pictures themselves are kept of the test splits alone."""

    def __init__(self, folder, split, number):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name, self.rows, self.events = folder, f"{split}-{number}", {}, []
        self.left_out = () if split.endswith("test") else ("pictures",)

    @property
    def count(self):
        return len(self.events)

    def add(self, row, events):
        self.events.append([asdict(e) for e in events])
        for k, v in row.items():
            if k not in self.left_out:
                self.rows.setdefault(k, []).append(v)

    def finish(self):
        """The list of events is written last: it says that the shard is whole."""
        for k, v in self.rows.items():
            np.save(self.folder / f"{self.name}-{k}.npy", np.stack(v))
        (self.folder / f"{self.name}-events.json").write_text(json.dumps(self.events))


def clip_of(family, rng, split, silhouette=False):
    """The next clip of the generator in which the family, the room or the game sounds (the actor of weather draws its kind)."""
    while True:
        clip = make_clip(rng, split, alone(family, silhouette))
        heard = {e.family for e in clip.events} | {f for f, _, curve in clip.beds if curve.max() > 0.2}
        if heard == {family} or (heard and family not in FAMILIES):
            return clip


def number_of(family):
    """What a family, a room or a game adds to the seed; rooms and games begin far behind, as families are appended."""
    return 1 + FAMILIES.index(family) if family in FAMILIES else 1000 + [k for k in ALONE if k not in FAMILIES].index(family)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--seed", type=int, default=1, help="number of the shard")
    parser.add_argument("--clips", type=int, default=500)
    parser.add_argument("--plain", action="store_true", help="flat shapes and flashes on flat ground")
    parser.add_argument("--games", type=float, default=ClipConfig.game_share, help="share of mini-games")
    parser.add_argument("--silent", type=float, default=ClipConfig.silent_share, help="share of scenes in which nothing sounds")
    parser.add_argument("--only", choices=ALONE, help="clips of this family, room or game alone, into the split FAMILY-SPLIT")
    parser.add_argument("--silhouette", action="store_true", help="with --only: bodies in flat grey, into the split silhouette-SPLIT")
    args = parser.parse_args()
    torch.set_num_threads(1)
    split = f"{'silhouette' if args.silhouette else args.only}-{args.split}" if args.only else args.split
    config = ClipConfig(plain=args.plain, game_share=args.games, silent_share=args.silent)
    net, begin, shard = load_semantic(), time.process_time(), Shard(args.out, split, args.seed)
    for i in range(args.clips):
        rng = np.random.default_rng([SPLITS.index(args.split), args.seed, i, *((number_of(args.only), args.silhouette) if args.only else ())])
        clip = clip_of(args.only, rng, args.split, args.silhouette) if args.only else make_clip(rng, args.split, config)
        shard.add(describe(clip, rng, net, *labels(clip, len(clip.frames)), known=1, short=args.split == "train"), clip.events)
    shard.finish()
    print(f"{args.clips} clips, {args.clips / (time.process_time() - begin):.2f} clips per core-second")


if __name__ == "__main__":
    main()
