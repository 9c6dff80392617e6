"""Trained weights -> bundle folder: graphs, weights, manifest; refused if the graphs do not do what PyTorch does."""
import copy
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from torch.nn.utils.fusion import fuse_conv_bn_eval

from foleylab.data.scene import VOCABULARY
from foleylab.front import Residual
from foleylab.golden import golden_answer, golden_inputs
from foleylab.graphs import build_graphs
from foleylab.noise import latent_noise
from foleylab.onnxfile import OPSET, WeightsFile, export_graph, round_weights, share_weights
from foleylab.planes import planes_of
from foleylab.quantise import measure_ranges, quantise
from foleylab.stream import Bundle, Streamer
from foleylab.swell import WIDTH, between

GRAPH_TOLERANCE = 2e-4  # each graph, relative to the output's largest value
DECODE_TOLERANCE = 1e-3  # likewise: phases of some hundred turns keep fewer digits
STREAM_TOLERANCE = 2e-3  # streamed sound over many chunks against PyTorch whole, relative to its peak
QUANTISED = {"motion": "Gemm", "semantic": "Conv", "map": "Gemm", "mapWarm": "Gemm", "flow": "Gemm", "decode": "Gemm"}  # what is integer on the CPU
QUANTISED_TOLERANCE = 0.12  # first output of such a graph on pictures that set no range, rms of the difference over rms
RECORDED = 160  # calls of a graph from which its ranges come


class Shift(torch.nn.Module):
    """Adds a constant per channel: what is left of a batch norm."""

    def __init__(self, shift):
        super().__init__()
        self.shift = torch.nn.Parameter(shift.detach()[:, None, None])

    def forward(self, x):
        return x + self.shift


class ParityError(Exception):
    """The exported graphs differ from PyTorch."""


def fold_norms(encoders):
    """Batch norms into convolutions, in place; the fronts' shifts stay apart, since changes are taken before them."""
    motion = encoders.motion
    for front in (motion.colours, motion.fine):
        norm = front.norm
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        with torch.no_grad():
            front.stem.weight.mul_(scale[:, None, None, None])
            front.norm = Shift(norm.bias - norm.running_mean * scale)
    for stage in (motion.gather[0], *(part.inner if isinstance(part, Residual) else part for part in motion.trunk)):
        stage[0], stage[1] = fuse_conv_bn_eval(stage[0].eval(), stage[1].eval()), torch.nn.Identity()


def write_bundle(folder, parts, version, description, default_steps, pictures, calibration):
    """`parts`: encoders, semantic_net, codec, flow, recall and swell, in eval mode; `pictures` (N, 128, 128, 3) are for the checks, `calibration` is a list
    of such, of the train split, for the ranges of integers. Writes to a folder beside, checks, then replaces `folder`."""
    folder = Path(folder)
    fold_norms(parts["encoders"])
    parts = {k: round_weights(part) for k, part in parts.items()}
    graphs = build_graphs(**parts)
    round_weights(graphs["decode"].module)
    for name in ("map", "mapWarm"):
        round_weights(graphs[name].module.bias)
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    weights, entries, models = {}, {}, {}
    for name, graph in graphs.items():
        store = weights.setdefault(graph.weights, WeightsFile(f"{graph.weights}.weights"))
        models[name], entries[name] = export_graph(graph), describe_graph(name, graph, store.name)
        onnx.save(share_weights(copy.deepcopy(models[name]), store), draft / f"{name}.onnx")
    for store in weights.values():
        store.write(draft)
    manifest = describe_bundle(folder.name, parts, entries, version, description, default_steps)
    save_manifest(draft, manifest)
    plain = Recorder(draft)
    report = {"graphs": check_graphs(plain, graphs), "stream": check_stream(plain, parts, graphs, pictures)}
    record(plain, calibration)
    for name, kind in QUANTISED.items():
        (draft / f"{name}.onnx").rename(draft / f"{name}-gpu.onnx")
        entries[name]["gpu"] = {"file": f"{name}-gpu.onnx", "weights": entries[name]["weights"]}
        ranges = measure_ranges(models[name], kind, plain.calls[name], [golden_inputs(graphs[name].inputs)])
        onnx.save(share_weights(quantise(models[name], kind, ranges), weights[graphs[name].weights]), draft / f"{name}.onnx")
    for store in weights.values():
        store.write(draft)
    manifest["files"] = {p.name: {"sha256": hashlib.sha256(p.read_bytes()).hexdigest(), "bytes": p.stat().st_size}
                         for p in sorted(draft.iterdir()) if p.name != "bundle.json"}
    save_manifest(draft, manifest)
    bundle = Bundle(draft)
    report["quantised"] = check_quantised(bundle, plain, pictures)
    manifest["golden"]["graphs"] = {n: {o: golden_answer(v) for o, v in bundle.run(n, golden_inputs(g.inputs)).items()} for n, g in graphs.items()}
    manifest["golden"]["gpu"] = {n: {o: golden_answer(v) for o, v in plain.run(n, golden_inputs(graphs[n].inputs)).items()} for n in QUANTISED}
    save_manifest(draft, manifest)
    readme = folder / "README.md"
    if readme.exists():
        shutil.copy(readme, draft / "README.md")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return report


class Recorder(Bundle):
    """Keeps some of the inputs that its graphs see."""

    def __init__(self, folder):
        super().__init__(folder)
        self.calls, self.every = {n: [] for n in QUANTISED}, 0

    def run(self, name, inputs, state=None):
        if self.every and name in self.calls and len(self.times_ms[name]) % (1 if name == "mapWarm" else self.every) == 0:
            self.calls[name].append({k: np.array(v) for k, v in {**inputs, **(state or {})}.items()})
        return super().run(name, inputs, state)


def record(bundle, pictures):
    """Fills `calls` of a recorder from streams of several clips, about as many calls of each graph."""
    bundle.every = max(1, sum(len(p) for p in pictures) // (3 * RECORDED))
    for clip in pictures:
        Streamer(bundle, seed=len(clip), steps=2).render(clip)
    bundle.every = 0


def check_quantised(bundle, plain, pictures):
    """Graphs with integers against the same without, on inputs of a stream that set no range: rms of the difference over rms, graph by graph, first output."""
    plain.calls = {n: [] for n in QUANTISED}
    record(plain, [pictures])
    worst = {}
    for name, calls in plain.calls.items():
        first = bundle.manifest["graphs"][name]["outputs"]
        pairs = [(bundle.run(name, i), plain.run(name, i)) for i in calls[:40]]
        a, b = (np.concatenate([p[k][next(iter(first))].ravel() for p in pairs]) for k in (0, 1))
        worst[name] = float(np.sqrt(((a - b) ** 2).mean()) / max(np.sqrt((b**2).mean()), 1e-3))
        if worst[name] > QUANTISED_TOLERANCE:
            raise ParityError(f"{name}: integers differ from floats by {worst[name]:.2f}, tolerance {QUANTISED_TOLERANCE}")
    return worst


def save_manifest(folder, manifest):
    (folder / "bundle.json").write_text(json.dumps(manifest, indent=2) + "\n")


def describe_graph(name, graph, weights):
    """One entry of the manifest's `graphs`; output shapes from a PyTorch run."""
    with torch.no_grad():
        out = graph.module(*(torch.from_numpy(v) for v in (golden_inputs(graph.inputs)[k] for k in graph.inputs)))
    out = out if isinstance(out, tuple) else (out,)
    tensor = lambda shape: {"type": "float32", "shape": list(shape)}
    entry = {"file": f"{name}.onnx", "weights": [weights], "opset": OPSET,
             "inputs": {k: tensor(s) for k, s in graph.inputs.items()},
             "outputs": {k: tensor(v.shape) for k, v in zip(graph.outputs, out, strict=True)}}
    if graph.state:
        entry["state"] = [{"input": a, "output": b, "initial": 0} for a, b in graph.state]
    return entry


def describe_bundle(name, parts, entries, version, description, default_steps):
    """The manifest, but for files and golden answers."""
    e, m, c, f = parts["encoders"].encoder_config, parts["encoders"].mapper_config, parts["codec"].config, parts["flow"].c
    size = lambda n: {"width": n, "height": n}
    return {
        "schema": 1, "name": name, "version": version, "system": "live", "licence": "Apache-2.0", "description": description,
        "mode": "causal", "sampleRate": c.sample_rate, "channels": 1, "gridFrames": c.latent_frames, "hopPoints": m.chunk,
        "anchor": {"everyPoints": 300, "warmUpPoints": m.warm_up, "crossfadeFrames": 2400},
        "picture": size(128),
        "encoders": [
            {"name": "motion", "graph": "motion", "size": size(e.picture), "mean": [e.mean] * 3, "std": [e.std] * 3, "everyPoints": 1,
             "lagPoints": 0, "memoryPoints": e.memory_points, "featureWidth": e.motion_features},
            {"name": "semantic", "graph": "semantic", "size": size(128), "mean": [127] * 3, "std": [128] * 3, "everyPoints": e.semantic_every,
             "lagPoints": e.semantic_lag, "memoryPoints": 0, "featureWidth": e.semantic_width},
        ],
        "fusion": {"kind": "project", "graph": "fuse", "width": e.fused_features},
        "mapper": {"kind": "autoregressive", "graph": "map", "warmUpGraph": "mapWarm", "tokenWidth": m.token + parts["recall"].c.recalled + WIDTH},
        "flow": {"predictor": "velocity", "graph": "flow", "latentWidth": f.latent_width + WIDTH, "steps": {"default": default_steps, "max": 8},
                 "timeShift": f.time_shift, "guidance": {"kind": "folded"}, "prefixLatents": f.prefix, "unrolled": {"1": "flow1", "2": "flow2", "4": "flow4"}},
        "decoder": {"graph": "decode", "delayFrames": c.delay_frames, "haloPoints": 0},
        "prompt": {"width": len(VOCABULARY), "vocabulary": list(VOCABULARY)},
        "graphs": entries, "files": {},
        "golden": {"tolerance": {"cpu": 2e-2, "webgpu": 2e-3, "cuda": 2e-2}, "graphs": {}},
    }


def check_graphs(bundle, graphs):
    """Every graph on the golden inputs: onnxruntime against PyTorch."""
    worst = {}
    for name, graph in graphs.items():
        inputs = golden_inputs(graph.inputs)
        with torch.no_grad():
            out = graph.module(*(torch.from_numpy(inputs[k]) for k in graph.inputs))
        out = out if isinstance(out, tuple) else (out,)
        got = bundle.run(name, inputs)
        errors = [float((torch.from_numpy(got[k]) - v).abs().max() / v.abs().max().clamp_min(1e-3)) for k, v in zip(graph.outputs, out, strict=True)]
        worst[name] = max(errors)
        tolerance = DECODE_TOLERANCE if name == "decode" else GRAPH_TOLERANCE
        if worst[name] > tolerance:
            raise ParityError(f"{name}: onnxruntime differs from PyTorch by {worst[name]:.1e}, tolerance {tolerance}")
    return worst


def whole_in_torch(parts, graphs, pictures, seed, steps):
    """The sound of pictures (N, 128, 128, 3) computed by PyTorch without chunks; no anchor inside."""
    encoders, codec, flow, recall, swell = (parts[k] for k in ("encoders", "codec", "flow", "recall", "swell"))
    e, m = encoders.encoder_config, encoders.mapper_config
    n, warm = len(pictures), m.warm_up
    held = torch.from_numpy(pictures[np.clip(np.arange(-warm, n), 0, None)])
    frames = planes_of(e.standardise(held.float()).permute(0, 3, 1, 2))[None]
    points = np.arange(-warm, n)
    at = np.clip(points // e.semantic_every * e.semantic_every - e.semantic_lag, 0, None)
    seen, which = np.unique(at, return_inverse=True)
    x = (torch.from_numpy(pictures[seen]).float() - 127) / 128
    semantic = graphs["semantic"].module(x.permute(0, 3, 1, 2))[which][None]
    tokens = encoders.mapper.whole(encoders.fusion.fuse(encoders.motion.whole(frames), semantic))[0]
    tokens, gains = swell.whole(tokens, recall.no_game(tokens), encoders.motion.measures_of_whole(frames))
    tokens, gains = recall.whole(tokens, encoders.motion.pitch_of_whole(frames))[:, -n:], gains[0, -n:]
    latents = flow.whole(torch.from_numpy(latent_noise(seed, range(n), flow.c.latent_width)).reshape(1, n, -1), tokens, steps)
    decode = graphs["decode"].module
    rows = torch.arange(n // m.chunk) % decode.rows
    table = decode.drawn[rows].reshape(1, n * codec.config.subframes, -1)
    pcm, _ = codec.decoder(latents, table, codec.decoder.initial_state(), torch.exp(between(n, codec.config.subframes) @ torch.cat([torch.zeros(1, WIDTH), gains])))
    return pcm[0].numpy()[codec.config.delay_frames :]


def check_stream(bundle, parts, graphs, pictures):
    """Streamed through onnxruntime, chunk by chunk, against PyTorch whole; and the unrolled flow against the loop."""
    pictures = pictures[: len(pictures) // 3 * 3]
    with torch.no_grad():
        truth = whole_in_torch(parts, graphs, pictures, 7, 2)
    streamed = Streamer(bundle, seed=7, steps=2).render(pictures)
    unrolled = Streamer(bundle, seed=7, steps=2, unrolled=True).render(pictures)
    scale = max(float(np.abs(truth).max()), 1e-3)
    errors = {"whole": float(np.abs(streamed[: len(truth)] - truth).max()) / scale, "unrolled": float(np.abs(streamed - unrolled).max()) / scale}
    for kind, error in errors.items():
        if error > STREAM_TOLERANCE:
            raise ParityError(f"streamed sound differs ({kind}) by {error:.1e} of its peak, tolerance {STREAM_TOLERANCE}")
    return errors
