"""Counterpart of the paper's Figure 4, B and C: the two modules as drawings whose shapes were recorded in a run."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from cgrecnet.figures.flow import Box, draw_flow
from cgrecnet.models.fusion import FusionModule
from cgrecnet.models.gated import GatedCNNBlock

Shapes = Mapping[str, tuple[int, ...]]


@torch.inference_mode()
def recorded_shapes(module: nn.Module, size: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes, without the batch, of the input ("in"), of what each direct part makes of it, and of the output ("out").

    size: of the input, with the batch. The module runs on torch's device "meta": shapes, and no numbers.
    """
    found: dict[str, tuple[int, ...]] = {"in": size[1:]}

    def note(name: str):
        return lambda _, __, output: found.update({name: tuple(output.shape[1:])})

    hooks = [part.register_forward_hook(note(name)) for name, part in module.named_children()]
    try:
        output: Tensor = module.to("meta")(torch.empty(size, device="meta"))
    finally:
        for hook in hooks:
            hook.remove()
    return found | {"out": tuple(output.shape[1:])}


def fusion_boxes(shapes: Shapes) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    """Steps and arrows of the fusion, from its recorded shapes; its own parts are marked."""
    across = _text("cross-covariance\nattention", shapes["cross_covariance"])
    boxes = {
        "in": Box(0, 0, _text("map", shapes["in"])),
        "reduce": Box(2, 0, _text("narrow (1\u00d71)", shapes["reduce"])),
        "linear_angular": Box(4.1, 0.6, _text("linear-angular\nattention", shapes["linear_angular"]), 1.7, 0.95, True),
        "cross_covariance": Box(4.1, -0.6, across, 1.7, 0.95, True),
        "fuse": Box(6.2, 0, _text("cross-attention\nfusion", shapes["fuse"]), 1.7, 0.95, True),
        "expand": Box(8.2, 0, _text("widen (1\u00d71)", shapes["expand"])),
        "out": Box(10.2, 0, _text("map", shapes["out"])),
    }
    arrows = [("in", "reduce"), ("reduce", "linear_angular"), ("reduce", "cross_covariance"), ("expand", "out")]
    arrows += [("linear_angular", "fuse"), ("cross_covariance", "fuse"), ("fuse", "expand")]
    return boxes, arrows


def gate_boxes(shapes: Shapes, splits: tuple[int, int, int]) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    """Steps and arrows of the gated block; `splits`: channels of gate, information and context."""
    height, width = shapes["norm"][:2]
    gate, information, context = ((height, width, count) for count in splits)
    boxes = {
        "in": Box(0, 0, _text("map", shapes["in"])),
        "fc1": Box(2, 0, _text("LayerNorm,\nFC1", shapes["fc1"]), 1.5, 0.95),
        "gate": Box(4.1, 1.05, _text("gate g: GELU", gate), 1.7, 0.75, True),
        "information": Box(4.1, 0, _text("information i", information), 1.7, 0.75),
        "context": Box(4.1, -1.05, _text("context c:\ndepthwise conv.", context), 1.7, 0.95, True),
        "product": Box(6.2, 0, _text("g times\n[i; c]", (height, width, splits[0])), 1.6, 0.95, True),
        "fc2": Box(8.2, 0, _text("FC2", shapes["fc2"])),
        "out": Box(10.2, 0, _text("plus the input", shapes["out"]), 1.6),
    }
    arrows = [("in", "fc1"), *(("fc1", part) for part in ("gate", "information", "context"))]
    arrows += [*((part, "product") for part in ("gate", "information", "context")), ("product", "fc2"), ("fc2", "out")]
    return boxes, arrows


def draw_modules(size: tuple[int, ...] = (1, 512, 28, 28)) -> Figure:
    """B: the fusion, C: the gated block, each box with the shape of what leaves it."""
    figure, axes = plt.subplots(2, 1, figsize=(7.6, 4.6), height_ratios=(1, 1.25))
    gate = GatedCNNBlock(size[1])
    _panel(axes[0], *fusion_boxes(recorded_shapes(FusionModule(size[1]), size)), "B   fusion")
    _panel(axes[1], *gate_boxes(recorded_shapes(gate, size), gate.splits), "C   gated block")
    return figure


def _panel(axes: Axes, boxes: Mapping[str, Box], arrows: list[tuple[str, str]], title: str) -> None:
    draw_flow(axes, boxes, arrows)
    axes.set_title(title)


def _text(name: str, shape: tuple[int, ...]) -> str:
    return f"{name}\n" + "\u00d7".join(map(str, shape))
