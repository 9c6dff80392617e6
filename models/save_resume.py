"""python save_resume.py --lab DIR

Writes `resume.pt`: what training needs and bundles do not hold (the codec's encoders, the probes), as float16, small enough for git.
recover_lab.py takes it up.
"""
import argparse
from pathlib import Path

import torch

from foleylab.codec import Codec
from foleylab.training import load_average
from train_encoders import Encoders


def half(module):
    return {k: v.half() if v.is_floating_point() else v for k, v in module.state_dict().items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "resume.pt")
    args = parser.parse_args()
    codec, encoders = load_average(Codec(), args.lab / "codec" / "codec.pt"), load_average(Encoders(), args.lab / "encoders" / "encoders.pt")
    torch.save({"codec encoder": half(codec.encoder), "tone encoder": half(codec.tones), "probes": half(encoders.probes)}, args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
