"""python evaluate_drift.py --bundle bundles/live --clips DIR/clips --judges ../../shared/judges --out evaluation

Streams clips of ten minutes whose last minute shows the first one's scenes again, and compares the two minutes: loudness, and Fréchet
distance from the true sounds. Adds what it found to the tables of evaluate.py (<bundle>.json, <bundle>.md), the closing table among them.
"""
import argparse
from pathlib import Path

import numpy as np
import torch

from evaluate import level_dbfs, test_pictures
from foleylab.clips import Clips
from foleylab.judges import frechet, load_judges
from foleylab.report import add_to_report, require_report
from foleylab.runners import open_runner

MINUTE, CLIP_FRAMES = 12, 240_000  # clips of 5 s


def plan(total, rng):
    """Clips of ten minutes: MINUTE of them, eight minutes of others, and the first ones again."""
    order = rng.permutation(total)
    first, others = order[:MINUTE], order[MINUTE:]
    return np.concatenate([first, rng.choice(others, 8 * MINUTE), first])


def minutes_apart(first, last, truth, judge):
    """Lists of sounds of the two minutes and of the truth -> loudness of the last over the first in dB, Fréchet distances of both."""
    embedded = {name: np.concatenate([judge.hear(s)[1] for s in sounds]) for name, sounds in (("truth", truth), ("first", first), ("last", last))}
    levels = [level_dbfs(np.concatenate(sounds)) for sounds in (first, last)]
    return {"levelDb": levels[1] - levels[0], "fadFirst": frechet(embedded["first"], embedded["truth"]), "fadLast": frechet(embedded["last"], embedded["truth"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--judges", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--long", type=int, default=20, help="clips of ten minutes")
    args = parser.parse_args()
    torch.set_num_threads(1)
    test, runner, judge = Clips(args.clips, "test"), open_runner(args.bundle), load_judges(args.judges)["mn04"]
    require_report(args.out, runner.name)
    picture, rng, first, last, truth = test_pictures(test), np.random.default_rng(10), [], [], []
    for k in range(args.long):
        order = plan(len(test), rng)
        sound = runner.sounds(np.concatenate([picture(i) for i in order]), seed=k)[0]
        parts = sound[: len(order) * CLIP_FRAMES].reshape(-1, CLIP_FRAMES)
        first += list(parts[:MINUTE])
        last += list(parts[-MINUTE:])
        truth += [np.asarray(test.row("audio", i), np.float32) for i in order[:MINUTE]]
        print(f"{k + 1} of {args.long}", flush=True)
    found = minutes_apart(first, last, truth, judge) | {"clips": args.long}
    line = (f"Minute 10 against minute 1, whose scenes it repeats ({args.long} clips of ten minutes): {found['levelDb']:+.2f} dB; Fréchet distance "
            f"{found['fadFirst']:.2f} and {found['fadLast']:.2f}.")
    print(line)
    add_to_report(args.out, runner.name, {f"drift.{k}": round(float(v), 4) for k, v in found.items()}, line)


if __name__ == "__main__":
    main()
