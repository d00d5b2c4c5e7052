"""What one pass over the images of a data set collects and says (`cgrecnet data check`), for files and for stores."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from cgrecnet.data.base import WINDOWS, pixel_kind
from cgrecnet.data.images.listing import Cell, Listing
from cgrecnet.data.levels import MEASURED, Levels, aligned, level_lines, levels_by_group, measured, range_lines
from cgrecnet.data.words import text_of
from cgrecnet.errors import DataError
from cgrecnet.files import shown

#: Names that are shown of a longer list, and folders.
SHOWN, FOLDERS = 3, 40
#: Seed of the split that is tried; the supports do not depend on it.
SEED = 42
#: What is noted of each image: small, so that the notes of 207,556 fit. A mask has 0 and one other level.
NOTED = ("name", "folder", "kind", "group", "depth", "channels", "masklike", "content", *MEASURED)
MORE = "`--all` names every one"
_WORDS = text_of("images/check.txt", MORE=MORE)


class Findings:
    """What one pass over images collects."""

    def __init__(self) -> None:
        self.levels = Levels()
        self._notes: list[tuple] = []

    def add(self, cell: Cell, image: np.ndarray) -> None:
        """Note the image of a cell, (H, W) or (H, W, C), by its first file."""
        self.levels.add(image)
        pixel, channels = pixel_kind(image)
        positive = np.count_nonzero(image)
        mask = image.size <= 1 or (image.min() == 0 and positive == np.count_nonzero(image == image.max()))
        content = hashlib.sha256(f"{image.shape}{image.dtype.str}".encode() + image.tobytes()).digest()
        folder = shown(cell.name.rpartition("/")[0])
        names = shown(cell.name), folder, shown(cell.kind), shown(cell.group) or "-"
        self._notes.append((*names, 8 * pixel.itemsize, channels, mask, content, *measured(image)))

    @cached_property
    def images(self) -> pd.DataFrame:
        """One row of `NOTED` per image; to be asked for once all are added."""
        return pd.DataFrame(self._notes, columns=list(NOTED)).astype({"masklike": bool})

    def counts(self) -> Counter:
        """Usable cells per class."""
        return Counter(self.images["kind"].tolist())

    @cached_property
    def copies(self) -> pd.DataFrame:
        """The images whose pixels an earlier one has, and the `first` of these."""
        first = self.images.groupby("content")["name"].transform("first")
        return self.images.assign(first=first)[first != self.images["name"]]


def report_of(
    head: Iterable[str],
    found: Findings,
    window: tuple[float, float] | None,
    published: Mapping[str, Mapping[str, int]],
    every: bool,
    problems: Mapping[str, object],
    remarks: Iterable[str],
    listing: Listing | None = None,
) -> tuple[str, bool]:
    """The report, paragraph by paragraph, and whether nothing is amiss.

    window: to compare the levels with, None is the whole range; published: what a publication says of the counts, for
    a data set that compares; every: name every copy and every file.
    head, remarks: lines at the begin and at the end; problems: of the data set's own, clause -> whether it holds.
    listing: of the files, where the images were read from files.
    """
    counts, printed, levels = found.counts(), published.get("counts", {}), found.levels.range()
    window = window or (WINDOWS[np.dtype(f"u{found.images['depth'].max() // 8}")] if counts else (0.0, 255.0))
    problems = _problems(found, window) | problems | (_problems_of_files(listing) if listing else {})
    amiss = [words for words, holds in problems.items() if holds]
    folders, shown_folders = _folders(listing, found.images) if listing else [], None if every else FOLDERS
    text = _WORDS.render(
        head=head,
        listing=listing,
        counts=counts,
        printed=printed,
        kinds=[*printed, *sorted(counts.keys() - printed)],
        others_counted=any(counts[kind] != count for kind, count in printed.items()),
        depths=found.images.groupby(["depth", "channels"]).size().items(),
        levels=level_lines(levels_by_group(found.images, tuple(printed))),
        split=_test_part(counts, published.get("test", {})),
        printed_split=_sizes(published.get("test", {}).values()),
        copies=list(found.copies.itertuples()),
        most=len(found.copies) if every else SHOWN,
        folders=aligned([("folder", "class", "group", "cells"), *folders[:shown_folders]], words=3) if folders else [],
        more_folders=0 if every else len(folders[FOLDERS:]),
        range=range_lines(levels, window) if levels else [],
        excluded=reasons_lines(listing.excluded, every) if listing else [],
        remarks=remarks,
        amiss=amiss,
    )
    return re.sub(r"\n{3,}", "\n\n", text.strip("\n")), not amiss


def reasons_lines(reasons: Mapping[str, list[str]], every: bool) -> Iterator[str]:
    """Reason -> names as lines, `SHOWN` names of each unless every one is asked for."""
    for reason, names in sorted(reasons.items()):
        more = "" if every or len(names) <= SHOWN else ", ..."
        yield f"  {reason}: {len(names):,} ({', '.join(map(shown, names if every else names[:SHOWN]))}{more})"
    if not every and any(len(names) > SHOWN for names in reasons.values()):
        yield f"  {MORE}"


def _problems(found: Findings, window: tuple[float, float]) -> dict[str, object]:
    """What may be amiss with any images: clause -> whether it is."""
    images, levels, copies = found.images, found.levels.range(), len(found.copies)
    masks = images.loc[images["masklike"], "name"]
    return {
        "8 and 16 bit are mixed, so it cannot be opened (scale=depth reads each over its whole range)": (
            images["depth"].nunique() > 1
        ),
        "images of different channels, so it cannot be opened (colour=true keeps colour of each)": (
            images["channels"].nunique() > 1
        ),
        f"{len(masks):,} picture(s) of a single pixel, or of 0 and one other level as a mask has them "
        f"({', '.join(masks[:SHOWN])})": len(masks),
        "grey levels that fill too little of the window": levels and levels.narrow(window),
        f"{copies:,} exact duplicate(s), which a split may put on both of its sides": copies,
    }


def _problems_of_files(listing: Listing) -> dict[str, object]:
    return {
        f"the folders {' and '.join(sorted(map(shown, listing.parts)))}: a run puts their cells together and draws a "
        "split of its own, so that what was kept for a test is trained on": listing.parts,
        f"{listing.n_excluded:,} set aside": listing.n_excluded,
    }


def _test_part(counts: Counter, printed: Mapping[str, int]) -> str:
    """Cells per class in the test part of a joint stratified 70/15/15 split; empty where none can be drawn."""
    from cgrecnet.data.splits import joint_split  # here, because who only opens a data set needs no scikit-learn

    labels = np.repeat(np.arange(len(printed)), [counts[kind] for kind in printed])
    if not all(counts[kind] for kind in printed):
        return ""
    try:
        return _sizes(np.bincount(labels[joint_split(labels, seed=SEED).test])) if printed else ""
    except DataError:
        return ""


def _sizes(cells: Iterable[int]) -> str:
    return " / ".join(f"{count:,}" for count in cells)


def _folders(listing: Listing, images: pd.DataFrame) -> list[tuple[str, ...]]:
    """Which folder made which class and group, and of how many cells; nothing where all lie in one, unnamed."""
    if not listing.grouped and not images["folder"].any():
        return []
    cells = images.groupby(["folder", "kind", "group"]).size()
    return [(place or ".", kind, group, f"{count:,}") for (place, kind, group), count in cells.items()]
