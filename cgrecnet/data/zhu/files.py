"""Which files of a folder tree are cells of the paper's data (data set `zhu`).

Nothing is opened here: names and sizes are enough.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cgrecnet.data.images.listing import AGAIN, Cell, Listing
from cgrecnet.data.images.naming import PARTS, Unusable, group_by, picture_of
from cgrecnet.data.images.reading import ASKED, marked_brightfield
from cgrecnet.data.images.tree import is_image, parts_of, size_of, walk
from cgrecnet.data.zhu.names import CLASSES, channel_of, class_of_name, describe

#: A file of this name says that the cells below its folder are simulated, in the layout of the paper's images.
SIMULATED = "SIMULATED.txt"


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
