"""What the parts of a network make of an image, recorded while it runs: shapes, and the map behind stage 2."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import nn

from cgrecnet.figures.style import PALETTE
from cgrecnet.models import create_model


@dataclass(frozen=True)
class Step:
    """A part's name and the shape of its output, without the batch: (channels, height, width) or (features,)."""

    name: str
    shape: tuple[int, ...]


@torch.inference_mode()
def trace_shapes(model: nn.Module, images: torch.Tensor) -> list[Step]:
    """The output shapes of the direct parts of `model`, in the order in which they run, after the input's own."""
    steps = [Step("image", tuple(images.shape[1:]))]

    def note(name):
        return lambda _, __, output: steps.append(Step(name, tuple(output.shape[1:])))

    hooks = [part.register_forward_hook(note(name)) for name, part in model.named_children()]
    try:
        model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return steps


def draw_shape_strip(steps: list[Step], highlight: tuple[str, ...] = ()) -> Figure:
    """One box per change of shape, and one per part in `highlight`; height: positions, width: channels, both log."""
    shown = [
        step
        for before, step in zip([None, *steps], steps, strict=False)
        if before is None or step.shape != before.shape or step.name in highlight
    ]
    figure, axes = plt.subplots(figsize=(7.0, 3.0))
    left = 0.0
    for number, step in enumerate(shown):
        channels, side = step.shape[0], step.shape[1] if len(step.shape) == 3 else 1
        width, height = 0.25 + 0.11 * np.log2(channels), 0.3 + 0.55 * np.log2(side)
        colour = PALETTE[1] if step.name in highlight else PALETTE[0]
        axes.add_patch(Rectangle((left, -height / 2), width, height, facecolor=colour, alpha=0.75, edgecolor="black"))
        text = f"{channels}×{side}×{step.shape[2]}" if len(step.shape) == 3 else f"{channels}"
        axes.text(left + width / 2, -2.75 - 0.45 * (number % 2), text, ha="center", va="top", fontsize=8)
        axes.text(left + width / 2, 2.6 + 0.4 * (number % 2), step.name, ha="center", va="bottom", fontsize=9)
        left += width + 0.35
    axes.set(xlim=(-0.3, left), ylim=(-3.8, 3.6))
    axes.set_axis_off()
    return figure


def draw_place(*parts: str, image_size: int = 224) -> Figure:
    """The shape strip of CG-RecNet with some of its parts coloured: where in the network a page is."""
    network = create_model("cg_recnet").eval()
    return draw_shape_strip(trace_shapes(network, torch.zeros(1, 3, image_size, image_size)), highlight=parts)


@torch.no_grad()
def stage2_map(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """The map behind `layer2` of a ResNet-50, (B, 512, H/8, W/8), in the mode in which the network is."""
    x = network.maxpool(network.relu(network.bn1(network.conv1(images))))
    return network.layer2(network.layer1(x))
