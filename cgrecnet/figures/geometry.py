"""What Algorithm 1's crops show of a cell: shares of masks inside boxes, and pictures of both."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cgrecnet.data.batches.crops import central_crops, random_crops, seen_boxes
from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.style import PALETTE, letter


def share_inside(mask: np.ndarray, box: Sequence[float]) -> float:
    """Share of a mask's area that lies inside a box (top, left, height, width, in pixels and parts of them).

    nan where the mask is empty.
    """
    rows, columns = _overlap(box[0], box[2], mask.shape[0]), _overlap(box[1], box[3], mask.shape[1])
    return float(rows @ mask @ columns / mask.sum()) if mask.any() else float("nan")


def share_of_box(mask: np.ndarray, box: Sequence[float]) -> float:
    """Share of a box that the mask fills."""
    rows, columns = _overlap(box[0], box[2], mask.shape[0]), _overlap(box[1], box[3], mask.shape[1])
    return float(rows @ mask @ columns / (rows.sum() * columns.sum()))


def _overlap(start: float, length: float, pixels: int) -> np.ndarray:
    """How much of each pixel of a side lies between start and start + length."""
    edge = np.arange(pixels)
    return (np.minimum(edge + 1, start + length) - np.maximum(edge, start)).clip(0, 1)


def training_boxes(shape: tuple[int, int], cell: int, epochs: int, scale: tuple[float, float], seed: int = 0):
    """The boxes that Algorithm 1 draws for one cell in each of some epochs, shape (epochs, 4)."""
    crops = [
        random_crops([shape[0]], [shape[1]], [cell], seed=seed, epoch=epoch, size=224, scale=scale)
        for epoch in range(epochs)
    ]
    return np.concatenate([seen_boxes(crop, 224) for crop in crops])


def training_shares(
    masks: Sequence[np.ndarray], epochs: int, scale: tuple[float, float], seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """For every cell and epoch: share of the cell inside the crop, and share of the crop that is cell.

    Both of shape (cells, epochs).
    """
    heights, widths = np.array([mask.shape for mask in masks]).T
    shares = np.empty((2, len(masks), epochs))
    for epoch in range(epochs):
        crops = random_crops(heights, widths, np.arange(len(masks)), seed=seed, epoch=epoch, size=224, scale=scale)
        for k, (mask, box) in enumerate(zip(masks, seen_boxes(crops, 224), strict=True)):
            shares[:, k, epoch] = share_inside(mask, box), share_of_box(mask, box)
    return shares[0], shares[1]


def evaluation_shares(masks: Sequence[np.ndarray], size: int = 224) -> np.ndarray:
    """Share of each cell that the evaluation crop keeps, shape (cells,)."""
    heights, widths = np.array([mask.shape for mask in masks]).T
    found = seen_boxes(central_crops(heights, widths, size), size)
    return np.array([share_inside(mask, box) for mask, box in zip(masks, found, strict=True)])


def draw_boxes(
    images: Sequence[np.ndarray], masks: Sequence[np.ndarray], window: tuple[float, float], boxes: Sequence[np.ndarray]
) -> Figure:
    """Cells with their outlines, and on each the boxes it is seen through, shape (boxes, 4)."""
    figure, axes = plt.subplots(1, len(images), figsize=(7.0, 7.0 / len(images)), squeeze=False)
    draw_row(axes[0], images, window)
    for place, mask, found in zip(axes[0], masks, boxes, strict=True):
        if mask.any():
            place.contour(mask, levels=[0.5], colors=[PALETTE[1]], linewidths=1)
        for top, left, height, width in found:
            frame = Rectangle((left - 0.5, top - 0.5), width, height, fill=False, edgecolor=PALETTE[0], linewidth=1.2)
            place.add_patch(frame)
    return figure


def draw_kept(points: Sequence[tuple[int, int]], size: int = 224) -> Figure:
    """A: share of a 60-pixel-wide crop that evaluation keeps, by its height; then one panel for each marked crop.

    points: (height, width) of the crops that are marked on A and drawn, with what is kept, to scale.
    """
    heights = np.arange(26, 95)
    figure, axes = plt.subplots(1, 1 + len(points), figsize=(7.0, 2.6), width_ratios=[1.6] + [1.0] * len(points))
    axes[0].plot(heights, kept_shares(heights, np.full_like(heights, 60), size))
    axes[0].set(xlabel="height of the crop (pixels), width 60", ylabel="share of its area kept", ylim=(0, 1))
    letter(axes[0], "A")
    for place, name, (height, width) in zip(axes[1:], "BCDE", points, strict=False):
        share = kept_shares([height], [width], size)[0]
        axes[0].plot(height, share, "o", color=PALETTE[1])
        axes[0].annotate(name, (height, share), (6, -10), textcoords="offset points")
        top, left, tall, wide = seen_boxes(central_crops([height], [width], size), size)[0]
        place.add_patch(Rectangle((0, 0), width, height, facecolor="0.85"))
        place.add_patch(Rectangle((left, top), wide, tall, fill=False, edgecolor=PALETTE[1], linewidth=2))
        place.set(xlim=(-1, 61), ylim=(61, -1), aspect="equal", title=f"{width} × {height}: {share:.0%} kept")
        place.set(xlabel="source pixels")
        letter(place, name)
    return figure


def kept_shares(heights, widths, size: int = 224) -> np.ndarray:
    """Share of each image's area that the evaluation crop keeps."""
    found = seen_boxes(central_crops(heights, widths, size), size)
    return found[:, 2] * found[:, 3] / (np.asarray(heights) * np.asarray(widths))


def draw_shares(shares: dict[str, np.ndarray], evaluation: np.ndarray) -> Figure:
    """How many crops hold at most a given share of their cell: one line per range of areas, and for evaluation."""
    figure, axes = plt.subplots(figsize=(7.0, 3.2))
    for colour, (name, values) in zip(PALETTE, shares.items(), strict=False):
        _cumulative(axes, values.ravel(), f"training, areas {name}", color=colour)
    _cumulative(axes, evaluation, "evaluation", color="black", linestyle="--")
    axes.set(xlabel="share of the cell inside the crop", ylabel="crops with at most that share", ylim=(0, 1))
    axes.set(xlim=(-0.01, 1.01))
    axes.legend(loc="upper left")
    return figure


def _cumulative(axes, values: np.ndarray, label: str, **style) -> None:
    grid = np.linspace(0, 1, 201)
    axes.plot(grid, np.searchsorted(np.sort(values), grid, side="right") / len(values), label=label, **style)
