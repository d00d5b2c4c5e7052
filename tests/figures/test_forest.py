"""Planned contrasts as rows and as a forest plot; made-up records."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up_runs import write_record

from cgrecnet.evaluation.analysis_plan import Outcome
from cgrecnet.figures.forest import LIMIT, cut_at, decision_rows, draw_forest
from cgrecnet.figures.tables import HEADERS
from cgrecnet.paths import REPOSITORY
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.planned import decide_over_folds
from cgrecnet.runs.query import experiment

MEANS = {"resnet50": 0.85, "rescmnet": 0.82, "resgdnet": 0.85, "cg_recnet": 0.83}
WIGGLE = np.random.default_rng(0).normal(0, 0.003, (4, 5))


@pytest.fixture
def records(tmp_path):
    """Twenty runs of the planned ablation; ResGDNet is as good as the baseline but for noise."""
    for config in read_sweep(REPOSITORY / "sweeps" / "jurkat-ablation.yaml"):
        place = list(MEANS).index(config.model)
        write_record(
            tmp_path, config.model_dump(), MEANS[config.model] + WIGGLE[place, config.fold],
            classes=("G1", "S+G2", "M"), f1s=(0.9, 0.6, 0.7 + WIGGLE[place, config.fold]),
            data={"cells": 7918, "counts": {"G1": 5400, "S+G2": 1800, "M": 718}},
            sizes={"train": 5146, "validation": 1188, "test": 1584},
        )  # fmt: skip
    return list(experiment("ablation", "jurkat", tmp_path).records)


def test_decisions_in_rows_and_as_a_forest(records):
    decisions = decide_over_folds("P1", records) + decide_over_folds("P2", records)
    assert [d.outcome for d in decisions][0] is Outcome.DIFFERENCE
    rows = decision_rows(decisions)
    assert {len(row) for row in rows} == {len(HEADERS)} and [row[0][:2] for row in rows] == ["P1"] + ["P2"] * 4
    axes = draw_forest(decisions).axes[0]
    said = [text.get_text().split("\n") for text in axes.texts]
    assert [lines[0] for lines in said[:5]] == [row[0][4:] for row in rows]
    assert all(lines[1].endswith(row[1]) for lines, row in zip(said, rows, strict=False))
    plt.close("all")
    with pytest.raises(ValueError, match="one margin"):
        draw_forest([])
    with pytest.raises(ValueError, match="one margin"):
        draw_forest(decisions[:1] + decide_over_folds("P3", records))


def test_an_interval_that_leaves_the_axis_gets_an_arrow():
    axes = plt.figure().add_subplot()
    cut_at(axes, LIMIT, [(0, (-70.0, 2.0)), (1, (-1.0, 1.0))])
    assert axes.get_xlim() == (-LIMIT, LIMIT)
    assert [(line.get_marker(), line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines] == [("<", -LIMIT, 0)]
    plt.close("all")
