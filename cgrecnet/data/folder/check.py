"""What `cgrecnet data check folder` says: every image is read once."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cgrecnet.data.folder.listing import Cell, FolderOptions, Listing, list_folder
from cgrecnet.data.folder.reader import NO_GROUPS, WINDOWS, find_root, reader_of, usable_images
from cgrecnet.data.images.findings import ImageFindings
from cgrecnet.data.levels import range_lines
from cgrecnet.data.options import check_options
from cgrecnet.files import shown

#: Names that are shown of a longer list.
SHOWN = 3
#: Folders that are shown.
FOLDERS = 40
#: A class with fewer cells cannot be parted in training, validation and test.
FEW = 10


@dataclass
class Findings(ImageFindings):
    """What one pass collects, also by depth and channels, and by folder, class and group."""

    kinds: Counter = field(default_factory=Counter)
    cells: Counter = field(default_factory=Counter)

    def add(self, cell: Cell, image: np.ndarray) -> None:
        """Note the image of a cell, (H, W) or (H, W, C), by its first file."""
        name = cell.names[0]
        self.note(name, image)
        self.kinds[image.dtype, 1 if image.ndim == 2 else image.shape[2]] += 1
        self.cells[name.rpartition("/")[0], cell.kind, cell.group] += 1


def report(
    root: str | Path | None = None,
    published: Mapping | None = None,
    every: bool = False,
    options: Mapping | None = None,
) -> tuple[str, bool]:
    """Everything that can be said about the folder or table, as text, and whether all is well.

    every: name every file that is set aside or a duplicate. options: as for `open_dataset`.
    Raises what opening raises where nothing can be listed.
    """
    used = check_options(FolderOptions, options, "folder")
    listing = list_folder(find_root(root), used)
    reader = reader_of(listing, used)
    found = Findings()
    for cell, image in usable_images(listing, reader):
        found.add(cell, image)
    most = None if every else SHOWN
    amiss = _amiss(listing, found, used)
    parts = [
        [f"Images of data set folder in {shown(listing.root)}"],
        _folders(found),
        _images(listing, found),
        _levels(found, used),
        found.copies(most),
        _aside(listing, most),
        [] if listing.grouped else [NO_GROUPS],
        [f"Amiss: {'; '.join(amiss)}." if amiss else "Nothing amiss."],
    ]
    texts = ("\n".join(part) for part in parts)
    return "\n\n".join(text for text in texts if text), not amiss


def _folders(found: Findings) -> Iterator[str]:
    counts = Counter()
    for (_, kind, _), cells in found.cells.items():
        counts[kind] += cells
    for kind, cells in sorted(counts.items()):
        yield f"{shown(kind):<30} {cells:>9,} cells"
    if not counts:
        return
    yield f"  {'folder':<44} {'class':<24} {'group':<20} {'cells':>9}"
    for (folder, kind, group), cells in sorted(found.cells.items())[:FOLDERS]:
        yield f"  {shown(folder) or '.':<44} {shown(kind):<24} {shown(group) or '-':<20} {cells:>9,}"
    if len(found.cells) > FOLDERS:
        yield f"  ... and {len(found.cells) - FOLDERS:,} more"


def _images(listing: Listing, found: Findings) -> Iterator[str]:
    for what, sizes in (("width", found.widths), ("height", found.heights)):
        if sizes:
            yield f"{what:<10}{min(sizes)} to {max(sizes)} pixels"
    for (kind, channels), cells in sorted(found.kinds.items(), key=str):
        yield f"{'depth':<10}{8 * kind.itemsize} bit, {channels} channel(s): {cells:,} images"
    if listing.channels:
        how = "as the files mark it" if listing.marked else "channel= reads another, or several"
        rest = [f"Ch{number} {count:,}" for number, count in sorted(listing.channels.items())]
        read = " and ".join(f"Ch{number}" for number in listing.read)
        yield f"{'channel':<10}{read} is read ({how}); there are: {', '.join(rest)}"


def _levels(found: Findings, used: FolderOptions) -> Iterator[str]:
    levels = found.levels.range()
    if levels is not None and found.kinds:
        (kind, _), _ = found.kinds.most_common(1)[0]
        yield from range_lines(levels, used.window or WINDOWS[kind])


def _aside(listing: Listing, most: int | None) -> Iterator[str]:
    for reason, names in sorted(listing.aside.items()):
        more = ", ..." if most is not None and len(names) > most else ""
        yield f"Set aside: {reason}: {len(names):,} ({', '.join(map(shown, names[:most]))}{more})"
    if listing.masks:
        yield f"Masks, not read: {listing.masks:,}"
    if listing.others:
        others = ", ".join(f"{kind} {count:,}" for kind, count in sorted(listing.others.items()))
        yield f"Other files, not read: {others}"


def _amiss(listing: Listing, found: Findings, used: FolderOptions) -> list[str]:
    counts = Counter()
    for (_, kind, _), cells in found.cells.items():
        counts[kind] += cells
    levels = found.levels.range()
    aside = sum(map(len, listing.aside.values()))
    window = used.window or (WINDOWS[next(iter(found.kinds))[0]] if found.kinds else None)
    few = [f"{shown(kind)} {cells}" for kind, cells in sorted(counts.items()) if cells < FEW]
    problems = {
        f"no usable image ({aside:,} set aside)" if aside else "no image at all": not counts,
        "one class alone, and a network learns to tell two or more apart": len(counts) == 1,
        f"class(es) of fewer than {FEW} cells, too few to be parted ({', '.join(few)})": few,
        f"the folders {' and '.join(map(shown, listing.parts))}: a run puts their cells together and draws a split of "
        "its own, so that what was kept for a test is trained on": listing.parts,
        "images of different depth or channels, so they cannot be opened (scale=depth reads each over its whole "
        "range; colour=true keeps colour)": len(found.kinds) > 1,
        f"{len(found.odd):,} picture(s) of a single pixel, or of 0 and one other level as a mask has them "
        f"({', '.join(map(shown, found.odd[:SHOWN]))})": found.odd,
        f"{aside:,} set aside": aside and counts,
        found.amiss_with_copies: found.again,
        "grey levels that fill too little of the window": levels and window and levels.narrow(window),
    }
    return [words for words, holds in problems.items() if holds]


