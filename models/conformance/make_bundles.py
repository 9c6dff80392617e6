"""python models/conformance/make_bundles.py [FOLDER]

Writes the bundles `conformance` and `conformance-window` into FOLDER (models/bundles), the same bytes on
every run and machine: the weights come from a generator written out here, and the known answers from
evaluating each graph in double precision, apart from any runtime that will be tested by them.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from conformance import graphs
from conformance.golden import golden_answer, golden_inputs
from conformance.net import OPSET, Net, WeightsFile

HOP = 3
WARM_UP = 12
GUIDANCE = 1.5
TIME_SHIFT = 1.5
WINDOW_HOP = 6
WINDOW = 24
HALO = 4
UNROLLED = [1, 2, 4]
PICTURE = {"width": 32, "height": 32}
EIGHT_BIT = {"mean": [127.5, 127.5, 127.5], "std": [127.5, 127.5, 127.5]}
# Measured: cpu 5e-7, webgpu (SwiftShader) 5e-7, both from float32 sums in another order; cuda not measured, and wide
# because TF32, which cannot be turned off from Node, keeps ten bits.
TOLERANCE = {"cpu": 1e-5, "webgpu": 1e-4, "cuda": 1e-2}

MOTION = {
    "name": "motion", "graph": "motion", "size": {"width": 16, "height": 16}, **EIGHT_BIT,
    "everyPoints": 1, "lagPoints": 0, "memoryPoints": 2, "featureWidth": graphs.FEATURES,
}
SEMANTIC = {
    "name": "semantic", "graph": "semantic", "size": {"width": 8, "height": 8}, **EIGHT_BIT,
    "everyPoints": 6, "lagPoints": 6, "memoryPoints": 0, "featureWidth": graphs.FEATURES,
}


@dataclass
class Bundle:
    """A folder in the making: its files, and what the manifest says of its graphs."""

    name: str
    head: dict
    body: dict
    readme: str
    contents: dict[str, bytes] = field(default_factory=dict)
    borrowed: dict[str, str] = field(default_factory=dict)
    graphs: dict[str, dict] = field(default_factory=dict)
    golden: dict[str, dict] = field(default_factory=dict)

    def add_graph(self, net: Net, name: str | None = None, borrowed_from: str | None = None) -> None:
        name = name or net.name
        model = net.model()
        file = f"{name}.onnx"
        self.contents[file] = model.SerializeToString(deterministic=True)
        if borrowed_from is not None:
            self.borrowed[file] = borrowed_from
        entry: dict = {"file": file}
        used = any(tensor.data_location == TensorProto.EXTERNAL for tensor in model.graph.initializer)
        if used and net.weights is not None:
            entry["weights"] = [net.weights.name]
        entry |= {"opset": OPSET, "inputs": _tensors(model.graph.input), "outputs": _tensors(model.graph.output)}
        if net.state:
            entry["state"] = net.state
        self.graphs[name] = entry
        self.golden[name] = _known_answers(model, net.weights)

    def add_weights(self, weights: WeightsFile, borrowed_from: str | None = None) -> None:
        self.contents[weights.name] = bytes(weights.content)
        if borrowed_from is not None:
            self.borrowed[weights.name] = borrowed_from

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        files = {}
        for file, content in sorted(self.contents.items()):
            files[file] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            if file in self.borrowed:
                files[file]["from"] = self.borrowed[file]
            else:
                (folder / file).write_bytes(content)
        manifest = {
            "schema": 1, "name": self.name, "version": "1.0.0", "system": "conformance", "licence": "Apache-2.0",
            **self.head, "sampleRate": 48000, "channels": 1, "gridFrames": graphs.GRID_FRAMES, **self.body,
            "graphs": self.graphs, "files": files,
            "golden": {"tolerance": TOLERANCE, "graphs": self.golden},
        }
        (folder / "bundle.json").write_bytes((_readable(manifest) + "\n").encode())
        (folder / "README.md").write_bytes(self.readme.encode())


def make_causal() -> Bundle:
    flow_weights, decoder_weights = WeightsFile("velocity.weights"), WeightsFile("decode.weights")
    flow = graphs.CausalFlow(HOP, flow_weights)
    bundle = Bundle("conformance", head={
        "description": "Tests the engine in causal mode: motion sets the loudness, colour and prompt the mix.",
        "mode": "causal",
    }, body={
        "hopPoints": HOP,
        "anchor": {"everyPoints": 30, "warmUpPoints": WARM_UP, "crossfadeFrames": 1200},
        "picture": PICTURE,
        "encoders": [MOTION, SEMANTIC],
        "fusion": {"kind": "project", "graph": "fuse", "width": graphs.FUSED},
        "mapper": {
            "kind": "autoregressive", "graph": "map", "warmUpGraph": "mapWarmUp",
            "tokenWidth": graphs.TOKENS, "summaryWidth": graphs.SUMMARY,
        },
        "flow": {
            "predictor": "velocity", "graph": "velocity", "latentWidth": graphs.LATENTS,
            "steps": {"default": 2, "max": 50}, "timeShift": TIME_SHIFT,
            "guidance": {"kind": "cfg", "scale": GUIDANCE}, "prefixLatents": graphs.PREFIX,
            "unrolled": {str(steps): f"unrolled{steps}" for steps in UNROLLED},
        },
        "decoder": {"graph": "decode", "delayFrames": graphs.DELAY, "haloPoints": 0},
        "prompt": {"width": len(graphs.WORDS), "vocabulary": graphs.WORDS},
    }, readme=CAUSAL_CARD)
    bundle.add_graph(graphs.motion_encoder(HOP))
    bundle.add_graph(graphs.semantic_encoder())
    bundle.add_graph(graphs.fuse(HOP, 2 * graphs.FEATURES, graphs.FUSED))
    bundle.add_graph(graphs.autoregressive_mapper("map", HOP))
    bundle.add_graph(graphs.autoregressive_mapper("mapWarmUp", WARM_UP + HOP))
    bundle.add_graph(flow.velocity())
    for steps in UNROLLED:
        bundle.add_graph(flow.unrolled(steps, TIME_SHIFT, GUIDANCE))
    bundle.add_graph(graphs.decoder(HOP, decoder_weights))
    bundle.add_weights(flow_weights)
    bundle.add_weights(decoder_weights)
    return bundle


def make_window() -> Bundle:
    decoder_weights = WeightsFile("decode.weights")
    bundle = Bundle("conformance-window", head={
        "description": "Tests the engine in window mode: 0.8 s windows every 0.2 s, regression, one-step flow.",
        "mode": "window",
    }, body={
        "hopPoints": WINDOW_HOP,
        "windowPoints": WINDOW,
        "anchor": {"everyPoints": 30, "warmUpPoints": WINDOW - WINDOW_HOP, "crossfadeFrames": 1200},
        "picture": PICTURE,
        "encoders": [MOTION, SEMANTIC],
        "fusion": {"kind": "add", "width": graphs.FEATURES},
        "mapper": {"kind": "regression", "graph": "map", "tokenWidth": graphs.TOKENS},
        "flow": {
            "predictor": "velocity", "graph": "velocity", "latentWidth": graphs.LATENTS,
            "steps": {"default": 1, "max": 50}, "timeShift": 2, "guidance": {"kind": "none"}, "prefixLatents": 0,
        },
        "decoder": {"graph": "decode", "delayFrames": graphs.DELAY, "haloPoints": HALO},
    }, readme=WINDOW_CARD)
    bundle.add_graph(graphs.motion_encoder(WINDOW_HOP))
    bundle.add_graph(graphs.semantic_encoder(), borrowed_from="conformance")
    bundle.add_graph(graphs.regression_mapper(WINDOW))
    bundle.add_graph(graphs.window_velocity(WINDOW))
    bundle.add_graph(graphs.decoder(HALO + WINDOW_HOP, decoder_weights))
    bundle.add_weights(decoder_weights, borrowed_from="conformance")
    return bundle


def _tensors(values: object) -> dict:
    return {
        value.name: {"type": "float32", "shape": [dim.dim_value for dim in value.type.tensor_type.shape.dim]}
        for value in values  # type: ignore[attr-defined]
    }


def _known_answers(model: onnx.ModelProto, weights: WeightsFile | None) -> dict:
    inputs = golden_inputs({name: tensor["shape"] for name, tensor in _tensors(model.graph.input).items()})
    doubles = {name: value.astype(np.float64) for name, value in inputs.items()}
    outputs = ReferenceEvaluator(_in_doubles(model, weights)).run(None, doubles)
    names = [value.name for value in model.graph.output]
    return {name: golden_answer(value) for name, value in zip(names, outputs)}


def _in_doubles(model: onnx.ModelProto, weights: WeightsFile | None) -> onnx.ModelProto:
    """The same graph with float64 wherever it says float32; its numbers stay what float32 made of them."""
    double = onnx.ModelProto()
    double.CopyFrom(model)
    for value in (*double.graph.input, *double.graph.output):
        value.type.tensor_type.elem_type = TensorProto.DOUBLE
    for tensor in double.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        whole = onnx.TensorProto()
        whole.CopyFrom(tensor)
        if tensor.data_location == TensorProto.EXTERNAL:
            assert weights is not None
            offset, length = weights.places[tensor.name]
            whole.ClearField("external_data")
            whole.data_location = TensorProto.DEFAULT
            whole.raw_data = bytes(weights.content[offset : offset + length])
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(whole).astype(np.float64), tensor.name))
    return double


def _readable(value: object, indent: int = 0) -> str:
    """JSON with a line for each entry, and whatever fits a line on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= 100 or not isinstance(value, dict | list):
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(k)}: {_readable(v, indent + 2)}" for k, v in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
    lines = [f"{inner}{_readable(v, indent + 2)}" for v in value]
    return "[\n" + ",\n".join(lines) + "\n" + " " * indent + "]"


CAUSAL_CARD = """# conformance

A bundle for tests, not for ears: fixed weights, no training, no data.

- **What it does.** The differences between successive pictures set how loud eight fixed sounds (six sines from
  120 to 1,110 Hz, two noises) are; the colours of the picture 200 ms before, the prompt and the noise set their
  mix. A still picture is silent.
- **What it covers.** Causal mode: two encoders (one with memory, one at 5 Hz with a lag), `project` fusion, an
  autoregressive mapper with a ring of 12 keys and values, a summary and a warm-up graph, a flow with prompt, clean
  prefix, time shift and classifier-free guidance (one graph a step, and unrolled over 1, 2 and 4 steps),
  external weights that several graphs share, a decoder with state, overlap and delay.
- **Measured against double precision**: 5e-7 of an output's rms at most, on the CPU and on WebGPU (SwiftShader), every
  node of every graph there.
- **Made by** `python models/conformance/make_bundles.py`, the same bytes on every run.
- **Licence**: Apache-2.0.
"""

WINDOW_CARD = """# conformance-window

A bundle for tests, not for ears: fixed weights, no training, no data.

- **What it does.** Like `conformance`: motion sets the loudness, colour the mix, a still picture is nearly
  silent (the noise stays in it at -60 dB).
- **What it covers.** Window mode: 24 points generated every 6 and crossfaded, `add` fusion without a graph, a
  regression mapper, a flow of one step by default with `stepSize` and a time shift, a decoder with a halo, and
  files that lie in the sibling bundle `conformance`.
- **Measured against double precision**: as `conformance`.
- **Made by** `python models/conformance/make_bundles.py`, the same bytes on every run.
- **Licence**: Apache-2.0.
"""


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "bundles"
    for bundle in (make_causal(), make_window()):
        bundle.write(target / bundle.name)
        size = sum(file.stat().st_size for file in (target / bundle.name).iterdir())
        print(f"{target / bundle.name}: {size} bytes")


if __name__ == "__main__":
    main()
