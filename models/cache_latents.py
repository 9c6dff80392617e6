"""python cache_latents.py --clips DIR/clips --codec DIR/codec/codec.pt

Writes the codec's standardised latents (float16) beside every finished shard that lacks them.
"""
import argparse
from pathlib import Path

import numpy as np
import torch

from foleylab.codec import Codec
from foleylab.training import load_average


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--force", action="store_true", help="again, after the codec changed")
    parser.add_argument("--shards", default="*", help="only shards whose names match, so that several can be made at once")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    codec = load_average(Codec(), args.codec)
    for path in sorted(args.clips.glob(f"{args.shards}-events.json")):
        target = path.with_name(path.name.replace("-events.json", "-latents.npy"))
        if target.exists() and not args.force:
            continue
        audio = np.load(path.with_name(path.name.replace("-events.json", "-audio.npy")), mmap_mode="r")
        with torch.no_grad():
            latents = [codec.encode(torch.tensor(audio[i : i + 16].astype(np.float32))) for i in range(0, len(audio), 16)]
        np.save(target, torch.cat(latents).half().numpy())
        print(target.name, tuple(torch.cat(latents).shape), flush=True)


if __name__ == "__main__":
    main()
