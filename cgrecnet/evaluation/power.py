"""How many paired repeats a difference needs to be seen."""

import numpy as np
from scipy import stats

from cgrecnet.evaluation.arrays import ALIKE, share

#: Beyond this many repeats nobody will train; `repeats_needed` then says None.
MOST = 10_000_000


def power_of_paired_t(
    difference: float, sd_of_difference: float, n: int, alpha: float = 0.05, test_share: float = 0.0
) -> float:
    """Chance that a two-sided paired t-test over n repeats comes out below alpha, if the true difference is this.

    difference, sd_of_difference: in one unit (percentage points); sd between repeats, of the difference.
    test_share: 0 for independent repeats; n_test / n_train for folds of one data set under the corrected test.
    1 where the repeats do not differ (sd 0, but for rounding: `arrays.ALIKE`) and the difference is not 0 as well.
    Raises ValueError where sd is negative or both are 0, n is below 2, or a value is not finite.
    Source: the noncentral t of scipy. statsmodels' TTestPower is the same where it gives a number, but gives none for
    some differences that people have (five times their standard deviation, with ten repeats).
    """
    _refuse(difference, sd_of_difference, test_share)
    if n < 2:
        raise ValueError(f"A paired t-test needs two repeats or more, not {n}.")
    share(alpha, "alpha")
    shift = abs(difference) / (sd_of_difference * np.sqrt(1 / n + test_share)) if sd_of_difference > ALIKE else np.inf
    edge = stats.t.isf(alpha / 2, n - 1)
    if shift > 10 * max(edge, 2):  # short of 1 by no more than a float shows; far beyond, scipy gives NaN
        return 1.0
    # The tail on the wrong side: where it is too small for a float, scipy gives NaN.
    other = np.nan_to_num(stats.nct.cdf(-edge, n - 1, shift))
    return float(stats.nct.sf(edge, n - 1, shift) + other)


def repeats_needed(
    difference: float, sd_of_difference: float, power: float = 0.8, alpha: float = 0.05, test_share: float = 0.0
) -> int | None:
    """The smallest number of paired repeats with at least this power; None where no number (up to `MOST`) has it.

    With a test_share above 0 the error does not shrink to nothing, so that a small difference may never be seen.
    Arguments and errors as in `power_of_paired_t`; also ValueError where the difference is 0 or power not in (0, 1).
    """
    _refuse(difference, sd_of_difference, test_share)
    share(power, "power")
    if abs(difference) <= ALIKE:
        raise ValueError("A difference of 0 cannot be found by any number of repeats.")

    def enough(n: int) -> bool:
        return power_of_paired_t(difference, sd_of_difference, n, alpha, test_share) >= power

    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _refuse(difference: float, sd: float, test_share: float) -> None:
    if not np.isfinite([difference, sd, test_share]).all() or sd < 0 or test_share < 0:
        raise ValueError(
            f"Power needs a finite difference, a finite sd of 0 or more and a test_share of 0 or more, "
            f"not {difference}, {sd} and {test_share}."
        )
    if max(abs(difference), sd) <= ALIKE:
        raise ValueError("Where neither the difference nor its sd is more than rounding, there is no test.")
