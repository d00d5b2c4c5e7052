r"""Intervals for the difference of two accuracies on the same cells, right also where next to no cell is discordant.

Of n cells, b are right by the first model alone and c by the second alone, with probabilities p + d and p. Tango's
interval holds every difference d that the score does not exclude,

    |b - c - n d| <= z sqrt( n (2 p + d - d^2) ),       p: its maximum-likelihood value where the difference is d.

Unlike the bootstrap's, it has a length where b = c = 0. Up to `EXACT` cells the score only orders the tables, and the
ends are exact (Buehler's): whatever p is, each misses the truth with a probability of (1 - level) / 2 at most.
Tango 1998, Statistics in Medicine 17, 891-908; Buehler 1957, Journal of the American Statistical Association 52,
482-493.
"""

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtr
from scipy.stats import binom, norm

from cgrecnet.evaluation.arrays import share

#: Up to so many cells the interval is exact. The score's normal law is roughest where about three discordant cells are
#: expected, which beyond this number are less than a point.
EXACT = 300


def paired_interval(only_first: int, only_second: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of (share right by the first) - (share right by the second) of n cells, both ends between -1 and 1.

    only_first, only_second: cells that one model alone has right. Exact for n up to `EXACT`, Tango's beyond.
    Raises ValueError where the counts are negative or more than n, n is 0, or level is not in (0, 1).
    """
    tail = (1 - share(level, "The level of an interval")) / 2
    b, c, n = int(only_first), int(only_second), int(n)
    if n < 1 or min(b, c) < 0 or b + c > n:
        raise ValueError(f"Discordant cells are 0 or more and n at most, not {b} and {c} of {n}.")
    upper = exact_upper if n <= EXACT else score_upper
    return -float(upper(c, b, n, tail)), float(upper(b, c, n, tail))


def score_upper(b, c, n: int, tail: float) -> np.ndarray:
    """Tango's upper end at one-sided `tail`, for numbers or arrays of counts."""
    b, c = np.asarray(b, dtype=float), np.asarray(c, dtype=float)
    low, high, edge = (b - c) / n, np.ones(b.shape), norm.ppf(tail)
    for _ in range(45):  # halvings: to 6e-14
        d = (low + high) / 2
        half = (2 * n - b + c) * d - b - c
        p = (np.sqrt(np.maximum(half**2 + 8 * n * c * d * (1 - d), 0)) - half) / (4 * n)
        inside = b - c - n * d >= edge * np.sqrt(np.maximum(n * (2 * p + d - d**2), 0))
        low, high = np.where(inside, d, low), np.where(inside, high, d)
    return high


@lru_cache(maxsize=16)
def _ordered(n: int, tail: float) -> np.ndarray:
    """Tango's upper end of every table, by [b, c]; infinite where b + c is more than n. From low to high, an order."""
    ends = np.full((n + 1, n + 1), np.inf)
    b, c = np.nonzero(np.add.outer(np.arange(n + 1), np.arange(n + 1)) <= n)
    ends[b, c] = score_upper(b, c, n, tail)
    return ends


@lru_cache(maxsize=4096)
def exact_upper(b: int, c: int, n: int, tail: float) -> float:
    """The largest difference with which a table as low as (b, c) has a probability of more than `tail`, for some p."""
    if b == n:
        return 1.0
    ends = _ordered(n, tail)
    # As low are, for each number of cells of the second alone, those with at most so many of the first alone:
    most = (ends <= ends[b, c] + 1e-9).sum(axis=0) - 1
    second = np.flatnonzero(most >= 0)
    most = most[second]

    def surplus(difference: float) -> float:
        p = np.linspace(max(0, -difference), (1 - difference) / 2, 51)[:, None]
        chances = binom.pmf(second, n, p) * bdtr(most, n - second, np.clip((p + difference) / (1 - p), 0, 1))
        return chances.sum(axis=1).max() - tail

    return float(brentq(surplus, max((b - c) / n, 1e-9 - 1), 1.0, xtol=1e-7))
