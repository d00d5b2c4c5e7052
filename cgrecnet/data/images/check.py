"""What one pass over the images of a data set collects and says (`cgrecnet data check`), for files and for stores."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from cgrecnet.data.images.listing import Cell, Listing
from cgrecnet.data.levels import Levels, LevelsByGroup, aligned, level_lines, range_lines
from cgrecnet.errors import DataError
from cgrecnet.files import shown

#: Pixel type -> grey levels that become 0 and 1 where no option says otherwise.
WINDOWS = {np.dtype(np.uint8): (0.0, 255.0), np.dtype(np.uint16): (0.0, 65535.0)}
#: Names that are shown of a longer list, and folders.
SHOWN, FOLDERS = 3, 40
#: Seed of the split that is tried; the supports do not depend on it.
SEED = 42


@dataclass
class Findings:
    """What one pass collects, small per image, so that those of 207,556 fit.

    kinds: images by pixel type and channels; cells: by folder, class and group.
    odd: names of images that are no pictures; again: names of exact copies, each beside the first with these pixels.
    """

    kinds: Counter = field(default_factory=Counter)
    levels: Levels = field(default_factory=Levels)
    groups: LevelsByGroup = field(default_factory=LevelsByGroup)
    cells: Counter = field(default_factory=Counter)
    first: dict[bytes, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    again: list[tuple[str, str]] = field(default_factory=list)

    def add(self, cell: Cell, image: np.ndarray) -> None:
        """Note the image of a cell, (H, W) or (H, W, C), by its first file."""
        self.kinds[kind_of(image)] += 1
        self.levels.add(image)
        self.groups.add(shown(cell.kind), shown(cell.group) or "-", image)
        self.cells[cell.name.rpartition("/")[0], cell.kind, cell.group] += 1
        # a single pixel, or the levels of a mask: 0 and one other
        positive = np.count_nonzero(image)
        if image.size <= 1 or (image.min() == 0 and positive == np.count_nonzero(image == image.max())):
            self.odd.append(cell.name)
        content = hashlib.sha256(f"{image.shape}{image.dtype.str}".encode() + image.tobytes()).digest()
        if (earlier := self.first.setdefault(content, cell.name)) != cell.name:
            self.again.append((cell.name, earlier))

    def counts(self) -> Counter:
        """Usable cells per class."""
        found = Counter()
        for (_, kind, _), cells in self.cells.items():
            found[kind] += cells
        return found

    def told(self, published: Mapping[str, Mapping[str, int]], every: bool) -> list[Iterable[str]]:
        """Paragraphs of lines: counts, depths, sizes and levels by class and group, the published split, copies.

        published: what a publication says of the counts, for a data set that compares; every: name every copy.
        """
        counts, printed = self.counts(), published.get("counts", {})
        kinds = sorted((8 * kind.itemsize, channels, count) for (kind, channels), count in self.kinds.items())
        depths = [
            f"{depth} bit{f' in {channels} channels' if channels > 1 else ''}: {count:,} images"
            for depth, channels, count in kinds
        ]
        return [
            _counts(counts, printed),
            [f"depth   {', '.join(depths)}"] if depths else [],
            level_lines(self.groups.rows(tuple(printed))),
            _split(counts, published["test"]) if "test" in published else [],
            self._copies(every) if counts else [],
        ]

    def problems(self, window: tuple[float, float]) -> dict[str, object]:
        """What may be amiss with any images: clause -> whether it is."""
        depths, channels = (len({kind[i] for kind in self.kinds}) > 1 for i in (0, 1))
        levels = self.levels.range()
        return {
            "8 and 16 bit are mixed, so it cannot be opened (scale=depth reads each over its whole range)": depths,
            "images of different channels, so it cannot be opened (colour=true keeps colour of each)": channels,
            f"{len(self.odd):,} picture(s) of a single pixel, or of 0 and one other level as a mask has them "
            f"({', '.join(map(shown, self.odd[:SHOWN]))})": self.odd,
            "grey levels that fill too little of the window": levels and levels.narrow(window),
            f"{len(self.again):,} exact duplicate(s), which a split may put on both of its sides": self.again,
        }

    def _copies(self, every: bool) -> Iterator[str]:
        yield f"Exact duplicates (the same pixels): {len(self.again):,}" if self.again else "Exact duplicates: none"
        for name, earlier in self.again if every else self.again[:SHOWN]:
            yield f"  {shown(name)} is {shown(earlier)}"
        if not every and len(self.again) > SHOWN:
            yield "  ... (`--all` names every one)"


def report_of(
    head: Iterable[str],
    found: Findings,
    window: tuple[float, float] | None,
    published: Mapping[str, Mapping[str, int]],
    every: bool,
    told: Iterable[Iterable[str]],
    problems: Mapping[str, object],
    remarks: Iterable[Iterable[str]],
) -> tuple[str, bool]:
    """The report, and whether nothing is amiss.

    window: to compare the levels with, None is the whole range; published, every: as for `Findings.told`.
    head, told, remarks: paragraphs of lines at the begin, before the levels and at the end; problems: of the data
    set's own, clause -> whether it holds.
    """
    window = window or max((WINDOWS[kind] for kind, _ in found.kinds), default=(0.0, 255.0))
    amiss = [words for words, holds in {**found.problems(window), **problems}.items() if holds]
    levels = found.levels.range()
    parts = [
        head,
        *found.told(published, every),
        *told,
        range_lines(levels, window) if levels else [],
        *remarks,
        [f"Amiss: {'; '.join(amiss)}." if amiss else "Nothing amiss."],
    ]
    texts = ("\n".join(part) for part in parts)
    return "\n\n".join(text for text in texts if text), not amiss


def report_of_files(
    listing: Listing,
    found: Findings,
    window: tuple[float, float] | None,
    published: Mapping[str, Mapping[str, int]],
    every: bool,
    title: str,
    problems: dict[str, object],
    remarks: Iterable[str],
) -> tuple[str, bool]:
    """`report_of` a listing of image files whose images were all read."""
    own = problems | {
        f"the folders {' and '.join(sorted(map(shown, listing.parts)))}: a run puts their cells together and draws a "
        "split of its own, so that what was kept for a test is trained on": listing.parts,
        f"{listing.set_aside:,} set aside": listing.set_aside,
    }
    told = [_folders(listing, found, every)]
    head = [f"{title} in {shown(listing.root)}", *_channel(listing)]
    return report_of(head, found, window, published, every, told, own, [_aside(listing, every), remarks])


def kind_of(image: np.ndarray) -> tuple[np.dtype, int]:
    """Pixel type and channels of an image, (H, W) or (H, W, channels)."""
    return image.dtype, 1 if image.ndim == 2 else image.shape[2]


def reasons_told(reasons: Mapping[str, list[str]], every: bool) -> Iterator[str]:
    """Reason -> names as lines, `SHOWN` names of each unless every one is asked for."""
    for reason, names in sorted(reasons.items()):
        more = "" if every or len(names) <= SHOWN else ", ..."
        yield f"  {reason}: {len(names):,} ({', '.join(map(shown, names if every else names[:SHOWN]))}{more})"
    if not every and any(len(names) > SHOWN for names in reasons.values()):
        yield "  `--all` names every one"


def _counts(counts: Counter, printed: Mapping[str, int]) -> Iterator[str]:
    """Usable cells per class, and how many the publication has."""
    if counts or printed:
        yield f"{'usable cells':<20}{'found':>9}" + (f"{'Table 1':>9}{'difference':>12}" if printed else "")
    for kind in [*printed, *sorted(counts.keys() - printed)]:
        compared = f"{printed[kind]:>9,}{counts[kind] - printed[kind]:>+12,}" if kind in printed else ""
        yield f"  {shown(kind):<18}{counts[kind]:>9,}{compared}"
    if any(counts[kind] != count for kind, count in printed.items()):
        yield "These are not the cells that the paper counts, so results on them are not comparable with its own."


def _split(counts: Counter, printed: Mapping[str, int]) -> Iterator[str]:
    """Whether a joint stratified 70/15/15 split of these cells has the test part that the paper prints."""
    from cgrecnet.data.splits import joint_split  # here, because who only opens a data set needs no scikit-learn

    labels = np.repeat(np.arange(len(printed)), [counts[kind] for kind in printed])
    try:
        if not all(counts[kind] for kind in printed):
            raise DataError
        tested = np.bincount(labels[joint_split(labels, seed=SEED).test])
    except DataError:
        yield "The paper's 70/15/15 split cannot be rebuilt: these cells are too few, or a class is missing."
        return
    here, there = (" / ".join(f"{n:,}" for n in row) for row in (tested, printed.values()))
    if here == there:
        yield f"The sizes of the paper's 70/15/15 split can be rebuilt: its test part has {here} cells, as printed."
        yield "Which cells were in it is not known, and depends on the seed and the order of the files."
    else:
        yield f"The paper's 70/15/15 split cannot be rebuilt: a test part has {here} cells here, {there} in the paper."


def _channel(listing: Listing) -> Iterator[str]:
    if listing.channels:
        how = "as the files mark it" if listing.marked else "channel= reads another"
        rest = [f"Ch{number} {count:,}" for number, count in sorted(listing.channels.items())]
        yield f"{' and '.join(f'Ch{number}' for number in listing.read)} is read ({how}); there are: {', '.join(rest)}"


def _folders(listing: Listing, found: Findings, every: bool) -> Iterator[str]:
    """Which folder made which class and group."""
    if not listing.grouped and not any(folder for folder, _, _ in found.cells):
        return
    rows = sorted(found.cells.items())
    told = [
        (shown(folder) or ".", shown(kind), shown(group) or "-", f"{cells:,}")
        for (folder, kind, group), cells in (rows if every else rows[:FOLDERS])
    ]
    yield from aligned([("folder", "class", "group", "cells"), *told], words=3)
    if not every and len(rows) > FOLDERS:
        yield f"  ... and {len(rows) - FOLDERS:,} more (`--all` names every one)"


def _aside(listing: Listing, every: bool) -> Iterator[str]:
    if listing.masks:
        yield f"Masks, not read: {listing.masks:,}"
    if listing.aside:
        yield "Set aside"
    yield from reasons_told(listing.aside, every)
    if listing.others:
        others = ", ".join(f"{kind} {count:,}" for kind, count in sorted(listing.others.items()))
        yield f"Other files, not read: {others}"
