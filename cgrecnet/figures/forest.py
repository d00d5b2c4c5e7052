"""Planned contrasts as they came out: in a table, and as a forest plot against the margin."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cgrecnet.evaluation.analysis_plan import Outcome, load_plan
from cgrecnet.evaluation.planned_contrasts import Decision, JudgedContrast
from cgrecnet.figures.style import PALETTE
from cgrecnet.figures.tables import HEADERS, Shown, decision_row, points, wide_table
from cgrecnet.models.zoo import SYSTEMS, title_of

#: A colour for each outcome; a difference in favour of the second network has one of its own.
COLOURS = dict(zip(Outcome, (PALETTE[0], PALETTE[9], PALETTE[2], PALETTE[7]), strict=True))
SECOND_BETTER = PALETTE[3]

#: No plot of differences reaches farther than this many points: intervals from two folds can be absurdly wide.
LIMIT = 15.0


def colour_of(answer: Decision | JudgedContrast) -> tuple[float, float, float]:
    """The colour of a contrast's outcome, and of its direction where it is a difference."""
    second = answer.outcome is Outcome.DIFFERENCE and answer.result.difference < 0
    return SECOND_BETTER if second else COLOURS[answer.outcome]


def outcome_key(answers: Sequence[Decision | JudgedContrast], axes: Axes, *others: plt.Line2D) -> None:
    """A legend below the axes: each colour that `colour_of` gives these contrasts, behind what else there is."""
    words = {}
    for answer in answers:
        ahead = "first" if answer.result.difference > 0 else "second"
        more = f", {ahead} better" if answer.outcome is Outcome.DIFFERENCE else ""
        words[f"{answer.outcome}{more}"] = colour_of(answer)
    lines = [plt.Line2D([], [], color=colour, linewidth=2.5, label=word) for word, colour in words.items()]
    axes.figure.legend(handles=[*others, *lines], loc="outside lower center", fontsize=8)


def cut_at(axes: Axes, limit: float, intervals: Sequence[tuple[float, tuple[float, float]]]) -> None:
    """Let the axis reach to ± limit; an interval (its row, its ends) that goes on beyond gets an arrow at the edge."""
    axes.set_xlim(-limit, limit)
    for row, (low, high) in intervals:
        for edge, mark, beyond in ((-limit, "<", low < -limit), (limit, ">", high > limit)):
            if beyond:
                axes.plot(edge, row, mark, color="0.3", markersize=7, clip_on=False, zorder=5)


def contrast_in_words(contrast: tuple[str, str]) -> str:
    """A contrast with the systems' titles: 'CG-RecNet − Baseline'."""
    titles = [title_of(name) if name in SYSTEMS else name.replace("_", " ") for name in contrast]
    return " − ".join(titles)


def decision_rows(decisions: Sequence[Decision]) -> list[tuple[str, ...]]:
    """Rows for `wide_table` under `HEADERS`, one per planned contrast that could be computed."""
    plan = load_plan()
    return [
        decision_row(d, f"{d.question}: {contrast_in_words(d.contrast)}", plan[d.question].unit) for d in decisions
    ]


def planned_table(decisions: Sequence[Decision], *questions: str) -> Shown:
    """Every contrast of these questions of the plan, as it came out, or that its runs are too few so far."""
    known = {(d.question, d.contrast): row for d, row in zip(decisions, decision_rows(decisions), strict=True)}
    asked = [(name, contrast) for name in questions for contrast in load_plan()[name].contrasts]
    rows = [known.get((q, c)) or (f"{q}: {contrast_in_words(c)}", "too few runs yet", "", "", "") for q, c in asked]
    return wide_table(HEADERS, rows, f"Planned contrasts of {' and '.join(questions)}")


def draw_forest(decisions: Sequence[Decision], label: str = "accuracy") -> Figure:
    """Each contrast with its 90 % (thick) and 95 % (thin) interval, the margin as a band, the outcome as a word.

    decisions: of questions with one margin, in the order to be drawn. Raises ValueError for none, or several margins.
    """
    plan = load_plan()
    margins = {plan[d.question].margin for d in decisions}
    if len(margins) != 1:
        raise ValueError(f"A forest plot has one margin as its band; these questions have {sorted(margins) or 'none'}.")
    (margin,) = margins
    figure, axes = plt.subplots(figsize=(4.4, 0.8 * len(decisions) + 1.0))
    axes.axvspan(-margin, margin, color="0.92", zorder=0)
    axes.axvline(0, color="0.5", linewidth=1, zorder=1)
    for row, decision in enumerate(decisions):
        result, colour = decision.result, colour_of(decision)
        axes.plot(result.interval95, [row, row], linewidth=1.5, color=colour)
        axes.plot(result.interval90, [row, row], linewidth=5, color=colour, solid_capstyle="butt")
        axes.plot(result.difference, row, "o", markerfacecolor="white", markeredgecolor=colour, markersize=7)
        words = f"{contrast_in_words(decision.contrast)}\n{points(result.difference)}: {decision.outcome}"
        axes.annotate(words, (0, row - 0.15), xycoords=("axes fraction", "data"), va="bottom", fontsize=9)
    axes.set(ylim=(len(decisions) - 0.6, -0.95), yticks=[], xlabel=f"difference in {label} (percentage points)")
    axes.spines["left"].set_visible(False)
    reach = max(abs(end) for d in decisions for end in (*d.result.interval95, d.result.difference, margin))
    cut_at(axes, min(1.15 * reach, LIMIT), [(row, d.result.interval95) for row, d in enumerate(decisions)])
    axes.annotate("second better", (0, 0), xycoords="axes fraction", xytext=(2, 3), textcoords="offset points",
                  fontsize=9, color="0.35")  # fmt: skip
    axes.annotate("first better", (1, 0), xycoords="axes fraction", xytext=(-2, 3), textcoords="offset points",
                  fontsize=9, color="0.35", ha="right")  # fmt: skip
    return figure
