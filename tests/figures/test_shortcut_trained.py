"""Networks trained on a planted shortcut: the gaps, and the plan's judgement of them."""

import pytest
from fabricated_runs import fabricate_sweep

from cgrecnet.evaluation.analysis_plan import Outcome
from cgrecnet.figures.shortcut_trained import gap_answers, gaps, planned_settings, shortcut_runs

SWEEPS = ("simulated-shortcut-random", "simulated-shortcut-grouped")


def _as_expected(config):
    """The gap grows with the confounding, less so where images are standardised."""
    level = config.data_options["confounding"]
    if config.split == "folds":
        return 0.85 + 0.1 * level
    return 0.85 - level * (0.4 if config.intensity == "none" else 0.2)


def _write(folder, share):
    for name in SWEEPS:
        fabricate_sweep(folder, name, share, cells=2000)
    return folder


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return _write(tmp_path_factory.mktemp("runs"), _as_expected)


def test_gaps_are_random_minus_grouped_at_every_setting(results):
    found = gaps(shortcut_runs(results))
    assert sorted(found) == sorted(planned_settings()) and len(found) == 6
    assert found["none", 1.0].difference == pytest.approx(50, abs=0.2)
    assert found["none", 0.0].difference == pytest.approx(0, abs=0.2)
    assert found["standardise", 0.5].difference == pytest.approx(15, abs=0.2) and found["none", 0.5].n == (2000, 2000)


def test_one_split_alone_has_no_gap(tmp_path):
    fabricate_sweep(tmp_path, SWEEPS[0], lambda config: 0.9)
    runs = shortcut_runs(tmp_path)
    assert len(runs) == 6 and gaps(runs) == {} and gap_answers(runs) == []


def test_answers_are_corrected_over_all_that_was_planned(results):
    answers = gap_answers(shortcut_runs(results))
    assert len(answers) == 6
    by_name = {answer.name: answer for answer in answers}
    assert by_name["confounding 1, grey levels as they are"].outcome is Outcome.DIFFERENCE
