"""One model cell seen through a microscope: what it does to light, and the frames of the sliders over its optics.

The model cell is simple on purpose: a ball with a nucleus and a few granules, all of one size.
The cells of the data set `cytometer` are richer, see `cgrecnet.data.cytometer.phantom`.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.figures.style import PALETTE, letter

RADIUS_UM = 5.0
INDEX = 0.026  # of the cell above the medium
NUCLEUS = (2.6, 1.2, -0.6, -0.004)  # radius, x, y (um), index above the cell's
GRANULES = ((-2.6, 0.0), (-1.7, 0.0), (-1.0, 2.6), (0.4, -3.0), (2.9, 1.9))  # x, y (um)
GRANULE_UM, GRANULE_PATH_UM = 0.22, 0.06  # standard deviation, optical path in the middle
ABSORPTION_PER_UM = 0.02


def ball(axis_um: np.ndarray, radius_um: float, x_um: float = 0.0, y_um: float = 0.0) -> np.ndarray:
    """Thickness (um) of a ball along the light, 2 sqrt(R^2 - r^2), 0 outside; shape (grid, grid)."""
    squared = (axis_um[None, :] - x_um) ** 2 + (axis_um[:, None] - y_um) ** 2
    return 2 * np.sqrt(np.maximum(radius_um**2 - squared, 0))


def model_cell(axis_um: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(optical path L in um, absorption a) of the model cell, each of shape (grid, grid)."""
    radius, x_um, y_um, index = NUCLEUS
    soma = ball(axis_um, RADIUS_UM)
    path = INDEX * soma + index * ball(axis_um, radius, x_um, y_um)
    for x_um, y_um in GRANULES:
        squared = (axis_um[None, :] - x_um) ** 2 + (axis_um[:, None] - y_um) ** 2
        path += GRANULE_PATH_UM * np.exp(-squared / (2 * GRANULE_UM**2))
    return path, ABSORPTION_PER_UM * soma


def draw_transmission(axis_um: np.ndarray, path_um: np.ndarray, absorption: np.ndarray, wavelength_um: float) -> Figure:
    """A: how far light lags behind the cell, in wavelengths; B: how much of it is swallowed, in per cent."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 3.0))
    extent = (axis_um[0], axis_um[-1], axis_um[-1], axis_um[0])
    shown = left.imshow(path_um / wavelength_um, extent=extent, cmap="viridis", vmin=0)
    figure.colorbar(shown, ax=left, label="optical path $L/\\lambda$ (wavelengths)")
    shown = right.imshow(100 * (1 - np.exp(-absorption)), extent=extent, cmap="viridis", vmin=0, vmax=100)
    figure.colorbar(shown, ax=right, label="light swallowed (%)")
    for axes, text in ((left, "A"), (right, "B")):
        axes.set(xlabel="x (µm)", xlim=(-8, 8), ylim=(8, -8))
        letter(axes, text)
    left.set_ylabel("y (µm)")
    return figure


def draw_view(picture: np.ndarray, pixel_um: float, half_um: float = 9.0) -> Figure:
    """One frame: relative intensity as the camera sees it, and its course along the dotted middle line.

    picture: 1 where there is no cell, shape (pixels, pixels), the cell in the middle.
    All frames have the same scales: grey from 0.4 to 1.6, axis from 0.3 to 1.7.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(4.7, 2.4), width_ratios=(1, 1.1))
    reach = len(picture) * pixel_um / 2
    left.imshow(picture, extent=(-reach, reach, reach, -reach), vmin=0.4, vmax=1.6)
    left.axhline(0, color=PALETTE[1], linewidth=1, linestyle=":")
    left.set(xlim=(-half_um, half_um), ylim=(half_um, -half_um), xlabel="x (µm)", title="camera", yticks=[])
    left.spines[:].set_visible(False)
    middle = _middle_row(picture)
    x_um = (np.arange(len(middle)) - (len(middle) - 1) / 2) * pixel_um
    right.axhline(1, color="0.6", linewidth=1)
    right.plot(x_um, middle, color=PALETTE[0])
    right.set(
        xlim=(-half_um, half_um), ylim=(0.3, 1.7), yticks=(0.5, 1, 1.5), xlabel="x (µm)", title="relative intensity"
    )
    return figure


def describe_view(picture: np.ndarray) -> str:
    """In words and numbers, what a frame of `draw_view` shows."""
    middle = _middle_row(picture)
    inner = slice(len(picture) // 2 - 4, len(picture) // 2 + 4)
    centre = picture[inner, inner].mean()
    return (
        f"The cell's middle has {centre:.2f} times the light of the background; "
        f"along the middle line the light runs from {middle.min():.2f} to {middle.max():.2f}."
    )


def draw_cells(pictures: Sequence[np.ndarray], names: Sequence[str], window: tuple[float, float]) -> Figure:
    """One frame: a few crops in a row, one grey scale, a name above each."""
    figure, row = plt.subplots(1, len(pictures), figsize=(4.7, 1.6))
    for axes, picture, name in zip(np.atleast_1d(row), pictures, names, strict=True):
        axes.imshow(picture, vmin=window[0], vmax=window[1])
        axes.set_title(name, loc="center")
        axes.set_anchor("N")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    return figure


def draw_channels(
    brightfield: Sequence[np.ndarray],
    channels: Mapping[str, Sequence[np.ndarray]],
    names: Sequence[str],
    window: tuple[float, float],
) -> Figure:
    """One row per cell: brightfield, then each marker channel, every channel at one grey scale for all cells."""
    figure, grid = plt.subplots(
        len(names), 1 + len(channels), figsize=(1.5 * (1 + len(channels)), 1.25 * len(names)), squeeze=False
    )
    columns = {"brightfield": (brightfield, window)}
    for name, pictures in channels.items():
        columns[name] = (pictures, (0.0, float(max(picture.max() for picture in pictures))))
    for place, (title, (pictures, limits)) in enumerate(columns.items()):
        grid[0, place].set_title(title, loc="center")
        for axes, picture in zip(grid[:, place], pictures, strict=True):
            axes.imshow(picture, vmin=limits[0], vmax=limits[1])
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
    for axes, name in zip(grid[:, 0], names, strict=True):
        axes.set_ylabel(name)
    return figure


def _middle_row(picture: np.ndarray) -> np.ndarray:
    """Mean of the two rows next to the middle."""
    return picture[len(picture) // 2 - 1 : len(picture) // 2 + 1].mean(axis=0)
