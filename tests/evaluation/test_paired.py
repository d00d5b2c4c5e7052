"""Paired tests over folds: known values, the plain test as a special case, and the error they are there to avoid."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from cgrecnet.evaluation.paired import corrected_resampled_t, differences_vary, paired_t

FIRST = np.array([0.90, 0.91, 0.92, 0.93, 0.90])
SECOND = np.array([0.89, 0.90, 0.92, 0.92, 0.88])
# Differences 1, 1, 0, 1, 2 points: mean 1, variance 2 / 4, standard error sqrt(0.5 / 5).


def test_the_plain_test_by_hand():
    got = paired_t(FIRST, SECOND)
    assert got.difference == pytest.approx(1) and got.n == 5 and got.df == 4
    assert got.standard_error == pytest.approx(np.sqrt(0.1))
    assert got.statistic == pytest.approx(1 / np.sqrt(0.1))
    assert got.effect_size == pytest.approx(np.sqrt(2))
    # 2.7764 and 2.1318: the 97.5 % and 95 % points of t with 4 degrees of freedom, as printed tables give them.
    assert got.interval95 == pytest.approx((1 - 2.7764 * np.sqrt(0.1), 1 + 2.7764 * np.sqrt(0.1)), abs=1e-4)
    assert got.interval90 == pytest.approx((1 - 2.1318 * np.sqrt(0.1), 1 + 2.1318 * np.sqrt(0.1)), abs=1e-4)


def test_the_plain_test_agrees_with_statsmodels():
    described = DescrStatsW(100 * (FIRST - SECOND))
    statistic, p, df = described.ttest_mean(0)
    got = paired_t(FIRST, SECOND)
    assert (got.statistic, got.p_value, got.df) == pytest.approx((statistic, p, df))
    assert got.interval95 == pytest.approx(described.tconfint_mean(0.05))


def test_the_corrected_test_without_overlap_is_the_plain_one():
    plain, corrected = paired_t(FIRST, SECOND), corrected_resampled_t(FIRST, SECOND, 0.0)
    for name in ("difference", "standard_error", "statistic", "df", "p_value", "interval95", "interval90"):
        assert getattr(corrected, name) == pytest.approx(getattr(plain, name)), name


def test_the_corrected_test_by_its_formula():
    got = corrected_resampled_t(FIRST, SECOND, 0.25)
    # Five folds: the correction makes the variance 1/5 + 1/4 in place of 1/5, so t shrinks by sqrt(0.2 / 0.45) = 2/3.
    assert got.statistic == pytest.approx(paired_t(FIRST, SECOND).statistic * 2 / 3)
    assert got.p_value == pytest.approx(2 * stats.t.cdf(-got.statistic, 4))
    assert np.diff(got.interval95)[0] == pytest.approx(2 * 2.7764 * np.sqrt(0.5 * 0.45), abs=1e-4)


def test_the_correction_only_ever_makes_a_difference_less_sure():
    rng = np.random.default_rng(1)
    for _ in range(50):
        first, second = rng.uniform(0.8, 0.9, (2, 5))
        plain, corrected = paired_t(first, second), corrected_resampled_t(first, second, 0.25)
        assert corrected.p_value > plain.p_value
        assert corrected.interval95[0] < plain.interval95[0] and corrected.interval95[1] > plain.interval95[1]


def test_to_swap_the_models_turns_the_sign():
    there, back = corrected_resampled_t(FIRST, SECOND, 0.25), corrected_resampled_t(SECOND, FIRST, 0.25)
    assert there.difference == pytest.approx(-back.difference) and there.p_value == pytest.approx(back.p_value)


def test_the_interval_inside_90_percent_excludes_0_where_p_is_below_one_tenth():
    rng = np.random.default_rng(2)
    for _ in range(100):
        got = corrected_resampled_t(*rng.uniform(0.8, 0.9, (2, 4)), 0.3)
        assert (got.p_value < 0.10) == (got.interval90[0] > 0 or got.interval90[1] < 0)


@pytest.mark.parametrize("test", [paired_t, lambda a, b: corrected_resampled_t(a, b, 0.25)])
@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([0.9, 0.8], [0.9], "one length"),
        ([[0.9, 0.8]], [[0.9, 0.7]], "one length"),
        ([0.9], [0.8], "two folds or more"),
        ([0.9, 0.8], [0.8, 0.7], "without spread"),
        ([0.9, np.nan], [0.8, 0.7], "finite shares"),
        ([96.4, 96.3], [94.5, 94.6], "divide percentages by 100"),
    ],
)
def test_unusable_scores_are_refused(test, first, second, message):
    with pytest.raises(ValueError, match=message):
        test(first, second)


def test_what_can_be_tested_is_what_is_not_refused():
    assert differences_vary(FIRST, SECOND)
    assert not any(differences_vary(*pair) for pair in (([0.9, 0.8], [0.8, 0.7]), ([0.9], [0.8]), ([], [])))
    with pytest.raises(ValueError, match="one length"):
        differences_vary([0.9, 0.8], [0.9])


@pytest.mark.parametrize("share", [-0.1, np.nan, np.inf])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(ValueError, match="test_share"):
        corrected_resampled_t(FIRST, SECOND, share)
