"""python cache_made.py --lab DIR --clips DIR/clips --out DIR/made.pt --recall recall

The latents that `live` makes of training clips, chunk by chunk at its default step (float16, (clips, 150, 96)): what its decoder is given in use, for train_decoder.py.
"""
import argparse
from pathlib import Path

import torch

from foleylab.clips import Clips, spread
from foleylab.flow import Flow, FlowConfig
from foleylab.recall import Recall, RecallConfig
from foleylab.training import load_average
from train_encoders import Encoders


def tokens_of(encoders, recall, planes, pooled):
    """Planes (B, T, PLANES, 64, 64) and pooled semantic features -> tokens with what is recalled, (B, T, C)."""
    tokens = encoders(planes, pooled)[0]
    return recall.whole(tokens, encoders.motion.pitch_of_whole(encoders.encoder_config.standardise(planes.float()))) if recall else tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, required=True, help="folder of encoders/, flow/ and, where the memory is used, its folder")
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--recall", help="folder of the memory under --lab")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=2400, help="this many clips, spread evenly over the shards")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    encoders, flow = load_average(Encoders(), args.lab / "encoders" / "encoders.pt"), load_average(Flow(FlowConfig()), args.lab / "flow" / "flow.pt")
    recall = load_average(Recall(RecallConfig()), args.lab / args.recall / "recall.pt") if args.recall else None
    clips, made = Clips(args.clips, "train"), []
    rows = spread(len(clips), args.limit)
    for at in range(0, len(rows), 10):
        batch = clips.batch(rows[at : at + 10], ("planes", "semantic"))
        with torch.no_grad():
            tokens = tokens_of(encoders, recall, batch["planes"], batch["semantic"])
            made.append(flow.whole(torch.randn(*tokens.shape[:2], flow.c.latent_width), tokens, 1).half())
        if at % 500 == 0:
            print(f"{at} of {len(rows)} clips", flush=True)
    torch.save(torch.cat(made), args.out)


if __name__ == "__main__":
    main()
