"""Masks: those that are known, on the way that the images go, and that of a cell in a picture that comes without one.

The first go through the evaluation's resize and centre crop, with the nearest pixel's value; the last is a threshold on
the distance from the background.
"""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from cgrecnet.data.batches.cells import central_crops
from cgrecnet.errors import DataError


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


def otsu(values: np.ndarray) -> float:
    """The threshold that makes the two sides' variance within smallest (Otsu 1979, doi:10.1109/TSMC.1979.4310076)."""
    counts, edges = np.histogram(values, bins=256)
    middles = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    mean_below = np.cumsum(counts * middles) / np.maximum(below, 1)
    mean_above = ((counts * middles).sum() - np.cumsum(counts * middles)) / np.maximum(above, 1)
    return float(edges[1:][np.argmax(below * above * (mean_below - mean_above) ** 2)])


def segment_cell(image: np.ndarray) -> np.ndarray:
    """Boolean mask of the cell in a grey-level picture (H, W): |image - background| smoothed, Otsu, largest piece.

    The background is the median of a rim two pixels wide; holes are filled, since the middle of a cell can be as
    bright as the background. It finds one piece, the largest: a second cell or debris that touches it is counted in,
    and a faint edge is left out. Raises DataError for a flat picture.
    """
    if image.ndim != 2 or np.ptp(image) == 0:
        raise DataError(f"No cell can be found in a picture of shape {image.shape} whose pixels are all alike.")
    inside = np.zeros(image.shape, bool)
    inside[2:-2, 2:-2] = True
    away = np.abs(image.astype(float) - np.median(image[~inside]))
    away = ndimage.gaussian_filter(away, sigma=1.0)
    pieces, count = ndimage.label(ndimage.binary_fill_holes(away > otsu(away)))
    sizes = ndimage.sum_labels(np.ones_like(pieces), pieces, range(1, count + 1))
    return ndimage.binary_fill_holes(pieces == 1 + int(np.argmax(sizes)))
