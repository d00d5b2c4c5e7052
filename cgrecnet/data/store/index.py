"""The index of a packed store: a table in CSV that any program reads, and that comes back as it was written."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.data.store.header import INDEX
from cgrecnet.errors import DataError
from cgrecnet.files import atomic_write

#: The store's own columns, before those of the data set's table.
OWN = {
    "packed_label": np.int64,
    "packed_offset": np.int64,
    "packed_height": np.int32,
    "packed_width": np.int32,
    "packed_crc32": np.uint32,
    "packed_source_sha256": str,
}

#: Lines of the index that are made at a time.
LINES = 8192


@dataclass(frozen=True, slots=True)
class Crop:
    """One packed crop: height and width in pixels, crc32 of its bytes, sha256 (hex) of what it was made from."""

    height: int
    width: int
    crc32: int
    source_sha256: str


def columns_of(table: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Names and pandas types of a table's columns; raises DataError for a column that has the name of an own one."""
    if taken := [name for name in table.columns if name in OWN]:
        raise DataError(f"The table has a column {taken[0]!r}, a name that a store uses itself: rename that column.")
    return tuple((str(name), str(kind)) for name, kind in table.dtypes.items())


def write_index(folder: Path, crops: Sequence[Crop], labels: np.ndarray, table: pd.DataFrame) -> None:
    """Write one line per crop, some thousands at a time, and make sure that the same table can be read back.

    Raises DataError where a column's values cannot be kept in text.
    """
    columns = columns_of(table)
    end = 0
    with atomic_write(folder / INDEX, "wb") as file:
        for first in range(0, len(crops), LINES):
            some = slice(first, first + LINES)
            own = _own(crops[some], labels[some], end)
            end = int(own["packed_offset"].iloc[-1]) + crops[some][-1].height * crops[some][-1].width
            rows = table.iloc[some].reset_index(drop=True)
            lines = pd.concat([own, rows], axis=1)
            text = lines.to_csv(index=False, lineterminator="\n").encode()
            back = _parse(text, columns)
            for name, kind in columns:
                if not back[name].equals(rows[name]):
                    raise DataError(
                        f"Column {name!r} of the table ({kind}) does not survive being written as text: leave it out."
                    )
            head = lines.iloc[:0].to_csv(index=False, lineterminator="\n").encode()
            file.write(text if first == 0 else text.removeprefix(head))


def _own(crops: Sequence[Crop], labels: np.ndarray, start: int) -> pd.DataFrame:
    """The store's own columns for some crops, the first of which begins at pixel `start`."""
    heights = np.array([crop.height for crop in crops], dtype=np.int64)
    widths = np.array([crop.width for crop in crops], dtype=np.int64)
    offsets = start + np.cumsum(heights * widths) - heights * widths
    rest = [crop.crc32 for crop in crops], [crop.source_sha256 for crop in crops]
    return pd.DataFrame(dict(zip(OWN, (labels, offsets, heights, widths, *rest), strict=True)))


def read_index(data: bytes, columns: Sequence[tuple[str, str]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(the store's own columns, the data set's table) of the bytes of an index; raises ValueError or KeyError."""
    index = _parse(data, columns)
    return index[list(OWN)], index[[name for name, _ in columns]]


def _parse(data: bytes, columns: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Values as they were: an empty text is no missing number, and a number keeps every digit."""
    floats = {name: kind for name, kind in columns if kind.startswith("float")}
    index = pd.read_csv(
        io.BytesIO(data), dtype=OWN | dict(columns) | dict.fromkeys(floats, str), keep_default_na=False, na_values=[]
    )
    return index.assign(**{name: index[name].replace("", "nan").astype(kind) for name, kind in floats.items()})
