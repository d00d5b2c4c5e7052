"""A packed store: all crops of a data set in one file that is read by memory map (`header` has the layout).

A store is opened like any data set, `open_dataset(name, root=FOLDER)`, and equals the one that it was packed from:
the same pixels, labels, table, window, origin and fingerprint.
"""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.data.base import CellDataset, MappedImages, pack_anew
from cgrecnet.data.cache import cache_folder
from cgrecnet.data.store.header import (
    INDEX,
    OF_DATA_SET,
    OWN,
    PIXELS,
    Header,
    content_of,
    is_store,
    read_header,
)
from cgrecnet.errors import ConfigError, DataError

#: Options of data sets that change what is made of the pixels, or when they are checked, but not the pixels.
NOT_PACKED = ("hash", "window")


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


def open_store(
    folder: str | Path, name: str | None = None, task: str | None = None, options: Mapping | None = None
) -> CellDataset:
    """The data set in a store; images are mapped, so that opening takes no time for them.

    name, task, options: what it has to hold; None: whatever it does. The option `window` is taken as given.
    Checked are the header, the sizes of its files and the hash of the index. Pixels are checked before a training
    (`MappedImages.check`) and by `check`.
    Raises DataError (damaged, cut off, changed, of another format) or ConfigError (holds something else).
    """
    header, own, table = read_store(folder)
    _check_asked(Path(folder), header, name, task, options or {})
    images = MappedImages(
        Path(folder) / PIXELS,
        np.dtype(header.pixel_type),
        own["packed_offset"].to_numpy(),
        own["packed_height"].to_numpy() // header.channels,
        own["packed_width"].to_numpy(),
        own["packed_crc32"].to_numpy(),
        header.channels,
    )
    fields = {name: getattr(header, name) for name in OF_DATA_SET} | {"options": _tuples(header.options)}
    if (window := (options or {}).get("window")) is not None:
        fields |= {"window": tuple(window), "options": fields["options"] | {"window": tuple(window)}}
    return CellDataset(images=images, labels=own["packed_label"].to_numpy(dtype=np.int64), table=table, **fields)


def read_store(folder: str | Path) -> tuple[Header, pd.DataFrame, pd.DataFrame]:
    """(header, the store's own columns, the data set's table), sizes and index checked; raises DataError."""
    folder = Path(folder)
    header = read_header(folder)
    for file, content in ((PIXELS, header.pixels), (INDEX, header.index)):
        try:
            size = (folder / file).stat().st_size
        except OSError as error:
            raise DataError(f"{folder / file} cannot be read ({error.strerror}): {pack_anew(folder)}.") from None
        if size != content.bytes:
            state = "is cut off" if size < content.bytes else "is longer than it was packed"
            raise DataError(f"{folder / file} {state} ({size:,} of {content.bytes:,} bytes): {pack_anew(folder)}.")
    if content_of(folder / INDEX) != header.index:
        raise DataError(f"{folder / INDEX} was changed after it was packed (its sha256 differs): {pack_anew(folder)}.")
    try:
        own, table = read_index((folder / INDEX).read_bytes(), header.columns)
        sizes = own["packed_height"].astype(np.int64) * own["packed_width"]
    except (ValueError, KeyError, TypeError) as error:  # TypeError: a column of a type that does not exist
        raise DataError(f"{folder / INDEX} does not fit its header ({error}): {pack_anew(folder)}.") from None
    if not own["packed_label"].between(0, len(header.classes) - 1).all():
        raise DataError(f"{folder / INDEX} does not fit its header (labels of other classes): {pack_anew(folder)}.")
    if len(own) != header.crops or sizes.sum() * np.dtype(header.pixel_type).itemsize != header.pixels.bytes:
        raise DataError(f"{folder / INDEX} does not fit its header (other sizes): {pack_anew(folder)}.")
    return header, own, table


def _check_asked(folder: Path, header: Header, name: str | None, task: str | None, options: Mapping) -> None:
    """Refuse a store that holds something else than what was asked for."""
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
        packed = _tuples(header.options).get(key)
        if key not in NOT_PACKED and _tuples({key: value})[key] != packed:
            raise ConfigError(
                f"The store {folder} was packed with {key}={packed!r}, not {value!r}: leave that option out, or pack "
                "another store with it."
            )


def _tuples(value):
    """Options as data sets have them: JSON knows no tuples."""
    if isinstance(value, Mapping):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def read_index(data: bytes, columns: Sequence[tuple[str, str]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(the store's own columns, the data set's table) of the bytes of an index; raises ValueError or KeyError."""
    index = parse_index(data, columns)
    return index[list(OWN)], index[[name for name, _ in columns]]


def parse_index(data: bytes, columns: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Values as they were: an empty text is no missing number, and a number keeps every digit."""
    floats = {name: kind for name, kind in columns if kind.startswith("float")}
    index = pd.read_csv(
        io.BytesIO(data), dtype=OWN | dict(columns) | dict.fromkeys(floats, str), keep_default_na=False, na_values=[]
    )
    return index.assign(**{name: index[name].replace("", "nan").astype(kind) for name, kind in floats.items()})
