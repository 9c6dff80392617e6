"""An export with random weights: the schema holds, the streamed sound crosses an anchor, a wrong graph is refused."""
import hashlib
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch

from foleylab import export
from foleylab.codec import Codec
from foleylab.flow import Flow, FlowConfig
from foleylab.golden import golden_error, golden_inputs
from foleylab.semantic import load_semantic
from foleylab.stream import Bundle, Streamer
from train_encoders import Encoders

MODELS = Path(__file__).parent.parent
SCHEMA = json.loads((MODELS / "bundle.schema.json").read_text())


def parts():
    return {"encoders": Encoders().eval(), "semantic_net": load_semantic(), "codec": Codec().eval(), "flow": Flow(FlowConfig()).eval()}


def pictures(n):
    return np.random.default_rng(2).integers(0, 256, (n, 128, 128, 3), np.uint8)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("bundles") / "toy"
    export.write_bundle(folder, parts(), "0.0.1", "random weights", 2, pictures(30))
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
        export.write_bundle(tmp_path / "wrong", parts(), "0.0.1", "spoilt", 1, pictures(9))
    assert not (tmp_path / "wrong").exists()
