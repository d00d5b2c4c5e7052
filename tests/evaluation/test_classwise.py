"""Differences of class F1s on the same cells, against scikit-learn and a bootstrap cell by cell."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from cgrecnet.evaluation.bootstrap import bootstrap_interval, f1_differences

RNG = np.random.default_rng(2)
LABELS = RNG.integers(0, 3, 400)
FIRST = np.where(RNG.random(400) < 0.9, LABELS, RNG.integers(0, 3, 400))
SECOND = np.where(RNG.random(400) < 0.7, LABELS, RNG.integers(0, 3, 400))


def test_differences_are_those_of_scikit_learn():
    expected = 100 * (f1_score(LABELS, FIRST, average=None) - f1_score(LABELS, SECOND, average=None))
    made = f1_differences(LABELS, FIRST, SECOND, "abc")
    assert [one.name for one in made] == ["a", "b", "c"]
    assert [one.difference for one in made] == pytest.approx(expected)
    assert all(one.interval95[0] < one.difference < one.interval95[1] for one in made)


def test_the_interval_is_that_of_drawing_the_cells_again():
    def statistic(labels, first, second):
        def f1(predicted):
            return 2 * ((labels == 1) & (predicted == 1)).sum() / ((labels == 1).sum() + (predicted == 1).sum())

        return 100 * (f1(first) - f1(second))

    slow = bootstrap_interval(statistic, LABELS, FIRST, SECOND, resamples=400)
    fast = f1_differences(LABELS, FIRST, SECOND, "abc")[1].interval95
    assert fast == pytest.approx(slow, abs=1.0)


def test_pairs_stay_pairs():
    (one, *_) = f1_differences(LABELS, FIRST, FIRST, "abc")
    assert one.difference == 0 and one.interval95 == (0, 0)


def test_a_class_without_a_name_is_refused():
    with pytest.raises(ValueError, match="out of range: the 2 classes"):
        f1_differences(LABELS, FIRST, SECOND, "ab")
