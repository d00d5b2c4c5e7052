"""The page of the analysis plan: its words, its rows, its picture."""

from datetime import UTC, datetime, timedelta

import matplotlib.pyplot as plt
import pytest

from cgrecnet.evaluation.analysis_plan import Outcome, load_plan, outcome_of
from cgrecnet.figures.analysis_plan import (
    EXAMPLES,
    contrast_in_words,
    draw_rule,
    progress,
    question_rows,
    record_rows,
    rule_in_words,
    sweep_rows,
)
from cgrecnet.runs.preregistration import PlanCheck, PlanState

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EARLIER = NOON - timedelta(hours=1)


@pytest.fixture
def checks():
    return [
        PlanCheck("jurkat-ablation-1", "jurkat-ablation", "abc", False, NOON, EARLIER, PlanState.SAME),
        PlanCheck("jurkat-ablation-2", "jurkat-ablation", "abd", True, NOON, None, PlanState.UNKNOWN),
    ]


def test_the_rule_in_words_has_test_level_family_and_margin():
    plan = load_plan()
    sentence = rule_in_words(plan["P2"], plan)
    for part in ("corrected resampled t-test", "0.05", "'ablation'", "(P1 and P2)", "below 1 point does"):
        assert part in sentence
    for name in ("P4", "P9", "P10"):
        assert "McNemar's exact test looks" in rule_in_words(plan[name], plan)
    for name in ("P5", "P6", "P7"):  # differences of differences, and balanced accuracy: judged by `change.sign_flip`
        assert "sign by chance" in rule_in_words(plan[name], plan)
    assert "Nothing is tested" in rule_in_words(plan["P11"], plan)


def test_contrasts_and_rows():
    plan = load_plan()
    assert contrast_in_words(("cg_recnet", "resnet50")) == "CG-RecNet − Baseline"
    assert contrast_in_words(("random split", "grouped split")) == "random split − grouped split"
    rows = {row[0].split()[0]: row for row in question_rows(plan)}
    assert list(rows) == [question.id for question in plan.questions]
    assert "simulated cells" in rows["P5"][1] and "Jurkat cells (real)" in rows["P1"][1]
    assert rows["P3"][1].startswith("F1 of") and rows["P3"][4].startswith("2 points\n")
    assert rows["P11"][2] == "none" and "claims: none" in rows["P9"][0]


def test_progress_counts_records_and_planned_runs(tmp_path):
    folder = tmp_path / "jurkat-ablation" / "a-run"
    folder.mkdir(parents=True)
    assert progress(load_plan(), tmp_path)["jurkat-ablation"] == (0, 20)  # a folder is no record
    (folder / "run.json").write_text("{}")
    counts = progress(load_plan(), tmp_path)
    assert counts["jurkat-ablation"] == (1, 20) and counts["jurkat-comparison"][0] == 0
    assert next(iter(counts)) == "jurkat-ablation"


def test_rows_of_sweeps_and_records_say_what_cannot_be_checked(checks):
    ablation, comparison = sweep_rows({"jurkat-ablation": (2, 20), "jurkat-comparison": (0, 7)}, checks)
    assert ablation[1] == "2 of 20" and "with uncommitted changes" in ablation[2] and "not at hand" in ablation[2]
    assert ablation[5] == "yes\ncannot be checked here"
    assert comparison[2] == "not run yet"
    assert [row[-1] for row in record_rows(checks)] == ["yes", "cannot be checked here"]


def test_the_picture_has_each_outcome_once():
    plan = load_plan()
    margin = plan["P1"].margin
    assert {outcome_of(p, interval, margin, plan.alpha) for p, interval in EXAMPLES} == set(Outcome)
    figure = draw_rule(margin, plan.alpha)
    curve = figure.axes[1].lines[0].get_ydata()
    assert curve[0] == pytest.approx(plan.alpha) and curve[-1] > 0.6
    plt.close(figure)
