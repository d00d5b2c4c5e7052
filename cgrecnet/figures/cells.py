"""Cells as pictures, all of a data set at one grey scale, and as a network gets them."""

from collections.abc import Mapping, Sequence
from html import escape

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display
from matplotlib.figure import Figure
from torch import Tensor

from cgrecnet.data import open_dataset
from cgrecnet.data.base import CellDataset, pack
from cgrecnet.data.batches.cells import central_crops
from cgrecnet.data.batches.transform import BatchTransform
from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD


def pick(dataset: CellDataset, per_class: int, seed: int = 0) -> list[list[int]]:
    """Indices of `per_class` cells of each class (fewer where a class is smaller), drawn at random: no best ones."""
    rng = np.random.default_rng(seed)
    chosen = []
    for label in range(len(dataset.classes)):
        members = np.flatnonzero(dataset.labels == label)
        chosen.append(sorted(rng.choice(members, size=min(per_class, len(members)), replace=False).tolist()))
    return chosen


def draw_gallery(dataset: CellDataset, per_class: int = 8, seed: int = 0) -> Figure:
    """One row per class, cells drawn at random, grey levels mapped by the data set's own window."""
    rows = pick(dataset, per_class, seed)
    figure, axes = plt.subplots(len(rows), per_class, figsize=(7.0, (7.0 / per_class + 0.1) * len(rows)), squeeze=False)
    for row, indices, name in zip(axes, rows, dataset.classes, strict=True):
        draw_row(row, [dataset.images[i] for i in indices], dataset.window)
        row[0].set_title(name)
    return figure


def draw_row(axes: Sequence, images: Sequence[np.ndarray], window: tuple[float, float]) -> None:
    """Images into a row of axes, one grey scale for all; axes that are left over stay empty."""
    for place in axes:
        place.set(xticks=[], yticks=[])
        for spine in place.spines.values():
            spine.set_visible(False)
    for place, image in zip(axes, images, strict=False):
        place.imshow(image, vmin=window[0], vmax=window[1])


def draw_channels(images: Mapping[str, Sequence[np.ndarray]], names: Sequence[str]) -> Figure:
    """A row per cell, a column per channel; each channel has one grey scale for all cells, so rows can be compared.

    images: channel -> the pictures of the cells in it; names: of the cells, for the rows.
    """
    figure, axes = plt.subplots(len(names), len(images), figsize=(4.6, 1.15 * len(names) + 0.4), squeeze=False)
    for column, (channel, pictures) in zip(axes.T, images.items(), strict=True):
        draw_row(column, pictures, (float(min(map(np.min, pictures))), float(max(map(np.max, pictures)))))
        column[0].set_title(channel, fontsize=9)
    for row, name in zip(axes, names, strict=True):
        row[0].set_ylabel(name, fontsize=9)
    return figure


def draw_absent(reason: str) -> None:
    """Say on the page why there is no picture; no figure, caption or alt text then stands in this place.

    `cgrecnet.publish.stage` takes these off, and knows the place by the class of the paragraph.
    """
    display(HTML(f'<p class="not-shown">Not shown. {escape(reason)}</p>'))


def example_cells(per_class: int = 1, seed: int = 0) -> tuple[CellDataset, list[int]]:
    """Jurkat cells drawn at random, `per_class` of each class."""
    dataset = open_dataset("jurkat")
    return dataset, [index for indices in pick(dataset, per_class, seed) for index in indices]


def example_images(dataset: CellDataset, indices: Sequence[int], size: int = 224) -> Tensor:
    """The cells as the network gets them in evaluation, (len(indices), 3, size, size)."""
    images = pack(dataset.images[index] for index in indices)
    crops = central_crops(images.heights, images.widths, size)
    return BatchTransform(images, dataset.window, size)(range(len(images)), crops)


def grey(image: Tensor) -> np.ndarray:
    """One normalised image (3, H, W) as a picture in [0, 1], (H, W)."""
    return image[0].numpy() * IMAGENET_STD[0] + IMAGENET_MEAN[0]
