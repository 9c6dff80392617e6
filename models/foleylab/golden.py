"""The known answers by which the engine checks a loaded bundle (`golden` in bundle.schema.json)."""
import numpy as np


def golden_input(k, shape):
    """The k-th input, inputs ordered by name."""
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return np.sin(0.01 * ((37 * i) % 1009) + k).astype(np.float32).reshape(shape)


def golden_inputs(inputs):
    """{name: shape} -> {name: array}."""
    return {name: golden_input(k, inputs[name]) for k, name in enumerate(sorted(inputs))}


def golden_answer(array):
    """-> {"rms", "probes"} of one output."""
    flat = np.asarray(array, np.float64).reshape(-1)
    return {"rms": float(np.sqrt((flat**2).mean())), "probes": [float(flat[j * flat.size // 8]) for j in range(8)]}


def golden_error(array, answer):
    """Largest deviation of probes and rms, relative to max(rms, 1e-3)."""
    got = golden_answer(array)
    scale = max(answer["rms"], 1e-3)
    return max(abs(got["rms"] - answer["rms"]), *(abs(a - b) for a, b in zip(got["probes"], answer["probes"], strict=True))) / scale
