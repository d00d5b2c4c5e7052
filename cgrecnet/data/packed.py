"""Crops of differing size, one after the other in one flat array."""

from collections.abc import Iterable, Sequence

import numpy as np

from cgrecnet.errors import DataError


class PackedImages(Sequence):
    """Crops in one array; indexing gives a read-only view of shape (height, width), without a copy.

    pixels: 1-D, uint8 or uint16, in memory or mapped from a file; crop i begins at offsets[i], row by row.
    offsets: int64, heights and widths: int32, shape (crops,).
    channels: planes of a crop, one after the other; of more than one, the view is (height, width, channels).
    Raises DataError where a crop would lie outside the pixels.
    """

    def __init__(
        self, pixels: np.ndarray, offsets: np.ndarray, heights: np.ndarray, widths: np.ndarray, channels: int = 1
    ) -> None:
        self.pixels, self.channels = pixels, channels
        self.offsets = np.asarray(offsets, dtype=np.int64)
        self.heights = np.asarray(heights, dtype=np.int32)
        self.widths = np.asarray(widths, dtype=np.int32)
        ends = self.offsets + channels * self.heights.astype(np.int64) * self.widths
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
        rows = int(height) * self.channels
        image = self.pixels[start : start + rows * int(width)].reshape(rows, width).view(np.ndarray)
        image = unstacked(image, self.channels)
        image.flags.writeable = False
        return image


def stacked(image: np.ndarray) -> np.ndarray:
    """Planes one below the other: (height, width, channels) -> (channels * height, width); a grey image as it is."""
    return image if image.ndim == 2 else np.moveaxis(image, 2, 0).reshape(-1, image.shape[1])


def unstacked(planes: np.ndarray, channels: int) -> np.ndarray:
    """What `stacked` made of an image, as the image again; a view."""
    return planes if channels == 1 else np.moveaxis(planes.reshape(channels, -1, planes.shape[1]), 0, 2)


def pack(images: Iterable[np.ndarray]) -> PackedImages:
    """Pack crops of one pixel type in memory; raises DataError where there is none, or types or channels are mixed."""
    shapes, planes = [], []
    for image in images:
        shapes.append((*image.shape, 1)[:3])
        planes.append(np.ascontiguousarray(stacked(image)))
    kinds, depths = {crop.dtype for crop in planes}, {shape[2] for shape in shapes}
    if len(kinds) != 1 or len(depths) != 1 or any(crop.ndim != 2 for crop in planes):
        raise DataError(
            f"Only crops of one pixel type and one number of channels can be packed, not {len(planes)} of "
            f"{len(kinds)} types and {len(depths)} numbers of channels."
        )
    sizes = np.array([crop.size for crop in planes], dtype=np.int64)
    heights, widths, _ = np.array(shapes).T
    pixels = np.concatenate([crop.ravel() for crop in planes])
    return PackedImages(pixels, np.cumsum(sizes) - sizes, heights, widths, depths.pop())
