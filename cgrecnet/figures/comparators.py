"""What the nine systems cost: parameters and MACs by two counters, and the plane that they span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from cgrecnet.figures.style import MODEL_COLOURS, PALETTE
from cgrecnet.models.complexity import count_parameters, macs_layers, macs_products, parameters_by_block
from cgrecnet.models.zoo import SYSTEMS, create_model


@dataclass(frozen=True)
class Cost:
    """One system for one image of `size` (channels, height, width); MACs by layers and by products."""

    name: str
    size: tuple[int, int, int]
    parameters: int
    layers: int
    products: int
    blocks: dict[str, int]


def cost_of(name: str, size: tuple[int, int, int] | None = None, num_classes: int = 3) -> Cost:
    """The cost of a system at its native input, or at another; counted on torch's device "meta", without numbers."""
    system = SYSTEMS[name]
    size = size or (system.native_channels, *system.native_size)
    with torch.device("meta"):
        model = create_model(name, num_classes=num_classes, in_channels=size[0]).eval()
        batch = (1, *size)
        return Cost(
            name, size, count_parameters(model), macs_layers(model, batch), macs_products(model, batch),
            parameters_by_block(model),
        )  # fmt: skip


#: Where a label stands from its dot, in points: right of it unless another dot is there.
_PLACES = {
    "resnet50": (-8, -4, "right"),
    "rescmnet": (9, -10, "left"),
    "resgdnet": (-8, 4, "right"),
    "cg_recnet": (9, 1, "left"),
    "vit_b_16": (-8, -4, "right"),
    "mobilenet_v2": (-3, 9, "left"),
    "zhu_xception": (9, -6, "left"),
}


def draw_costs(costs: Sequence[Cost]) -> Figure:
    """Parameters against MACs, both logarithmic: filled dots by layers, rings by products, one label per system."""
    figure, axes = plt.subplots(figsize=(7.0, 4.2))
    for cost in costs:
        colour = MODEL_COLOURS.get(cost.name, PALETTE[4])
        x, (low, high) = cost.parameters / 1e6, (cost.layers / 1e9, cost.products / 1e9)
        axes.plot([x, x], [low, high], color=colour, linewidth=1)
        axes.plot(x, low, "o", color=colour)
        axes.plot(x, high, "o", markerfacecolor="none", markeredgecolor=colour, markersize=9)
        dx, dy, side = _PLACES.get(cost.name, (9, -3, "left"))
        title = SYSTEMS[cost.name].title.split(" (")[0].replace("Xception", "Zhu's Xception")
        if cost.size[1:] != (224, 224):
            title += f", {cost.size[1]}×{cost.size[2]}"
        axes.annotate(title, (x, low), xytext=(dx, dy), textcoords="offset points", ha=side, fontsize=9)
    axes.plot([], [], "o", color="0.4", label="layers")
    axes.plot([], [], "o", markerfacecolor="none", markeredgecolor="0.4", markersize=9, label="all products")
    axes.set(xscale="log", yscale="log", xlabel="parameters (millions)", ylabel="MACs for one image (10⁹)")
    axes.set(xlim=(1.5, 300), ylim=(0.15, 40))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.legend(loc="upper left", title="counted by")
    return figure
