"""python make_unseen.py --out DIR/clips --clips 60

Renders doors, fireworks and pinball (foleylab/unseen) in turn into the split `unseen-test`, on which nothing is ever trained or tuned.
"""
import argparse
from pathlib import Path

import numpy as np
import torch

from foleylab.data.scene import FAMILIES, VOCABULARY, Clip, Event
from foleylab.semantic import load_semantic
from foleylab.unseen.doors import make_doors
from foleylab.unseen.fireworks import make_fireworks
from foleylab.unseen.pinball import make_pinball
from make_clips import Shard, describe

KINDS = {"doors": make_doors, "fireworks": make_fireworks, "pinball": make_pinball}


def make_unseen(kind, rng):
    """-> Clip; all that sounds is in view."""
    frames, audio, events = KINDS[kind](rng)
    return Clip(frames, audio, sorted((Event(t, name, None, s, True) for t, name, s in events), key=lambda e: e.time_s))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="number of the shard")
    args = parser.parse_args()
    torch.set_num_threads(1)
    net, shard = load_semantic(), Shard(args.out, "unseen-test", args.seed)
    nothing = np.zeros((150, len(FAMILIES)), np.float16)
    for i in range(args.clips):
        rng = np.random.default_rng([77, args.seed, i])
        clip = make_unseen(list(KINDS)[i % len(KINDS)], rng)
        shard.add(describe(clip, rng, net, nothing, nothing, np.zeros(len(VOCABULARY), np.float16), known=0), clip.events)
    shard.finish()
    print(f"{shard.count} clips")


if __name__ == "__main__":
    main()
