"""Pictures of the maps that act on a cell: the weights of a resize, turns and flips, intensity options."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

from cgrecnet.data.batched_resample import axis_weights
from cgrecnet.data.intensity import INTENSITIES, Intensity
from cgrecnet.data.transforms import to_unit
from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.style import letter

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


def draw_weights(cases: Sequence[tuple[str, int, int]]) -> Figure:
    """The weights of one axis as pictures; cases: (title, source pixels, output pixels)."""
    figure, axes = plt.subplots(1, len(cases), figsize=(7.0, 2.6))
    for place, name, (title, length, resized) in zip(axes, "ABCDEF", cases, strict=False):
        numbers = (torch.tensor([value]) for value in (length, resized, 0))
        weights = axis_weights(*numbers, resized, length)[0].numpy()
        place.imshow(weights, aspect="auto", cmap="gray_r", vmin=0)
        place.set(title=title, xlabel=f"source pixel j ({length})", ylabel=f"output pixel i ({resized})")
        place.grid(False)
        letter(place, name)
    return figure


def draw_intensities(images: Sequence[np.ndarray], window: tuple[float, float], names: Sequence[str]) -> Figure:
    """One row per intensity option, one column per cell, all on the scale from 0 to 1; names: titles of the columns."""
    rows = len(INTENSITIES)
    figure, axes = plt.subplots(rows, len(images), figsize=(7.0, 0.95 * rows + 0.2), squeeze=False)
    for row, option in zip(axes, INTENSITIES, strict=True):
        transform = Intensity(option)
        draw_row(row, [transform(to_unit(image, window))[0].numpy() for image in images], (0.0, 1.0))
        row[0].set_ylabel(option, rotation=0, ha="right", va="center")
    for place, name in zip(axes[0], names, strict=True):
        place.set_title(name, fontsize=9)
    return figure
