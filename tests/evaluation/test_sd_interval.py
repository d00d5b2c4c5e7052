"""The interval of a standard deviation: printed values of chi-square, coverage, pooling."""

import numpy as np
import pytest

from cgrecnet.evaluation.sd_interval import pooled_sd, sd_interval


def test_three_values_say_little_of_their_spread():
    # Chi-square with 2 degrees of freedom has its 2.5 % and 97.5 % points at 0.0506 and 7.3778 (printed tables).
    assert sd_interval(1.0, 2) == pytest.approx((np.sqrt(2 / 7.3778), np.sqrt(2 / 0.0506)), rel=1e-3)


def test_it_covers_as_often_as_it_says():
    draws = np.random.default_rng(0).normal(scale=2.0, size=(1000, 3))
    ends = np.array([sd_interval(sd, 2) for sd in draws.std(axis=1, ddof=1)])
    assert ((ends[:, 0] <= 2) & (ends[:, 1] >= 2)).mean() == pytest.approx(0.95, abs=0.02)


def test_one_group_is_the_usual_standard_deviation():
    values = [84.1, 85.0, 83.2]
    got = pooled_sd([values])
    assert got.sd == pytest.approx(np.std(values, ddof=1)) and (got.df, got.n) == (2, 3)
    assert got.interval95 == sd_interval(got.sd, 2)


def test_groups_are_pooled_around_their_own_means():
    got = pooled_sd([[1.0, 3.0], [101.0, 103.0], [5.0]])
    assert got.sd == pytest.approx(np.sqrt(2)) and (got.df, got.n) == (2, 5)


@pytest.mark.parametrize("groups", [[], [[1.0]], [[1.0], [2.0]], [[1.0, np.nan]]])
def test_what_has_no_spread_is_refused(groups):
    with pytest.raises(ValueError, match="A pooled standard deviation needs"):
        pooled_sd(groups)


@pytest.mark.parametrize(("sd", "df", "level"), [(-1, 2, 0.95), (np.nan, 2, 0.95), (1, 0, 0.95), (1, 2, 95)])
def test_impossible_spreads_are_refused(sd, df, level):
    with pytest.raises(ValueError):
        sd_interval(sd, df, level)
