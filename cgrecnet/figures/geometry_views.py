"""What a network is shown of a few cells: the boxes on the cell, and the views through them."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from cgrecnet.data.base import CellDataset
from cgrecnet.data.batches import BatchedCells
from cgrecnet.data.batches.crops import seen_boxes
from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD
from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.style import PALETTE, letter


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
