"""Real imaging flow cytometry: Jurkat cells in stages of the cell cycle (data set `jurkat`).

Cells: Blasi et al. 2016, Nature Communications 7:10256, doi:10.1038/ncomms10256.
Images: montages in github.com/minh-doan/MLCP (BSD-3-Clause) at the commit named in `fetch`.
Only the brightfield channel Ch3 is an input.
The labels rest on the DNA stain (Ch4), so a model that saw Ch4 would not be label-free.
"""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from pydantic import field_validator

from cgrecnet.data import fetch as files
from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.montage import cells_in, position
from cgrecnet.data.options import Options, check_options, suggest
from cgrecnet.errors import ConfigError, DataError

#: Stage of a montage's folder, in the order of the cell cycle.
STAGES = {
    "G1": "G1",
    "S_phase": "S",
    "G2": "G2",
    "Prophase": "Prophase",
    "Metaphase": "Metaphase",
    "Anaphase": "Anaphase",
    "Telophase": "Telophase",
}
#: Cells per stage in the whole set, without the anaphase cell that is there twice.
COUNTS = {"G1": 5400, "S": 900, "G2": 900, "Prophase": 606, "Metaphase": 69, "Anaphase": 15, "Telophase": 28}

_CYCLE = {stage: "G1" if stage == "G1" else "S+G2" if stage in ("S", "G2") else "M" for stage in COUNTS}
#: Task -> (classes in label order, stage -> class, experiments that take part).
TASKS = {
    "cycle": (("G1", "S+G2", "M"), _CYCLE, (1, 2)),
    "cycle_e1": (("G1", "S+G2", "M"), _CYCLE, (1,)),
    "stage7": (tuple(COUNTS), {stage: stage for stage in COUNTS}, (1,)),
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
    """True if all brightfield montages are in `root` (or $CGRECNET_DATA, or the cache); uses no network."""
    try:
        folder = files.find_folder(root)
    except DataError:
        return False
    return folder is not None and not files.missing_files(folder, files.channel_files(3))


def open_cells(root: str | Path | None = None, task: str | None = None, options=None) -> CellDataset:
    """The Jurkat cells with the labels of a task: `cycle` (default), `cycle_e1` or `stage7`.

    images: uint16, shape (cells, 40, 40), brightfield grey levels.
    table: cell_id, class_name, group (experiment), stage, experiment, montage, row, column.
    window: 300 to 1200 grey levels for every cell.
    One fixed window keeps the grey levels comparable between cells: stretching each image to its own extremes
    would hand the model a number that depends on the brightest pixel.
    The bounds put the background (median of the border pixels: 677) at 0.42, between 101/255 and 151/255 where
    the paper's images have theirs, and clip less than one pixel in ten thousand (`clipped_fraction` counts them).
    Raises DataError (missing, damaged or wrong files) or ConfigError (unknown task or option).
    """
    task = task or "cycle"
    if task not in TASKS:
        raise ConfigError(f"Data set 'jurkat' has no task {task!r}; {suggest(task, TASKS)}")
    used = check_options(JurkatOptions, options, "jurkat")
    classes, class_of, experiments = TASKS[task]
    images, table = _all_cells(root)
    taken = table["experiment"].isin(experiments).to_numpy()
    images, table = images[taken], table[taken].reset_index(drop=True)
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
    """
    if channel not in (3, 4, 6):
        raise ConfigError(
            f"The montages have no channel {channel!r}; use 3 (brightfield), 4 (DNA) or 6 (side scatter)."
        )
    if not len(cells):
        raise DataError(f"No cells were named whose channel {channel} could be read; pass rows of a table.")
    folder = _folder(root, channel)
    found = np.empty((len(cells), 40, 40), np.uint16)
    tiles = cells["column"].to_numpy() * 30 + cells["row"].to_numpy()
    for montage in cells["montage"].unique():
        here = (cells["montage"] == montage).to_numpy()
        experiment_class, point = montage.rsplit("/", 1)
        found[here] = _read_montage(folder, f"{experiment_class}/Ch{channel}_{point}.tif")[tiles[here]]
    return found


def clipped_fraction(dataset: CellDataset) -> float:
    """Fraction of pixels that lie outside the data set's window and are clipped to black or white."""
    black, white = dataset.window
    images = np.asarray(dataset.images)
    return float(((images < black) | (images > white)).mean())


def _folder(root: str | Path | None, channel: int) -> Path:
    """Folder with all montages of a channel; downloads only where no folder was found and none was named."""
    folder = files.find_folder(root)
    if folder is None or (root is None and folder.is_relative_to(files.cache_folder())):
        folder = files.cache_folder()
        if files.missing_files(folder, files.channel_files(channel)):
            folder = files.fetch(folder)
    missing = files.missing_files(folder, files.channel_files(channel))
    if missing:
        raise DataError(
            f"{folder} lacks {len(missing)} of the 12 montages of channel {channel}, the first is "
            f"{missing[0]}; "
            f"{files.remedy(folder)}."
        )
    return folder


def _read_montage(folder: Path, name: str) -> np.ndarray:
    content = files.read_checked(folder, name)
    return cells_in(tifffile.imread(io.BytesIO(content)), name)


def _all_cells(root: str | Path | None) -> tuple[np.ndarray, pd.DataFrame]:
    """Every brightfield cell once, with its table (no class yet); the counts are checked."""
    folder = _folder(root, channel=3)
    images, rows = [], []
    for name in files.channel_files(3):
        cells = _read_montage(folder, name)
        tiles = _first_of_each(cells)
        images.append(cells[tiles])
        rows.append(_describe(name, tiles))
    table = pd.concat(rows, ignore_index=True)
    found = table["stage"].value_counts().to_dict()
    if found != COUNTS:
        raise DataError(
            f"The montages in {folder} hold {found} cells, not the published {COUNTS}; {files.REMEDY}."
        )
    return np.concatenate(images), table


def _first_of_each(cells: np.ndarray) -> np.ndarray:
    """Indices of the cells without later copies: the published anaphase montage holds one cell twice."""
    flat = cells.reshape(len(cells), -1)
    _, first = np.unique(flat, axis=0, return_index=True)
    return np.sort(first)


def _describe(name: str, tiles: np.ndarray) -> pd.DataFrame:
    """Table rows of the cells of one montage file such as `Experiment_1/G1/Ch3_CP0008.tif`."""
    experiment_name, folder, file = name.split("/")
    experiment = int(experiment_name.removeprefix("Experiment_"))
    point = Path(file).stem.split("_")[1]
    stage = STAGES[folder]
    row, column = position(tiles)
    ids = [f"e{experiment}-{stage}-{point}-r{r:02d}-c{c:02d}" for r, c in zip(row, column, strict=True)]
    return pd.DataFrame(
        {
            "cell_id": ids,
            "group": f"experiment-{experiment}",
            "stage": stage,
            "experiment": experiment,
            "montage": f"{experiment_name}/{folder}/{point}",
            "row": row,
            "column": column,
        }
    )
