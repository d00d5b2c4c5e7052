"""The paper against this book, claim by claim: the verdict on the paper's cells, and what other cells showed beside it.

What was measured on other cells never decides a claim about the paper's; it stands in a column of its own, with the
name of the cells and the outcome that the analysis plan gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from cgrecnet.evaluation.analysis_plan import Plan, load_plan
from cgrecnet.evaluation.planned_contrasts import Answer, Decision
from cgrecnet.evaluation.verdicts import Outcome
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.claim_map import printed_text
from cgrecnet.figures.forest import COLOURS, LIMIT, contrast_in_words, cut_at
from cgrecnet.figures.paper_runs import MODEL_OF
from cgrecnet.figures.rules.runs import RUN_JUDGES
from cgrecnet.figures.tables import interval, n_text, points
from cgrecnet.paper.claims import Claim
from cgrecnet.paths import RESULTS
from cgrecnet.runs.planned import (
    by_reading,
    decide_over_cells,
    decide_over_folds,
    dose_answers,
    gap_answers,
    share_answers,
)
from cgrecnet.runs.query import experiment
from cgrecnet.runs.series import (
    dose_runs,
    imbalance_runs,
    planned_rates,
    planned_settings,
    planned_shares,
    shortcut_runs,
)

Answers = Sequence[Decision | Answer]

#: Question of the plan -> the page below book/5_results that shows it.
PAGES = {"P1": "ablation", "P2": "ablation", "P3": "ablation", "P4": "comparison", "P5": "noise", "P6": "noise",
         "P7": "imbalance", "P8": "shortcut", "P11": "spread", "P12": "ablation"}  # fmt: skip
#: Data set in the plan -> how its cells are called.
CELLS = {"jurkat": "Jurkat cells (real)", "cytometer": "simulated cells"}
#: Claims about some of the systems of a question -> those systems.
ABOUT = {"C22": ("mobilenet_v2",), "C23": ("densenet121", "vgg16", "vit_b_16"), "C31": ("zhu_xception",)}
HEADERS = ("claim", "printed", "on the paper's cells", "on other cells, which decide nothing here")


def _folds(question: str) -> Callable[[Path], Answers]:
    def ask(results: Path) -> Answers:
        runs = experiment("ablation", "jurkat", results)
        return decide_over_folds(question, runs.records) if runs else []

    return ask


def _skip(results: Path) -> Answers:
    found = [experiment(part, "jurkat", results) for part in ("ablation", "presets")]
    wanted = {name for contrast in load_plan()["P12"].contrasts for name in contrast}
    records = [r for runs in found if runs for r in runs.records if by_reading(r) in wanted]
    return decide_over_folds("P12", records, by_reading) if records else []


def _comparison(results: Path) -> Answers:
    runs = experiment("comparison", "jurkat", results)
    return decide_over_cells("P4", {r.config["model"]: r for r in runs.records}, results) if runs else []


#: How each question that can decide something is answered from the records in a folder.
ASK: dict[str, Callable[[Path], Answers]] = {
    "P1": _folds("P1"),
    "P2": _folds("P2"),
    "P3": _folds("P3"),
    "P4": _comparison,
    "P5": lambda results: dose_answers("P5", dose_runs("noise", results), results),
    "P6": lambda results: dose_answers("P6", dose_runs("debris", results), results),
    "P7": lambda results: share_answers(imbalance_runs(results), results),
    "P12": _skip,
    "P8": lambda results: gap_answers(shortcut_runs(results)),
}


#: Questions that ask each of their contrasts at several settings -> how many these are.
SETTINGS: dict[str, Callable[[], int]] = {
    "P7": lambda: len(planned_shares()),
    "P8": lambda: len(planned_settings()),
    "P10": lambda: len(planned_rates()) + 1,  # and each network at the rate that it chose
}


def comparisons(question: str) -> int:
    """How many comparisons the plan makes for a question: its contrasts, each at every setting that it is asked at."""
    return len(load_plan()[question].contrasts) * SETTINGS.get(question, lambda: 1)()


def planned_answers(results: Path = RESULTS) -> dict[str, Answers]:
    """Question -> what came out of its contrasts; an empty list where its runs are not there."""
    return {question: ask(results) for question, ask in ASK.items()}


def claims_shown(claims: Mapping[str, Claim], plan: Plan | None = None) -> list[str]:
    """Ids of the claims that runs can speak to, in their order: by the plan, or by runs on the paper's cells."""
    planned = {name for question in (plan or load_plan()).questions for name in question.claims}
    return [name for name in claims if name in planned or name in RUN_JUDGES]


def line_of(answer: Decision | Answer, unit: str) -> str:
    """`CG-RecNet − Baseline −1.7 points (−3.0 to −0.4), n = 5 folds: difference`."""
    name = contrast_in_words(answer.contrast) if isinstance(answer, Decision) else answer.name
    result = answer.result
    n = getattr(result, "n", None)
    said = f", n = {n_text(n)} {unit}" if n is not None else ""
    return f"{name} {points(result.difference)} points ({interval(result.interval95)}){said}: {answer.outcome}"


def on_other_cells(claim: str, answers: Mapping[str, Answers], plan: Plan | None = None) -> str:
    """What was found on other cells for a claim, question by question; says where nothing was planned, or run."""
    texts = []
    for question in (plan or load_plan()).questions:
        if claim in question.claims:
            cells = CELLS.get(question.data, "both kinds of cells, apart")
            unit = {"folds": "folds", "seeds": "seeds"}.get(question.unit, "cells")
            if question.id not in ASK:
                found = ["see the page"]
            else:
                own = [answer for answer in answers.get(question.id, ()) if _is_about(claim, answer)]
                found = [line_of(answer, unit) for answer in own] or ["not enough runs here yet"]
            texts.append(f"{question.id}, {question.measure.replace('f1', 'F1')}, {cells}:\n" + "\n".join(found))
    return "\n".join(texts) or "nothing planned"


def _is_about(claim: str, answer: Decision | Answer) -> bool:
    return claim not in ABOUT or bool(set(ABOUT[claim]) & set(answer.contrast))


def headline_rows(
    claims: Mapping[str, Claim], outcomes: Mapping[str, Outcome], answers: Mapping[str, Answers]
) -> list[tuple[str, ...]]:
    """Rows for `wide_table` under `HEADERS`, for the claims of `claims_shown`."""
    rows = []
    for name in claims_shown(claims):
        claim, outcome = claims[name], outcomes[name]
        printed = printed_text(claim) if len(claim.values) <= 4 else f"{len(claim.values)} numbers ({claim.place})"
        value = "" if outcome.value == "none" else f"\n{outcome.value}"
        rows.append((f"{name} {claim.title}", printed, f"{outcome.verdict}{value}\n{outcome.reason}",
                     on_other_cells(name, answers)))  # fmt: skip
    return rows


def printed_gains(paper: AuditedPaper) -> list[tuple[str, str, tuple[str, str], float]]:
    """What the paper prints for contrasts that were planned here: label, question, contrast, points.

    Differences of printed accuracies, and of the printed F1s of the paper's rarest class. A star marks those that are
    measured here on networks from random weights.
    """
    found = []
    for question, first, second in (
        ("P1", "CG-RecNet", "Baseline"), ("P2", "ResCMNet", "Baseline"), ("P2", "CG-RecNet", "ResCMNet"),
        *(("P4", "CG-RecNet", name) for name in ("MobileNetV2", "DenseNet", "VGG", "ViT")),
    ):  # fmt: skip
        gain = float(paper.scores[first].mean) - float(paper.scores[second].mean)
        start = " *" if question == "P4" else ""
        found.append((f"{first} \N{MINUS SIGN} {second}{start}", question, (MODEL_OF[first], MODEL_OF[second]), gain))
    rarest = paper.claims["C25"].values[0].number
    found.insert(3, ("F1 of the rarest class", "P3", ("cg_recnet", "resnet50"), rarest))
    return found


def draw_gains(paper: AuditedPaper, answers: Mapping[str, Answers]) -> Figure:
    """The paper's printed differences (diamonds, its cells) above ours on Jurkat cells (95 % intervals), row by row."""
    gains, drawn = printed_gains(paper), []
    figure, axes = plt.subplots(figsize=(7.0, 0.52 * len(gains) + 1.2))
    axes.axvline(0, color="0.5", linewidth=1, zorder=0)
    for row, (_, question, contrast, gain) in enumerate(gains):
        axes.plot(gain, row - 0.18, "D", color="black", markersize=6)
        answer = next((a for a in answers.get(question, ()) if a.contrast == contrast), None)
        if answer is None:
            axes.annotate("not enough runs here yet", (0, row + 0.18), xytext=(6, 0), textcoords="offset points",
                          va="center", fontsize=8, color="0.35")  # fmt: skip
            continue
        colour = COLOURS[answer.outcome]
        drawn.append((row + 0.18, answer.result.interval95))
        axes.plot(answer.result.interval95, [row + 0.18] * 2, color=colour, linewidth=2.5)
        axes.plot(answer.result.difference, row + 0.18, "o", markerfacecolor="white", markeredgecolor=colour)
    axes.set_yticks(range(len(gains)), [label for label, *_ in gains])
    axes.set(ylim=(len(gains) - 0.4, -0.6), xlabel="difference (percentage points)")
    reach = max(abs(end) for ends in [g[3:] for g in gains] + [ends for _, ends in drawn] for end in ends)
    cut_at(axes, min(1.15 * reach, LIMIT), drawn)
    handles = [plt.Line2D([], [], color="black", marker="D", linestyle="", label="printed, the paper's cells")]
    seen = dict.fromkeys(a.outcome for q in ("P1", "P2", "P3", "P4") for a in answers.get(q, ()))
    handles += [plt.Line2D([], [], color=COLOURS[outcome], linewidth=2.5, label=f"Jurkat: {outcome}")
                for outcome in seen]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8)
    return figure
