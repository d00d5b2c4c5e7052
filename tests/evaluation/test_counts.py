"""McNemar's test and Wilson's interval against values worked out otherwise."""

import numpy as np
import pytest
from scipy.stats import binomtest

from cgrecnet.evaluation.analysis_plan import Outcome, outcome_of
from cgrecnet.evaluation.bootstrap import bootstrap_interval
from cgrecnet.evaluation.counts import mcnemar, wilson


def cells(both: int, only_first: int, only_second: int, neither: int):
    """Labels and two predictions with these counts of right answers."""
    labels = np.zeros(both + only_first + only_second + neither, dtype=int)
    first = np.repeat([0, 0, 1, 1], [both, only_first, only_second, neither])
    second = np.repeat([0, 1, 0, 2], [both, only_first, only_second, neither])
    return labels, first, second


def test_counts_difference_and_p_by_hand():
    got = mcnemar(*cells(50, 8, 2, 40))
    assert (got.only_first, got.only_second, got.n) == (8, 2, 100)
    assert got.difference == pytest.approx(6.0)
    # Ten disagreements, eight or more on one side, two-sided: 2 (45 + 10 + 1) / 1024.
    assert got.p_value == pytest.approx(2 * 56 / 1024)


@pytest.mark.parametrize(("b", "c"), [(3, 9), (30, 10), (7, 7), (1, 0)])
def test_p_is_that_of_scipys_binomial_test(b, c):
    assert mcnemar(*cells(20, b, c, 5)).p_value == pytest.approx(binomtest(b, b + c).pvalue)


def test_it_is_symmetric():
    labels, first, second = cells(50, 12, 5, 33)
    there, back = mcnemar(labels, first, second), mcnemar(labels, second, first)
    assert there.p_value == back.p_value and there.difference == -back.difference
    assert (there.only_first, there.only_second) == (back.only_second, back.only_first)


@pytest.mark.parametrize("n", [15, 45, 90])
def test_models_that_agree_everywhere_are_not_known_to_be_equal(n):
    labels = np.arange(n) % 3
    got = mcnemar(labels, labels, labels)
    assert got.p_value == 1 and got.difference == 0
    assert outcome_of(got.p_value, got.interval90, margin=2.0, alpha=0.05) is Outcome.UNDECIDED


def test_cells_that_both_have_wrong_do_not_count_even_where_the_answers_differ():
    assert mcnemar(*cells(10, 3, 3, 0)).p_value == mcnemar(*cells(10, 3, 3, 50)).p_value == 1


def test_with_many_discordant_cells_the_intervals_are_those_of_a_bootstrap():
    labels, first, second = cells(500, 90, 60, 150)
    got = mcnemar(labels, first, second)
    for interval, level in ((got.interval95, 0.95), (got.interval90, 0.90)):
        other = bootstrap_interval(
            lambda y, a, b: 100 * ((a == y).mean() - (b == y).mean()), labels, first, second, level=level, seed=5
        )
        assert interval == pytest.approx(other, abs=0.35)  # each end has an error of about 0.1 from the resampling
    assert got.interval95[0] < got.interval90[0] < got.difference < got.interval90[1] < got.interval95[1]


@pytest.mark.parametrize(
    ("labels", "first", "second", "message"),
    [
        ([0, 1], [0, 1], [0], "same cells"),
        ([], [], [], "at least one cell"),
        ([0, 1], [0.2, 0.8], [0, 1], "whole numbers"),
        ([0, 1], [0, 1], [0, -1], "whole numbers"),
        ([0, 1], ["G1", "M"], [0, 1], "whole numbers"),
    ],
)
def test_unusable_predictions_are_refused(labels, first, second, message):
    arrays = [np.array(a, dtype=int) if not len(a) else np.array(a) for a in (labels, first, second)]
    with pytest.raises(ValueError, match=message):
        mcnemar(*arrays)


def test_wilson_by_its_formula():
    z, n, share = 1.959964, 20, 0.25
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    assert wilson(5, 20) == pytest.approx((centre - half, centre + half), abs=1e-6)
    assert wilson(5, 20) == pytest.approx(tuple(binomtest(5, 20).proportion_ci(method="wilson")))


def test_wilson_stays_inside_0_and_1_and_narrows():
    low, high = wilson(0, 10)
    assert low == 0 and 0 < high < 0.35
    assert np.diff(wilson(50, 100, level=0.9))[0] < np.diff(wilson(50, 100))[0]


@pytest.mark.parametrize(("successes", "n", "level"), [(5, 4, 0.95), (-1, 4, 0.95), (0, 0, 0.95), (1, 2, 1.0)])
def test_impossible_shares_are_refused(successes, n, level):
    with pytest.raises(ValueError):
        wilson(successes, n, level)
