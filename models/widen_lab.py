"""python widen_lab.py --lab DIR

After families or words were appended to the lists of scene.py, or numbers to the codec's latents: DIR's checkpoints of encoders, flow and window get rows and columns
for them, and say until they are trained what they said before. The optimisers' states are dropped.
"""
import argparse
from pathlib import Path

import torch

from foleylab.data.scene import FAMILIES, VOCABULARY
from foleylab.flow import FlowConfig
from foleylab.mapper import MapperConfig
from foleylab.window_flow import WindowFlowConfig

UNHEARD = -4.0  # logit of a family that was never trained
CLOCK = 13  # what the flow is told of the time of its step


def tell_places(families):
    """Where onsets and beds of so many families, any onset and loudness lie among those of all families."""
    known = list(range(families))
    return [*known, *(len(FAMILIES) + k for k in known), 2 * len(FAMILIES), 2 * len(FAMILIES) + 1]


def after(start, places):
    """`start` places that stay, then `places`."""
    return [*range(start), *(start + p for p in places)]


def spread(tensor, dim, places, size, fill=0.0):
    """The tensor with its slices along `dim` at `places` of a wider one."""
    shape = list(tensor.shape)
    shape[dim] = size
    return torch.full(shape, fill, dtype=tensor.dtype).index_copy(dim, torch.tensor(places), tensor)


def widen_encoders(state):
    families, words = (len(state["mapper.to_aux.bias"]) - 2) // 2, len(state["probes.words.bias"])
    tell, c = tell_places(families), MapperConfig()
    size, latents = 2 * len(FAMILIES) + 2, range(len(state["probes.latents.2.bias"]))
    longer = {k: spread(state[k], 0, latents, c.latent_width) for k in ("probes.latents.2.weight", "probes.latents.2.bias", "alignment.leave.1.weight", "alignment.leave.1.bias")}
    return state | longer | {
        "alignment.sound.weight": spread(state["alignment.sound.weight"], 1, latents, c.latent_width),
        "mapper.to_aux.weight": spread(state["mapper.to_aux.weight"], 0, tell, size),
        "mapper.to_aux.bias": spread(state["mapper.to_aux.bias"], 0, tell, size, UNHEARD),
        "probes.latents.0.weight": spread(state["probes.latents.0.weight"], 1, after(c.hidden_token, tell), c.token),
        "probes.words.weight": spread(spread(state["probes.words.weight"], 1, after(c.hidden_token, tell), c.token), 0, range(words), len(VOCABULARY)),
        "probes.words.bias": spread(state["probes.words.bias"], 0, range(words), len(VOCABULARY), UNHEARD),
    }


def every(count, places, width):
    """`places` of each of `count` points of `width`."""
    return [k * width + p for k in range(count) for p in places]


def widen_flow(state):
    c, hidden = FlowConfig(), MapperConfig.hidden_token
    latents = len(state["leave.bias"]) // c.chunk
    width = state["enter.weight"].shape[1] // c.chunk  # of one point: latent, token, onset
    families, words = (width - latents - hidden - 3) // 2, state["embed.0.weight"].shape[1] - CLOCK
    wide = c.latent_width + MapperConfig().token + 1
    one = [*range(latents), *(c.latent_width + p for p in after(hidden, tell_places(families))), wide - 1]
    rows = every(c.chunk, range(latents), c.latent_width)
    return state | {
        "enter.weight": spread(state["enter.weight"], 1, every(c.chunk, one, wide), c.chunk * wide),
        "leave.weight": spread(state["leave.weight"], 0, rows, c.chunk * c.latent_width),
        "leave.bias": spread(state["leave.bias"], 0, rows, c.chunk * c.latent_width),
        "silence": spread(state["silence"], 0, range(latents), c.latent_width),
        "embed.0.weight": spread(state["embed.0.weight"], 1, range(CLOCK + words), CLOCK + len(VOCABULARY)),
    }


def widen_window(state):
    c = WindowFlowConfig()
    tell, latents = tell_places((len(state["trunk.tell.bias"]) - 2) // 2), range(len(state["leave.bias"]))
    rows = {f"{name}.{part}" for name in ("trunk.to_mean", "trunk.to_spread", "leave") for part in ("weight", "bias")} | {"silence"}
    enter = [*latents, *(c.latent_width + k for k in latents), *(2 * c.latent_width + k for k in range(c.width))]
    return state | {k: spread(state[k], 0, latents, c.latent_width) for k in rows} | {
        "enter.weight": spread(state["enter.weight"], 1, enter, 2 * c.latent_width + c.width),
        "trunk.tell.weight": spread(state["trunk.tell.weight"], 0, tell, c.tells),
        "trunk.tell.bias": spread(state["trunk.tell.bias"], 0, tell, c.tells, UNHEARD),
        "trunk.mix.weight": spread(state["trunk.mix.weight"], 1, [*after(c.width, tell), c.width + c.tells], c.width + c.tells + 1),
        "trunk.wish.weight": spread(state["trunk.wish.weight"], 1, range(state["trunk.wish.weight"].shape[1]), len(VOCABULARY)),
    }


WIDEN = {"encoders": widen_encoders, "flow": widen_flow, "window": widen_window}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, required=True)
    args = parser.parse_args()
    for name, widen in WIDEN.items():
        path = args.lab / name / f"{name}.pt"
        saved = torch.load(path, map_location="cpu", weights_only=True)
        saved = {k: v for k, v in saved.items() if k != "optimiser"} | {k: widen(saved[k]) for k in ("model", "average")}
        torch.save(saved, path)
        print(path)


if __name__ == "__main__":
    main()
