"""Which files of a folder, or of a table, are cells, of which class, from which acquisition (data set `folder`)."""

import csv
import os
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, field_validator

from cgrecnet.data.images.listing import AGAIN, Cell, Listing, is_image, parts_of, size_of, walk
from cgrecnet.data.images.naming import PARTS, Picture, Unusable, check_group, class_in, group_by, picture_of
from cgrecnet.data.images.reading import ReadingOptions, marked_brightfield
from cgrecnet.data.options import Window
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
        names = list(walk(root, listing.aside))
        tops = {name.partition("/")[0] for name in names if "/" in name}
        listing.parts = {name for name in tops if name.lower() in PARTS}
        if listing.parts and options.class_level == 1 and options.classes is None:
            raise ConfigError(
                f"The folders {' and '.join(map(shown, sorted(listing.parts)))} in {shown(root)} look like parts of a "
                "split, not like classes: class_level=2 takes the folders below them for classes, and the cells of all "
                "parts together, of which a run draws a split of its own."
            )
    pictures = _pictures(names, listing)
    for cell in _by_cell(pictures, listing, options):
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
            listing.aside[str(reason)].append(name)
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


def _pictures(names: list[str], listing: Listing) -> dict[str, Picture]:
    """Pictures of cells by file; what is none is counted."""
    pictures = {}
    for name in names:
        folders, file, ending = parts_of(name)
        if not is_image(file, ending):
            listing.others[ending or "no ending"] += 1
            continue
        picture = picture_of(file)
        if picture.mask:
            listing.masks += 1
            continue
        if picture.channel is not None:
            listing.channels[picture.channel] += 1
        pictures[name] = picture
    return pictures


def _by_cell(pictures: dict[str, Picture], listing: Listing, options: FolderOptions) -> list[tuple[str, ...]]:
    """The files of each cell, one per channel that is read; raises ConfigError where that is not plain."""
    cells: dict[tuple[str, str], dict] = defaultdict(dict)
    for name, picture in sorted(pictures.items()):
        place = name.rpartition("/")[0], picture.cell
        slot = "brightfield" if picture.brightfield else picture.channel
        if slot in cells[place]:
            listing.aside[AGAIN].append(name)
        else:
            cells[place][slot] = name
    listing.read = _channels(cells, listing, options)
    found = []
    for slots in cells.values():
        if len(listing.read) > 1:
            names = tuple(slots[channel] for channel in listing.read if channel in slots)
            if len(names) < len(listing.read):
                listing.aside["not every channel is there"].append(next(iter(slots.values())))
                continue
        else:
            order = ["brightfield", *listing.read, None] if options.channel is None else [*listing.read, None]
            names = tuple(slots[slot] for slot in order if slot in slots)[:1]
        if names:
            found.append(names)
            rest = [slots[slot] for slot in ("brightfield", None) if slot in slots and slots[slot] not in names]
            listing.aside[AGAIN] += rest
    if not listing.aside[AGAIN]:
        del listing.aside[AGAIN]
    return found


def _channels(cells: dict, listing: Listing, options: FolderOptions) -> tuple[int, ...]:
    have = sorted(listing.channels)
    if options.channel is not None:
        wanted = options.channel if isinstance(options.channel, tuple) else (options.channel,)
        if missing := [channel for channel in wanted if channel not in have]:
            known = ", ".join(f"Ch{channel}" for channel in have) or "none"
            raise ConfigError(f"No file in {shown(listing.root)} is of Ch{missing[0]}; there are: {known}.")
        return wanted
    if len(have) < 2 or all("brightfield" in slots for slots in cells.values()):
        return tuple(have[:1])
    marked = marked_brightfield(listing.root, cells.values(), have)
    if marked is None:
        raise ConfigError(
            f"The files in {shown(listing.root)} are of several channels "
            f"({', '.join(f'Ch{channel}: {listing.channels[channel]:,}' for channel in have)}), and none is marked as "
            f"brightfield: channel={have[0]} reads the first, channel=[{have[0]},{have[1]}] two together."
        )
    listing.marked = True
    return (marked,)


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
