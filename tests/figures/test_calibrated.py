"""Reliability and cost as they are shown, on predictions whose truth is known."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cgrecnet.evaluation.calibration import expected_calibration_error
from cgrecnet.figures.calibrated import (
    CALIBRATION_HEADERS,
    FEWEST,
    calibration_rows,
    calibration_sentence,
    draw_reliability,
)
from cgrecnet.figures.costly import cost_gap, describe_ratio, draw_costs, draw_ratio, ends_of, weigh
from cgrecnet.runs.pooled import Pooled

RATIOS = (1, 3, 10)


@pytest.fixture(scope="module")
def pooled():
    """One network whose probabilities are true, one that is too sure, one that is too modest."""
    rng = np.random.default_rng(0)
    true = rng.dirichlet([3, 1, 0.5], 3000)
    labels = np.minimum((rng.random((3000, 1)) > true.cumsum(axis=1)).sum(axis=1), 2)
    sure, modest = (true**power / (true**power).sum(axis=1, keepdims=True) for power in (3, 0.4))
    probabilities = {"resnet50": true, "rescmnet": sure, "cg_recnet": modest}
    return Pooled(("a", "b", "c"), labels.astype(str), labels, labels * 0, probabilities, (), ())


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_the_sentence_says_who_promises_too_much(pooled):
    assert "no more than chance" in calibration_sentence(pooled, "resnet50")
    assert "it is surer than it is right" in calibration_sentence(pooled, "rescmnet")
    assert "it is less sure than it is right" in calibration_sentence(pooled, "cg_recnet")


def test_the_rows_hold_the_scores(pooled):
    rows = calibration_rows(pooled)
    assert all(len(row) == len(CALIBRATION_HEADERS) for row in rows) and rows[0][-1] == "3,000 cells"
    error = 100 * expected_calibration_error(pooled.labels, pooled.probabilities["rescmnet"])
    assert rows[1][3] == f"{error:.2f}" and float(rows[1][4].split(", ")[1]) < error


def test_reliability_has_a_panel_per_class_and_leaves_out_small_bins(pooled):
    panels = draw_reliability(pooled).axes
    assert [axes.get_title() or axes.get_title(loc="left") for axes in panels] == [
        f"{name} (n = {(pooled.labels == i).sum():,})" for i, name in enumerate("abc")
    ]
    true = panels[0].containers[0].lines[0]
    assert np.abs(np.subtract(*true.get_data())).max() < 0.12
    few = Pooled(("a", "b", "c"), pooled.cell_ids[:40], pooled.labels[:40], pooled.folds[:40],
                 {"resnet50": pooled.probabilities["resnet50"][:40]}, (), ())  # fmt: skip
    drawn = len(draw_reliability(few).axes[0].containers[0].lines[0].get_xdata())
    counts = np.histogram(few.probabilities["resnet50"][:, 0], np.linspace(0, 1, 11))[0]
    assert drawn == (counts >= FEWEST).sum() < (counts > 0).sum()


def test_weighing_counts_misses_and_false_calls(pooled):
    at_one, at_ten = (weigh(pooled, "resnet50", 2, ratio) for ratio in (1, 10))
    predicted = pooled.predicted("resnet50")
    assert at_one.missed[0] == ((pooled.labels == 2) & (predicted != 2)).sum()
    assert at_one.false_calls[0] == ((pooled.labels != 2) & (predicted == 2)).sum()
    assert at_one.accuracy[0] == pytest.approx(pooled.right("resnet50").mean())
    assert at_one.cost[0] == pytest.approx(100 * (1 - at_one.accuracy[0]))
    assert at_ten.missed[1] < at_ten.missed[0] and at_ten.false_calls[1] > at_ten.false_calls[0]
    assert at_ten.cost[1] < at_ten.cost[0]


def test_the_gap_is_that_of_the_costs_with_an_interval_around_it(pooled):
    gap, low, high = cost_gap(pooled, 2, 10, "resnet50", "rescmnet")
    costs = {model: weigh(pooled, model, 2, 10).cost[1] for model in ("resnet50", "rescmnet")}
    assert gap == pytest.approx(costs["rescmnet"] - costs["resnet50"]) and low < gap < high
    assert low > 0  # who knows the probabilities pays less than who is too sure


def test_the_curves_start_at_the_error_and_the_trade_is_drawn(pooled):
    cost, trade = draw_costs(pooled, 2, RATIOS).axes
    dashed, solid = cost.lines[:2]
    error = 100 * (1 - pooled.right("resnet50").mean())
    assert dashed.get_ydata()[0] == solid.get_ydata()[0] == pytest.approx(error)
    assert (solid.get_ydata()[1:] < dashed.get_ydata()[1:]).all()
    calls, missed = trade.lines[0].get_data()
    assert (np.diff(calls) >= 0).all() and (np.diff(missed) <= 0).all()


def test_one_ratio_is_drawn_within_the_common_ends_and_described(pooled):
    ends = ends_of(pooled, 2, RATIOS)
    panels = draw_ratio(pooled, 2, 10, ends).axes
    at = weigh(pooled, "resnet50", 2, 10)
    widths = [bar.get_width() for bar in panels[0].patches]
    assert widths[:2] == list(at.missed) and max(widths) <= ends[0]
    text = describe_ratio(pooled, 2, 10)
    assert f"Baseline misses {at.missed[1]} in place of {at.missed[0]}" in text and "Cost ratio 10" in text
