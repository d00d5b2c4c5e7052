"""Open choices: rates chosen by validation, readings on real cells, options on simulated ones, changed conclusions."""

import pytest
from fabricated_runs import fabricate_sweep

from cgrecnet.evaluation.analysis_plan import Outcome
from cgrecnet.figures.choices import (
    chosen_rate,
    conclusions,
    option_answers,
    option_runs,
    planned_options,
    planned_rates,
    rate_answers,
    rate_runs,
    reading_answers,
    reading_runs,
    validation_f1,
)

SWEEPS = ("simulated-noise", "simulated-learning-rate", "simulated-presets", "jurkat-ablation", "jurkat-presets")
BEST = {"resnet50": 3e-5, "cg_recnet": 1e-3}


def _share(config):
    if config.model_options.get("fusion_skip") or config.preset == "clean":
        return 0.95
    return 0.9 if config.model == "resnet50" else 0.7 if config.learning_rate < 5e-4 else 0.9


def _validation(config):
    return 0.9 if config.learning_rate == BEST.get(config.model) else 0.6


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for name in SWEEPS:
        fabricate_sweep(folder, name, _share, cells=300, validation=_validation)
    return folder


def test_each_network_takes_the_rate_that_validation_prefers(results):
    rates = rate_runs(results)
    assert list(rates) == planned_rates() and {len(runs) for runs in rates.values()} == {2}
    assert {model: chosen_rate(rates, model) for model in BEST} == BEST
    assert validation_f1(rates[1e-3]["cg_recnet"]) == pytest.approx(0.9)
    assert chosen_rate({}, "resnet50") is None


def test_the_choices_are_compared_as_well_and_the_order_depends_on_the_rate(results):
    answers = rate_answers(rate_runs(results), results)
    assert len(answers) == len(planned_rates()) + 1
    assert answers[0].outcome is Outcome.DIFFERENCE and answers[0].result.difference == pytest.approx(-20, abs=0.5)
    assert answers[-1].name == "each at its choice (0.001 against 3e-05)"
    assert answers[-1].result.difference == pytest.approx(0, abs=0.5)


def test_no_choice_is_made_among_some_of_the_rates(tmp_path):
    fabricate_sweep(tmp_path, "simulated-noise", _share, cells=200)
    (alone,) = rate_answers(rate_runs(tmp_path), tmp_path)
    assert alone.name == "both at 0.0001"
    assert alone.p_corrected == pytest.approx(min(1, 5 * alone.result.p_value))


def test_readings_are_compared_on_the_first_fold_of_real_cells(results):
    readings = reading_runs(results)
    assert set(readings) == {"baseline", "recovered", "as_written", "clean"}
    assert {(run.data["name"], run.config["fold"]) for run in readings.values()} == {("jurkat", 0)}
    by_name = {answer.name: answer for answer in reading_answers(readings, results)}
    assert by_name["clean against recovered"].result.difference == pytest.approx(25, abs=0.5)
    assert by_name["as_written against recovered"].outcome is not Outcome.DIFFERENCE


def test_single_options_are_named_by_what_they_change(results):
    options = option_runs(results)
    assert {"baseline", "recovered", "fusion_skip = True", "head = 3", "fusion_width = 512"} <= set(options)
    answers = {answer.name: answer for answer in option_answers(options, results)}
    assert set(answers) == set(planned_options()) and answers["fusion_skip = True"].outcome is Outcome.DIFFERENCE


def test_a_changed_conclusion_is_called_changed(results):
    found = conclusions(option_runs(results), 2.0, results)
    words = {one.choice: one.words for one in found}
    assert found[0].choice == "recovered" and words["recovered"] == "behind"
    assert words["fusion_skip = True"] == "ahead" and words["head = 3"] == "behind"


def test_without_runs_nothing_is_compared(tmp_path):
    assert rate_runs(tmp_path) == {} and reading_runs(tmp_path) == {} and option_runs(tmp_path) == {}
    assert rate_answers({}) == reading_answers({}) == option_answers({}) == conclusions({}, 2.0) == []
