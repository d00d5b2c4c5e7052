"""Power: against simulation, at its limits, and where no number of repeats is enough."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from cgrecnet.evaluation.power import power_of_paired_t, repeats_needed


@pytest.mark.parametrize(("difference", "sd", "n"), [(1.0, 1.0, 5), (0.5, 1.0, 20), (-0.8, 0.5, 5)])
def test_it_is_the_share_of_simulated_tests_below_alpha(difference, sd, n):
    draws = np.random.default_rng(n).normal(difference, sd, (6000, n))
    share = (stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05).mean()
    assert power_of_paired_t(difference, sd, n) == pytest.approx(share, abs=0.02)


def test_without_a_difference_it_is_alpha():
    assert power_of_paired_t(0.0, 1.0, 8, alpha=0.01) == pytest.approx(0.01)


@pytest.mark.parametrize(("difference", "sd", "n"), [(0.08, 0.13, 5), (1.0, 0.7, 12), (0.08, 0.6, 400)])
def test_it_is_that_of_statsmodels(difference, sd, n):
    expected = TTestPower().power(difference / sd, nobs=n, alpha=0.05)
    assert power_of_paired_t(difference, sd, n) == pytest.approx(expected)


def test_the_corrected_test_has_the_power_of_its_simulation():
    n, share = 5, 0.25
    rng = np.random.default_rng(7)
    # Folds that share so much that the variance of their mean is 1/n + share times that between them.
    draws = 1 + rng.normal(size=(8000, n)) + rng.normal(scale=np.sqrt(share), size=(8000, 1))
    t = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) * np.sqrt(1 / n + share))
    found = (abs(t) > stats.t.ppf(0.975, n - 1)).mean()
    assert power_of_paired_t(1.0, 1.0, n, test_share=share) == pytest.approx(found, abs=0.02)
    assert power_of_paired_t(1.0, 1.0, n, test_share=share) < power_of_paired_t(1.0, 1.0, n)


@pytest.mark.parametrize(("difference", "sd"), [(0.08, 0.13), (0.08, 0.6), (5.0, 0.5), (1.0, 1.0)])
def test_the_number_needed_is_the_first_that_is_enough(difference, sd):
    n = repeats_needed(difference, sd)
    assert power_of_paired_t(difference, sd, n) >= 0.8
    assert n == 2 or power_of_paired_t(difference, sd, n - 1) < 0.8


def test_a_difference_far_above_its_spread_is_surely_seen():
    """Differences of 2 of 90 cells with each seed are alike but for the last bit."""
    for sd in (0.0, 1e-14, 1e-6):
        assert power_of_paired_t(1.82, sd, 3) == 1 and repeats_needed(1.82, sd) == 2
    assert np.isnan(TTestPower().power(5.0, nobs=10, alpha=0.05)) and power_of_paired_t(5.0, 1.0, 10) == 1


def test_large_numbers_follow_the_normal_rule():
    # n = ((1.95996 + 0.84162) sd / difference)^2 where n is large.
    assert repeats_needed(0.08, 1.0) == pytest.approx((2.80158 / 0.08) ** 2, rel=0.01)


def test_more_folds_of_the_same_cells_may_never_be_enough():
    assert repeats_needed(0.08, 0.6, test_share=0.25) is None
    assert repeats_needed(3.0, 0.6, test_share=0.25) >= repeats_needed(3.0, 0.6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: power_of_paired_t(1, -1, 5), "sd of 0 or more"),
        (lambda: power_of_paired_t(0, 1e-14, 5), "more than rounding"),
        (lambda: power_of_paired_t(np.nan, 1, 5), "finite difference"),
        (lambda: power_of_paired_t(1, 1, 1), "two repeats or more"),
        (lambda: power_of_paired_t(1, 1, 5, alpha=5), "alpha must lie"),
        (lambda: repeats_needed(0, 1), "difference of 0"),
        (lambda: repeats_needed(1, 1, power=80), "power must lie"),
        (lambda: repeats_needed(1, 1, test_share=-1), "test_share of 0 or more"),
    ],
)
def test_unusable_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
