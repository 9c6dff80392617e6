"""python train_encoders.py --clips DIR/clips --out DIR/encoders --minutes 30

Trains motion encoder, semantic projection, fusion and mapper together: the tokens must tell onsets by family, beds, loudness,
words, and the mean of the codec's latents; the fused features must restore latents of which four fifths are hidden (--no-alignment:
without). Memory is cut at random points, so that a run may start anywhere.
"""
import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import nn

from foleylab.alignment import MaskedAlignment
from foleylab.augment import augment
from foleylab.clips import Clips
from foleylab.encoders import EncoderConfig, Fusion, MotionEncoder, SemanticProjection, align_semantic
from foleylab.mapper import Mapper, MapperConfig, Probes
from foleylab.training import Run, add_arguments


class Encoders(nn.Module):
    """Everything from pictures to tokens, joined in one place."""

    def __init__(self, encoder=None, mapper=None):
        super().__init__()
        self.encoder_config, self.mapper_config = encoder or EncoderConfig(), mapper or MapperConfig()
        self.motion, self.semantic = MotionEncoder(self.encoder_config), SemanticProjection(self.encoder_config)
        self.fusion, self.mapper = Fusion(self.encoder_config), Mapper(self.mapper_config)
        self.probes, self.alignment = Probes(self.mapper_config), MaskedAlignment()

    def fuse(self, pictures, pooled):
        """Planes of pictures (B, T, PLANES, 64, 64) 0..255 and pooled semantic features (B, K, 1280) -> fused (B, T, C)."""
        c = self.encoder_config
        exact = torch.bfloat16 if torch.is_autocast_enabled(pictures.device.type) else torch.float32  # 8 bits less 127.5 are 8 bits
        frames = c.standardise(pictures.to(exact))
        aligned = align_semantic(self.semantic(pooled), frames.shape[1], c)
        return self.fusion.fuse(self.motion.whole(frames), aligned)

    def forward(self, pictures, pooled, context=None):
        """-> tokens, auxiliary logits."""
        return self.mapper.whole(self.fuse(pictures, pooled), context)


def losses(model, batch, context, bf16, align=True):
    """All auxiliary losses, each about one at the start."""
    families = batch["onset"].shape[-1]
    with torch.autocast(batch["onset"].device.type, torch.bfloat16, enabled=bf16):
        fused = model.fuse(batch["pictures"], batch["semantic"])
        tokens, aux = model.mapper.whole(fused, context)
        hidden = {"hidden": model.alignment(batch["latents"], fused, batch["counts"])} if align else {}
        latents, words = model.probes.latents(tokens), model.probes.words(tokens)
    aux, target = aux.float(), batch["onset"]
    onset, bed, any_onset, loud = aux.split([families, families, 1, 1], -1)
    hit = (target > 0.03).float()
    strength = 0.3 + 0.7 * target
    counts = batch["counts"][..., None]  # (B, T, 1): 0 before a clip's held start
    known = batch["known"][:, None]  # (B, 1, 1): 0 where nobody knows what sounds

    def bce(logits, truth, weight=1.0):
        return (nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none") * weight * counts).mean()

    def smooth(value, truth, beta):
        return (nn.functional.smooth_l1_loss(value, truth, beta=beta, reduction="none") * counts).mean()

    parts = {
        "onset": bce(onset, hit, known * (1 + hit * (6 * strength - 1))) * families,
        "any": 4 * bce(any_onset, hit.amax(-1, keepdim=True), 1 + hit.amax(-1, keepdim=True) * 3),
        "bed": bce(bed, batch["bed"].clamp(0, 1), known) * families,
        "loud": 3 * smooth(loud, batch["loudness"][..., None] / 80, 0.1),
        "words": bce(words.float(), batch["words"][:, None].expand(-1, words.shape[1], -1), known),
        "latents": smooth(latents.float(), batch["latents"], 1.0),
    } | hidden
    return sum(parts.values()), parts


def load_batch(clips, rows, rng, device, train=True, points=None):
    """Tensors of these clips; with `points`, of a random span of each that begins on a semantic picture."""
    keys = ("planes", "semantic", "onset", "bed", "words", "loudness", "latents", "known")
    batch = clips.batch(rows, keys, [slice(s, s + points) for s in 6 * rng.integers(0, (150 - points) // 6 + 1, len(rows))] if points else None)
    pictures = batch.pop("planes")
    batch["pictures"] = augment(pictures, rng) if train else pictures
    batch["counts"] = torch.ones(pictures.shape[:2])
    if train:
        hold_starts(batch, rng)
    return {k: v.to(device) for k, v in batch.items()}


def hold_starts(batch, rng, share=0.25):
    """A stream begins with its first picture held for the warm-up: some clips are made to, and nothing counts before."""
    for b in range(len(batch["pictures"])):
        if rng.random() < share:
            k = 3 * int(rng.integers(1, 25))
            batch["pictures"][b, :k] = batch["pictures"][b, k]
            first = -(-k // 6)
            batch["semantic"][b, :first] = batch["semantic"][b, first]
            batch["counts"][b, :k] = 0


def draw(clips, rows, rng, args):
    """-> a batch of spans of these clips, a fifth of the time of whole ones, and where each one's memory is cut."""
    points = args.points if rng.random() < 0.8 else None
    batch = load_batch(clips, rows if points else rows[: -(-args.batch * args.points // 150)], rng, args.device, train=not args.fixed, points=points)
    n, length = batch["onset"].shape[:2]
    return batch, torch.tensor(np.where(rng.random(n) < 0.5, 3 * rng.integers(0, length // 3, n), 0), device=args.device)


def check(model, clips, rng, device, bf16):
    """Mean losses on the tune split, and F1 of the onset head within one grid point, best threshold."""
    model.eval()
    sums, scores, hits = {}, [], []
    with torch.no_grad():
        for at in range(0, min(len(clips), 64), 8):
            batch = load_batch(clips, range(at, at + 8), rng, device, train=False)
            _, parts = losses(model, batch, None, bf16)
            for k, v in parts.items():
                sums[k] = sums.get(k, 0) + float(v) / 8
            tokens, _ = model(batch["pictures"], batch["semantic"])
            scores.append(tokens[..., -2].float().cpu())
            hits.append(batch["onset"].amax(-1).cpu() > 0.03)
    model.train()
    return {**{"tune " + k: round(v, 3) for k, v in sums.items()}, "tune F1": round(onset_f1(torch.cat(scores), torch.cat(hits)), 3)}


def onset_f1(score, hit):
    """Probability and truth of an onset at each point, (N, T) -> F1 within one grid point, best threshold."""
    peak = (score >= nn.functional.max_pool1d(score[:, None], 3, 1, 1)[:, 0])
    near = nn.functional.max_pool1d(hit[:, None].float(), 3, 1, 1)[:, 0] > 0
    best = 0.0
    for threshold in np.linspace(0.1, 0.9, 17):
        picked = peak & (score > threshold)
        found = nn.functional.max_pool1d(picked[:, None].float(), 3, 1, 1)[:, 0] > 0
        precision = (picked & near).sum() / picked.sum().clamp_min(1)
        recall = (hit & found).sum() / hit.sum().clamp_min(1)
        best = max(best, float(2 * precision * recall / (precision + recall + 1e-6)))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, 30)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--points", type=int, default=90, help="grid points of most spans; a fifth are whole clips")
    parser.add_argument("--no-alignment", action="store_true")
    parser.add_argument("--fixed", action="store_true", help="overfit one batch")
    parser.add_argument("--check-minutes", type=float, default=4)
    args = parser.parse_args()
    clips, tune = Clips(args.clips, "train"), Clips(args.clips, "tune")
    model = Encoders()
    run = Run(model, {}, args, "encoders")
    rng = np.random.default_rng([args.seed, run.count])
    print(f"{len(clips)} training clips", flush=True)
    model.train()
    rows, checked = rng.integers(len(clips), size=args.batch), run.begin
    with ThreadPoolExecutor(1) as loader:  # the next batch is made while this one is learned from
        following = loader.submit(draw, clips, rows, rng, args)
        for _ in run.steps():
            batch, context = following.result()
            following = loader.submit(draw, clips, rows if args.fixed else rng.integers(len(clips), size=args.batch), rng, args)
            loss, parts = losses(model, batch, context, args.bf16, not args.no_alignment)
            run.step(loss, {k: v.detach() for k, v in parts.items()})
            if run.last_save > checked + 60 * args.check_minutes:
                checked = run.last_save
                print(check(model, tune, rng, args.device, args.bf16), flush=True)
                clips = Clips(args.clips, "train")  # shards made meanwhile
    model.load_state_dict(run.average)
    print("average:", check(model, tune, rng, args.device, args.bf16), flush=True)


if __name__ == "__main__":
    main()
