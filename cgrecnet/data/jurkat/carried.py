"""The cells that come with this package: brightfield of all 7,918, and references of the stains.

`brightfield.npz`  high, low: the two bytes of each pixel apart, which packs better; uint8 (7918, 40, 40)
`reference.npz`    row: the cells, as rows of the whole table, of which there are pictures of the other channels;
                   ch4, ch6: these pictures, DNA stain and side scatter; uint16 (cells, 40, 40);
                   stain: integrated DNA stain of all 7,918 cells, 10^4 grey levels
`carried.json`     size and sha256 of the two files

Their order is that of `published.table`.
`benchmarks/pack_jurkat.py` makes them from the published montages. `LICENSE` is theirs, BSD-3-Clause.
"""

import hashlib
import io
import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.data.jurkat.published import table
from cgrecnet.errors import DataError

FOLDER = Path(__file__).parent
BRIGHTFIELD, REFERENCE, INDEX = "brightfield.npz", "reference.npz", "carried.json"


def available() -> bool:
    """True if the carried cells are there (opening them checks that they are whole)."""
    return all((FOLDER / name).is_file() for name in (BRIGHTFIELD, INDEX))


@cache
def brightfield() -> np.ndarray:
    """All cells, uint16, shape (7918, 40, 40), read once in a process; not to be written to."""
    found = _arrays(BRIGHTFIELD)
    cells = found["high"].astype(np.uint16)
    cells <<= 8
    cells |= found["low"]
    cells.flags.writeable = False
    return cells


def pictures(channel: int, cells: pd.DataFrame) -> np.ndarray | None:
    """Pictures of some cells, rows of a table, in channel 3, 4 or 6; None where one of them is not carried."""
    place = pd.Index(_ids(channel)).get_indexer(cells["cell_id"])
    if (place < 0).any():
        return None
    return (brightfield() if channel == 3 else _reference()[f"ch{channel}"])[place]


def has_reference(cells: pd.DataFrame) -> np.ndarray:
    """Which cells, rows of a table, are carried in channels 4 and 6 as well; boolean, shape (cells,)."""
    return cells["cell_id"].isin(_ids(4)).to_numpy()


def dna_stain(cells: pd.DataFrame) -> np.ndarray:
    """Integrated DNA stain of some cells, rows of a table, in 10^4 grey levels, as `pack_jurkat` measures it.

    The labels rest on it: a reference, never an input. Raises DataError for a cell that is none of the set.
    """
    place = pd.Index(_ids(3)).get_indexer(cells["cell_id"])
    if (place < 0).any():
        raise DataError(f"{cells['cell_id'].iloc[int(np.argmin(place))]!r} is not the id of a Jurkat cell.")
    return _reference()["stain"][place]


def _ids(channel: int) -> pd.Series:
    every = table()["cell_id"]
    return every if channel == 3 else every.iloc[_reference()["row"]]


@cache
def _reference() -> dict[str, np.ndarray]:
    return _arrays(REFERENCE)


def _arrays(name: str) -> dict[str, np.ndarray]:
    """The arrays of a carried file. Raises DataError where it is not the file that was packed."""
    content, expected = _bytes(name), _index()[name]
    if hashlib.sha256(content).hexdigest() != expected["sha256"]:
        raise DataError(
            f"{FOLDER / name} is cut off, changed or a pointer of git-lfs ({len(content):,} of {expected['bytes']:,} "
            f"bytes; its sha256 differs): {_ADVICE}."
        )
    with np.load(io.BytesIO(content)) as arrays:
        return dict(arrays)


@cache
def _index() -> dict:
    """File -> its size and sha256."""
    try:
        return json.loads(_bytes(INDEX))["files"]
    except (ValueError, KeyError):
        raise DataError(f"{FOLDER / INDEX} was changed or cut off: {_ADVICE}.") from None


def _bytes(name: str) -> bytes:
    try:
        return (FOLDER / name).read_bytes()
    except OSError as error:
        raise DataError(f"{FOLDER / name} cannot be read ({error.strerror}): {_ADVICE}.") from None


_ADVICE = (
    "get it again with `git checkout HEAD -- cgrecnet/data/jurkat`, or install the package anew, or let CGRECNET_DATA "
    "name a folder with the montages (`cgrecnet data fetch jurkat --folder FOLDER`)"
)
