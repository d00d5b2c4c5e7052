r"""Score intervals: for a mean of numbers that can take few known values, sums of such means, and paired shares.

None has length 0. A cell's number is one of v_1 < ... < v_k (a change of the difference of two networks, say: -2, ...,
2), with unknown chances p. The score interval of the mean holds every m that the data do not exclude,

    n (mean - m)^2 <= z^2 sum_j p_j (v_j - m)^2,      p: its maximum-likelihood value where the mean is m.

With the values 0 and 1 this is Wilson's interval (1927), with -1, 0 and 1 Tango's (1998): values that were never seen
count as possible, so that n numbers that are all alike leave a doubt of about z^2 / n.

For the difference of two accuracies on the same n cells, b of them right by the first model alone and c by the second
alone, with probabilities p + d and p, Tango's interval holds every d with

    |b - c - n d| <= z sqrt( n (2 p + d - d^2) ),       p: its maximum-likelihood value where the difference is d.

Unlike the bootstrap's, it has a length where b = c = 0. Up to `EXACT` cells the score only orders the tables, and the
ends are exact (Buehler's): whatever p is, each misses the truth with a probability of (1 - level) / 2 at most.
Tango 1998, Statistics in Medicine 17, 891-908; Buehler 1957, Journal of the American Statistical Association 52,
482-493.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtr
from scipy.stats import binom, norm

from cgrecnet.evaluation.arrays import share

Interval = tuple[float, float]
#: Up to so many cells the interval is exact. The score's normal law is roughest where about three discordant cells are
#: expected, which beyond this number are less than a point.
EXACT = 300


def mean_interval(values: Sequence[float], counts: Sequence[int], level: float = 0.95) -> Interval:
    """Score interval of the mean of a number that takes each of `values` and was seen `counts` times at each.

    values: all that are possible, rising, two or more. Raises ValueError where they are not, where counts do not fit
    or are negative or all 0, or for a level outside (0, 1).
    """
    v, counts = np.asarray(values, dtype=float), np.asarray(counts)
    z = norm.isf((1 - share(level, "The level of an interval")) / 2)
    if len(v) < 2 or counts.shape != v.shape or (np.diff(v) <= 0).any() or (counts < 0).any() or not counts.any():
        raise ValueError("An interval needs two values or more, rising, and a count of 0 or more for each.")
    return -_upper(-v[::-1], counts[::-1], z), _upper(v, counts, z)


def weighted_sum(weights: Sequence[float], means: Sequence[float], intervals: Sequence[Interval]) -> Interval:
    r"""Interval of $\sum_k w_k m_k$ from estimates that know nothing of each other, each with its interval [l, u].

    $\sum_k w_k m_k \mp \sqrt{\sum_k w_k^2 (m_k - l_k)^2}$, with $u_k$ for $l_k$ at the upper end and where $w_k < 0$.
    Source: Zou and Donner 2008, Statistics in Medicine 27, 1693-1702.
    """
    w, m, ends = np.asarray(weights, float)[:, None], np.asarray(means, float)[:, None], np.asarray(intervals, float)
    reach = np.abs(w * (ends - m))
    low, high = np.sqrt((np.where(w < 0, reach[:, ::-1], reach) ** 2).sum(axis=0))
    total = float((w * m).sum())
    return total - float(low), total + float(high)


def _upper(v: np.ndarray, counts: np.ndarray, z: float) -> float:
    """The largest mean that the score does not exclude."""
    n, mean = counts.sum(), counts @ v / counts.sum()
    if counts[-1] == n:
        return float(v[-1])

    def excluded(m: float) -> float:
        return n * (mean - m) ** 2 - z**2 * (_likeliest(v, counts, m) @ (v - m) ** 2)

    return float(brentq(excluded, mean + 1e-9 * (v[-1] - mean), v[-1] - 1e-12 * (v[-1] - mean), xtol=1e-13))


def _likeliest(v: np.ndarray, counts: np.ndarray, m: float) -> np.ndarray:
    """The chances that make the counts likeliest among those with the mean m, between that of the counts and v_k.

    Lagrange: p_j = count_j / (n (1 - s (v_j - m) / (v_k - m))) with the s in [0, 1] that gives the mean m. Where v_k
    was not seen, even s = 1 may be too little; then v_k itself gets what is missing from 1.
    """
    away, seen = (v - m) / (v[-1] - m), counts > 0

    def surplus(s: float) -> float:
        return float((counts[seen] * away[seen] / (1 - s * away[seen])).sum())

    s = 1.0 if not seen[-1] and surplus(1.0) < 0 else brentq(surplus, 0.0, 1.0 - 1e-15 * seen[-1], xtol=1e-15)
    p = np.zeros(len(v))
    p[seen] = counts[seen] / (counts.sum() * (1 - s * away[seen]))
    p[-1] += max(0.0, 1 - p.sum())
    return p


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
