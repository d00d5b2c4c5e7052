"""Contrasts over cells: checked against scipy's permutation test, McNemar's, and data whose answer is known."""

import numpy as np
import pytest
from scipy.stats import norm, permutation_test
from sklearn.metrics import balanced_accuracy_score

from cgrecnet.evaluation import sign_flip as module
from cgrecnet.evaluation.counts import mcnemar
from cgrecnet.evaluation.sign_flip import balanced_contrast, sign_flip, sign_flip_interaction


@pytest.mark.parametrize("values", [[2, 1, 1, -1, 0, 2, 2], [0.5, 0.5, -0.2, 0.2, 0.5, 0.1], [1, -1, 1, -1]])
def test_the_exact_test_is_scipys(values):
    exact = permutation_test(
        (np.array(values, float),), np.sum, permutation_type="samples", alternative="two-sided", n_resamples=np.inf
    )
    assert sign_flip(values) == pytest.approx(exact.pvalue)


def test_with_ones_alone_it_is_mcnemars():
    rng = np.random.default_rng(3)
    labels, first, second = rng.integers(3, size=(3, 200))
    steps = (first == labels).astype(int) - (second == labels)
    assert sign_flip(steps) == pytest.approx(mcnemar(labels, first, second).p_value)


def test_nothing_differs_where_all_are_zero_and_bad_values_are_refused():
    assert sign_flip([0, 0]) == 1
    with pytest.raises(ValueError, match="finite"):
        sign_flip([1, np.nan])


def _right(share, n, rng):
    return rng.permutation(np.arange(n) < share * n)


def test_a_network_that_loses_less_is_found_with_its_sign():
    rng = np.random.default_rng(0)
    rights = [_right(share, 1000, rng) for share in (0.9, 0.8, 0.9, 0.6)]
    contrast = sign_flip_interaction(*rights)
    assert contrast.difference == pytest.approx(20)
    assert contrast.interval95[0] < contrast.interval90[0] < 20 < contrast.interval90[1] < contrast.interval95[1]
    assert contrast.p_value < 1e-6 and contrast.n == 1000
    first_before, first_after, second_before, second_after = rights
    turned = sign_flip_interaction(second_before, second_after, first_before, first_after)
    assert turned.difference == pytest.approx(-20) and turned.p_value == pytest.approx(contrast.p_value)


def test_the_interval_has_the_width_that_the_variance_gives():
    rng = np.random.default_rng(1)
    rights = [rng.random(2000) < share for share in (0.9, 0.8, 0.85, 0.7)]
    contrast = sign_flip_interaction(*rights)
    a, b, c, d = (right.astype(int) for right in rights)
    error = 100 * ((b - a) - (d - c)).std() / np.sqrt(2000)
    low, high = contrast.interval95
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.08)


def test_cells_must_be_the_same_and_right_or_wrong():
    with pytest.raises(ValueError, match="true and false"):
        sign_flip_interaction([1, 0], [1, 0], [1, 0], [1, 0])
    with pytest.raises(ValueError, match="same cells"):
        sign_flip_interaction([True], [True, False], [True, False], [True, False])


def test_balanced_accuracies_differ_as_scikit_learn_says():
    rng = np.random.default_rng(2)
    labels = rng.choice(3, size=600, p=[0.15, 0.05, 0.8])
    first = np.where(rng.random(600) < 0.8, labels, 2)
    second = np.where(rng.random(600) < 0.5, labels, 2)
    contrast = balanced_contrast(labels, first, second)
    expected = balanced_accuracy_score(labels, first) - balanced_accuracy_score(labels, second)
    assert contrast.difference == pytest.approx(100 * expected)
    assert contrast.interval95[0] < contrast.difference < contrast.interval95[1] and contrast.p_value < 0.01
    assert balanced_contrast(labels, first, first).p_value == 1


def test_where_sums_are_too_many_to_list_they_are_drawn(monkeypatch):
    rng = np.random.default_rng(1)
    values = rng.choice([-1, 1], 300, p=[0.45, 0.55]) * rng.choice([0.2, 0.5, 0.9], 300)
    listed = sign_flip(values)
    monkeypatch.setattr(module, "LIMIT", 10)
    assert sign_flip(values) != listed and sign_flip(values) == pytest.approx(listed, abs=0.002)


def test_the_papers_number_of_cells_takes_no_longer_than_a_moment():
    rng = np.random.default_rng(5)
    labels = rng.choice(3, size=31_134, p=[0.27, 0.13, 0.60])
    first, second = (np.where(rng.random(31_134) < share, labels, (labels + 1) % 3) for share in (0.905, 0.9))
    contrast = balanced_contrast(labels, first, second)
    steps = (first == labels).astype(int) - (second == labels)
    sizes = np.bincount(labels)[labels]
    error = np.sqrt(((steps / (3 * sizes)) ** 2).sum())  # of so many cells the sum is as good as normal
    assert contrast.p_value == pytest.approx(2 * norm.sf(abs(contrast.difference) / 100 / error), abs=0.003)


def test_networks_that_agree_on_every_cell_are_not_known_to_be_equal():
    rights = [np.arange(90) % 3 == 0] * 4
    labels = np.arange(90) % 3
    for contrast in (sign_flip_interaction(*rights), balanced_contrast(labels, labels, labels)):
        assert contrast.difference == 0 and contrast.p_value == 1
        assert contrast.interval90[0] < -3 and contrast.interval90[1] > 3
    rare = balanced_contrast(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 1]), np.array([0, 0, 0, 1]))
    assert rare.interval95[1] > 40  # a class of one cell
