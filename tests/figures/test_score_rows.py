"""Scores as text: the values are scikit-learn's, no accuracy stands alone, and a network has its record's cost."""

import numpy as np
import pytest
from fabricated_runs import fabricate
from made_up_runs import write_record
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from cgrecnet.errors import RunError
from cgrecnet.figures.scores import (
    accuracy_text,
    count_network,
    f1_table,
    fold_scores,
    majority_share,
    mean_text,
    printed,
    right_counts,
    zhu_scores,
)
from cgrecnet.figures.tables import span
from cgrecnet.runs.pooled import Pooled
from cgrecnet.runs.query import select_runs
from cgrecnet.training.config import RunConfig


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


def test_scores_over_folds_are_named_and_counted_and_no_table_stands_for_cells_that_nobody_has():
    runs = select_runs("jurkat-ablation", model="resnet50")
    text, n = fold_scores(runs, "weighted F1")
    accuracy, balanced, f1 = text.splitlines()
    assert n == str(len(runs)) and accuracy == mean_text([100 * run.test["accuracy"] for run in runs])
    assert balanced == "balanced " + mean_text([100 * run.test["balanced_accuracy"] for run in runs])
    assert f1 == "weighted F1 " + mean_text([100 * run.test["weighted"]["f1"] for run in runs])
    assert fold_scores([]) == ("not run yet", "0")
    assert zhu_scores({"Baseline": "resnet50"}, "ablation") == []


def test_an_interval_reads_well():
    assert span((0.8123, 0.8491)) == "81.2 to 84.9" and span((81.23, 84.91), 1, 0) == "81 to 85"


def test_a_mean_of_one_has_no_spread():
    assert mean_text([84.0]) == "84.00" and mean_text([84.0, 86.0]) == "85.00 ± 1.41" and mean_text([]) == "not run"
    assert printed(None) == "lost"


def test_the_network_of_a_run_is_counted_and_a_changed_one_is_refused(tmp_path):
    config = {"experiment": "e", "model": "resnet50", "data": "jurkat"}
    record = write_record(tmp_path, config, 0.8, classes=("G1", "S+G2", "M"))
    with pytest.raises(RunError, match="has 1,000 parameters in its record"):
        count_network(record)
    right = record.model_copy(update={"parameters": 23_514_179})
    counted = count_network(right, 224, 48)
    assert counted.parameters == 23_514_179
    assert 3.5e9 < counted.macs[224] < 4.2e9 and 15 < counted.macs[224] / counted.macs[48] < 25


def test_the_largest_class_and_the_right_cells_are_counted_in_the_confusion(tmp_path):
    run = fabricate(tmp_path, RunConfig(experiment="e", model="resnet50"), 0.7, cells=400)
    assert majority_share(run) == max(map(sum, run.test["confusion"])) / 400
    assert right_counts(run) == (round(400 * run.test["accuracy"]), 400)
