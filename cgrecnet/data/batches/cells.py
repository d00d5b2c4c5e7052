"""Cells of a data set in batches of network inputs, straight from packed crops: a quicker DataLoader.

Which part of a cell's image is seen: a random box in training, the centre in evaluation. The random boxes follow
torchvision's RandomResizedCrop and RandomHorizontalFlip, computed for many cells at once.
A cell's box is a function of (seed, epoch, index of the cell) alone: random number n of a cell is output number
32 * index + n of a SplitMix64 generator (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195) that starts at
numpy's SeedSequence of (seed, epoch). No generator is shared, so neither order nor batch can change a box.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from cgrecnet.data.base import CellDataset, PackedImages, pack
from cgrecnet.data.batches.transform import BatchTransform, Crops
from cgrecnet.errors import ConfigError, DataError

#: torchvision's defaults for RandomResizedCrop; the paper gives none.
SCALE = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
TRIES = 10
_PER_CELL = 32  # random numbers kept for each cell; 23 are used
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def boxes(top, left, height, width, flip, size: int) -> Crops:
    """Crops of given boxes, each resized to size x size pixels."""
    top, left, height, width = (np.asarray(values, dtype=np.int64) for values in (top, left, height, width))
    zero, side = np.zeros_like(top), np.full_like(top, size)
    return Crops(top, left, height, width, side, side, zero, zero, np.asarray(flip, dtype=bool))


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


#: Cells whose crops are drawn at once.
DRAWN = 2048
_ORDER = 2**32 - 1  # keeps the order of the cells apart from their crops


class BatchedCells:
    """Some cells of a data set in batches (tensor, labels, indices).

    tensor: float32 (cells, in_channels, size, size) on `device`; labels, indices: int64, on the CPU; indices count
    in the whole data set. A tensor is the receiver's own: it is never written again while anything holds it.
    train: random crops and flips that follow (seed, epoch, index) alone, else the fixed centre.
    crop_scale: smallest and largest area of a random crop, as shares of the image's.
    shuffle: the order follows (seed, epoch); without it, cells come in the order of `indices`.
    workers: threads that prepare batches ahead (0: the batch is made when it is asked for). Each uses torch's number of
    threads, so that with workers OMP_NUM_THREADS=1 is best.
    Images that are not packed are packed in memory first. Raises DataError for an index that the data set does not
    have, ConfigError for settings that cannot be used.
    """

    def __init__(
        self,
        dataset: CellDataset,
        indices: Sequence[int],
        size: int = 224,
        *,
        train: bool,
        batch_size: int = 64,
        seed: int = 0,
        shuffle: bool = False,
        crop_scale: tuple[float, float] = SCALE,
        workers: int = 0,
        **settings,
    ) -> None:
        self.indices = np.asarray(indices, dtype=np.int64)
        if len(self.indices) and not 0 <= self.indices.min() <= self.indices.max() < len(dataset):
            raise DataError(f"Some indices lie outside the {len(dataset)} cells of {dataset.name!r}.")
        for name, value, least in (("batch size", batch_size, 1), ("seed", seed, 0), ("number of workers", workers, 0)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise ConfigError(f"The {name} must be a whole number, {least} or more, not {value!r}.")
        if not 0 < crop_scale[0] <= crop_scale[1] <= 1:
            raise ConfigError(f"The areas of random crops must lie above 0 and up to 1, in order, not {crop_scale}.")
        images = dataset.images if isinstance(dataset.images, PackedImages) else pack(dataset.images)
        self.transform = BatchTransform(images, dataset.window, size, **settings)
        self.labels = np.asarray(dataset.labels, dtype=np.int64)
        self.train, self.batch_size, self.seed = train, int(batch_size), int(seed)
        self.shuffle, self.crop_scale, self.workers = shuffle, crop_scale, int(workers)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the random crops, and the order if shuffled, of this epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Number of batches."""
        return -(-len(self.indices) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        order = self.indices
        if self.shuffle:
            order = np.random.default_rng((self.seed, self.epoch, _ORDER)).permutation(order)
        plan = self._plan(order, self.epoch)
        return self._ahead(plan) if self.workers else (self._made(cells, crops) for cells, crops in plan)

    def batch(self, cells: np.ndarray, epoch: int) -> tuple[Tensor, Tensor, Tensor]:
        """One batch of chosen cells (indices in the whole data set) as they are seen in `epoch`."""
        return self._made(cells, self.crops(cells, epoch))

    def _made(self, cells: np.ndarray, crops: Crops) -> tuple[Tensor, Tensor, Tensor]:
        labels, indices = torch.from_numpy(self.labels[cells]), torch.from_numpy(np.array(cells))
        return self.transform(cells, crops), labels, indices

    def _plan(self, order: np.ndarray, epoch: int) -> Iterator[tuple[np.ndarray, Crops]]:
        """Cells and crops of each batch; crops are drawn for many batches at once, which costs less."""
        block = self.batch_size * max(1, DRAWN // self.batch_size)
        for start in range(0, len(order), block):
            cells = order[start : start + block]
            crops = self.crops(cells, epoch)
            for first in range(0, len(cells), self.batch_size):
                part = slice(first, first + self.batch_size)
                yield cells[part], crops[part]

    def crops(self, cells: np.ndarray, epoch: int) -> Crops:
        """Which part of each of these cells is seen in `epoch`."""
        size = self.transform.size
        heights, widths = self.transform.pixels.heights[cells], self.transform.pixels.widths[cells]
        if self.train:
            return random_crops(heights, widths, cells, seed=self.seed, epoch=epoch, size=size, scale=self.crop_scale)
        return central_crops(heights, widths, size)

    def _ahead(self, plan: Iterator[tuple[np.ndarray, Crops]]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Batches in order, `workers` + 1 of them under way while the caller works; errors reach the caller."""
        with ThreadPoolExecutor(self.workers, thread_name_prefix="batched-cells") as pool:
            waiting: deque = deque()
            try:
                for cells, crops in plan:
                    waiting.append(pool.submit(self._made, cells, crops))
                    if len(waiting) > self.workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()
