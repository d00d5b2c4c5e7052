"""What every data set gives: crops (each on its own, or packed in one array), labels, and a table of the cells."""

import hashlib
import mmap
import os
import time
import weakref
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.errors import DataError
from cgrecnet.files import markup_in

#: Columns that the table of every data set has; a data set may add its own.
COLUMNS = ("cell_id", "class_name", "group")
#: Data sets of a publication that users bring: no hash was published that would tell its images from others.
BROUGHT_AS_PUBLISHED = ("zhu",)
#: The first single reads of a store are fetched one by one, so many at most, and until so many in a row were in memory:
#: a map reads far ahead, which makes a few random reads from a cold disk slow, and whole epochs fast.
FETCHED, WARM = 2048, 16
#: Crops after which one pass over all of them lets go of their pages.
RELEASED = 8192
#: Seconds; what takes less was in memory.
_FROM_MEMORY = 50e-6
#: Pixel type -> grey levels that become 0 and 1 where no option says otherwise.
WINDOWS = {np.dtype(np.uint8): (0.0, 255.0), np.dtype(np.uint16): (0.0, 65535.0)}


class Unusable(Exception):
    """A file that is left out; the message is the reason, worded so that equal reasons can be counted."""


@dataclass(frozen=True)
class CellDataset:
    """Single-cell brightfield crops with one label each.

    name: `jurkat`, `cytometer`, `zhu` or `amnis`; simulated: True where no microscope was involved.
    task: which question the labels answer; classes: class names, index = label.
    images: one array of grey levels per cell (uint8 or uint16), shape (H, W), or (H, W, channels) where there are
        several; sizes may differ.
    labels: int64, shape (cells,).
    table: one row per cell, in the order of `images`, with at least `COLUMNS`;
        `group` is the acquisition (run, experiment, day and replicate) that a grouped split keeps together.
    window: grey levels (black, white) that map to 0 and 1, one pair for the whole data set.
    fingerprint: sha256 over pixels, labels and cell ids: equal if and only if the data are.
    origin: one sentence for a caption: where the cells come from.
    options: what the data set was made with (the simulation's parameters, for one).
    """

    name: str
    simulated: bool
    task: str
    classes: tuple[str, ...]
    images: Sequence[np.ndarray]
    labels: np.ndarray
    table: pd.DataFrame
    window: tuple[float, float]
    fingerprint: str
    origin: str
    options: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (found := markup_in(self.classes)) is not None:
            raise DataError(
                f"Data set {self.name!r} has a class {found[:60]!r}, which is HTML or a template on a page: name it "
                "without < before a letter, and without {{ and {%."
            )
        missing = [name for name in COLUMNS if name not in self.table.columns]
        if missing:
            raise DataError(f"The table of data set {self.name!r} lacks the column(s) {', '.join(missing)}.")
        if not len(self.images) == len(self.labels) == len(self.table):
            raise DataError(
                f"Data set {self.name!r} has {len(self.images)} images, {len(self.labels)} labels and "
                f"{len(self.table)} table rows; it needs one of each per cell."
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def channels(self) -> int:
        """Planes of every image: 1 for grey levels, 3 for colour, or as many as were asked for."""
        known = getattr(self.images, "channels", None)
        return known or (self.images[0].shape[2] if len(self) and self.images[0].ndim == 3 else 1)

    def with_class_names(self, text: str) -> str:
        """A message about labels (`Class 0 ...`) with the names of the classes."""
        for label, name in enumerate(self.classes):
            text = text.replace(f"Class {label} ", f"Class {name} ")
        return text

    def counts(self) -> dict[str, int]:
        """Cells per class name, in label order."""
        found = np.bincount(self.labels, minlength=len(self.classes))
        return {name: int(n) for name, n in zip(self.classes, found, strict=True)}


def kind_of_cells(name: str, simulated: bool) -> str:
    """What can be said of the cells of a data set of this name, in the words that the project uses everywhere."""
    if simulated:
        return "simulated cells"
    return "cells as given (taken to be the paper's)" if name in BROUGHT_AS_PUBLISHED else "real cells"


def fingerprint(images: Sequence[np.ndarray], labels: np.ndarray, cell_ids: Sequence[str]) -> str:
    """sha256 (hex) over every cell's id, label, shape, pixel type and pixels, in order."""
    return fingerprint_of(zip(images, labels, cell_ids, strict=True))


def fingerprint_of(cells: Iterable[tuple[np.ndarray, int, str]]) -> str:
    """`fingerprint` of (image, label, cell id), one in memory at a time."""
    digest = hashlib.sha256()
    for image, label, cell_id in cells:
        digest.update(f"{cell_id}\0{int(label)}\0{image.shape}\0{image.dtype.str}\0".encode())
        digest.update(np.ascontiguousarray(image).tobytes())
    return digest.hexdigest()


class PackedImages(Sequence):
    """Crops in one array; indexing gives a read-only view of shape (height, width), without a copy.

    pixels: 1-D, uint8 or uint16, in memory or mapped from a file; crop i begins at offsets[i], row by row.
    offsets: int64, heights and widths: int32, shape (crops,).
    channels: planes of a crop, one after the other; of more than one, the view is (height, width, channels).
    Raises DataError where a crop would lie outside the pixels.
    """

    def __init__(
        self, pixels: np.ndarray, offsets: np.ndarray, heights: np.ndarray, widths: np.ndarray, channels: int = 1
    ) -> None:
        self.pixels, self.channels = pixels, channels
        self.offsets = np.asarray(offsets, dtype=np.int64)
        self.heights = np.asarray(heights, dtype=np.int32)
        self.widths = np.asarray(widths, dtype=np.int32)
        ends = self.offsets + channels * self.heights.astype(np.int64) * self.widths
        outside = (self.offsets < 0) | (self.heights < 1) | (self.widths < 1) | (ends > len(pixels))
        if outside.any():
            raise DataError(
                f"Crop {int(np.flatnonzero(outside)[0])} does not lie within the {len(pixels):,} packed pixels: "
                "pack the data set anew."
            )

    def __len__(self) -> int:
        return len(self.offsets)

    def __getitem__(self, index: int) -> np.ndarray:
        index = int(index)
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        start, height, width = self.offsets[index], self.heights[index], self.widths[index]
        rows = int(height) * self.channels
        image = self.pixels[start : start + rows * int(width)].reshape(rows, width).view(np.ndarray)
        image = unstacked(image, self.channels)
        image.flags.writeable = False
        return image


def stacked(image: np.ndarray) -> np.ndarray:
    """Planes one below the other: (height, width, channels) -> (channels * height, width); a grey image as it is."""
    return image if image.ndim == 2 else np.moveaxis(image, 2, 0).reshape(-1, image.shape[1])


def unstacked(planes: np.ndarray, channels: int) -> np.ndarray:
    """What `stacked` made of an image, as the image again; a view."""
    return planes if channels == 1 else np.moveaxis(planes.reshape(channels, -1, planes.shape[1]), 0, 2)


def pack(images: Iterable[np.ndarray]) -> PackedImages:
    """Pack crops of one pixel type in memory; raises DataError where there is none, or types or channels are mixed."""
    shapes, planes = [], []
    for image in images:
        shapes.append((*image.shape, 1)[:3])
        planes.append(np.ascontiguousarray(stacked(image)))
    kinds, depths = {crop.dtype for crop in planes}, {shape[2] for shape in shapes}
    if len(kinds) != 1 or len(depths) != 1 or any(crop.ndim != 2 for crop in planes):
        raise DataError(
            f"Only crops of one pixel type and one number of channels can be packed, not {len(planes)} of "
            f"{len(kinds)} types and {len(depths)} numbers of channels."
        )
    sizes = np.array([crop.size for crop in planes], dtype=np.int64)
    heights, widths, _ = np.array(shapes).T
    pixels = np.concatenate([crop.ravel() for crop in planes])
    return PackedImages(pixels, np.cumsum(sizes) - sizes, heights, widths, depths.pop())


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
        for name, (_, same) in zip(names, self.held(), strict=True):
            if not same:
                raise DataError(
                    f"The pixels of {name} in {self.path} are not those that were packed: "
                    f"{pack_anew(self.path.parent)}; `cgrecnet data check` names every changed crop."
                )


def pixel_kind(image: np.ndarray) -> tuple[np.dtype, int]:
    """Pixel type and channels of an image, (H, W) or (H, W, channels)."""
    return image.dtype, 1 if image.ndim == 2 else image.shape[2]


def pack_anew(folder: Path) -> str:
    """What to do about a store that cannot be used, as part of a sentence."""
    return f"remove the folder {folder} and pack the data set anew (`cgrecnet data pack`)"
