"""Shards of clips on disk, memory-mapped, and batches from them."""
import json
from pathlib import Path

import numpy as np
import torch

from foleylab.data.scene import FAMILIES, VOCABULARY
from foleylab.planes import grey, join

WIDTHS = {"onset": len(FAMILIES), "bed": len(FAMILIES), "words": len(VOCABULARY)}
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
        for extra in ("latents", "pictures", "fine", "pitch"):
            if self.shards and all((self.folder / f"{s}-{extra}.npy").exists() for s in self.shards):
                self.arrays[extra] = [np.load(self.folder / f"{s}-{extra}.npy", mmap_mode="r") for s in self.shards]

    def __len__(self):
        return len(self.index)

    def row(self, key, i):
        shard, at = self.index[i]
        if key == "fine" and "fine" not in self.arrays:  # a test split made before it was stored
            if "pictures" not in self.arrays:
                raise KeyError(f"clips like {self.shards[0]} have neither the key fine nor pictures of which to take it: make them anew (make_clips.py)")
            return grey(self.row("pictures", i))
        found = self.arrays[key][shard][at]
        missing = WIDTHS.get(key, 0) - found.shape[-1]  # a shard made before families or words were appended
        return np.pad(found, [(0, 0)] * (found.ndim - 1) + [(0, missing)]) if missing > 0 else found

    def events(self):
        """Lists of event dictionaries, clip by clip."""
        return [e for s in self.shards for e in json.loads((self.folder / f"{s}-events.json").read_text())]

    def busiest_pictures(self):
        """Pictures (150, 128, 128, 3) of the clip of most events: on a silent one a check of sound shows nothing."""
        return np.array(self.row("pictures", int(np.argmax([len(e) for e in self.events()]))))

    def batch(self, rows, keys, spans=None):
        """Float tensors stacked over clips; `planes`, what the motion encoder sees, stay uint8; `spans` are slices of grid points, one a clip."""
        spans = spans or [slice(None)] * len(rows)
        out = {}
        for k in keys:
            if k == "planes":
                parts = [join(self.row("small", i)[s], self.row("fine", i)[s]) for i, s in zip(rows, spans, strict=True)]
            else:
                parts = [np.asarray(self.row(k, i)[within(k, s)], np.float32) for i, s in zip(rows, spans, strict=True)]
            out[k] = torch.from_numpy(np.stack(parts))
        return out


def within(key, span):
    """The slice of what a clip holds under that key that belongs to a slice of its grid points."""
    if key in ("words", "known") or span == slice(None):
        return slice(None)
    return slice(span.start // 6, -(-span.stop // 6)) if key == "semantic" else span


def spread(total, limit):
    """Indices of at most `limit` clips, evenly over all."""
    return np.unique(np.linspace(0, total - 1, min(total, limit)).round().astype(int)).tolist()
