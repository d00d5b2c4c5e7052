"""Parameters and multiply-accumulate operations (MACs), by block and by two counters that disagree on purpose.

Published counts differ because counters differ. Two conventions stand here side by side:

- **products** (`macs_products`): every convolution and every matrix product that torch executes, seen from below by
  `torch.utils.flop_counter`, halved (it counts two operations per MAC). It sees the products inside attention; it sees
  no normalisation, no activation, no pooling. torchvision prints its "GFLOPs" in this convention.
- **layers** (`macs_layers`): seen from above by hooks on modules, with the charges of the tool thop (0.1.1):
  convolutions k * k * C_in / groups and linear layers C_in per output value, biases free; affine batch and layer
  normalisation 4 per value; average pooling as there; everything else free. It is blind to matrix products written
  in a forward method, so it misses most of any attention.

One MAC is one multiplication and one addition. All counts are for one forward pass in evaluation mode.
"""

from collections import defaultdict
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from cgrecnet.models.zoo import SYSTEMS, create_model


def count_parameters(module: nn.Module) -> int:
    """Parameters that are trained or could be."""
    return sum(parameter.numel() for parameter in module.parameters())


def parameters_by_block(model: nn.Module) -> dict[str, int]:
    """Parameters of each direct child that has some, and of the model itself under its class name; sums to all."""
    blocks = {name: count_parameters(child) for name, child in model.named_children()}
    own = sum(parameter.numel() for parameter in model.parameters(recurse=False))
    return {name: count for name, count in {**blocks, type(model).__name__: own}.items() if count}


def _run(model: nn.Module, size: tuple[int, ...]) -> None:
    """One forward pass of zeros in evaluation mode; the model's mode is put back."""
    parameter = next(model.parameters())
    training = model.training
    model.eval()
    fast_path = torch.backends.mha.get_fastpath_enabled()
    # The fused kernels for attention hide their products from the counter.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            model(torch.zeros(size, dtype=parameter.dtype, device=parameter.device))
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
        model.train(training)


def macs_products(model: nn.Module, size: tuple[int, ...]) -> int:
    """MACs of all convolutions and matrix products for an input of `size`, such as (1, 3, 224, 224)."""
    with FlopCounterMode(display=False) as counter:
        _run(model, size)
    return counter.get_total_flops() // 2


def _layer_macs(module: nn.Module, x: Tensor, y: Tensor) -> int:
    """What thop charges for one call of one module."""
    if isinstance(module, nn.modules.conv._ConvNd):
        return y.numel() * module.in_channels // module.groups * prod(module.kernel_size)
    if isinstance(module, nn.Linear):
        return y.numel() * module.in_features
    if isinstance(module, nn.modules.batchnorm._BatchNorm | nn.LayerNorm):
        return (4 if module.weight is not None else 2) * x.numel()
    if isinstance(module, nn.AdaptiveAvgPool2d):
        window = prod(before // after for before, after in zip(x.shape[2:], y.shape[2:], strict=True))
        return (window + 1) * y.numel()
    return y.numel() if isinstance(module, nn.AvgPool2d) else 0


def macs_by_module(model: nn.Module, size: tuple[int, ...]) -> dict[str, int]:
    """MACs by the layers' convention for each leaf module that has some, under its dotted name."""
    counts: dict[str, int] = defaultdict(int)
    hooks = []
    for name, module in model.named_modules():
        if any(True for _ in module.children()):
            continue

        def hook(module: nn.Module, inputs: tuple, output: Tensor, name: str = name) -> None:
            counts[name] += _layer_macs(module, inputs[0], output)

        hooks.append(module.register_forward_hook(hook))
    try:
        _run(model, size)
    finally:
        for handle in hooks:
            handle.remove()
    return {name: count for name, count in counts.items() if count}


def macs_layers(model: nn.Module, size: tuple[int, ...]) -> int:
    """MACs as thop counts them for an input of `size`: layers alone, products in attention unseen."""
    return sum(macs_by_module(model, size).values())


def macs_by_block(model: nn.Module, size: tuple[int, ...]) -> dict[str, int]:
    """MACs by the layers' convention for each direct child; sums to `macs_layers`."""
    blocks: dict[str, int] = defaultdict(int)
    for name, count in macs_by_module(model, size).items():
        blocks[name.split(".", 1)[0]] += count
    return dict(blocks)


@dataclass(frozen=True)
class Cost:
    """One system for one image: parameters, in all and by block, and MACs by layers and by products."""

    parameters: int
    blocks: dict[str, int]
    layers: int
    products: int


def cost_of(name: str, size: tuple[int, int, int] | None = None) -> Cost:
    """The cost of a system for an image of `size` (channels, height, width); without it, at its native input.

    Counted on torch's device "meta", where a network has shapes and no numbers. ConfigError for an unknown name.
    """
    if size is None:
        size = (SYSTEMS[name].native_channels, *SYSTEMS[name].native_size)
    with torch.device("meta"):
        model = create_model(name, in_channels=size[0]).eval()
        layers, products = (count(model, (1, *size)) for count in (macs_layers, macs_products))
    return Cost(count_parameters(model), parameters_by_block(model), layers, products)
