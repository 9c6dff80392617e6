"""An export with random weights: the schema holds, the streamed sound crosses an anchor, a wrong graph is refused."""
import hashlib
import json
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
import torch

from bench_bundle import measure
from foleylab import export
from foleylab.codec import Codec
from foleylab.encoders import EncoderConfig
from foleylab.flow import Flow, FlowConfig
from foleylab.golden import golden_error, golden_inputs
from foleylab.onnxfile import round_steps, weight_steps
from foleylab.recall import Recall, RecallConfig
from foleylab.runners import Runner
from foleylab.semantic import load_semantic
from foleylab.stream import Bundle, Streamer
from foleylab.swell import Swell, SwellConfig
from train_encoders import Encoders

MODELS = Path(__file__).parent.parent
SCHEMA = json.loads((MODELS / "bundle.schema.json").read_text())


def parts():
    return {"encoders": Encoders().eval(), "semantic_net": load_semantic(), "codec": Codec().eval(), "flow": Flow(FlowConfig()).eval(),
            "recall": some_memory(), "swell": Swell(SwellConfig()).eval()}


def some_memory():
    """Random sounds."""
    recall = Recall(RecallConfig()).eval()
    c = recall.c
    return recall.remember(torch.randn(c.sounds, c.key), torch.randn(c.sounds, c.points, c.latent_width), torch.full((c.sounds,), c.points))


def pictures(n):
    return np.random.default_rng(2).integers(0, 256, (n, 128, 128, 3), np.uint8)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("bundles") / "toy"
    export.write_bundle(folder, parts(), "0.0.1", "random weights", 2, pictures(12), [pictures(30)])
    return Bundle(folder)


def agree(bundle):
    """Schema, checksums, golden answers of a bundle."""
    jsonschema.validate(bundle.manifest, SCHEMA)
    for name, entry in bundle.manifest["files"].items():
        if "from" not in entry:
            assert hashlib.sha256((bundle.folder / name).read_bytes()).hexdigest() == entry["sha256"], name
    for name, answers in bundle.manifest["golden"]["graphs"].items():
        inputs = {k: v["shape"] for k, v in bundle.manifest["graphs"][name]["inputs"].items()}
        out = bundle.run(name, golden_inputs(inputs))
        for output, answer in answers.items():
            assert golden_error(out[output], answer) <= bundle.manifest["golden"]["tolerance"]["cpu"], (name, output)


def test_exported_bundle_keeps_the_contract(bundle):
    agree(bundle)


@pytest.mark.skipif(not (MODELS / "bundles/live/bundle.json").exists(), reason="no trained bundle yet")
def test_shipped_bundle_keeps_the_contract():
    agree(Bundle(MODELS / "bundles/live"))


def test_stream_crosses_an_anchor_and_repeats(bundle):
    video = pictures(306)
    first = Streamer(bundle, seed=1).render(video)
    assert first.shape == (306 * 1600,) and np.isfinite(first).all()
    assert np.array_equal(first[: 60 * 1600], Streamer(bundle, seed=1).render(video[:63])[: 60 * 1600])


def test_export_refuses_a_graph_that_differs(tmp_path, monkeypatch):
    def spoil(model, store):
        out = export_share(model, store)
        for node in out.graph.node:
            if node.op_type == "LayerNormalization":
                node.attribute[-1].f = 0.5 if node.attribute[-1].name == "epsilon" else node.attribute[-1].f
        return out

    export_share = export.share_weights
    monkeypatch.setattr(export, "share_weights", spoil)
    with pytest.raises(export.ParityError):
        export.write_bundle(tmp_path / "wrong", parts(), "0.0.1", "spoilt", 1, pictures(9), [pictures(9)])
    assert not (tmp_path / "wrong").exists()


def test_integers_have_fixed_scales_and_gpus_get_none(bundle):
    for name in export.QUANTISED:
        entry = bundle.manifest["graphs"][name]
        model, other = (onnx.load(bundle.folder / file, load_external_data=False).graph for file in (entry["file"], entry["gpu"]["file"]))
        steps = {n.op_type for n in model.node} & {"QuantizeLinear", "DynamicQuantizeLinear", "MatMulInteger"}
        assert steps == {"QuantizeLinear"}, name
        fixed = {t.name for t in model.initializer} | {n.output[0] for n in model.node if n.op_type == "Cast" and n.input[0].endswith("_half")}
        assert all(n.input[1] in fixed and n.input[2] in fixed for n in model.node if n.op_type == "QuantizeLinear"), name
        assert not {n.op_type for n in other.node} & {"QuantizeLinear", "DequantizeLinear"}, name


def test_variants_for_gpus_answer_within_their_tolerance(bundle):
    plain = Bundle(bundle.folder, gpu=True)
    assert plain.file("flow") == "flow-gpu.onnx" and plain.file("fuse") == "fuse.onnx"
    golden = bundle.manifest["golden"]
    for name, answers in {**golden["graphs"], **golden["gpu"]}.items():
        out = plain.run(name, golden_inputs({k: v["shape"] for k, v in bundle.manifest["graphs"][name]["inputs"].items()}))
        assert all(golden_error(out[o], a) <= bundle.manifest["golden"]["tolerance"]["webgpu"] for o, a in answers.items()), name


def test_the_usual_cost_is_the_median_of_runs_each_told_alone(bundle, monkeypatch):
    runner, told = Runner(bundle.folder), iter([{"chunkMeanMs": 9.0}, {"chunkMeanMs": 1.0}, {"chunkMeanMs": 2.0}])
    counts = []
    monkeypatch.setattr(runner, "cost", lambda steps: counts.append((steps, len(runner.bundle.times_ms["decode"]))) or next(told))
    assert runner.usual_cost([pictures(6), pictures(6)], 1, runs=3) == {"chunkMeanMs": 2.0}
    assert counts == [(2, 6)] * 3  # two chunks and the decoder's tail, twice


def test_the_semantic_encoder_is_stored_as_integers(bundle):
    assert (bundle.folder / "semantic.weights").stat().st_size < 3.8e6


def test_steps_of_weights_are_found_again_and_survive_float16():
    rows = np.random.default_rng(4).standard_normal((40, 30)).astype(np.float32) * np.logspace(-3, 1, 40, dtype=np.float32)[:, None]
    rounded = round_steps(rows)
    assert np.array_equal(rounded, rounded.astype(np.float16).astype(np.float32))
    assert np.abs(rounded - rows).max() < 0.02 * np.abs(rows).max()
    whole = rounded / weight_steps(rounded)[:, None]
    assert np.array_equal(whole, np.round(whole)) and np.abs(whole).max() <= 63
    assert weight_steps(rows) is None


def test_the_bench_times_every_stage_of_a_chunk(bundle):
    ours, other = measure([bundle.folder, bundle.folder], 3)
    assert ours.keys() == other.keys() >= {"motion", "semantic", "fuse", "map", "mapWarm", "flow", "flow2", "decode", "chunk"}
    assert ours["semantic"]["chunkMeanMs"] == pytest.approx(ours["semantic"]["meanMs"] * 3 / EncoderConfig.semantic_every)
    assert ours["flow"]["chunkMeanMs"] == 2 * ours["flow"]["meanMs"]
