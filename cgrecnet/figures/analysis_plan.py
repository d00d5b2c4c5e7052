"""The analysis plan as a page: each question in words, the rule as a picture, and what the history says of its date."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from cgrecnet.evaluation.analysis_plan import Outcome, Plan, Question, outcome_of
from cgrecnet.figures.style import PALETTE, letter
from cgrecnet.models.zoo import SYSTEMS
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.preregistration import PlanCheck
from cgrecnet.runs.run_record import RECORD

#: What is compared with what, and by which test, for each unit of the plan.
UNITS = {
    "folds": (
        "Both are trained and tested on the same folds, and the differences of the folds are put to a corrected "
        "resampled t-test"
    ),
    "cells": (
        "Both are tested on the same cells; McNemar's exact test looks at the cells that only one of them has right, "
        "and the interval is exact for few cells and Tango's for many"
    ),
    "sums": (
        "Both are tested on the same cells; the measure is a sum over cells, and an exact test asks how large it would "
        "be if each cell's part had its sign by chance (for plain accuracy this is McNemar's test, which the plan "
        "names); the interval is the score interval of that sum"
    ),
    "settings": "The test cells differ, so the difference has the error of two shares",
    "seeds": "Nothing is tested: the spread over seeds is shown with its interval",
}
#: A colour for each outcome.
COLOURS = dict(zip(Outcome, (PALETTE[0], PALETTE[9], PALETTE[2], PALETTE[7]), strict=True))


def rule_in_words(question: Question, plan: Plan) -> str:
    """Test, level, family and margin of a question in a sentence or two."""
    margin = f"a difference below {_points(question.margin)} does not matter"
    if question.unit == "seeds":
        return f"{UNITS['seeds']}; {margin}."
    members = " and ".join(q.id for q in plan.questions if q.family == question.family)
    correction = f"corrected by Holm within the family '{question.family}' ({members})"
    # McNemar's test knows plain accuracy alone; `evaluation/sign_flip.py` has the test for the rest.
    summed = question.unit == "cells" and question.measure.startswith(("change", "balanced"))
    return f"{UNITS['sums' if summed else question.unit]}. Level {plan.alpha:g}, {correction}; {margin}."


def _points(margin: float) -> str:
    return f"{margin:g} point{'s' * (margin != 1)}"


def contrast_in_words(contrast: tuple[str, str]) -> str:
    """A contrast with the systems' titles: 'CG-RecNet − Baseline'."""
    titles = [SYSTEMS[name].title.split(" (")[0] if name in SYSTEMS else name.replace("_", " ") for name in contrast]
    return " − ".join(titles)


def question_rows(plan: Plan) -> list[tuple[str, ...]]:
    """Rows for `wide_table`: the question, what is measured on what, the contrasts, the rule, the margin's reason."""
    return [
        (
            f"{q.id} {q.question}\n(claims: {', '.join(q.claims) or 'none'})",
            f"{q.measure.replace('f1', 'F1')}\non {_kind(q.data)}",
            "\n".join(map(contrast_in_words, q.contrasts)) or "none",
            rule_in_words(q, plan),
            f"{_points(q.margin)}\n{q.why}",
        )
        for q in plan.questions
    ]  # fmt: skip


def _kind(data: str) -> str:
    words = {"jurkat": "Jurkat cells (real)", "cytometer": "simulated cells"}
    for name, kind in words.items():
        data = data.replace(name, kind)
    return data


def progress(plan: Plan, results: Path = RESULTS) -> dict[str, tuple[int, int]]:
    """For every sweep of the plan, in its order: runs with a record, runs planned."""
    counts = {}
    for name in dict.fromkeys(name for question in plan.questions for name in question.sweeps):
        folder = Path(results) / name
        done = sum((run / RECORD).is_file() for run in folder.iterdir()) if folder.is_dir() else 0
        counts[name] = done, len(read_sweep(SWEEP_FILES / f"{name}.yaml"))
    return counts


def sweep_rows(counts: dict[str, tuple[int, int]], checks: Sequence[PlanCheck]) -> list[tuple[str, ...]]:
    """Rows for `wide_table`: sweep, records, their commits, the first start, their plan, and whether it came first."""
    rows = []
    for name, (done, planned) in counts.items():
        own = [check for check in checks if check.experiment == name]
        if not own:
            rows.append((name, f"{done} of {planned}", "not run yet", "", "", ""))
            continue
        commits = dict.fromkeys((c.commit[:10], c.committed, c.uncommitted) for c in own)
        rows.append((
            name,
            f"{done} of {planned}",
            "\n".join(f"{commit} ({_date(date)}){' with uncommitted changes' if plus else ''}"
                      for commit, date, plus in commits),
            _date(min(check.started for check in own)),
            "\n".join(dict.fromkeys(str(check.plan) for check in own)),
            "\n".join(dict.fromkeys(_word(check.plan_came_first) for check in own)),
        ))  # fmt: skip
    return rows


def record_rows(checks: Sequence[PlanCheck]) -> list[tuple[str, ...]]:
    """Rows for `wide_table`, one per record: run, commit and its date, start, plan of the commit, plan first?"""
    return [
        (c.run_id, f"{c.commit[:10]} ({_date(c.committed)})", _date(c.started), str(c.plan), _word(c.plan_came_first))
        for c in checks
    ]


def _date(date) -> str:
    return "date not at hand" if date is None else f"{date:%Y-%m-%d %H:%M:%S}"


def _word(came_first: bool | None) -> str:
    return {True: "yes", False: "no", None: "cannot be checked here"}[came_first]


#: Made-up results for the picture of the rule: p-value (corrected) and ends of the 90 % interval.
EXAMPLES = ((0.001, (1.6, 3.0)), (0.01, (0.2, 0.8)), (0.40, (-0.7, 0.5)), (0.20, (-0.6, 2.4)))


def draw_rule(margin: float, alpha: float) -> Figure:
    """A: an invented result for each of the four outcomes; B: the chance of a false finding among many looks."""
    figure, (rule, looks) = plt.subplots(1, 2, figsize=(7.0, 3.0), width_ratios=(1.5, 1))
    rule.axvspan(-margin, margin, color="0.92")
    rule.axvline(0, color="0.5", linewidth=1)
    for row, (p, (low, high)) in enumerate(EXAMPLES):
        outcome = outcome_of(p, (low, high), margin, alpha)
        rule.plot([low, high], [row, row], linewidth=4, color=COLOURS[outcome], solid_capstyle="butt")
        rule.plot((low + high) / 2, row, "o", color=COLOURS[outcome])
        rule.annotate(f"{outcome} (p = {p:g})", (-1.9, row), xytext=(0, 9), textcoords="offset points", fontsize=8)
    rule.set(xlim=(-2, 3.5), ylim=(len(EXAMPLES) - 0.4, -0.7), yticks=[])
    rule.set(xlabel="difference (percentage points), 90 % interval")
    rule.spines["left"].set_visible(False)
    counts = range(1, 21)
    looks.plot(counts, [1 - (1 - alpha) ** count for count in counts], color=PALETTE[3], label="each look by itself")
    looks.axhline(alpha, color=PALETTE[2], label="corrected (Holm), at most")
    looks.set(xlabel="looks at data without a difference", ylabel="chance of a finding", ylim=(0, 1))
    looks.set_xticks([1, 5, 10, 15, 20])
    looks.legend(fontsize=8, loc="upper left")
    for axes, text in ((rule, "A"), (looks, "B")):
        letter(axes, text)
    return figure
