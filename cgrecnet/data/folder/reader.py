"""Open a folder of images, or a table of them, as a data set (`folder`)."""

from collections.abc import Mapping
from pathlib import Path

from cgrecnet.data.base import CellDataset
from cgrecnet.data.cache import own_files
from cgrecnet.data.folder.listing import FolderOptions, list_folder
from cgrecnet.data.images.cells import data_set_of, find_cells
from cgrecnet.data.images.listing import Listing
from cgrecnet.data.images.naming import Unusable
from cgrecnet.data.images.reading import Reader
from cgrecnet.data.options import check_options, suggest
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import shown

#: The one task: whatever question the user's own classes ask.
TASKS = {"own": ()}
#: Cells that are looked at to see whether images are in colour.
SAMPLE = 20
#: What a record and a report have to say where no acquisition is named.
NO_GROUPS = (
    "No acquisition (donor, day, run) is named for any cell, so nothing rules out that a network tells acquisitions "
    "apart in place of classes: group= names it, by a folder level or a regular expression, or a table has a column "
    "for it."
)

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
    label_of = {kind: label for label, kind in enumerate(sorted({cell.kind for cell in listing.cells}))}
    found = find_cells(listing, listing.cells, label_of, reader, used.hash == "content")
    if not found.cells:
        _refuse(listing)
    return data_set_of(
        listing, found, label_of, reader, name="folder", task="own", group="unknown", window=used.window,
        origin=origin(listing, listing.read), options=used.model_dump() | {"colour": reader.colour},
    )  # fmt: skip


def open_for_packing(root, task: str | None, options: Mapping | None) -> tuple[CellDataset, dict[str, str]]:
    """The cells without having read each, as packing does that; and file -> reason of what names alone left out."""
    dataset = open_cells(root, task, dict(options or {}) | {"hash": "names"})
    return dataset, list_folder(find_root(root), _checked(None, options)).aside_by_name()


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


def origin(listing: Listing, read: tuple[int, ...]) -> str:
    """Where the cells come from, and what a reader of a result on them has to know."""
    what = f" ({' and '.join(f'Ch{channel}' for channel in read)})" if read else ""
    return f"Images given by the user{what}." + ("" if listing.grouped else f" {NO_GROUPS}")


def _checked(task: str | None, options) -> FolderOptions:
    if task not in (None, *TASKS):
        raise ConfigError(f"Data set 'folder' has no task {task!r}; {suggest(task, TASKS)}")
    return check_options(FolderOptions, options, "folder")


def _refuse(listing: Listing) -> None:
    """Raise DataError for a listing of which no cell can be used, saying what is there."""
    if listing.aside:
        reason, names = max(listing.aside.items(), key=lambda item: len(item[1]))
        raise DataError(
            f"No image in {shown(listing.root)} can be used: {listing.set_aside:,} set aside, such as "
            f"{shown(names[0])} ({reason})."
        )
    listing.refuse_empty("name another folder")
