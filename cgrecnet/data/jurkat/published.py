"""The published montages: which files there are, which cells stand where in them, and where they lie on disk.

`mlcp.json` lists the 36 files with their sizes and sha256 at one commit of github.com/minh-doan/MLCP, and of each
brightfield file how many cells it holds: a file with that sha256 needs no further look.
A montage is one large image with a grid of 30 x 30 places of 40 x 40 pixels, one cell each.
The places are filled **column by column**: the first cell is at the top left, the second one below it.
A montage with fewer than 900 cells is filled up at its end; `benchmarks/pack_jurkat.py` tells filler from cells.
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
    """The 36 published files: path such as `Experiment_1/G1/Ch3_CP0008.tif` -> its "bytes" and "sha256".

    Those of brightfield have "cells" as well: so many of its places, the first ones, hold cells that are no copies.
    """
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


@cache
def table() -> pd.DataFrame:
    """One row per cell of the whole set (no class yet), montage after montage; not to be changed."""
    places = {name: np.arange(registry()[name]["cells"]) for name in channel_files(3)}
    return pd.concat([describe(name, tiles) for name, tiles in places.items()], ignore_index=True)


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


def read_tiles(folder: Path, channel: int, cells: pd.DataFrame) -> np.ndarray:
    """The tiles of some cells, rows of a table, in one channel; uint16, shape (cells, 40, 40).

    Raises DataError unless the folder has all montages of the channel, and those that are read are the published ones.
    """
    if missing := missing_files(folder, channel):
        raise DataError(
            f"{folder} lacks {len(missing)} of the 12 montages of channel {channel}, the first is {missing[0]}; "
            f"{advice(folder)}."
        )
    found = np.empty((len(cells), TILE, TILE), np.uint16)
    tiles = cells["column"].to_numpy() * GRID + cells["row"].to_numpy()
    for montage, here in cells.groupby("montage").indices.items():
        experiment_class, point = montage.rsplit("/", 1)
        found[here] = read_montage(folder, f"{experiment_class}/Ch{channel}_{point}.tif")[tiles[here]]
    return found


def read_montage(folder: Path, name: str) -> np.ndarray:
    """The 900 tiles of one montage file in the order in which it was filled, shape (900, 40, 40).

    Tile i is at row i % 30, column i // 30.
    """
    import tifffile  # here, because the carried cells do without it

    grid = tifffile.imread(io.BytesIO(read_checked(folder, name))).reshape(GRID, TILE, GRID, TILE)
    return grid.transpose(2, 0, 1, 3).reshape(GRID * GRID, TILE, TILE)
