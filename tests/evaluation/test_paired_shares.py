"""Intervals of paired shares: the score's equation, exactness by counting out every table, the ends for no discord."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, multinomial, norm

from cgrecnet.evaluation.score_intervals import EXACT, paired_interval


@pytest.mark.parametrize(("b", "c", "n"), [(60, 41, 900), (0, 7, 7918), (3, 0, 1000), (1500, 1600, 31_134)])
def test_beyond_the_exact_ones_the_ends_solve_tangos_equation(b, c, n):
    assert n > EXACT
    for end, sign in zip(paired_interval(b, c, n, 0.90), (1, -1), strict=True):
        least, most = max(0.0, -end), (1 - end) / 2

        def unlikely(p, end=end):
            chances = np.array([p + end, p, 1 - 2 * p - end]).clip(1e-300)
            return -(np.array([b, c, n - b - c]) * np.log(chances)).sum()

        p = minimize_scalar(unlikely, bounds=(least, most), method="bounded", options={"xatol": 1e-12}).x
        assert (b - c - n * end) / np.sqrt(n * (2 * p + end - end**2)) == pytest.approx(sign * norm.ppf(0.95), abs=1e-3)


def test_small_ones_miss_the_truth_no_more_often_than_they_say():
    n, level = 12, 0.90
    tables = [(b, c, n - b - c) for b, c in product(range(n + 1), repeat=2) if b + c <= n]
    low, high = np.array([paired_interval(b, c, n, level) for b, c, _ in tables]).T
    for d, p in product((0.0, 0.02, 0.1, 0.3, 0.6), np.linspace(0, 0.5, 11)):
        if d + 2 * p <= 1:
            chances = multinomial.pmf(tables, n, [p + d, p, max(0.0, 1 - d - 2 * p)])
            assert chances[high < d].sum() < 0.0505 and chances[low > d].sum() < 0.0505, (d, p)


@pytest.mark.parametrize(("n", "points"), [(15, 18.1), (90, 3.3)])
def test_no_discordant_cell_leaves_the_doubt_of_none_in_n(n, points):
    low, high = paired_interval(0, 0, n, 0.90)
    assert 100 * high == pytest.approx(points, abs=0.05) and low == -high
    assert high >= 1 - 0.05 ** (1 / n) - 1e-6  # the one-sided bound of 0 of n


@pytest.mark.parametrize(
    ("n", "margin", "most"),
    [
        (50, 0.02, 0.05), (90, 0.02, 0.05), (90, 0.03, 0.05), (900, 0.02, 0.056), (31_134, 0.02, 0.056),
        (301, 0.02, 0.0594), (446, 0.01, 0.0623),  # the worst above 300, as the page on the plan says
    ],
)  # fmt: skip
def test_a_difference_as_large_as_the_margin_is_seldom_taken_for_none(n, margin, most):
    """The hardest case, in which the worse network is never right alone; the bootstrap's was 35 % at n = 50."""
    inside = 0.0
    for b in range(int(n * margin) + 1):
        low, high = paired_interval(b, 0, n, 0.90)
        inside += binom.pmf(b, n, margin) * (-margin < low and high < margin)
    assert inside < most


def test_to_swap_the_models_turns_the_ends_and_more_level_is_wider():
    for n in (100, 1000):
        low, high = paired_interval(9, 4, n)
        assert paired_interval(4, 9, n) == pytest.approx((-high, -low))
        assert low < paired_interval(9, 4, n, 0.90)[0] < 5 / n < paired_interval(9, 4, n, 0.90)[1] < high
    assert paired_interval(5, 0, 5)[1] == 1 == -paired_interval(0, 500, 500)[0]


@pytest.mark.parametrize(("b", "c", "n", "level"), [(-1, 0, 5, 0.9), (3, 3, 5, 0.9), (0, 0, 0, 0.9), (1, 0, 5, 1.0)])
def test_impossible_tables_are_refused(b, c, n, level):
    with pytest.raises(ValueError):
        paired_interval(b, c, n, level)
