"""Where the cell is in a real picture that comes without a mask: a threshold on the distance from the background."""

import numpy as np
from scipy import ndimage

from cgrecnet.errors import DataError


def otsu(values: np.ndarray, bins: int = 256) -> float:
    """The threshold that makes the two sides' variance within smallest (Otsu 1979, doi:10.1109/TSMC.1979.4310076)."""
    counts, edges = np.histogram(values, bins=bins)
    middles = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    mean_below = np.cumsum(counts * middles) / np.maximum(below, 1)
    mean_above = ((counts * middles).sum() - np.cumsum(counts * middles)) / np.maximum(above, 1)
    return float(edges[1:][np.argmax(below * above * (mean_below - mean_above) ** 2)])


def segment_cell(image: np.ndarray, rim: int = 2, smooth: float = 1.0) -> np.ndarray:
    """Boolean mask of the cell in a grey-level picture (H, W): |image - background| smoothed, Otsu, largest piece.

    The background is the median of the outermost `rim` pixels; holes are filled, since the middle of a cell can be as
    bright as the background. It finds one piece, the largest: a second cell or debris that touches it is counted in,
    and a faint edge is left out. Raises DataError for a flat picture.
    """
    if image.ndim != 2 or np.ptp(image) == 0:
        raise DataError(f"No cell can be found in a picture of shape {image.shape} whose pixels are all alike.")
    inside = np.zeros(image.shape, bool)
    inside[rim:-rim, rim:-rim] = True
    away = np.abs(image.astype(float) - np.median(image[~inside]))
    away = ndimage.gaussian_filter(away, smooth)
    pieces, count = ndimage.label(ndimage.binary_fill_holes(away > otsu(away)))
    sizes = ndimage.sum_labels(np.ones_like(pieces), pieces, range(1, count + 1))
    return ndimage.binary_fill_holes(pieces == 1 + int(np.argmax(sizes)))
