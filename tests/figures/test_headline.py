"""The headline: claims beside what other cells gave; made-up records in a folder of the test's own."""

import dataclasses

import numpy as np
import pytest
from made_up_runs import write_record

from cgrecnet.evaluation.analysis_plan import Outcome, load_plan
from cgrecnet.figures.headline import (
    ASK,
    ROWS,
    comparisons,
    line_of,
    main_rows,
    on_other_cells,
    planned_decisions,
    skip_effect,
)
from cgrecnet.paths import REPOSITORY
from cgrecnet.runs.grid import read_sweep

LABELS = np.array([0] * 60 + [1] * 25 + [2] * 15)


@pytest.fixture(scope="module")
def decisions(tmp_path_factory):
    """P1 to P3 from three folds of the ablation, and one contrast of P4 (MobileNetV2 better than CG-RecNet)."""
    folder = tmp_path_factory.mktemp("results")
    jurkat = {"cells": 7918, "counts": {"G1": 5400, "S+G2": 1800, "M": 718}}
    rng = np.random.default_rng(0)
    for config in read_sweep(REPOSITORY / "sweeps" / "jurkat-ablation.yaml"):
        if config.fold < 3:
            score = 0.85 - 0.02 * (config.model == "cg_recnet") + rng.normal(0, 0.002)
            write_record(folder, config.model_dump(), score, classes=("G1", "S+G2", "M"), data=jurkat,
                         f1s=(0.9, 0.6, score - 0.1))  # fmt: skip
    wrong = {"cg_recnet": 30, "mobilenet_v2": 5}
    for config in read_sweep(REPOSITORY / "sweeps" / "jurkat-comparison.yaml"):
        if config.model in wrong:
            named = np.where(np.arange(100) < wrong[config.model], (LABELS + 1) % 3, LABELS)
            table = ([f"cell-{i}" for i in range(100)], LABELS, np.eye(3)[named])
            write_record(folder, config.model_dump(), 0.7, classes=("G1", "S+G2", "M"), data=jurkat, predictions=table)
    return planned_decisions(folder)


def test_every_question_that_is_answered_is_planned():
    assert set(ASK) <= {question.id for question in load_plan().questions}


def test_what_was_run_is_answered_and_what_was_not_is_empty(decisions):
    assert len(decisions["P1"]) == 1 and len(decisions["P2"]) == 4 and decisions["P5"] == decisions["P8"] == []
    (against,) = decisions["P4"]
    assert against.contrast == ("cg_recnet", "mobilenet_v2") and against.result.difference == pytest.approx(-25.0)


def test_the_main_result_counts_every_planned_comparison_once(decisions):
    rows = {row[0]: [int(count) for count in row[1:]] for row in main_rows(decisions)}
    assert set(rows) == {*ROWS, "all"} and sum(rows["all"]) == 5 + 6 + 4 + 3 + 1
    assert rows[next(name for name, questions in ROWS.items() if questions == ("P4",))] == [0, 1, 0, 0, 5]
    gone = {**decisions, "P4": [dataclasses.replace(a, outcome=Outcome.NO_DIFFERENCE) for a in decisions["P4"]]}
    assert main_rows(gone)[1][1:] == ("0", "0", "1", "0", "5") and skip_effect(decisions) == "not known yet"


def test_no_question_has_more_answers_than_comparisons():
    """On the committed records: a contrast at three settings is three comparisons."""
    found = planned_decisions()
    assert all(len(found[question]) <= comparisons(question) for question in found) and comparisons("P7") == 3
    assert all(int(count) >= 0 for row in main_rows(found) for count in row[1:])


def test_no_records_no_answers(tmp_path):
    assert all(list(found) == [] for found in planned_decisions(tmp_path).values())


def test_a_line_has_cells_interval_n_and_outcome(decisions):
    line = line_of(decisions["P4"][0], "cells")
    assert line.startswith("CG-RecNet − MobileNetV2 −25.0 points (") and line.endswith("n = 100 cells: difference")


def test_other_cells_are_named(decisions):
    (asked, found), *others = on_other_cells("C20", decisions)
    assert asked.startswith("P1, accuracy, Jurkat cells (real)") and "n = 3 folds" in found
    assert on_other_cells("C16", decisions) == []
    ((_, found),) = on_other_cells("C22", decisions)
    assert found.count("MobileNetV2") == 1
    assert {found for _, found in on_other_cells("C23", decisions)} == {"no runs yet"}
    assert any("simulated cells" in asked for asked, _ in on_other_cells("C34", decisions))
