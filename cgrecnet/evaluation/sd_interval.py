"""How sure a standard deviation is that was estimated from few values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cgrecnet.evaluation.arrays import share


@dataclass(frozen=True)
class PooledSd:
    """A standard deviation pooled over groups, with its 95 % interval, in the unit of the values.

    df: degrees of freedom; n: values.
    """

    sd: float
    interval95: tuple[float, float]
    df: int
    n: int


def pooled_sd(groups: Sequence[Sequence[float]]) -> PooledSd:
    r"""The standard deviation of values around the mean of their own group, pooled over groups.

    With $\nu$ degrees of freedom (values minus groups), $\nu s^2 / \sigma^2$ follows a chi-square law, which gives
    the interval; it takes the values for normal, and the standard deviation for the same in every group.
    groups: values such as the accuracies of one network under several seeds, one list per network.
    Raises ValueError where no group has two values, or a value is not finite.
    """
    arrays = [np.asarray(group, dtype=float) for group in groups]
    df = sum(len(array) - 1 for array in arrays if len(array))
    if df < 1:
        raise ValueError("A pooled standard deviation needs two values or more in some group.")
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError("A pooled standard deviation needs finite values.")
    squares = sum(float(((array - array.mean()) ** 2).sum()) for array in arrays if len(array))
    return PooledSd(float(np.sqrt(squares / df)), sd_interval(np.sqrt(squares / df), df), df, sum(map(len, arrays)))


def sd_interval(sd: float, df: int, level: float = 0.95) -> tuple[float, float]:
    r"""The interval $s \sqrt{\nu / \chi^2}$ of a standard deviation with $\nu$ degrees of freedom (scipy's chi2).

    Raises ValueError where sd is negative or not finite, or df below 1.
    """
    if not 0 <= sd < np.inf or df < 1:
        raise ValueError(f"A standard deviation is 0 or more and has one degree of freedom or more, not {sd} and {df}.")
    tail = (1 - share(level, "The level of an interval")) / 2
    low, high = (float(sd * np.sqrt(df / stats.chi2.isf(q, df))) for q in (tail, 1 - tail))
    return low, high
