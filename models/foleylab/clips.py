"""Shards of clips on disk, memory-mapped, and batches from them."""
import json
from pathlib import Path

import numpy as np
import torch

KEYS = ("small", "semantic", "audio", "onset", "bed", "words", "loudness", "known")


class Clips:
    """All finished shards of a split; `row(key, i)` reads one clip's array."""

    def __init__(self, folder, split, limit=None):
        self.folder, self.split = Path(folder), split
        found = sorted(self.folder.glob(f"{split}-*-events.json"), key=lambda p: int(p.name.split("-")[-2]))
        shards = [p.name.removesuffix("-events.json") for p in found][:limit]
        encoded = [s for s in shards if (self.folder / f"{s}-latents.npy").exists()]
        self.shards = encoded or shards  # a shard made after the last cache_latents.py waits for the next
        self.arrays = {k: [np.load(self.folder / f"{s}-{k}.npy", mmap_mode="r") for s in self.shards] for k in KEYS}
        self.index = [(s, i) for s, a in enumerate(self.arrays["audio"]) for i in range(len(a))]
        for extra in ("latents", "pictures"):
            if self.shards and all((self.folder / f"{s}-{extra}.npy").exists() for s in self.shards):
                self.arrays[extra] = [np.load(self.folder / f"{s}-{extra}.npy", mmap_mode="r") for s in self.shards]

    def __len__(self):
        return len(self.index)

    def row(self, key, i):
        shard, at = self.index[i]
        return self.arrays[key][shard][at]

    def events(self):
        """Lists of event dictionaries, clip by clip."""
        return [e for s in self.shards for e in json.loads((self.folder / f"{s}-events.json").read_text())]

    def batch(self, rows, keys, spans=None):
        """Float tensors stacked over clips; `small` stays uint8; `spans` are slices of grid points, one a clip."""
        out = {}
        for k in keys:
            parts = [self.row(k, i) for i in rows]
            if spans and k == "semantic":
                parts = [x[s.start // 6 : -(-s.stop // 6)] for x, s in zip(parts, spans, strict=True)]
            elif spans and k not in ("words", "known"):
                parts = [x[s] for x, s in zip(parts, spans, strict=True)]
            out[k] = torch.from_numpy(np.stack([np.asarray(x, np.uint8 if k == "small" else np.float32) for x in parts]))
        return out


def spread(total, limit):
    """Indices of at most `limit` clips, evenly over all."""
    return np.unique(np.linspace(0, total - 1, min(total, limit)).round().astype(int)).tolist()


def augment(pictures, rng):
    """uint8 (B, T, 64, 64, 3): mirrored, colours permuted, light and contrast changed, per clip; the semantic features stay."""
    out = pictures.float()
    for b in range(len(out)):
        if rng.random() < 0.5:
            out[b] = out[b].flip(2)
        if rng.random() < 0.4:
            out[b] = out[b][..., torch.from_numpy(rng.permutation(3))]
        gain, offset = rng.uniform(0.6, 1.4), rng.uniform(-30, 30)
        out[b] = (out[b] * gain + offset).clamp(0, 255)
        if rng.random() < 0.3:
            dy, dx = rng.integers(-5, 6, 2)
            out[b] = torch.roll(out[b], (int(dy), int(dx)), (1, 2))
    return out
