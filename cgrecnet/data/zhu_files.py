"""Which files of a folder tree are cells of the paper's data (data set `zhu`).

Nothing is opened here: names and sizes are enough.
"""

import os
import stat
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from cgrecnet.data.zhu_names import CLASSES, Unusable, channel_of, class_of_name, describe, is_image, parts_of

#: A file of this name says that the cells below its folder are simulated, in the layout of the paper's images.
SIMULATED = "SIMULATED.txt"


@dataclass(frozen=True, slots=True)
class CellFile:
    """One cell's file: name (relative to the root, with /), size in bytes, class or inducer, acquisition.

    group: kind, day and replicate, such as `n-1d1`, `nt4-1d` (no replicate given) or `a-unknown`; in simulated files
        day and replicate alone, such as `1d1`, because a simulated run holds cells of several kinds.
    """

    name: str
    bytes: int
    kind: str
    group: str
    day: str
    replicate: str


@dataclass
class Listing:
    """What a folder tree holds.

    cells: sorted by name; aside: reason -> names of files or folders that cannot be used;
    channels: files of other channels; others: files with another ending, or hidden, by ending.
    simulated: whether a file `SIMULATED` in the tree, or beside the root, says that the cells are simulated.
    """

    root: Path
    cells: list[CellFile] = field(default_factory=list)
    aside: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    channels: Counter = field(default_factory=Counter)
    others: Counter = field(default_factory=Counter)
    simulated: bool = False


def list_cells(root: Path) -> Listing:
    """Walk `root` and name its cells; what cannot be a cell is set aside or counted, never an error."""
    listing = Listing(root, simulated=(root.parent / SIMULATED).exists())
    for name in walk(root, listing.aside):
        listing.simulated |= name.rpartition("/")[2] == SIMULATED
        try:
            if (found := _cell_file(root, name, listing)) is not None:
                listing.cells.append(found)
        except Unusable as reason:
            listing.aside[str(reason)].append(name)
    listing.cells.sort(key=lambda cell: cell.name)
    if listing.simulated:
        listing.cells = [replace(cell, group=cell.group.partition("-")[2]) for cell in listing.cells]
    return listing


def has_all_classes(root: Path) -> bool:
    """Whether the names below `root` name a cell of each class; stops as soon as they do."""
    missing = set(CLASSES)
    for name in walk(root, aside=defaultdict(list)):
        missing.discard(class_of_name(name))
        if not missing:
            return True
    return False


def walk(root: Path, aside: dict[str, list[str]]) -> Iterator[str]:
    """Names of all files below `root`, relative and with /: linked folders last, each folder once, no hidden ones."""
    above = os.path.join(os.path.realpath(root), "")
    seen: set[str] = set()
    todo = [""]
    while todo:
        start = todo.pop(0)
        if start and above.startswith(os.path.join(os.path.realpath(root / start), "")):
            aside["link to a folder that it lies in"].append(start)
            continue
        for folder, folders, files in os.walk(root / start, onerror=lambda error: _unreadable(error, root, aside)):
            here = os.path.relpath(folder, root).replace(os.sep, "/")
            if (real := os.path.realpath(folder)) in seen:
                aside["link to a folder that is read already"].append(here)
                folders.clear()
                continue
            seen.add(real)
            prefix = "" if here == "." else here + "/"
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            todo += [prefix + name for name in sorted(links)]
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
            yield from (prefix + name for name in sorted(files))


def _unreadable(error: OSError, root: Path, aside: dict[str, list[str]]) -> None:
    aside["folder that cannot be opened"].append(os.path.relpath(error.filename, root))


def _cell_file(root: Path, name: str, listing: Listing) -> CellFile | None:
    """The cell behind a file name, or None for a file that is only counted; raises Unusable."""
    folders, file, ending = parts_of(name)
    if not is_image(file, ending):
        listing.others[ending or "no ending"] += 1
        return None
    channel = channel_of(folders, file)
    if channel not in (None, 1):
        listing.channels[channel] += 1
        return None
    kind, day, replicate = describe(folders, file)
    try:
        status = os.stat(root / name)
    except OSError:
        raise Unusable("cannot be opened") from None
    if not stat.S_ISREG(status.st_mode):
        raise Unusable("not a plain file")
    if status.st_size == 0:
        raise Unusable("empty (0 bytes)")
    group = f"{CLASSES.get(kind, kind)}-{f'{day}d{replicate}' if day else 'unknown'}"
    return CellFile(name, status.st_size, kind, group, day, replicate)
