"""python export_window.py --live bundles/live --encoders DIR/encoders/encoders.pt --codec DIR/codec/codec.pt
    --window DIR/window/window.pt --clips DIR/clips --out bundles/foley-flow

Exports the window head with the live bundle's encoders and decoder, whose weights it takes from the live bundle beside it;
refused if they are not the same bytes there, or if a parity check fails.
"""
import argparse
import copy
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch

from foleylab.clips import Clips
from foleylab.codec import Codec
from foleylab.export import STREAM_TOLERANCE, ParityError, check_graphs, describe_graph, fold_norms, save_manifest
from foleylab.golden import golden_answer, golden_inputs
from foleylab.onnxfile import WeightsFile, export_graph, round_weights, share_weights
from foleylab.planes import planes_of
from foleylab.semantic import load_semantic
from foleylab.training import load_average
from foleylab.window_flow import WindowFlow, WindowFlowConfig
from foleylab.window_graphs import build_window_graphs
from foleylab.window_stream import WindowBundle, WindowStreamer, hold, join, window_noise
from train_encoders import Encoders

HOP, HALO, FADE_FRAMES, WARM_UP = 30, 12, 4800, 90
OWN = "flow"  # the weights file that is not the live bundle's


class BorrowedWeights:
    """A sibling's weights file: tensors are found in it, not added."""

    def __init__(self, path):
        self.name, self.content = path.name, path.read_bytes()

    def add(self, array, kind=np.float16):
        """-> (offset, length) in bytes."""
        data, at = np.ascontiguousarray(array, kind).tobytes(), -1
        while (at := self.content.find(data, at + 1)) >= 0:
            if at % 64 == 0:
                return at, len(data)
        raise ParityError(f"{self.name} of the live bundle does not hold a tensor of shape {array.shape}: other weights than the checkpoint's")


def write_window_bundle(folder, live, parts, version, default_steps, pictures):
    """`parts`: encoders, codec, flow in eval mode; `live`: the sibling bundle. Replaces `folder` if all checks pass."""
    folder, live = Path(folder), Path(live)
    fold_norms(parts["encoders"])
    for part in parts.values():
        round_weights(part)
    graphs = build_window_graphs(**parts, hop=HOP, halo=HALO)
    theirs = json.loads((live / "bundle.json").read_text())
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    stores = {g.weights: WeightsFile(f"{OWN}.weights") if g.weights == OWN else BorrowedWeights(live / f"{g.weights}.weights") for g in graphs.values()}
    entries = {"semantic": theirs["graphs"]["semantic"]}
    for name, graph in graphs.items():
        onnx.save(share_weights(export_graph(graph), stores[graph.weights]), draft / f"{name}.onnx")
        entries[name] = describe_graph(name, graph, stores[graph.weights].name)
    stores[OWN].write(draft)
    manifest = describe_window_bundle(folder.name, theirs, parts, entries, version, default_steps)
    manifest["files"] = {p.name: {"sha256": hashlib.sha256(p.read_bytes()).hexdigest(), "bytes": p.stat().st_size} for p in sorted(draft.iterdir())}
    semantic = entries["semantic"]
    variants = [semantic, *([semantic["gpu"]] if "gpu" in semantic else [])]
    borrowed = {*(s.name for k, s in stores.items() if k != OWN), *(f for v in variants for f in (v["file"], *v["weights"]))}
    manifest["files"] |= {f: {k: theirs["files"][f][k] for k in ("sha256", "bytes")} | {"from": live.name} for f in sorted(borrowed)}
    save_manifest(draft, manifest)
    bundle = WindowBundle(draft, gpu=True)  # floats throughout: what PyTorch computes
    report = {"graphs": check_graphs(bundle, graphs), "stream": check_stream(bundle, parts, graphs["decode"].module, pictures)}
    golden = {n: {o: golden_answer(v) for o, v in bundle.run(n, golden_inputs(g.inputs)).items()} for n, g in graphs.items()}
    manifest["golden"]["graphs"] = {"semantic": theirs["golden"]["graphs"]["semantic"], **golden}
    manifest["golden"]["gpu"] = {"semantic": theirs["golden"]["gpu"]["semantic"]}
    save_manifest(draft, manifest)
    if (folder / "README.md").exists():
        shutil.copy(folder / "README.md", draft / "README.md")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return report


def describe_window_bundle(name, theirs, parts, entries, version, default_steps):
    """The manifest, but for files and golden answers: live's, where it says nothing of the window."""
    flow, e = parts["flow"], parts["encoders"].encoder_config
    alone = {"featureWidth": e.motion_width, "memoryPoints": e.pictures_back + e.reach}  # nobody reads the pitch
    kept = ("schema", "licence", "sampleRate", "channels", "gridFrames", "picture", "prompt", "golden")
    return copy.deepcopy({k: theirs[k] for k in kept}) | {
        "name": name, "version": version, "system": "foley-flow", "mode": "window", "hopPoints": HOP, "windowPoints": flow.c.points,
        "description": "After Foley-Flow: windows of 4 s every second, a few-step flow conditioned on the pictures' features of each moment.",
        "anchor": {"everyPoints": 300, "warmUpPoints": WARM_UP, "crossfadeFrames": FADE_FRAMES},
        "encoders": [x | alone if x["name"] == "motion" else x for x in theirs["encoders"]],
        "fusion": theirs["fusion"] | {"width": flow.c.token},
        "mapper": {"kind": "none", "tokenWidth": flow.c.token},
        "flow": {"predictor": "velocity", "graph": "flow", "latentWidth": flow.c.latent_width, "steps": {"default": default_steps, "max": 8},
                 "timeShift": 1, "guidance": {"kind": "none"}, "prefixLatents": 0, "unrolled": {str(n): f"flow{n}" for n in (1, 2, 4)}},
        "decoder": {"graph": "decode", "delayFrames": theirs["decoder"]["delayFrames"], "haloPoints": HALO},
        "graphs": entries, "files": {},
    }


def fused_in_torch(encoders, pictures):
    """Pictures (N, 128, 128, 3) -> fused features from the warm-up on, (1, WARM_UP + N, C), without hops."""
    e, n = encoders.encoder_config, len(pictures)
    held = torch.from_numpy(pictures[np.clip(np.arange(-WARM_UP, n), 0, None)])
    frames = planes_of(e.standardise(held.float()).permute(0, 3, 1, 2))[None]
    at = np.clip(np.arange(-WARM_UP, n) // e.semantic_every * e.semantic_every - e.semantic_lag, 0, None)
    seen, which = np.unique(at, return_inverse=True)
    x = (torch.from_numpy(pictures[seen]).float() - 127) / 128
    semantic = encoders.semantic(round_weights(load_semantic())(x.permute(0, 3, 1, 2)))[which][None]
    return encoders.fusion.fuse(encoders.motion.whole(frames), semantic)


def whole_in_torch(parts, decode, pictures, seed, steps):
    """The sound of whole hops of pictures, by PyTorch."""
    flow, codec = parts["flow"], parts["codec"]
    fused, c, out = fused_in_torch(parts["encoders"], pictures), flow.c, None
    for hop in range(len(pictures) // HOP):
        first = (hop + 1) * HOP - c.points
        noise = torch.from_numpy(window_noise(seed, first, c.points, c.latent_width))[None]
        latents = flow.sample(noise, fused[:, WARM_UP + first : WARM_UP + first + c.points], torch.zeros(1, c.prompt), steps)
        pcm = decode(latents[:, -HALO - HOP :], *decode.synthesis.initial_state())[0]
        heard = pcm[0, 0].numpy()[-HOP * codec.config.latent_frames - FADE_FRAMES :]
        out = heard if out is None else join(out, heard, FADE_FRAMES)
    return out[codec.config.delay_frames + FADE_FRAMES :]


def check_stream(bundle, parts, decode, pictures):
    """Hop by hop through onnxruntime against PyTorch; the unrolled flow against the loop."""
    with torch.no_grad():
        truth = whole_in_torch(parts, decode, hold(pictures, HOP), 7, 2)
    streamed = WindowStreamer(bundle, seed=7, steps=2).render(pictures)
    unrolled = WindowStreamer(bundle, seed=7, steps=2, unrolled=True).render(pictures)
    truth, scale = truth[: len(streamed)], max(float(np.abs(truth).max()), 1e-3)
    errors = {"whole": float(np.abs(streamed[: len(truth)] - truth).max()) / scale, "unrolled": float(np.abs(streamed - unrolled).max()) / scale}
    for kind, error in errors.items():
        if error > STREAM_TOLERANCE:
            raise ParityError(f"streamed sound differs ({kind}) by {error:.1e} of its peak, tolerance {STREAM_TOLERANCE}")
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", type=Path, required=True)
    parser.add_argument("--encoders", type=Path, required=True)
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--window", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True, help="for the parity check: pictures of the test split")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--decide-from", type=float, default=WindowFlowConfig.decide_from)
    args = parser.parse_args()
    torch.set_num_threads(1)
    parts = {"encoders": load_average(Encoders(), args.encoders), "codec": load_average(Codec(), args.codec),
             "flow": load_average(WindowFlow(WindowFlowConfig(temperature=args.temperature, decide_from=args.decide_from)), args.window)}
    pictures = Clips(args.clips, "test").busiest_pictures()
    print(json.dumps(write_window_bundle(args.out, args.live, parts, args.version, args.steps, pictures), indent=1))


if __name__ == "__main__":
    main()
