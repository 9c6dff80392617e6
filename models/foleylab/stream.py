"""Runs an exported bundle chunk by chunk through onnxruntime, as the engine does: the reference for evaluation and parity.

Pictures come in at grid points; before the first one the first is held. A run starts at every anchor with fresh state after a
warm-up of features, and is crossfaded in while the run before it goes on for one chunk.
"""
import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime

from foleylab.noise import latent_noise
from foleylab.swell import WIDTH


class Bundle:
    """Sessions and manifest of one folder; with `gpu` the variants for GPUs, computed by the CPU."""

    def __init__(self, folder, threads=1, gpu=False):
        self.folder = Path(folder)
        self.manifest = json.loads((self.folder / "bundle.json").read_text())
        self.threads, self.gpu, self.sessions = threads, gpu, {}
        self.times_ms = defaultdict(list)

    def session(self, name):
        if name not in self.sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self.threads
            options.log_severity_level = 3
            path = self.folder / self.file(name)
            self.sessions[name] = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return self.sessions[name]

    def file(self, name):
        """Of a graph, or of its variant."""
        graph = self.manifest["graphs"][name]
        return (graph.get("gpu", graph) if self.gpu else graph)["file"]

    def run(self, name, inputs, state=None):
        """-> outputs by name; `state` (a dictionary of inputs) is updated in place."""
        graph = self.manifest["graphs"][name]
        begin = time.perf_counter()
        values = self.session(name).run(list(graph["outputs"]), {**inputs, **(state or {})})
        self.times_ms[name].append((time.perf_counter() - begin) * 1000)
        out = dict(zip(graph["outputs"], values, strict=True))
        for pair in graph.get("state", ()):
            if state is not None:
                state[pair["input"]] = out[pair["output"]]
        return out

    def initial(self, name):
        """The state a run begins with."""
        graph = self.manifest["graphs"][name]
        return {p["input"]: np.full(graph["inputs"][p["input"]]["shape"], p["initial"], np.float32) for p in graph.get("state", ())}


def box_mean(pictures, height, width):
    """(N, H, W, 3) uint8 -> (N, height, width, 3) float32, exact mean of boxes."""
    n, h, w, _ = pictures.shape
    parts = pictures.reshape(n, height, h // height, width, w // width, 3).astype(np.float32)
    return parts.mean((2, 4))


@dataclass
class Run:
    """One run from an anchor: rings, decoder state, where it is."""

    point: int
    rings: dict
    decoder: dict
    tokens: np.ndarray | None = None
    summary: np.ndarray | None = None
    prefix: np.ndarray | None = None  # the newest latents, and which of them are there
    valid: np.ndarray | None = None
    pcm: list = field(default_factory=list)


class Streamer:
    """`render(pictures)` -> sound from position 0 on, with each encoder's features computed once per point."""

    def __init__(self, bundle, seed=0, prompt=(), steps=None, unrolled=False, zero=()):
        """`zero` names what is set to zero for an ablation: semantic, tokens, summary, recalled, gain, prefix and prefixValid."""
        self.bundle, self.seed, self.zero = bundle, seed, frozenset(zero)
        m = bundle.manifest
        self.hop, self.grid = m["hopPoints"], m["gridFrames"]
        self.steps = steps or m["flow"]["steps"]["default"]
        self.unrolled = unrolled and str(self.steps) in m["flow"].get("unrolled", {})
        words = m["prompt"]["vocabulary"]
        self.prompt = np.array([[float(w in prompt) for w in words]], np.float32)

    def features(self, pictures):
        """Fused features from -warmUp to the end, (1, warmUp + N, width): motion chunk by chunk, semantic with its lag."""
        m, bundle = self.bundle.manifest, self.bundle
        warm, hop, n = m["anchor"]["warmUpPoints"], self.hop, len(pictures)
        picture_at = lambda p: min(max(p, 0), n - 1)
        by_name = {e["name"]: e for e in m["encoders"]}
        motion, semantic = by_name["motion"], by_name["semantic"]
        small = self.normalise(pictures, motion)
        state, prime = bundle.initial("motion"), -(-motion["memoryPoints"] // hop) * hop
        moving, pooled, fused = {}, {}, []
        for start in range(-warm - prime, n, hop):
            frames = np.stack([small[picture_at(p)] for p in range(start, start + hop)])[None]
            got = bundle.run("motion", {"frames": frames}, state)["features"]
            moving.update({start + k: got[0, k] for k in range(hop)})
        every, lag = semantic["everyPoints"], semantic["lagPoints"]
        for start in range(-warm, n, hop):
            rows = []
            for p in range(start, start + hop):
                at = p // every * every - lag
                key = max(at, -1)
                if key not in pooled:
                    picture = self.normalise(pictures[picture_at(at) : picture_at(at) + 1], semantic)
                    pooled[key] = bundle.run("semantic", {"picture": picture})["features"][0]
                rows.append(np.concatenate([moving[p], pooled[key] * (0 if "semantic" in self.zero else 1)]))
            fused.append(bundle.run("fuse", {"features": np.stack(rows)[None].astype(np.float32)})["fused"])
        return np.concatenate(fused, 1)

    def normalise(self, pictures, encoder):
        """uint8 (N, H, W, 3) -> float (N, 3, h, w)."""
        size = encoder["size"]
        x = (box_mean(pictures, size["height"], size["width"]) - np.float32(encoder["mean"])) / np.float32(encoder["std"])
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2), np.float32)

    def begin(self, fused, point):
        """A run whose first chunk is at `point`."""
        warm = self.bundle.manifest["anchor"]["warmUpPoints"]
        flow = self.bundle.manifest["flow"]
        run = Run(point, self.bundle.initial("mapWarm"), self.bundle.initial("decode"))
        run.prefix, run.valid = np.zeros((1, flow["prefixLatents"], flow["latentWidth"]), np.float32), np.zeros((1, flow["prefixLatents"]), np.float32)
        out = self.bundle.run("mapWarm", {"fused": fused[:, point : point + warm + self.hop]}, run.rings)
        run.tokens, run.summary = out["tokens"][:, -self.hop :], out.get("summary")
        return run

    def advance(self, run, fused):
        """One chunk of pcm (4800,) and its latents."""
        warm = self.bundle.manifest["anchor"]["warmUpPoints"]
        if run.tokens is None:
            at = warm + run.point
            out = self.bundle.run("map", {"fused": np.ascontiguousarray(fused[:, at : at + self.hop])}, run.rings)
            run.tokens, run.summary = out["tokens"], out.get("summary")
        latents = self.generate(run)
        self.remember(run, latents)
        run.tokens = None
        run.point += self.hop
        return self.bundle.run("decode", {"latents": latents}, run.decoder)["pcm"][0, 0]

    def remember(self, run, latents):
        """The newest latents are the prefix of the next chunk."""
        count = latents.shape[1]
        run.prefix = np.concatenate([run.prefix, latents], 1)[:, count:]
        run.valid = np.concatenate([run.valid, np.ones((1, count), np.float32)], 1)[:, count:]

    def forget(self, tokens):
        """Without the gain, which comes last, or what is recalled, which comes before it, as wide as what plays, if these are ablated."""
        kept, playing = tokens.copy(), self.bundle.manifest["graphs"]["map"]["inputs"].get("playing", {"shape": (0,)})["shape"][-1]
        if "recalled" in self.zero:
            kept[..., -playing - WIDTH : -WIDTH] = 0
        if "gain" in self.zero:
            kept[..., -WIDTH:] = 0
        return kept

    def conditions(self, given):
        """With the prompt, and what is ablated set to zero."""
        return {k: np.zeros_like(v) if k in self.zero else v for k, v in given.items()} | {"prompt": self.prompt}

    def generate(self, run):
        """Euler steps from position-keyed noise."""
        x = latent_noise(self.seed, range(run.point, run.point + self.hop), self.bundle.manifest["flow"]["latentWidth"])[None]
        past = {"prefix": run.prefix, "prefixValid": run.valid} if run.valid.size else {}
        said = {"tokens": self.forget(run.tokens)} | ({} if run.summary is None else {"summary": run.summary})
        conditions = self.conditions({**said, **past})
        if self.unrolled:
            return self.bundle.run(self.bundle.manifest["flow"]["unrolled"][str(self.steps)], {"noise": x, **conditions})["latents"]
        shift = self.bundle.manifest["flow"]["timeShift"]
        times = [k / (k + shift * (self.steps - k)) for k in range(self.steps + 1)]
        for now, then in zip(times, times[1:], strict=False):
            inputs = {"x": x, "time": np.array([now], np.float32), **conditions}
            if "stepSize" in self.bundle.manifest["graphs"]["flow"]["inputs"]:
                inputs["stepSize"] = np.array([then - now], np.float32)
            x = x + np.float32(then - now) * self.bundle.run("flow", inputs)["velocity"]
        return x

    def render(self, pictures, fused=None):
        """uint8 (N, 128, 128, 3) at grid points -> float32 (N * gridFrames,), the decoder's delay removed.

        `fused` may hand in `features` of whole hops of the pictures, computed before.
        """
        m = self.bundle.manifest
        n = len(pictures) // self.hop * self.hop
        fused = self.features(pictures[:n]) if fused is None else fused
        every, fade, delay = m["anchor"]["everyPoints"], m["anchor"]["crossfadeFrames"], m["decoder"]["delayFrames"]
        ramp = np.linspace(0, np.pi / 2, fade, dtype=np.float32)
        out, run, old = [], None, None
        for point in range(0, n, self.hop):
            if point % every == 0:
                old, run = run, self.begin(fused, point)
            pcm = self.advance(run, fused)
            if old is not None:
                last = self.advance(old, fused)
                pcm = pcm.copy()
                joined = delay + fade
                pcm[delay:joined] = pcm[delay:joined] * np.sin(ramp) + last[delay:joined] * np.cos(ramp)
                pcm[:delay] = last[:delay]
                old = None
            out.append(pcm)
        tail = self.bundle.run("decode", {"latents": np.zeros((1, self.hop, m["flow"]["latentWidth"]), np.float32)}, run.decoder)["pcm"][0, 0]
        return np.concatenate([*out, tail[:delay]])[delay:]
