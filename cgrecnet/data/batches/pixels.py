"""Pixels of many crops at once, out of one flat array, on the CPU or on a GPU."""

import sys
import threading

import numpy as np
import torch
from torch import Tensor

from cgrecnet.data.batches.crops import Crops
from cgrecnet.data.packed import PackedImages


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

    def whole(self, cells: np.ndarray, channel: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """Whole images like `gather`, and their heights and widths."""
        heights, widths = (sides[cells].astype(np.int64) for sides in (self.heights, self.widths))
        zero = np.zeros_like(heights)
        crops = Crops(zero, zero, heights, widths, heights, widths, zero, zero, zero.astype(bool))
        sides = (torch.from_numpy(values).to(self.device) for values in (heights, widths))
        return self.gather(cells, crops, channel), *sides


class Buffers:
    """Memory for batches, used again once nobody holds a tensor in it: fresh memory costs more than filling it.

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
