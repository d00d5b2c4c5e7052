"""Which part of each cell's image becomes a network's input: random boxes for training, the centre for evaluation.

The random boxes follow torchvision's RandomResizedCrop and RandomHorizontalFlip, computed for many cells at once.
A cell's box is a function of (seed, epoch, index of the cell) alone: random number n of a cell is output number
32 * index + n of a SplitMix64 generator (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195) that starts at
numpy's SeedSequence of (seed, epoch). No generator is shared, so neither order nor batch can change a box.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

#: torchvision's defaults for RandomResizedCrop; the paper gives none.
SCALE = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
TRIES = 10
_PER_CELL = 32  # random numbers kept for each cell; 23 are used
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Crops:
    """One line of numbers per image: cut the box, resize it to `resized_*`, keep `size` pixels from `skip_*` on, flip.

    All but `flip` (boolean) are int64 of shape (images,), in pixels; box: top, left, height, width.
    """

    top: np.ndarray
    left: np.ndarray
    height: np.ndarray
    width: np.ndarray
    resized_height: np.ndarray
    resized_width: np.ndarray
    skip_rows: np.ndarray
    skip_columns: np.ndarray
    flip: np.ndarray

    def __len__(self) -> int:
        return len(self.top)

    def __getitem__(self, chosen: slice | np.ndarray) -> "Crops":
        return Crops(*(getattr(self, field.name)[chosen] for field in fields(self)))


def boxes(top, left, height, width, flip, size: int) -> Crops:
    """Crops of given boxes, each resized to size x size pixels."""
    top, left, height, width = (np.asarray(values, dtype=np.int64) for values in (top, left, height, width))
    zero, whole = np.zeros_like(top), np.full_like(top, size)
    return Crops(top, left, height, width, whole, whole, zero, zero, np.asarray(flip, dtype=bool))


def seen_boxes(crops: Crops, size: int) -> np.ndarray:
    """Which part of its image each output shows: top, left, height, width in source pixels, float64 (images, 4).

    Fractions of a pixel come from the centre crop of evaluation; the widest reach of a weight is not counted.
    """
    rows, columns = crops.height / crops.resized_height, crops.width / crops.resized_width
    top, left = crops.top + crops.skip_rows * rows, crops.left + crops.skip_columns * columns
    return np.stack([top, left, size * rows, size * columns], axis=1)


def random_crops(
    heights, widths, cells, *, seed: int, epoch: int, size: int, scale: tuple[float, float] = SCALE
) -> Crops:
    """Algorithm 1, training: a random box of each image, resized to size x size, flipped with probability 1/2.

    heights, widths: of the images, shape (images,); cells: the index of each, any order, 0 or more.
    Area uniform over `scale` of the image, ratio width / height log-uniform over RATIO, ten tries to fit into the
    image, then the largest central box whose ratio is allowed; the place is uniform over all that fit.
    """
    heights, widths = np.asarray(heights, dtype=np.int64), np.asarray(widths, dtype=np.int64)
    random = uniforms(cells, seed=seed, epoch=epoch)
    height, width, drawn = _fitting(heights, widths, random[:, :TRIES], random[:, TRIES : 2 * TRIES], scale)
    centre_height, centre_width = _central(heights, widths)
    height, width = np.where(drawn, height, centre_height), np.where(drawn, width, centre_width)
    free_rows, free_columns = heights - height, widths - width
    top = np.where(drawn, (random[:, 20] * (free_rows + 1)).astype(np.int64), free_rows // 2)
    left = np.where(drawn, (random[:, 21] * (free_columns + 1)).astype(np.int64), free_columns // 2)
    return boxes(top, left, height, width, random[:, 22] < 0.5, size)


def central_crops(heights, widths, size: int) -> Crops:
    """Algorithm 1, validation and test: short side to 256/224 of `size`, then the centre, in torchvision's rounding."""
    heights, widths = np.asarray(heights, dtype=np.int64), np.asarray(widths, dtype=np.int64)
    short = round(size * 256 / 224)
    long = (short * np.maximum(heights, widths) / np.minimum(heights, widths)).astype(np.int64)
    rows, columns = np.where(heights <= widths, short, long), np.where(widths <= heights, short, long)
    zero = np.zeros_like(heights)
    skip_rows, skip_columns = (np.rint((resized - size) / 2).astype(np.int64) for resized in (rows, columns))
    return Crops(zero, zero, heights, widths, rows, columns, skip_rows, skip_columns, zero.astype(bool))


def uniforms(cells, *, seed: int, epoch: int) -> np.ndarray:
    """The random numbers of each cell, float64 in [0, 1), shape (cells, 23): SplitMix64, see the top of this file."""
    start = np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint64)
    number = np.asarray(cells, dtype=np.uint64)[:, None] * np.uint64(_PER_CELL) + np.arange(23, dtype=np.uint64)
    state = start + (number + np.uint64(1)) * _GOLDEN  # wraps around, as it should
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state = state ^ (state >> np.uint64(31))
    return (state >> np.uint64(11)) * 2.0**-53


def _fitting(heights, widths, area, ratio, scale) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height and width of the first try that fits into each image, and whether one does; area, ratio: in [0, 1)."""
    area = (heights * widths)[:, None] * (scale[0] + (scale[1] - scale[0]) * area)
    ratio = np.exp(np.log(RATIO[0]) + (np.log(RATIO[1]) - np.log(RATIO[0])) * ratio)
    width, height = (np.rint(np.sqrt(x)).astype(np.int64) for x in (area * ratio, area / ratio))
    fits = (width > 0) & (width <= widths[:, None]) & (height > 0) & (height <= heights[:, None])
    first = fits.argmax(axis=1)[:, None]
    return *(np.take_along_axis(x, first, axis=1)[:, 0] for x in (height, width)), fits.any(axis=1)


def _central(heights, widths) -> tuple[np.ndarray, np.ndarray]:
    """Height and width of the box for an image that no try fits into: the whole, cut to the nearest allowed ratio."""
    ratio = widths / heights
    height = np.where(ratio < RATIO[0], np.rint(widths / RATIO[0]).astype(np.int64), heights)
    width = np.where(ratio > RATIO[1], np.rint(heights * RATIO[1]).astype(np.int64), widths)
    return height, width


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
