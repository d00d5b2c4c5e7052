"""From the light on the camera to the crop that is handed over: gain, noise, digitisation, cut."""

from collections.abc import Mapping

import numpy as np

from cgrecnet.data.cytometer.parameters import parameters
from cgrecnet.data.cytometer.scene import PARTS


def expose(
    relative: np.ndarray, causes: Mapping[str, np.ndarray], noise: np.ndarray, amount: float = 1.0, bits: int = 8
) -> np.ndarray:
    """Camera: gain, shot noise, column stripes, read noise, digitisation; (cells, pixels, pixels) uint8 or uint16.

    grey = background + gain (I - 1 + noise), rounded to 8 or 12 bit (256 or 4096 levels over the same range).
    relative: intensity I, 1 where there is no cell; causes: background and gain of each cell's run, (cells,).
    noise: standard normal, (cells, pixels + 1, pixels); the last row makes the stripes.
    Shot and read noise are added as one normal number, which is good at thousands of photons per pixel.
    """
    camera, pixels = parameters().camera, relative.shape[-1]
    gain = causes["gain"][:, None, None]
    shot = np.sqrt(np.maximum(relative, 0) / camera.photons) * gain
    spread = amount * np.hypot(shot, camera.read_noise)
    stripe = amount * camera.stripe_noise / np.sqrt(camera.photons) * gain
    grey = causes["background"][:, None, None] + gain * (relative - 1)
    grey += spread * noise[:, :pixels] + stripe * noise[:, pixels : pixels + 1]
    step, white = 2 ** (bits - 8), 2**bits - 1
    return np.clip(np.rint(grey * step), 0, white).astype(np.uint8 if bits == 8 else np.uint16)


def crop_windows(parts: np.ndarray, uniform: np.ndarray) -> list[tuple[slice, slice]]:
    """The part of each picture that is kept, about its middle; parts: (cells, pixels, pixels).

    Crop height in pixels: that of the cell and a margin of 20 to 32, within 37 to 57.
    """
    crop, pixels = parameters().crop, parts.shape[-1]
    own = ((parts & PARTS["cell"]) > 0).any(axis=2).sum(axis=1)
    margin = np.rint(crop.margin_low + (crop.margin_high - crop.margin_low) * uniform).astype(int)
    left = (pixels - crop.width) // 2
    tops = (pixels - np.clip(own + margin, crop.height_low, crop.height_high)) // 2
    heights = np.clip(own + margin, crop.height_low, crop.height_high)
    return [
        (slice(top, top + height), slice(left, left + crop.width)) for top, height in zip(tops, heights, strict=True)
    ]
