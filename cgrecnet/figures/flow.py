"""Boxes and arrows: a drawing of steps, its letters large enough to read on a small screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cgrecnet.figures.style import PALETTE

FONT = 8.5


@dataclass(frozen=True)
class Box:
    """A step: its middle (x, y), its size, what stands in it, and whether it is set off by a second colour."""

    x: float
    y: float
    text: str
    width: float = 1.5
    height: float = 0.7
    marked: bool = False


def draw_flow(axes: Axes, boxes: Mapping[str, Box], arrows: Sequence[tuple[str, str]]) -> None:
    """Draw the boxes and an arrow for each pair of names, from rim to rim; the axes show all of it, to scale."""
    for box in boxes.values():
        colour = PALETTE[1] if box.marked else PALETTE[0]
        corner = (box.x - box.width / 2, box.y - box.height / 2)
        axes.add_patch(
            FancyBboxPatch(
                corner, box.width, box.height, boxstyle="round,pad=0,rounding_size=0.08",
                facecolor=(*colour, 0.25), edgecolor=colour, linewidth=1.2,
            )
        )  # fmt: skip
        axes.text(box.x, box.y, box.text, ha="center", va="center", fontsize=FONT, linespacing=1.25)
    for start, end in arrows:
        _arrow(axes, boxes[start], boxes[end])
    axes.set_xlim(min(b.x - b.width / 2 for b in boxes.values()) - 0.1, _right(boxes) + 0.1)
    axes.set_ylim(min(b.y - b.height / 2 for b in boxes.values()) - 0.1, _top(boxes) + 0.1)
    axes.set_axis_off()


def _arrow(axes: Axes, start: Box, end: Box) -> None:
    """From the side of `start` that faces `end` to the side of `end` that faces `start`."""
    across, up = end.x - start.x, end.y - start.y
    sideways = abs(across) >= (start.width + end.width) / 2
    if sideways:
        sign = 1 if across > 0 else -1
        points = (start.x + sign * start.width / 2, start.y), (end.x - sign * end.width / 2, end.y)
    else:
        sign = 1 if up > 0 else -1
        points = (start.x, start.y + sign * start.height / 2), (end.x, end.y - sign * end.height / 2)
    axes.add_patch(
        FancyArrowPatch(*points, arrowstyle="-|>", mutation_scale=9, color="0.35", linewidth=1.1, shrinkA=1, shrinkB=1)
    )


def _right(boxes: Mapping[str, Box]) -> float:
    return max(box.x + box.width / 2 for box in boxes.values())


def _top(boxes: Mapping[str, Box]) -> float:
    return max(box.y + box.height / 2 for box in boxes.values())
