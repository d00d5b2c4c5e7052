"""The difference of two proportions of different cells, such as the accuracies under two splits."""

from collections.abc import Sequence
from dataclasses import dataclass

from statsmodels.stats.proportion import confint_proportions_2indep, score_test_proportions_2indep

from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.score_intervals import Interval, weighted_sum


@dataclass(frozen=True)
class ProportionDifference:
    """First share minus second, in percentage points, with Newcombe's intervals and a score test (two-sided).

    n: cells behind the first and the second share.
    """

    difference: float
    interval95: tuple[float, float]
    interval90: tuple[float, float]
    p_value: float
    n: tuple[int, int]


def newcombe_difference(first_right: int, first_n: int, second_right: int, second_n: int) -> ProportionDifference:
    r"""The difference $100\,(a_1 - a_2)$ of the shares $a = \mathrm{right} / n$ of two sets of cells.

    It takes the cells of both sets for independent; where they come in runs that share lamp and focus, the truth is
    less sure than the interval says. Raises ValueError where a share is not between 0 and 1, or has no cells.
    Source: Newcombe 1998, Statistics in Medicine 17, 873-890, method 10; Miettinen and Nurminen 1985 for the test;
    statsmodels.
    """
    for right, n in ((first_right, first_n), (second_right, second_n)):
        if n < 1 or not 0 <= right <= n:
            raise ValueError(f"A share needs 0 <= right <= n and n of 1 or more, not {right} of {n}.")
    counts = (first_right, first_n, second_right, second_n)
    intervals = (confint_proportions_2indep(*counts, method="newcomb", compare="diff", alpha=a) for a in (0.05, 0.10))
    interval95, interval90 = (tuple(100 * float(end) for end in interval) for interval in intervals)
    if first_right * second_n == second_right * first_n:
        p_value = 1.0  # equal shares; the score test divides 0 by 0 where both are 0 or 1
    else:
        p_value = float(score_test_proportions_2indep(*counts, compare="diff").pvalue)
    difference = 100 * (first_right / first_n - second_right / second_n)
    return ProportionDifference(difference, interval95, interval90, p_value, (first_n, second_n))


def difference_in_differences(
    first: ProportionDifference, second: ProportionDifference
) -> tuple[float, Interval]:
    r"""How much larger the first difference is than the second, in points, and its 95 % interval.

    The interval is put together from those of the two differences (`weighted_sum`), as if these came from different
    cells; where they share cells it is too wide.
    """
    interval = weighted_sum((1, -1), [first.difference, second.difference], [first.interval95, second.interval95])
    return first.difference - second.difference, interval


def balanced_accuracy_difference(
    first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]
) -> tuple[float, Interval]:
    r"""Balanced accuracies' difference $100\,\frac1K \sum_k (r_k / n_k - r'_k / n'_k)$ in points, and its interval.

    first, second: (right, cells) of each class, in the same order, of two sets of different cells. Wilson's intervals
    of the recalls (95 %) are put together by `weighted_sum`. Raises ValueError for other classes.
    """
    if len(first) != len(second) or not first:
        raise ValueError(
            f"Balanced accuracies are compared over the same classes, not over {len(first)} and {len(second)} of them."
        )
    counts = [*first, *second]
    weights = [100 / len(first)] * len(first) + [-100 / len(first)] * len(first)
    means = [right / n for right, n in counts]
    interval = weighted_sum(weights, means, [wilson(*count) for count in counts])
    return float(sum(weight * mean for weight, mean in zip(weights, means, strict=True))), interval
