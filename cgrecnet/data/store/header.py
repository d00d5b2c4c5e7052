"""The files of a packed store, and what it says of itself: `store.json`, written last, so that what has one is whole.

store.json    the header below
pixels.bin    the crops' grey levels, crop after crop, row by row, nothing between
index.csv     one line per crop: label, place and size in pixels.bin, checksums, and the data set's table; any program
              reads it, and it comes back as it was written
aside.csv     name and reason of every file that could not be packed
"""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cgrecnet.errors import DataError
from cgrecnet.files import atomic_write, hash_of, sha256

HEADER, PIXELS, INDEX, ASIDE = "store.json", "pixels.bin", "index.csv", "aside.csv"
#: Format of the four files; a store of another format is refused.
FORMAT = 1
#: The entry of the header that holds the hash of the others; headers from before there was one are read without.
HASH = "sha256"
#: What the header says in the words of `CellDataset`.
OF_DATA_SET = ("name", "simulated", "task", "classes", "window", "origin", "options", "fingerprint")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Content(_Part):
    """A file of the store: its size in bytes and its sha256."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Header(_Part):
    """Everything about a store but its crops.

    name, simulated and the others of `OF_DATA_SET`: of the data set, as `CellDataset` has them.
    columns: the table's columns with their pixel types in pandas' words, in order.
    pixel_type: of every crop, numpy's name with its byte order; channels: of every crop, one below the other in the
        pixel file, so that the index counts their rows together; crops, aside: how many.
    source: sha256 over what the crops were packed from (`build.source_digest`).
    built_with, built_at: version of the package, and the time in UTC.
    """

    format: Literal[1]
    name: str
    simulated: bool
    task: str
    classes: tuple[str, ...]
    window: tuple[float, float]
    origin: str
    options: dict
    fingerprint: str = Field(pattern="^[0-9a-f]{64}$")
    columns: tuple[tuple[str, str], ...]
    pixel_type: Literal["|u1", "<u2"]
    channels: int = Field(1, ge=1, le=64)
    crops: int = Field(ge=1)
    aside: int = Field(ge=0)
    pixels: Content
    index: Content
    source: str
    built_with: str
    built_at: str

    @model_validator(mode="after")
    def _of_a_data_set(self) -> "Header":
        if not all((self.name, self.task, *self.classes)) or len({*self.classes}) < max(1, len(self.classes)):
            raise ValueError("name, task and classes are words, each class another")
        if not self.window[0] < self.window[1]:
            raise ValueError("black is darker than white")
        return self


def is_store(folder: Path) -> bool:
    """Whether there is a store in the folder (its header is there)."""
    return (folder / HEADER).is_file()


def read_header(folder: Path) -> Header:
    """The header of a store; raises DataError where there is none, it is damaged or of another format."""
    path = folder / HEADER
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        found = values["format"]
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): name the folder of a packed store.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DataError(f"{path} is damaged (no header of a store): {remedy(folder)}.") from None
    if found != FORMAT:
        raise DataError(
            f"The store {folder} is of format {found!r} (packed by cgrecnet {values.get('built_with', 'unknown')}), "
            f"and this version reads format {FORMAT}: {remedy(folder)}, or open it with that version."
        )
    try:
        written = values.pop(HASH, None)
        header = Header.model_validate(values)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) or error.errors()[0]["msg"]
        raise DataError(f"{path} is damaged (at {place!r}): {remedy(folder)}.") from None
    if written not in (None, hash_of(values)):
        raise DataError(f"{path} was changed after it was packed (its sha256 differs): {remedy(folder)}.")
    return header


def write_header(folder: Path, header: Header) -> None:
    """Write the header; from now on the folder is a store."""
    fields = header.model_dump(mode="json", exclude={"channels"} if header.channels == 1 else None)
    with atomic_write(folder / HEADER) as file:
        file.write(json.dumps(fields | {HASH: hash_of(fields)}, indent=1, ensure_ascii=False) + "\n")


def content_of(path: Path) -> Content:
    """Size and sha256 of a file, read in pieces."""
    return Content(bytes=path.stat().st_size, sha256=sha256(path))


def remedy(folder: Path) -> str:
    """What to do about a store that cannot be used, as part of a sentence."""
    return f"remove the folder {folder} and pack the data set anew (`cgrecnet data pack`)"


#: The store's own columns, before those of the data set's table.
OWN = {
    "packed_label": np.int64,
    "packed_offset": np.int64,
    "packed_height": np.int32,
    "packed_width": np.int32,
    "packed_crc32": np.uint32,
    "packed_source_sha256": str,
}

def columns_of(table: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Names and pandas types of a table's columns; raises DataError for a column that has the name of an own one."""
    if taken := [name for name in table.columns if name in OWN]:
        raise DataError(f"The table has a column {taken[0]!r}, a name that a store uses itself: rename that column.")
    return tuple((str(name), str(kind)) for name, kind in table.dtypes.items())


def write_index(folder: Path, crops: Sequence[tuple], labels: np.ndarray, table: pd.DataFrame) -> None:
    """Write one line per crop, and make sure that the same table can be read back.

    crops: of each height and width in pixels, crc32 of its bytes, sha256 (hex) of what it was made from.
    Raises DataError where a column's values cannot be kept in text.
    """
    columns = columns_of(table)
    sizes = [height * width for height, width, _, _ in crops]
    offsets = np.cumsum(sizes) - sizes
    own = pd.DataFrame(dict(zip(OWN, (labels, offsets, *zip(*crops, strict=True)), strict=True)))
    text = pd.concat([own, table], axis=1).to_csv(index=False, lineterminator="\n").encode()
    back = _parse(text, columns)
    for name, kind in columns:
        if not back[name].equals(table[name]):
            raise DataError(
                f"Column {name!r} of the table ({kind}) does not survive being written as text: leave it out."
            )
    with atomic_write(folder / INDEX, "wb") as file:
        file.write(text)


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
