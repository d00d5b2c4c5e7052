"""Two models on the same folds: the paired t-test of the paper, and the one that knows that folds overlap."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from cgrecnet.evaluation.arrays import alike, paired_scores


@dataclass(frozen=True)
class Comparison:
    """A paired comparison; differences, errors and intervals are in percentage points, (first - second) x 100.

    effect_size: Cohen's d_z, the mean difference over the standard deviation of the differences.
    n: pairs (folds); df: degrees of freedom; p_value: two-sided, of this comparison alone.
    """

    difference: float
    standard_error: float
    statistic: float
    df: float
    p_value: float
    interval95: tuple[float, float]
    interval90: tuple[float, float]
    effect_size: float
    n: int
    method: str


def paired_t(first: Sequence[float], second: Sequence[float]) -> Comparison:
    r"""Student's paired t-test over folds, as the paper did it (section 3.1): $t = \bar d / (s_d / \sqrt n)$.

    first, second: scores of the same folds in the same order, as shares between 0 and 1.
    It takes the differences $d$ of the folds for independent; folds share training cells, so they are not.
    Raises ValueError for unequal lengths, fewer than two folds, a score that is no share, or differences all alike.
    """
    return replace(corrected_resampled_t(first, second, 0), method="paired t-test")


def corrected_resampled_t(first: Sequence[float], second: Sequence[float], test_share: float) -> Comparison:
    r"""The corrected resampled t-test: $t = \bar d / (s_d \sqrt{1/n + n_\mathrm{test}/n_\mathrm{train}})$.

    The second term under the root stands for what the folds' training sets share.
    test_share: $n_\mathrm{test}/n_\mathrm{train}$ of one fold; with 0 this is the plain paired t-test.
    first, second, units and errors as in `paired_t`; also ValueError where test_share is negative or not finite.
    Source: Nadeau and Bengio 2003, Machine Learning 52, 239-281 (their equation for the corrected variance).
    """
    if not 0 <= test_share < np.inf:
        raise ValueError(f"test_share is test cells over training cells, 0 or more and finite, not {test_share}.")
    differences = _differences(first, second)
    n, mean, sd = len(differences), differences.mean(), differences.std(ddof=1)
    error = sd * np.sqrt(1 / n + test_share)
    law = stats.t(df=n - 1, loc=mean, scale=error)
    return Comparison(
        difference=float(mean),
        standard_error=float(error),
        statistic=float(mean / error),
        df=float(n - 1),
        p_value=float(2 * stats.t.sf(abs(mean) / error, df=n - 1)),
        interval95=tuple(float(end) for end in law.interval(0.95)),
        interval90=tuple(float(end) for end in law.interval(0.90)),
        effect_size=float(mean / sd),
        n=n,
        method="corrected resampled t-test",
    )


def differences_vary(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether a paired t-test is possible: two folds or more, and differences that are not all alike.

    Two folds of a thousand cells have the same difference now and then, by chance.
    Raises ValueError for unequal lengths, or a score that is no share.
    """
    if len(first) == len(second) < 2:
        return False
    first, second = paired_scores(first, second)
    return not alike(100 * (first - second))


def _differences(first: Sequence[float], second: Sequence[float]) -> np.ndarray:
    """The differences in percentage points; ValueError where they are all alike, so that no t-test is possible."""
    first, second = paired_scores(first, second)
    differences = 100 * (first - second)
    if alike(differences):
        raise ValueError(
            f"All {len(differences)} differences are {differences[0]:.4g} points: without spread there is no t-test."
        )
    return differences
