"""python train_pitch.py --clips DIR/engines-train --tune DIR/pitch-tune --encoders DIR/encoders/encoders.pt --out DIR/pitch --minutes 10

Trains what reads the pitch of engines (foleylab/engine_pitch.py) on clips of one engine alone. What the frozen motion encoder sees is computed
once for every copy of a shard, each clip in other clothes, and lies in --out: 0.3 MB a copy of a clip. Then writes the reader into the encoders'
checkpoint.
"""
import argparse
import hashlib
from pathlib import Path

import numpy as np
import torch

from foleylab.augment import augment
from foleylab.clips import Clips
from foleylab.engine_pitch import UNKNOWN, PitchReader, choose, pitch_loss
from foleylab.recall import RecallConfig
from foleylab.training import Run, add_arguments, load_average, save_weights
from train_encoders import Encoders

AT_ONCE, WITHIN = 10, 2  # clips; classes that make a semitone
HIDDEN, LARGEST = 0.2, 127
KEYS = ("seen", "alike", "pitch")


@torch.no_grad()
def look(motion, pictures):
    """Planes of pictures, uint8 (B, T, PLANES, 64, 64) -> what the reader enters with: features as float16, and how far strips have moved as bytes."""
    with torch.autocast("cpu", torch.bfloat16):
        seen, alike = motion.look(motion.c.standardise(pictures.to(torch.bfloat16)))
    return seen.half().numpy(), (alike.float() * LARGEST).round().to(torch.int8).numpy()


def cache(motion, clips, folder, copies, seed):
    """Of the clips of known pitch -> features, alike and pitch of each shard and copy, memory-mapped; the first copy is as it is, the others in other clothes."""
    found, name = [], name_of(motion)
    for number, shard in enumerate(clips.shards):
        rows = [i for i, (s, _) in enumerate(clips.index) if s == number and (np.asarray(clips.row("pitch", i)) != UNKNOWN).any()]
        for copy in range(copies if rows else 0):
            paths = [folder / f"{shard}-{copy}-{name}-{key}.npy" for key in KEYS]
            if not paths[-1].exists():
                write_copy(motion, clips, rows, paths, np.random.default_rng([seed, number, copy]) if copy else None)
            found.append(dict(zip(KEYS, (np.load(p, mmap_mode="r") for p in paths), strict=True)))
    return found


def name_of(motion):
    """Of what sees, without the reader: other weights see otherwise, and what they saw is not taken for one another's."""
    seeing = b"".join(v.numpy().tobytes() for k, v in motion.state_dict().items() if not k.startswith("pitch"))
    return hashlib.sha256(seeing).hexdigest()[:8]


def write_copy(motion, clips, rows, paths, rng):
    parts = []
    for at in range(0, len(rows), AT_ONCE):
        batch = clips.batch(rows[at : at + AT_ONCE], ("planes", "pitch"))
        parts.append((*look(motion, augment(batch["planes"], rng, zooms=False) if rng else batch["planes"]), batch["pitch"].numpy().astype(np.int8)))
    for path, part in zip(paths, zip(*parts, strict=True), strict=True):
        np.save(path, np.concatenate(part))


def read(reader, rows, hidden=0.0):
    """Cached rows -> logits, pitch; of each clip this share of the numbers is hidden."""
    seen, alike = torch.from_numpy(rows["seen"]).to(torch.bfloat16), torch.from_numpy(rows["alike"]).to(torch.bfloat16) / LARGEST
    with torch.autocast("cpu", torch.bfloat16):
        return reader.whole(hide(seen, hidden), hide(alike, hidden)).float(), torch.from_numpy(rows["pitch"]).long()


def hide(x, share):
    return x * ((torch.rand(len(x), 1, x.shape[-1]) >= share) / (1 - share)).to(x.dtype)  # a mask for each number of each point takes five times as long


@torch.no_grad()
def check(reader, cached):
    """Loss, and share of points within a semitone."""
    reader.eval()
    parts = [read(reader, {k: np.array(v[at : at + AT_ONCE]) for k, v in one.items()}) for one in cached for at in range(0, len(one["pitch"]), AT_ONCE)]
    reader.train()
    logits, pitch = (torch.cat(x) for x in zip(*parts, strict=True))
    apart = (choose(logits, RecallConfig.pitch_slope).argmax(-1) - pitch).abs()[pitch != UNKNOWN]
    return {"tune pitch": round(float(pitch_loss(logits, pitch)), 3), "tune semitone": round(float((apart <= WITHIN).float().mean()), 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, 10)
    parser.set_defaults(batch=16, rate=2e-3, device="cpu")
    parser.add_argument("--clips", type=Path, required=True, help="clips of engines alone, split engine-train")
    parser.add_argument("--tune", type=Path, required=True, help="likewise, split engine-tune")
    parser.add_argument("--encoders", type=Path, required=True)
    parser.add_argument("--copies", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    encoders = load_average(Encoders(), args.encoders, ("motion.pitch",))
    known, tune = (cache(encoders.motion, Clips(folder, split), args.out, copies, args.seed)
                   for folder, split, copies in ((args.clips, "engine-train", args.copies), (args.tune, "engine-tune", 1)))
    print(f"{sum(len(shard['pitch']) for shard in known)} clips and copies", flush=True)
    run, rng = Run(PitchReader(encoders.encoder_config.motion_width), {}, args, "pitch"), np.random.default_rng(args.seed)
    for _ in run.steps():
        shard = known[rng.integers(len(known))]
        at = np.sort(rng.integers(len(shard["pitch"]), size=args.batch))
        run.step(pitch_loss(*read(run.model, {k: v[at] for k, v in shard.items()}, HIDDEN)), {})
        if run.count % 400 == 0:
            print(check(run.model, tune), flush=True)
    encoders.motion.pitch.load_state_dict(run.average)
    print("average:", check(encoders.motion.pitch, tune), flush=True)
    save_weights(encoders.state_dict(), args.encoders, torch.load(args.encoders, weights_only=True)["count"])


if __name__ == "__main__":
    main()
