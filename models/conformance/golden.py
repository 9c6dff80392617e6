"""The known answers of a manifest: the inputs they are asked with, their form, and how one is compared."""

from __future__ import annotations

import math

import numpy as np

RMS_FLOOR = 1e-3
PROBES = 8


def golden_input(ordinal: int, shape: list[int]) -> np.ndarray:
    """sin(0.01 * ((37 * i) mod 1009) + ordinal) for element i, in double precision, rounded to float32."""
    count = math.prod(shape)
    values = [math.sin(0.01 * ((37 * i) % 1009) + ordinal) for i in range(count)]
    return np.asarray(values, np.float64).astype(np.float32).reshape(shape)


def golden_inputs(shapes: dict[str, list[int]]) -> dict[str, np.ndarray]:
    """One input for each name; the ordinal counts the names in order."""
    return {name: golden_input(k, shapes[name]) for k, name in enumerate(sorted(shapes))}


def golden_answer(values: np.ndarray) -> dict:
    """What the manifest keeps of one output: its rms and eight probes, to seven significant digits."""
    flat = np.asarray(values, np.float64).reshape(-1)
    rms = math.sqrt(float(np.mean(flat * flat)))
    probes = [float(flat[j * flat.size // PROBES]) for j in range(PROBES)]
    return {"rms": _rounded(rms), "probes": [_rounded(probe) for probe in probes]}


def compare_golden(expected: dict, values: np.ndarray, tolerance: float) -> str | None:
    """None where the values agree with the known answer, else what differs by how much."""
    flat = np.asarray(values, np.float64).reshape(-1)
    rms = math.sqrt(float(np.mean(flat * flat)))
    limit = tolerance * max(expected["rms"], RMS_FLOOR)
    if not abs(rms - expected["rms"]) <= limit:
        return f"rms must be within {limit:g} of {expected['rms']:g}, received {rms:g}"
    for j, probe in enumerate(expected["probes"]):
        index = j * flat.size // PROBES
        if not abs(flat[index] - probe) <= limit:
            return f"probes[{j}] must be within {limit:g} of {probe:g}, received {flat[index]:g}"
    return None


def _rounded(value: float) -> float:
    return float(f"{value:.7g}") + 0.0
