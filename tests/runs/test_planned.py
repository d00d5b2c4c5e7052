"""From records to planned decisions: the right scores, the right runs, and a refusal where runs do not fit."""

import numpy as np
import pytest
from made_up_runs import write_record

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.evaluation.paired import corrected_resampled_t
from cgrecnet.runs.planned import decide_over_cells, decide_over_folds, measured, overlap, rarest_class

MODELS = {"resnet50": 0.80, "rescmnet": 0.81, "resgdnet": 0.82, "cg_recnet": 0.85}
DATA = {"name": "jurkat", "task": "cycle", "counts": {"G1": 100, "S+G2": 20, "M": 50}}
CLASSES = ("G1", "S+G2", "M")


def ablation(tmp_path, models=MODELS, folds=5, **more):
    """Runs whose accuracy and middle-class F1 follow known rules."""
    rng = np.random.default_rng(0)
    return [
        write_record(
            tmp_path, {"experiment": "e", "model": model, "data": "jurkat", "split": "folds", "fold": fold, **more},
            level + noise, classes=CLASSES, data=DATA, f1s=(0.9, level - 0.2 + noise, 0.7),
        )
        for model, level in models.items()
        for fold, noise in zip(range(folds), rng.uniform(0, 0.01, folds), strict=True)
    ]  # fmt: skip


def test_the_decision_is_the_corrected_test_on_the_records_scores(tmp_path):
    records = ablation(tmp_path)
    (got,) = decide_over_folds("P1", records)
    of = {m: [r.test["accuracy"] for r in records if r.config["model"] == m] for m in MODELS}
    assert got.result == corrected_resampled_t(of["cg_recnet"], of["resnet50"], 38 / 120)
    assert got.result.n == 5 and got.family_size == 5 and overlap(records) == pytest.approx(38 / 120)
    assert got.p_corrected >= got.result.p_value
    assert len(decide_over_folds("P2", records)) == 4


def test_the_rarest_class_is_that_of_the_data_and_its_f1_is_compared(tmp_path):
    records = ablation(tmp_path)
    assert rarest_class(records[0]) == 1
    (got,) = decide_over_folds("P3", records)
    f1 = {m: [r.test["per_class"][1]["f1"] for r in records if r.config["model"] == m] for m in MODELS}
    assert got.result.difference == pytest.approx(100 * (np.mean(f1["cg_recnet"]) - np.mean(f1["resnet50"])))
    assert got.family_size == 1 and got.p_corrected == got.result.p_value


def test_folds_that_one_model_lacks_are_left_out_and_n_says_so(tmp_path):
    records = ablation(tmp_path)
    (got,) = decide_over_folds("P1", records[:-2])
    assert got.result.n == 3
    assert decide_over_folds("P1", records[:-4]) == []
    assert [d.contrast for d in decide_over_folds("P2", records[:10])] == [("rescmnet", "resnet50")]


def test_folds_that_agree_to_the_cell_give_no_decision_and_no_failure(tmp_path):
    records = ablation(tmp_path, {"resnet50": 0.80, "cg_recnet": 0.85, "rescmnet": 0.81}, folds=2)
    for record in records:  # two runs are 0.05 apart on each fold, the third is not
        level = {"resnet50": 0.8, "cg_recnet": 0.85, "rescmnet": 0.81 + 0.01 * record.config["fold"]}
        record.test["accuracy"] = level[record.config["model"]]
    assert decide_over_folds("P1", records) == []
    others = [("rescmnet", "resnet50"), ("cg_recnet", "rescmnet")]
    assert [decision.contrast for decision in decide_over_folds("P2", records)] == others


def test_runs_that_cannot_be_paired_are_refused(tmp_path):
    records = ablation(tmp_path, folds=2)
    with pytest.raises(RunError, match="two runs of resnet50 on fold 0"):
        decide_over_folds("P1", [*records, *ablation(tmp_path, folds=1, seed=1)])
    other = records[0].model_copy(update={"split": records[0].split | {"manifest": "another"}})
    with pytest.raises(RunError, match="split differently"):
        decide_over_folds("P1", [other, *records[1:]])
    with pytest.raises(ConfigError, match="pairs cells"):
        decide_over_folds("P4", records)
    with pytest.raises(ConfigError, match="pairs folds"):
        decide_over_cells("P1", {"cg_recnet": records[-1]}, tmp_path)
    with pytest.raises(RunError, match="no runs"):
        overlap([])
    with pytest.raises(ConfigError, match="no 'loss'"):
        measured(records[0], "loss")


def run_with(tmp_path, model, right, ids="abcdef", preset="recovered"):
    labels = np.array([0, 0, 1, 1, 2, 2])
    probabilities = np.eye(3)[np.where(right, labels, (labels + 1) % 3)]
    return write_record(
        tmp_path,
        {"experiment": "e-" + preset.replace("_", "-"), "model": model, "data": "jurkat", "preset": preset}, 0.5,
        classes=CLASSES, data=DATA, predictions=([*ids], labels, probabilities),
    )  # fmt: skip


def test_cells_are_compared_by_the_stored_predictions(tmp_path):
    first = run_with(tmp_path, "cg_recnet", np.array([1, 1, 1, 1, 1, 0], bool))
    second = run_with(tmp_path, "vgg16", np.array([1, 0, 0, 1, 0, 1], bool))
    (got,) = decide_over_cells("P4", {"cg_recnet": first, "vgg16": second, "unplanned": second}, tmp_path)
    assert (got.result.only_first, got.result.only_second, got.result.n) == (3, 1, 6)
    assert got.result.difference == pytest.approx(100 * 2 / 6) and got.family_size == 6
    assert decide_over_cells("P4", {"cg_recnet": first}, tmp_path) == decide_over_cells("P4", {}, tmp_path) == []


def test_readings_are_named_by_their_preset(tmp_path):
    every = np.ones(6, bool)
    runs = {name: run_with(tmp_path, "cg_recnet", every, preset=name) for name in ("recovered", "as_written", "clean")}
    assert [d.contrast for d in decide_over_cells("P9", runs, tmp_path)] == [
        ("as_written", "recovered"),
        ("clean", "recovered"),
    ]


def test_other_cells_are_refused(tmp_path):
    first = run_with(tmp_path, "cg_recnet", np.ones(6, bool))
    second = run_with(tmp_path, "vgg16", np.ones(6, bool), ids="abcdeg")
    with pytest.raises(RunError, match="not tested on the same cells"):
        decide_over_cells("P4", {"cg_recnet": first, "vgg16": second}, tmp_path)
