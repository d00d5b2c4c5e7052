"""From the light on the camera to the crop that is handed over: gain, noise, digitisation, cut; and marker channels.

Fluorescence in the instrument's marker channels is a reference, never an input.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from cgrecnet.data.cytometer.optics import Optics
from cgrecnet.data.cytometer.parameters import parameters
from cgrecnet.data.cytometer.scene import BLOCK, PARTS, Scene, draw_numbers, draw_runs, draw_scene
from cgrecnet.errors import ConfigError


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
    heights = np.clip(own + margin, crop.height_low, crop.height_high)
    columns = slice((pixels - crop.width) // 2, (pixels + crop.width) // 2)
    return [(slice((pixels - height) // 2, (pixels - height) // 2 + height), columns) for height in heights]


#: Reference channels: marker -> channel of the instrument.
MARKERS = {name: marker.channel for name, marker in parameters().markers.items()}
WHITE = 4095


def marker_images(simulation, channel: int, cells: Iterable[int]) -> list[np.ndarray]:
    """Images (uint16, 12 bit) of some cells of a `Simulation` in a marker channel, made anew from their seed.

    The marker fills nucleus or cytoplasm; its light is blurred by the objective at its own wavelength and focus,
    mixed with a little of the other markers' light, counted as photons (Poisson) and digitised.
    Raises ConfigError for a channel without marker or a cell that is not there.
    """
    if channel not in MARKERS.values():
        known = ", ".join(f"{number} ({name})" for name, number in MARKERS.items())
        raise ConfigError(f"There is no marker in channel {channel!r}; use {known}.")
    wanted = [int(cell) for cell in cells]
    if wanted and not 0 <= min(wanted) <= max(wanted) < len(simulation.labels):
        raise ConfigError(f"Some of the cells asked for are not among the {len(simulation.labels)} simulated ones.")
    made = {
        first: _block(simulation, range(first, first + BLOCK), channel)
        for first in sorted({cell - cell % BLOCK for cell in wanted})
    }
    return [_cut(made[cell - cell % BLOCK][cell % BLOCK], simulation.images[cell].shape) for cell in wanted]


def _block(simulation, index: range, channel: int) -> np.ndarray:
    options, optics = simulation.options, simulation.optics
    draws = draw_numbers(options.seed, index, optics.pixels)
    scene = draw_scene(draws, options, draw_runs(options.seed, options.runs), optics.axis_um)
    values = parameters().fluorescence
    photons = np.full((len(index), optics.pixels, optics.pixels), values.background)
    for name, marker in parameters().markers.items():
        share = 1.0 if marker.channel == channel else values.crosstalk
        photons += share * _light(scene, optics, name)
    grey = [_count(photons[i], np.random.default_rng([options.seed, cell, channel])) for i, cell in enumerate(index)]
    return np.stack(grey)


def _light(scene: Scene, optics: Optics, name: str) -> np.ndarray:
    """Mean photons per pixel that one marker sends, (cells, pixels, pixels)."""
    marker, cell = parameters().markers[name], scene.cell
    nucleus = cell.nucleus
    arms = cell.processes / parameters().traits["density"].means[0]  # optical path -> about um of thickness
    place = nucleus if marker.place == "nucleus" else cell.soma - nucleus + arms
    bright = scene.causes[f"{name.lower()}_per_um"][:, None, None]
    light = place * bright * (optics.step_um / optics.pixel_um) ** 2
    return np.maximum(optics.emission(light, scene.causes["defocus_um"], marker.emission_um), 0)


def _count(photons: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    values = parameters().fluorescence
    grey = values.gain * rng.poisson(photons) + values.read_noise * rng.standard_normal(photons.shape)
    return np.clip(np.rint(grey), 0, WHITE).astype(np.uint16)


def _cut(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The middle of the picture, like the brightfield crop."""
    top, left = ((side - kept) // 2 for side, kept in zip(image.shape, shape, strict=True))
    return image[top : top + shape[0], left : left + shape[1]].copy()
