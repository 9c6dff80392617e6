"""python train_tones.py --clips DIR/clips --codec DIR/codec/codec.pt --out DIR/tones --minutes 8

Teaches the codec its tones: maps of partials, measured in the clips' sound beside what the codec's frames say, through 32 numbers a latent and back. The frames
stay as they are. Caches the maps (maps-<split>.npy), resumes, and writes the codec with its tones back to codec.pt.
"""
import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn

from foleylab.clips import Clips, spread
from foleylab.codec import Codec
from foleylab.partials import PITCHES
from foleylab.tones import ToneConfig
from foleylab.training import Run, add_arguments, load_average, save_weights

SPAN = 30  # latents of a training row
JITTER = 0.1  # noise on the latents in training, in their standard deviations: near latents must sound alike


class Tones(nn.Module):
    """Encoder and decoder of the tones, in one checkpoint."""

    def __init__(self, codec):
        super().__init__()
        self.encoder, self.decoder = codec.tones, codec.decoder.tones

    def forward(self, maps, jitter=0.0):
        raw = self.encoder(maps)
        noisy = raw + jitter * raw.detach().std() * torch.randn_like(raw)
        return self.decoder((noisy - self.decoder.mean) / self.decoder.std, self.decoder.initial_state(len(maps)))[0], raw


def cache_maps(codec, clips, path, limit, threads):
    """Maps of the clips' sound as uint8, (N, T, maps)."""
    if path.exists():
        return np.load(path, mmap_mode="r")
    torch.set_num_threads(threads)
    rows = []
    for i in spread(len(clips), limit):
        audio = torch.tensor(np.asarray(clips.row("audio", i), np.float32))[None]
        with torch.no_grad():
            rows.append((codec.maps(audio, codec.frames(audio))[0] * 255).round().to(torch.uint8).numpy())
    np.save(path, np.stack(rows))
    return np.load(path)


def loss_of(got, maps):
    """Squared error; where a partial is, and beside it, it counts ten times."""
    tones, left = maps.split([PITCHES, maps.shape[-1] - PITCHES], -1)
    told, rest = got.split([PITCHES, maps.shape[-1] - PITCHES], -1)
    near = nn.functional.max_pool1d(tones.flatten(0, 1)[:, None], 7, 1, 3).reshape(tones.shape)
    return {"tones": ((told - tones).square() * (0.3 + 10 * (near > 0.1))).mean(), "left": (rest - left).square().mean()}


def check(tones, maps):
    """Share of true peaks that are there again within a pitch, and of peaks made that are true."""
    with torch.no_grad():
        got = tones(maps)[0][..., :PITCHES]
    true = maps[..., :PITCHES]
    peaks = lambda x: (x > 0.25) & (x >= nn.functional.max_pool1d(x.flatten(0, 1)[:, None], 3, 1, 1).reshape(x.shape))
    wide = lambda m: nn.functional.max_pool1d(m.float().flatten(0, 1)[:, None], 3, 1, 1).reshape(m.shape) > 0
    a, b = peaks(true), peaks(got)
    return {"found": round(float((a & wide(b)).sum() / a.sum().clamp_min(1)), 3), "true": round(float((b & wide(a)).sum() / b.sum().clamp_min(1)), 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, 8)
    parser.set_defaults(batch=64, device="cpu")
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=1500)
    args = parser.parse_args()
    codec = load_average(Codec(), args.codec, lacking=("tones.", "decoder.tones."))
    args.out.mkdir(parents=True, exist_ok=True)
    train, tune = (cache_maps(codec, Clips(args.clips, s), args.out / f"maps-{s}.npy", n, args.threads) for s, n in (("train", args.limit), ("tune", 60)))
    tones = Tones(codec).train()
    run = Run(tones, ToneConfig(), args, "tones")
    rng = np.random.default_rng([args.seed, run.count])
    toned = np.flatnonzero([x[:, :PITCHES].max() > 60 for x in train])
    print(f"{len(train)} clips, {len(toned)} with partials", flush=True)
    held = torch.tensor(np.asarray(tune), dtype=torch.float32) / 255
    for count in run.steps():
        rows = np.where(rng.random(args.batch) < 0.85, rng.choice(toned, args.batch), rng.integers(len(train), size=args.batch))
        starts = rng.integers(train.shape[1] - SPAN + 1, size=args.batch)
        maps = torch.tensor(np.stack([train[r, s : s + SPAN] for r, s in zip(rows, starts, strict=True)]), dtype=torch.float32) / 255
        got, raw = tones(maps, JITTER)
        parts = loss_of(got, maps)
        run.step(10 * parts["tones"] + parts["left"] + 1e-4 * raw.square().mean(), {k: v.detach() for k, v in parts.items()})
        if count % 500 == 0:
            print(check(tones, held), flush=True)
    tones.load_state_dict(run.average)
    with torch.no_grad():
        raw = torch.cat([tones.encoder(torch.tensor(np.asarray(x), dtype=torch.float32)[None] / 255)[0] for x in train[:400]])
        tones.decoder.mean.copy_(raw.mean(0))
        tones.decoder.std.copy_(raw.std(0).clamp_min(0.05))
    print("average:", check(tones, held), flush=True)
    saved = torch.load(args.codec, map_location="cpu", weights_only=True)
    save_weights(codec.state_dict(), args.codec, saved["count"], saved["history"])


if __name__ == "__main__":
    main()
