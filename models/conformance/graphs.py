"""The graphs of the two conformance bundles: small, and each with a meaning that a test can see.

Picture differences become energies, energies become latents, latents set the amplitudes of eight fixed
sounds. A still picture gives zero latents, so silence; colour (semantic), prompt and noise change the mix.
"""

from __future__ import annotations

import math

import numpy as np

from conformance.net import Net, WeightsFile

GRID_FRAMES = 1600
FEATURES = 8  # of each encoder; 0-3 energies of the picture's quarters, 4-7 everything else
FUSED = 16
TOKENS = 8
SUMMARY = 4
LATENTS = 8
WORDS = ["rain", "metal", "water", "wood"]
PREFIX = 2
RING = 12
HEAD = 4
TAIL = 480  # frames by which one latent's sound reaches into the next
DELAY = TAIL // 2
MASKED = -40.0  # e^-40 vanishes beside 1 in float32
SINES = [4, 7, 11, 16, 24, 37]  # cycles a grid point, so their phase runs on from point to point


def seeded(key: int, shape: tuple[int, ...], scale: float) -> np.ndarray:
    """Fixed numbers in (-scale, scale): a generator of our own, so that no library version changes them."""
    state = (key * 2654435761 + 12345) % 2**32
    values = []
    for _ in range(math.prod(shape)):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append((2 * (state >> 8) / 2**24 - 1) * scale)
    return np.asarray(values, np.float32).reshape(shape)


def motion_encoder(hop: int) -> Net:
    """`frames` -> energies of the difference to the picture before, and to the one before that."""
    net = Net("motion")
    frames = net.input("frames", [1, hop, 3, 16, 16])
    previous = net.input("previous", [1, 2, 256])
    seen = net.input("seen", [1, 2, 1])
    luma = net.constant("luma", np.float32([[[0.299, 0.587, 0.114]]]))
    grey = net.op("MatMul", luma, net.reshape(frames, [hop, 3, 256]))  # (P, 1, 256)
    history = net.concat(1, previous, net.reshape(grey, [1, hop, 256]))  # (1, 2 + P, 256)
    known = net.concat(1, seen, net.constant("here", np.ones((1, hop, 1))))
    step = net.op("Sub", net.slice(history, 1, 1, hop + 2), net.slice(history, 1, 0, hop + 1))
    step = net.op("Mul", step, net.slice(known, 1, 0, hop + 1))  # no difference to a picture that never was
    size = net.op("Abs", step)
    now, before = net.slice(size, 1, 1, hop + 1), net.slice(size, 1, 0, hop)
    features = net.op("Add", net.op("MatMul", now, net.constant("quarters", _motion_regions())),
                      net.op("MatMul", before, net.constant("halves", _history_regions())))
    signed = net.op("MatMul", net.slice(step, 1, 1, hop + 1), net.constant("tilt", _tilt_regions()))
    net.output("features", net.op("Add", features, signed), [1, hop, FEATURES])
    net.next_state("previous", net.slice(history, 1, hop, hop + 2), [1, 2, 256])
    net.next_state("seen", net.slice(known, 1, hop, hop + 2), [1, 2, 1])
    return net


def semantic_encoder() -> Net:
    """`picture` -> what colours lie where; features 0-3 stay zero, so that motion and semantic may be added."""
    net = Net("semantic")
    picture = net.reshape(net.input("picture", [1, 3, 8, 8]), [1, 192])
    project = seeded(1, (192, FEATURES), 0.12)
    project[:, :4] = 0
    features = net.op("Tanh", net.op("MatMul", picture, net.constant("project", project)))
    net.output("features", features, [1, FEATURES])
    return net


def fuse(points: int, width_in: int, width_out: int) -> Net:
    """`features` -> `fused`: energies kept apart in 0-3, the rest mixed."""
    net = Net("fuse")
    features = net.input("features", [1, points, width_in])
    weights = seeded(2, (width_in, width_out), 0.5)
    weights[:, :4] = 0
    weights[:4, :4] = 2 * np.eye(4)
    fused = net.op("Tanh", net.op("MatMul", features, net.constant("mix", weights)))
    net.output("fused", fused, [1, points, width_out])
    return net


def autoregressive_mapper(name: str, points: int) -> Net:
    """One head of attention over a ring of the last twelve points, a skip, and a summary of the last point."""
    net = Net(name)
    fused = net.input("fused", [1, points, FUSED])
    keys = net.input("keys", [1, RING, HEAD])
    values = net.input("values", [1, RING, HEAD])
    valid = net.input("valid", [1, RING])
    value_weights = seeded(5, (FUSED, HEAD), 0.3)
    value_weights[:, 0] = 0
    value_weights[:4, 0] = 0.25
    query = net.op("MatMul", fused, net.constant("query", seeded(3, (FUSED, HEAD), 0.5)))
    all_keys = net.concat(1, keys, net.op("MatMul", fused, net.constant("key", seeded(4, (FUSED, HEAD), 0.5))))
    all_values = net.concat(1, values, net.op("MatMul", fused, net.constant("value", value_weights)))
    all_valid = net.concat(1, valid, net.constant("here", np.ones((1, points))))
    scores = net.scale(net.op("MatMul", query, net.op("Transpose", all_keys, perm=[0, 2, 1])), HEAD**-0.5)
    unseen = net.op("Sub", all_valid, net.constant("one", np.float32([1])))  # 0 where seen, -1 where not
    unseen = net.scale(net.reshape(unseen, [1, 1, RING + points]), -MASKED)
    scores = net.op("Add", net.op("Add", scores, unseen), net.constant("reach", _sliding_mask(points)))
    heard = net.op("MatMul", net.op("Softmax", scores, axis=2), all_values)  # (1, P, HEAD)
    skip = seeded(6, (FUSED, TOKENS), 0.4)
    skip[:, :4] = 0
    skip[:4, :4] = np.eye(4)
    out = seeded(7, (HEAD, TOKENS), 0.4)
    out[:, :4] = 0
    out[0, :4] = 0.2
    tokens = net.op("Add", net.op("MatMul", fused, net.constant("skip", skip)),
                    net.op("MatMul", heard, net.constant("out", out)))
    net.output("tokens", tokens, [1, points, TOKENS])
    last = net.reshape(net.slice(tokens, 1, points - 1, points), [1, TOKENS])
    summary = net.op("Tanh", net.op("MatMul", last, net.constant("sum", seeded(8, (TOKENS, SUMMARY), 0.6))))
    net.output("summary", summary, [1, SUMMARY])
    net.next_state("keys", net.slice(all_keys, 1, points, points + RING), [1, RING, HEAD])
    net.next_state("values", net.slice(all_values, 1, points, points + RING), [1, RING, HEAD])
    net.next_state("valid", net.slice(all_valid, 1, points, points + RING), [1, RING])
    return net


def regression_mapper(points: int) -> Net:
    """`fused` of the window -> `tokens`, point by point."""
    net = Net("map")
    fused = net.input("fused", [1, points, FEATURES])
    skip = seeded(9, (FEATURES, TOKENS), 0.4)
    skip[:, :4] = 0
    skip[:4, :4] = np.eye(4)
    net.output("tokens", net.op("MatMul", fused, net.constant("skip", skip)), [1, points, TOKENS])
    return net


class CausalFlow:
    """The velocity with every condition, and the same unrolled over its steps."""

    def __init__(self, hop: int, weights: WeightsFile) -> None:
        self.hop = hop
        self.weights = weights

    def velocity(self) -> Net:
        net = Net("velocity", self.weights)
        x = net.input("x", [1, self.hop, LATENTS])
        time = net.input("time", [1])
        tokens, summary, prompt = self._conditions(net)
        aim = self._aim(net, tokens, summary, prompt, self._continued(net))
        left = net.op("Sub", net.constant("one", np.float32([1])), time)
        low, high = net.constant("low", np.float32(1e-3)), net.constant("high", np.float32(2))
        pace = net.op("Reciprocal", net.op("Clip", left, low, high))
        net.output("velocity", self._towards(net, x, aim, pace), [1, self.hop, LATENTS])
        return net

    def unrolled(self, steps: int, time_shift: float, guidance: float) -> Net:
        net = Net(f"unrolled{steps}", self.weights)
        x = net.input("noise", [1, self.hop, LATENTS])
        tokens, summary, prompt = self._conditions(net)
        nothing = [net.constant(f"no_{name}", np.zeros(shape)) for name, shape in self._condition_shapes().items()]
        continued = self._continued(net)
        aims = [self._aim(net, *nothing, continued), self._aim(net, tokens, summary, prompt, continued)]
        times = [u / (u + time_shift * (1 - u)) for u in (i / steps for i in range(steps + 1))]
        for time, then in zip(times, times[1:]):
            pace = net.constant(f"pace_{time!r}", np.float32([1 / (1 - time)]))
            free, led = (self._towards(net, x, aim, pace) for aim in aims)
            velocity = net.op("Add", free, net.scale(net.op("Sub", led, free), guidance))
            x = net.op("Add", x, net.scale(velocity, then - time))
        net.output("latents", x, [1, self.hop, LATENTS])
        return net

    def _condition_shapes(self) -> dict[str, list[int]]:
        return {"tokens": [1, self.hop, TOKENS], "summary": [1, SUMMARY], "prompt": [1, len(WORDS)]}

    def _conditions(self, net: Net) -> list[str]:
        return [net.input(name, shape) for name, shape in self._condition_shapes().items()]

    def _continued(self, net: Net) -> str:
        """What the latents before the hop leave behind: (1, 1, LATENTS); less than they were, so it dies out."""
        prefix = net.input("prefix", [1, PREFIX, LATENTS])
        valid = net.reshape(net.input("prefixValid", [1, PREFIX]), [1, PREFIX, 1])
        recent = net.constant("recent", np.float32([[[0.05, 0.2]]]), external=True)
        return net.op("MatMul", recent, net.op("Mul", prefix, valid))

    def _aim(self, net: Net, tokens: str, summary: str, prompt: str, continued: str) -> str:
        """Where the latents want to be: energy times timbre, plus what goes on sounding."""
        energy = np.zeros((TOKENS, 1), np.float32)
        energy[:4] = 1
        amount = net.op("Tanh", net.op("MatMul", tokens, net.constant("energy", energy, external=True)))
        timbre = net.op("MatMul", tokens, net.constant("byToken", _timbre(10, TOKENS, 1.2), external=True))
        for value, key, width, scale in ((summary, 11, SUMMARY, 0.8), (prompt, 12, len(WORDS), 2.0)):
            weights = net.constant(f"by{key}", seeded(key, (width, LATENTS), scale), external=True)
            timbre = net.op("Add", timbre, net.op("MatMul", value, weights))
        share = net.op("Add", net.scale(net.op("Tanh", timbre), 0.5), net.constant("half", np.float32([0.5])))
        return net.op("Add", net.op("Mul", amount, share), continued)

    def _towards(self, net: Net, x: str, aim: str, pace: str) -> str:
        return towards(net, x, aim, pace)


def towards(net: Net, x: str, aim: str, pace: str) -> str:
    """The velocity that leads to the aim at time 1; the noise stays in it as 30 % of the aim's size."""
    lively = net.op("Add", net.scale(net.op("Tanh", x), 0.3), net.constant("one", np.float32([1])))
    return net.op("Mul", net.op("Sub", net.op("Mul", aim, lively), x), pace)


def window_velocity(points: int) -> Net:
    """The velocity of the window bundle: `tokens` alone, and a `stepSize` that slows it on long steps."""
    net = Net("velocity")
    x = net.input("x", [1, points, LATENTS])
    time = net.input("time", [1])
    step_size = net.input("stepSize", [1])
    tokens = net.input("tokens", [1, points, TOKENS])
    energy = np.zeros((TOKENS, 1), np.float32)
    energy[:4] = 1
    amount = net.op("Tanh", net.op("MatMul", tokens, net.constant("energy", energy)))
    timbre = net.op("Tanh", net.op("MatMul", tokens, net.constant("byToken", _timbre(13, TOKENS, 1.2))))
    share = net.op("Add", net.scale(timbre, 0.5), net.constant("half", np.float32([0.5])))
    left = net.op("Sub", net.constant("one", np.float32([1])), time)
    low, high = net.constant("low", np.float32(1e-3)), net.constant("high", np.float32(2))
    whole = net.op("Reciprocal", net.op("Clip", left, low, high))
    pace = net.op("Sub", whole, net.scale(step_size, 0.001))
    net.output("velocity", towards(net, x, net.op("Mul", amount, share), pace), [1, points, LATENTS])
    return net


def decoder(points: int, weights: WeightsFile) -> Net:
    """Smooths the latents, sets with them the amplitudes of fixed sounds, and adds their overlaps."""
    net = Net("decode", weights)
    latents = net.input("latents", [1, points, LATENTS])
    before = net.input("before", [1, 2, LATENTS])
    tail = net.input("tail", [1, 1, TAIL])
    history = net.concat(1, before, latents)
    smooth = net.op("Conv", net.op("Transpose", history, perm=[0, 2, 1]),
                    net.constant("smooth", _smoothing(), external=True), kernel_shape=[3])
    amplitudes = net.op("Transpose", smooth, perm=[0, 2, 1])  # (1, LATENTS, P) -> (1, P, LATENTS)
    sounds = net.op("MatMul", amplitudes, net.constant("sounds", _sounds(), external=True))  # (1, P, 1600 + TAIL)
    bodies = net.slice(sounds, 2, 0, GRID_FRAMES)
    tails = net.slice(sounds, 2, GRID_FRAMES, GRID_FRAMES + TAIL)
    late = net.concat(1, tail, net.slice(tails, 1, 0, points - 1))
    late = net.pad_end(late, [0, 0, GRID_FRAMES - TAIL])
    net.output("pcm", net.reshape(net.op("Add", bodies, late), [1, 1, points * GRID_FRAMES]),
               [1, 1, points * GRID_FRAMES])
    net.next_state("before", net.slice(history, 1, points, points + 2), [1, 2, LATENTS])
    net.next_state("tail", net.slice(tails, 1, points - 1, points), [1, 1, TAIL])
    return net


def _motion_regions() -> np.ndarray:
    """(256, FEATURES): the mean over each quarter of the picture, in features 0-3."""
    regions = np.zeros((16, 16, FEATURES), np.float32)
    for quarter in range(4):
        top, left = 8 * (quarter // 2), 8 * (quarter % 2)
        regions[top : top + 8, left : left + 8, quarter] = 1 / 64
    return regions.reshape(256, FEATURES)


def _history_regions() -> np.ndarray:
    """(256, FEATURES): the mean over the upper and the lower half, in features 4 and 5."""
    regions = np.zeros((16, 16, FEATURES), np.float32)
    regions[:8, :, 4] = 1 / 128
    regions[8:, :, 5] = 1 / 128
    return regions.reshape(256, FEATURES)


def _tilt_regions() -> np.ndarray:
    """(256, FEATURES): which way brightness moves, across and down, in features 6 and 7."""
    across = (np.arange(16, dtype=np.float32) - 7.5) / 7.5 / 256
    regions = np.zeros((16, 16, FEATURES), np.float32)
    regions[:, :, 6] = across[None, :]
    regions[:, :, 7] = across[:, None]
    return regions.reshape(256, FEATURES)


def _sliding_mask(points: int) -> np.ndarray:
    """(1, P, RING + P): point i reaches the RING points before it and itself."""
    query, key = np.arange(points)[:, None], np.arange(RING + points)[None, :]
    reached = (key >= query) & (key <= query + RING)
    return np.where(reached, 0, MASKED).astype(np.float32)[None]


def _timbre(key: int, width: int, scale: float) -> np.ndarray:
    weights = seeded(key, (width, LATENTS), scale)
    weights[:4] = 0
    return weights


def _smoothing() -> np.ndarray:
    """(LATENTS, LATENTS, 3): each latent with a little of its past, oldest first."""
    kernel = np.zeros((LATENTS, LATENTS, 3), np.float32)
    for channel in range(LATENTS):
        kernel[channel, channel] = [0.05, 0.15, 0.8]
    return kernel


def _sounds() -> np.ndarray:
    """(LATENTS, GRID_FRAMES + TAIL): six sines and two noises, faded so that neighbours sum to one."""
    frames = GRID_FRAMES + TAIL
    noises = [seeded(20 + k, (GRID_FRAMES,), 1.0) for k in range(LATENTS - len(SINES))]
    sounds = np.zeros((LATENTS, frames), np.float64)
    for i in range(frames):
        fade = min(1.0, (i + 0.5) / TAIL, (frames - i - 0.5) / TAIL)
        gain = 0.06 * (0.5 - 0.5 * math.cos(math.pi * fade))
        phase = (i - DELAY) % GRID_FRAMES
        for row, cycles in enumerate(SINES):
            sounds[row, i] = gain * math.sin(2 * math.pi * ((cycles * phase) % GRID_FRAMES) / GRID_FRAMES)
        for k, noise in enumerate(noises):
            sounds[len(SINES) + k, i] = gain * float(noise[phase])
    return sounds.astype(np.float32)
