"""Uneven classes: which runs belong together, the planned contrast, and who needs class weights."""

import matplotlib.pyplot as plt
import pytest
from fabricated_runs import fabricate_sweep

from cgrecnet.evaluation.plan import Outcome
from cgrecnet.figures.imbalanced import (
    class_table,
    draw_recalls,
    imbalance_runs,
    luck_words,
    need_of_weights,
    planned_answers,
    planned_shares,
    shares_text,
    weight_answers,
    weights_of,
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


def test_table_and_figure_show_every_run(results):
    runs = imbalance_runs(results)
    table = class_table(runs, 1, results)
    assert len(table.splitlines()) == 2 + 10
    run = runs[planned_shares()[2]]["resnet50", True].test["per_class"][1]
    assert f"| {100 * run['recall']:.1f} (" in table and f"| {run['support']} |" in table
    figure = draw_recalls(runs)
    assert [len(axes.containers) for axes in figure.axes] == [12, 6, 12]
    plt.close(figure)
    plt.close(draw_recalls({}))


def test_weights_that_are_nearly_one_are_a_yardstick_for_luck(results):
    runs = imbalance_runs(results)
    even, paper, beyond = runs.values()
    for here, counts in ((even, (610, 590, 600)), (paper, (480, 240, 1080)), (beyond, (270, 90, 1440))):
        for record in here.values():
            record.data["counts"] = dict(zip(record.data["classes"], counts, strict=True))
    assert weights_of(next(iter(even.values()))) == pytest.approx([600 / 610, 600 / 590, 1])
    said = luck_words(runs, weight_answers(runs, results))
    assert "At 33 / 33 / 33 % every class weight is 1 to within 2 %" in said and "points for Baseline and" in said
    assert luck_words(runs, []) == "" and luck_words({(0.15, 0.05, 0.8): beyond}, weight_answers(runs, results)) == ""
