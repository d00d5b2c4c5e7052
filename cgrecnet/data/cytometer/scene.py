"""What stands in each picture of the simulated cytometer: the cell, debris, perhaps a second cell, and the run."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cgrecnet.data.cytometer import phantom
from cgrecnet.data.cytometer.parameters import parameters
from cgrecnet.data.cytometer.phantom import FRAGMENTS, KINDS, PARTS, SCATTER, Causes, Phantom

_RUN_STREAM = 2**32 - 1  # keeps the random numbers of the runs apart from those of the cells
_PICTURE = ("kind", "tied", "run", "height", "debris", "loose", "fragments", "doublet", "gap", "bearing", "neighbour")
_UNIFORM = (*_PICTURE, *phantom.UNIFORM, *(f"neighbour {name}" for name in phantom.UNIFORM))
_NORMAL = ("focus", *parameters().markers, *phantom.NORMAL, *(f"neighbour {name}" for name in phantom.NORMAL))
_NEAREST_UM, _FURTHEST_UM = 8.5, 15.0  # of loose fragments from the middle, whatever the cell: they tell nothing of it
#: Cells are made in whole blocks, so that cell i does not depend on how many are asked for, or by whom.
BLOCK = 16


@dataclass(frozen=True)
class Draws:
    """All random numbers of a batch of cells: always the same amount for a cell, whatever becomes of them."""

    uniform: Mapping[str, np.ndarray]
    normal: Mapping[str, np.ndarray]
    scatter: np.ndarray
    particles: np.ndarray
    noise: np.ndarray


@dataclass(frozen=True)
class Scene:
    """What one batch of pictures shows, on the fine grid.

    causes: everything that was drawn, (cells,) each; path_um, absorption: (cells, grid, grid).
    parts: bits of `PARTS`, uint8, (cells, grid, grid); cell: the labelled cell alone.
    """

    causes: Causes
    path_um: np.ndarray
    absorption: np.ndarray
    parts: np.ndarray
    cell: Phantom


def draw_runs(seed: int, runs: int) -> dict[str, np.ndarray]:
    """Background (8-bit grey levels), gain (grey levels per relative intensity 1) and focus (um) of each run."""
    rng = np.random.default_rng([seed, _RUN_STREAM])
    camera, values = parameters().camera, parameters().focus
    place = (rng.permutation(np.arange(runs)) + rng.random(runs)) / runs
    focus = (np.arange(runs) + rng.random(runs)) / runs
    return {
        "background": camera.background_low + (camera.background_high - camera.background_low) * place,
        "gain": camera.gain_low * (camera.gain_high / camera.gain_low) ** place,
        "focus_um": values.centre_um + values.run_range_um * (2 * rng.permutation(focus) - 1),
    }


def draw_numbers(seed: int, index: range, pixels: int) -> Draws:
    """The random numbers of the cells with these indices; each cell has a generator of its own."""
    rows = []
    for cell in index:
        rng = np.random.default_rng([seed, cell])
        rows.append(
            (
                rng.random(len(_UNIFORM)),
                rng.standard_normal(len(_NORMAL)),
                rng.random((2 * SCATTER, 4)),
                rng.random((1 + FRAGMENTS, 5)),
                rng.standard_normal((pixels + 1, pixels), dtype=np.float32),
            )
        )
    uniform, normal, scatter, particles, noise = (np.stack(kind) for kind in zip(*rows, strict=True))
    return Draws(
        dict(zip(_UNIFORM, uniform.T, strict=True)),
        dict(zip(_NORMAL, normal.T, strict=True)),
        scatter,
        particles,
        noise,
    )


def draw_scene(draws: Draws, options, runs: dict[str, np.ndarray], axis_um: np.ndarray) -> Scene:
    """Causes and phantoms of a batch; options: `CytometerOptions`."""
    uniform = draws.uniform
    kind = _kinds(uniform["kind"], options.shares)
    causes = {"kind": kind} | phantom.draw_causes(kind, draws.normal, uniform)
    causes |= _acquisition(kind, draws, options, runs)
    causes["has_debris"] = uniform["debris"] < options.debris
    count = 1 + np.floor(uniform["fragments"] * parameters().debris.fragments).astype(int)
    causes["loose_debris"] = np.where(uniform["loose"] < options.debris, count, 0)
    causes["doublet"] = uniform["doublet"] < options.doublets
    causes |= _expression(kind, draws.normal)

    cell = phantom.paint(causes, draws.scatter[:, :SCATTER], axis_um)
    path, absorption = cell.path_um.copy(), cell.absorption.copy()
    parts = phantom.parts(cell)
    causes |= _add_neighbours(causes, draws, options.shares, axis_um, path, absorption, parts)
    _add_debris(causes, draws.particles, axis_um, path, absorption, parts)
    return Scene(causes, path, absorption, parts, cell)


def _kinds(uniform: np.ndarray, shares) -> np.ndarray:
    return np.searchsorted(np.cumsum(shares)[:-1], uniform, side="right")


def _acquisition(kind: np.ndarray, draws: Draws, options, runs: dict[str, np.ndarray]) -> Causes:
    """Run of each cell, and what the run decides."""
    uniform = draws.uniform
    tied = uniform["tied"] < options.confounding
    own_runs = (options.runs - kind + len(KINDS) - 1) // len(KINDS)  # of the runs k, k + 3, k + 6, ...
    own = kind + len(KINDS) * np.floor(uniform["run"] * own_runs).astype(int)
    run = np.where(tied, own, np.floor(uniform["run"] * options.runs).astype(int))
    defocus = runs["focus_um"][run] + parameters().focus.cell_spread_um * draws.normal["focus"]
    return {"run": run, "defocus_um": defocus} | {name: runs[name][run] for name in ("background", "gain")}


def _expression(kind: np.ndarray, normal: Mapping[str, np.ndarray]) -> Causes:
    """How bright each marker is in each cell, photons per um of thickness."""
    markers = parameters().markers.items()
    return {
        f"{name.lower()}_per_um": np.exp(np.asarray(marker.means)[kind] + marker.spread * normal[name])
        for name, marker in markers
    }


def _add_neighbours(causes: Causes, draws: Draws, shares, axis_um, path, absorption, parts) -> Causes:
    """Put a second cell beside the first where there is a doublet; returns its kind (-1: none) and radius (0)."""
    kind = np.full(len(path), -1)
    radius = np.zeros(len(path))
    chosen = np.flatnonzero(causes["doublet"])
    if len(chosen):
        uniform = {name: values[chosen] for name, values in draws.uniform.items()}
        normal = {name: draws.normal[f"neighbour {name}"][chosen] for name in phantom.NORMAL}
        kind[chosen] = _kinds(uniform["neighbour"], shares)
        own = {name: uniform[f"neighbour {name}"] for name in phantom.UNIFORM}
        other = phantom.draw_causes(kind[chosen], normal, own)
        radius[chosen] = other["radius_um"]
        gap = parameters().doublets
        reach = gap.gap_low + (gap.gap_high - gap.gap_low) * uniform["gap"]
        reach = reach * (causes["radius_um"][chosen] + other["radius_um"])
        other["x_um"] = causes["x_um"][chosen] + reach * np.cos(2 * np.pi * uniform["bearing"])
        other["y_um"] = causes["y_um"][chosen] + reach * np.sin(2 * np.pi * uniform["bearing"])
        painted = phantom.paint(other, draws.scatter[chosen, SCATTER:], axis_um)
        path[chosen] += painted.path_um
        absorption[chosen] += painted.absorption
        parts[chosen] |= ((phantom.parts(painted) & PARTS["cell"]) > 0) * np.uint8(PARTS["neighbour"])
    return {"neighbour_kind": kind, "neighbour_radius_um": radius}


def _add_debris(causes: Causes, numbers: np.ndarray, axis_um, path, absorption, parts) -> None:
    """Put particles into the pictures: one that clings to the cell, and loose ones further off."""
    debris = parameters().debris
    for i in range(1 + FRAGMENTS):
        chosen = np.flatnonzero(causes["has_debris"] if i == 0 else causes["loose_debris"] >= i)
        if not len(chosen):
            continue
        size, bearing, reach, stretch, turn = numbers[chosen, i].T
        size = debris.radius_low_um + (debris.radius_high_um - debris.radius_low_um) * size
        if i == 0:
            reach = causes["radius_um"][chosen] + 0.7 * size
        else:
            reach = _NEAREST_UM + (_FURTHEST_UM - _NEAREST_UM) * reach
        thickness = phantom.particle(
            size,
            (i == 0) * causes["x_um"][chosen] + reach * np.cos(2 * np.pi * bearing),
            (i == 0) * causes["y_um"][chosen] + reach * np.sin(2 * np.pi * bearing),
            1 + 0.3 * stretch,
            np.pi * turn,
            axis_um,
        )
        path[chosen] += debris.index * thickness
        absorption[chosen] += debris.absorption * thickness
        parts[chosen] |= (thickness > 0) * np.uint8(PARTS["debris"])
