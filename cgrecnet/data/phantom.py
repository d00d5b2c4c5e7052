"""Simulated cells: what they are made of, and the optical path and absorption that follow.

Three kinds in the paper's order: astrocyte, oligodendrocyte, neuron.
Their traits (`cytometer.yaml`) are plausible for cells that were detached and float in a stream (rounded, with
short processes).
They are **not** measured on the paper's cells, and they overlap on purpose: no trait alone tells the kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cgrecnet.data.cytometer_parameters import parameters

KINDS = ("astrocyte", "oligodendrocyte", "neuron")

GRANULES = 24  # at most, per cell
NUCLEOLI = 4  # at most, per cell
PROCESSES = 3  # at most, per cell
FRAGMENTS = 3  # at most, per picture
#: Rows of random numbers that one cell's shape takes: two bumps, granules, nucleoli, processes.
SCATTER = 2 + GRANULES + NUCLEOLI + PROCESSES
_BEADS = 10  # a process is a row of this many blobs
_THERE = 0.025  # um of optical path above which a process counts as part of the cell

#: What differs between the kinds on average: name -> Trait.
TRAITS = dict(parameters().traits.items())
#: Random numbers of one cell, by name and in order: standard normal, and uniform in [0, 1).
NORMAL = (*TRAITS, "nucleus_index", "absorption", "x", "y")
UNIFORM = ("angle", "nucleus_turn", "nucleus_offset", "nucleus_bearing", "nucleus_stretch", "nucleoli")

Causes = dict[str, np.ndarray]


@dataclass(frozen=True)
class Phantom:
    """What one batch of cells does to light, and the parts of each, on the fine grid; (cells, grid, grid).

    soma and nucleus: thickness in um; processes, granules: optical path in um.
    """

    path_um: np.ndarray
    absorption: np.ndarray
    soma: np.ndarray
    nucleus: np.ndarray
    processes: np.ndarray


def draw_causes(kind: np.ndarray, normal: Mapping, uniform: Mapping) -> Causes:
    """Traits and pose of each cell, float64, shape (cells,) each; lengths in um, angles in radians.

    kind: 0, 1, 2, shape (cells,); normal, uniform: random numbers under the names `NORMAL` and `UNIFORM`.
    """
    cell = parameters().cell
    causes = {name: trait.draw(kind, normal[name]) for name, trait in TRAITS.items()}
    causes["granules"] = np.rint(causes["granules"])
    causes["processes"] = np.rint(causes["processes"])
    index = cell.nucleus_index_mean + cell.nucleus_index_spread * np.clip(normal["nucleus_index"], -3, 3)
    causes["nucleus_index"] = index
    absorption = cell.absorption_mean + cell.absorption_spread * normal["absorption"]
    causes["absorption_per_um"] = np.clip(absorption, 0.2 * cell.absorption_mean, 3 * cell.absorption_mean)
    causes["angle"] = np.pi * uniform["angle"]
    causes["nucleus_angle"] = np.pi * uniform["nucleus_turn"]
    causes["nucleus_elongation"] = 1 + (cell.nucleus_elongation - 1) * uniform["nucleus_stretch"]
    room = causes["radius_um"] / np.sqrt(causes["elongation"]) - causes["radius_um"] * causes["nucleus_ratio"]
    offset = cell.nucleus_offset * np.maximum(room, 0) * np.sqrt(uniform["nucleus_offset"])
    causes["nucleus_x_um"] = offset * np.cos(2 * np.pi * uniform["nucleus_bearing"])
    causes["nucleus_y_um"] = offset * np.sin(2 * np.pi * uniform["nucleus_bearing"])
    causes["nucleoli"] = np.floor((cell.nucleoli + 1) * uniform["nucleoli"])
    causes["x_um"] = np.clip(cell.position_spread_um * normal["x"], -2, 2)
    causes["y_um"] = np.clip(cell.position_spread_um * normal["y"], -2, 2)
    return causes


def paint(causes: Causes, scatter: np.ndarray, axis_um: np.ndarray) -> Phantom:
    """Optical path, absorption and parts of a batch of cells, float32.

    scatter: uniform numbers for bumps, granules, nucleoli and processes, (cells, SCATTER, 4).
    axis_um: coordinates of the grid, (grid,).
    """
    cell = parameters().cell
    causes = {name: np.asarray(values, np.float32) for name, values in causes.items()}
    scatter, axis = np.asarray(scatter, np.float32), np.asarray(axis_um, np.float32)
    bumps, dots, arms = np.split(scatter, (2, 2 + GRANULES + NUCLEOLI), axis=1)
    x = axis[None, None, :] - _column(causes["x_um"])
    y = axis[None, :, None] - _column(causes["y_um"])

    soma = 2 * _column(causes["radius_um"]) * _soma(x, y, causes, bumps)
    nucleus = np.minimum(_nucleus(x, y, causes), soma)
    inside = soma > 0
    granules = _granules(causes, dots[:, :GRANULES], axis) * inside
    nucleoli = _nucleoli(causes, dots[:, GRANULES:], axis) * (nucleus > 0)
    processes = _processes(causes, arms, axis)

    path = soma * _column(causes["density"]) + nucleus * _column(causes["nucleus_index"])
    path += granules + nucleoli + processes
    absorption = soma * _column(causes["absorption_per_um"])
    absorption += nucleus * _column(causes["absorption_per_um"] * np.float32(cell.nucleus_absorption))
    absorption += np.float32(cell.granule_absorption) * granules
    return Phantom(path, absorption, soma, nucleus, processes)


def parts(phantom: Phantom) -> dict[str, np.ndarray]:
    """Where soma, nucleus and processes are; boolean, (cells, grid, grid)."""
    return {
        "soma": phantom.soma > 0,
        "nucleus": phantom.nucleus > 0,
        "processes": phantom.processes > _THERE,
    }


def particle(radius_um, x_um, y_um, stretch, angle, axis_um: np.ndarray) -> np.ndarray:
    """Thickness (um) of an ellipsoidal particle; the first five have shape (cells,), the result (cells, grid, grid)."""
    x = axis_um[None, None, :] - _column(x_um)
    y = axis_um[None, :, None] - _column(y_um)
    cosine, sine = _column(np.cos(angle)), _column(np.sin(angle))
    along = (x * cosine + y * sine) / _column(radius_um * stretch)
    across = (y * cosine - x * sine) / _column(radius_um / stretch)
    return (2 * _column(radius_um) * _dome(along**2 + across**2)).astype(np.float32)


def _column(values: np.ndarray) -> np.ndarray:
    return np.asarray(values)[:, None, None]


def _dome(squared: np.ndarray) -> np.ndarray:
    """Profile of a ball over the squared relative distance from its middle: sqrt(1 - r^2), 0 outside."""
    return np.sqrt(np.maximum(1 - squared, 0))


def _soma(x: np.ndarray, y: np.ndarray, causes: Causes, bumps: np.ndarray) -> np.ndarray:
    """Height of the soma relative to its largest: an ellipse whose outline has two gentle bumps.

    The outline's radius is R(t) (1 + c (w_3 cos(3 t + p_3) + w_4 cos(4 t + p_4))); cosines of multiples of the
    bearing t come from powers of (x + i y) / |x + i y|.
    """
    distance = np.sqrt(x**2 + y**2) + np.float32(1e-6)
    cosine, sine = x / distance, y / distance
    double = cosine**2 - sine**2, 2 * cosine * sine
    triple = double[0] * cosine - double[1] * sine, double[1] * cosine + double[0] * sine
    fourfold = double[0] ** 2 - double[1] ** 2, 2 * double[0] * double[1]
    wave = np.float32(1)
    for i, (c, s) in enumerate((triple, fourfold)):
        weight = causes["irregularity"] * (np.float32(0.5) + bumps[:, i, 1])
        turn = np.float32(2 * np.pi) * bumps[:, i, 0]
        wave = wave + c * _column(weight * np.cos(turn)) - s * _column(weight * np.sin(turn))
    stretch = np.sqrt(causes["elongation"])
    turned, side = np.cos(causes["angle"]), np.sin(causes["angle"])
    along = (x * _column(turned) + y * _column(side)) / _column(causes["radius_um"] * stretch)
    across = (y * _column(turned) - x * _column(side)) / _column(causes["radius_um"] / stretch)
    return _dome((along**2 + across**2) / wave**2)


def _nucleus(x: np.ndarray, y: np.ndarray, causes: Causes) -> np.ndarray:
    """Thickness (um) of the nucleus: an ellipsoid with a place and axes of its own."""
    radius = causes["radius_um"] * causes["nucleus_ratio"]
    stretch = np.sqrt(causes["nucleus_elongation"])
    x, y = x - _column(causes["nucleus_x_um"]), y - _column(causes["nucleus_y_um"])
    turned, side = np.cos(causes["nucleus_angle"]), np.sin(causes["nucleus_angle"])
    along = (x * _column(turned) + y * _column(side)) / _column(radius * stretch)
    across = (y * _column(turned) - x * _column(side)) / _column(radius / stretch)
    return 2 * _column(radius) * _dome(along**2 + across**2)


def _blobs(x_um, y_um, width_um, height_um, axis_um) -> np.ndarray:
    """Sum of Gaussian blobs; the first four have shape (cells, blobs), the result (cells, grid, grid)."""
    across = np.exp(np.float32(-0.5) * ((axis_um - x_um[..., None]) / width_um[..., None]) ** 2)
    down = np.exp(np.float32(-0.5) * ((axis_um - y_um[..., None]) / width_um[..., None]) ** 2)
    return np.matmul((down * height_um[..., None]).transpose(0, 2, 1), across)


def _granules(causes: Causes, scatter: np.ndarray, axis_um: np.ndarray) -> np.ndarray:
    """Optical path (um) of the granules, spread over the inner 85 % of the soma."""
    cell = parameters().cell
    reach = np.float32(0.85) * causes["radius_um"][:, None] * np.sqrt(scatter[:, :, 0])
    bearing = np.float32(2 * np.pi) * scatter[:, :, 1]
    there = np.arange(GRANULES) < causes["granules"][:, None]
    wider = np.float32(cell.granule_width_high_um - cell.granule_width_low_um)
    return _blobs(
        causes["x_um"][:, None] + reach * np.cos(bearing),
        causes["y_um"][:, None] + reach * np.sin(bearing),
        np.float32(cell.granule_width_low_um) + wider * scatter[:, :, 2],
        there * causes["granule_path_um"][:, None] * (np.float32(0.5) + scatter[:, :, 3]),
        axis_um,
    )


def _nucleoli(causes: Causes, scatter: np.ndarray, axis_um: np.ndarray) -> np.ndarray:
    """Optical path (um) of the nucleoli, dense spots inside the nucleus."""
    reach = np.float32(0.6) * (causes["radius_um"] * causes["nucleus_ratio"])[:, None] * np.sqrt(scatter[:, :, 0])
    bearing = np.float32(2 * np.pi) * scatter[:, :, 1]
    there = np.arange(NUCLEOLI) < causes["nucleoli"][:, None]
    return _blobs(
        (causes["x_um"] + causes["nucleus_x_um"])[:, None] + reach * np.cos(bearing),
        (causes["y_um"] + causes["nucleus_y_um"])[:, None] + reach * np.sin(bearing),
        np.float32(0.3) + np.float32(0.3) * scatter[:, :, 2],
        there * np.float32(parameters().cell.nucleolus_path_um) * (np.float32(0.5) + scatter[:, :, 3]),
        axis_um,
    )


def _processes(causes: Causes, scatter: np.ndarray, axis_um: np.ndarray) -> np.ndarray:
    """Optical path (um) of the short processes: rows of blobs that bend and taper off from the edge of the soma."""
    cell, cells = parameters().cell, len(scatter)
    along = np.linspace(0.0, 1.0, _BEADS, dtype=np.float32)
    there = np.arange(PROCESSES) < causes["processes"][:, None]
    bend = np.float32(0.8) * (scatter[:, :, 1, None] - np.float32(0.5)) * along
    bearing = np.float32(2 * np.pi) * scatter[:, :, 0, None] + bend
    length = causes["process_um"][:, None, None] * (np.float32(0.6) + np.float32(0.8) * scatter[:, :, 2, None])
    reach = np.float32(0.85) * causes["radius_um"][:, None, None] + length * along
    height = there[:, :, None] * np.float32(cell.process_path_um) * (1 - np.float32(0.7) * along)
    width = np.broadcast_to(np.float32(cell.process_width_um) * (1 - np.float32(0.45) * along), reach.shape)
    return _blobs(
        (causes["x_um"][:, None, None] + reach * np.cos(bearing)).reshape(cells, -1),
        (causes["y_um"][:, None, None] + reach * np.sin(bearing)).reshape(cells, -1),
        width.reshape(cells, -1),
        height.reshape(cells, -1),
        axis_um,
    )
