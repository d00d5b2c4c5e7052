"""The difference of two proportions: a worked example of the literature, symmetry, coverage."""

import numpy as np
import pytest

from cgrecnet.evaluation.two_proportions import (
    balanced_accuracy_difference,
    difference_in_differences,
    newcombe_difference,
)


def test_newcombes_first_example():
    made = newcombe_difference(56, 70, 48, 80)  # Newcombe 1998, Table II, case a: 0.0524 to 0.3339
    assert made.difference == pytest.approx(20)
    assert made.interval95 == pytest.approx((5.24, 33.39), abs=0.01)
    assert made.n == (70, 80) and 0.001 < made.p_value < 0.05


def test_the_other_order_turns_the_sign():
    one, other = newcombe_difference(90, 100, 70, 100), newcombe_difference(70, 100, 90, 100)
    assert one.difference == -other.difference and one.p_value == pytest.approx(other.p_value)
    assert one.interval95 == pytest.approx([-end for end in reversed(other.interval95)])


def test_equal_shares_have_no_difference_at_the_ends_too():
    for right in (0, 50, 100):
        made = newcombe_difference(right, 100, right, 100)
        assert made.difference == 0 and made.p_value == 1 and made.interval90[0] < 0 < made.interval90[1]


@pytest.mark.parametrize("counts", [(5, 5, 3, 5), (100, 100, 0, 100), (1, 1, 0, 1)])
@pytest.mark.filterwarnings("error")
def test_a_share_of_all_cells_is_tested_without_a_warning(counts):
    made, turned = newcombe_difference(*counts), newcombe_difference(*counts[2:], *counts[:2])
    assert made.p_value == pytest.approx(turned.p_value) and 0 < made.p_value < 1


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for first, second in rng.binomial(300, (0.95, 0.85), size=(400, 2)):
        low, high = newcombe_difference(int(first), 300, int(second), 300).interval95
        hits += low < 10 < high
    assert 0.91 < hits / 400 < 0.99


def test_what_is_no_share_is_refused():
    with pytest.raises(ValueError, match="not 5 of 4"):
        newcombe_difference(5, 4, 1, 4)


def test_a_difference_in_differences_has_about_the_error_of_both():
    large, small = newcombe_difference(900, 1000, 600, 1000), newcombe_difference(880, 1000, 780, 1000)
    difference, (low, high) = difference_in_differences(large, small)
    assert difference == pytest.approx(20)
    error = 100 * np.sqrt((0.9 * 0.1 + 0.6 * 0.4 + 0.88 * 0.12 + 0.78 * 0.22) / 1000)
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.02)
    turned, ends = difference_in_differences(small, large)
    assert turned == pytest.approx(-20) and ends == pytest.approx((-high, -low))


def test_a_difference_of_balanced_accuracies_does_not_see_the_class_shares():
    difference, (low, high) = balanced_accuracy_difference([(90, 100), (50, 100)], [(900, 1000), (0, 10)])
    assert difference == pytest.approx(25) and low < 25 < high
    turned, ends = balanced_accuracy_difference([(900, 1000), (0, 10)], [(90, 100), (50, 100)])
    assert turned == pytest.approx(-25) and ends == pytest.approx((-high, -low))
    with pytest.raises(ValueError, match="the same classes"):
        balanced_accuracy_difference([(1, 2)], [(1, 2), (1, 2)])


def test_the_balanced_interval_covers_as_often_as_it_says():
    rng, n = np.random.default_rng(0), (200, 100, 500)
    draw = [[rng.binomial(cells, share, 400) for cells, share in zip(n, shares, strict=True)]
            for shares in ((0.9, 0.6, 0.95), (0.4, 0.05, 0.99))]  # fmt: skip
    hits = 0
    for trial in range(400):
        one, other = ([(int(right[trial]), cells) for right, cells in zip(side, n, strict=True)] for side in draw)
        low, high = balanced_accuracy_difference(one, other)[1]
        hits += low < 100 * (2.45 - 1.44) / 3 < high
    assert 0.92 < hits / 400 < 0.99
