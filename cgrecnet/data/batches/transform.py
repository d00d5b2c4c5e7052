"""Batches of network inputs straight from packed crops: Algorithm 1 for many cells at once, on the CPU or a GPU.

Crop, resize (bilinear, with antialias) and flip are one linear map per axis, so that a batch is two batched matrix
products:

    out_c = (rows @ grey @ columns - mean_c) / std_c

Output pixel i of a side of L source pixels, resized to R pixels, is a weighted mean of the source pixels j:

    w_ij = max(0, 1 - |(2j + 1) R - (2i + 1) L| / (2 max(L, R))),   divided by the sum over j.

That is a triangle about the output pixel's middle, one source pixel wide on either side when enlarging, L/R when
shrinking; it is what torchvision's `resize(antialias=True)` computes for a float tensor. The numbers between the bars
are whole, so that float32 holds them exactly (as long as 2 L R < 2^24). Cropping chooses which pixels are j = 0, 1,
and so on; a centre crop chooses which i are kept.

The weights of a row sum to 1, hence the first channel's normalisation is done on the few source pixels, and the other
channels are straight lines in the first. Agrees with `transforms.train_transform` and `eval_transform` for the same
boxes (`reference`) to 1e-5 on the scale where white is 1, for images of up to some 200 pixels a side; beyond,
the rounding of torchvision's own weights grows.
"""

import sys
import threading
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from cgrecnet.data.base import PackedImages
from cgrecnet.data.intensity import apply_line, check_intensity, intensity_line
from cgrecnet.data.transforms import channel_statistics, check_channels, check_size, check_window
from cgrecnet.errors import ConfigError


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


class FlatPixels:
    """The pixels of packed images, from which boxes are fetched for many cells at once.

    device: where the boxes go. Without `resident` they are cut out on the CPU, from memory or from a mapped file, and
    sent over in the camera's 8 or 16 bits. With `resident` all pixels are copied to the device once and fetched there.
    """

    def __init__(self, images: PackedImages, device: torch.device, resident: bool = False) -> None:
        pixels = np.asarray(images.pixels)
        self.wide = pixels.dtype == np.uint16
        self.pixels = pixels.view(np.int16) if self.wide else pixels  # few of torch's operations know uint16
        self.resident = torch.tensor(self.pixels, device=device) if resident else None
        self.device = device
        self.offsets, self.heights, self.widths = images.offsets, images.heights, images.widths
        self.channels = images.channels

    def gather(self, cells: np.ndarray, crops: Crops, channel: int = 0) -> Tensor:
        """The boxes of one channel, flipped where asked, as float32 levels; shape (cells, highest box, widest box).

        What lies beyond a cell's own box is some finite number.
        """
        row_pixels = self.widths[cells].astype(np.int64)
        plane = self.offsets[cells] + channel * self.heights[cells] * row_pixels
        first = plane + crops.top * row_pixels + crops.left
        grey = self._cut(first, row_pixels, crops) if self.resident is None else self._index(first, row_pixels, crops)
        return (grey.to(torch.int32) & 0xFFFF).to(torch.float32) if self.wide else grey.to(torch.float32)

    def _cut(self, first: np.ndarray, row_pixels: np.ndarray, crops: Crops) -> Tensor:
        """One slice per cell: nine times as fast on a CPU as an index for every pixel."""
        boxes = np.zeros((len(crops), crops.height.max(), crops.width.max()), dtype=self.pixels.dtype)
        numbers = (
            values.tolist() for values in (first - crops.left, row_pixels, crops.height, crops.left, crops.width)
        )
        for k, (start, row, height, left, width) in enumerate(zip(*numbers, strict=True)):
            box = self.pixels[start : start + height * row].reshape(height, row)[:, left : left + width]
            boxes[k, :height, :width] = box[:, ::-1] if crops.flip[k] else box
        return torch.from_numpy(boxes).to(self.device)

    def _index(self, first: np.ndarray, row_pixels: np.ndarray, crops: Crops) -> Tensor:
        """An index for every pixel: no loop, as a GPU wants it."""
        row = np.minimum(np.arange(crops.height.max()), crops.height[:, None] - 1) * row_pixels[:, None]
        column = np.minimum(np.arange(crops.width.max()), crops.width[:, None] - 1)
        column = np.where(crops.flip[:, None], crops.width[:, None] - 1 - column, column)
        row, column = (torch.from_numpy(index).to(self.device) for index in (first[:, None] + row, column))
        return self.resident[row[:, :, None] + column[:, None, :]]

    def uncropped(self, cells: np.ndarray, channel: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """Whole images like `gather`, and their heights and widths."""
        heights, widths = (sides[cells].astype(np.int64) for sides in (self.heights, self.widths))
        zero = np.zeros_like(heights)
        crops = Crops(zero, zero, heights, widths, heights, widths, zero, zero, zero.astype(bool))
        sides = (torch.from_numpy(values).to(self.device) for values in (heights, widths))
        return self.gather(cells, crops, channel), *sides


def axis_weights(length: Tensor, resized: Tensor, skip: Tensor, size: int, padded: int) -> Tensor:
    """The weights above for i = skip, ..., skip + size - 1; shape (axes, size, padded), zero for j >= length.

    length (L), resized (R), skip: whole numbers, shape (axes,); padded: source pixels of the longest axis.
    """
    length, resized, skip = (values.to(torch.float32)[:, None, None] for values in (length, resized, skip))
    i = torch.arange(size, dtype=torch.float32, device=length.device)[None, :, None] + skip
    j = torch.arange(padded, dtype=torch.float32, device=length.device)[None, None, :]
    distance = ((2 * j + 1) * resized - (2 * i + 1) * length).abs()
    weights = (1 - distance / (2 * torch.maximum(length, resized))).clamp(min=0) * (j < length)
    return weights / weights.sum(dim=2, keepdim=True)


class WeightBank:
    """Weights that were needed before, kept by (length, resized, skip): cells share a few dozen of them.

    size: output pixels; padded: source pixels of the longest side in the data set; transposed: give (padded, size).
    The bank is emptied when it would take more than `limit` bytes.
    """

    def __init__(
        self, size: int, padded: int, device: torch.device, transposed: bool = False, limit: int = 256 << 20
    ) -> None:
        self.size, self.padded, self.device, self.transposed = size, padded, device, transposed
        self.most = max(1, limit // (4 * size * padded))
        self.lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self.slots: dict[tuple[int, int, int], int] = {}
        shape = (self.padded, self.size) if self.transposed else (self.size, self.padded)
        self.weights = torch.empty(0, *shape, device=self.device)

    def __call__(self, length, resized, skip) -> Tensor:
        """Weights of each axis, shape (axes, size, longest length here), or transposed; safe to call from threads."""
        keys = list(zip(length.tolist(), resized.tolist(), skip.tolist(), strict=True))
        with self.lock:
            new = [key for key in dict.fromkeys(keys) if key not in self.slots]
            if new and len(self.slots) + len(new) > self.most:
                self._forget()
                new = list(dict.fromkeys(keys))
            if new:
                added = axis_weights(*torch.tensor(new, device=self.device).T, self.size, self.padded)
                self.slots |= {key: k for k, key in enumerate(new, start=len(self.slots))}
                self.weights = torch.cat([self.weights, added.mT if self.transposed else added])
            weights, slots = self.weights, [self.slots[key] for key in keys]
        longest = int(length.max())
        kept = weights[:, :longest] if self.transposed else weights[:, :, :longest]
        return kept[torch.tensor(slots, device=self.device)]


class Buffers:
    """Memory for batches, used again once nobody holds a tensor in it: fresh memory costs about as much as filling
    it, for the system hands it over page by page.

    At most `kept` pieces are remembered; whoever keeps more batches than that gets fresh memory for each.
    Only for the CPU; on a GPU torch keeps freed memory itself.
    """

    def __init__(self, kept: int = 4) -> None:
        self.kept = kept
        self.arrays: list[np.ndarray] = []
        self.lock = threading.Lock()

    def take(self, *shape: int) -> Tensor:
        """An uninitialised float32 tensor; it and whatever shares its memory keep the memory from being used again."""
        size = int(np.prod(shape))
        with self.lock:
            for k in range(len(self.arrays)):
                if _holders(self.arrays, k) <= _UNUSED and self.arrays[k].size >= size:
                    return torch.from_numpy(self.arrays[k])[:size].view(shape)
            fresh = np.empty(size, dtype=np.float32)
            self.arrays = [array for array in self.arrays if array.size >= size][1 - self.kept :] + [fresh]
            return torch.from_numpy(fresh).view(shape)


def _holders(arrays: list[np.ndarray], k: int) -> int:
    """How many hold arrays[k]: the list, this call, and the storage of every tensor that was made of it."""
    return sys.getrefcount(arrays[k])


#: What `_holders` says of an array that only its list holds; found out, since versions of Python may differ.
_UNUSED = _holders([np.empty(0, dtype=np.float32)], 0)


#: On a CPU, cells are worked on in groups of about this many output pixels, 8 cells at least: few enough for what lies
#: between two steps to stay in the processor's cache, many enough for the cost of a call not to count.
TOGETHER = 2**17
#: Crops are padded to the largest of their group; no group has more source pixels than this, a single crop excepted.
LARGEST = 2**24


class BatchTransform:
    """Algorithm 1 for any cells of packed images: `transform(cells, crops)` gives (cells, in_channels, size, size).

    window: grey levels (black, white) that become 0 and 1; intensity: see `cgrecnet.data.intensity`, per channel.
    in_channels: of the network, for grey images. Images of several channels keep theirs, whatever it says: each goes
        its own way, three with ImageNet's statistics of red, green and blue, others with their averages.
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
        check_size(size)
        self.grey = images.channels == 1
        self.window, self.size = check_window(window), size
        self.in_channels = check_channels(in_channels) if self.grey else images.channels
        self.intensity = check_intensity(intensity)
        self.device = _usable(device)
        self.pixels = FlatPixels(images, self.device, resident)
        self.mean, self.std = channel_statistics(self.in_channels)
        self.lines = [  # slope and shift that make each further channel of the first
            (float(self.std[0] / std), torch.tensor((self.mean[0] - mean) / std, dtype=torch.float32).to(self.device))
            for mean, std in zip(self.mean[1:], self.std[1:], strict=True)
            if self.grey
        ]
        self.rows = WeightBank(size, int(images.heights.max()), self.device)
        self.columns = WeightBank(size, int(images.widths.max()), self.device, transposed=True)
        self.buffers = Buffers()

    def __call__(self, cells, crops: Crops) -> Tensor:
        cells = np.asarray(cells, dtype=np.int64)
        shape = len(cells), self.in_channels, self.size, self.size
        out = self.buffers.take(*shape) if self.device.type == "cpu" else torch.empty(shape, device=self.device)
        step = self._together(crops) if len(cells) else 1
        for first in range(0, len(cells), step):
            part = slice(first, first + step)
            if self.grey:
                self._channels(self._resampled(cells[part], crops[part]), out[part])
                continue
            for channel in range(self.in_channels):
                out[part, channel] = self._resampled(cells[part], crops[part], channel)
        return out

    def _together(self, crops: Crops) -> int:
        """How many cells to work on at once; one huge image among small ones must not swell them all."""
        usual = max(8, TOGETHER // self.size**2) if self.device.type == "cpu" else len(crops)
        return max(1, min(usual, LARGEST // int(crops.height.max() * crops.width.max())))

    def _resampled(self, cells: np.ndarray, crops: Crops, channel: int = 0) -> Tensor:
        """One channel of the cells, normalised: (cells, size, size)."""
        grey = self._unit(self.pixels.gather(cells, crops, channel))
        if self.intensity != "none":
            full, heights, widths = self.pixels.uncropped(cells, channel)
            grey = apply_line(grey, *intensity_line(self._unit(full), heights, widths, self.intensity))
        grey = grey.sub_(self.mean[channel]).div_(self.std[channel])
        rows = self.rows(crops.height, crops.resized_height, crops.skip_rows)
        columns = self.columns(crops.width, crops.resized_width, crops.skip_columns)
        return rows @ (grey @ columns)

    def _unit(self, grey: Tensor) -> Tensor:
        black, white = self.window
        return grey.sub_(black).div_(white - black).clamp_(0.0, 1.0)

    def _channels(self, first: Tensor, out: Tensor) -> None:
        """Write all channels, each a straight line in the first."""
        out[:, 0] = first
        for channel, (slope, shift) in enumerate(self.lines, start=1):
            torch.add(shift, first, alpha=slope, out=out[:, channel])


def _usable(device: torch.device | str) -> torch.device:
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError):  # no such device, or torch was built without it
        raise ConfigError(f"There is no device {str(device)!r} here that torch can use: try 'cpu'.") from None
