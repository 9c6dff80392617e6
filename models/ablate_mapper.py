"""python ablate_mapper.py --clips DIR/clips --tune DIR/clips --encoders DIR/encoders/encoders.pt --out DIR/ablations --minutes 4

What each part of fusion and mapper adds. The motion encoder's features are cached once; fusion and mapper then begin afresh and learn for the same time, as
shipped and with one thing changed: added instead of concatenated, without what is semantic, without motion, without the masked alignment, and with the sound
so far told to the mapper (autoregressive: while learning the true one; in use what the mapper itself expected). Writes ablations.json; each variant's loss curve as PNG.
"""
import argparse
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from foleylab.clips import Clips, spread
from foleylab.encoders import align_semantic
from foleylab.mapper import MapperConfig
from foleylab.training import Run, load_average
from train_encoders import Encoders, load_batch, losses, onset_f1

VARIANTS = ("concatenated", "added", "without semantic", "without motion", "without alignment", "autoregressive")
TOLD_NOISE = 0.3  # on the true sound that is told, in its deviations
CHUNK = MapperConfig.chunk


class Ablated(nn.Module):
    """Fusion and mapper over cached features; what `losses` of train_encoders.py takes for a model."""

    def __init__(self, variant):
        super().__init__()
        whole = Encoders()
        self.variant, self.config = variant, whole.encoder_config
        self.semantic, self.fusion, self.mapper, self.probes, self.alignment = whole.semantic, whole.fusion, whole.mapper, whole.probes, whole.alignment
        self.widen = nn.Linear(self.config.semantic_width, self.config.fused_width)
        self.told = nn.Linear(CHUNK * self.mapper.c.latent_width, self.config.fused_width)

    def fuse(self, motion, pooled):
        semantic = align_semantic(self.semantic(pooled), motion.shape[1], self.config)
        if self.variant == "added":
            return self.fusion.norm(motion + self.widen(semantic))
        return self.fusion.fuse(motion * (self.variant != "without motion"), semantic * (self.variant != "without semantic"))

    def tell(self, fused, before):
        """Fused features (B, 3 K, C) and the latents of the chunks before, (B, K, 3, 96) -> fused features that know them."""
        return fused + self.told(before.flatten(2)).repeat_interleave(CHUNK, 1)


class Told:
    """An autoregressive model while it learns: the true latents of the chunk before, noised, are told at each chunk."""

    def __init__(self, model, latents):
        self.model, self.before = model, shifted(latents)
        self.mapper, self.probes, self.alignment = model.mapper, model.probes, model.alignment

    def fuse(self, motion, pooled):
        return self.model.tell(self.model.fuse(motion, pooled), self.before)


def shifted(latents):
    """(B, 3 K, 96) -> those of the chunk before each chunk, (B, K, 3, 96); zeros before the first."""
    chunks = latents.unflatten(1, (-1, CHUNK))
    return torch.cat([torch.zeros_like(chunks[:, :1]), chunks[:, :-1]], 1)


def cache(clips, encoders, limit, train):
    """Batches of so many clips as `losses` takes them, with the motion encoder's features for pictures."""
    rng, parts = np.random.default_rng(3), []
    rows = spread(len(clips), limit)
    for at in range(0, len(rows), 10):
        batch = load_batch(clips, rows[at : at + 10], rng, "cpu", train)
        with torch.no_grad():
            batch["pictures"] = encoders.motion.whole(encoders.encoder_config.standardise(batch["pictures"].float()))
        parts.append({k: v.half() for k, v in batch.items()})
    return {k: torch.cat([p[k] for p in parts]) for k in parts[0]}


def streamed(model, batch):
    """Probability of an onset (B, T), chunk by chunk, where the sound told is what the mapper expected of the chunk before."""
    fused, out = model.fuse(batch["pictures"], batch["semantic"]), []
    n, k = fused.shape[0], model.mapper.c
    keys, values, valid = model.mapper.initial_state()
    keys, values = (x.expand(-1, n, -1, -1, -1) for x in (keys, values))
    before = fused.new_zeros(n, 1, CHUNK, k.latent_width)
    for at in range(0, fused.shape[1], CHUNK):
        tokens, keys, values, valid = model.mapper.step(model.tell(fused[:, at : at + CHUNK], before), keys, values, valid)
        before = model.probes.latents(tokens)[:, None]
        out.append(tokens[..., -2])
    return torch.cat(out, 1)


def judge(model, held):
    """Losses on the tune split, and F1 of the onset head; an autoregressive one told the truth, and streamed."""
    model.eval()
    batch = {k: v.float() for k, v in held.items()}
    hit = batch["onset"].amax(-1) > 0.03
    auto = model.variant == "autoregressive"
    heard = Told(model, batch["latents"]) if auto else model
    with torch.no_grad():
        _, parts = losses(heard, batch, None, False)
        told = onset_f1(heard.mapper.whole(heard.fuse(batch["pictures"], batch["semantic"]))[0][..., -2], hit)
        row = {k: round(float(v), 3) for k, v in parts.items()} | {"F1": round(told, 3)}
        return row | ({"F1 streamed": round(onset_f1(streamed(model, batch), hit), 3)} if auto else {})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--tune", type=Path, required=True, help="folder of the tune split's clips")
    parser.add_argument("--encoders", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=4, help="for each variant")
    parser.add_argument("--limit", type=int, default=2400)
    parser.add_argument("--variants", nargs="+", default=VARIANTS, choices=VARIANTS)
    parser.add_argument("--bf16", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    encoders, path = load_average(Encoders(), args.encoders), args.out / "ablations.json"
    args.out.mkdir(parents=True, exist_ok=True)
    cached = args.out / "features.pt"
    if not cached.exists():
        torch.save([cache(Clips(folder, split), encoders, args.limit, split == "train") for folder, split in ((args.clips, "train"), (args.tune, "tune"))], cached)
    train, held = torch.load(cached, mmap=True, weights_only=True)
    rows = json.loads(path.read_text()) if path.exists() else {}
    for variant in args.variants:
        torch.manual_seed(1)
        model = Ablated(variant)
        run = Run(model, {}, SimpleNamespace(out=args.out, minutes=args.minutes, rate=1e-3, seed=1, muon=False, threads=1, device="cpu"), variant.replace(" ", "-"))
        for _ in run.steps():
            pick = torch.randint(len(train["onset"]), (16,))
            batch = {k: v[pick].float() for k, v in train.items()}
            told = batch["latents"] + TOLD_NOISE * torch.randn_like(batch["latents"])
            heard = Told(model, told) if variant == "autoregressive" else model
            loss, parts = losses(heard, batch, 3 * torch.randint(50, (16,)) * (torch.rand(16) < 0.5), args.bf16, variant != "without alignment")
            run.step(loss, {k: v.detach() for k, v in parts.items()})
        model.load_state_dict(run.average)
        rows[variant] = {"steps": run.count, **judge(model, held)}
        print(variant, rows[variant], flush=True)
        path.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
