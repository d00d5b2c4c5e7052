"""The plan applied to arrays: the right test, corrected over the whole family, the outcome by the rule."""

import numpy as np
import pytest

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.analysis_plan import Outcome, load_plan
from cgrecnet.evaluation.counts import mcnemar
from cgrecnet.evaluation.paired import corrected_resampled_t
from cgrecnet.evaluation.planned_contrasts import decide, over_cells, over_folds

PLAN = load_plan()
# Five folds: CG-RecNet 3 points above the baseline with little spread, the gate 0.1 above, the fusion at random.
SCORES = {
    "resnet50": [0.80, 0.81, 0.82, 0.80, 0.81],
    "cg_recnet": [0.831, 0.839, 0.850, 0.830, 0.841],
    "resgdnet": [0.801, 0.812, 0.820, 0.801, 0.811],
    "rescmnet": [0.79, 0.84, 0.80, 0.83, 0.79],
}


def ablation():
    return {name: over_folds(PLAN[name], SCORES, 0.25) for name in ("P1", "P2")}


def test_every_contrast_gets_the_corrected_test():
    tests = ablation()
    assert set(tests["P1"]) == {("cg_recnet", "resnet50")} and set(tests["P2"]) == set(PLAN["P2"].contrasts)
    assert tests["P1"]["cg_recnet", "resnet50"] == corrected_resampled_t(SCORES["cg_recnet"], SCORES["resnet50"], 0.25)


def test_the_family_is_corrected_as_one_across_questions():
    got = decide(ablation())
    assert [d.question for d in got] == ["P1", *["P2"] * 4] and {d.family_size for d in got} == {5}
    smallest = min(got, key=lambda d: d.result.p_value)
    assert smallest.p_corrected == pytest.approx(5 * smallest.result.p_value)
    assert all(d.p_corrected >= d.result.p_value for d in got)


def test_a_missing_result_makes_no_other_look_surer():
    alone = decide({"P1": ablation()["P1"]})
    assert len(alone) == 1 and alone[0].p_corrected == pytest.approx(5 * alone[0].result.p_value)


def test_outcomes_by_the_rule():
    outcome = {d.contrast: d.outcome for d in decide(ablation())}
    assert outcome["cg_recnet", "resnet50"] is Outcome.DIFFERENCE
    assert outcome["resgdnet", "resnet50"] is Outcome.NO_DIFFERENCE
    assert outcome["rescmnet", "resnet50"] is Outcome.UNDECIDED


def test_over_cells_is_mcnemar_and_leaves_out_what_is_not_there():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    predicted = {name: np.where(rng.random(300) < 0.8, labels, 0) for name in ("cg_recnet", "resnet50", "vgg16")}
    tests = over_cells(PLAN["P4"], labels, predicted)
    assert set(tests) == {("cg_recnet", "resnet50"), ("cg_recnet", "vgg16")}
    assert tests["cg_recnet", "vgg16"] == mcnemar(labels, predicted["cg_recnet"], predicted["vgg16"])
    got = decide({"P4": tests})
    assert [d.name for d in got] == ["cg_recnet \N{MINUS SIGN} resnet50", "cg_recnet \N{MINUS SIGN} vgg16"]
    assert {d.family_size for d in got} == {6}


def test_nothing_measured_nothing_decided():
    assert decide({}) == decide({"P1": {}}) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: over_folds(PLAN["P4"], SCORES, 0.25), "pairs cells, not folds"),
        (lambda: over_cells(PLAN["P1"], [0], {}), "pairs folds, not cells"),
        (lambda: over_cells(PLAN["P5"], [0], {}), "compares accuracies"),
        (lambda: decide({"P99": {}}), "no question"),
        (lambda: decide({"P1": {("resnet50", "cg_recnet"): None}}), "exploratory"),
    ],
)
def test_what_is_not_planned_is_refused(call, message):
    with pytest.raises(ConfigError, match=message):
        call()
