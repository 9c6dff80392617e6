"""What the conformance bundles promise to the tests of the engine: sound that follows the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from conformance import graphs
from conformance.make_bundles import GUIDANCE, HOP, TIME_SHIFT, UNROLLED, WARM_UP

FOLDER = Path(__file__).resolve().parents[2] / "bundles" / "conformance"


class Stateful:
    """A graph that keeps its state from call to call."""

    def __init__(self, name: str) -> None:
        self.session = onnxruntime.InferenceSession(str(FOLDER / f"{name}.onnx"), providers=["CPUExecutionProvider"])
        self.names = [output.name for output in self.session.get_outputs()]
        shapes = {value.name: value.shape for value in self.session.get_inputs()}
        self.state = {n[:-4]: np.zeros(shapes[n[:-4]], np.float32) for n in self.names if n.endswith("Next")}

    def __call__(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        feeds = {name: np.asarray(value, np.float32) for name, value in inputs.items()}
        outputs = dict(zip(self.names, self.session.run(None, feeds | self.state)))
        self.state = {name: outputs[f"{name}Next"] for name in self.state}
        return outputs


def boxes(picture: np.ndarray, size: int) -> np.ndarray:
    """(32, 32, 3) 8-bit -> (3, size, size) normalised."""
    side = 32 // size
    means = picture.reshape(size, side, size, side, 3).mean(axis=(1, 3))
    return ((means - 127.5) / 127.5).transpose(2, 0, 1).astype(np.float32)


def render(pictures: list[np.ndarray], *, prompt: np.ndarray | None = None, seed: int = 1, steps: int = 2) -> np.ndarray:
    """The engine in thirty lines: no anchors, no crossfade."""
    names = ["motion", "semantic", "fuse", "map", "velocity", "decode"]
    motion, semantic, fuse, mapper, velocity, decode = (Stateful(name) for name in names)
    prompt = np.zeros((1, 4)) if prompt is None else prompt
    random = np.random.RandomState(seed)
    history = np.zeros((2, graphs.LATENTS), np.float32)
    valid = np.zeros((1, 2))
    sounds = []
    for start in range(0, len(pictures), HOP):
        hop = pictures[start : start + HOP]
        moved = motion(frames=np.stack([boxes(picture, 16) for picture in hop])[None])["features"]
        seen_at = max(0, start // 6 * 6 - 6)
        seen = semantic(picture=boxes(pictures[seen_at], 8)[None])["features"]
        both = np.concatenate([moved, np.repeat(seen[None], HOP, axis=1)], axis=2)
        said = mapper(fused=fuse(features=both)["fused"])
        conditions = {"tokens": said["tokens"], "summary": said["summary"], "prompt": prompt}
        nothing = {name: np.zeros_like(value) for name, value in conditions.items()}
        prefix = {"prefix": history[None], "prefixValid": valid}
        x = random.standard_normal((1, HOP, graphs.LATENTS)).astype(np.float32)
        times = [u / (u + TIME_SHIFT * (1 - u)) for u in np.arange(steps + 1) / steps]
        for time, then in zip(times, times[1:]):
            free, led = (velocity(x=x, time=[time], **prefix, **c)["velocity"] for c in (nothing, conditions))
            x = x + np.float32(then - time) * (free + np.float32(GUIDANCE) * (led - free))
        history, valid = x[0, -2:], np.ones((1, 2))
        sounds.append(decode(latents=x)["pcm"].reshape(-1))
    return np.concatenate(sounds)


def scene(points: int, colour: tuple[int, int, int], moves: range | None = None) -> list[np.ndarray]:
    """A square of the colour that moves during `moves`."""
    pictures, column = [], 2
    for point in range(points):
        if moves is not None and point in moves:
            column = (column + 3) % 26
        picture = np.full((32, 32, 3), 40, np.uint8)
        picture[10:18, column : column + 6] = colour
        pictures.append(picture)
    return pictures


def rms(pcm: np.ndarray) -> float:
    return float(np.sqrt(np.mean(pcm**2)))


def test_a_still_picture_is_silent() -> None:
    assert rms(render(scene(30, (255, 80, 0)))) < 1e-6


def test_loudness_follows_motion() -> None:
    pcm = render(scene(60, (255, 255, 255), range(15, 30)))
    before, during, after = (rms(pcm[a * 1600 : b * 1600]) for a, b in ((0, 14), (15, 30), (48, 60)))
    assert during > 0.02
    assert before < 1e-6
    assert after < during / 1000


def test_colour_prompt_and_seed_change_the_sound() -> None:
    moves = range(0, 24)
    red = render(scene(24, (255, 0, 0), moves))
    others = {
        "colour": render(scene(24, (0, 255, 255), moves)),
        "prompt": render(scene(24, (255, 0, 0), moves), prompt=np.float32([[1, 0, 0, 0]])),
        "seed": render(scene(24, (255, 0, 0), moves), seed=2),
    }
    assert np.abs(red).max() < 0.9
    for name, other in others.items():
        assert rms(other - red) > 0.05 * rms(red), name


def test_the_sound_has_no_steps_from_point_to_point() -> None:
    pcm = render(scene(45, (255, 255, 255), range(9, 30)))
    jumps = np.abs(np.diff(pcm))
    at_seams = np.arange(1600, len(pcm) - 1, 1600) - 1
    assert jumps[at_seams].max() <= np.delete(jumps, at_seams).max()


@pytest.mark.parametrize("steps", UNROLLED)
def test_unrolled_graphs_equal_their_steps(steps: int) -> None:
    random = np.random.RandomState(5)
    shapes = {"tokens": (1, HOP, 8), "summary": (1, 4), "prompt": (1, 4), "prefix": (1, 2, 8), "prefixValid": (1, 2)}
    inputs = {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    noise = random.standard_normal((1, HOP, 8)).astype(np.float32)
    velocity, x = Stateful("velocity"), noise
    nothing = {name: np.zeros_like(inputs[name]) for name in ("tokens", "summary", "prompt")}
    times = [u / (u + TIME_SHIFT * (1 - u)) for u in np.arange(steps + 1) / steps]
    for time, then in zip(times, times[1:]):
        free, led = (velocity(x=x, time=[time], **(inputs | c))["velocity"] for c in (nothing, {}))
        x = x + np.float32(then - time) * (free + np.float32(GUIDANCE) * (led - free))
    np.testing.assert_allclose(Stateful(f"unrolled{steps}")(noise=noise, **inputs)["latents"], x, atol=1e-5)


def test_the_warm_up_equals_the_hops_one_by_one() -> None:
    fused = np.random.RandomState(7).standard_normal((1, WARM_UP + HOP, graphs.FUSED)).astype(np.float32)
    mapper, warm_up = Stateful("map"), Stateful("mapWarmUp")
    whole = warm_up(fused=fused)
    for start in range(0, WARM_UP + HOP, HOP):
        last = mapper(fused=fused[:, start : start + HOP])
    np.testing.assert_allclose(whole["tokens"][:, -HOP:], last["tokens"], atol=1e-6)
    np.testing.assert_allclose(whole["summary"], last["summary"], atol=1e-6)
    for name, value in mapper.state.items():
        np.testing.assert_allclose(warm_up.state[name], value, atol=1e-6, err_msg=name)
