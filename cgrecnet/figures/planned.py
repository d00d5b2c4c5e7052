"""From records to the planned decisions: which scores a question asks for, and of which runs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.paired import has_spread
from cgrecnet.evaluation.planned_contrasts import Decision, decide, over_cells, over_folds, require_unit
from cgrecnet.paths import RESULTS
from cgrecnet.runs.pooled import same_cells
from cgrecnet.runs.query import refuse_mixture
from cgrecnet.runs.run_record import RunRecord

ACCURACY, RAREST = "accuracy", "f1 of the rarest class"


def by_model(record: RunRecord) -> str:
    """A run's name in most contrasts of the plan."""
    return record.config["model"]


def by_reading(record: RunRecord) -> str:
    """A run's name in contrasts between readings: the preset of CG-RecNet, the model of another network."""
    return record.config["preset"] if record.config["model"] == "cg_recnet" else record.config["model"]


def decide_over_folds(
    question: str, records: Sequence[RunRecord], named: Callable[[RunRecord], str] = by_model
) -> list[Decision]:
    """The decisions on a planned question whose pairs are folds, corrected within its whole family.

    records: one run per name and fold, of one data set and one seed; named: gives the name in the plan's contrasts. A
    contrast is judged over the folds that both
    of its models have (`result.n` says how many). One with fewer than two is left out, and so is one whose differences
    are all alike (two folds can agree to the cell by chance): without a spread there is no t-test.
    Raises ConfigError for an unknown question or one that pairs something else, RunError for records that do not fit.
    """
    plan = load_plan()
    family = [other for other in plan.questions if other.family == plan[question].family]
    by_fold = _by_name_and_fold(records, named)
    share = overlap(records)
    results = {}
    for member in family:
        results[member.id] = {}
        for contrast in member.contrasts:
            folds = sorted(set.intersection(*(set(by_fold.get(model, {})) for model in contrast)))
            scores = {m: [measured(by_fold[m][fold], member.measure) for fold in folds] for m in contrast}
            if has_spread(*(scores[model] for model in contrast)):
                results[member.id] |= over_folds(member, scores, share)
    return [decision for decision in decide(results) if decision.question == question]


def decide_over_cells(question: str, records: Mapping[str, RunRecord], results: Path = RESULTS) -> list[Decision]:
    """The decisions on a planned question whose pairs are cells.

    records: name in the plan's contrasts (a model, a reading) -> its run; the runs were tested on the same cells.
    results: folder that holds the predictions. A contrast of which one side is not there is left out.
    Raises ConfigError for an unknown question or one that pairs something else, RunError for records that do not fit.
    """
    planned = load_plan()[question]
    require_unit(planned, "cells")
    names = {name for contrast in planned.contrasts for name in contrast}
    used = {name: record for name, record in records.items() if name in names}
    if not used:
        return []
    refuse_mixture(list(used.values()))
    cells = same_cells(list(used.values()), results)
    tests = over_cells(planned, cells.labels, dict(zip(used, cells.predicted, strict=True)))
    return [decision for decision in decide({question: tests}) if decision.question == question]


def measured(record: RunRecord, measure: str) -> float:
    """The score of a run that a planned measure names, as a share; ConfigError for a measure that is none of one run.

    The rarest class is that of the whole data set, so that it is the same class in every fold.
    """
    if measure == ACCURACY:
        return record.test["accuracy"]
    if measure == RAREST:
        return record.test["per_class"][rarest_class(record)]["f1"]
    raise ConfigError(f"A single run has no {measure!r}: it is {ACCURACY!r} or {RAREST!r}.")


def rarest_class(record: RunRecord) -> int:
    """Number of the class with the fewest cells in the run's data set."""
    counts = record.data["counts"]
    return min(range(len(record.data["classes"])), key=lambda i: counts[record.data["classes"][i]])


def overlap(records: Sequence[RunRecord]) -> float:
    """Test cells over training cells, the mean over runs (folds differ by a cell or so); RunError for no run."""
    if not records:
        raise RunError("There are no runs to compare: run the sweep first.")
    return float(np.mean([r.split["sizes"]["test"] / r.split["sizes"]["train"] for r in records]))


def _by_name_and_fold(
    records: Sequence[RunRecord], named: Callable[[RunRecord], str]
) -> dict[str, dict[int, RunRecord]]:
    """name -> fold -> run; RunError for two runs of one place, mixed data, or folds that were split differently."""
    refuse_mixture(records)
    found: dict[str, dict[int, RunRecord]] = {}
    manifests: dict[int, str] = {}
    for record in records:
        model, fold = named(record), record.config["fold"]
        if fold in found.setdefault(model, {}):
            raise RunError(f"There are two runs of {model} on fold {fold}: give those of one seed and one setting.")
        found[model][fold] = record
        if manifests.setdefault(fold, record.split.get("manifest")) != record.split.get("manifest"):
            raise RunError(f"The runs of fold {fold} were split differently: delete those that are out of date.")
    return found
