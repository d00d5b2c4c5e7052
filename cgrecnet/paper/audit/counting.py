"""Parameters and multiply-adds of the candidate modules in closed form, so that thousands can be tried.

Written from the equations and the public code's layer list; a test holds them against real torch modules elsewhere.
C is the width of the feature map, d the width at which attention runs, h the number of heads.
"""

from dataclasses import dataclass
from typing import Literal

from cgrecnet.errors import ConfigError

Adapter = Literal["none", "bias", "no bias", "batch norm"]
ADAPTERS: tuple[Adapter, ...] = ("none", "bias", "no bias", "batch norm")

#: Parameters of torchvision's networks without their linear layers, and multiply-adds of these for a 224 x 224 image.
RESNET50_TRUNK, VGG16_CONVOLUTIONS = (23_508_032, 4_087_136_256), (14_714_688, 15_346_630_656)
RESNET50_FEATURES = 2048


def linear(inputs: int, outputs: int, bias: bool = True) -> int:
    """Parameters of a linear layer or a 1x1 convolution."""
    return inputs * outputs + (outputs if bias else 0)


def resnet50_parameters(*head: int) -> int:
    """Parameters of ResNet-50 with linear layers of the given widths behind its 2048 features.

    resnet50_parameters(3) has three classes; resnet50_parameters(1000, 3) keeps ImageNet's head and adds another.
    """
    total, inputs = RESNET50_TRUNK[0], RESNET50_FEATURES
    for outputs in head:
        total += linear(inputs, outputs)
        inputs = outputs
    return total


def resnet50_macs(classes: int = 1000) -> int:
    """Multiply-adds of the convolutions and the linear layer for one 224 x 224 image."""
    return RESNET50_TRUNK[1] + RESNET50_FEATURES * classes


def vgg16_parameters(classes: int = 1000) -> int:
    """Parameters of VGG-16 without batch normalisation, at 224 x 224."""
    return VGG16_CONVOLUTIONS[0] + linear(512 * 7 * 7, 4096) + linear(4096, 4096) + linear(4096, classes)


def vgg16_macs(classes: int = 1000) -> int:
    """Multiply-adds of VGG-16 for one 224 x 224 image."""
    return VGG16_CONVOLUTIONS[1] + 512 * 7 * 7 * 4096 + 4096 * 4096 + 4096 * classes


@dataclass(frozen=True)
class FusionOptions:
    """One reading of the fusion module; the defaults are those of the public code behind 1x1 convolutions."""

    channels: int = 512
    width: int = 128
    hidden: int = 64
    heads: int = 8
    qkv_bias: bool = False
    adapter: Adapter = "bias"
    layer_norms: int = 0

    def __post_init__(self) -> None:
        if self.adapter not in ADAPTERS:
            raise ConfigError(f"Unknown adapter {self.adapter!r}; choose one of {', '.join(ADAPTERS)}.")
        if (self.adapter == "none") != (self.width == self.channels):
            raise ConfigError(
                f"A fusion of width {self.width} in {self.channels} channels cannot have the adapter "
                f"{self.adapter!r}; adapters are for, and only for, a width that differs."
            )
        if self.width % self.heads:
            raise ConfigError(f"The width {self.width} does not divide into {self.heads} heads; choose another width.")


def adapter_parameters(options: FusionOptions) -> int:
    """Two 1x1 convolutions, channels -> width and back."""
    if options.adapter == "none":
        return 0
    c, d = options.channels, options.width
    total = linear(c, d, options.adapter == "bias") + linear(d, c, options.adapter == "bias")
    return total + (2 * (c + d) if options.adapter == "batch norm" else 0)


def attention_parameters(width: int, heads: int = 8, qkv_bias: bool = False) -> int:
    """Linear-angular branch (qkv, projection, one 9x1 filter per head) and cross-covariance branch (qkv, projection,
    one temperature per head)."""
    branch = linear(width, 3 * width, qkv_bias) + linear(width, width)
    return 2 * branch + 9 * heads + heads


def cafm_parameters(width: int, hidden: int) -> int:
    """Cross-attention fusion: four bottlenecks width -> hidden -> width with biases, and two 3x3 convolutions
    (2 -> 1 and 1 -> 1) that both branches share."""
    return 4 * (linear(width, hidden) + linear(hidden, width)) + (9 * 2 + 1) + (9 + 1)


def fusion_parameters(options: FusionOptions) -> int:
    """The whole fusion module."""
    return (
        adapter_parameters(options)
        + attention_parameters(options.width, options.heads, options.qkv_bias)
        + cafm_parameters(options.width, options.hidden)
        + 2 * options.width * options.layer_norms
    )


def fusion_macs(options: FusionOptions, side: int = 28, per_token: bool = True) -> int:
    """Multiply-adds of its linear layers and convolutions on a side x side map.

    Products of two activations (q k', softmax times v) are left out, as layer counters do. per_token=False counts a
    linear layer once instead of once per token, as torchinfo does.
    """
    tokens = side * side
    adapters = 0 if options.adapter == "none" else 2 * options.channels * options.width
    linears = 8 * options.width**2
    return tokens * (adapters + 9 * options.width) + linears * (tokens if per_token else 1)


@dataclass(frozen=True)
class GateOptions:
    """One reading of the gated block; the defaults are those of the public code. `expansion` is (numerator,
    denominator), since 8/3 is no binary fraction."""

    dim: int = 512
    expansion: tuple[int, int] = (8, 3)
    kernel: int = 7
    conv_ratio: tuple[int, int] = (1, 1)
    blocks: int = 1

    @property
    def hidden(self) -> int:
        return self.dim * self.expansion[0] // self.expansion[1]

    @property
    def convolved(self) -> int:
        return self.dim * self.conv_ratio[0] // self.conv_ratio[1]


def gate_parameters(options: GateOptions) -> int:
    """LayerNorm, FC1 d -> 2h, depthwise k x k with bias on part of the content, FC2 h -> d; times the blocks."""
    d, h = options.dim, options.hidden
    one = 2 * d + linear(d, 2 * h) + options.convolved * (options.kernel**2 + 1) + linear(h, d)
    return options.blocks * one


def gate_macs(options: GateOptions, side: int = 28, per_token: bool = True) -> int:
    """Multiply-adds of its linear layers and its depthwise convolution on a side x side map; see `fusion_macs`."""
    tokens = side * side
    linears = 3 * options.dim * options.hidden * (tokens if per_token else 1)
    return options.blocks * (linears + tokens * options.convolved * options.kernel**2)
