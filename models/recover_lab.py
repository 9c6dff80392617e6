"""python recover_lab.py --clips DIR/clips --lab DIR

Checkpoints from the shipped bundles, for a machine that has none: DIR/encoders/encoders.pt, DIR/codec/codec.pt, DIR/flow/flow.pt,
DIR/window/window.pt, DIR/recall/recall.pt and DIR/follower/follower.pt, from which training goes on. What bundles do not hold comes from `resume.xz` beside them where it is there, else
it begins afresh: the codec's encoders (train_codec.py --keep-decoder, train_tones.py), the probes; and the masked alignment always. The clips give the batch norms their statistics.
"""
import argparse
from pathlib import Path

import torch

from foleylab.clips import Clips
from foleylab.codec import Codec
from foleylab.export import fold_norms
from foleylab.flow import Flow, FlowConfig
from foleylab.graphs import build_graphs
from foleylab.halves import load_halves
from foleylab.recall import Recall, RecallConfig
from foleylab.recover import plain_graph, recover, unfold_norms
from foleylab.semantic import load_semantic
from foleylab.swell import Swell, SwellConfig
from foleylab.training import save_weights
from foleylab.window_flow import WindowFlow, WindowFlowConfig
from foleylab.window_graphs import build_window_graphs
from train_encoders import Encoders

HERE = Path(__file__).parent
STEPS_BEHIND = 10_000  # counts as so many steps, so that the average of the weights is slow; not so for weights that begin afresh


def recover_live(bundle, frames):
    """-> encoders with batch norms, codec with its decoder, flow, the memory of sounds, and what swells them."""
    folded = Encoders()
    fold_norms(folded)
    codec, flow = Codec(), Flow(FlowConfig())
    recall, swell = Recall(RecallConfig()), Swell(SwellConfig())
    graphs = build_graphs(encoders=folded, semantic_net=load_semantic(), codec=codec, flow=flow, recall=recall, swell=swell)
    lacking = {"map": tuple(f"mapper.layers.{i}.bias" for i in range(len(folded.mapper.layers))), "semantic": ("net.",), "decode": ("synthesis.decoder.head.",)}
    for name in ("motion", "semantic", "fuse", "map", "flow", "decode"):
        recover(graphs[name], plain_graph(bundle, name), lacking.get(name, ()))
    spread_biases(graphs["map"].module)
    graphs["decode"].module.synthesis.restore_head()
    encoders = Encoders()
    kept = {k: v for k, v in folded.state_dict().items() if not k.startswith("motion.")}
    encoders.load_state_dict(kept, strict=False)
    unfold_norms(encoders.motion, folded.motion, frames)
    return encoders, codec, flow, recall, swell


def spread_biases(graph):
    """The map graph holds each layer's bias by query and key: back to one by distance; the last distance is never used."""
    c = graph.mapper.c
    index = torch.arange(c.chunk)[:, None] - torch.arange(c.ring + c.chunk)[None] + c.ring + c.chunk - 1
    with torch.no_grad():
        for layer, laid_out in zip(graph.mapper.layers, graph.bias, strict=True):
            layer.bias[:, index] = laid_out[0]
            layer.bias[:, index.max() + 1 :] = layer.bias[:, index.max()][:, None]


def recover_window(bundle, encoders, codec):
    """-> the head of the window bundle."""
    flow = WindowFlow(WindowFlowConfig())
    graphs = build_window_graphs(encoders=encoders, codec=codec, flow=flow, hop=30, halo=12)
    recover(graphs["flow"], plain_graph(bundle, "flow"), picked={"trunk.attention.bias": flow.trunk.attention.index.numpy()})
    return flow


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--lab", type=Path, required=True)
    parser.add_argument("--live", type=Path, default=HERE / "bundles" / "live")
    parser.add_argument("--window", type=Path, default=HERE / "bundles" / "foley-flow")
    parser.add_argument("--extra", type=Path, default=HERE / "resume.xz", help="what bundles do not hold")
    args = parser.parse_args()
    torch.manual_seed(0)
    clips = Clips(args.clips, "train")
    pictures = clips.batch(range(min(48, len(clips))), ("planes",))["planes"].float()
    encoders, codec, flow, recall, swell = recover_live(args.live, Encoders().encoder_config.standardise(pictures))
    behind = {"codec": 0}
    if args.extra.exists():
        extra = load_halves(args.extra)
        codec.encoder.load_state_dict(extra["codec encoder"])
        codec.tones.load_state_dict(extra["tone encoder"])
        encoders.probes.load_state_dict(extra["probes"])
        behind = {}
    window = recover_window(args.window, encoders, codec)
    for name, module in (("encoders", encoders), ("codec", codec), ("flow", flow), ("window", window), ("recall", recall), ("follower", swell.follower)):
        save_weights(module.state_dict(), args.lab / name / f"{name}.pt", behind.get(name, STEPS_BEHIND))
        print(args.lab / name / f"{name}.pt")


if __name__ == "__main__":
    main()
