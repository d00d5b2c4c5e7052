"""Contrasts over the same cells that McNemar's test does not cover: a difference of differences, balanced accuracy.

Both are sums of one number per cell, so both have one exact test (signs flipped cell by cell) and one bootstrap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from cgrecnet.evaluation.arrays import paired_cells
from cgrecnet.evaluation.bootstrap import percentiles, resampled_counts

#: Most sums that the exact test adds up.
LIMIT = 20_000_000


@dataclass(frozen=True)
class Contrast:
    """A contrast over n cells in percentage points, with percentile bootstrap intervals over cells.

    p_value: exact and two-sided, of this contrast alone.
    """

    difference: float
    interval95: tuple[float, float]
    interval90: tuple[float, float]
    p_value: float
    n: int


def sign_flip(values: Sequence[float]) -> float:
    r"""Exact two-sided p-value of $\sum_i v_i$ where each $v_i$ could as well have had the other sign.

    values: one number per cell, of few different sizes; zeros do not count. 1 where all are zero.
    With values of 1 and -1 alone this is McNemar's exact test. Raises ValueError where a value is not finite, or where
    the sizes are so many that the sums cannot be listed.
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("The test needs finite values, one per cell.")
    sizes, counts = np.unique(np.round(np.abs(values[values != 0]), 12), return_counts=True)
    if np.prod(counts + 1.0) > LIMIT:
        raise ValueError(f"The exact test cannot list the sums of {len(sizes)} different sizes; use fewer.")
    sums, chances = np.zeros(1), np.ones(1)
    for size, count in zip(sizes, counts, strict=True):
        up = np.arange(count + 1)
        sums = np.add.outer(sums, size * (2 * up - count)).ravel()
        chances = np.multiply.outer(chances, binom.pmf(up, count, 0.5)).ravel()
    as_far = np.abs(sums) >= abs(values.sum()) - 1e-9
    return float(min(chances[as_far].sum(), 1.0))


def change_contrast(
    first_before: Sequence[bool],
    first_after: Sequence[bool],
    second_before: Sequence[bool],
    second_after: Sequence[bool],
    resamples: int = 2000,
    seed: int = 0,
) -> Contrast:
    r"""How much more the first network's accuracy changed than the second's: a difference of differences.

    $100 \cdot \frac1n \sum_i \big[(f_i' - f_i) - (s_i' - s_i)\big]$, where $f_i, f_i'$ say whether the first network
    has cell i right before and after, and $s_i, s_i'$ the same of the second.
    Positive: the first lost less, or gained more. Same cells in the same order in all four.
    Raises ValueError for unequal lengths, no cell, or entries that are neither true nor false.
    """
    given = [np.asarray(right) for right in (first_before, first_after, second_before, second_after)]
    if any(right.dtype != bool for right in given):
        raise ValueError("Right or wrong must be given as true and false, one entry per cell.")
    before, after, other_before, other_after = paired_cells(*(right.astype(int) for right in given))
    steps = (after - before) - (other_after - other_before)
    kinds = np.arange(-2, 3)
    drawn = resampled_counts((steps[:, None] == kinds).sum(axis=0), resamples, seed) @ kinds
    return _contrast(100 * steps.mean(), 100 * drawn / len(steps), sign_flip(steps), len(steps))


def balanced_contrast(
    labels: Sequence[int], first: Sequence[int], second: Sequence[int], resamples: int = 2000, seed: int = 0
) -> Contrast:
    r"""Difference of the balanced accuracies (mean recall over the classes present) of two networks.

    labels, first, second: true class and the classes that the two name, same cells, same order.
    A cell of a class of $n_k$ cells counts $1 / (K n_k)$; the test flips the signs of these.
    Raises ValueError for unequal lengths, no cell, or entries that are no class numbers.
    """
    labels, first, second = paired_cells(labels, first, second)
    steps = (first == labels).astype(int) - (second == labels)
    _, place, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    table = np.zeros((len(sizes), 3), dtype=int)
    np.add.at(table, (place, steps + 1), 1)
    drawn = resampled_counts(table, resamples, seed)
    found = drawn.sum(axis=2)
    if (found == 0).any():
        raise ValueError("A class is so rare that a resample lost it: its recall needs more cells.")
    means = ((drawn[..., 2] - drawn[..., 0]) / found).mean(axis=1)
    values = steps / (len(sizes) * sizes[place])
    return _contrast(100 * values.sum(), 100 * means, sign_flip(values), len(labels))


def _contrast(difference: float, drawn: np.ndarray, p_value: float, n: int) -> Contrast:
    return Contrast(float(difference), percentiles(drawn, 0.95), percentiles(drawn, 0.90), p_value, n)
