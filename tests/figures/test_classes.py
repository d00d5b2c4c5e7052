"""Scores of pooled test cells as text: the values are scikit-learn's, and no accuracy stands alone."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from cgrecnet.figures.classes import accuracy_text, f1_table, span
from cgrecnet.runs.pooled import Pooled


@pytest.fixture
def pooled() -> Pooled:
    """300 cells; CG-RecNet sees the class more clearly than the baseline."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [180, 80, 40])
    found = {}
    for model, strength in (("resnet50", 1.2), ("cg_recnet", 4.0)):
        raw = np.eye(3)[labels] * strength + rng.exponential(1.0, (300, 3))
        found[model] = raw / raw.sum(axis=1, keepdims=True)
    return Pooled(("a", "b", "c"), labels.astype(str), labels, labels * 0, found, (), ())


def test_an_accuracy_stands_with_the_largest_class_and_its_balanced_value(pooled):
    predicted = pooled.predicted("resnet50")
    accuracy = 100 * accuracy_score(pooled.labels, predicted)
    balanced = 100 * balanced_accuracy_score(pooled.labels, predicted)
    assert accuracy_text(pooled, "resnet50") == f"{accuracy:.1f} (floor 60.0)\nbalanced {balanced:.1f}"
    assert abs(accuracy - balanced) > 0.1  # so that one is not taken for the other


def test_the_table_of_f1_has_scikit_learns_values_and_the_cells(pooled):
    html = f1_table(pooled, "F1")
    for model in pooled.models:
        for value in f1_score(pooled.labels, pooled.predicted(model), average=None):
            assert f">{100 * value:.1f}<br>(" in html
    assert "F1, a (n = 180)</th>" in html and ">CG-RecNet<" in html and ">Baseline<" in html


def test_an_interval_reads_well():
    assert span((0.8123, 0.8491)) == "81.2 to 84.9" and span((81.23, 84.91), 1, 0) == "81 to 85"
