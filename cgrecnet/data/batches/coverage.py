"""How much of a picture, and of the cell in it, the crops of Algorithm 1 show a network."""

from collections.abc import Sequence

import numpy as np

from cgrecnet.data.batches.cells import central_crops, random_crops
from cgrecnet.data.batches.transform import Crops


def seen_boxes(crops: Crops, size: int) -> np.ndarray:
    """Which part of its image each output shows: top, left, height, width in source pixels, float64 (images, 4).

    Fractions of a pixel come from the centre crop of evaluation; the widest reach of a weight is not counted.
    """
    rows, columns = crops.height / crops.resized_height, crops.width / crops.resized_width
    top, left = crops.top + crops.skip_rows * rows, crops.left + crops.skip_columns * columns
    return np.stack([top, left, size * rows, size * columns], axis=1)


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


def kept_shares(heights, widths, size: int = 224) -> np.ndarray:
    """Share of each image's area that the evaluation crop keeps."""
    found = seen_boxes(central_crops(heights, widths, size), size)
    return found[:, 2] * found[:, 3] / (np.asarray(heights) * np.asarray(widths))
