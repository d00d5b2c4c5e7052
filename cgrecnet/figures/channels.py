"""Counterparts of the paper's Figures 2 and 3: cells of each class, and the same cells in every channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cgrecnet.data.base import CellDataset
from cgrecnet.figures.cells import draw_row, pick
from cgrecnet.figures.style import letter

BAR_UM = 10


def draw_classes(parts: Sequence[tuple[CellDataset, float | None]], per_class: int = 4, seed: int = 0) -> Figure:
    """A panel per data set, a row per class: cells drawn at random, each data set at its own grey scale.

    parts: data sets, each with the size of a pixel in micrometres, or None where it is not known (no scale bar then).
    """
    rows = max(len(dataset.classes) for dataset, _ in parts)
    figure = plt.figure(figsize=(7.0, rows * (6.6 / len(parts) / per_class + 0.28)))
    for panel, (dataset, pixel_um), name in zip(
        figure.subfigures(1, len(parts), squeeze=False)[0], parts, "ABCD", strict=False
    ):
        axes = panel.subplots(rows, per_class, squeeze=False)
        for row, indices, title in zip(axes, pick(dataset, per_class, seed), dataset.classes, strict=False):
            draw_row(row, [dataset.images[i] for i in indices], dataset.window)
            row[0].set_title(title, fontsize=9)
        if pixel_um:
            scale_bar(axes[0, -1], pixel_um)
        letter(axes[0, 0], name)
    return figure


def draw_channels(images: Mapping[str, Sequence[np.ndarray]], names: Sequence[str], pixel_um: float | None) -> Figure:
    """A row per cell, a column per channel; each channel has one grey scale for all cells, so rows can be compared.

    images: channel -> the pictures of the cells in it; names: of the cells, for the rows.
    """
    figure, axes = plt.subplots(len(names), len(images), figsize=(7.0, 1.15 * len(names) + 0.4), squeeze=False)
    for column, (channel, pictures) in enumerate(images.items()):
        window = float(min(map(np.min, pictures))), float(max(map(np.max, pictures)))
        draw_row(axes[:, column], pictures, window)
        axes[0, column].set_title(channel, fontsize=9)
    for row, name in zip(axes, names, strict=True):
        row[0].set_ylabel(name, fontsize=9)
    if pixel_um:
        scale_bar(axes[0, 0], pixel_um)
    return figure


def scale_bar(axes: Axes, pixel_um: float) -> None:
    """A bar of ten micrometres at the lower right of a picture, white with a dark rim so that it shows on any grey."""
    height, width = axes.images[0].get_array().shape
    length = BAR_UM / pixel_um
    axes.add_patch(
        plt.Rectangle((width - length - 2, height - 5), length, 2, facecolor="white", edgecolor="black", linewidth=0.8)
    )
    axes.text(
        width - length / 2 - 2, height - 6, f"{BAR_UM} \N{MICRO SIGN}m", ha="center", va="bottom", fontsize=8,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
    )  # fmt: skip
