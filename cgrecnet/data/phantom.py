"""Simulated cells: what they are made of, and the optical path and absorption that follow.

Three kinds in the paper's order: astrocyte, oligodendrocyte, neuron.
The traits below are plausible for cells that were detached and float in a stream (rounded, with
short processes).
They are **not** measured on the paper's cells, and they overlap on purpose: no trait alone tells the kind.
"""

from dataclasses import dataclass

import numpy as np

KINDS = ("astrocyte", "oligodendrocyte", "neuron")

GRANULES = 24  # at most, per cell
PROCESSES = 3  # at most, per cell
_BEADS = 10  # a process is a row of this many blobs


@dataclass(frozen=True)
class Trait:
    """A measured quantity: mean per kind (astrocyte, oligodendrocyte, neuron), common spread, and limits."""

    means: tuple[float, float, float]
    spread: float
    low: float
    high: float

    def draw(self, kind: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """One value per cell from standard normal numbers; shape (cells,)."""
        return np.clip(np.asarray(self.means)[kind] + self.spread * normal, self.low, self.high)


#: What differs between the kinds on average. Lengths in um; `density` is the refractive index above
#: the medium.
TRAITS = {
    "radius_um": Trait((4.9, 4.2, 3.8), 0.45, 2.6, 6.4),
    "elongation": Trait((1.12, 1.08, 1.28), 0.10, 1.0, 1.7),
    "irregularity": Trait((0.045, 0.025, 0.030), 0.015, 0.0, 0.09),
    "nucleus_ratio": Trait((0.50, 0.56, 0.68), 0.06, 0.35, 0.82),
    "density": Trait((0.024, 0.031, 0.028), 0.004, 0.012, 0.045),
    "granules": Trait((12.0, 16.0, 6.0), 3.5, 0.0, GRANULES),
    "granule_um": Trait((0.040, 0.060, 0.045), 0.012, 0.01, 0.10),
    "processes": Trait((1.0, 1.6, 1.4), 0.7, 0.0, PROCESSES),
    "process_um": Trait((1.8, 2.2, 3.4), 0.7, 0.8, 5.5),
}


@dataclass(frozen=True)
class Phantom:
    """What one batch of cells does to light, on the fine grid; all of shape (cells, grid, grid)."""

    path_um: np.ndarray
    absorption: np.ndarray
    cell: np.ndarray
    nucleus: np.ndarray


def draw_causes(kind: np.ndarray, normal: np.ndarray, uniform: np.ndarray) -> dict[str, np.ndarray]:
    """Parameters of each cell.

    kind: 0, 1, 2, shape (cells,); normal: (cells, >= 16) standard normal; uniform: (cells, >= 8) in [0, 1).
    """
    causes = {name: trait.draw(kind, normal[:, i]) for i, (name, trait) in enumerate(TRAITS.items())}
    causes["granules"] = np.rint(causes["granules"])
    causes["processes"] = np.rint(causes["processes"])
    causes["nucleus_density"] = np.clip(0.012 + 0.005 * normal[:, 9], 0.0, 0.03)
    causes["absorption_per_um"] = np.clip(0.018 + 0.006 * normal[:, 10], 0.004, 0.04)
    causes["angle"] = np.pi * uniform[:, 0]
    causes["x_um"] = np.clip(0.8 * normal[:, 11], -2, 2)
    causes["y_um"] = np.clip(0.8 * normal[:, 12], -2, 2)
    causes["debris_um"] = 1.0 + 1.6 * uniform[:, 1]
    causes["debris_angle"] = 2 * np.pi * uniform[:, 2]
    return causes


def paint(
    causes: dict[str, np.ndarray], debris: np.ndarray, scatter: np.ndarray, axis_um: np.ndarray
) -> Phantom:
    """Optical path, absorption and masks of a batch of cells.

    debris: whether a particle clings to the cell, (cells,); axis_um: coordinates of the grid, (grid,).
    scatter: uniform numbers for bumps, granules and processes, (cells, 2 + GRANULES + PROCESSES, 4).
    """
    bumps, granules = scatter[:, :2], scatter[:, 2 : 2 + GRANULES]
    x = axis_um[None, None, :] - causes["x_um"][:, None, None]
    y = axis_um[None, :, None] - causes["y_um"][:, None, None]
    distance, bearing = np.hypot(x, y), np.arctan2(y, x)

    radius = _outline(bearing, causes, bumps)
    height = _dome(distance / radius)
    thickness = 2 * causes["radius_um"][:, None, None] * height
    path = thickness * _column(causes["density"])

    nucleus = _dome(distance / (radius * _column(causes["nucleus_ratio"])))
    nucleus_thickness = 2 * _column(causes["radius_um"] * causes["nucleus_ratio"]) * nucleus
    path += nucleus_thickness * _column(causes["nucleus_density"])

    spots = _granules(causes, granules, axis_um)
    arms = _processes(causes, scatter[:, 2 + GRANULES :], axis_um)
    path += spots * (height > 0) + arms

    particle = _particle(causes, debris, x, y)
    path += 0.03 * particle
    absorption = (thickness + particle) * _column(causes["absorption_per_um"]) + 2.0 * spots * (height > 0)
    return Phantom(path, absorption, (height > 0) | (arms > 0.03), nucleus > 0)


def _column(values: np.ndarray) -> np.ndarray:
    return values[:, None, None]


def _dome(relative: np.ndarray) -> np.ndarray:
    """Profile of a ball over the relative distance from its middle: sqrt(1 - r^2), 0 outside."""
    return np.sqrt(np.maximum(1.0 - relative**2, 0.0))


def _outline(bearing: np.ndarray, causes: dict[str, np.ndarray], bumps: np.ndarray) -> np.ndarray:
    """Radius of the soma (um) in each direction: an ellipse with two gentle bumps."""
    stretch = np.sqrt(causes["elongation"])
    turned = bearing - _column(causes["angle"])
    cosine, sine = np.cos(turned), np.sin(turned)
    ellipse = _column(causes["radius_um"]) / np.sqrt(
        (cosine / _column(stretch)) ** 2 + (sine * _column(stretch)) ** 2
    )
    wave = np.zeros_like(bearing)
    for i, order in enumerate((3, 4)):
        wave += (0.5 + _column(bumps[:, i, 1])) * np.cos(order * bearing + 2 * np.pi * _column(bumps[:, i, 0]))
    return ellipse * (1 + _column(causes["irregularity"]) * wave)


def _blobs(x_um, y_um, width_um, height_um, axis_um) -> np.ndarray:
    """Sum of Gaussian blobs; the first four have shape (cells, blobs), the result (cells, grid, grid)."""
    across = np.exp(-0.5 * ((axis_um - x_um[..., None]) / width_um[..., None]) ** 2)
    down = np.exp(-0.5 * ((axis_um - y_um[..., None]) / width_um[..., None]) ** 2)
    return np.matmul((down * height_um[..., None]).transpose(0, 2, 1), across)


def _granules(causes: dict[str, np.ndarray], scatter: np.ndarray, axis_um: np.ndarray) -> np.ndarray:
    """Optical path (um) of the granules, spread over the inner 85 % of the soma."""
    reach = 0.85 * causes["radius_um"][:, None] * np.sqrt(scatter[:, :, 0])
    bearing = 2 * np.pi * scatter[:, :, 1]
    there = np.arange(GRANULES) < causes["granules"][:, None]
    return _blobs(
        causes["x_um"][:, None] + reach * np.cos(bearing),
        causes["y_um"][:, None] + reach * np.sin(bearing),
        0.25 + 0.25 * scatter[:, :, 2],
        there * causes["granule_um"][:, None] * (0.5 + scatter[:, :, 3]),
        axis_um,
    )


def _processes(causes: dict[str, np.ndarray], scatter: np.ndarray, axis_um: np.ndarray) -> np.ndarray:
    """Optical path (um) of the short processes: rows of blobs that taper off from the edge of the soma."""
    along = np.linspace(0.0, 1.0, _BEADS)
    there = np.arange(PROCESSES) < causes["processes"][:, None]
    bearing = 2 * np.pi * scatter[:, :, 0, None] + 0.8 * (scatter[:, :, 1, None] - 0.5) * along
    length = causes["process_um"][:, None, None] * (0.6 + 0.8 * scatter[:, :, 2, None])
    reach = 0.85 * causes["radius_um"][:, None, None] + length * along
    height = there[:, :, None] * 0.05 * (1 - 0.7 * along)
    width = np.broadcast_to(0.55 - 0.25 * along, reach.shape)
    cells = len(reach)
    return _blobs(
        (causes["x_um"][:, None, None] + reach * np.cos(bearing)).reshape(cells, -1),
        (causes["y_um"][:, None, None] + reach * np.sin(bearing)).reshape(cells, -1),
        width.reshape(cells, -1),
        height.reshape(cells, -1),
        axis_um,
    )


def _particle(causes: dict[str, np.ndarray], debris: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Thickness (um) of a round particle that clings to the cell, zero where there is none."""
    size = causes["debris_um"]
    reach = causes["radius_um"] + 0.7 * size
    px, py = reach * np.cos(causes["debris_angle"]), reach * np.sin(causes["debris_angle"])
    relative = np.hypot(x - _column(px), y - _column(py)) / _column(size)
    return 2 * _column(size * debris) * _dome(relative)
