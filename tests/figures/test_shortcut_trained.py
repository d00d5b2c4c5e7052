"""Networks trained on a planted shortcut: gaps, the plan's expectations, and what is said without runs."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from fabricated_runs import fabricate_sweep

from cgrecnet.evaluation.plan import Outcome
from cgrecnet.figures.shortcut_trained import (
    by_run,
    draw_by_run,
    draw_shortcut,
    expectations,
    gap_answers,
    gaps,
    planned_settings,
    shortcut_runs,
)

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


def test_expectations_that_come_true_are_met(results):
    made = expectations(shortcut_runs(results))
    assert [one.state for one in made] == ["came true"] * 3
    assert "no difference beyond the margin" in made[0].found and "smaller by 20.0 points" in made[2].found


@pytest.mark.parametrize(
    ("grouped", "states"),
    [
        (lambda config: 0.8, ["did not come true", "came true", "left open"]),
        (lambda config: 0.9, ["came true", "did not come true", "left open"]),
        (lambda config: 0.88 if config.intensity == "none" else 0.6, ["left open", "left open", "did not come true"]),
    ],
)
def test_expectations_may_fail_or_stay_open(tmp_path, grouped, states):
    runs = shortcut_runs(_write(tmp_path, lambda config: 0.9 if config.split == "folds" else grouped(config)))
    assert [one.state for one in expectations(runs)] == states


def test_without_runs_nothing_is_claimed(tmp_path):
    assert shortcut_runs(tmp_path) == {} and gap_answers({}) == []
    assert [one.state for one in expectations({})] == ["not run here"] * 3
    figure = draw_shortcut({})
    assert all(axes.texts[0].get_text() == "not run here" for axes in figure.axes)
    plt.close(figure)


def test_one_split_alone_has_no_gap(tmp_path):
    fabricate_sweep(tmp_path, SWEEPS[0], lambda config: 0.9)
    runs = shortcut_runs(tmp_path)
    assert len(runs) == 6 and gaps(runs) == {}
    figure = draw_shortcut(runs)
    assert [len(axes.containers) for axes in figure.axes] == [1, 1]
    plt.close(figure)


def test_the_figure_has_both_splits_in_both_panels(results):
    runs = shortcut_runs(results)
    figure = draw_shortcut(runs)
    assert [[bars.get_label() for bars in axes.containers] for axes in figure.axes] == [["random", "grouped"]] * 2
    expected = [100 * runs["grouped", "standardise", level].test["accuracy"] for level in (0, 0.5, 1)]
    assert figure.axes[1].containers[1][0].get_ydata() == pytest.approx(expected)
    plt.close(figure)


def test_answers_are_corrected_over_all_that_was_planned(results):
    answers = gap_answers(shortcut_runs(results))
    assert len(answers) == 6
    by_name = {answer.name: answer for answer in answers}
    assert by_name["confounding 1, grey levels as they are"].outcome is Outcome.DIFFERENCE


def test_cells_are_counted_by_their_run(results):
    record = shortcut_runs(results)["grouped", "none", 1.0]
    ids = [f"sim0-{i:06d}" for i in range(2000)]
    groups = [f"run-{i % 4}" for i in range(2000)]
    table = pd.DataFrame({"cell_id": ids, "group": groups, "class_name": ["neuron", "astrocyte"] * 1000})
    frame = by_run(record, table, results)
    assert frame["n"].tolist() == [500] * 4 and frame["class_name"].tolist() == ["astrocyte"] * 2 + ["neuron"] * 2
    assert frame["right"].sum() == round(2000 * record.test["accuracy"])
    figure = draw_by_run(frame)
    assert len(figure.axes[0].containers) == 4
    plt.close(figure)
    with pytest.raises(ValueError, match="1000 cells of .* are not in this data set"):
        by_run(record, table[:1000], results)
