"""Weights in a small file, from which training goes on: large matrices as bytes with a step per row, the rest as float16.

The codec's encoders answer 1 % (rms) otherwise with bytes. Signs and exponents of float16 are alike and compress by themselves; mantissas do not.
"""
import io
import lzma

import numpy as np
import torch

LARGE = 4096  # elements of what becomes bytes
LARGEST_BYTE = 127


def save_halves(parts, path):
    """Name -> state dictionary."""
    planes = {}
    for part, state in parts.items():
        for name, tensor in state.items():
            planes |= {f"{kind}/{part}/{name}": plane for kind, plane in to_planes(tensor).items()}
    store = io.BytesIO()
    np.savez(store, **dict(sorted(planes.items())))  # planes of a kind lie together
    path.write_bytes(lzma.compress(store.getvalue()))


def load_halves(path):
    """-> what was saved, numbers as float16."""
    found = {}
    with np.load(io.BytesIO(lzma.decompress(path.read_bytes()))) as planes:
        for key in planes.files:
            kind, part, name = key.split("/", 2)
            found.setdefault(part, {}).setdefault(name, {})[kind] = planes[key]
    return {part: {name: from_planes(kinds) for name, kinds in state.items()} for part, state in found.items()}


def to_planes(tensor):
    """-> kind -> array."""
    if not tensor.is_floating_point():
        return {"as is": tensor.numpy()}
    if tensor.ndim > 1 and tensor.numel() >= LARGE:
        array = tensor.float().numpy()
        steps = np.maximum(np.abs(array).reshape(len(array), -1).max(1), 1e-4).astype(np.float16) / np.float16(LARGEST_BYTE)
        whole = array / steps.astype(np.float32).reshape(-1, *[1] * (array.ndim - 1))
        return {"bytes": np.clip(np.round(whole), -LARGEST_BYTE, LARGEST_BYTE).astype(np.int8), "steps": steps}
    array = tensor.half().numpy()
    low, high = array.reshape(-1).view(np.uint8).reshape(-1, 2).T
    return {"high": high.reshape(array.shape), "low": low.reshape(array.shape)}


def from_planes(kinds):
    if "as is" in kinds:
        return torch.from_numpy(kinds["as is"])
    if "bytes" in kinds:
        whole = kinds["bytes"].astype(np.float32)
        return torch.from_numpy(whole * kinds["steps"].astype(np.float32).reshape(-1, *[1] * (whole.ndim - 1))).half()
    pair = np.stack([kinds["low"], kinds["high"]], -1)
    return torch.from_numpy(pair.reshape(-1).view(np.float16).reshape(pair.shape[:-1]))
