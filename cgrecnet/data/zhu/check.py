"""What `cgrecnet data check zhu` says about a folder of the paper's images (data set `zhu`)."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cgrecnet.data.audit.levels import border_mean
from cgrecnet.data.download import STAGING
from cgrecnet.data.images.findings import ImageFindings
from cgrecnet.data.images.reading import PLAIN, Reader
from cgrecnet.data.levels import range_lines
from cgrecnet.data.options import check_options
from cgrecnet.data.splits import joint_split
from cgrecnet.data.zhu.files import CellFile, Listing, list_cells
from cgrecnet.data.zhu.names import CLASSES, INDUCERS
from cgrecnet.data.zhu.place import find_root
from cgrecnet.data.zhu.reader import ZhuOptions, usable_images
from cgrecnet.errors import DataError
from cgrecnet.files import shown

#: Names that are shown of a longer list.
SHOWN = 3
#: Folders that are shown.
FOLDERS = 40
#: Seed of the split that is tried; the supports do not depend on it.
SEED = 42


@dataclass
class Findings(ImageFindings):
    """What one pass over the images collects, also by class and acquisition group and by folder."""

    depths: Counter = field(default_factory=Counter)
    borders: dict[tuple[str, str], array] = field(default_factory=lambda: defaultdict(lambda: array("f")))
    folders: Counter = field(default_factory=Counter)

    def add(self, cell: CellFile, image: np.ndarray) -> None:
        """Note the image of a cell, (H, W)."""
        self.note(cell.name, image)
        self.depths[8 * image.dtype.itemsize] += 1
        self.folders[cell.name.rpartition("/")[0], cell.kind, cell.group] += 1
        self.borders[cell.kind, cell.group].append(border_mean(image))

    def add_crop(self, name: str, kind: str, group: str, image: np.ndarray) -> None:
        """Note a crop of a packed store, which has no day and replicate of its own."""
        self.add(CellFile(name, image.nbytes, kind, group, "", ""), image)

    def amiss(self) -> list[str]:
        """What is amiss with the crops themselves, a clause each."""
        return [self.amiss_with_copies] if self.again else []

    def told(self, published: Mapping[str, Mapping[str, int]], every: bool) -> list[Iterable[str]]:
        """Counts, shapes, grey levels by class and group, the paper's split, duplicates: a list of lines each."""
        return [
            _counts(self.counts(), published.get("counts", {})),
            _shapes(self),
            _groups(self),
            _split(self.counts(), published.get("test", {})),
            self.copies(None if every else SHOWN) if self.borders else [],
        ]

    def counts(self) -> Counter:
        """Usable cells per class or inducer."""
        found = Counter()
        for (kind, _), means in self.borders.items():
            found[kind] += len(means)
        return found


def report(
    root: str | Path | None = None,
    published: Mapping | None = None,
    every: bool = False,
    options: Mapping | None = None,
) -> tuple[str, bool]:
    """Everything that can be said about the files below `root`, as text, and whether all is well.

    every: name every file that is set aside or a duplicate, not only the first of each kind.
    options: as for `open_dataset`.
    """
    used = check_options(ZhuOptions, options, "zhu")
    return examine(list_cells(find_root(root), used.naming), published or {}, every, used.reader, used.window)


def examine(
    listing: Listing,
    published: Mapping[str, Mapping[str, int]],
    every: bool = False,
    reader: Reader = PLAIN,
    window: tuple[float, float] | None = None,
) -> tuple[str, bool]:
    """Read every image below the root once; (report, whether nothing is amiss).

    published: `counts` and `test`, class -> cells in all and in the test part, to compare with; may be empty.
    every: name every file that is set aside or a duplicate, instead of `SHOWN`.
    reader: how files are read; window: as opened, None: the whole range of 8 or 16 bit.
    Cells that differ from the published counts are reported, but a part of the data is a usable data set.
    """
    found = Findings()
    for cell, image in usable_images(listing, listing.cells, reader):
        found.add(cell, image)
    window = window or (0.0, float(2 ** max(found.depths, default=8) - 1))
    amiss = _amiss(listing, found, window)
    kind = "Simulated images in the layout" if listing.simulated else "Images"
    parts = [
        [f"{kind} of data set zhu in {shown(listing.root)}"],
        *found.told(published, every),
        _folders(listing, found, every),
        range_lines(levels, window) if (levels := found.levels.range()) else [],
        _aside(listing, None if every else SHOWN),
        [f"Amiss: {'; '.join(amiss)}." if amiss else "Nothing amiss."],
    ]
    texts = ("\n".join(part) for part in parts)
    return "\n\n".join(text for text in texts if text), not amiss


def _amiss(listing: Listing, found: Findings, window: tuple[float, float]) -> list[str]:
    counts, levels = found.counts(), found.levels.range()
    others = " or ".join(f"{channel}" for channel in sorted(listing.channels))
    missing = [kind for kind in CLASSES if not counts[kind]]
    aside = sum(map(len, listing.aside.values()))
    files = sum(listing.others.values())
    arriving = any((listing.root / STAGING).glob("*.part"))
    problems = {
        "a download is not finished (`cgrecnet data fetch zhu` with its DOI and this folder goes on)": arriving,
        f"no {' and no '.join(missing)} cells, so the task `lineage` cannot be opened": missing,
        "no image at all" + (f" among {files:,} other files" if files else ", the folder is empty"): not (
            listing.cells or aside or listing.channels
        ),
        f"images of other channels than Ch{listing.channel} only (--option channel={others} reads them)": (
            listing.channels and not (listing.cells or aside)
        ),
        "8 and 16 bit are mixed, so it cannot be opened (scale=depth reads each over its whole range)": (
            len(found.depths) > 1
        ),
        f"the folders {' and '.join(sorted(map(shown, listing.parts)))}: a run puts their cells together and draws a "
        "split of its own, so that what was kept for a test is trained on": listing.parts,
        f"{len(found.odd):,} picture(s) of a single pixel, or of 0 and one other level as a mask has them "
        f"({', '.join(map(shown, found.odd[:SHOWN]))})": found.odd,
        "grey levels that fill too little of the window": levels and levels.narrow(window),
        f"{aside:,} set aside": aside,
    }
    return [words for words, holds in problems.items() if holds] + found.amiss()


def _counts(counts: Counter, printed: Mapping[str, int]) -> Iterator[str]:
    yield f"{'usable cells':<20}{'found':>9}" + (f"{'Table 1':>9}{'difference':>12}" if printed else "")
    for kind in CLASSES:
        line = f"  {kind:<18}{counts[kind]:>9,}"
        if kind in printed:
            line += f"{printed[kind]:>9,}{counts[kind] - printed[kind]:>+12,}"
        yield line
    for kind in INDUCERS:
        if counts[kind]:
            yield f"  {kind + ' (inducer)':<18}{counts[kind]:>9,}   not in the task `lineage`"
    if printed and any(counts[kind] != printed[kind] for kind in CLASSES):
        yield "These are not the cells that the paper counts, so results on them are not comparable with its own."


def _shapes(found: Findings) -> Iterator[str]:
    if not found.depths:
        return
    for what, sizes in (("width", found.widths), ("height", found.heights)):
        usual, count = sizes.most_common(1)[0]
        share = count / sizes.total()
        yield f"{what:<8}{min(sizes)} to {max(sizes)} pixels, most often {usual} ({share:.0%} of the images)"
    yield "depth   " + ", ".join(f"{depth} bit: {count:,} images" for depth, count in sorted(found.depths.items()))


def _groups(found: Findings) -> Iterator[str]:
    if not found.borders:
        return
    yield "Grey level of the border (mean of the outermost pixels of an image), by class and acquisition group"
    yield f"  {'class':<18}{'group':<14}{'cells':>9}{'min':>10}{'median':>10}{'max':>10}"
    order = [*CLASSES, *INDUCERS]
    for (kind, group), means in sorted(found.borders.items(), key=lambda row: (order.index(row[0][0]), row[0][1])):
        low, middle, high = (f"{level:>10.1f}" for level in np.quantile(means, (0, 0.5, 1)))
        yield f"  {kind:<18}{group:<14}{len(means):>9,}{low}{middle}{high}"


def _folders(listing: Listing, found: Findings, every: bool) -> Iterator[str]:
    """Which folder made which class and group; and that folders are not told apart, where a group has several."""
    if not any(folder for folder, _, _ in found.folders):
        return
    yield f"  {'folder':<58} {'class':<16} {'group':<14} {'cells':>9}"
    rows = sorted(found.folders.items())
    for (folder, kind, group), cells in rows if every else rows[:FOLDERS]:
        yield f"  {shown(folder) or '.':<58} {kind:<16} {shown(group):<14} {cells:>9,}"
    if not every and len(rows) > FOLDERS:
        yield f"  ... and {len(rows) - FOLDERS:,} more (`--all` names every one)"
    homes: dict[str, set[str]] = defaultdict(set)
    for folder, _, group in found.folders:
        homes[group].add(folder)
    if not listing.grouped and (together := {group: home for group, home in homes.items() if len(home) > 1}):
        group, home = max(together.items(), key=lambda item: len(item[1]))
        yield (
            f"Group {shown(group)} is of {len(home):,} folders. Where these are acquisitions of their own (donors, "
            "days, runs), a grouped split parts them wrongly: --option group=LEVEL (1: the folder below the root) or "
            '--option group=EXPRESSION tells them apart, in a run data_options="{group: LEVEL}".'
        )


def _split(counts: Counter, printed: Mapping[str, int]) -> Iterator[str]:
    """Whether a joint stratified 70/15/15 split of these cells has the test part that the paper prints."""
    labels = np.repeat(np.arange(len(CLASSES)), [counts[kind] for kind in CLASSES])
    if not printed:
        return
    try:
        if not all(counts[kind] for kind in CLASSES):
            raise DataError
        tested = np.bincount(labels[joint_split(labels, seed=SEED).test])
    except DataError:
        yield "The paper's 70/15/15 split cannot be rebuilt: these cells are too few, or a class is missing."
        return
    here, there = (" / ".join(f"{n:,}" for n in row) for row in (tested, (printed[kind] for kind in CLASSES)))
    if here == there:
        yield f"The sizes of the paper's 70/15/15 split can be rebuilt: its test part has {here} cells, as printed."
        yield "Which cells were in it is not known, and depends on the seed and the order of the files."
    else:
        yield f"The paper's 70/15/15 split cannot be rebuilt: a test part has {here} cells here, {there} in the paper."


def _aside(listing: Listing, most: int | None) -> Iterator[str]:
    if listing.channels:
        why = "as the files mark it" if listing.marked else "--option channel=NUMBER reads another"
        yield f"Channel read as brightfield: Ch{listing.channel} ({why})"
    if listing.masks:
        yield f"Masks, not read: {listing.masks:,}"
    if listing.aside:
        yield "Set aside"
    for reason, names in sorted(listing.aside.items()):
        more = ", ..." if most is not None and len(names) > most else ""
        yield f"  {reason}: {len(names):,} ({', '.join(map(shown, names[:most]))}{more})"
    if most is not None and any(len(names) > most for names in listing.aside.values()):
        yield "  `--all` names every one"
    for what, found in (("Other channels", listing.channels), ("Other files", listing.others)):
        if found:
            label = "Ch" if what == "Other channels" else ""
            kinds = ", ".join(f"{label}{kind} {count:,}" for kind, count in sorted(found.items()))
            yield f"{what}, not read: {kinds}"
