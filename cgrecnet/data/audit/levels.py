"""Sizes and grey levels of a data set by class and acquisition group."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from cgrecnet.data.base import CellDataset

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


def group_levels(dataset: CellDataset) -> tuple[GroupLevels, ...]:
    """One row per class and group that have cells; reads every image once."""
    numbers: dict[tuple[int, str], list] = {}
    for image, label, group in zip(dataset.images, dataset.labels, dataset.table["group"], strict=True):
        level = (*image.shape[:2], border_mean(image), int(image.max()) - int(image.min()))
        numbers.setdefault((int(label), str(group)), []).append(level)
    rows = []
    for (label, group), found in sorted(numbers.items()):
        height, width, border, contrast = np.array(found, dtype=float).T
        low, middle, high = np.quantile(border, (0, 0.5, 1))
        rows.append(
            GroupLevels(
                dataset.classes[label], group, len(found), *(_ends(size, int) for size in (height, width)),
                (float(low), float(middle), float(high)), _ends(contrast, float),
            )
        )  # fmt: skip
    return tuple(rows)


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


def level_lines(levels: Sequence[GroupLevels]) -> list[str]:
    """The table as text, `SHOWN` rows at most."""
    lines = [
        "sizes and grey levels by class and group (border: mean of a picture's outermost pixels; contrast: lightest "
        "minus darkest pixel):",
        f"  {'class':<18}{'group':<16}{'cells':>8}{'height':>10}{'width':>10}{'border: min':>13}{'median':>9}{'max':>9}"
        f"{'contrast':>13}",
    ]
    for row in levels[:SHOWN]:
        low, middle, high = (f"{value:.1f}" for value in row.border)
        lines.append(
            f"  {row.kind:<18}{row.group:<16}{row.cells:>8,}{_span(row.height):>10}{_span(row.width):>10}"
            f"{low:>13}{middle:>9}{high:>9}{_span(row.contrast):>13}"
        )
    return lines + [f"  ... and {len(levels) - SHOWN} more"] * (len(levels) > SHOWN)


def _ends(values: np.ndarray, kind: type) -> tuple:
    return kind(values.min()), kind(values.max())


def _span(ends: tuple[float, float]) -> str:
    low, high = (f"{end:.0f}" for end in ends)
    return low if low == high else f"{low} to {high}"
