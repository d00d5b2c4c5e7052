"""Cells of a listing: their images read one by one, and as a data set (`zhu` and `folder`)."""

import hashlib
import logging
import operator
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from cgrecnet.data.base import WINDOWS, CellDataset, Unusable, fingerprint_of, pixel_kind
from cgrecnet.data.images.listing import Cell, Listing
from cgrecnet.data.images.reading import Reader
from cgrecnet.errors import DataError
from cgrecnet.files import shown

#: With more cells than this, reading them all shows its progress.
MANY = 5000


def usable_images(listing: Listing, cells: Sequence[Cell], reader: Reader) -> Iterator[tuple[Cell, np.ndarray]]:
    """Read the cells one by one; the unusable ones go to `listing.excluded`; progress on stderr where many."""
    for cell in tqdm(cells, "reading images", disable=len(cells) <= MANY, leave=False):
        try:
            yield cell, reader.read(listing.root, cell.names)
        except Unusable as reason:
            listing.excluded[str(reason)].append(cell.name)


def open_listed(
    listing: Listing,
    classes: Sequence[str],
    reader: Reader,
    *,
    name: str,
    task: str,
    origin: str,
    options: dict,
    group: str = "",
    columns: Sequence[str] = (),
) -> CellDataset:
    """The data set of the cells of these classes, in label order, that can be read; what is left out is warned of.

    options: with `hash: content` every cell is read, one at a time; with `names` only the first usable one, and what is
    bad, or of another kind than that, is met when it is indexed. `window`: None is the whole range of 8 or 16 bit.
    group: what stands for an acquisition that is not named; columns: fields of a cell that its table has as well.
    The rest as in `CellDataset`. Raises DataError where 8 and 16 bit, or grey and colour, are mixed.
    """
    cells = [cell for cell in listing.cells if cell.kind in classes]
    kinds: dict[tuple[np.dtype, int], str] = {}
    kept: list[Cell] = []

    def usable() -> Iterator[tuple[np.ndarray, int, str]]:
        for cell, image in usable_images(listing, cells, reader):
            kept.append(cell)
            kinds.setdefault(pixel_kind(image), cell.name)
            yield image, classes.index(cell.kind), shown(cell.name)

    if options["hash"] == "content":
        digest = fingerprint_of(usable())
    else:
        names_alone = hashlib.sha256(b"names and sizes only\n")
        for cell in cells:
            line = f"{' '.join(cell.names)}\0{classes.index(cell.kind)}\0{cell.bytes}\n"
            names_alone.update(line.encode("utf-8", "surrogateescape"))
        digest = names_alone.hexdigest()
        for cell in cells:
            with suppress(Unusable):
                kinds[pixel_kind(reader.read(listing.root, cell.names))] = cell.name
                break
        kept = cells
    if len(kinds) > 1:
        examples = " and ".join(f"{8 * kind.itemsize} bit ({shown(name)})" for (kind, _), name in kinds.items())
        raise DataError(
            f"The images in {shown(listing.root)} are of {examples}, which have no common grey scale: keep one depth, "
            "or read each over its whole range with scale=depth."
        )
    if listing.n_excluded:
        logging.getLogger(__name__).warning(
            "%s: %d file(s) left out; `cgrecnet data check %s %s` says which and why",
            *(name, listing.n_excluded, name, shown(listing.root)),
        )
    kind, channels = next(iter(kinds), (np.dtype(np.uint8), 1))
    table = {
        "cell_id": [shown(cell.name) for cell in kept],
        "class_name": [shown(cell.kind) for cell in kept],
        "group": [shown(cell.group) or group for cell in kept],
    } | {column: [getattr(cell, column) for cell in kept] for column in columns}
    names = [cell.names if len(cell.names) > 1 else cell.name for cell in kept]
    left_out = {shown(one): reason for reason, several in listing.excluded.items() for one in several}
    return CellDataset(
        name=name,
        simulated=listing.simulated,
        task=task,
        classes=tuple(map(shown, classes)),
        images=CellImages(listing.root, names, kind, channels, reader, name, left_out),
        labels=np.array([classes.index(cell.kind) for cell in kept], dtype=np.int64),
        table=pd.DataFrame(table),
        window=options["window"] or WINDOWS[kind],
        fingerprint=digest,
        origin=origin,
        options=options,
    )


@dataclass(frozen=True)
class CellImages(Sequence):
    """Images that are read from their files when they are indexed; nothing is kept.

    names: a cell's file below the root, or several, one a channel; dtype, channels: what every image must have.
    reader: how the files are read; data_set: whose check names bad ones; left_out: file -> why it is none of these.
    Indexing raises DataError, naming the file, where it is gone, damaged or of another depth.
    """

    root: Path
    names: Sequence[str | tuple[str, ...]]
    dtype: np.dtype
    channels: int
    reader: Reader
    data_set: str
    left_out: dict[str, str]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index):
        name = self.names[index if isinstance(index, slice) else operator.index(index)]
        return replace(self, names=name) if isinstance(index, slice) else self._read(name)

    def read_hashed(self, index: int) -> tuple[np.ndarray, str]:
        """The image, and the sha256 (hex) of its files' bytes; raises Unusable with the reason."""
        return self.reader.read_hashed(self.root, self.names[index])

    def _read(self, name: str | tuple[str, ...]) -> np.ndarray:
        try:
            image = self.reader.read(self.root, name)
        except Unusable as reason:
            problem = str(reason)
        else:
            kind, channels = pixel_kind(image)
            if (kind, channels) == (self.dtype, self.channels):
                return image
            problem = f"{8 * kind.itemsize} bit, where the others have {8 * self.dtype.itemsize}"
            if channels != self.channels:
                problem = f"{channels} channel(s), where the others have {self.channels}"
        first = name if isinstance(name, str) else name[0]
        raise DataError(
            f"The image {shown(first)} in {shown(self.root)} cannot be used ({problem}); "
            f"`cgrecnet data check {self.data_set}` with this folder names all such files: mend or remove them."
        )
