"""Crops of differing size, one after the other in one flat array."""

from collections.abc import Iterable, Sequence

import numpy as np

from cgrecnet.errors import DataError


class PackedImages(Sequence):
    """Grey-level crops in one array; indexing gives a read-only view of shape (height, width), without a copy.

    pixels: 1-D, uint8 or uint16, in memory or mapped from a file; crop i begins at offsets[i], row by row.
    offsets: int64, heights and widths: int32, shape (crops,).
    Raises DataError where a crop would lie outside the pixels.
    """

    def __init__(self, pixels: np.ndarray, offsets: np.ndarray, heights: np.ndarray, widths: np.ndarray) -> None:
        self.pixels = pixels
        self.offsets = np.asarray(offsets, dtype=np.int64)
        self.heights = np.asarray(heights, dtype=np.int32)
        self.widths = np.asarray(widths, dtype=np.int32)
        ends = self.offsets + self.heights.astype(np.int64) * self.widths
        outside = (self.offsets < 0) | (self.heights < 1) | (self.widths < 1) | (ends > len(pixels))
        if outside.any():
            raise DataError(
                f"Crop {int(np.flatnonzero(outside)[0])} does not lie within the {len(pixels):,} packed pixels: "
                "pack the data set anew."
            )

    def __len__(self) -> int:
        return len(self.offsets)

    def __getitem__(self, index: int) -> np.ndarray:
        index = int(index)
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        start, height, width = self.offsets[index], self.heights[index], self.widths[index]
        image = self.pixels[start : start + int(height) * int(width)].reshape(height, width).view(np.ndarray)
        image.flags.writeable = False
        return image


def pack(images: Iterable[np.ndarray]) -> PackedImages:
    """Pack crops of one pixel type in memory; raises DataError where there is none, or types are mixed."""
    crops = [np.ascontiguousarray(image) for image in images]
    kinds = {crop.dtype for crop in crops}
    if len(kinds) != 1 or any(crop.ndim != 2 for crop in crops):
        raise DataError(f"Only 2-D crops of one pixel type can be packed, not {len(crops)} of {len(kinds)} types.")
    sizes = np.array([crop.size for crop in crops], dtype=np.int64)
    heights, widths = np.array([crop.shape for crop in crops]).T
    return PackedImages(np.concatenate([crop.ravel() for crop in crops]), np.cumsum(sizes) - sizes, heights, widths)
