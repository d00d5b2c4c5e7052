"""Questions that are asked at several settings: who loses less, which splits differ, which choice changes the word."""

import pytest
from fabricated_runs import fabricate, fabricate_sweep

from cgrecnet.evaluation.analysis_plan import Outcome
from cgrecnet.runs.planned import (
    change_between,
    conclusions,
    dose_response_decisions,
    imbalance_decisions,
    split_decisions,
    split_differences,
)
from cgrecnet.runs.series import dose_response_runs, imbalance_runs, option_runs, planned_settings, shortcut_runs
from cgrecnet.training.config import RunConfig

#: A gate that loses nothing, a baseline that loses 30 points, CG-RecNet like the baseline.
SHARES = {"resnet50": (0.9, 0.6), "rescmnet": (0.8, 0.6), "resgdnet": (0.9, 0.9), "cg_recnet": (0.85, 0.55)}


def test_without_runs_nothing_is_judged(tmp_path):
    assert dose_response_decisions("P5", {}, tmp_path) == imbalance_decisions({}, tmp_path) == split_decisions({}) == []
    assert conclusions({}, 2.0) == []


def test_the_network_that_keeps_its_accuracy_is_told_from_the_one_that_does_not(tmp_path):
    fabricate_sweep(tmp_path, "simulated-noise", lambda c: SHARES[c.model][c.data_options["noise"] > 1], cells=400)
    doses = dose_response_runs("noise", tmp_path)
    decisions = {decision.name: decision for decision in dose_response_decisions("P5", doses, tmp_path)}
    gate, full = decisions["ResGDNet against Baseline"], decisions["CG-RecNet against Baseline"]
    assert gate.result.difference == pytest.approx(30, abs=0.5) and gate.outcome is Outcome.DIFFERENCE
    assert full.result.difference == pytest.approx(0, abs=0.5) and full.outcome is not Outcome.DIFFERENCE
    assert gate.p_corrected >= gate.result.p_value and gate.result.n == 400
    turned = change_between(doses, "resnet50", "resgdnet", tmp_path)
    assert turned.difference == pytest.approx(-gate.result.difference)


def test_what_lacks_a_run_is_left_out_of_the_family(tmp_path):
    base = dict(experiment="simulated-noise", split="folds", folds=2)
    for model in ("resnet50", "cg_recnet", "resgdnet"):
        for noise in (1.0, 6.0):
            if (model, noise) != ("resgdnet", 6.0):
                fabricate(tmp_path, RunConfig(model=model, data_options={"cells": 1800, "noise": noise}, **base), 0.7)
    doses = dose_response_runs("noise", tmp_path)
    (decision,) = dose_response_decisions("P5", doses, tmp_path)
    assert decision.name == "CG-RecNet against Baseline"
    with pytest.raises(ValueError, match="resgdnet and resnet50 were not both run"):
        change_between(doses, "resgdnet", "resnet50", tmp_path)


def test_uneven_classes_are_judged_by_balanced_accuracy_without_weights(tmp_path):
    for name in ("simulated-imbalance", "simulated-noise"):
        fabricate_sweep(tmp_path, name, lambda config: 0.9 if config.model == "cg_recnet" else 0.6, cells=600)
    runs = imbalance_runs(tmp_path)
    decisions = imbalance_decisions(runs, tmp_path)
    assert len(decisions) == 3 and {decision.outcome for decision in decisions} == {Outcome.DIFFERENCE}
    for decision, here in zip(decisions, runs.values(), strict=True):
        scores = [here[model, False].test["balanced_accuracy"] for model in ("cg_recnet", "resnet50")]
        assert decision.result.difference == pytest.approx(100 * (scores[0] - scores[1]))
    _, usual, _ = runs
    (alone,) = imbalance_decisions({usual: runs[usual]}, tmp_path)  # what was not run counts in the family
    assert alone.p_corrected == pytest.approx(min(1, 3 * alone.result.p_value))


def _as_expected(config):
    """The gap grows with the confounding, less so where images are standardised."""
    level = config.data_options["confounding"]
    if config.split == "folds":
        return 0.85 + 0.1 * level
    return 0.85 - level * (0.4 if config.intensity == "none" else 0.2)


def test_gaps_are_random_minus_grouped_at_every_setting_and_judged_together(tmp_path):
    fabricate_sweep(tmp_path, "simulated-shortcut-random", _as_expected, cells=2000)
    assert split_differences(shortcut_runs(tmp_path)) == {} and split_decisions(shortcut_runs(tmp_path)) == []
    fabricate_sweep(tmp_path, "simulated-shortcut-grouped", _as_expected, cells=2000)
    runs = shortcut_runs(tmp_path)
    found = split_differences(runs)
    assert sorted(found) == sorted(planned_settings()) and len(found) == 6
    assert found["none", 1.0].difference == pytest.approx(50, abs=0.2)
    assert found["none", 0.0].difference == pytest.approx(0, abs=0.2)
    assert found["standardise", 0.5].difference == pytest.approx(15, abs=0.2) and found["none", 0.5].n == (2000, 2000)
    by_name = {decision.name: decision for decision in split_decisions(runs)}
    assert len(by_name) == 6 and by_name["confounding 1, grey levels as they are"].outcome is Outcome.DIFFERENCE


def test_a_changed_conclusion_is_called_changed(tmp_path):
    def share(config):
        return 0.95 if config.model_options.get("fusion_skip") else 0.9 if config.model == "resnet50" else 0.7

    for name in ("simulated-noise", "simulated-presets"):
        fabricate_sweep(tmp_path, name, share, cells=300)
    found = conclusions(option_runs(tmp_path), 2.0, tmp_path)
    words = {one.name: one.words for one in found}
    assert found[0].name == "recovered" and words["recovered"] == "behind"
    assert words["fusion_skip = True"] == "ahead" and words["head = 3"] == "behind"
