"""Steps of equal size in all directions for matrices, AdamW for the rest: Muon (https://kellerjordan.github.io/posts/muon/), with steps as large
as AdamW's (https://arxiv.org/abs/2502.16982), so that both take the same rate.

PyTorch's own takes no convolutions; here one is the matrix of its outputs over all that they see.
"""
import torch

NARROWEST = 48  # a matrix of fewer rows or columns is left to AdamW: fronts, heads, depthwise convolutions
ITERATIONS, QUINTIC = 5, (3.4445, -4.7750, 2.0315)
MOMENTUM, STEP = 0.95, 0.2  # root mean square of a step, as AdamW's is on average


def is_matrix(p):
    return p.ndim >= 2 and min(p.shape[0], p[0].numel()) >= NARROWEST


def orthogonal(m):
    """(R, C) -> a matrix of the same singular vectors, all of whose singular values are about one (Newton-Schulz)."""
    a, b, c = QUINTIC
    x = m.to(torch.bfloat16)
    x = x.T if m.shape[0] > m.shape[1] else x
    x = x / (x.norm() + 1e-7)
    for _ in range(ITERATIONS):
        power = x @ x.T
        x = a * x + (b * power + c * power @ power) @ x
    return (x.T if m.shape[0] > m.shape[1] else x).to(m.dtype)


class Muon(torch.optim.AdamW):
    """AdamW whose first group, of matrices, is stepped by Muon."""

    def __init__(self, parameters, lr, **rest):
        parameters = list(parameters)
        kinds = [[p for p in parameters if is_matrix(p)], [p for p in parameters if not is_matrix(p)]]
        super().__init__([{"params": kind} for kind in kinds], lr=lr, **rest)

    @torch.no_grad()
    def step(self):
        matrices, rest = self.param_groups
        for p in matrices["params"]:
            if p.grad is not None:
                state = self.state[p]
                if not state:
                    state |= {"step": torch.zeros(()), "exp_avg": torch.zeros_like(p)}  # as AdamW names them, which reads them from a checkpoint
                state["step"] += 1
                mean = state["exp_avg"].lerp_(p.grad, 1 - MOMENTUM)
                turn = orthogonal(p.grad.lerp(mean, MOMENTUM).flatten(1)).view_as(p)
                p.mul_(1 - matrices["lr"] * matrices["weight_decay"])
                p.add_(turn, alpha=-matrices["lr"] * STEP * max(p.shape[0], p[0].numel()) ** 0.5)
        self.param_groups = [rest]
        try:
            super().step()
        finally:
            self.param_groups = [matrices, rest]
