"""Where the motion encoder begins: what a linear layer says of each patch of a picture and of its changes; and stages of its trunk."""
import torch
from torch import nn


def stage(inputs, outputs, kernel, stride):
    """Convolution, batch norm (folded on export), ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.BatchNorm2d(outputs), nn.ReLU())


class Residual(nn.Module):
    """Adds what a convolution of its input, batch norm and ReLU make of it: nothing at first."""

    def __init__(self, channels, inner):
        super().__init__()
        self.inner, self.leave = stage(channels, inner, 3, 1), nn.Conv2d(inner, channels, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, x):
        return x + self.leave(self.inner(x))


class Front(nn.Module):
    """Of its channels an equal part sees the picture and each change (`changes`: between which pictures back), patch by patch.

    Each is normalised by itself, so that a small change counts as much as the picture.
    """

    def __init__(self, planes, channels, patch, changes):
        super().__init__()
        self.patch, self.pairs = patch, ((0, None), *changes)
        self.stem, self.norm = nn.Conv2d(planes, channels, patch, patch, bias=False), nn.BatchNorm2d(channels)

    @property
    def back(self):
        return max(then for _, then in self.pairs[1:])

    def views(self, pictures, n):
        """(B, some + n, planes, h, w), at least `back` before the last n -> of these the picture and its changes, (B n, channels, h / patch, w / patch).

        Changes are taken of the pictures: nothing needs a gradient but the weights, and of pictures of 8 bits they are exact in bfloat16.
        """
        b, count, planes, side, k = *pictures.shape[:3], pictures.shape[3] // self.patch, self.patch
        patches = pictures.reshape(b, count, planes, side, k, side, k).permute(0, 1, 3, 5, 2, 4, 6).reshape(b, count, side * side, planes * k * k)
        weights = self.stem.weight.flatten(1).chunk(len(self.pairs))
        x = torch.cat([nn.functional.linear(view(patches, n, 1, pair), w) for pair, w in zip(self.pairs, weights, strict=True)], -1)
        return x.reshape(b * n, side, side, -1).permute(0, 3, 1, 2)

    def views_of_answers(self, answers, n):
        """The same of what the stem said of one stream's pictures, (some + n, channels, h, w): it is linear, so that its answers are kept while streaming."""
        parts = answers.chunk(len(self.pairs), 1)
        return torch.cat([view(x, n, 0, pair) for pair, x in zip(self.pairs, parts, strict=True)], 1)

    def normed(self, views):
        return torch.relu(self.norm(views))


def view(x, n, dim, pair):
    """Of the last n along an axis: what lies so many before, less what lies further before, if a change is meant."""
    now, then = (None if k is None else x.narrow(dim, x.shape[dim] - n - k, n) for k in pair)
    return now if then is None else now - then
