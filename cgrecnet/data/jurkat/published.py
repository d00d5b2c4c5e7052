"""The published montages on disk: where they are, whether they are the published ones, and the cells in them.

`mlcp.json` lists the 36 files with their sizes and sha256 at one commit of github.com/minh-doan/MLCP.
A montage is one large image with a grid of 30 x 30 places of 40 x 40 pixels, one cell each.
The places are filled **column by column**: the first cell is at the top left, the second one below it.
A montage with fewer than 900 cells is filled up at its end.
"""

import hashlib
import io
import json
import os
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.errors import DataError

ADVICE = "get the files with `cgrecnet data fetch jurkat`"


@cache
def registry() -> dict[str, dict]:
    """The 36 published files: path such as `Experiment_1/G1/Ch3_CP0008.tif` -> its "bytes" and "sha256"."""
    return json.loads(package_files(__package__).joinpath("mlcp.json").read_text("utf-8"))["files"]


def channel_files(channel: int) -> list[str]:
    """The 12 published files of one channel (3, 4 or 6), in a fixed order."""
    return sorted(name for name in registry() if Path(name).name.startswith(f"Ch{channel}_"))


def named_folder(root: str | Path | None = None) -> Path | None:
    """The folder that holds Experiment_1 in `root`, or else in $CGRECNET_DATA; None if neither leads to one.

    Raises DataError if `root` was given and has no such folder, or if $CGRECNET_DATA is no folder.
    """
    if root is not None:
        found = inside(Path(root).expanduser())
        if found is None:
            state = "does not exist" if not Path(root).expanduser().exists() else "has no folder Experiment_1"
            raise DataError(
                f"No Jurkat montages in {root}: it {state}; name the folder that holds Experiment_1 and "
                f"Experiment_2, or {ADVICE}."
            )
        return found
    named = os.environ.get("CGRECNET_DATA")
    if named and not Path(named).is_dir():
        raise DataError(f"CGRECNET_DATA names {named}, which is not a folder; correct it or unset it.")
    return inside(Path(named)) if named else None


def inside(folder: Path) -> Path | None:
    """The folder that holds Experiment_1: this one, or `mlcp`, `jurkat` or `images` in it; None where none does."""
    places = (folder, folder / "mlcp", folder / "jurkat", folder / "images")
    return next((place for place in places if (place / "Experiment_1").is_dir()), None)


def missing_files(folder: Path, channel: int) -> list[str]:
    """Those montages of a channel that are not in the folder."""
    return [name for name in channel_files(channel) if not (folder / name).is_file()]


def refuse_missing(folder: Path, channel: int) -> None:
    """Raise DataError unless the folder has all montages of a channel."""
    if missing := missing_files(folder, channel):
        raise DataError(
            f"{folder} lacks {len(missing)} of the 12 montages of channel {channel}, the first is {missing[0]}; "
            f"{advice(folder)}."
        )


def read_checked(folder: Path, name: str) -> bytes:
    """Bytes of one file if its sha256 is the published one; otherwise DataError says what is wrong."""
    path, expected = folder / name, registry()[name]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); check it, or {advice(folder)}.") from None
    if hashlib.sha256(content).hexdigest() != expected["sha256"]:
        raise DataError(
            f"{path} is not the published file (cut off, swapped or changed: {len(content):,} bytes where that has "
            f"{expected['bytes']:,}); {advice(folder)}, which replaces it."
        )
    return content


def advice(folder: Path) -> str:
    """What to do about files in this folder, as the end of a sentence."""
    return f"run `cgrecnet data fetch jurkat --folder {folder}`"


GRID = 30  # places per side
TILE = 40  # pixels per side of a place
#: Stage of a montage's folder, in the order of the cell cycle.
STAGES = {"G1": "G1", "S_phase": "S", "G2": "G2"}
STAGES |= {name: name for name in ("Prophase", "Metaphase", "Anaphase", "Telophase")}
#: Cells per stage in the whole set, without the anaphase cell that is there twice.
COUNTS = {"G1": 5400, "S": 900, "G2": 900, "Prophase": 606, "Metaphase": 69, "Anaphase": 15, "Telophase": 28}


def all_cells(folder: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """Every brightfield cell once, uint16 (cells, 40, 40), with its table (no class yet); the counts are checked."""
    refuse_missing(folder, channel=3)
    images, rows = [], []
    for name in channel_files(3):
        cells = read_montage(folder, name)
        tiles = _first_of_each(cells)
        images.append(cells[tiles])
        rows.append(describe(name, tiles))
    table = pd.concat(rows, ignore_index=True)
    found = table["stage"].value_counts().to_dict()
    if found != COUNTS:
        raise DataError(f"The montages in {folder} hold {found} cells, not the published {COUNTS}; {ADVICE}.")
    return np.concatenate(images), table


def read_tiles(folder: Path, channel: int, cells: pd.DataFrame) -> np.ndarray:
    """The tiles of some cells, rows of a table, in one channel; uint16, shape (cells, 40, 40)."""
    refuse_missing(folder, channel)
    found = np.empty((len(cells), 40, 40), np.uint16)
    tiles = cells["column"].to_numpy() * 30 + cells["row"].to_numpy()
    for montage in cells["montage"].unique():
        here = (cells["montage"] == montage).to_numpy()
        experiment_class, point = montage.rsplit("/", 1)
        found[here] = read_montage(folder, f"{experiment_class}/Ch{channel}_{point}.tif")[tiles[here]]
    return found


def read_montage(folder: Path, name: str) -> np.ndarray:
    """The cells of one montage file in the order in which it was filled, shape (cells, 40, 40)."""
    import tifffile  # here, because the carried cells do without it

    content = read_checked(folder, name)
    return cells_in(tifffile.imread(io.BytesIO(content)), name)


def describe(name: str, tiles: np.ndarray) -> pd.DataFrame:
    """Table rows of the cells at these places of a montage file such as `Experiment_1/G1/Ch3_CP0008.tif`."""
    experiment_name, folder, file = name.split("/")
    experiment = int(experiment_name.removeprefix("Experiment_"))
    point = Path(file).stem.split("_")[1]
    stage = STAGES[folder]
    row, column = tiles % GRID, tiles // GRID
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


def _first_of_each(cells: np.ndarray) -> np.ndarray:
    """Indices of the cells without later copies: the published anaphase montage holds one cell twice."""
    flat = cells.reshape(len(cells), -1)
    _, first = np.unique(flat, axis=0, return_index=True)
    return np.sort(first)


def cut_tiles(montage: np.ndarray) -> np.ndarray:
    """The 900 tiles of a montage in the order in which they were filled.

    montage: shape (1200, 1200). Returns shape (900, 40, 40); tile i is at row i % 30, column i // 30.
    """
    if montage.shape != (GRID * TILE, GRID * TILE):
        raise DataError(
            f"A montage must be {GRID * TILE} x {GRID * TILE} pixels, but this image has shape {montage.shape}; get "
            "the file again with `cgrecnet data fetch jurkat`."
        )
    grid = montage.reshape(GRID, TILE, GRID, TILE)
    return grid.transpose(2, 0, 1, 3).reshape(GRID * GRID, TILE, TILE)


def is_padding(tiles: np.ndarray) -> np.ndarray:
    """Which tiles are filler and hold no cell; shape (tiles,), boolean.

    Rule: a tile is filler if its 40 rows are equal to one another, pixel for pixel.
    Reason: the montages were filled up by repeating one pixel row, the top row of the last cell, so a filler
    tile shows vertical stripes and nothing else.
    A photographed tile cannot pass: neighbouring rows carry independent camera noise, and in none of the cells
    of the 36 montages are even two neighbouring rows equal.
    The rule looks at one tile of one channel at a time and knows nothing of how many cells there should be:
    that the three channels agree, and the counts, is evidence for it.
    """
    return (tiles == tiles[:, :1, :]).all(axis=(1, 2))


def cells_in(montage: np.ndarray, where: str) -> np.ndarray:
    """The tiles of a montage that hold a cell, shape (cells, 40, 40), in the order in which they were filled.

    where: name of the montage for the message.
    Raises DataError unless all filler stands after the last cell and repeats that cell's top row.
    """
    tiles = cut_tiles(montage)
    padding = is_padding(tiles)
    filled = int((~padding).sum())
    if filled == 0 or padding[:filled].any() or (tiles[filled:] != tiles[filled - 1, :1, :]).any():
        raise DataError(
            f"The montage {where} is not filled up in the way of the published ones, so its cells cannot be told from "
            "filler; get the file again with `cgrecnet data fetch jurkat`."
        )
    return tiles[:filled]
