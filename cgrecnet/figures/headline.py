"""What the questions of the analysis plan came to on cells that are not the paper's: contrast by contrast, and counted.

What was measured on other cells never decides a claim about the paper's; it is told with the name of the cells and the
outcome that the plan gives it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.planned_contrasts import Decision, JudgedContrast
from cgrecnet.figures.forest import contrast_in_words
from cgrecnet.figures.tables import interval, n_text, points
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.planned import (
    by_reading,
    conclusions,
    decide_over_cells,
    decide_over_folds,
    dose_response_decisions,
    imbalance_decisions,
    split_decisions,
)
from cgrecnet.runs.query import experiment, needed, select_runs
from cgrecnet.runs.run_record import RunRecord
from cgrecnet.runs.series import (
    PAIR,
    dose_response_runs,
    imbalance_runs,
    option_runs,
    planned_rates,
    planned_settings,
    planned_shares,
    shortcut_runs,
)

Decisions = Sequence[Decision | JudgedContrast]

#: What is compared in the main result, and on which cells -> the questions of the plan; the first of each contrast has
#: more of the paper's modules.
ROWS = {
    "one or both modules against fewer, Jurkat cells (real), five folds": ("P1", "P2"),
    "CG-RecNet against six other systems, Jurkat cells (real), no pretraining": ("P4",),
    "loss under noise and debris, simulated cells": ("P5", "P6"),
    "uneven classes, simulated cells": ("P7",),
    "CG-RecNet with a skip around its fusion against the baseline, Jurkat cells (real)": ("P12",),
}
HEADERS = ("what was compared", "favour more modules", "against them", "no difference that matters", "undecided",
           "not run")  # fmt: skip
#: The contrast of P12 that is about the skip itself.
SKIP = ("clean", "recovered")
#: Data set in the plan -> how its cells are called.
CELLS = {"jurkat": "Jurkat cells (real)", "cytometer": "simulated cells"}
#: Claims about some of the systems of a question -> those systems.
ABOUT = {"C22": ("mobilenet_v2",), "C23": ("densenet121", "vgg16", "vit_b_16"), "C31": ("zhu_xception",)}


def _folds(question: str) -> Callable[[Path], Decisions]:
    def ask(results: Path) -> Decisions:
        runs = experiment("ablation", "jurkat", results)
        return decide_over_folds(question, runs.records) if runs else []

    return ask


def _skip(results: Path) -> Decisions:
    found = [experiment(part, "jurkat", results) for part in ("ablation", "presets")]
    wanted = {name for contrast in load_plan()["P12"].contrasts for name in contrast}
    records = [r for runs in found if runs for r in runs.records if by_reading(r) in wanted]
    return decide_over_folds("P12", records, by_reading) if records else []


def _comparison(results: Path) -> Decisions:
    runs = experiment("comparison", "jurkat", results)
    return decide_over_cells("P4", {r.config["model"]: r for r in runs.records}, results) if runs else []


#: How each question that can decide something is answered from the records in a folder.
ASK: dict[str, Callable[[Path], Decisions]] = {
    "P1": _folds("P1"),
    "P2": _folds("P2"),
    "P3": _folds("P3"),
    "P4": _comparison,
    "P5": lambda results: dose_response_decisions("P5", dose_response_runs("noise", results), results),
    "P6": lambda results: dose_response_decisions("P6", dose_response_runs("debris", results), results),
    "P7": lambda results: imbalance_decisions(imbalance_runs(results), results),
    "P12": _skip,
    "P8": lambda results: split_decisions(shortcut_runs(results)),
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


def planned_decisions(results: Path = RESULTS, questions: Sequence[str] = tuple(ASK)) -> dict[str, Decisions]:
    """Question -> what came out of its contrasts; an empty list where its runs are not there."""
    return {question: ASK[question](results) for question in questions}


def line_of(decision: Decision | JudgedContrast, unit: str) -> str:
    """`CG-RecNet − Baseline −1.7 points (−3.0 to −0.4), n = 5 folds: difference`."""
    name = contrast_in_words(decision.contrast) if isinstance(decision, Decision) else decision.name
    result = decision.result
    n = getattr(result, "n", None)
    counted = f", n = {n_text(n)} {unit}" if n is not None else ""
    return f"{name} {points(result.difference)} points ({interval(result.interval95)}){counted}: {decision.outcome}"


#: Whether a question can be answered here -> what stands where it is not answered.
UNANSWERED = {True: "no runs yet", False: "see its page"}


def on_other_cells(claim: str, decisions: Mapping[str, Decisions]) -> list[tuple[str, str]]:
    """What was found on other cells for a claim: a row for each question of the plan about it, asked and found."""
    rows = []
    for question in load_plan().questions:
        if claim in question.claims:
            unit = question.unit if question.unit in ("folds", "seeds") else "cells"
            found = [line_of(one, unit) for one in decisions.get(question.id, ()) if _is_about(claim, one)]
            cells = CELLS.get(question.data, "both kinds of cells, apart")
            asked = f"{question.id}, {question.measure.replace('f1', 'F1')}, {cells}"
            rows.append((asked, "\n".join(found) or UNANSWERED[question.id in ASK]))
    return rows


def _is_about(claim: str, decision: Decision | JudgedContrast) -> bool:
    return claim not in ABOUT or bool(set(ABOUT[claim]) & set(decision.contrast))


def completed_runs(results: Path = RESULTS) -> tuple[list[RunRecord], int]:
    """The records of every sweep that the main result asks for, and how many there would be in all."""
    plan = load_plan()
    names = dict.fromkeys(s for questions in ROWS.values() for q in questions for s in plan[q].sweeps)
    return select_runs(*names, results=results), sum(len(read_sweep(SWEEP_FILES / f"{name}.yaml")) for name in names)


def main_rows(decisions: Mapping[str, Decisions]) -> list[tuple[str, ...]]:
    """Rows under `HEADERS`: how often a network with more modules was ahead, for each of `ROWS`, and in all.

    The contrast of the skip alone (P12) is not counted.
    """
    rows = []
    for words, questions in ROWS.items():
        asked = sum(comparisons(q) for q in questions) - ("P12" in questions)
        found = [d for q in questions for d in decisions[q] if getattr(d, "contrast", None) != SKIP]
        said = Counter(d.words for d in found)
        counts = [said[word] for word in ("ahead", "behind", "no difference beyond the margin", "undecided")]
        rows.append((words, (*counts, asked - len(found))))
    rows.append(("all", tuple(map(sum, zip(*(counts for _, counts in rows), strict=True)))))
    return [(words, *map(str, counts)) for words, counts in rows]


def skip_effect(decisions: Mapping[str, Decisions]) -> str:
    """What the skip around the fusion changes, with interval, n and outcome; `not known yet` without its runs."""
    found = (
        f"{points(one.result.difference)} points (95 % interval {interval(one.result.interval95)}, "
        f"n = {n_text(one.result.n)} folds): {one.outcome}"
        for one in decisions["P12"] if one.contrast == SKIP
    )  # fmt: skip
    return next(found, "not known yet")


def skip_simulated(results: Path = RESULTS) -> tuple[list[RunRecord], list[JudgedContrast]]:
    """Exploratory, one run each: CG-RecNet against the baseline on simulated cells, without the skip and with it.

    The records that were read, and the two answers in that order. Raises RunError where a run is missing.
    """
    needed("noise", "cytometer", PAIR, results=results)
    needed("presets", "cytometer", complete=True, results=results)
    found = option_runs(results)
    runs = {name: found[name] for name in ("baseline", "recovered", "fusion_skip = True")}
    return list(found.values()), conclusions(runs, load_plan()["P9"].margin, results)
