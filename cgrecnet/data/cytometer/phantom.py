"""Simulated cells: what they are made of, and the optical path and absorption that follow.

Three kinds in the paper's order: astrocyte, oligodendrocyte, neuron.
Their traits (`parameters.yaml`) are plausible for cells that were detached and float in a stream (rounded, with
short processes).
They are **not** measured on the paper's cells, and they overlap on purpose: no trait alone tells the kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cgrecnet.data.cytometer.parameters import parameters

KINDS = ("astrocyte", "oligodendrocyte", "neuron")

#: Parts of a picture and their bit in the maps of `parts` and `Scene.parts`.
PARTS = {"cell": 1, "nucleus": 2, "processes": 4, "debris": 8, "neighbour": 16}

GRANULES = 24  # at most, per cell
NUCLEOLI = 4  # at most, per cell
PROCESSES = 3  # at most, per cell
FRAGMENTS = 3  # at most, per picture
#: Rows of random numbers that one cell's shape takes: two bumps, granules, nucleoli, processes.
SCATTER = 2 + GRANULES + NUCLEOLI + PROCESSES
_BEADS = 10  # a process is a row of this many blobs
_THERE = 0.025  # um of optical path above which a process counts as part of the cell

#: What differs between the kinds on average: name -> Trait.
TRAITS = parameters().traits
#: Random numbers of one cell, by name and in order: standard normal, and uniform in [0, 1).
NORMAL = (*TRAITS, "nucleus_index", "x", "y")
UNIFORM = ("angle", "nucleus_turn", "nucleus_offset", "nucleus_bearing", "nucleus_stretch", "nucleoli")

Causes = dict[str, np.ndarray]


@dataclass(frozen=True)
class Phantom:
    """What one batch of cells does to light, and the parts of each, on the fine grid; (cells, grid, grid).

    soma and nucleus: thickness in um; processes: optical path in um.
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
    """Optical path, absorption and parts of a batch of cells.

    scatter: uniform numbers for bumps, granules, nucleoli and processes, (cells, SCATTER, 4).
    axis_um: coordinates of the grid, (grid,).
    """
    cell = parameters().cell
    bumps, dots, arms = np.split(scatter, (2, 2 + GRANULES + NUCLEOLI), axis=1)
    columns, rows = (_reach(causes[name], causes, axis_um) for name in ("x_um", "y_um"))
    across, down = axis_um[columns], axis_um[rows]
    x = across[None, None, :] - _column(causes["x_um"])
    y = down[None, :, None] - _column(causes["y_um"])
    soma = 2 * _column(causes["radius_um"]) * _soma(x, y, causes, bumps)
    nucleus = np.minimum(_nucleus(x, y, causes), soma)
    granules = _granules(causes, dots[:, :GRANULES], across, down) * (soma > 0)
    nucleoli = _nucleoli(causes, dots[:, GRANULES:], across, down) * (nucleus > 0)
    absorption = soma * _column(causes["absorption_per_um"]) + cell.granule_absorption * granules
    absorption += nucleus * _column(causes["absorption_per_um"] * cell.nucleus_absorption)
    path = soma * _column(causes["density"]) + nucleus * _column(causes["nucleus_index"]) + granules + nucleoli

    processes = _processes(causes, arms, axis_um)
    layers = [np.zeros_like(processes) for _ in range(4)]
    for target, part in zip(layers, (path, absorption, soma, nucleus), strict=True):
        target[:, rows, columns] = part
    return Phantom(layers[0] + processes, *layers[1:], processes)


def _reach(centre: np.ndarray, causes: Causes, axis_um: np.ndarray) -> slice:
    """The part of the axis that the somas of a batch can touch: computing the rest would be idle."""
    reach = 1.7 * causes["radius_um"]
    return slice(*np.searchsorted(axis_um, ((centre - reach).min(), (centre + reach).max())))


def parts(phantom: Phantom) -> np.ndarray:
    """Where cell, nucleus and processes are: bits of `PARTS`, uint8, (cells, grid, grid)."""
    processes = phantom.processes > _THERE
    where = {"cell": (phantom.soma > 0) | processes, "nucleus": phantom.nucleus > 0, "processes": processes}
    return sum(mask * np.uint8(PARTS[name]) for name, mask in where.items())


def particle(radius_um, x_um, y_um, stretch, angle, axis_um: np.ndarray) -> np.ndarray:
    """Thickness (um) of an ellipsoidal particle; the first five have shape (cells,), the result (cells, grid, grid)."""
    x = axis_um[None, None, :] - _column(x_um)
    y = axis_um[None, :, None] - _column(y_um)
    return 2 * _column(radius_um) * _dome(_in_ellipse(x, y, radius_um, stretch, angle))


def _in_ellipse(x: np.ndarray, y: np.ndarray, radius_um, stretch, angle) -> np.ndarray:
    """Squared distance of points from the middle of an ellipse, 1 at its edge; x, y: from that middle."""
    cosine, sine = _column(np.cos(angle)), _column(np.sin(angle))
    along = (x * cosine + y * sine) / _column(radius_um * stretch)
    across = (y * cosine - x * sine) / _column(radius_um / stretch)
    return along**2 + across**2


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
    distance = np.sqrt(x**2 + y**2) + 1e-6
    cosine, sine = x / distance, y / distance
    double = cosine**2 - sine**2, 2 * cosine * sine
    triple = double[0] * cosine - double[1] * sine, double[1] * cosine + double[0] * sine
    fourfold = double[0] ** 2 - double[1] ** 2, 2 * double[0] * double[1]
    wave = 1
    for i, (c, s) in enumerate((triple, fourfold)):
        weight = causes["irregularity"] * (0.5 + bumps[:, i, 1])
        turn = 2 * np.pi * bumps[:, i, 0]
        wave = wave + c * _column(weight * np.cos(turn)) - s * _column(weight * np.sin(turn))
    squared = _in_ellipse(x, y, causes["radius_um"], np.sqrt(causes["elongation"]), causes["angle"])
    return _dome(squared / wave**2)


def _nucleus(x: np.ndarray, y: np.ndarray, causes: Causes) -> np.ndarray:
    """Thickness (um) of the nucleus: an ellipsoid with a place and axes of its own."""
    radius = causes["radius_um"] * causes["nucleus_ratio"]
    stretch = np.sqrt(causes["nucleus_elongation"])
    x, y = x - _column(causes["nucleus_x_um"]), y - _column(causes["nucleus_y_um"])
    return 2 * _column(radius) * _dome(_in_ellipse(x, y, radius, stretch, causes["nucleus_angle"]))


def _blobs(x_um, y_um, width_um, height_um, across_um, down_um) -> np.ndarray:
    """Sum of Gaussian blobs; the first four have shape (cells, blobs), the result (cells, down, across)."""
    across = np.exp(-0.5 * ((across_um - x_um[..., None]) / width_um[..., None]) ** 2)
    down = np.exp(-0.5 * ((down_um - y_um[..., None]) / width_um[..., None]) ** 2)
    return np.matmul((down * height_um[..., None]).transpose(0, 2, 1), across)


def _granules(causes: Causes, scatter: np.ndarray, across_um: np.ndarray, down_um: np.ndarray) -> np.ndarray:
    """Optical path (um) of the granules, spread over the inner 85 % of the soma."""
    cell = parameters().cell
    reach = 0.85 * causes["radius_um"][:, None] * np.sqrt(scatter[:, :, 0])
    bearing = 2 * np.pi * scatter[:, :, 1]
    there = np.arange(GRANULES) < causes["granules"][:, None]
    wider = cell.granule_width_high_um - cell.granule_width_low_um
    return _blobs(
        causes["x_um"][:, None] + reach * np.cos(bearing),
        causes["y_um"][:, None] + reach * np.sin(bearing),
        cell.granule_width_low_um + wider * scatter[:, :, 2],
        there * causes["granule_path_um"][:, None] * (0.5 + scatter[:, :, 3]),
        across_um,
        down_um,
    )


def _nucleoli(causes: Causes, scatter: np.ndarray, across_um: np.ndarray, down_um: np.ndarray) -> np.ndarray:
    """Optical path (um) of the nucleoli, dense spots inside the nucleus."""
    reach = 0.6 * (causes["radius_um"] * causes["nucleus_ratio"])[:, None] * np.sqrt(scatter[:, :, 0])
    bearing = 2 * np.pi * scatter[:, :, 1]
    there = np.arange(NUCLEOLI) < causes["nucleoli"][:, None]
    return _blobs(
        (causes["x_um"] + causes["nucleus_x_um"])[:, None] + reach * np.cos(bearing),
        (causes["y_um"] + causes["nucleus_y_um"])[:, None] + reach * np.sin(bearing),
        0.3 + 0.3 * scatter[:, :, 2],
        there * parameters().cell.nucleolus_path_um * (0.5 + scatter[:, :, 3]),
        across_um,
        down_um,
    )


def _processes(causes: Causes, scatter: np.ndarray, axis_um: np.ndarray) -> np.ndarray:
    """Optical path (um) of the short processes: rows of blobs that bend and taper off from the edge of the soma."""
    cell, cells = parameters().cell, len(scatter)
    along = np.linspace(0.0, 1.0, _BEADS)
    there = np.arange(PROCESSES) < causes["processes"][:, None]
    bend = 0.8 * (scatter[:, :, 1, None] - 0.5) * along
    bearing = 2 * np.pi * scatter[:, :, 0, None] + bend
    length = causes["process_um"][:, None, None] * (0.6 + 0.8 * scatter[:, :, 2, None])
    reach = 0.85 * causes["radius_um"][:, None, None] + length * along
    height = there[:, :, None] * cell.process_path_um * (1 - 0.7 * along)
    width = np.broadcast_to(cell.process_width_um * (1 - 0.45 * along), reach.shape)
    return _blobs(
        (causes["x_um"][:, None, None] + reach * np.cos(bearing)).reshape(cells, -1),
        (causes["y_um"][:, None, None] + reach * np.sin(bearing)).reshape(cells, -1),
        width.reshape(cells, -1),
        height.reshape(cells, -1),
        axis_um,
        axis_um,
    )
