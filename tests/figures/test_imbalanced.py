"""Uneven classes: which runs belong together, the planned contrast, and who needs class weights."""

import pytest
from fabricated_runs import fabricate_sweep

from cgrecnet.evaluation.analysis_plan import Outcome
from cgrecnet.figures.imbalanced import (
    imbalance_runs,
    need_of_weights,
    planned_answers,
    planned_shares,
    shares_text,
    weight_answers,
)


def _share(config):
    """CG-RecNet is good without weights; the baseline needs them."""
    return 0.9 if config.model == "cg_recnet" or config.class_weights else 0.6


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("runs")
    fabricate_sweep(tmp_path, "simulated-imbalance", _share, cells=600)
    fabricate_sweep(tmp_path, "simulated-noise", _share, cells=600)
    return tmp_path


def test_the_papers_shares_come_from_the_noise_series_without_weights(results):
    runs = imbalance_runs(results)
    assert list(runs) == planned_shares() and shares_text(planned_shares()[1]) == "27 / 13 / 60 %"
    even, paper, beyond = runs.values()
    assert len(even) == len(beyond) == 4
    assert set(paper) == {("resnet50", False), ("cg_recnet", False)}
    assert {run.data["options"]["noise"] for run in paper.values()} == {1.0}


def test_the_planned_contrast_is_balanced_accuracy_without_weights(results):
    answers = planned_answers(imbalance_runs(results), results)
    assert len(answers) == 3 and {answer.outcome for answer in answers} == {Outcome.DIFFERENCE}
    runs = imbalance_runs(results)
    for answer, here in zip(answers, runs.values(), strict=True):
        scores = [here[model, False].test["balanced_accuracy"] for model in ("cg_recnet", "resnet50")]
        assert answer.result.difference == pytest.approx(100 * (scores[0] - scores[1]))


def test_a_missing_setting_counts_in_the_family(tmp_path):
    fabricate_sweep(tmp_path, "simulated-noise", _share, cells=600)
    (alone,) = planned_answers(imbalance_runs(tmp_path), tmp_path)
    assert alone.p_corrected == pytest.approx(min(1, 3 * alone.result.p_value))
    assert weight_answers(imbalance_runs(tmp_path), tmp_path) == []


def test_the_network_that_needs_weights_is_told_by_its_gain(results):
    runs = imbalance_runs(results)
    even, paper, _ = runs.values()
    gain, (low, high), n = need_of_weights(even, results)
    assert low < gain < high and gain > 20 and low > 10 and n == 600
    assert need_of_weights(paper, results) is None
    by_name = {answer.name: answer for answer in weight_answers(runs, results)}
    assert len(by_name) == 4
    baseline = by_name["Baseline with weights against without, 33 / 33 / 33 %"]
    assert baseline.result.difference > 20 and baseline.outcome is Outcome.DIFFERENCE
