"""Dose and response on simulated cells: which network loses less as noise or debris rises, and what seeds alone do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cgrecnet.evaluation.analysis_plan import Plan, load_plan
from cgrecnet.evaluation.counts import mcnemar
from cgrecnet.evaluation.planned_contrasts import Answer, judge_family
from cgrecnet.evaluation.sign_flip import Contrast, change_contrast
from cgrecnet.paths import RESULTS
from cgrecnet.runs.pooled import same_cells
from cgrecnet.runs.query import experiment
from cgrecnet.runs.run_record import RunRecord

#: The paper's names of the four networks of its ablation.
NAMES = {"resnet50": "Baseline", "rescmnet": "ResCMNet", "resgdnet": "ResGDNet", "cg_recnet": "CG-RecNet"}
#: Dial of the simulation -> parts of the book whose runs have it at some setting, all else as calibrated.
DIALS = {"noise": ("noise",), "debris": ("noise", "debris")}
#: Settings of the other dial at which a dose series is taken.
CALIBRATED = {"noise": 1.0, "debris": 0.2}
QUESTION = {"noise": "P5", "debris": "P6"}
#: The steps of the ablation: each module alone, and both.
STEPS = (("rescmnet", "resnet50"), ("resgdnet", "resnet50"), ("cg_recnet", "resnet50"))
MARKS = dict(zip(NAMES, "os^D", strict=True))

Doses = Mapping[float, Mapping[str, RunRecord]]


def dose_runs(dial: str, results: Path = RESULTS) -> dict[float, dict[str, RunRecord]]:
    """Setting of a dial -> model -> run, lowest setting first; the other dial as calibrated. Empty without runs.

    dial: `noise` or `debris`; KeyError for another.
    """
    other = next(name for name in CALIBRATED if name != dial)
    found: dict[float, dict[str, RunRecord]] = {}
    for part in DIALS[dial]:
        runs = experiment(part, "cytometer", results)
        for record in runs.records if runs else ():
            options = record.data["options"]
            if options[other] == CALIBRATED[other]:
                found.setdefault(options[dial], {})[record.config["model"]] = record
    return {level: {name: found[level][name] for name in NAMES if name in found[level]} for level in sorted(found)}


def has_contrast(doses: Doses, models: tuple[str, ...]) -> bool:
    """Whether these models were run at two settings at least, so that a change can be told."""
    ends = _ends(doses)
    return ends is not None and all(model in doses[end] for end in ends for model in models)


def change_between(doses: Doses, first: str, second: str, results: Path = RESULTS) -> Contrast:
    """How much more the accuracy of `first` changed than that of `second`, from the lowest to the highest setting.

    Raises ValueError where one of the four runs is missing.
    """
    if not has_contrast(doses, (first, second)):
        raise ValueError(f"{first} and {second} were not both run at two settings: run the sweep to its end.")
    low, high = _ends(doses)
    runs = [doses[end][model] for model in (first, second) for end in (low, high)]
    return change_contrast(*same_cells(runs, results).right)


def dose_answers(dial: str, doses: Doses, results: Path = RESULTS, plan: Plan | None = None) -> list[Answer]:
    """The plan's question about a dial (P5, P6), judged as one family; contrasts that lack a run are left out."""
    plan = plan or load_plan()
    question = plan[QUESTION[dial]]
    made = {
        f"{NAMES[first]} against {NAMES[second]}": change_between(doses, first, second, results)
        for first, second in question.contrasts
        if has_contrast(doses, (first, second))
    }
    return judge_family(made, question.margin, plan.alpha, len(question.contrasts))


def step_answers(series: Mapping[str, Doses], results: Path = RESULTS, alpha: float = 0.05) -> list[Answer]:
    """Each step of the ablation at each setting of each dial (exploratory, one family, margin of P5).

    Settings that two dials share are taken once; steps whose runs are missing are left out.
    """
    settings: dict[tuple[str, ...], tuple[str, Mapping[str, RunRecord]]] = {}
    for dial, doses in series.items():
        for level, runs in doses.items():
            settings.setdefault(tuple(run.run_id for run in runs.values()), (f"{dial} {level:g}", runs))
    made = {}
    for where, runs in settings.values():
        for first, second in STEPS:
            if first in runs and second in runs:
                cells = same_cells([runs[first], runs[second]], results)
                made[f"{NAMES[first]} against {NAMES[second]}, {where}"] = mcnemar(cells.labels, *cells.predicted)
    return judge_family(made, load_plan()[QUESTION["noise"]].margin, alpha)


def majority_share(record: RunRecord) -> float:
    """Accuracy of always naming the class that has most test cells: what is left when a network knows nothing."""
    support = [entry["support"] for entry in record.test["per_class"]]
    return max(support) / sum(support)


def right_counts(record: RunRecord) -> tuple[int, int]:
    """Test cells that a run has right, and all of them."""
    counts = np.array(record.test["confusion"])
    return int(np.trace(counts)), int(counts.sum())


def simulated_seeds(results: Path = RESULTS) -> dict[str, list[RunRecord]]:
    """Model -> its runs at the calibrated noise, one per seed, on the same simulated cells; only where two or more."""
    found: dict[str, list[RunRecord]] = {}
    for part in ("noise", "seeds"):
        runs = experiment(part, "cytometer", results)
        for record in runs.records if runs else ():
            if record.data["options"]["noise"] == 1.0:
                found.setdefault(record.config["model"], []).append(record)
    return {model: sorted(runs, key=lambda r: r.config["seed"]) for model, runs in found.items() if len(runs) > 1}


def widest(seeds: Mapping[str, list[RunRecord]]) -> float:
    """The largest distance, in points of accuracy, between two runs of one network. Raises ValueError for none."""
    if not seeds:
        raise ValueError("No network was run with two seeds or more.")
    ranges = []
    for runs in seeds.values():
        scores = [100 * run.test["accuracy"] for run in runs]
        ranges.append(max(scores) - min(scores))
    return max(ranges)


def _ends(doses: Doses) -> tuple[float, float] | None:
    return (min(doses), max(doses)) if len(doses) > 1 else None
