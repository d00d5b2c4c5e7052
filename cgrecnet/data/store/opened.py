"""A packed store: all crops of a data set in one file that is read by memory map (`header` has the layout).

A store is opened like any data set, `open_dataset(name, root=FOLDER)`, and equals the one that it was packed from:
the same pixels, labels, table, window, origin and fingerprint.
"""

import mmap
import os
import time
import weakref
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.data.base import CellDataset
from cgrecnet.data.cache import cache_folder
from cgrecnet.data.packed import PackedImages, stacked
from cgrecnet.data.store.header import (
    INDEX,
    OF_DATA_SET,
    PIXELS,
    Header,
    content_of,
    is_store,
    read_header,
    read_index,
    remedy,
)
from cgrecnet.errors import ConfigError, DataError

#: Options of data sets that change what is made of the pixels, or when they are checked, but not the pixels.
NOT_PACKED = ("hash", "window")


#: The first single reads of a store are fetched one by one, so many at most, and until so many in a row were in memory:
#: a map reads far ahead, which makes a few random reads from a cold disk slow, and whole epochs fast.
FETCHED, WARM = 2048, 16
#: Crops after which one pass over all of them lets go of their pages.
RELEASED = 8192
#: Seconds; what takes less was in memory.
_FROM_MEMORY = 50e-6


class MappedImages(PackedImages):
    """The crops of a store: `PackedImages` over a file that is mapped, not read; workers map it anew by its path.

    checksums: crc32 of each crop's bytes, uint32, as they were packed.
    """

    def __init__(
        self,
        path: Path,
        kind: np.dtype,
        offsets: np.ndarray,
        heights: np.ndarray,
        widths: np.ndarray,
        checksums: np.ndarray,
        channels: int = 1,
    ) -> None:
        self.path, self.dtype, self.checksums = Path(path), np.dtype(kind), np.asarray(checksums)
        super().__init__(np.memmap(self.path, self.dtype, mode="r"), offsets, heights, widths, channels)
        self._fetched = self._warm = 0
        self._handle: int | None = None

    def __getitem__(self, index: int) -> np.ndarray:
        image = super().__getitem__(index)
        if self._fetched < FETCHED and self._warm < WARM:
            self._fetch(int(self.offsets[index]) * self.dtype.itemsize, image.nbytes)
        return image

    def __iter__(self) -> Iterator[np.ndarray]:
        """All crops in order, which reading ahead makes fast; pages behind are let go of, or all would be held."""
        for index in range(len(self)):
            if index % RELEASED == 0:
                self.release()
            yield super().__getitem__(index)

    def _fetch(self, start: int, size: int) -> None:
        """Bring these bytes of the file into memory, and none beside them."""
        self._fetched += 1
        try:
            if self._handle is None:
                self._handle = os.open(self.path, os.O_RDONLY)
                self._close = weakref.finalize(self, os.close, self._handle)
                os.posix_fadvise(self._handle, 0, 0, os.POSIX_FADV_RANDOM)
            began = time.perf_counter()
            os.pread(self._handle, size, start)
        except (OSError, AttributeError):  # removed since it was mapped, which the map outlives; or no such call here
            self._fetched = FETCHED
        else:
            self._warm = self._warm + 1 if time.perf_counter() - began < _FROM_MEMORY else 0
        if self._handle is not None and (self._fetched >= FETCHED or self._warm >= WARM):
            self._close()

    def __reduce__(self) -> tuple:
        places = self.offsets, self.heights, self.widths
        return MappedImages, (self.path, self.dtype, *places, self.checksums, self.channels)

    def release(self) -> None:
        """Let go of the pages that were read: whoever goes through millions of crops holds those that it is at.

        They are read from the file again where they are asked for again. Nothing happens where the system cannot.
        """
        if hasattr(mmap, "MADV_DONTNEED"):
            self.pixels._mmap.madvise(mmap.MADV_DONTNEED)

    def held(self) -> Iterator[tuple[np.ndarray, bool]]:
        """Every crop in order, and whether it is the one that was packed, by its checksum."""
        for crop, checksum in zip(self, self.checksums, strict=True):
            yield crop, zlib.crc32(np.ascontiguousarray(stacked(crop))) == checksum

    def check(self, names: Sequence[str]) -> None:
        """Hold every crop against its checksum, in one pass over the file; DataError, with the name of the first."""
        for name, (_, whole) in zip(names, self.held(), strict=True):
            if not whole:
                raise DataError(
                    f"The pixels of {name} in {self.path} are not those that were packed: "
                    f"{remedy(self.path.parent)}; `cgrecnet data check` names every changed crop."
                )


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
    said = {name: getattr(header, name) for name in OF_DATA_SET} | {"options": _tuples(header.options)}
    if (window := (options or {}).get("window")) is not None:
        said |= {"window": tuple(window), "options": said["options"] | {"window": tuple(window)}}
    return CellDataset(images=images, labels=own["packed_label"].to_numpy(dtype=np.int64), table=table, **said)


def read_store(folder: str | Path) -> tuple[Header, pd.DataFrame, pd.DataFrame]:
    """(header, the store's own columns, the data set's table), sizes and index checked; raises DataError."""
    folder = Path(folder)
    header = read_header(folder)
    for file, content in ((PIXELS, header.pixels), (INDEX, header.index)):
        try:
            size = (folder / file).stat().st_size
        except OSError as error:
            raise DataError(f"{folder / file} cannot be read ({error.strerror}): {remedy(folder)}.") from None
        if size != content.bytes:
            state = "is cut off" if size < content.bytes else "is longer than it was packed"
            raise DataError(f"{folder / file} {state} ({size:,} of {content.bytes:,} bytes): {remedy(folder)}.")
    if content_of(folder / INDEX) != header.index:
        raise DataError(f"{folder / INDEX} was changed after it was packed (its sha256 differs): {remedy(folder)}.")
    try:
        own, table = read_index((folder / INDEX).read_bytes(), header.columns)
        sizes = own["packed_height"].astype(np.int64) * own["packed_width"]
    except (ValueError, KeyError, TypeError) as error:  # TypeError: a column of a type that does not exist
        raise DataError(f"{folder / INDEX} does not fit its header ({error}): {remedy(folder)}.") from None
    if not own["packed_label"].between(0, len(header.classes) - 1).all():
        raise DataError(f"{folder / INDEX} does not fit its header (labels of other classes): {remedy(folder)}.")
    if len(own) != header.crops or sizes.sum() * np.dtype(header.pixel_type).itemsize != header.pixels.bytes:
        raise DataError(f"{folder / INDEX} does not fit its header (other sizes): {remedy(folder)}.")
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
