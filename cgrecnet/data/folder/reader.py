"""Your own images as a data set (`folder`): which files of a folder or table are cells, and what is said of them."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, field_validator

from cgrecnet.data.base import CellDataset, Unusable
from cgrecnet.data.cache import own_files
from cgrecnet.data.images.check import Findings, report_of
from cgrecnet.data.images.listing import PARTS, Cell, Listing, class_in, files_of_cells, group_by, parts_of, walk
from cgrecnet.data.images.reading import COLOUR, Reader, open_listed, size_of, usable_images
from cgrecnet.data.options import ReadingOptions, Window, check_group
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import shown

#: Columns of a table of files; `group` may be left out.
FILE, CLASS, GROUP = "file", "class", "group"
#: Number of a channel in the names of files.
Channel = Annotated[int, Field(ge=1, strict=True)]


class FolderOptions(ReadingOptions):
    """Settings of the data set.

    class_level: which folder names the class; 1: the one directly below the root.
    classes: words of such a folder's name -> class; what has none of them takes no part. None: each folder is a class.
    group: what names the acquisition (donor, day, run): a folder level, or a regular expression on the file's name
        below the root. A table of files (`file,class,group` in a CSV) has a column of its own for it.
    channel: where the names of the files have channels (`_Ch4`): the number of the one to read, or a list of several.
    colour: True keeps red, green and blue, False refuses real colour; None: as the first files are.
    hash: `content` reads and checks every image once on opening, leaves out the bad ones, and gives a fingerprint over
        all pixels; `names` opens at once, but its fingerprint covers only names, sizes in bytes and labels.
    window: levels (black, white) that map to 0 and 1; None: the whole range of 8 or 16 bit.
    """

    class_level: Annotated[int, Field(ge=1, strict=True)] = 1
    classes: dict[str, str] | None = None
    group: int | str | None = None
    channel: Channel | tuple[Channel, ...] | None = None
    colour: bool | None = None
    hash: Literal["content", "names"] = "content"
    window: Window | None = None

    _group = field_validator("group")(check_group)

    @field_validator("classes")
    @classmethod
    def _some_classes(cls, classes: dict[str, str] | None) -> dict[str, str] | None:
        if classes is not None and not all([classes, *classes, *classes.values()]):
            raise ValueError("it needs one word or more, each with the name of a class")
        return classes


def list_folder(root: Path, options: FolderOptions) -> Listing:
    """The cells of a folder of class folders, or of a table (`root` is a .csv file); raises DataError or ConfigError.

    Raises where the table has no such columns, folders are called as parts of a split, or the channel is not plain.
    """
    table = root if root.is_file() else None
    listing = Listing(root.parent if table else root, grouped=bool(options.group))
    if table:
        rows, listing.grouped = _read_table(table)
        names = list(rows)
    else:
        names = list(walk(root, listing.excluded))
        tops = {name.partition("/")[0] for name in names if "/" in name}
        listing.parts = {name for name in tops if name.lower() in PARTS}
        if listing.parts and options.class_level == 1 and options.classes is None:
            raise ConfigError(
                f"The folders {' and '.join(map(shown, sorted(listing.parts)))} in {shown(root)} look like parts of a "
                "split, not like classes: class_level=2 takes the folders below them for classes, and the cells of all "
                "parts together, of which a run draws a split of its own."
            )
    wanted = (options.channel,) if isinstance(options.channel, int) else options.channel or ()
    for cell in files_of_cells(names, listing, wanted):
        name = cell[0]
        try:
            if table:
                kind, group = rows[name]
                kind = kind if options.classes is None else _named(kind, options)
            else:
                kind = _kind(name, options)
                group = group_by(options.group, name) if options.group else ""
            listing.cells.append(Cell(cell, sum(size_of(listing.root, each) for each in cell), kind, group))
        except Unusable as reason:
            listing.excluded[str(reason)].append(name)
    listing.cells.sort(key=lambda cell: cell.names)
    return listing


def _kind(name: str, options: FolderOptions) -> str:
    folders, _, _ = parts_of(name)
    if len(folders) < options.class_level:
        raise Unusable(f"no folder at level {options.class_level}, which names the class (class_level=)")
    return _named(folders[options.class_level - 1], options)


def _named(word: str, options: FolderOptions) -> str:
    if options.classes is None:
        return word
    if (kind := class_in(word, options.classes)) is None:
        raise Unusable(f"{shown(word)!r} is none of the words in classes=")
    return kind


def _read_table(path: Path) -> tuple[dict[str, tuple[str, str]], bool]:
    """(file -> class and group, whether groups are given) of a table; raises DataError, naming the line."""
    rows: dict[str, tuple[str, str]] = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            have = reader.fieldnames or []
            if missing := [name for name in (FILE, CLASS) if name not in have]:
                raise DataError(
                    f"The table {shown(path)} has no column {missing[0]!r} (its first line is "
                    f"{shown(','.join(have))[:80]!r}): it needs {FILE},{CLASS} and, for the acquisition, {GROUP}."
                )
            for row in reader:
                name = (row[FILE] or "").strip().replace(os.sep, "/")
                kind, group = (row[CLASS] or "").strip(), (row.get(GROUP) or "").strip()
                _check_row(path, reader.line_num, name, kind, rows)
                rows[PurePosixPath(name).as_posix()] = kind, group
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is no CSV in UTF-8"
        raise DataError(f"The table {shown(path)} cannot be read ({reason}).") from None
    grouped = any(group for _, group in rows.values())
    if grouped and (bare := [name for name, (_, group) in rows.items() if not group]):
        raise DataError(f"The table {shown(path)} gives {shown(bare[0])} no group, but others one: give each its own.")
    return rows, grouped


def _check_row(path: Path, line: int, name: str, kind: str, rows: dict) -> None:
    where = f"Line {line} of {shown(path)}"
    if not name or not kind:
        raise DataError(f"{where} has no {FILE if not name else CLASS}: give each line both.")
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise DataError(f"{where} names {shown(name)}, which does not lie below the table's folder: move the table up.")
    if PurePosixPath(name).as_posix() in rows:
        raise DataError(f"{where} names {shown(name)} again: a cell stands there once.")


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


def open_cells(root: str | Path | None, task: str, used: FolderOptions) -> CellDataset:
    """The cells of a folder or table.

    images: uint8 or uint16, (H, W) or (H, W, channels), sizes differ; read on demand, so indexing may raise.
    table: cell_id (the file's name below the root), class_name, group (`unknown` where none is named).
    Files that cannot be used are left out with a warning; `cgrecnet data check folder` names them.
    Raises DataError (no such folder, no image, 8 and 16 bit mixed) or ConfigError (channel).
    """
    listing = list_folder(find_root(root), used)
    reader = reader_of(listing, used)
    what = f" ({' and '.join(f'Ch{channel}' for channel in listing.read)})" if listing.read else ""
    dataset = open_listed(
        listing, sorted({cell.kind for cell in listing.cells}), reader, name="folder", task=task, group="unknown",
        origin=f"Images given by the user{what}." + ("" if listing.grouped else f" {NO_GROUPS}"),
        options=used.model_dump() | {"colour": reader.colour},
    )  # fmt: skip
    if not len(dataset) and listing.excluded:
        reason, names = max(listing.excluded.items(), key=lambda item: len(item[1]))
        raise DataError(
            f"No image in {shown(listing.root)} can be used: {listing.n_excluded:,} set aside, such as "
            f"{shown(names[0])} ({reason})."
        )
    if not len(dataset):
        listing.refuse_empty("name another folder")
    return dataset


def reader_of(listing: Listing, used: FolderOptions) -> Reader:
    """How the files are read; whether in colour is seen at the first ones where it is not said."""
    if used.colour is not None or len(listing.read) > 1:
        return Reader(used, bool(used.colour))
    for cell in listing.cells[:: max(1, len(listing.cells) // SAMPLE)]:
        try:
            Reader(used).read(listing.root, cell.names)
        except Unusable as reason:
            if str(reason) == COLOUR:
                return Reader(used, colour=True)
    return Reader(used)


#: A class with fewer cells cannot be parted in training, validation and test.
FEW = 10


def report(root: str | Path | None, published: Mapping, every: bool, used: FolderOptions) -> tuple[str, bool]:
    """Everything that can be said about the folder or table, as text, and whether all is well."""
    listing, found = list_folder(find_root(root), used), Findings()
    for cell, image in usable_images(listing, listing.cells, reader_of(listing, used)):
        found.add(cell, image)
    counts = sorted(found.counts().items())
    few = [f"{kind} {cells}" for kind, cells in counts if cells < FEW]
    problems = {
        "no usable image" if listing.n_excluded else "no image at all": not counts,
        "one class alone, and a network learns to tell two or more apart": len(counts) == 1,
        f"class(es) of fewer than {FEW} cells, too few to be parted ({', '.join(few)})": few,
    }
    remarks = [] if listing.grouped else [NO_GROUPS]
    head = [f"Images of data set folder in {shown(listing.root)}"]
    return report_of(head, found, used.window, published, every, problems, remarks, listing)
