"""A prepared folder of licensed items: `manifest.tsv` (one row an item), `items.npz` (its arrays), and which items are for the test.

An item is named `kind/group/name`. What was drawn or recorded together (the poses of a figure, the takes of a sound) is one group, and
a group lies in one split only.
"""
import csv
import hashlib
import os
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np

TEST_SHARE = 0.2
SALT = "71:"  # of the hash; one with which every kind keeps common things on both sides


@dataclass(frozen=True)
class Item:
    """One row of the ledger."""

    item: str
    package: str
    path: str
    author: str
    licence: str

    @property
    def kind(self):
        return self.item.split("/")[0]

    @property
    def group(self):
        return self.item.split("/")[1]


def write(folder, items, arrays):
    """Writes the items with their arrays (by the name of the item) into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "manifest.tsv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [f.name for f in fields(Item)], delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(asdict(item) for item in items)
    np.savez_compressed(folder / "items.npz", **{item.item: arrays[item.item] for item in items})


def manifest(folder):
    """The items of a folder."""
    with open(Path(folder) / "manifest.tsv", newline="", encoding="utf-8") as file:
        return [Item(**row) for row in csv.DictReader(file, delimiter="\t")]


def held_out(groups):
    """Those of a kind's groups that are for the test: about a fifth by the hash of the name, at least one of three or more, at most half."""
    share = {g: int.from_bytes(hashlib.sha256((SALT + g).encode()).digest()[:4], "big") / 2**32 for g in set(groups)}
    order = sorted(share, key=lambda g: (share[g], g))
    return set(order[: min(max(sum(s < TEST_SHARE for s in share.values()), 1), len(order) // 2)]) if len(order) >= 3 else set()


@lru_cache(maxsize=4)
def load(folder):
    """-> {(kind, is test): {group: {name: array}}} of a folder, kept in memory."""
    items, out = manifest(folder), {}
    test = {kind: held_out(i.group for i in items if i.kind == kind) for kind in {i.kind for i in items}}
    with np.load(Path(folder) / "items.npz") as arrays:
        for item in items:
            name = item.item.split("/", 2)[2]
            out.setdefault((item.kind, item.group in test[item.kind]), {}).setdefault(item.group, {})[name] = arrays[item.item]
    return out


def choose(variable, rng, split, kind):
    """A group of that kind and split, {name: array}, out of the folder that an environment variable names; None if there is none.

    "kind/group" asks for that group alone.
    """
    folder, (kind, _, only) = os.environ.get(variable), kind.partition("/")
    groups = load(folder).get((kind, split == "test"), {}) if folder else {}
    names = [g for g in sorted(groups) if only in ("", g)]
    return groups[names[rng.integers(len(names))]] if names else None
