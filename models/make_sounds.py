"""python make_sounds.py --out DIR --clips 3000 --seed 1

Writes sound-only clips for the codec (float16, 1.6 s each) as one .npy; the speed is printed in clips per core-second.
"""
import argparse
import time
from pathlib import Path

import numpy as np

from foleylab.data.sound import random_clip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    start = time.process_time()
    clips = np.stack([random_clip(np.random.default_rng([args.seed, i])) for i in range(args.clips)])
    np.save(args.out / f"sounds-{args.seed}.npy", clips.astype(np.float16))
    print(f"{args.clips} clips, {args.clips / (time.process_time() - start):.1f} clips per core-second")


if __name__ == "__main__":
    main()
