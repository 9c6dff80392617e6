"""python bench_bundle.py --bundle bundles/live [--against DIR] [--chunks 200]

What a chunk of a causal bundle costs on one core, stage by stage, as the engine runs it: one onnxruntime thread, default
optimisation, state carried on, all stages in turn, so that each finds the caches as the others left them. With --against, two bundles
take turns chunk by chunk, so that a busy machine slows both alike; the ratio of their medians is of the time that the processor gave
us, which neighbours disturb less. Inputs are noise: no operator's time depends on values. Anchors, whose second run costs a chunk's
map, flow and decode and a `mapWarm`, are every 10 s and not in the sum. Prints a table, and one JSON object as the last line.
"""
import argparse
import json
import os
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np

from foleylab.stream import Bundle

WARM_UP = 5  # chunks that do not count
QUANTILES = {"p50Ms": 0.5, "p95Ms": 0.95}


class Stages:
    """A bundle's stages, each with its inputs and state, timed."""

    def __init__(self, folder):
        self.bundle = Bundle(folder)
        manifest = self.bundle.manifest
        self.steps, flow = manifest["flow"]["steps"]["default"], manifest["flow"]
        self.graphs = {e["name"]: e["graph"] for e in manifest["encoders"]} | {"fuse": manifest["fusion"]["graph"], "map": manifest["mapper"]["graph"]}
        self.graphs |= {"mapWarm": manifest["mapper"]["warmUpGraph"], "flow": flow["graph"], **{f"flow{k}": g for k, g in flow.get("unrolled", {}).items()}}
        self.graphs["decode"] = manifest["decoder"]["graph"]
        self.share = {e["name"]: min(1.0, manifest["hopPoints"] / e["everyPoints"]) for e in manifest["encoders"]}  # of a call, in a chunk
        self.chunk = [*(e["name"] for e in manifest["encoders"]), "fuse", "map", *["flow"] * self.steps, "decode"]
        rng = np.random.default_rng(1)
        self.state = {n: self.bundle.initial(g) for n, g in self.graphs.items()}
        self.inputs = {n: {k: rng.standard_normal(v["shape"]).astype(np.float32) * 0.5 for k, v in manifest["graphs"][g]["inputs"].items() if k not in self.state[n]}
                       for n, g in self.graphs.items()}
        self.times = {n: [] for n in [*self.graphs, "chunk"]}  # of the clock and of the processor, ms

    def call(self, name):
        begin = np.array([perf_counter(), thread_time()])
        self.bundle.run(self.graphs[name], self.inputs[name], self.state[name])
        took = 1000 * (np.array([perf_counter(), thread_time()]) - begin)
        self.times[name].append(took)
        return took

    def run_chunk(self):
        """All stages of one chunk. The slower encoder runs in every chunk, and counts by its share."""
        self.times["chunk"].append(sum(self.call(n) * self.share.get(n, 1) for n in self.chunk))

    def run_rest(self):
        """What is not in every chunk."""
        for name in self.graphs:
            if name not in self.chunk:
                self.call(name)

    def figures(self):
        """-> stage -> {meanMs, p50Ms, p95Ms, cpuP50Ms}; `chunk` is the sum of a chunk's stages, chunk by chunk."""
        out = {}
        for name, times in self.times.items():
            t, cpu = np.array(times[WARM_UP * self.chunk.count(name) or WARM_UP :]).T
            out[name] = {"meanMs": float(t.mean()), **{k: float(np.quantile(t, q)) for k, q in QUANTILES.items()}, "cpuP50Ms": float(np.median(cpu))}
            if name in self.chunk:
                out[name]["chunkMeanMs"] = out[name]["meanMs"] * self.share.get(name, self.chunk.count(name))
        return out


def measure(folders, chunks):
    """-> figures of each bundle."""
    stages = [Stages(f) for f in folders]
    for k in range(chunks + WARM_UP):
        for s in stages:
            s.run_chunk()
        for s in stages if k % 5 == 0 or k < WARM_UP else ():
            s.run_rest()
    return [s.figures() for s in stages]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--against", type=Path, help="another bundle, to compare with")
    parser.add_argument("--chunks", type=int, default=200)
    args = parser.parse_args()
    folders = [args.bundle] + ([args.against] if args.against else [])
    figures = measure(folders, args.chunks)
    print(f"| stage | p50 ms | p95 ms | mean ms | a chunk, mean ms | p50 ms of the processor |{' over the other |' if args.against else ''}")
    print("| --- | --- | --- | --- | --- | --- |" + " --- |" * len(folders[1:]))
    for name, f in figures[0].items():
        ratio = [f" {f['cpuP50Ms'] / other[name]['cpuP50Ms']:.2f} |" if name in other else " |" for other in figures[1:]]
        share = format(f["chunkMeanMs"], ".2f") if "chunkMeanMs" in f else ""
        print(f"| {name} | {f['p50Ms']:.2f} | {f['p95Ms']:.2f} | {f['meanMs']:.2f} | {share} | {f['cpuP50Ms']:.2f} |{''.join(ratio)}")
    print(json.dumps({"machineLoad": os.getloadavg()[0], "chunks": args.chunks, **dict(zip(("bundle", "against"), figures, strict=False))}))


if __name__ == "__main__":
    main()
