"""python probe_scenes.py --bundle bundles/live

How well a bundle answers plain scenes (foleylab/plain_scenes.py): onsets heard against those drawn, chance-corrected, a row a scene.
"""
import argparse
from pathlib import Path

import numpy as np

from foleylab.onsets import detect, score
from foleylab.plain_scenes import SCENES, render_scene
from foleylab.runners import open_runner


def probe(runner, name, clips, threshold, length_s, steps):
    """One row: corrected F1, onsets drawn and heard, level in dBFS."""
    sounds, truth = [], []
    for seed in range(clips):
        pictures, times = render_scene(name, seed, length_s)
        sounds += runner.sounds(pictures, seed, steps)
        truth.append(times)
    found = [detect(s, threshold)[0] for s in sounds]
    row = score(found, truth, length_s) | {"drawn": sum(map(len, truth)), "heard": sum(map(len, found))}
    return row | {"levelDbfs": 10 * np.log10(float(np.mean([(s.astype(np.float64) ** 2).mean() for s in sounds])) + 1e-12)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=3)
    parser.add_argument("--length", type=float, default=10.0)
    parser.add_argument("--threshold", type=float, default=0.3, help="of the onset detector")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--scenes", nargs="+", default=list(SCENES))
    args = parser.parse_args()
    runner = open_runner(args.bundle)
    print("| scene | corrected F1 50 ms | 100 ms | offset ms | drawn | heard | dBFS |\n|---|---|---|---|---|---|---|")
    for name in args.scenes:
        r = probe(runner, name, args.clips, args.threshold, args.length, [args.steps or runner.default])
        offset = f"{r['offsetMedianMs']:.0f} ± {r['offsetSpreadMs']:.0f}" if "offsetMedianMs" in r else "–"
        print(f"| {name} | {r['correctedAt50']:.3f} | {r['correctedAt100']:.3f} | {offset} | {r['drawn']} | {r['heard']} | {r['levelDbfs']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
