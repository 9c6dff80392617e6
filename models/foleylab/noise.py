"""Counter-based noise: the same numbers for the same seed and latent position, here and in the engine.

Philox4x32-10 (Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405); key = seed, counter = (block, position low,
position high, 0) for elements 4 b .. 4 b + 3; Box-Muller in double precision, rounded to float32.
"""
import numpy as np

MULTIPLY = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
MASK = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """counter (N, 4), key (2,) of 32-bit words as uint64 -> (N, 4)."""
    c0, c1, c2, c3 = (counter[:, i].astype(np.uint64) for i in range(4))
    k0, k1 = int(key[0]), int(key[1])
    for _ in range(10):
        p0, p1 = c0 * np.uint64(MULTIPLY[0]), c2 * np.uint64(MULTIPLY[1])
        c0, c1, c2, c3 = (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0), p1 & MASK, (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1), p0 & MASK
        k0, k1 = (k0 + WEYL[0]) & 0xFFFFFFFF, (k1 + WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], 1)


def latent_noise(seed, positions, width=64):
    """Standard normal noise of latents at grid points `positions` (all >= 0), (len, width) float32."""
    positions = np.asarray(positions, np.uint64)
    blocks = -(-width // 4)
    counter = np.zeros((len(positions), blocks, 4), np.uint64)
    counter[..., 0] = np.arange(blocks, dtype=np.uint64)
    counter[..., 1] = (positions & MASK)[:, None]
    counter[..., 2] = (positions >> np.uint64(32))[:, None]
    words = philox(counter.reshape(-1, 4), (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF)).astype(np.float64)
    radius = np.sqrt(-2 * np.log((words[:, 0::2] + 1) / 2**32))
    angle = 2 * np.pi * words[:, 1::2] / 2**32
    pair = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)  # (N, 2, 2)
    return pair.reshape(len(positions), 4 * blocks)[:, :width].astype(np.float32)
