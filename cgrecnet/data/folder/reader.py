"""Open a folder of images, or a table of them, as a data set (`folder`)."""

import hashlib
import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.cache import own_files
from cgrecnet.data.folder.listing import Cell, FolderOptions, Listing, list_folder
from cgrecnet.data.images.naming import Unusable
from cgrecnet.data.images.on_disk import CellImages
from cgrecnet.data.images.reading import Reader
from cgrecnet.data.images.tree import ENDINGS
from cgrecnet.data.options import check_options, suggest
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import shown

#: The one task: whatever question the user's own classes ask.
TASKS = {"own": ()}
WINDOWS = {np.dtype(np.uint8): (0.0, 255.0), np.dtype(np.uint16): (0.0, 65535.0)}
#: With more cells than this, reading them all shows its progress.
MANY = 5000
#: Cells that are looked at to see whether images are in colour.
SAMPLE = 20
#: What a record and a report have to say where no acquisition is named.
NO_GROUPS = (
    "No acquisition (donor, day, run) is named for any cell, so nothing rules out that a network tells acquisitions "
    "apart in place of classes: group= names it, by a folder level or a regular expression, or a table has a column "
    "for it."
)

_log = logging.getLogger(__name__)


def available(root: str | Path | None = None) -> bool:
    """True if there is such a folder or table; opens no image."""
    try:
        return find_root(root).exists()
    except DataError:
        return False


def find_root(root: str | Path | None) -> Path:
    """The folder or table; None stands for the folder `folder` in $CGRECNET_DATA. Raises DataError."""
    path = own_files(
        "folder",
        root,
        "Data set 'folder' is your own images: name the folder of the class folders, or a table of files (.csv), as "
        "root.",
        "a folder of class folders, or a table of files (.csv)",
    )
    if path.is_file() and path.suffix.lower() != ".csv":
        raise DataError(f"{shown(path)} is neither a folder nor a table (.csv): name one of these.")
    return path


def open_cells(root: str | Path | None = None, task: str | None = None, options=None) -> CellDataset:
    """The cells of a folder or table.

    images: uint8 or uint16, (H, W) or (H, W, channels), sizes differ; read on demand, so indexing may raise.
    table: cell_id (the file's name below the root), class_name, group (`unknown` where none is named).
    Files that cannot be used are left out with a warning; `cgrecnet data check folder` names them.
    Raises DataError (no such folder, no image, 8 and 16 bit mixed) or ConfigError (unknown task, option, channel).
    """
    used = _checked(task, options)
    listing = list_folder(find_root(root), used)
    reader = reader_of(listing, used)
    kept, kind, digest = _read_all(listing, reader) if used.hash == "content" else _by_names(listing, reader)
    if aside := sum(map(len, listing.aside.values())):
        _log.warning(
            "folder: %d file(s) left out; `cgrecnet data check folder %s` says why", aside, shown(listing.root)
        )
    return _dataset(listing, kept, kind, digest, reader, used)


def open_for_packing(root, task: str | None, options: Mapping | None) -> tuple[CellDataset, dict[str, str]]:
    """The cells without having read each, as packing does that; and file -> reason of what names alone left out."""
    dataset = open_cells(root, task, dict(options or {}) | {"hash": "names"})
    listing = list_folder(find_root(root), _checked(None, options))
    return dataset, {shown(name): reason for reason, names in listing.aside.items() for name in names}


def reader_of(listing: Listing, used: FolderOptions) -> Reader:
    """How the files are read; whether in colour is seen at the first ones where it is not said."""
    plain = Reader(used.page, used.scale, used.inverted)
    if used.colour is not None or len(listing.read) > 1:
        return Reader(used.page, used.scale, used.inverted, bool(used.colour))
    for cell in listing.cells[:: max(1, len(listing.cells) // SAMPLE)]:
        try:
            plain.read(listing.root, cell.names)
        except Unusable as reason:
            if str(reason).startswith("real colour"):
                return Reader(used.page, used.scale, used.inverted, colour=True)
    return plain


def usable_images(listing: Listing, reader: Reader) -> Iterator[tuple[Cell, np.ndarray]]:
    """Read the cells one by one; the unusable ones go to `listing.aside`; progress on stderr where many."""
    cells = listing.cells
    for cell in tqdm(cells, "reading images", disable=len(cells) <= MANY, leave=False, file=sys.stderr):
        try:
            yield cell, reader.read(listing.root, cell.names)
        except Unusable as reason:
            listing.aside[str(reason)].append(cell.names[0])


def origin(listing: Listing, read: tuple[int, ...]) -> str:
    """Where the cells come from, and what a reader of a result on them has to know."""
    what = f" ({' and '.join(f'Ch{channel}' for channel in read)})" if read else ""
    return f"Images given by the user{what}." + ("" if listing.grouped else f" {NO_GROUPS}")


def _checked(task: str | None, options) -> FolderOptions:
    if task not in (None, *TASKS):
        raise ConfigError(f"Data set 'folder' has no task {task!r}; {suggest(task, TASKS)}")
    return check_options(FolderOptions, options, "folder")


def _read_all(listing: Listing, reader: Reader) -> tuple[list[Cell], tuple[np.dtype, int], str]:
    """(usable cells, their pixel type and channels, fingerprint over the pixels), one image in memory at a time."""
    kept: list[Cell] = []
    first: dict[tuple[np.dtype, int], str] = {}
    label_of = {kind: label for label, kind in enumerate(listing.classes)}

    def images() -> Iterator[np.ndarray]:
        for cell, image in usable_images(listing, reader):
            kept.append(cell)
            first.setdefault((image.dtype, 1 if image.ndim == 2 else image.shape[2]), cell.names[0])
            yield image

    digest = fingerprint(images(), (label_of[cell.kind] for cell in kept), (shown(cell.names[0]) for cell in kept))
    if len(first) > 1:
        examples = " and ".join(f"{8 * kind.itemsize} bit ({shown(name)})" for (kind, _), name in first.items())
        raise DataError(
            f"The images in {shown(listing.root)} are of {examples}, which have no common grey scale: keep one depth, "
            "or read each over its whole range with scale=depth."
        )
    _some(listing, kept)
    return kept, next(iter(first)), digest


def _by_names(listing: Listing, reader: Reader) -> tuple[list[Cell], tuple[np.dtype, int], str]:
    """The same without reading every image: what is of another kind is met when it is indexed."""
    _some(listing, listing.cells)
    label_of = {kind: label for label, kind in enumerate(listing.classes)}
    digest = hashlib.sha256(b"names and sizes only\n")
    for cell in listing.cells:
        line = f"{' '.join(cell.names)}\0{label_of[cell.kind]}\0{cell.bytes}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    for cell in listing.cells:
        try:
            image = reader.read(listing.root, cell.names)
        except Unusable:
            continue
        return listing.cells, (image.dtype, 1 if image.ndim == 2 else image.shape[2]), digest.hexdigest()
    return listing.cells, (np.dtype(np.uint8), 1), digest.hexdigest()


def _some(listing: Listing, kept: list[Cell]) -> None:
    """Raise DataError, saying what is there, where no cell is left."""
    if kept:
        return
    if listing.aside:
        (reason, names), *_ = sorted(listing.aside.items(), key=lambda item: -len(item[1]))
        aside = sum(map(len, listing.aside.values()))
        raise DataError(
            f"No image in {shown(listing.root)} can be used: {aside:,} set aside, such as {shown(names[0])} ({reason})."
        )
    others = ", ".join(f"{count:,} {ending}" for ending, count in listing.others.most_common(3))
    holds = f"holds other files ({others})" if others else "is empty"
    raise DataError(f"No image ({' '.join(ENDINGS)}) in {shown(listing.root)}, which {holds}: name another folder.")


def _dataset(
    listing: Listing, kept: list[Cell], kind: tuple[np.dtype, int], digest: str, reader: Reader, used: FolderOptions
) -> CellDataset:
    classes = listing.classes
    label_of = {name: label for label, name in enumerate(classes)}
    names = [cell.names if len(cell.names) > 1 else cell.names[0] for cell in kept]
    table = {
        "cell_id": [shown(cell.names[0]) for cell in kept],
        "class_name": [shown(cell.kind) for cell in kept],
        "group": [shown(cell.group) or "unknown" for cell in kept],
    }
    return CellDataset(
        name="folder",
        simulated=False,
        task="own",
        classes=tuple(map(shown, classes)),
        images=CellImages(listing.root, names, kind[0], kind[1], reader, "folder"),
        labels=np.array([label_of[cell.kind] for cell in kept], dtype=np.int64),
        table=pd.DataFrame(table),
        window=used.window or WINDOWS[kind[0]],
        fingerprint=digest,
        origin=origin(listing, listing.read),
        options=used.model_dump() | {"colour": reader.colour},
    )
