"""Standard deviations: what chance alone makes of them, and whether two that must agree do."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from cgrecnet.paper.audit.interval import Interval


@dataclass(frozen=True)
class FloorCheck:
    """A printed SD beside the binomial error of one fold, both in percentage points.

    tail: probability of an SD at least as small when chance in drawing the test cells is the only source.
    """

    printed_sd: float
    floor: float
    tail: float


def check_floor(accuracy: float, sd: float, cells: int, runs: int) -> FloorCheck:
    """Compare the SD of `runs` accuracies (per cent) on separate sets of `cells` with its binomial floor.

    (runs - 1) sd^2 / floor^2 follows chi-square with runs - 1 degrees of freedom if chance is the only source.
    Runs on one and the same test set have no such floor.
    """
    floor = sqrt(accuracy * (100 - accuracy) / cells)
    tail = float(stats.chi2.cdf((runs - 1) * (sd / floor) ** 2, runs - 1))
    return FloorCheck(sd, floor, tail)


def variance_ratio_p(small_sd: float, large_sd: float, runs: int) -> float:
    """One-sided F test of equal variances of `runs` values each: probability of a ratio at least as large."""
    return float(stats.f.sf((large_sd / small_sd) ** 2, runs - 1, runs - 1))


def weighted_recall(confusion: np.ndarray) -> float:
    """Support-weighted mean recall of a confusion matrix (rows true): sum_i (row_i / N)(n_ii / row_i), the accuracy."""
    rows = confusion.sum(axis=1)
    return float(np.average(np.diag(confusion) / rows, weights=rows))


def common_sd(first: str, second: str) -> Interval | None:
    """The SDs that round to both printed values; None when there are none."""
    a, b = Interval.printed(first), Interval.printed(second)
    return Interval(max(a.low, b.low), min(a.high, b.high)) if a.overlaps(b) else None
