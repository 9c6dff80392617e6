"""python save_resume.py --lab DIR

Writes `resume.xz`: what training needs and bundles do not hold (the codec's encoders, the probes), small enough for git.
recover_lab.py takes it up.
"""
import argparse
from pathlib import Path

from foleylab.codec import Codec
from foleylab.halves import save_halves
from foleylab.training import load_average
from train_encoders import Encoders


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "resume.xz")
    args = parser.parse_args()
    codec, encoders = load_average(Codec(), args.lab / "codec" / "codec.pt"), load_average(Encoders(), args.lab / "encoders" / "encoders.pt")
    parts = {"codec encoder": codec.encoder, "tone encoder": codec.tones, "probes": encoders.probes}
    save_halves({name: part.state_dict() for name, part in parts.items()}, args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
