"""What `cgrecnet data check zhu` says about a folder of the paper's images (data set `zhu`)."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cgrecnet.data.audit.levels import border_mean
from cgrecnet.data.download import STAGING
from cgrecnet.data.images import findings
from cgrecnet.data.images.cells import usable_images
from cgrecnet.data.images.check import report_of
from cgrecnet.data.images.listing import Cell, Listing
from cgrecnet.data.options import check_options
from cgrecnet.data.splits import joint_split
from cgrecnet.data.zhu.files import find_root, list_cells
from cgrecnet.data.zhu.names import CLASSES, INDUCERS
from cgrecnet.data.zhu.reader import ZhuOptions
from cgrecnet.errors import DataError
from cgrecnet.files import shown

#: Seed of the split that is tried; the supports do not depend on it.
SEED = 42


@dataclass
class Findings(findings.Findings):
    """What one pass over the images collects, also the grey levels of borders by class and acquisition group."""

    borders: dict[tuple[str, str], array] = field(default_factory=lambda: defaultdict(lambda: array("f")))

    def add(self, cell: Cell, image: np.ndarray) -> None:
        """Note the image of a cell, (H, W)."""
        super().add(cell, image)
        self.borders[cell.kind, cell.group].append(border_mean(image))

    def told(self, published: Mapping[str, Mapping[str, int]], every: bool) -> list[Iterable[str]]:
        """Counts, shapes, grey levels by class and group, the paper's split, duplicates: a list of lines each."""
        return [
            _counts(self.counts(), published.get("counts", {})),
            self.shapes(),
            _groups(self),
            _split(self.counts(), published.get("test", {})),
            self.copies(every) if self.borders else [],
        ]


def report(
    root: str | Path | None = None,
    published: Mapping[str, Mapping[str, int]] | None = None,
    every: bool = False,
    options: Mapping | None = None,
) -> tuple[str, bool]:
    """Everything that can be said about the files below `root`, as text, and whether all is well.

    published: `counts` and `test`, class -> cells in all and in the test part, to compare with.
    every: name every file that is set aside or a duplicate, not only the first of each kind.
    options: as for `open_dataset`.
    Cells that differ from the published counts are reported, but a part of the data is a usable data set.
    """
    used = check_options(ZhuOptions, options, "zhu")
    listing, found = list_cells(find_root(root), used.naming), Findings()
    for cell, image in usable_images(listing, listing.cells, used.reader):
        found.add(cell, image)
    title = f"{'Simulated images in the layout' if listing.simulated else 'Images'} of data set zhu"
    told = [*found.told(published or {}, every), _channel(listing)]
    remarks = _together(listing, found)
    return report_of(listing, found, used.window, every, title, told, _problems(listing, found), remarks)


def _problems(listing: Listing, found: Findings) -> dict[str, object]:
    counts, files = found.counts(), sum(listing.others.values())
    others = " or ".join(f"{channel}" for channel in sorted(listing.channels))
    missing = [kind for kind in CLASSES if not counts[kind]]
    usable = listing.cells or listing.set_aside
    return {
        "a download is not finished (`cgrecnet data fetch zhu` with its DOI and this folder goes on)": any(
            (listing.root / STAGING).glob("*.part")
        ),
        f"no {' and no '.join(missing)} cells, so the task `lineage` cannot be opened": missing,
        "no image at all" + (f" among {files:,} other files" if files else ", the folder is empty"): not (
            usable or listing.channels
        ),
        f"images of other channels than Ch{listing.read[0]} only (--option channel={others} reads them)": (
            listing.channels and not usable
        ),
    }


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


def _groups(found: Findings) -> Iterator[str]:
    if not found.borders:
        return
    yield "Grey level of the border (mean of the outermost pixels of an image), by class and acquisition group"
    yield f"  {'class':<18}{'group':<14}{'cells':>9}{'min':>10}{'median':>10}{'max':>10}"
    order = [*CLASSES, *INDUCERS]
    for (kind, group), means in sorted(found.borders.items(), key=lambda row: (order.index(row[0][0]), row[0][1])):
        low, middle, high = (f"{level:>10.1f}" for level in np.quantile(means, (0, 0.5, 1)))
        yield f"  {kind:<18}{group:<14}{len(means):>9,}{low}{middle}{high}"


def _together(listing: Listing, found: Findings) -> Iterator[str]:
    """That folders are not told apart, where a group has several."""
    homes: dict[str, set[str]] = defaultdict(set)
    for folder, _, group in found.cells:
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


def _channel(listing: Listing) -> Iterator[str]:
    if listing.channels:
        why = "as the files mark it" if listing.marked else "--option channel=NUMBER reads another"
        yield f"Channel read as brightfield: Ch{listing.read[0]} ({why})"
        others = ", ".join(f"Ch{channel} {count:,}" for channel, count in sorted(listing.channels.items()))
        yield f"Other channels, not read: {others}"
