r"""Intervals for a mean of numbers that can take few known values, and for sums of such means; none has length 0.

A cell's number is one of v_1 < ... < v_k (a change of the difference of two networks, say: -2, ..., 2), with unknown
chances p. The score interval of the mean holds every m that the data do not exclude,

    n (mean - m)^2 <= z^2 sum_j p_j (v_j - m)^2,      p: its maximum-likelihood value where the mean is m.

With the values 0 and 1 this is Wilson's interval (1927), with -1, 0 and 1 Tango's (1998): values that were never seen
count as possible, so that n numbers that are all alike leave a doubt of about z^2 / n.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from cgrecnet.evaluation.arrays import share

Interval = tuple[float, float]


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
