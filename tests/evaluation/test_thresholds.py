"""Counts at a threshold, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from cgrecnet.evaluation.thresholds import GRID, counts_at_argmax, counts_at_thresholds

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 200)
PROBABILITIES = RNG.dirichlet([0.7, 0.7, 0.7], 200)


def agree(called, member, chosen):
    assert called.hits + called.false == chosen.sum() and called.hits + called.missed == member.sum()
    assert called.hits + called.false + called.missed + called.left == len(member)
    assert called.precision == pytest.approx(precision_score(member, chosen))
    assert called.recall == pytest.approx(recall_score(member, chosen))
    assert called.f1 == pytest.approx(f1_score(member, chosen))


@pytest.mark.parametrize("index", [0, 1, 2])
def test_scores_are_those_of_scikit_learn(index):
    for threshold, called in zip(
        (0.2, 0.5, 0.8), counts_at_thresholds(LABELS, PROBABILITIES, index, (0.2, 0.5, 0.8)), strict=True
    ):
        agree(called, LABELS == index, PROBABILITIES[:, index] >= threshold)
    agree(counts_at_argmax(LABELS, PROBABILITIES, index), LABELS == index, PROBABILITIES.argmax(axis=1) == index)


def test_a_cell_at_the_threshold_is_called_and_empty_sides_have_no_score():
    sure = np.eye(2)[[0, 1]]
    (called,) = counts_at_thresholds(np.array([0, 1]), sure, 0, (1.0,))
    assert (called.hits, called.false, called.missed, called.left) == (1, 0, 0, 1)
    (none,) = counts_at_thresholds(np.array([0, 0]), np.full((2, 2), 0.5), 0, (0.9,))
    assert none.precision is None and none.recall == 0 and none.f1 == 0
    (absent,) = counts_at_thresholds(np.array([0, 0]), np.full((2, 2), 0.5), 1, (0.9,))
    assert absent.recall is None and absent.f1 is None


def test_the_grid_is_even_and_inside():
    assert GRID[0] == 0.01 and GRID[-1] == 0.99 and 0.5 in GRID and np.allclose(np.diff(GRID), 0.01)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        counts_at_thresholds(LABELS[:5], PROBABILITIES, 0)
