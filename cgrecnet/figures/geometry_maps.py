"""Pictures of what acts on a cell before a network sees it: boxes and views, resizing, turns and flips, intensity."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from cgrecnet.data.base import CellDataset
from cgrecnet.data.batches.crops import seen_boxes
from cgrecnet.data.batches.loader import BatchedCells
from cgrecnet.data.batches.resample import axis_weights
from cgrecnet.data.intensity import INTENSITIES, Intensity
from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD, to_unit
from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.style import PALETTE, letter

#: Ways to turn a picture, all of which show the same cell.
TURNS = {
    "as it is": lambda image: image,
    "flipped left-right": lambda image: image[..., ::-1],
    "flipped top-bottom": lambda image: image[..., ::-1, :],
    "turned by 90°": lambda image: np.rot90(image, axes=(-2, -1)),
    "turned by 180°": lambda image: np.rot90(image, 2, axes=(-2, -1)),
    "turned by 270°": lambda image: np.rot90(image, 3, axes=(-2, -1)),
}


def draw_turns(image: np.ndarray, window: tuple[float, float]) -> Figure:
    """One cell in all `TURNS`; those that a horizontal flip reaches have a frame."""
    figure, axes = plt.subplots(1, len(TURNS), figsize=(7.0, 1.6))
    draw_row(axes, [turn(image) for turn in TURNS.values()], window)
    for place, name in zip(axes, TURNS, strict=True):
        place.set_title(name.replace(" ", "\n", 1), fontsize=8)
    for place in axes[:2]:
        for spine in place.spines.values():
            spine.set(visible=True, linewidth=2, edgecolor="tab:orange")
    return figure


def draw_weights(whole: tuple[int, int], parts: Sequence[tuple[int, int]], rows: int = 3) -> Figure:
    """A: all weights of one axis as a picture; then, one panel each, those of a few neighbouring output pixels.

    whole, parts: (source pixels, output pixels).
    """
    figure, axes = plt.subplots(1, 1 + len(parts), figsize=(7.0, 2.6))
    axes[0].imshow(_weights(*whole), aspect="auto", cmap="gray_r", vmin=0)
    axes[0].set(xlabel="source pixel j", ylabel="output pixel i", title=f"{whole[0]} pixels to {whole[1]}")
    letter(axes[0], "A")
    for place, name, (length, resized) in zip(axes[1:], "BCDE", parts, strict=False):
        weights = _weights(length, resized)
        middle = resized // 2
        for i in range(middle, middle + rows):
            there = np.flatnonzero(weights[i])
            span = np.arange(there[0] - 1, there[-1] + 2)
            place.plot(span, weights[i, span], "o-", markersize=3, label=f"i = {i}")
        place.set(
            xlabel="source pixel j",
            ylabel="weight",
            title=f"{length} pixels to {resized}",
            ylim=(0, 1.3 * weights[middle].max()),
        )
        place.legend(fontsize=8, ncol=rows, loc="upper center", handlelength=1, columnspacing=0.7)
        letter(place, name)
    return figure


def _weights(length: int, resized: int) -> np.ndarray:
    numbers = (torch.tensor([value]) for value in (length, resized, 0))
    return axis_weights(*numbers, resized, length)[0].numpy()


def draw_intensities(images: Sequence[np.ndarray], window: tuple[float, float], names: Sequence[str]) -> Figure:
    """One row per intensity option, one column per cell, all on the scale from 0 to 1; names: titles of the columns.

    Each option acts on the whole image; shown are the middle rows that all images have.
    """
    rows = len(INTENSITIES)
    lowest = min(image.shape[0] for image in images)
    figure, axes = plt.subplots(rows, len(images), figsize=(7.0, 0.75 * rows + 0.3), squeeze=False)
    for row, option in zip(axes, INTENSITIES, strict=True):
        transform = Intensity(option)
        seen = [transform(to_unit(image, window))[0].numpy() for image in images]
        first = [(picture.shape[0] - lowest) // 2 for picture in seen]
        pictures = [picture[top : top + lowest] for top, picture in zip(first, seen, strict=True)]
        draw_row(row, pictures, (0.0, 1.0))
        row[0].set_ylabel(option, rotation=0, ha="right", va="center")
    for place, name in zip(axes[0], names, strict=True):
        place.set_title(name, fontsize=9)
    return figure


def draw_views(dataset: CellDataset, indices: Sequence[int], size: int = 224, epochs: int = 4, seed: int = 0) -> Figure:
    """One row per cell: A, the crop as exported with its boxes; B, training views in `epochs`; C, the evaluation view.

    A frame has the colour of its box; a flipped view says so. All of a row on one grey scale.
    """
    indices = np.asarray(indices)
    paths = [BatchedCells(dataset, indices, size, train=train, seed=seed, in_channels=1) for train in (True, False)]
    views = [(paths[0].batch(indices, epoch)[0], paths[0].crops(indices, epoch)) for epoch in range(epochs)]
    views.append((paths[1].batch(indices, 0)[0], paths[1].crops(indices, 0)))
    colours = [*PALETTE[:epochs], "black"]
    side = 7.0 / (epochs + 2)
    figure, axes = plt.subplots(len(indices), epochs + 2, figsize=(7.0, side * len(indices) + 0.3), squeeze=False)
    for k, (row, index) in enumerate(zip(axes, indices, strict=True)):
        pictures = [_grey(tensors[k, 0]) for tensors, _ in views]
        scale = float(pictures[-1].min()), float(pictures[-1].max())
        draw_row(row, [_unit(dataset, index), *pictures], scale)
        for place, (_, crops), colour in zip(row[1:], views, colours, strict=True):
            top, left, height, width = seen_boxes(crops[k : k + 1], size)[0]
            row[0].add_patch(Rectangle((left - 0.5, top - 0.5), width, height, fill=False, edgecolor=colour))
            for spine in place.spines.values():
                spine.set(visible=True, linewidth=2, edgecolor=colour)
            if crops.flip[k]:
                place.set_xlabel("flipped", fontsize=8, labelpad=1)
    for column, name in ((0, "A"), (1, "B"), (epochs + 1, "C")):
        letter(axes[0, column], name)
    return figure


def _unit(dataset: CellDataset, index: int) -> np.ndarray:
    black, white = dataset.window
    return (dataset.images[index].astype(float) - black) / (white - black)


def _grey(tensor: Tensor) -> np.ndarray:
    """Undo the normalisation of one channel."""
    return tensor.numpy() * np.mean(IMAGENET_STD) + np.mean(IMAGENET_MEAN)
