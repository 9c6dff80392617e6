"""The building blocks that every causal network here shares. Tensors are (B, T, C); time is never padded: what lies before
comes in as state (zeros at a cold start), so a whole clip and a stream of chunks run through the same code."""
import torch
from torch import nn


class Constants(nn.Module):
    """A module of tables that are computed, not learned: no part of its checkpoints."""

    def keep(self, name, array, kind=torch.float32):
        self.register_buffer(name, torch.as_tensor(array, dtype=kind).contiguous(), persistent=False)


class CausalDepthwise(nn.Module):
    """Depthwise convolution over time; state is the last k - 1 inputs, (B, k - 1, C)."""

    def __init__(self, channels, kernel):
        super().__init__()
        self.kernel = kernel
        self.conv = nn.Conv2d(channels, channels, (1, kernel), groups=channels)

    def state_shape(self):
        return (1, self.kernel - 1, self.conv.in_channels)

    def forward(self, x, state):
        joined = torch.cat([state, x], 1)
        y = self.conv(joined.transpose(1, 2).unsqueeze(2))  # (B, T + k - 1, C) -> (B, C, 1, T)
        return y.squeeze(2).transpose(1, 2), joined[:, x.shape[1] :]


class CausalBlock(nn.Module):
    """ConvNeXt-like: causal depthwise convolution, norm, wide layer, residual (https://arxiv.org/abs/2201.03545)."""

    def __init__(self, channels, hidden, kernel):
        super().__init__()
        self.depthwise = CausalDepthwise(channels, kernel)
        self.norm = nn.LayerNorm(channels)
        self.up, self.down = nn.Linear(channels, hidden), nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), 0.3))

    def forward(self, x, state):
        y, state = self.depthwise(x, state)
        return x + self.scale * self.down(nn.functional.silu(self.up(self.norm(y)))), state


def through(blocks, x, states):
    """x (B, T, C) through causal blocks, each with its state -> x, states."""
    after = []
    for block, s in zip(blocks, states, strict=True):
        x, s = block(x, s)
        after.append(s)
    return x, after


def hold(x, points):
    """(B, T, ...) -> (B, points + T, ...): the first is held backwards."""
    return torch.cat([x[:, :1].expand(-1, points, *x.shape[2:]), x], 1)


class CenteredBlock(CausalBlock):
    """A block that may look both ways, for what is not streamed."""

    def forward(self, x):
        half = (self.depthwise.kernel - 1) // 2
        y, _ = self.depthwise(nn.functional.pad(x, (0, 0, 0, half)), x.new_zeros(x.shape[0], half, x.shape[2]))
        return x + self.scale * self.down(nn.functional.silu(self.up(self.norm(y))))


def zero_states(modules, batch, like):
    """Initial states for blocks or depthwise convolutions."""
    convs = [m.depthwise if isinstance(m, CausalBlock) else m for m in modules]
    return [like.new_zeros((batch, *c.state_shape()[1:])) for c in convs]
