"""Simulated brightfield cells of three kinds (data set `cytometer`): made on the spot, never stored.

Every cell has known causes and masks, so explanations and shortcuts can be scored against the truth.
Like the exported crops of the paper's data: 8-bit grey levels, 60 pixels wide, 37 to 57 high, a background
between 101 and 152 that depends on the acquisition, contrast that grows with it, faint vertical stripes.
Unlike them: light passes each cell as if it were thin, cells are smooth ellipsoids with round granules, and the
traits of the kinds are assumptions, set so that the task is about as hard as the paper's (`parameters.yaml`).
"""

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, field_validator, model_validator
from threadpoolctl import threadpool_limits

from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.cytometer.camera import MARKERS, crop_windows, expose, marker_images
from cgrecnet.data.cytometer.optics import Optics
from cgrecnet.data.cytometer.parameters import parameters
from cgrecnet.data.cytometer.phantom import KINDS
from cgrecnet.data.cytometer.scene import BLOCK, PARTS, draw_numbers, draw_runs, draw_scene
from cgrecnet.data.options import Options, check_options, suggest
from cgrecnet.errors import ConfigError

TASKS = {"kind": KINDS}
#: Version of the simulation: equal versions and options give equal pixels.
VERSION = parameters().version


class CytometerOptions(Options):
    """Settings of the simulation.

    cells: how many; seed: cell i of a seed is always the same cell.
    shares: of astrocytes, oligodendrocytes, neurons (default: the paper's); the kinds are drawn one by one.
    noise: factor on shot, read and stripe noise (0: none).
    debris: share of cells with a particle attached; as large a share of pictures has loose fragments.
    doublets: share of pictures with a second cell beside the labelled one, which stands in the middle.
    runs: acquisition runs, each with its own background, gain and focus.
    confounding: share of the cells whose run was chosen by kind (kind k: runs k, k + 3, ...): at 0 the run says
        nothing about the kind, at 1 each kind has its own runs.
    bits: digitisation, 8 (uint8) or 12 (uint16, 16 steps per 8-bit grey level).
    channel: the input, which can only be brightfield (1).
    version: of the simulation; only this code's own can be made.
    """

    cells: int = Field(1200, ge=1, le=1_000_000)
    seed: int = Field(0, ge=0, lt=2**32)
    shares: tuple[float, float, float] = (0.267, 0.133, 0.600)
    noise: float = Field(1.0, ge=0, le=20)
    debris: float = Field(0.2, ge=0, le=1)
    doublets: float = Field(0.03, ge=0, le=1)
    runs: int = Field(4, ge=1, le=100)
    confounding: float = Field(0.0, ge=0, le=1)
    bits: Literal[8, 12] = 8
    channel: int = 1
    version: int = VERSION

    @field_validator("channel")
    @classmethod
    def _brightfield_only(cls, channel: int) -> int:
        if channel in MARKERS.values():
            name = next(name for name, number in MARKERS.items() if number == channel)
            raise ValueError(
                f"the marker {name} in Ch{channel} tells the lineage, so a model that sees it is told the answer; "
                f"use channel 1 (brightfield), and Simulation.markers({channel}) to look at the reference"
            )
        if channel != 1:
            raise ValueError("only channel 1 (brightfield) is an input")
        return channel

    @field_validator("version")
    @classmethod
    def _this_version(cls, version: int) -> int:
        if version != VERSION:
            raise ValueError(
                f"this version of cgrecnet makes version {VERSION} of the simulated cells and no other; leave "
                "`version` out, or install the version of cgrecnet that made yours"
            )
        return version

    @model_validator(mode="after")
    def _consistent(self) -> "CytometerOptions":
        if min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-6:
            raise ValueError(f"the three shares must be 0 or more and sum to 1, not {self.shares}")
        if self.confounding > 0 and self.runs < len(KINDS):
            raise ValueError(f"confounding needs at least {len(KINDS)} runs, one per kind, and there are {self.runs}")
        return self

    @property
    def window(self) -> tuple[float, float]:
        """Grey levels that map to 0 and 1: the whole range of the digitisation."""
        return 0.0, 2.0**self.bits - 1


@dataclass(frozen=True)
class Simulation:
    """Simulated cells with all that is known about them, in the same order everywhere.

    images: uint8 or uint16, (height, 60) each; labels: int64, (cells,).
    parts: uint8, like the images: the bits of `PARTS` say what is where (`mask` takes one out).
    causes: one row per cell: traits, pose, focus, run, background, gain, debris, doublet, brightness of markers.
    options, optics: what the cells were made with.
    """

    images: list[np.ndarray]
    labels: np.ndarray
    parts: list[np.ndarray]
    causes: pd.DataFrame
    options: CytometerOptions
    optics: Optics

    def mask(self, part: str) -> list[np.ndarray]:
        """Boolean masks of `cell`, `nucleus`, `processes`, `debris` or `neighbour`. Raises ConfigError."""
        if part not in PARTS:
            raise ConfigError(f"Simulated pictures have no part {part!r}; {suggest(part, PARTS)}")
        return [(parts & PARTS[part]) > 0 for parts in self.parts]

    @cached_property
    def cell_masks(self) -> list[np.ndarray]:
        """Soma and processes of the labelled cell."""
        return self.mask("cell")

    @cached_property
    def nucleus_masks(self) -> list[np.ndarray]:
        return self.mask("nucleus")

    def markers(self, channel: int, cells=None) -> list[np.ndarray]:
        """Fluorescence of the same cells in a reference channel (2 GFAP, 3 Olig2, 11 NeuN); never an input.

        cells: indices (None: all). Returns uint16 images (12 bit) of the crops' sizes. Raises ConfigError.
        """
        return marker_images(self, channel, range(len(self.labels)) if cells is None else cells)


def available(root=None) -> bool:
    """Always True: simulated cells need no files."""
    return True


def open_cells(root, task: str, used: CytometerOptions) -> CellDataset:
    """Simulated cells as a data set; `root` is not used."""
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
        window=used.window,
        fingerprint=fingerprint(made.images, made.labels, table["cell_id"].tolist()),
        origin=f"Simulated brightfield cells (no microscope involved), version {used.version}, seed {used.seed}.",
        options=used.model_dump(),
    )


def simulate(
    options: CytometerOptions | Mapping | None = None, optics: Optics | None = None, workers: int = 1
) -> Simulation:
    """Make the cells; the same options give the same pixels, on any number of workers (threads).

    optics: None is the 40x objective. Raises ConfigError for unusable options or workers.
    """
    parts = list(simulate_blocks(options, optics, workers))
    return Simulation(
        [image for part in parts for image in part.images],
        np.concatenate([part.labels for part in parts]),
        [one for part in parts for one in part.parts],
        pd.concat([part.causes for part in parts], ignore_index=True),
        parts[0].options,
        parts[0].optics,
    )


def simulate_blocks(
    options: CytometerOptions | Mapping | None = None, optics: Optics | None = None, workers: int = 1
) -> Iterator[Simulation]:
    """The cells of `simulate` in order, some at a time, so that they need not all be in memory at once.

    Raises ConfigError at once for unusable options or workers.
    """
    options = check_options(CytometerOptions, options, "cytometer")
    optics = optics or Optics()
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ConfigError(f"The number of workers must be a whole number, 1 or more, not {workers!r}.")
    return _in_order(options, optics, workers)


def _in_order(options: CytometerOptions, optics: Optics, workers: int) -> Iterator[Simulation]:
    """The blocks, made by some threads, handed out in order; only a few wait in memory."""
    runs = draw_runs(options.seed, options.runs)
    # The products of matrices are small: threads of the linear algebra library would only stand in each other's way.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(workers) as pool:
        waiting = deque()
        for first in range(0, options.cells, BLOCK):
            waiting.append(pool.submit(_block, first, options, optics, runs))
            if len(waiting) > 3 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _block(first: int, options: CytometerOptions, optics: Optics, runs: dict[str, np.ndarray]) -> Simulation:
    """The cells `first`, `first` + 1, ... of one block, as far as they are asked for."""
    draws = draw_numbers(options.seed, range(first, first + BLOCK), optics.pixels)
    scene = draw_scene(draws, options, runs, optics.axis_um)
    relative = optics.intensity(scene.path_um, scene.absorption, scene.causes["defocus_um"])
    grey = expose(relative, scene.causes, draws.noise, options.noise, options.bits)
    parts = np.zeros(grey.shape, np.uint8)
    for bit in PARTS.values():
        parts |= optics.bin_mask((scene.parts & bit) > 0) * np.uint8(bit)
    windows = crop_windows(parts, draws.uniform["height"])[: options.cells - first]
    causes = {name: values[: len(windows)] for name, values in scene.causes.items()}
    images, maps = ([stack[i][w].copy() for i, w in enumerate(windows)] for stack in (grey, parts))
    labels = causes.pop("kind").astype(np.int64)
    return Simulation(images, labels, maps, pd.DataFrame(causes), options, optics)
