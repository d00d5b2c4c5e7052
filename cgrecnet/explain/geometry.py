"""Masks on the way that the images go: the evaluation's resize and centre crop, with the nearest pixel's value."""

from collections.abc import Sequence

import numpy as np

from cgrecnet.data.batches.crops import central_crops


def source_pixels(length: int, resized: int, skip: int, size: int) -> np.ndarray:
    """Which source pixel lies under each of `size` output pixels: floor((i + skip + 1/2) length / resized)."""
    middle = (np.arange(size) + skip + 0.5) * length / resized
    return np.clip(np.floor(middle).astype(int), 0, length - 1)


def crop_masks(masks: Sequence[np.ndarray], size: int) -> np.ndarray:
    """Boolean masks as the network sees their images: short side to size * 256 / 224, centre crop; (B, size, size)."""
    heights, widths = np.array([mask.shape for mask in masks]).T
    crops = central_crops(heights, widths, size)
    out = np.empty((len(masks), size, size), bool)
    for i, mask in enumerate(masks):
        rows = source_pixels(heights[i], crops.resized_height[i], crops.skip_rows[i], size)
        columns = source_pixels(widths[i], crops.resized_width[i], crops.skip_columns[i], size)
        out[i] = np.asarray(mask, dtype=bool)[np.ix_(rows, columns)]
    return out


def border_mask(size: int, rim: float = 1 / 8) -> np.ndarray:
    """The outermost part of an image, `rim` of its side wide, boolean (size, size)."""
    width = max(1, round(size * rim))
    mask = np.ones((size, size), bool)
    mask[width:-width, width:-width] = False
    return mask
