"""What a picture of a cell measures: size, contrast, background, noise and detail, the same for every data set.

These numbers describe the *picture*, halo and rings included, not the cell behind it.
Grey levels are given as a share of the data set's window (0 black, 1 white), lengths in pixels: the pixel of two
instruments need not be the same length, and for published crops it is often not known.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import fft, ndimage

from cgrecnet.data.base import CellDataset

#: Width of the border in which the background is measured, pixels.
BORDER = 2
#: A pixel belongs to the cell where it deviates from the background by this many times the noise.
THRESHOLD = 3.0
#: Bounds of the rings over which power is averaged, cycles per pixel: four to the octave, up to the finest detail.
RINGS = np.geomspace(1 / 16, 1 / 2, 13)
#: Middle frequency of each ring, cycles per pixel.
FREQUENCIES = np.sqrt(RINGS[1:] * RINGS[:-1])
_SLOPE = FREQUENCIES < 1 / 4  # rings to which the slope is fitted: finer ones hold mostly noise
_SQUARE = 3
_STEP = 12**-0.5  # SD that rounding to whole grey levels alone gives: no noise is taken to be smaller


@dataclass(frozen=True)
class Trait:
    """What a measured number is: its label on an axis, its unit, and whether the axis is logarithmic."""

    label: str
    unit: str
    log: bool = False

    def __str__(self) -> str:
        return f"{self.label} ({self.unit})" if self.unit else self.label


#: Every trait that `traits` measures, in its order.
TRAITS = {
    "height": Trait("height of the crop", "pixels"),
    "diameter": Trait("diameter", "pixels"),
    "aspect": Trait("short over long axis", ""),
    "background": Trait("background", "share of white"),
    "noise": Trait("background noise", "share of white", log=True),
    "contrast": Trait("contrast", "share of white", log=True),
    "signal_to_noise": Trait("contrast over noise", "", log=True),
    "slope": Trait("slope of the spectrum", ""),
}


def traits(image: np.ndarray, window: tuple[float, float]) -> dict[str, float]:
    """The `TRAITS` of one picture; where nothing deviates, diameter and contrast are 0 and aspect is nan.

    image: grey levels, shape (H, W), H and W at least 16; window: grey levels (black, white) that map to 0 and 1.
    contrast: root mean square deviation from the background inside the deviating area.
    Raises ValueError for a picture that is too small.
    """
    if image.ndim != 2 or min(image.shape) < 16:
        raise ValueError(f"A picture needs at least 16 x 16 pixels, not {' x '.join(map(str, image.shape))}.")
    image = image.astype(np.float64)
    level, noise = background(image)
    area = deviating_area(image)
    span = window[1] - window[0]
    contrast = float(np.sqrt(np.mean((image[area] - level) ** 2))) if area.any() else 0.0
    return {
        "height": float(image.shape[0]),
        "diameter": float(2 * np.sqrt(area.sum() / np.pi)),
        "aspect": aspect(area),
        "background": (level - window[0]) / span,
        "noise": noise / span,
        "contrast": contrast / span,
        "signal_to_noise": contrast / max(noise, _STEP),
        "slope": spectral_slope(image),
    }


def measure(dataset: CellDataset, indices: Iterable[int] | None = None) -> pd.DataFrame:
    """One row of `TRAITS` per cell, for all cells or those named, with the class in `class_name`."""
    chosen = list(range(len(dataset)) if indices is None else indices)
    rows = pd.DataFrame([traits(dataset.images[i], dataset.window) for i in chosen], columns=list(TRAITS))
    rows.insert(0, "class_name", dataset.table["class_name"].to_numpy()[chosen])
    return rows


def spectra(dataset: CellDataset, indices: Iterable[int] | None = None) -> np.ndarray:
    """`spectrum` of each cell, for all cells or those named; shape (cells, len(FREQUENCIES))."""
    return np.array([spectrum(dataset.images[i]) for i in (range(len(dataset)) if indices is None else indices)])


def background(image: np.ndarray) -> tuple[float, float]:
    """(level, noise) of the border, in grey levels: median of all its pixels, median of its four sides' SD.

    A particle that touches one side changes neither much.
    """
    sides = [image[:BORDER], image[-BORDER:], image[:, :BORDER], image[:, -BORDER:]]
    level = np.median(np.concatenate([side.ravel() for side in sides]))
    return float(level), float(np.median([side.std() for side in sides]))


def deviating_area(image: np.ndarray) -> np.ndarray:
    """Mask of the largest connected region that deviates from the background, holes filled; shape (H, W).

    d = sqrt(mean of (I - b)^2 over 3 x 3 pixels) > 3 s; b and s are the background's level and noise.
    Squares are averaged because a cell is darker as well as brighter than its surroundings.
    The square of 3 x 3 reaches one pixel beyond what deviates, whatever its strength: that pixel is taken off again.
    """
    image = image.astype(np.float64)
    level, noise = background(image)
    squares = ndimage.uniform_filter((image - level) ** 2, _SQUARE, mode="nearest")
    region = ndimage.binary_fill_holes(squares > (THRESHOLD * max(noise, _STEP)) ** 2)
    region = ndimage.binary_erosion(region, np.ones((_SQUARE, _SQUARE)), border_value=1)
    parts, count = ndimage.label(region)
    if count == 0:
        return region
    return parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])


def aspect(mask: np.ndarray) -> float:
    """Short over long axis of the ellipse with the mask's second moments; nan for an empty mask."""
    if not mask.any():
        return float("nan")
    places = np.argwhere(mask)
    # A pixel is a square, not a point: 1/12 is its own second moment, so that a line is not infinitely thin.
    moments = np.cov(places.T, bias=True) + np.eye(2) / 12
    short, long = np.linalg.eigvalsh(moments)
    return float(np.sqrt(short / long))


def spectrum(image: np.ndarray) -> np.ndarray:
    """Mean power of a picture at each of `FREQUENCIES`, 1 where there is noise alone; nan for an empty ring.

    Under a Hann window w, white noise of standard deviation s has the power s^2 sum w^2: that is the unit.
    """
    image = image.astype(np.float64)
    taper = np.outer(*(np.hanning(size) for size in image.shape))
    mean = (image * taper).sum() / taper.sum()
    power = np.abs(fft.fft2((image - mean) * taper)) ** 2
    frequency = np.hypot(fft.fftfreq(image.shape[0])[:, None], fft.fftfreq(image.shape[1])[None, :])
    ring = np.digitize(frequency.ravel(), RINGS)  # 0: too coarse; len(RINGS): finer than a pixel's diagonal can hold
    count = np.bincount(ring, minlength=len(RINGS) + 1)[1:-1]
    total = np.bincount(ring, power.ravel(), len(RINGS) + 1)[1:-1]
    unit = max(background(image)[1], _STEP) ** 2 * (taper**2).sum()
    return np.where(count > 0, total / np.maximum(count, 1), np.nan) / unit


def spectral_slope(image: np.ndarray) -> float:
    """Slope of log(power) over log(frequency) below 1/4 cycle per pixel; the more negative, the less fine detail."""
    power = spectrum(image)[_SLOPE]
    there = np.isfinite(power)
    if not (power[there] > 0).all():  # a flat picture
        return 0.0
    return float(np.polyfit(np.log(FREQUENCIES[_SLOPE][there]), np.log(power[there]), 1)[0])
