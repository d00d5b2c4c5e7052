"""The main result in one table: how often a network with more of the paper's modules was ahead, on other cells."""

from __future__ import annotations

from pathlib import Path

from cgrecnet.evaluation.analysis_plan import Outcome, load_plan
from cgrecnet.figures.headline import ASK, Answers, comparisons
from cgrecnet.figures.tables import interval, n_text, points, wide_table
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.query import select_runs
from cgrecnet.runs.run_record import RunRecord

#: What is compared, and on which cells -> the questions of the plan; the first of each contrast has more modules.
ROWS = {
    "one or both modules against fewer, Jurkat cells (real), five folds": ("P1", "P2"),
    "CG-RecNet against six other systems, Jurkat cells (real), no pretraining": ("P4",),
    "loss under noise and debris, simulated cells": ("P5", "P6"),
    "uneven classes, simulated cells": ("P7",),
    "CG-RecNet with a skip around its fusion against the baseline, Jurkat cells (real)": ("P12",),
}
HEADERS = ("what was compared", "favour more modules", "against them", "no difference that matters", "undecided",
           "runs missing")  # fmt: skip
#: The contrast of P12 that is about the skip itself.
SKIP = ("clean", "recovered")


def main_answers(results: Path = RESULTS) -> dict[str, Answers]:
    """Question -> the contrasts that its records in a folder can decide."""
    return {question: ASK[question](results) for questions in ROWS.values() for question in questions}


def standing_runs(results: Path = RESULTS) -> tuple[list[RunRecord], int]:
    """The records of every sweep that these questions ask for, and how many there would be in all."""
    plan = load_plan()
    names = dict.fromkeys(s for questions in ROWS.values() for q in questions for s in plan[q].sweeps)
    return select_runs(*names, results=results), sum(len(read_sweep(SWEEP_FILES / f"{name}.yaml")) for name in names)


def main_rows(answers: dict[str, Answers]) -> list[tuple[str, ...]]:
    """A row of counts for each of `ROWS`, and one of all; the contrast of the skip alone (P12) is not counted."""
    rows = []
    for words, questions in ROWS.items():
        asked = sum(comparisons(q) for q in questions) - ("P12" in questions)
        found = [a for q in questions for a in answers[q] if getattr(a, "contrast", None) != SKIP]
        rows.append((words, _counts(found, asked)))
    rows.append(("all", tuple(map(sum, zip(*(counts for _, counts in rows), strict=True)))))
    return [(words, *map(str, counts)) for words, counts in rows]


def main_table(answers: dict[str, Answers]) -> str:
    """The rows as HTML."""
    return wide_table(HEADERS, main_rows(answers), "The main result: outcomes of the planned comparisons")


def skip_effect(answers: dict[str, Answers]) -> str:
    """What the skip around the fusion changes, with interval, n and outcome; `not known yet` without its runs."""
    for answer in answers["P12"]:
        if answer.contrast == SKIP:
            result = answer.result
            return (
                f"{points(result.difference)} points (95 % interval {interval(result.interval95)}, "
                f"n = {n_text(result.n)} folds): {answer.outcome}"
            )
    return "not known yet"


def _counts(found: Answers, asked: int) -> tuple[int, ...]:
    differs = [a.result.difference for a in found if a.outcome is Outcome.DIFFERENCE]
    alike = sum(a.outcome in (Outcome.SMALL_DIFFERENCE, Outcome.NO_DIFFERENCE) for a in found)
    ahead = sum(value > 0 for value in differs)
    return ahead, len(differs) - ahead, alike, len(found) - len(differs) - alike, asked - len(found)
