"""Where the paper's images are, and which files of a folder tree are cells (data set `zhu`).

Nothing is opened here: names and sizes are enough.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cgrecnet.data.cache import cache_folder
from cgrecnet.data.images.listing import AGAIN, Cell, Listing, is_image, parts_of, size_of, walk
from cgrecnet.data.images.naming import PARTS, Unusable, group_by, picture_of
from cgrecnet.data.images.reading import ASKED, marked_brightfield
from cgrecnet.data.zhu.names import CLASSES, channel_of, class_of_name, describe
from cgrecnet.errors import DataError
from cgrecnet.files import shown

ARTICLE = "Zhu et al. 2021 (doi 10.1038/s41467-021-22758-0)"
REMEDY = (
    f"fetch them with `cgrecnet data fetch zhu --doi DOI`, the DOI that the data-availability statement of {ARTICLE} "
    "names, or put them (or a link) into the folder `zhu` below the folder that CGRECNET_DATA names, or give their "
    "folder as root"
)

#: Of a folder of simulated cells: the first is written at the start, the second at the end.
BEGUN, FINISHED = "simulation.json", "truth.csv"
#: A file of this name says that the cells below its folder are simulated, in the layout of the paper's images.
SIMULATED = "SIMULATED.txt"


def find_root(root: str | Path | None = None) -> Path:
    """The folder of the images: `root`, or else $CGRECNET_DATA/zhu or the cache.

    Raises DataError where it is no folder, or one of simulated cells that is not whole.
    """
    if root is None:
        data = os.environ.get("CGRECNET_DATA")
        folder = Path(data).expanduser() / "zhu" if data else None
        if (folder is None or not folder.exists()) and cache_folder("zhu").exists():
            folder = cache_folder("zhu")
        if folder is None or not folder.exists():
            place = f"in {shown(folder)}" if folder else "here (CGRECNET_DATA is not set)"
            raise DataError(f"The images of data set 'zhu' are not {place}: {REMEDY}.")
    else:
        folder = Path(root).expanduser()
        if not folder.exists():
            raise DataError(f"The folder {shown(folder)} does not exist: name the one that holds the images of 'zhu'.")
    if not folder.is_dir():
        raise DataError(f"{shown(folder)} is a file: name the folder that holds the images of data set 'zhu'.")
    if (folder / BEGUN).is_file() and not (folder / FINISHED).is_file():
        raise DataError(
            f"The simulated cells in {shown(folder)} are not whole (they have no {FINISHED}): run the same `cgrecnet "
            "data simulate` again, which completes them, or name another folder."
        )
    return folder.absolute()


@dataclass(frozen=True)
class Naming:
    """How names are read.

    classes: pairs of words of a folder and its class; group: what names the acquisition (`naming.group_by`), None:
    kind, day and replicate; channel: the one of the brightfield, None: the one that files mark, or else Ch1.
    """

    classes: tuple[tuple[str, str], ...] = ()
    group: int | str | None = None
    channel: int | None = None


def list_cells(root: Path, naming: Naming = Naming()) -> Listing:
    """Walk `root` and name its cells; what cannot be a cell is set aside or counted, never an error.

    Their group is kind, day and replicate, such as `n-1d1`, `nt4-1d` (no replicate given) or `a-unknown`; in simulated
    files day and replicate alone, such as `1d1`, because a simulated run holds cells of several kinds.
    """
    listing = Listing(root, read=(1,), simulated=(root.parent / SIMULATED).exists(), grouped=naming.group is not None)
    names = []
    for name in walk(root, listing.aside):
        folders, file, ending = parts_of(name)
        listing.simulated |= file == SIMULATED
        listing.parts |= {folder for folder in folders if folder.lower() in PARTS}
        if is_image(file, ending):
            names.append(name)
        else:
            listing.others[ending or "no ending"] += 1
    _choose_channel(names, listing, naming)
    for name in _one_for_each_cell(names, listing):
        try:
            listing.cells.append(_cell(root, name, naming))
        except Unusable as reason:
            listing.aside[str(reason)].append(name)
    listing.cells.sort(key=lambda cell: cell.name)
    if listing.simulated and naming.group is None:
        listing.cells = [replace(cell, group=cell.group.partition("-")[2]) for cell in listing.cells]
    return listing


def _choose_channel(names: list[str], listing: Listing, naming: Naming) -> None:
    """Which channel is read: as the option says, or the one that the files call brightfield, or Ch1."""
    if naming.channel is not None:
        listing.read = (naming.channel,)
        return
    cells: dict[tuple, dict] = defaultdict(dict)
    have = set()
    for name in names:
        folders, file, _ = parts_of(name)
        if (channel := channel_of(folders, file)) is None:
            continue
        have.add(channel)
        if (place := _place(folders, file)) in cells or len(cells) < ASKED:
            cells[place][channel] = name
    marked = marked_brightfield(listing.root, cells.values(), sorted(have)) if len(have) > 1 else None
    if marked is not None:
        listing.read, listing.marked = (marked,), True


def _one_for_each_cell(names: list[str], listing: Listing) -> Iterator[str]:
    """One file of each cell, in the order of the names; masks and other channels are counted."""
    first: dict[tuple, tuple[int, str]] = {}
    for name in names:
        folders, file, _ = parts_of(name)
        picture, channel = picture_of(file), channel_of(folders, file)
        if picture.mask:
            listing.masks += 1
            continue
        if channel not in (None, *listing.read):
            listing.channels[channel] += 1
            continue
        place, rank = _place(folders, file), 0 if picture.brightfield else 1 if channel is not None else 2
        known = first.setdefault(place, (rank, name))
        if known[1] != name:
            if rank < known[0]:
                first[place] = rank, name
            listing.aside[AGAIN].append(known[1] if rank < known[0] else name)
    yield from (name for _, name in first.values())


def _place(folders: tuple[str, ...], file: str) -> tuple:
    """What the files of one cell have in common: folders (but one of a channel), and the name without its channel."""
    return tuple(folder for folder in folders if channel_of((), folder + ".") is None), picture_of(file).cell


def has_all_classes(root: Path) -> bool:
    """Whether the names below `root` name a cell of each class; stops as soon as they do."""
    missing = set(CLASSES)
    for name in walk(root, aside=defaultdict(list)):
        missing.discard(class_of_name(name))
        if not missing:
            return True
    return False


def _cell(root: Path, name: str, naming: Naming) -> Cell:
    """The cell behind a file name; raises Unusable."""
    folders, file, _ = parts_of(name)
    kind, day, replicate = describe(folders, file, naming.classes)
    size = size_of(root, name)
    group = f"{CLASSES.get(kind, kind)}-{f'{day}d{replicate}' if day else 'unknown'}"
    return Cell((name,), size, kind, group_by(naming.group, name) if naming.group else group, day, replicate)
