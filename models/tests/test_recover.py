"""Weights that went into a bundle come back out of it; the answers of the shipped ones are those of PyTorch again."""
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from blend_weights import blend
from foleylab.codec import Codec
from foleylab.export import fold_norms
from foleylab.flow import Flow, FlowConfig
from foleylab.golden import golden_inputs
from foleylab.graphs import FlowGraph, build_graphs
from foleylab.halves import load_halves, save_halves
from foleylab.onnxfile import WeightsFile, export_graph, share_weights
from foleylab.planes import PLANES
from foleylab.recall import Recall, RecallConfig
from foleylab.recover import RecoveryError, norms_of, recover, scatter_values, unfold_norms
from foleylab.semantic import load_semantic
from foleylab.stream import Bundle
from foleylab.swell import Swell, SwellConfig
from recover_lab import recover_live, recover_window
from train_encoders import Encoders

BUNDLES = Path(__file__).parent.parent / "bundles"


def test_halves_come_back_and_large_matrices_nearly(tmp_path):
    torch.manual_seed(0)
    large = 0.05 * torch.randn(300, 200)
    parts = {"encoder": {"a.weight": large, "a.bias": torch.zeros(7), "norm.count": torch.tensor(12)}, "probes": {"words.weight": torch.tensor([[float("inf"), -0.0, 6e-8]]).half()}}
    save_halves(parts, tmp_path / "halves.xz")
    again = load_halves(tmp_path / "halves.xz")
    assert {p: set(s) for p, s in again.items()} == {p: set(s) for p, s in parts.items()}
    assert (again["encoder"]["a.weight"].float() - large).abs().max() < 0.6 * large.abs().max() / 127
    assert again["encoder"]["norm.count"] == 12 and torch.equal(again["encoder"]["a.bias"], torch.zeros(7).half())
    words = again["probes"]["words.weight"]
    assert words.dtype == torch.float16 and torch.equal(words.view(torch.int16), parts["probes"]["words.weight"].view(torch.int16))
    assert (tmp_path / "halves.xz").stat().st_size < 300 * 200
    save_halves(again, tmp_path / "twice.xz")
    twice = load_halves(tmp_path / "twice.xz")["encoder"]["a.weight"].float()
    assert (twice - again["encoder"]["a.weight"].float()).abs().max() < 1e-4


def fresh_flow_graph():
    folded = Encoders()
    fold_norms(folded)
    return build_graphs(encoders=folded, semantic_net=load_semantic(), codec=Codec(), flow=Flow(FlowConfig()), recall=Recall(RecallConfig()), swell=Swell(SwellConfig()))["flow"]


def save(graph, folder):
    scatter_values(graph.module)
    store = WeightsFile("flow.weights")
    onnx.save(share_weights(export_graph(graph), store), folder / "flow.onnx")
    store.write(folder)


def test_what_was_exported_comes_back(tmp_path):
    graph = fresh_flow_graph()
    save(graph, tmp_path)
    again = fresh_flow_graph()
    assert recover(again, tmp_path / "flow.onnx") == []
    for name, tensor in graph.module.state_dict().items():
        assert torch.equal(tensor, again.module.state_dict()[name]), name


def test_a_graph_of_another_architecture_is_refused(tmp_path):
    graph = fresh_flow_graph()
    save(graph, tmp_path)
    other = fresh_flow_graph()
    other.module = FlowGraph(Flow(FlowConfig(blocks=4)))
    with pytest.raises(RecoveryError, match="blocks.3"):
        recover(other, tmp_path / "flow.onnx")


def test_norms_come_back_with_the_same_outputs_and_train_like_before():
    frames = torch.randn(2, 12, PLANES, 64, 64)
    trained = Encoders().motion
    for leave in (trained.trunk[0].leave, trained.trunk[2].leave, trained.gather[1]):
        torch.nn.init.normal_(leave.weight, 0, 0.1)
    trained.train()
    for _ in range(3):
        trained.whole(frames)
    trained.eval()
    truth, _ = trained(frames, trained.initial_state(2))
    holder = Encoders()
    holder.motion.load_state_dict(trained.state_dict())
    holder.eval()
    fold_norms(holder)
    fresh = unfold_norms(Encoders().motion, holder.motion, frames)
    got, _ = fresh.eval()(frames, fresh.initial_state(2))
    assert torch.allclose(got, truth, atol=1e-4)
    assert all(not torch.equal(norm.running_var, torch.ones_like(norm.running_var)) for norm in norms_of(fresh)) and len(norms_of(fresh)) == 7


def values(graph):
    """What a graph's module gives for the golden inputs: its first output."""
    inputs = golden_inputs(graph.inputs)
    with torch.no_grad():
        out = graph.module.eval()(*(torch.from_numpy(inputs[k]) for k in graph.inputs))
    return (out[0] if isinstance(out, tuple) else out).numpy()


def answers(encoders, codec, flow, recall, swell):
    """Of all graphs whose weights come back; the motion encoder's norms need not be folded."""
    graphs = build_graphs(encoders=encoders, semantic_net=load_semantic(), codec=codec, flow=flow, recall=recall, swell=swell)
    return {name: values(graphs[name]) for name in ("motion", "semantic", "fuse", "map", "flow", "decode")}


ROUNDED = {"semantic": 1e-2}  # the network itself does not come from the bundle, where its biases are float16


def agree(got, truth):
    for name in got:
        assert np.abs(got[name] - truth[name]).max() < ROUNDED.get(name, 1e-3) * max(np.abs(truth[name]).max(), 1e-3), name


def test_all_parts_of_the_live_system_come_back(tmp_path):
    parts = {"encoders": Encoders().eval(), "codec": Codec().eval(), "flow": Flow(FlowConfig()).eval(), "recall": Recall(RecallConfig()).eval(),
             "swell": Swell(SwellConfig()).eval()}
    fold_norms(parts["encoders"])
    for part in parts.values():
        scatter_values(part)
    stores = {}
    for name, graph in build_graphs(**parts, semantic_net=load_semantic()).items():
        if name in ("motion", "semantic", "fuse", "map", "flow", "decode"):
            store = stores.setdefault(name, WeightsFile(f"{name}.weights"))
            onnx.save(share_weights(export_graph(graph), store), tmp_path / (f"{name}.onnx" if name == "fuse" else f"{name}-gpu.onnx"))
            store.write(tmp_path)
    encoders, codec, *rest = recover_live(tmp_path, torch.randn(1, 12, PLANES, 64, 64))
    agree(answers(encoders, codec, *rest), answers(**parts))
    for name, tensor in parts["codec"].decoder.state_dict().items():
        assert torch.equal(tensor, codec.decoder.state_dict()[name]), name
    assert torch.equal(parts["encoders"].mapper.layers[1].bias[:, :-1], encoders.mapper.layers[1].bias[:, :-1])  # the last distance is never used


def test_shipped_bundles_come_back():
    bundle = Bundle(BUNDLES / "live", gpu=True)
    got = answers(*recover_live(BUNDLES / "live", torch.randn(1, 12, PLANES, 64, 64)))
    for name, graph in bundle.manifest["graphs"].items():
        if name in got:
            inputs = golden_inputs({k: v["shape"] for k, v in graph["inputs"].items()})
            agree({name: got[name]}, {name: bundle.run(name, inputs)[next(iter(graph["outputs"]))]})


def test_the_shipped_window_head_comes_back():
    flow = recover_window(BUNDLES / "foley-flow", Encoders(), Codec())
    flow.temperature = flow.trunk.decide_from = 0.5  # as exported (run.sh)
    bundle = Bundle(BUNDLES / "foley-flow", gpu=True)
    inputs = golden_inputs({k: v["shape"] for k, v in bundle.manifest["graphs"]["flow"]["inputs"].items()})
    with torch.no_grad():
        out = flow.eval()(*(torch.from_numpy(inputs[k]) for k in ("x", "time", "stepSize", "tokens", "prompt")))
    got = bundle.run("flow", inputs)["velocity"]
    assert np.abs(got - out.numpy()).max() < 1e-3 * np.abs(got).max()


def test_blended_weights_lie_between():
    old, new = {"a": torch.tensor([0.0, 2.0]), "n": torch.tensor(3)}, {"a": torch.tensor([1.0, 4.0]), "n": torch.tensor(5)}
    mixed = blend(old, new, 0.25)
    assert mixed["a"].tolist() == [0.25, 2.5] and mixed["n"] == 5
    with pytest.raises(ValueError, match="different parts"):
        blend(old, {"a": new["a"]}, 0.5)
