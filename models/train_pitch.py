"""python train_pitch.py --clips DIR/clips --encoders DIR/encoders/encoders.pt --out DIR/pitch --minutes 7

Trains what reads the pitch of engines (foleylab/engine_pitch.py) on clips in which it is known, from what the frozen motion encoder says of
each picture: computed once for every copy of the clips, each in other clothes. Then writes the reader into the encoders' checkpoint.
"""
import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn

from foleylab.augment import augment
from foleylab.clips import Clips
from foleylab.engine_pitch import UNKNOWN, choose, pitch_loss
from foleylab.recall import RecallConfig
from foleylab.training import Run, add_arguments, load_average, save_weights
from train_encoders import Encoders

AT_ONCE, WITHIN = 10, 2  # clips; classes that make a semitone
DROP = 0.3


def seen(motion, pictures):
    """Pictures uint8 (B, T, 64, 64, 3) -> what the reader enters with: features before their norm, and how far strips have moved; float16."""
    frames = ((pictures.float() - motion.c.mean) / motion.c.std).permute(0, 1, 4, 2, 3)
    with torch.no_grad():
        features, alike, _ = motion.look(frames, frames[:, :1].expand(-1, 2, -1, -1, -1))
    return {"features": features.half(), "alike": alike.half()}


def cache(motion, clips, copies, rng):
    """Of the clips of known pitch -> features, alike, pitch; the first copy as it is."""
    rows = [i for i in range(len(clips)) if (np.asarray(clips.row("pitch", i)) != UNKNOWN).any()]
    parts = []
    for copy in range(copies):
        for at in range(0, len(rows), AT_ONCE):
            batch = clips.batch(rows[at : at + AT_ONCE], ("small", "pitch"))
            pictures = augment(batch["small"], rng, [True] * len(batch["small"])) if copy else batch["small"]
            parts.append(seen(motion, pictures) | {"pitch": batch["pitch"]})
    return {k: torch.cat([p[k] for p in parts]) for k in parts[0]}


def read(motion, chunk, drop=lambda x: x):
    """Logits of whole clips, whose first picture is held before."""
    reach = motion.c.memory_points - 2
    x = motion.pitch.enter(drop(chunk["features"].float()), drop(chunk["alike"].float()))
    x = torch.cat([x[:, :1].expand(-1, reach, -1), x], 1)
    return motion.pitch(x, motion.pitch.initial_state(len(x)))[0][:, reach:]


@torch.no_grad()
def check(motion, cached):
    """Loss, and share of points within a semitone."""
    motion.eval()
    logits, pitch = read(motion, cached), cached["pitch"]
    apart = (choose(logits, RecallConfig.pitch_slope).argmax(-1) - pitch).abs()[pitch != UNKNOWN]
    motion.pitch.train()
    return {"tune pitch": round(float(pitch_loss(logits, pitch)), 3), "tune semitone": round(float((apart <= WITHIN).float().mean()), 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, 7)
    parser.set_defaults(batch=16, rate=2e-3, device="cpu")
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--tune", type=Path, required=True, help="clips of engines alone, split engine-tune")
    parser.add_argument("--encoders", type=Path, required=True)
    parser.add_argument("--copies", type=int, default=5, help="0.5 MB a clip each")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    encoders = load_average(Encoders(), args.encoders, ("motion.pitch",))
    motion, rng = encoders.motion, np.random.default_rng(args.seed)
    known, tune = cache(motion, Clips(args.clips, "train"), args.copies, rng), cache(motion, Clips(args.tune, "engine-tune"), 1, rng)
    print(f"{len(known['pitch'])} clips and copies", flush=True)
    run, drop = Run(motion.pitch.train(), {}, args, "pitch"), nn.Dropout(DROP)
    for _ in run.steps():
        at = torch.from_numpy(np.sort(rng.integers(len(known["pitch"]), size=args.batch)))
        chunk = {k: v[at] for k, v in known.items()}
        loss = pitch_loss(read(motion, chunk, drop), chunk["pitch"])
        run.step(loss, {})
        if run.count % 400 == 0:
            print(check(motion, tune), flush=True)
    motion.pitch.load_state_dict(run.average)
    print("average:", check(motion, tune), flush=True)
    save_weights(encoders.state_dict(), args.encoders, torch.load(args.encoders, weights_only=True)["count"])


if __name__ == "__main__":
    main()
