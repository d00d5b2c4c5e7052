"""Cells of a data set in batches of network inputs, straight from packed crops: a quicker DataLoader."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from cgrecnet.data.base import CellDataset
from cgrecnet.data.batches.crops import SCALE, Crops, central_crops, random_crops
from cgrecnet.data.batches.transform import BatchTransform
from cgrecnet.data.packed import PackedImages, pack
from cgrecnet.errors import ConfigError, DataError

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
