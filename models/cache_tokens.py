"""python cache_tokens.py --clips DIR/clips --encoders DIR/encoders/encoders.pt --codec DIR/codec/codec.pt --out DIR/tokens --views 2

Runs the frozen encoders and mapper over all clips: some views from a cold start, some with memory cut at random, some with a
held start, and stores tokens (float16) by chunk beside the latents, the clip they are of, and what the codec's encoder heard on the way to them, for
the flow head.
"""
import argparse
from pathlib import Path

import numpy as np
import torch

from foleylab.clips import Clips, spread
from foleylab.codec import Codec
from foleylab.training import load_average
from train_encoders import Encoders, load_batch


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--encoders", type=Path, required=True)
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--views", type=int, default=1)
    parser.add_argument("--split", default="train")
    parser.add_argument("--limit", type=int, default=100000, help="this many clips, spread evenly over the shards")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    clips, rng = Clips(args.clips, args.split), np.random.default_rng(5)
    model, codec = load_average(Encoders(), args.encoders), load_average(Codec(), args.codec)
    out = {k: [] for k in ("tokens", "latents", "heard", "words", "onset", "hits", "clip")}
    order = spread(len(clips), args.limit)
    for view in range(args.views):
        for at in range(0, len(order), 8):
            rows = order[at : at + 8]
            batch = load_batch(clips, rows, rng, "cpu", train=args.split == "train")
            n = len(rows)
            context = torch.tensor(np.where(rng.random(n) < 0.6, 3 * rng.integers(0, 50, n), 0))
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                tokens, _ = model(batch["pictures"], batch["semantic"], context)
                heard = codec.encoder.hear(clips.batch(rows, ("audio",))["audio"])
            keep = batch["counts"].reshape(-1, 3)[:, 0] > 0  # (B chunks)
            chunks = lambda x: x.float().reshape(-1, 3, x.shape[-1])[keep].half()
            out["tokens"].append(chunks(tokens))
            out["latents"].append(chunks(batch["latents"]))
            out["heard"].append(chunks(heard))
            out["words"].append(batch["words"].repeat_interleave(50, 0)[keep].half())
            out["hits"].append((batch["onset"].amax(-1).reshape(-1, 3) > 0.03)[keep])
            out["clip"].append(torch.tensor([view * len(clips) + r for r in rows]).repeat_interleave(50)[keep])
            out["onset"].append((batch["onset"].amax(-1).reshape(-1, 3).amax(1) > 0.03)[keep])
        print(f"view {view}: {sum(len(x) for x in out['tokens'])} chunks", flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    torch.save({k: torch.cat(v) for k, v in out.items()}, args.out / f"{args.split}.pt")


if __name__ == "__main__":
    main()
