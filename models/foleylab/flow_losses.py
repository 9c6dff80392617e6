"""What the flow head learns from: the data, pushed away from what the head would say unconditioned, and what a listener hears inside.

Both are MGAudio's (../shared/seeds.md). Model guidance: the target moves by the difference that the conditions make to the averaged head's
own prediction, so that one forward a step gives what guidance would need two for. Dual role: an inner layer is led towards what the codec's
encoder hears in the true sound on its way to the latents.
"""
import copy
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class FlowLossConfig:
    guidance: float = 0.4  # share of the difference that the target is pushed by
    unconditioned: float = 0.1  # share of chunks that are shown nothing
    alignment: float = 0.1  # weight of the inner layer's
    heard_width: int = 384
    refresh: int = 25  # steps between copies of the average


class FlowLosses(nn.Module):
    """`losses(flow, batch)` -> parts; holds the averaged head (the guide) and the listener, neither of which is exported."""

    def __init__(self, flow, config=None):
        super().__init__()
        self.c = config or FlowLossConfig()
        self.guide = [copy.deepcopy(flow).requires_grad_(False).eval()]  # in a list: no part of the checkpoint
        self.listener = nn.Sequential(nn.Linear(flow.c.width, 384), nn.SiLU(), nn.Linear(384, flow.c.chunk * self.c.heard_width))

    def refresh(self, average, count):
        """Every so often the guide takes the average of the head's weights (names begin with `flow.`)."""
        if count % self.c.refresh == 0:
            self.guide[0].load_state_dict({k.removeprefix("flow."): v for k, v in average.items() if k.startswith("flow.")})

    def pushed(self, x, time, conditions, onsets, latents):
        """The target, moved by the difference that the conditions make."""
        with torch.no_grad():
            nothing = [torch.zeros_like(k) for k in conditions]
            led = self.guide[0].data(x, time, conditions, onsets)
            free = self.guide[0].data(x, time, nothing, torch.zeros_like(onsets))
        return latents + self.c.guidance * (led - free)

    def forward(self, flow, latents, heard, conditions, onsets, weight):
        """Squared error of the predicted data, given the true onsets (B, 3, 1); a third of the batch at time 0, where one-step sound comes from, a
        sixth at 0.8, where the second of two steps begins. `heard` (B, 3, 384)."""
        n = len(latents)
        time = torch.rand(n)
        time[: n // 3], time[n // 3 : n // 2] = 0.0, 0.8
        x = latents * time[:, None, None] + torch.randn_like(latents) * (1 - time)[:, None, None]
        shown = (torch.rand(n) >= self.c.unconditioned).float()
        target = latents
        if self.c.guidance:
            target = torch.where(shown[:, None, None] > 0, self.pushed(x, time, conditions, onsets, latents), latents)
        conditions = [k * shown.reshape(-1, *[1] * (k.dim() - 1)) for k in conditions]
        inner, data = flow.inner_and_data(x, time, conditions, onsets * shown[:, None, None])
        error = (data - target).square().mean(-1) * weight
        parts = {"start": error[: n // 3].mean(), "later": error[n // 3 :].mean()}
        loss = error.mean()
        if self.c.alignment:
            alike = nn.functional.cosine_similarity(self.listener(inner).reshape(heard.shape), heard, dim=-1)
            parts["heard"] = ((1 - alike) * shown[:, None]).mean()
            loss = loss + self.c.alignment * parts["heard"]
        return loss, {k: v.detach() for k, v in parts.items()}
