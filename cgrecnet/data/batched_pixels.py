"""Pixels of many crops at once, out of one flat array, on the CPU or on a GPU."""

import sys
import threading
import warnings

import numpy as np
import torch
from torch import Tensor

from cgrecnet.data.batched_crops import Crops
from cgrecnet.data.packed import PackedImages


class FlatPixels:
    """The pixels of packed images as a tensor, from which boxes are gathered.

    device: where the gathered boxes go. With `resident` all pixels are kept there; without, they stay where they are
    (in memory, or in a file that is mapped) and each batch is sent over, in the camera's 8 or 16 bits.
    """

    def __init__(self, images: PackedImages, device: torch.device, resident: bool = False) -> None:
        pixels = images.pixels
        self.wide = pixels.dtype == np.uint16
        if self.wide:  # few operations know 16 bits without a sign
            pixels = pixels.view(np.int16)
        with warnings.catch_warnings():  # a map of a file may be read-only; nothing here writes to it
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            self.pixels = torch.from_numpy(np.asarray(pixels))
        if resident:
            self.pixels = self.pixels.to(device)
        self.device = device
        self.offsets, self.heights, self.widths = images.offsets, images.heights, images.widths

    def gather(self, cells: np.ndarray, crops: Crops) -> Tensor:
        """The boxes, flipped where asked, as float32 grey levels; shape (cells, highest box, widest box).

        Beyond its own box, an image repeats the box's last row and column.
        """
        row = np.minimum(np.arange(crops.height.max()), crops.height[:, None] - 1) + crops.top[:, None]
        column = np.minimum(np.arange(crops.width.max()), crops.width[:, None] - 1)
        column = np.where(crops.flip[:, None], crops.width[:, None] - 1 - column, column) + crops.left[:, None]
        first = self.offsets[cells][:, None] + row * self.widths[cells][:, None].astype(np.int64)
        first, column = (torch.from_numpy(index).to(self.pixels.device) for index in (first, column))
        grey = self.pixels[first[:, :, None] + column[:, None, :]].to(self.device, non_blocking=True)
        return (grey.to(torch.int32) & 0xFFFF).to(torch.float32) if self.wide else grey.to(torch.float32)

    def whole(self, cells: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """Whole images like `gather`, and their heights and widths."""
        heights, widths = (sides[cells].astype(np.int64) for sides in (self.heights, self.widths))
        zero = np.zeros_like(heights)
        crops = Crops(zero, zero, heights, widths, heights, widths, zero, zero, zero.astype(bool))
        sides = (torch.from_numpy(values).to(self.device) for values in (heights, widths))
        return self.gather(cells, crops), *sides


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
                if sys.getrefcount(self.arrays[k]) <= _UNUSED and self.arrays[k].size >= size:
                    return torch.from_numpy(self.arrays[k])[:size].view(shape)
            fresh = np.empty(size, dtype=np.float32)
            self.arrays = [array for array in self.arrays if array.size >= size][1 - self.kept :] + [fresh]
            return torch.from_numpy(fresh).view(shape)


#: References to an array that nobody uses: one from the list, one from the call that counts.
_UNUSED = 2
