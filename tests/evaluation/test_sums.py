"""Score intervals of means and of their sums: known special cases, and no interval without a length."""

import numpy as np
import pytest

from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.score_intervals import mean_interval, score_upper, weighted_sum


@pytest.mark.parametrize(("k", "n"), [(0, 10), (10, 10), (3, 10), (700, 31_134), (1, 1)])
def test_of_zeros_and_ones_it_is_wilsons(k, n):
    assert mean_interval([0, 1], [n - k, k]) == pytest.approx(wilson(k, n), abs=1e-10)


@pytest.mark.parametrize(("b", "c", "n"), [(0, 0, 90), (0, 5, 90), (12, 0, 44), (30, 25, 900), (44, 0, 44), (9, 8, 17)])
def test_of_paired_answers_it_is_tangos(b, c, n):
    expected = -float(score_upper(c, b, n, 0.05)), float(score_upper(b, c, n, 0.05))
    assert mean_interval([-1, 0, 1], [c, n - b - c, b], 0.90) == pytest.approx(expected, abs=1e-9)


def test_values_that_are_all_alike_still_leave_a_doubt():
    # The largest value may have a chance q that 900 cells did not show: 900 (2 q)^2 = z^2 (4 q - 4 q^2), z = 1.645.
    q = 1.6448536**2 / (900 + 1.6448536**2)
    assert mean_interval([-2, -1, 0, 1, 2], [0, 0, 900, 0, 0], 0.90) == pytest.approx((-2 * q, 2 * q), abs=1e-8)


def test_it_covers_as_often_as_it_says():
    rng, chances, values = np.random.default_rng(0), [0.01, 0.06, 0.84, 0.06, 0.03], np.arange(-2, 3)
    hits = 0
    for counts in rng.multinomial(400, chances, size=400):
        low, high = mean_interval(values, counts, 0.90)
        hits += low <= values @ chances <= high
    assert hits / 400 == pytest.approx(0.90, abs=0.04)


def test_a_sum_has_the_errors_of_its_parts_each_on_its_side():
    low, high = weighted_sum((1, -0.5), (3.0, 1.0), ((2.0, 7.0), (0.0, 5.0)))
    assert low == pytest.approx(2.5 - np.hypot(1.0, 2.0)) and high == pytest.approx(2.5 + np.hypot(4.0, 0.5))
    assert weighted_sum([1.0], [3.0], [(2.0, 7.0)]) == pytest.approx((2.0, 7.0))


@pytest.mark.parametrize(
    ("values", "counts"), [([0], [3]), ([0, 1], [3]), ([1, 0], [1, 1]), ([0, 1], [-1, 2]), ([0, 1], [0, 0])]
)
def test_what_is_no_count_of_values_is_refused(values, counts):
    with pytest.raises(ValueError, match="two values or more"):
        mean_interval(values, counts)
