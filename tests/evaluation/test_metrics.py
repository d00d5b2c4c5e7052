"""Scores against values worked out by hand, and identities that must hold."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from cgrecnet.evaluation.metrics import one_vs_rest_auc, score

CLASSES = ("a", "b", "c")
# True 0 0 0 1 1 2; predicted 0 0 1 1 1 0.
LABELS = np.array([0, 0, 0, 1, 1, 2])
PROBABILITIES = np.eye(3)[[0, 0, 1, 1, 1, 0]] * 0.8 + 0.2 / 3


def test_scores_of_a_small_table_worked_out_by_hand():
    got = score(LABELS, PROBABILITIES, CLASSES)
    assert got["confusion"] == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert got["accuracy"] == pytest.approx(4 / 6)
    assert got["balanced_accuracy"] == pytest.approx((2 / 3 + 1 + 0) / 3)
    f1 = [2 * 2 / (3 + 3), 2 * 2 / (3 + 2), 0.0]
    assert [entry["f1"] for entry in got["per_class"]] == pytest.approx(f1)
    assert got["macro"]["f1"] == pytest.approx(np.mean(f1))
    assert got["weighted"]["f1"] == pytest.approx((3 * f1[0] + 2 * f1[1]) / 6)


def test_weighted_recall_is_accuracy():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, 200)
    got = score(labels, rng.dirichlet(np.ones(3), 200), CLASSES)
    assert got["weighted"]["recall"] == pytest.approx(got["accuracy"])


def test_auc_counts_the_pairs_that_are_ordered_rightly():
    labels = np.array([1, 1, 0, 0, 0])
    probabilities = np.array([[0.1, 0.9], [0.6, 0.4], [0.4, 0.6], [0.7, 0.3], [0.8, 0.2]])
    assert one_vs_rest_auc(labels, probabilities, 1) == pytest.approx(5 / 6)


def test_an_absent_class_has_no_auc_and_is_kept_in_the_table():
    got = score(np.array([0, 1, 0, 1]), np.eye(3)[[0, 1, 1, 1]], CLASSES)
    assert got["per_class"][2]["auc"] is None
    assert len(got["confusion"]) == 3 and got["per_class"][2]["support"] == 0


@pytest.mark.filterwarnings("error")
def test_a_class_without_cells_counts_in_no_mean_over_classes():
    named = np.eye(3)[[0, 1, 2, 1]]  # one cell is taken for the absent class
    got, two = score(np.array([0, 1, 0, 1]), named, CLASSES), np.array([2 / 3, 1.0])
    assert got["balanced_accuracy"] == got["macro"]["recall"] == pytest.approx(0.75)
    assert got["macro"]["f1"] == pytest.approx(two.mean()) and got["macro"]["auc"] == pytest.approx((0.75 + 1) / 2)
    assert score(np.array([0, 0]), np.eye(3)[[0, 1]], CLASSES)["macro"]["auc"] is None


@pytest.mark.parametrize("kinds", [4, 3, 2, 1])
def test_scores_are_to_the_last_bit_those_of_scikit_learns_function_on_arrays(kinds):
    """Records written with that function hold these numbers; some classes have no cell, or are never named."""
    classes = ("a", "accuracy", "macro avg", "d")
    rng = np.random.default_rng(kinds)
    labels, probabilities = rng.integers(0, kinds, 300), rng.dirichlet(np.ones(4), 300)
    probabilities[:, 3] = 0
    got, predicted = score(labels, probabilities, classes), probabilities.argmax(axis=1)

    def by_arrays(over, average):
        values = precision_recall_fscore_support(labels, predicted, labels=over, average=average, zero_division=0)
        return dict(zip(("precision", "recall", "f1", "support"), values, strict=True))

    each = by_arrays(range(4), None)
    for name, values in each.items():
        assert [entry[name] for entry in got["per_class"]] == values.tolist()
    for name in ("precision", "recall", "f1"):
        assert got["weighted"][name] == by_arrays(range(4), "weighted")[name]
        assert got["macro"][name] == by_arrays(range(kinds), "macro")[name]


@pytest.mark.parametrize("bad", [np.full((6, 3), np.nan), np.ones((6, 2)), np.ones((5, 3))])
def test_unusable_probabilities_are_refused(bad):
    with pytest.raises(ValueError):
        score(LABELS, bad, CLASSES)
