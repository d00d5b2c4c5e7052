"""Cells of a listing: their images read one by one, and as a data set (`zhu` and `folder`)."""

import hashlib
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.images.findings import WINDOWS, kind_of
from cgrecnet.data.images.listing import Cell, Listing
from cgrecnet.data.images.naming import Unusable
from cgrecnet.data.images.on_disk import CellImages
from cgrecnet.data.images.reading import Reader
from cgrecnet.errors import DataError
from cgrecnet.files import shown

#: With more cells than this, reading them all shows its progress.
MANY = 5000


@dataclass(frozen=True)
class Found:
    """The cells of a listing that are taken, the pixel type and channels of every one, and a fingerprint."""

    cells: list[Cell]
    dtype: np.dtype
    channels: int
    fingerprint: str


def usable_images(listing: Listing, cells: Sequence[Cell], reader: Reader) -> Iterator[tuple[Cell, np.ndarray]]:
    """Read the cells one by one; the unusable ones go to `listing.aside`; progress on stderr where many."""
    for cell in tqdm(cells, "reading images", disable=len(cells) <= MANY, leave=False, file=sys.stderr):
        try:
            yield cell, reader.read(listing.root, cell.names)
        except Unusable as reason:
            listing.aside[str(reason)].append(cell.name)


def find_cells(
    listing: Listing, cells: Sequence[Cell], label_of: Mapping[str, int], reader: Reader, content: bool
) -> Found:
    """Those of the cells that can be read; without `content` all of them, of which only the first usable one is read.

    Raises DataError where 8 and 16 bit, or grey and colour, are mixed.
    """
    return (_by_content if content else _by_names)(listing, cells, label_of, reader)


def _by_content(listing: Listing, cells: Sequence[Cell], label_of: Mapping[str, int], reader: Reader) -> Found:
    """One image is in memory at a time."""
    kept: list[Cell] = []
    first: dict[tuple[np.dtype, int], str] = {}

    def images() -> Iterator[np.ndarray]:
        for cell, image in usable_images(listing, cells, reader):
            kept.append(cell)
            first.setdefault(kind_of(image), cell.name)
            yield image

    # Labels and names come from `kept`, which grows by one entry before each image is handed over.
    digest = fingerprint(images(), (label_of[cell.kind] for cell in kept), (shown(cell.name) for cell in kept))
    if len(first) > 1:
        examples = " and ".join(f"{8 * kind.itemsize} bit ({shown(name)})" for (kind, _), name in first.items())
        raise DataError(
            f"The images in {shown(listing.root)} are of {examples}, which have no common grey scale: keep one depth, "
            "or read each over its whole range with scale=depth."
        )
    return Found(kept, *next(iter(first), (np.dtype(np.uint8), 1)), digest)


def _by_names(listing: Listing, cells: Sequence[Cell], label_of: Mapping[str, int], reader: Reader) -> Found:
    """What is of another kind than the first image is met when it is indexed."""
    digest = hashlib.sha256(b"names and sizes only\n")
    for cell in cells:
        line = f"{' '.join(cell.names)}\0{label_of[cell.kind]}\0{cell.bytes}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    for cell in cells:
        try:
            return Found(list(cells), *kind_of(reader.read(listing.root, cell.names)), digest.hexdigest())
        except Unusable:
            continue
    return Found(list(cells), np.dtype(np.uint8), 1, digest.hexdigest())


def data_set_of(
    listing: Listing,
    found: Found,
    label_of: Mapping[str, int],
    reader: Reader,
    *,
    name: str,
    task: str,
    window: tuple[float, float] | None,
    origin: str,
    options: dict,
    group: str = "",
    columns: Sequence[str] = (),
) -> CellDataset:
    """The data set of the cells that were found; what was left out is warned of.

    group: what stands for an acquisition that is not named; columns: fields of a cell that its table has as well;
    window: None is the whole range of 8 or 16 bit; the rest as in `CellDataset`.
    """
    if listing.set_aside:
        logging.getLogger(__name__).warning(
            "%s: %d file(s) left out; `cgrecnet data check %s %s` says which and why",
            *(name, listing.set_aside, name, shown(listing.root)),
        )
    table = {
        "cell_id": [shown(cell.name) for cell in found.cells],
        "class_name": [shown(cell.kind) for cell in found.cells],
        "group": [shown(cell.group) or group for cell in found.cells],
    } | {column: [getattr(cell, column) for cell in found.cells] for column in columns}
    names = [cell.names if len(cell.names) > 1 else cell.name for cell in found.cells]
    return CellDataset(
        name=name,
        simulated=listing.simulated,
        task=task,
        classes=tuple(map(shown, label_of)),
        images=CellImages(listing.root, names, found.dtype, found.channels, reader, name),
        labels=np.array([label_of[cell.kind] for cell in found.cells], dtype=np.int64),
        table=pd.DataFrame(table),
        window=window or WINDOWS[found.dtype],
        fingerprint=found.fingerprint,
        origin=origin,
        options=options,
    )
