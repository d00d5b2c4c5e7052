"""Simulated brightfield cells of three kinds (data set `cytometer`): made on the spot, never stored.

Every cell has known causes and masks, so explanations and shortcuts can be scored against the truth.
Like the exported crops of the paper's data: 8-bit grey levels, 60 pixels wide, 37 to 57 high, a background
between 101 and 152 that depends on the acquisition, contrast that grows with it, faint vertical stripes.
Unlike them: the cells are ellipsoids with round granules and a nucleus in the middle, cells do not overlap
each other, the optics are those of one plane wave with a blur, and the traits of the kinds are assumptions
(see `phantom`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.optics import Optics
from cgrecnet.data.options import Options, check_options, suggest
from cgrecnet.data.phantom import GRANULES, KINDS, PROCESSES, draw_causes, paint
from cgrecnet.errors import ConfigError

WIDTH, LOWEST, HIGHEST = 60, 37, 57  # size of the crops in pixels, as in the paper's data
TASKS = {"kind": KINDS}
PHOTONS = 6600.0  # per background pixel: gives the relative noise of 1.2 % seen in real crops
READ_NOISE = 0.3  # grey levels
STRIPES = 0.3  # spread of the column offsets, as a share of the shot noise
_BLOCK = 32  # cells are made in whole blocks, so that cell i does not depend on how many are asked for
_RUN_STREAM = 2**32 - 1  # keeps the random numbers of the runs apart from those of the cells


class CytometerOptions(Options):
    """Settings of the simulation.

    cells: how many; seed: cell i of a seed is always the same cell.
    shares: of astrocytes, oligodendrocytes, neurons (default: the paper's); the kinds are drawn one by one.
    noise: factor on shot, read and stripe noise (0: none); debris: share of cells with a particle attached.
    runs: acquisition runs, each with its own background, gain and focus.
    confounding: share of the cells whose run was chosen by kind (kind k: runs k, k + 3, ...): at 0 the run says
        nothing about the kind, at 1 each kind has its own runs.
    """

    cells: int = Field(1200, ge=1, le=1_000_000)
    seed: int = Field(0, ge=0, lt=2**32)
    shares: tuple[float, float, float] = (0.267, 0.133, 0.600)
    noise: float = Field(1.0, ge=0, le=20)
    debris: float = Field(0.2, ge=0, le=1)
    runs: int = Field(4, ge=1, le=100)
    confounding: float = Field(0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _consistent(self) -> "CytometerOptions":
        if min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-6:
            raise ValueError(f"the three shares must be 0 or more and sum to 1, not {self.shares}")
        if self.confounding > 0 and self.runs < len(KINDS):
            raise ValueError(
                f"confounding needs at least {len(KINDS)} runs, one per kind, and there are {self.runs}"
            )
        return self


@dataclass(frozen=True)
class Simulation:
    """Simulated cells with all that is known about them, in the same order everywhere.

    images: uint8, (height, 60) each; labels: int64, (cells,).
    cell_masks, nucleus_masks: boolean, like the images.
    causes: one row per cell: traits, pose, focus, run, background, gain.
    """

    images: list[np.ndarray]
    labels: np.ndarray
    cell_masks: list[np.ndarray]
    nucleus_masks: list[np.ndarray]
    causes: pd.DataFrame


def available(root=None) -> bool:
    """Always True: simulated cells need no files."""
    return True


def open_cells(root=None, task: str | None = None, options: Mapping | None = None) -> CellDataset:
    """Simulated cells as a data set; `root` is not used. Raises ConfigError (unknown task or option)."""
    task = task or "kind"
    if task not in TASKS:
        raise ConfigError(f"Data set 'cytometer' has no task {task!r}; {suggest(task, TASKS)}")
    used = check_options(CytometerOptions, options, "cytometer")
    made = simulate(used)
    table = pd.DataFrame(
        {
            "cell_id": [f"sim{used.seed}-{i:06d}" for i in range(used.cells)],
            "class_name": np.asarray(KINDS)[made.labels],
            "group": [f"run-{run}" for run in made.causes["run"]],
        }
    )
    return CellDataset(
        name="cytometer",
        simulated=True,
        task=task,
        classes=KINDS,
        images=made.images,
        labels=made.labels,
        table=pd.concat([table, made.causes], axis=1),
        window=(0.0, 255.0),
        fingerprint=fingerprint(made.images, made.labels, table["cell_id"].tolist()),
        origin=f"Simulated brightfield cells (no microscope involved), seed {used.seed}.",
        options=used.model_dump(),
    )


def simulate(options: CytometerOptions | Mapping | None = None, optics: Optics | None = None) -> Simulation:
    """Make the cells; the same options give the same pixels. Raises ConfigError for unusable options."""
    options = check_options(CytometerOptions, options, "cytometer")
    optics = optics or Optics()
    runs = _draw_runs(options)
    blocks = [_block(first, options, optics, runs) for first in range(0, options.cells, _BLOCK)]
    parts = [[item for block in blocks for item in block[i]][: options.cells] for i in range(3)]
    causes = pd.concat([block[3] for block in blocks], ignore_index=True)[: options.cells]
    labels = causes.pop("kind").to_numpy(dtype=np.int64)
    return Simulation(parts[0], labels, parts[1], parts[2], causes)


def _draw_runs(options: CytometerOptions) -> dict[str, np.ndarray]:
    """Background (grey levels), gain (grey levels per relative intensity 1) and focus (um) of each run."""
    rng = np.random.default_rng([options.seed, _RUN_STREAM])
    place = rng.permutation(np.arange(options.runs)) + rng.random(options.runs)
    place = place / options.runs
    focus = (np.arange(options.runs) + rng.random(options.runs)) / options.runs
    return {
        "background": 101 + 51 * place,
        "gain": 38 * 3.4**place,
        "focus_um": 5.0 * rng.permutation(focus) - 2.5,
    }


def _block(first: int, options: CytometerOptions, optics: Optics, runs: dict[str, np.ndarray]):
    """One block of cells: images, cell masks, nucleus masks, causes."""
    index = range(first, first + _BLOCK)
    draws = [_draws(np.random.default_rng([options.seed, i])) for i in index]
    uniform, normal, scatter, noise = (np.stack(kind) for kind in zip(*draws, strict=True))
    kind = np.searchsorted(np.cumsum(options.shares)[:-1], uniform[:, 3], side="right")
    causes = draw_causes(kind, normal, uniform)
    tied = uniform[:, 4] < options.confounding
    own_runs = (options.runs - kind + len(KINDS) - 1) // len(KINDS)  # of the runs k, k + 3, k + 6, ...
    own = kind + len(KINDS) * np.floor(uniform[:, 5] * own_runs).astype(int)
    run = np.where(tied, own, np.floor(uniform[:, 5] * options.runs).astype(int))
    causes |= {"run": run, "defocus_um": runs["focus_um"][run] + 1.2 * normal[:, 13]}
    causes |= {name: runs[name][run] for name in ("background", "gain")}
    causes["has_debris"] = uniform[:, 6] < options.debris

    phantom = paint(causes, causes["has_debris"], scatter, optics.axis_um)
    relative = optics.intensity(phantom.path_um, phantom.absorption, causes["defocus_um"])
    grey = _expose(relative, causes, noise, options.noise)
    cell, nucleus = optics.bin_mask(phantom.cell), optics.bin_mask(phantom.nucleus)
    heights = _crop_heights(cell, uniform[:, 7])
    windows = [_window(optics.pixels, height) for height in heights]
    cut = [
        [image[window].copy() for image, window in zip(stack, windows, strict=True)]
        for stack in (grey, cell, nucleus)
    ]
    return *cut, pd.DataFrame({"kind": kind, **causes})


def _draws(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """All random numbers of one cell, always the same amount."""
    return (
        rng.random(8),
        rng.standard_normal(16),
        rng.random((2 + GRANULES + PROCESSES, 4)),
        rng.standard_normal((66, 64)),
    )


def _expose(
    relative: np.ndarray, causes: dict[str, np.ndarray], noise: np.ndarray, amount: float
) -> np.ndarray:
    """Camera: gain, shot noise, column stripes, read noise, 8-bit digitisation; (cells, 64, 64) uint8.

    noise: standard normal, (cells, 66, 64); the last two rows make the stripes.
    Shot and read noise are added as one normal number, which is good at thousands of photons per pixel.
    """
    gain = causes["gain"][:, None, None]
    shot = np.sqrt(np.maximum(relative, 0) / PHOTONS) * gain
    spread = amount * np.hypot(shot, READ_NOISE)
    stripes = amount * STRIPES * gain / np.sqrt(PHOTONS) * noise[:, 64:65]
    grey = causes["background"][:, None, None] + gain * (relative - 1) + spread * noise[:, :64] + stripes
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def _crop_heights(cell: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Crop height in pixels: the cell's own height and a margin of 20 to 32, within 37 to 57."""
    own = cell.any(axis=2).sum(axis=1)
    return np.clip(own + np.rint(20 + 12 * uniform).astype(int), LOWEST, HIGHEST)


def _window(pixels: int, height: int) -> tuple[slice, slice]:
    """The part of the picture that is kept, about its middle."""
    top, left = (pixels - height) // 2, (pixels - WIDTH) // 2
    return slice(top, top + height), slice(left, left + WIDTH)
