"""One face for bundles of both modes: opens, renders at several step counts from features computed once, tells cost and seams."""
import json
from pathlib import Path

import numpy as np

from foleylab.stream import Bundle, Streamer
from foleylab.window_stream import WindowBundle, WindowStreamer, hold


class Runner:
    """Causal mode."""

    stages = ("motion", "fuse", "map", "flow", "decode")

    def __init__(self, folder):
        self.bundle = self.open(folder)
        self.manifest = self.bundle.manifest
        self.name, self.default = self.manifest["name"], self.manifest["flow"]["steps"]["default"]
        self.hop_frames = self.manifest["hopPoints"] * self.manifest["gridFrames"]

    def open(self, folder):
        return Bundle(folder)

    def streamer(self, **options):
        return Streamer(self.bundle, **options)

    def whole_hops(self, pictures):
        return pictures[: len(pictures) // self.manifest["hopPoints"] * self.manifest["hopPoints"]]

    def sounds(self, pictures, seed=1, steps=None, **options):
        """-> one sound for each of `steps`; without them that of the default."""
        fused = self.streamer(**options).features(self.whole_hops(pictures))
        return [self.streamer(seed=seed, steps=n, **options).render(pictures, fused) for n in steps or (self.default,)]

    def cost(self, steps):
        """Of 100 ms of sound in ms, from the stages' own times; p95 is the sum of theirs, an upper bound."""
        times, share = self.bundle.times_ms, self.manifest["hopPoints"] / self.manifest["encoders"][1]["everyPoints"]
        weight = {k: 1 for k in self.stages} | {"flow": steps, "semantic": share}
        total = lambda statistic: float(sum(statistic(times[k]) * w for k, w in weight.items())) * 4800 / self.hop_frames
        return {"chunkMeanMs": total(np.mean), "chunkP50Ms": total(np.median), "chunkP95Ms": total(lambda t: np.quantile(t, 0.95))}

    def usual_cost(self, clips, seed, runs=5):
        """`cost` at the default steps: medians of several runs over the same pictures, since neighbours of the machine come and go."""
        found = []
        for _ in range(runs):
            self.bundle.times_ms.clear()
            for pictures in clips:
                self.sounds(pictures, seed)
            found.append(self.cost(self.default))
        return {k: float(np.median([f[k] for f in found])) for k in found[0]}

    def seams(self, frames):
        """Sample positions where sound of two hops meets."""
        return range(self.hop_frames - self.manifest["decoder"]["delayFrames"], frames, self.hop_frames)


class WindowRunner(Runner):
    """Window mode: the last picture is held, and hops overlap."""

    stages = ("motion", "fuse", "flow", "decode")

    def open(self, folder):
        return WindowBundle(folder)

    def streamer(self, **options):
        return WindowStreamer(self.bundle, **options)

    def whole_hops(self, pictures):
        return hold(pictures, self.manifest["hopPoints"])

    def seams(self, frames):
        """Where a crossfade begins, and where it ends."""
        fade = self.manifest["anchor"]["crossfadeFrames"]
        first = self.hop_frames - self.manifest["decoder"]["delayFrames"] - fade
        return [p + d for p in range(first, frames, self.hop_frames) for d in (0, fade)]


def open_runner(folder):
    """By the mode that the manifest names."""
    mode = json.loads((Path(folder) / "bundle.json").read_text())["mode"]
    return {"causal": Runner, "window": WindowRunner}[mode](folder)


def seam_steps(runner, sounds):
    """The largest step between samples at a seam, over the clip's largest; and 0.43 of a hop later, for comparison."""
    out = {"seam": [], "elsewhere": []}
    for sound in sounds:
        step = np.abs(np.diff(sound))
        if step.max() > 1e-3:
            for name, later in (("seam", 0), ("elsewhere", int(0.43 * runner.hop_frames))):
                at = [p + later for p in runner.seams(len(sound)) if 2 <= p + later < len(step) - 2]
                out[name] += [float(step[p - 2 : p + 2].max() / step.max()) for p in at]
    return {f"{k}Step{n}": float(np.quantile(v, q)) for k, v in out.items() if v for n, q in (("Median", 0.5), ("P95", 0.95))}
