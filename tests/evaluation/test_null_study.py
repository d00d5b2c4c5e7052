"""The simulation of false alarms: its learners are equal, its counts are those of the tests, its lesson holds."""

import numpy as np
import pytest

from cgrecnet.evaluation.null_study import count_false_alarms, fold_differences
from cgrecnet.evaluation.paired import corrected_resampled_t, paired_t


@pytest.fixture(scope="module")
def differences():
    return fold_differences(250, cells=60, rounds=3, seed=1)


def test_neither_learner_is_better(differences):
    means = differences.mean(axis=1)
    assert abs(means.mean()) < 3 * means.std() / np.sqrt(len(means))


def test_the_counts_are_those_of_the_tests(differences):
    few = differences[:40, :5]
    pairs = [(0.5 + row / 2, 0.5 - row / 2) for row in few]
    p = np.array([[paired_t(*pair).p_value, corrected_resampled_t(*pair, 0.25).p_value] for pair in pairs])
    got = count_false_alarms(few, 0.25, alpha=0.2)
    assert (got.plain, got.corrected) == tuple((p < 0.2).sum(axis=0)) and got.data_sets == 40


def test_repeated_folds_taken_for_independent_raise_false_alarms_and_the_correction_lowers_them(differences):
    once, thrice = count_false_alarms(differences[:, :5], 0.25), count_false_alarms(differences, 0.25)
    assert thrice.plain / thrice.data_sets > 0.2 > once.plain / once.data_sets
    assert once.corrected < once.plain and thrice.corrected / thrice.data_sets < 0.11


def test_rows_without_spread_are_left_out():
    got = count_false_alarms(np.array([[0.1, 0.1, 0.1], [0.5, 0.6, 0.7]]), 0.25)
    assert got.data_sets == 1 and got.plain == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: fold_differences(0, 100),
        lambda: fold_differences(1, 100, folds=1),
        lambda: fold_differences(1, 10),
        lambda: count_false_alarms(np.zeros((3, 1)), 0.25),
        lambda: count_false_alarms(np.ones((3, 5)).cumsum(axis=1), 0.25, alpha=5),
    ],
)
def test_unusable_input_is_refused(call):
    with pytest.raises(ValueError):
        call()
