"""python train_window_flow.py cache --clips DIR/clips --encoders DIR/encoders/encoders.pt --out DIR/window --split train
python train_window_flow.py train --out DIR/window --codec DIR/codec/codec.pt --minutes 9

`cache` runs the frozen encoders and fusion over all clips and stores fused features and labels; `train` trains the window
head on what is cached there (train.pt, tune.pt), beside which it keeps its checkpoint, and resumes.
"""
import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from foleylab.augment import augment
from foleylab.clips import Clips, spread
from foleylab.codec import Codec
from foleylab.training import Run, add_arguments, load_average
from foleylab.window_flow import WindowFlow, WindowFlowConfig, Windows, window_losses
from train_encoders import Encoders, onset_f1
from train_flow import set_silence

LABELS = ("semantic", "latents", "onset", "bed", "words", "loudness", "known")


def cache_features(clips, model, rng, augmented, limit=100000, log=print):
    """-> fused (N, 150, C), that of a held first picture (N, C), labels; float16."""
    out = {k: [] for k in ("fused", "still", "latents", "onset", "bed", "loudness", "words", "known")}
    order = spread(len(clips), limit)
    for at in range(0, len(order), 8):
        batch = clips.batch(order[at : at + 8], ("planes", *LABELS))
        pictures = augment(batch["planes"], rng) if augmented else batch["planes"]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            batch["fused"], batch["still"] = model.fuse(pictures, batch["semantic"]), model.fuse(pictures[:, :1], batch["semantic"][:, :1])[:, 0]
        for k in out:
            out[k].append(batch[k].half())
        if at % 400 == 0:
            log(f"{at + len(batch['still'])} of {len(order)} clips", flush=True)
    return {k: torch.cat(v) for k, v in out.items()}


def check(flow, tune, steps=(1, 2, 4), count=48):
    """Mean squared error of sampled latents in the heard hop, at onsets apart, and F1 of the trunk's onsets within a point."""
    rows = torch.arange(min(count, len(tune)))
    batch = tune.batch(rows, torch.full_like(rows, tune.length - tune.points))
    hop = slice(tune.points - tune.hop, None)
    prompt, truth = torch.zeros_like(batch["prompt"]), batch["latents"][:, hop]
    noise = torch.randn(batch["latents"].shape, generator=torch.Generator().manual_seed(1))
    hit = batch["onset"].amax(-1) > 0.03
    out = {}
    with torch.no_grad():
        score = torch.sigmoid(flow.trunk(batch["tokens"], prompt)[3][..., -2])
        for n in steps:
            error = (flow.sample(noise, batch["tokens"], prompt, n)[:, hop] - truth).square().mean(-1)
            out |= {f"mse{n}": round(float(error.mean()), 3), f"mse{n} onsets": round(float(error[hit[:, hop]].mean()), 3)}
    return out | {"F1": round(onset_f1(score, hit), 3)}


def cache_main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--encoders", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", default="train")
    parser.add_argument("--limit", type=int, default=100000)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    model = load_average(Encoders(), args.encoders)
    cache = cache_features(Clips(args.clips, args.split), model, np.random.default_rng(6), args.split == "train", args.limit)
    args.out.mkdir(parents=True, exist_ok=True)
    torch.save(cache, args.out / f"{args.split}.pt")


def train_main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, 9)
    parser.set_defaults(batch=24)
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--fixed", action="store_true", help="overfit the windows of one clip")
    args = parser.parse_args(argv)
    train, tune = (Windows(torch.load(args.out / f"{s}.pt", weights_only=True)) for s in ("train", "tune"))
    if args.fixed:
        train = tune = Windows({k: v[1:2] for k, v in train.cache.items()})
    flow = WindowFlow(WindowFlowConfig())
    set_silence(flow, load_average(Codec(), args.codec))
    run = Run(flow, flow.c, args, "window")
    print(f"{len(train)} clips, {sum(p.numel() for p in flow.parameters())} parameters", flush=True)
    for _ in run.steps():
        batch = {k: v.to(args.device) for k, v in train.draw(args.batch).items()}
        with torch.autocast(args.device, torch.bfloat16, enabled=args.bf16):
            parts = window_losses(flow, batch)
        run.step(sum(parts.values()), {k: v.detach() for k, v in parts.items()})
    flow.load_state_dict(run.average)
    print("tune:", check(flow.cpu().eval(), tune), flush=True)


if __name__ == "__main__":
    {"cache": cache_main, "train": train_main}[sys.argv[1]](sys.argv[2:])
