"""python blend_weights.py --old DIR/a/encoders.pt --new DIR/b/encoders.pt --share 0.6 --out DIR/c/encoders.pt

Weights between those before and after a fine-tuning: what was learnt first is forgotten less, and what is new is kept
(https://arxiv.org/abs/2109.01903). The averaged weights of both checkpoints are taken.
"""
import argparse
from pathlib import Path

import torch

from foleylab.training import save_weights


def blend(old, new, share):
    """State dictionaries -> one: `share` of `new`. Counts are those of `new`."""
    if old.keys() != new.keys():
        raise ValueError(f"checkpoints of different parts: {sorted(old.keys() ^ new.keys())[:4]}")
    return {k: old[k] * (1 - share) + v * share if v.is_floating_point() else v for k, v in new.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", type=Path, required=True)
    parser.add_argument("--new", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.6, help="of the new ones")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    old, new = (torch.load(p, map_location="cpu", weights_only=True) for p in (args.old, args.new))
    save_weights(blend(old["average"], new["average"], args.share), args.out, new["count"], new["history"])


if __name__ == "__main__":
    main()
