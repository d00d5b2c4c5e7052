"""The grey levels of images: their range, what a window leaves of it, and what differs by class and acquisition group.

Cameras of 10 and 12 bit are stored as 16 bit. Without a window that fits, their images fill a few hundredths of the
scale, and a network sees a constant.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
import pandas as pd

from cgrecnet.data.base import CellDataset

#: Below this share of the window, the range that images use is too small to leave as it is.
NARROW = 1 / 8
#: Shares of all pixels that lie below the lower and above the upper end of the range.
TAILS = (0.001, 0.999)
#: What a proposed window adds to either side, as a share of the range.
MARGIN = 0.1


class GreyRange(NamedTuple):
    """Grey levels of all pixels together: minimum, the levels above 0.1 % and 99.9 % of them, maximum."""

    minimum: int
    low: int
    high: int
    maximum: int

    def share(self, window: tuple[float, float]) -> float:
        """Which part of a window (black, white) lies between `low` and `high`: what the network gets of 0 to 1."""
        black, white = window
        return max(0.0, min(self.high, white) - max(self.low, black)) / (white - black)

    def proposed(self) -> tuple[int, int]:
        """A window (black, white) for these images: `low` to `high` and a little more."""
        more = max(1, math.ceil(MARGIN * (self.high - self.low)))
        return max(0, self.low - more), self.high + more

    def fit(self, window: tuple[float, float]) -> str:
        """How much of a window these images use, and the option that would fit them, as it has to be typed."""
        share, (black, white) = self.share(window), self.proposed()
        verdict = ", so that a network sees next to nothing" if self.narrow(window) else ""
        return (
            f"grey levels {self.low:,} to {self.high:,} fill {100 * share:.1f} % of the window {window[0]:g} to "
            f"{window[1]:g}{verdict}; --option window=[{black},{white}] would fit them, in a run "
            f'data_options="{{window: [{black}, {white}]}}" (choose it from training images alone)'
        )

    def narrow(self, window: tuple[float, float]) -> bool:
        """Whether these images use less than `NARROW` of a window."""
        return self.share(window) < NARROW


def range_lines(levels: GreyRange, window: tuple[float, float]) -> list[str]:
    """The range in words, and the option that would fit where it fills too little of the window."""
    lines = [
        f"levels    minimum {levels.minimum:,}, 0.1 % {levels.low:,}, 99.9 % {levels.high:,}, maximum "
        f"{levels.maximum:,}; window {window[0]:g} to {window[1]:g}"
    ]
    return lines + [f"Look at this: {levels.fit(window)}"] * levels.narrow(window)


class Levels:
    """Counts the grey levels of unsigned images of at most 16 bit, image after image."""

    def __init__(self) -> None:
        self.counts = np.zeros(2**16, np.int64)

    def add(self, image: np.ndarray) -> None:
        found = np.bincount(np.ravel(image))  # as long as its highest level wants, which of most images is little
        self.counts[: len(found)] += found

    def range(self) -> GreyRange | None:
        """Over everything added so far; None where that is nothing."""
        below = np.cumsum(self.counts)
        if not below[-1]:
            return None
        ends = np.searchsorted(below, [1, *(math.ceil(tail * below[-1]) for tail in TAILS), below[-1]])
        return GreyRange(*ends.tolist())


def grey_range(images: Iterable[np.ndarray]) -> GreyRange | None:
    """The range of grey levels of all images together; None where there is none."""
    levels = Levels()
    for image in images:
        levels.add(image)
    return levels.range()


#: Rows of the table that are printed.
SHOWN = 40


@dataclass(frozen=True)
class GroupLevels:
    """Cells of one class in one group; pairs are (smallest, largest).

    border: mean of the outermost pixels of a picture (smallest, median, largest); contrast: lightest minus darkest
    pixel of a picture.  All in grey levels, sizes in pixels.
    """

    kind: str
    group: str
    cells: int
    height: tuple[int, int]
    width: tuple[int, int]
    border: tuple[float, float, float]
    contrast: tuple[float, float]


#: What is measured of each picture, in pixels and grey levels, for `levels_by_group`.
MEASURED = ("height", "width", "border", "contrast")


def measured(image: np.ndarray) -> tuple[int, int, float, int]:
    """`MEASURED` of one picture."""
    return *image.shape[:2], border_mean(image), int(image.max()) - int(image.min())


def levels_by_group(pictures: pd.DataFrame, classes: Sequence[str] = ()) -> tuple[GroupLevels, ...]:
    """One row per class, in this order (others behind, by name), and group.

    pictures: one row each, with `kind`, `group` and `MEASURED`.
    """
    rows = []
    for (kind, group), own in pictures.groupby(["kind", "group"]):
        ends = {name: (own[name].min().item(), own[name].max().item()) for name in ("height", "width", "contrast")}
        rows.append(GroupLevels(kind, group, len(own), border=tuple(own["border"].quantile([0, 0.5, 1])), **ends))
    order = {kind: place for place, kind in enumerate(classes)}
    return tuple(sorted(rows, key=lambda row: order.get(row.kind, len(order))))


def group_levels(dataset: CellDataset) -> tuple[GroupLevels, ...]:
    """One row per class and group that have cells; reads every image once."""
    pictures = pd.DataFrame([measured(image) for image in dataset.images], columns=list(MEASURED))
    kinds = [dataset.classes[label] for label in dataset.labels]
    return levels_by_group(pictures.assign(kind=kinds, group=dataset.table["group"].map(str).tolist()), dataset.classes)


def border_mean(image: np.ndarray) -> float:
    """Mean grey level of the outermost pixels of an image, each counted once; of all where there is no inside."""
    ring = np.ones(image.shape[:2], dtype=bool)
    ring[1:-1, 1:-1] = False
    return float(image[ring].mean())


def disjoint_classes(levels: Sequence[GroupLevels]) -> list[tuple[str, str, float]]:
    """Pairs of classes whose border levels do not overlap, and how probable that would be by chance.

    By chance: all orders of a + b cells alike, 2 of the C(a + b, a) ways to place a class keep the two apart.
    """
    ends: dict[str, tuple[float, float, int]] = {}
    for row in levels:
        low, high, cells = ends.get(row.kind, (np.inf, -np.inf, 0))
        ends[row.kind] = (min(low, row.border[0]), max(high, row.border[2]), cells + row.cells)
    return [
        (one, other, 2 / comb(ends[one][2] + ends[other][2], ends[one][2]))
        for one, other in combinations(ends, 2)
        if ends[one][1] < ends[other][0] or ends[other][1] < ends[one][0]
    ]


def level_rows(levels: Sequence[GroupLevels], to: str = " to ") -> list[tuple[str, ...]]:
    """Cells of the table as text, `SHOWN` rows at most behind the heads; to: between smallest and largest."""
    rows = [("class", "group", "cells", "height", "width", "min", "median", "max", "contrast")]
    for row in levels[:SHOWN]:
        border = (f"{value:.1f}" for value in row.border)
        height, width, contrast = (span(ends, to) for ends in (row.height, row.width, row.contrast))
        rows.append((row.kind, row.group, f"{row.cells:,}", height, width, *border, contrast))
    return rows


def level_lines(levels: Sequence[GroupLevels]) -> list[str]:
    """The table as text; nothing of no rows."""
    if not levels:
        return []
    return [
        "sizes and grey levels by class and group",
        "(min, median, max: of the means of the pictures' outermost pixels;",
        "contrast: lightest minus darkest pixel):",
        *aligned(level_rows(levels, "–"), words=2),
    ] + [f"  ... and {len(levels) - SHOWN} more"] * (len(levels) > SHOWN)


def aligned(rows: Sequence[Sequence[str]], words: int) -> list[str]:
    """Lines of a table whose columns are as wide as they have to be; the first `words` columns stand left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(f"{cell:{'<' if place < words else '>'}{widths[place]}}" for place, cell in enumerate(row))
        for row in rows
    ]


def span(ends: tuple[float, float], to: str = " to ") -> str:
    """Smallest and largest in words, one number where they are the same."""
    low, high = (f"{end:.0f}" for end in ends)
    return low if low == high else f"{low}{to}{high}"
