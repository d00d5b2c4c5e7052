"""Two models on the same cells: McNemar's exact test; and the interval of a share."""

from collections.abc import Sequence
from dataclasses import dataclass

from statsmodels.stats.contingency_tables import mcnemar as exact_mcnemar
from statsmodels.stats.proportion import proportion_confint

from cgrecnet.evaluation.arrays import paired_cells, share
from cgrecnet.evaluation.score_intervals import paired_interval


@dataclass(frozen=True)
class McNemar:
    """Two models on n cells.

    only_first, only_second: cells that this model alone has right. difference: of the accuracies in percentage points,
    (first - second) x 100, with intervals over cells (`score_intervals`). p_value: exact, two-sided.
    """

    only_first: int
    only_second: int
    n: int
    p_value: float
    difference: float
    interval95: tuple[float, float]
    interval90: tuple[float, float]


def mcnemar(labels: Sequence[int], first: Sequence[int], second: Sequence[int]) -> McNemar:
    """McNemar's exact test: of the cells that only one model has right, do both have half?

    labels, first, second: true class and the classes that the two models name, same cells, same order.
    It speaks of these two trained networks on such cells, not of training them again.
    Raises ValueError for unequal lengths, no cell, or entries that are no class numbers.
    Source: McNemar 1947, Psychometrika 12, 153-157; statsmodels' exact (binomial) version.
    """
    labels, first, second = paired_cells(labels, first, second)
    right_first, right_second = first == labels, second == labels
    only_first, only_second = int((right_first & ~right_second).sum()), int((~right_first & right_second).sum())
    n = len(labels)
    table = [[0, only_first], [only_second, n - only_first - only_second]]

    def interval(level: float) -> tuple[float, float]:
        low, high = paired_interval(only_first, only_second, n, level)
        return 100 * low, 100 * high

    return McNemar(
        only_first=only_first,
        only_second=only_second,
        n=n,
        p_value=float(min(exact_mcnemar(table, exact=True).pvalue, 1.0)),
        difference=100 * (only_first - only_second) / n,
        interval95=interval(0.95),
        interval90=interval(0.90),
    )


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of the share successes / n (both ends shares).

    Raises ValueError where n is not positive or successes are not between 0 and n.
    Source: statsmodels' proportion_confint.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"A share needs 0 <= successes <= n and n of 1 or more, not {successes} of {n}.")
    low, high = proportion_confint(successes, n, alpha=1 - share(level, "The level of an interval"), method="wilson")
    return float(low), float(high)
