"""The files of a packed store, where it lies, and what it says of itself: `store.json`, written last, so that what has
one is whole.

store.json    the header below
pixels.bin    the crops' grey levels, crop after crop, row by row, nothing between
index.csv     one line per crop: label, place and size in pixels.bin, checksums, and the data set's table; any program
              reads it, and it comes back as it was written
aside.csv     name and reason of every file that could not be packed
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from cgrecnet.data.base import pack_anew
from cgrecnet.data.cache import cache_folder
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import atomic_write, hash_of, sha256

HEADER, PIXELS, INDEX, EXCLUDED = "store.json", "pixels.bin", "index.csv", "aside.csv"
#: Format of the four files; a store of another format is refused.
FORMAT = 1
#: The entry of the header that holds the hash of the others; headers from before there was one are read without.
HASH = "sha256"
#: What the header says in the words of `CellDataset`.
OF_DATA_SET = ("name", "simulated", "task", "classes", "window", "origin", "options", "fingerprint")
#: Options of data sets that change what is made of the pixels, or when they are checked, but not the pixels.
NOT_PACKED = ("hash", "window")


def _tuples(value):
    """Options as data sets have them: JSON knows no tuples."""
    if isinstance(value, Mapping):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Content(_Part):
    """A file of the store: its size in bytes and its sha256."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Header(_Part):
    """Everything about a store but its crops.

    name, simulated and the others of `OF_DATA_SET`: of the data set, as `CellDataset` has them.
    columns: the table's columns with their pixel types in pandas' words, in order.
    pixel_type: of every crop, numpy's name with its byte order; channels: of every crop, one below the other in the
        pixel file, so that the index counts their rows together; crops, excluded: how many.
    source: sha256 over what the crops were packed from (`packing.source_digest`).
    built_with, built_at: version of the package, and the time in UTC.
    """

    format: Literal[1]
    name: str
    simulated: bool
    task: str
    classes: tuple[str, ...]
    window: tuple[float, float]
    origin: str
    options: Annotated[dict, AfterValidator(_tuples)]
    fingerprint: str = Field(pattern="^[0-9a-f]{64}$")
    columns: tuple[tuple[str, str], ...]
    pixel_type: Literal["|u1", "<u2"]
    channels: int = Field(1, ge=1, le=64)
    crops: int = Field(ge=1)
    excluded: int = Field(ge=0, alias="aside")
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


def default_place(name: str, task: str) -> Path:
    """Where a store is packed if no place is named: `stores/NAME-TASK` in the cache folder."""
    return cache_folder("stores") / f"{name}-{task}"


def find_store(name: str, task: str, root: str | Path | None = None) -> Path | None:
    """The store to open: `root`, if it is one; without a root `stores/NAME-TASK` in $CGRECNET_DATA or in the cache.

    None where there is no store there: then the data set's own files are read.
    """
    if root is not None:
        folder = Path(root).expanduser()
        return folder if is_store(folder) else None
    data = os.environ.get("CGRECNET_DATA")
    places = [Path(data).expanduser() / "stores" / f"{name}-{task}"] if data else []
    return next((place for place in [*places, default_place(name, task)] if is_store(place)), None)


def read_header(folder: Path) -> Header:
    """The header of a store; raises DataError where there is none, it is damaged or of another format."""
    path = folder / HEADER
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        found = values["format"]
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): name the folder of a packed store.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DataError(f"{path} is damaged (no header of a store): {pack_anew(folder)}.") from None
    if found != FORMAT:
        raise DataError(
            f"The store {folder} is of format {found!r} (packed by cgrecnet {values.get('built_with', 'unknown')}), "
            f"and this version reads format {FORMAT}: {pack_anew(folder)}, or open it with that version."
        )
    try:
        written = values.pop(HASH, None)
        header = Header.model_validate(values)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) or error.errors()[0]["msg"]
        raise DataError(f"{path} is damaged (at {place!r}): {pack_anew(folder)}.") from None
    if written not in (None, hash_of(values)):
        raise DataError(f"{path} was changed after it was packed (its sha256 differs): {pack_anew(folder)}.")
    return header


def check_asked(folder: Path, header: Header, name: str | None, task: str | None, options: Mapping) -> None:
    """Raise ConfigError where a store holds something else than what was asked for (None: whatever it holds)."""
    if name not in (None, header.name):
        raise ConfigError(
            f"The store {folder} holds data set {header.name!r}, not {name!r}: open it by that name, "
            "or name another store."
        )
    if task not in (None, header.task):
        raise ConfigError(
            f"The store {folder} was packed for task {header.task!r}, not {task!r}: pack that task into a store "
            f"of its own (`cgrecnet data pack {header.name} --task {task}`)."
        )
    for key, value in options.items():
        packed = header.options.get(key)
        if key not in NOT_PACKED and _tuples(value) != packed:
            raise ConfigError(
                f"The store {folder} was packed with {key}={packed!r}, not {value!r}: leave that option out, or pack "
                "another store with it."
            )


def write_header(folder: Path, header: Header) -> None:
    """Write the header; from now on the folder is a store."""
    fields = header.model_dump(mode="json", by_alias=True, exclude={"channels"} if header.channels == 1 else None)
    with atomic_write(folder / HEADER) as file:
        file.write(json.dumps(fields | {HASH: hash_of(fields)}, indent=1, ensure_ascii=False) + "\n")


def content_of(path: Path) -> Content:
    """Size and sha256 of a file, read in pieces."""
    return Content(bytes=path.stat().st_size, sha256=sha256(path))


#: The store's own columns, before those of the data set's table.
OWN = {
    "packed_label": np.int64,
    "packed_offset": np.int64,
    "packed_height": np.int32,
    "packed_width": np.int32,
    "packed_crc32": np.uint32,
    "packed_source_sha256": str,
}
