"""Contrasts over the same cells that McNemar's test does not cover: a difference of differences, balanced accuracy.

Both are sums of one number per cell, so both have one exact test (signs flipped cell by cell) and one kind of interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from cgrecnet.evaluation.arrays import paired_cells
from cgrecnet.evaluation.score_intervals import Interval, mean_interval, weighted_sum

#: Most sums that the test lists; beyond, it draws `DRAWS` of them.
LIMIT, DRAWS = 2_000_000, 1_000_000


@dataclass(frozen=True)
class Contrast:
    """A contrast over n cells in percentage points, with score intervals over cells (`score_intervals`).

    p_value: of the sign-flip test, two-sided, of this contrast alone.
    """

    difference: float
    interval95: Interval
    interval90: Interval
    p_value: float
    n: int


def sign_flip(values: Sequence[float]) -> float:
    r"""Two-sided p-value of $\sum_i v_i$ where each $v_i$ could as well have had the other sign.

    values: one number per cell, of few different sizes; zeros do not count. 1 where all are zero.
    With values of 1 and -1 alone this is McNemar's exact test. p is right to 1e-12, or, where the sums are too many to
    list (five sizes or more of hundreds of cells each), has a standard error of 0.0005 at most.
    Raises ValueError where a value is not finite.
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("The test needs finite values, one per cell.")
    values = values[values != 0] / np.abs(values).max(initial=1e-300)
    sizes, kind, counts = np.unique(np.round(np.abs(values), 9), return_inverse=True, return_counts=True)
    observed = abs(sizes @ np.bincount(kind, np.sign(values), len(sizes))) - 1e-9  # rounding may part two equal sums
    return further_sums(sizes, counts, observed) if observed > 0 else 1.0


def further_sums(sizes: np.ndarray, counts: np.ndarray, observed: float) -> float:
    """The share of all ways to sign `counts` cells of each of the sizes whose sum is as far from 0 as `observed`.

    The cells of one size sum to a binomial number. The sums of all sizes but the commonest are listed, as far as they
    have a chance; the commonest size then has to bring the rest. More than `LIMIT` sums are not listed: `DRAWS` of them
    are drawn, from a fixed seed.
    """
    order = np.argsort(counts)
    sizes, counts = sizes[order], counts[order]
    reach = np.minimum(counts, np.ceil(7.5 * np.sqrt(counts)) + 1).astype(int)  # 7.5 standard deviations
    if np.prod(reach[:-1] + 1.0) > LIMIT:
        rng, drawn = np.random.default_rng(0), np.zeros(DRAWS)
        for size, count in zip(sizes, counts, strict=True):
            drawn += size * (2 * rng.binomial(count, 0.5, DRAWS) - count)
        return (int((np.abs(drawn) >= observed).sum()) + 1) / (DRAWS + 1)
    sums, chances = np.zeros(1), np.ones(1)
    for size, count, far in zip(sizes[:-1], counts[:-1], reach[:-1], strict=True):
        up = np.arange((count - far + 1) // 2, (count + far) // 2 + 1)
        sums = np.add.outer(sums, size * (2 * up - count)).ravel()
        chances = np.multiply.outer(chances, binom.pmf(up, count, 0.5)).ravel()
    needed = np.ceil(((observed - sums) / sizes[-1] + counts[-1]) / 2)
    return float(min(2 * (chances @ binom.sf(needed - 1, counts[-1], 0.5)), 1.0))


def sign_flip_interaction(
    first_before: Sequence[bool],
    first_after: Sequence[bool],
    second_before: Sequence[bool],
    second_after: Sequence[bool],
) -> Contrast:
    r"""How much more the first network's accuracy changed than the second's: an interaction, tested by sign flips.

    $100 \cdot \frac1n \sum_i \big[(f_i' - f_i) - (s_i' - s_i)\big]$, where $f_i, f_i'$ say whether the first network
    has cell i right before and after, and $s_i, s_i'$ the same of the second: a difference of differences.
    Positive: the first lost less, or gained more. Same cells in the same order in all four.
    Raises ValueError for unequal lengths, no cell, or entries that are neither true nor false.
    """
    given = [np.asarray(right) for right in (first_before, first_after, second_before, second_after)]
    if any(right.dtype != bool for right in given):
        raise ValueError("Right or wrong must be given as true and false, one entry per cell.")
    before, after, other_before, other_after = paired_cells(*(right.astype(int) for right in given))
    return class_mean(np.zeros_like(before), (after - before) - (other_after - other_before), reach=2)


def balanced_contrast(labels: Sequence[int], first: Sequence[int], second: Sequence[int]) -> Contrast:
    r"""Difference of the balanced accuracies (mean recall over the classes present) of two networks.

    labels, first, second: true class and the classes that the two name, same cells, same order.
    A cell of a class of $n_k$ cells counts $1 / (K n_k)$; the test flips the signs of these. The interval takes the
    classes' numbers of cells as given.
    Raises ValueError for unequal lengths, no cell, or entries that are no class numbers.
    """
    labels, first, second = paired_cells(labels, first, second)
    return class_mean(labels, (first == labels).astype(int) - (second == labels), reach=1)


def class_mean(labels: np.ndarray, steps: np.ndarray, reach: int) -> Contrast:
    """The mean over the classes present of the mean step of their cells; steps: whole numbers from -reach to reach."""
    _, place, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    kinds, weights = np.arange(-reach, reach + 1), np.full(len(sizes), 1 / len(sizes))
    table = np.zeros((len(sizes), len(kinds)), dtype=int)
    np.add.at(table, (place, steps + reach), 1)
    means = table @ kinds / sizes

    def interval(level: float) -> Interval:
        low, high = weighted_sum(weights, means, [mean_interval(kinds, counts, level) for counts in table])
        return 100 * low, 100 * high

    p_value = sign_flip(steps / (len(sizes) * sizes[place]))
    return Contrast(float(100 * weights @ means), interval(0.95), interval(0.90), p_value, len(labels))
