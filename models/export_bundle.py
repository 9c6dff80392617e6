"""python export_bundle.py --lab DIR --clips DIR/clips --out bundles/live --version 0.1.0

Exports the trained parts (codec/, encoders/, flow/, recall/, follower/ under --lab) as a bundle; writes nothing if a parity check fails.
"""
import argparse
import json
from pathlib import Path

import numpy as np

from foleylab.clips import Clips
from foleylab.codec import Codec
from foleylab.data.scene import make_clip
from foleylab.export import write_bundle
from foleylab.flow import Flow, FlowConfig
from foleylab.recall import Recall, RecallConfig
from foleylab.semantic import load_semantic
from foleylab.swell import Swell, SwellConfig
from foleylab.training import load_average
from train_encoders import Encoders

CALIBRATION_SEED, CALIBRATION_CLIPS = 900, 24  # a shard of the train split that no training has seen


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True, help="for the parity check: pictures of the test split")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--encoders", default="encoders", help="folder of the checkpoint under --lab")
    parser.add_argument("--flow", default="flow", help="likewise")
    parser.add_argument("--recall", default="recall", help="likewise")
    parser.add_argument("--decide-from", type=float, default=FlowConfig.decide_from, help="probability from which there is an onset")
    args = parser.parse_args()
    parts = {
        "encoders": load_average(Encoders(), args.lab / args.encoders / "encoders.pt"), "semantic_net": load_semantic(),
        "codec": load_average(Codec(), args.lab / "codec" / "codec.pt"),
        "flow": load_average(Flow(FlowConfig(decide_from=args.decide_from)), args.lab / args.flow / "flow.pt"),
        "recall": load_average(Recall(RecallConfig(decide_from=args.decide_from)), args.lab / args.recall / "recall.pt"), "swell": Swell(SwellConfig()).eval(),
    }
    load_average(parts["swell"].follower, args.lab / "follower" / "follower.pt")
    pictures = Clips(args.clips, "test").busiest_pictures()
    ranges = [make_clip(np.random.default_rng([0, CALIBRATION_SEED, i]), "train").frames for i in range(CALIBRATION_CLIPS)]
    description = "livefoley's own system: causal motion and semantic encoders, a ring of memory, a few-step flow, a streaming decoder."
    print(json.dumps(write_bundle(args.out, parts, args.version, description, args.steps, pictures, ranges), indent=1))


if __name__ == "__main__":
    main()
