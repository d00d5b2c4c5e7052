"""t and p of a comparison of two models, from printed means and SDs, over every correlation of their scores.

Two models scored on the same folds have SDs s_a, s_b and an unknown correlation rho. Their difference has

    s_d^2 = s_a^2 + s_b^2 - 2 rho s_a s_b,     t = diff / sqrt(s_d^2 / n),     n - 1 degrees of freedom.

Nadeau and Bengio (2003) correct for training sets that overlap: 1/n becomes 1/n + n_test / n_train.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from scipy import stats

from cgrecnet.errors import ConfigError
from cgrecnet.paper.audit.interval import Interval


@dataclass(frozen=True)
class TTest:
    """A two-sided t-test: statistic, degrees of freedom and p."""

    t: float
    df: int
    p: float


def _check(sd_a: float, sd_b: float, n: int, rho: float) -> None:
    if n < 2:
        raise ConfigError(f"A t-test needs at least 2 runs, not {n}.")
    if not -1 <= rho <= 1:
        raise ConfigError(f"A correlation lies between -1 and 1, not at {rho}.")
    if min(sd_a, sd_b) < 0:
        raise ConfigError("A standard deviation is not negative; check the printed values.")


def _test(difference: float, variance_of_mean: float, df: int) -> TTest:
    if variance_of_mean <= 0:
        t = inf if difference else 0.0
    else:
        t = difference / sqrt(variance_of_mean)
    return TTest(t, df, float(2 * stats.t.sf(abs(t), df)))


def paired_t(
    difference: float, sd_a: float, sd_b: float, n: int, rho: float, test_over_train: float = 0.0
) -> TTest:
    """Paired t-test from a mean difference, two SDs and the correlation of the n pairs.

    test_over_train: 0 for the plain test; n_test / n_train, 1/4 with five folds, for Nadeau and Bengio's.
    Raises ConfigError for n < 2, rho outside [-1, 1] or a negative SD.
    """
    _check(sd_a, sd_b, n, rho)
    variance = max(0.0, sd_a**2 + sd_b**2 - 2 * rho * sd_a * sd_b)
    return _test(difference, variance * (1 / n + test_over_train), n - 1)


def unpaired_t(difference: float, sd_a: float, sd_b: float, n: int) -> TTest:
    """Student's t-test for two independent groups of n each, pooled variance, 2n - 2 degrees of freedom."""
    _check(sd_a, sd_b, n, 0)
    return _test(difference, (sd_a**2 + sd_b**2) / n, 2 * n - 2)


def p_over_correlations(
    difference: float, sd_a: float, sd_b: float, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Correlations from -1 to 1 and p of the paired test at each, (201,) both."""
    rho = np.linspace(-1, 1, 201)
    return rho, np.array([paired_t(difference, sd_a, sd_b, n, float(r)).p for r in rho])


def p_range(difference: str | Interval, sd_a: str, sd_b: str, n: int) -> Interval:
    """Smallest and largest p of the paired test over every correlation and every unrounded value.

    p falls with rho and with the difference and rises with both SDs at rho = -1, so the largest p is at the smallest
    difference, the largest SDs and rho = -1; the smallest is at rho = 1 and SDs as alike as rounding allows.
    A difference that rounding allows to be 0 or negative gives a largest p of 1.
    """
    diff = Interval.printed(difference) if isinstance(difference, str) else difference
    a, b = Interval.printed(sd_a), Interval.printed(sd_b)
    worst = 1.0 if diff.low <= 0 else paired_t(diff.low, a.high, b.high, n, -1).p
    apart = a.distance(b)
    best = paired_t(diff.high, apart, 0.0, n, 1).p
    return Interval(best, worst)


def smallest_correlation(difference: float, sd_a: float, sd_b: float, n: int, level: float) -> float | None:
    """The rho at which the paired test gives p = level, above which p is smaller; -1 if it always is, None if never.

    From t = diff / sqrt(s_d^2 / n): s_d^2 = n (diff / t)^2, and rho follows from s_d^2. Both SDs must be above 0.
    """
    _check(sd_a, sd_b, n, 0)
    critical = stats.t.isf(level / 2, n - 1)
    rho = (sd_a**2 + sd_b**2 - n * (difference / critical) ** 2) / (2 * sd_a * sd_b)
    return None if rho >= 1 else max(-1.0, float(rho))


@dataclass(frozen=True)
class Score:
    """A printed mean and SD, as text."""

    mean: str
    sd: str


@dataclass(frozen=True)
class PrintedComparison:
    """Everything that the printed means and SDs say of `first` minus `second`."""

    first: str
    second: str
    difference: float
    uncorrelated: TTest
    lowest_p: float
    highest_p: float
    with_rounding: Interval
    corrected: TTest
    unpaired: TTest


def compare(scores: Mapping[str, Score], first: str, second: str, n: int) -> PrintedComparison:
    """All tests of one pair; `lowest_p` and `highest_p` are over rho in [-1, 1] at the values as printed."""
    a, b = scores[first], scores[second]
    difference = round(float(a.mean) - float(b.mean), 10)
    sd_a, sd_b = float(a.sd), float(b.sd)
    return PrintedComparison(
        first, second, difference,
        uncorrelated=paired_t(difference, sd_a, sd_b, n, 0),
        lowest_p=paired_t(difference, sd_a, sd_b, n, 1).p,
        highest_p=paired_t(difference, sd_a, sd_b, n, -1).p,
        with_rounding=p_range(Interval.printed(a.mean) - Interval.printed(b.mean), a.sd, b.sd, n),
        corrected=paired_t(difference, sd_a, sd_b, n, 0, test_over_train=1 / (n - 1)),
        unpaired=unpaired_t(difference, sd_a, sd_b, n),
    )
