"""Opens the Jurkat cells: labels of a task, one grey scale, and the reference channels.

Only the brightfield channel Ch3 is an input.
The labels rest on the DNA stain (Ch4), so a model that saw Ch4 would not be label-free.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import field_validator

from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.cache import cache_folder
from cgrecnet.data.jurkat import carried, published
from cgrecnet.data.jurkat.published import STAGES
from cgrecnet.data.options import Options
from cgrecnet.errors import ConfigError, DataError

_CYCLE = {stage: "G1" if stage == "G1" else "S+G2" if stage in ("S", "G2") else "M" for stage in STAGES.values()}
#: Task -> (classes in label order, stage -> class, experiments that take part).
TASKS = {
    "cycle": (("G1", "S+G2", "M"), _CYCLE, (1, 2)),
    "cycle_e1": (("G1", "S+G2", "M"), _CYCLE, (1,)),
    "stage7": (tuple(STAGES.values()), {stage: stage for stage in STAGES.values()}, (1,)),
}

#: Grey levels (black, white) of the one linear window for all cells, see `open_cells`.
WINDOW = (300.0, 1200.0)


class JurkatOptions(Options):
    """Settings of the data set: the input channel, which can only be brightfield (3)."""

    channel: int = 3

    @field_validator("channel")
    @classmethod
    def _brightfield_only(cls, channel: int) -> int:
        if channel == 4:
            raise ValueError(
                "the labels were made from the DNA stain in Ch4, so a model that sees it is told the answer; "
                "use channel 3 (brightfield), and read_channel(4) to look at the reference"
            )
        if channel != 3:
            raise ValueError("only channel 3 (brightfield) is an input; read_channel reads 4 and 6")
        return channel


def available(root: str | Path | None = None) -> bool:
    """True if all brightfield montages are in `root` or $CGRECNET_DATA, or else if the carried cells are there."""
    try:
        folder = published.named_folder(root)
    except DataError:
        return False
    return carried.available() if folder is None else not published.missing_files(folder, 3)


def open_cells(root: str | Path | None, task: str, used: JurkatOptions) -> CellDataset:
    """The Jurkat cells with the labels of a task: `cycle` (default), `cycle_e1` or `stage7`.

    root: a folder with the montages; None: the one that $CGRECNET_DATA leads to, or else the carried cells.
    images: uint16, shape (cells, 40, 40), brightfield grey levels.
    table: cell_id, class_name, group (experiment), stage, experiment, montage, row, column.
    window: 300 to 1200 grey levels for every cell.
    One fixed window keeps the grey levels comparable between cells: stretching each image to its own extremes
    would hand the model a number that depends on the brightest pixel.
    The bounds put the background (median of the border pixels: 677) at 0.42, between 101/255 and 151/255 where
    the paper's images have theirs, and clip less than one pixel in ten thousand.
    Raises DataError (missing, damaged or wrong files).
    """
    classes, class_of, experiments = TASKS[task]
    folder = published.named_folder(root)
    every = published.table()
    taken = every["experiment"].isin(experiments).to_numpy()
    table = every[taken].reset_index(drop=True)
    images = carried.brightfield()[taken] if folder is None else published.read_tiles(folder, 3, table)
    table.insert(1, "class_name", table["stage"].map(class_of))
    labels = table["class_name"].map({name: label for label, name in enumerate(classes)})
    labels = labels.to_numpy(dtype=np.int64)
    return CellDataset(
        name="jurkat",
        simulated=False,
        task=task,
        classes=classes,
        images=images,
        labels=labels,
        table=table,
        window=WINDOW,
        fingerprint=fingerprint(images, labels, table["cell_id"].tolist()),
        origin="Jurkat cells, real imaging flow cytometry, brightfield (Blasi et al. 2016; repository MLCP).",
        options=used.model_dump(),
    )


def read_channel(channel: int, cells: pd.DataFrame, root: str | Path | None = None) -> np.ndarray:
    """Reference images of the same cells in another channel; never an input of a model.

    channel: 3 brightfield, 4 propidium iodide (DNA), 6 side scatter.
    cells: the table of an opened data set, or some of its rows. Returns uint16, shape (cells, 40, 40).
    root: as for `open_cells`; channels 4 and 6 are carried for the cells that `has_reference` tells.
    Raises DataError where they are asked for other cells, and the montages are neither named nor in the cache.
    """
    if channel not in (3, 4, 6):
        raise ConfigError(
            f"The montages have no channel {channel!r}; use 3 (brightfield), 4 (DNA) or 6 (side scatter)."
        )
    if not len(cells):
        raise DataError(f"No cells were named whose channel {channel} could be read; pass rows of a table.")
    folder = published.named_folder(root)
    if folder is None and (found := carried.pictures(channel, cells)) is not None:
        return found
    folder = folder or published.inside(cache_folder("jurkat"))
    if folder is None:
        raise DataError(
            f"Channel {channel} of these {len(cells):,} cells is not carried along; get the montages with `cgrecnet "
            "data fetch jurkat`, or take cells that `has_reference` tells."
        )
    return published.read_tiles(folder, channel, cells)
