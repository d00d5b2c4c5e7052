"""Batches of network inputs straight from packed crops: Algorithm 1 for many cells at once, on the CPU or a GPU.

Crop, resize and flip are one linear map per axis (`batched_resample`), so that a batch is two batched matrix products:

    out_c = (rows @ grey @ columns - mean_c) / std_c

The weights of a row sum to 1, hence the first channel's normalisation is done on the few source pixels, and the other
channels are straight lines in the first. Agrees with `transforms.train_transform` and `eval_transform` for the same
boxes (`batched_reference`) to 1e-5 on the scale where white is 1, for images of up to some 200 pixels a side; beyond,
the rounding of torchvision's own weights grows.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from cgrecnet.data.base import CellDataset
from cgrecnet.data.batched_crops import SCALE, Crops, central_crops, random_crops
from cgrecnet.data.batched_pixels import Buffers, FlatPixels
from cgrecnet.data.batched_resample import WeightBank
from cgrecnet.data.intensity import apply_line, check_intensity, intensity_line
from cgrecnet.data.packed import PackedImages, pack
from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD
from cgrecnet.errors import ConfigError, DataError

#: On a CPU, cells are worked on in groups of about this many output pixels, 8 cells at least: few enough for what lies
#: between two steps to stay in the processor's cache, many enough for the cost of a call not to count.
TOGETHER = 2**17
#: Crops are padded to the largest of their group; no group has more source pixels than this, a single crop excepted.
LARGEST = 2**24
_ORDER = 2**32 - 1  # keeps the order of the cells apart from their crops


class BatchTransform:
    """Algorithm 1 for any cells of packed images: `transform(cells, crops)` gives (cells, in_channels, size, size).

    window: grey levels (black, white) that become 0 and 1; intensity: see `cgrecnet.data.intensity`.
    device, resident: where to work, and whether all pixels are kept there.
    Raises ConfigError for an image size, number of channels, window, option or device that cannot be used.
    """

    def __init__(
        self,
        images: PackedImages,
        window: tuple[float, float],
        size: int = 224,
        *,
        in_channels: int = 3,
        intensity: str = "none",
        device: torch.device | str = "cpu",
        resident: bool = False,
    ) -> None:
        if isinstance(size, bool) or not isinstance(size, int) or size < 8:
            raise ConfigError(f"The image size must be a whole number of pixels, 8 or more, not {size!r}.")
        if in_channels not in (1, 3):
            raise ConfigError(f"A network's input has 1 or 3 channels here, not {in_channels!r}.")
        if not window[1] > window[0]:
            raise ConfigError(f"The window's white must lie above its black, not {window}.")
        self.window, self.size, self.in_channels = window, size, in_channels
        self.intensity = check_intensity(intensity)
        self.device = _usable(device)
        self.pixels = FlatPixels(images, self.device, resident)
        mean, std = np.array(IMAGENET_MEAN), np.array(IMAGENET_STD)
        self.mean, self.std = (mean, std) if in_channels == 3 else (mean.mean(keepdims=True), std.mean(keepdims=True))
        self.rows = WeightBank(size, int(images.heights.max()), self.device)
        self.columns = WeightBank(size, int(images.widths.max()), self.device, transposed=True)
        self.buffers = Buffers()

    def __call__(self, cells, crops: Crops) -> Tensor:
        cells = np.asarray(cells, dtype=np.int64)
        shape = (len(cells), self.in_channels, self.size, self.size)
        out = self.buffers.take(*shape) if self.device.type == "cpu" else torch.empty(shape, device=self.device)
        step = self._together(crops) if len(cells) else 1
        for first in range(0, len(cells), step):
            part = slice(first, first + step)
            self._channels(self._resampled(cells[part], crops[part]), out[part])
        return out

    def _together(self, crops: Crops) -> int:
        """How many cells to work on at once; one huge image among small ones must not swell them all."""
        usual = max(8, TOGETHER // self.size**2) if self.device.type == "cpu" else len(crops)
        return max(1, min(usual, LARGEST // int(crops.height.max() * crops.width.max())))

    def _resampled(self, cells: np.ndarray, crops: Crops) -> Tensor:
        """First channel of the cells, normalised: (cells, size, size)."""
        grey = self._unit(self.pixels.gather(cells, crops))
        if self.intensity != "none":
            whole, heights, widths = self.pixels.whole(cells)
            grey = apply_line(grey, *intensity_line(self._unit(whole), heights, widths, self.intensity))
        grey = grey.sub_(self.mean[0]).div_(self.std[0])
        rows = self.rows(crops.height, crops.resized_height, crops.skip_rows)
        columns = self.columns(crops.width, crops.resized_width, crops.skip_columns)
        return rows @ (grey @ columns)

    def _unit(self, grey: Tensor) -> Tensor:
        black, white = self.window
        return grey.sub_(black).div_(white - black).clamp_(0.0, 1.0)

    def _channels(self, first: Tensor, out: Tensor) -> None:
        """Write all channels, each a straight line in the first."""
        out[:, 0] = first
        for c in range(1, self.in_channels):
            shift = torch.tensor((self.mean[0] - self.mean[c]) / self.std[c], dtype=torch.float32, device=self.device)
            torch.add(shift, first, alpha=self.std[0] / self.std[c], out=out[:, c])


class BatchedCells:
    """Some cells of a data set in batches (tensor, labels, indices), as CellTensors gives them through a DataLoader.

    tensor: float32 (cells, in_channels, size, size) on `device`; labels, indices: int64, on the CPU; indices count
    in the whole data set. A tensor is the receiver's own: it is never written again while anything holds it.
    train: random crops and flips that follow (seed, epoch, index) alone, else the fixed centre.
    crop_scale: smallest and largest area of a random crop, as shares of the image's.
    shuffle: the order follows (seed, epoch); without it, cells come in the order of `indices`.
    drop_last: leave out a last batch that is smaller than the others.
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
        drop_last: bool = False,
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
        self.shuffle, self.drop_last, self.crop_scale, self.workers = shuffle, drop_last, crop_scale, int(workers)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the random crops, and the order if shuffled, of this epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Number of batches."""
        whole, rest = divmod(len(self.indices), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        order = self.indices
        if self.shuffle:
            order = np.random.default_rng((self.seed, self.epoch, _ORDER)).permutation(order)
        parts = [order[i * self.batch_size : (i + 1) * self.batch_size] for i in range(len(self))]
        epoch = self.epoch
        if not self.workers:
            return (self.batch(cells, epoch) for cells in parts)
        return self._ahead(parts, epoch)

    def batch(self, cells: np.ndarray, epoch: int) -> tuple[Tensor, Tensor, Tensor]:
        """One batch of chosen cells (indices in the whole data set) as they are seen in `epoch`."""
        return (
            self.transform(cells, self.crops(cells, epoch)),
            torch.from_numpy(self.labels[cells]),
            torch.from_numpy(np.array(cells)),
        )

    def crops(self, cells: np.ndarray, epoch: int) -> Crops:
        """Which part of each of these cells is seen in `epoch`."""
        size = self.transform.size
        heights, widths = self.transform.pixels.heights[cells], self.transform.pixels.widths[cells]
        if self.train:
            return random_crops(heights, widths, cells, seed=self.seed, epoch=epoch, size=size, scale=self.crop_scale)
        return central_crops(heights, widths, size)

    def _ahead(self, parts: list[np.ndarray], epoch: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Batches in order, `workers` + 1 of them under way while the caller works; errors reach the caller."""
        with ThreadPoolExecutor(self.workers, thread_name_prefix="batched-cells") as pool:
            waiting: deque = deque()
            try:
                for cells in parts:
                    waiting.append(pool.submit(self.batch, cells, epoch))
                    if len(waiting) > self.workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()


def _usable(device: torch.device | str) -> torch.device:
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError):  # no such device, or torch was built without it
        raise ConfigError(f"There is no device {str(device)!r} here that torch can use: try 'cpu'.") from None
