"""Dose and response: which runs belong to a dial, who loses less, and how far seeds alone lie apart."""

import pytest
from fabricated_runs import fabricate, fabricate_sweep

from cgrecnet.evaluation.analysis_plan import Outcome
from cgrecnet.figures.dose_response import (
    change_between,
    dose_answers,
    dose_runs,
    majority_share,
    right_counts,
    simulated_seeds,
    step_answers,
    widest,
)
from cgrecnet.training.config import RunConfig

#: A gate that loses nothing, a baseline that loses 30 points, CG-RecNet like the baseline.
SHARES = {"resnet50": (0.9, 0.6), "rescmnet": (0.8, 0.6), "resgdnet": (0.9, 0.9), "cg_recnet": (0.85, 0.55)}


def _noise(config):
    return SHARES[config.model][config.data_options["noise"] > 1]


@pytest.fixture
def results(tmp_path):
    fabricate_sweep(tmp_path, "simulated-noise", _noise, cells=400)
    return tmp_path


def test_without_runs_everything_is_empty(tmp_path):
    assert dose_runs("noise", tmp_path) == {} and dose_answers("noise", {}, tmp_path) == []
    assert simulated_seeds(tmp_path) == {}


def test_the_calibrated_setting_of_one_dial_belongs_to_the_other_too(results):
    assert list(dose_runs("noise", results)) == [1, 6]
    assert list(dose_runs("debris", results)) == [0.2]
    fabricate_sweep(results, "simulated-debris", lambda config: 0.5, cells=400)
    debris = dose_runs("debris", results)
    assert list(debris) == [0.2, 0.9] and list(debris[0.9]) == list(SHARES)
    assert debris[0.2]["cg_recnet"] == dose_runs("noise", results)[1.0]["cg_recnet"]


def test_the_network_that_keeps_its_accuracy_is_told_from_the_one_that_does_not(results):
    doses = dose_runs("noise", results)
    answers = {answer.name: answer for answer in dose_answers("noise", doses, results)}
    gate, full = answers["ResGDNet against Baseline"], answers["CG-RecNet against Baseline"]
    assert gate.result.difference == pytest.approx(30, abs=0.5) and gate.outcome is Outcome.DIFFERENCE
    assert full.result.difference == pytest.approx(0, abs=0.5) and full.outcome is not Outcome.DIFFERENCE
    assert gate.p_corrected >= gate.result.p_value and gate.result.n == 400
    turned = change_between(doses, "resnet50", "resgdnet", results)
    assert turned.difference == pytest.approx(-gate.result.difference)


def test_what_lacks_a_run_is_left_out_of_the_family(tmp_path):
    base = dict(experiment="simulated-noise", split="folds", folds=2)
    for model in ("resnet50", "cg_recnet", "resgdnet"):
        for noise in (1.0, 6.0):
            if (model, noise) != ("resgdnet", 6.0):
                fabricate(tmp_path, RunConfig(model=model, data_options={"cells": 1800, "noise": noise}, **base), 0.7)
    doses = dose_runs("noise", tmp_path)
    assert [answer.name for answer in dose_answers("noise", doses, tmp_path)] == ["CG-RecNet against Baseline"]
    with pytest.raises(ValueError, match="resgdnet and resnet50 were not both run"):
        change_between(doses, "resgdnet", "resnet50", tmp_path)


def test_steps_of_the_ablation_are_judged_once_per_setting(results):
    fabricate_sweep(results, "simulated-debris", lambda config: 0.5, cells=400)
    series = {dial: dose_runs(dial, results) for dial in ("noise", "debris")}
    answers = {answer.name: answer for answer in step_answers(series, results)}
    assert len(answers) == 9 and not any("debris 0.2" in name for name in answers)
    gate = answers["ResGDNet against Baseline, noise 6"]
    assert gate.result.difference == pytest.approx(30, abs=0.5) and gate.outcome is Outcome.DIFFERENCE
    assert answers["CG-RecNet against Baseline, debris 0.9"].outcome is not Outcome.DIFFERENCE


def test_the_largest_class_and_the_right_cells_are_counted_in_the_confusion(results):
    run = dose_runs("noise", results)[1.0]["resnet50"]
    assert majority_share(run) == max(map(sum, run.test["confusion"])) / 400
    assert right_counts(run) == (round(400 * run.test["accuracy"]), 400)


def test_seeds_make_a_ruler(results):
    fabricate_sweep(results, "simulated-seeds", lambda config: 0.9 if config.seed == 123 else 0.7, cells=400)
    seeds = simulated_seeds(results)
    assert {model: len(runs) for model, runs in seeds.items()} == dict.fromkeys(SHARES, 3)
    assert widest(seeds) == pytest.approx(20, abs=0.5)
    with pytest.raises(ValueError, match="No network"):
        widest({})
