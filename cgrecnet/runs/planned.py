"""From records to the planned decisions: which scores a question asks for, and of which runs.

Questions over folds or cells of one contrast end in a `Decision`; those that are asked at several settings of the
simulation (P5 to P8), and choices that the paper does not print (a learning rate, a reading, one option: P9, P10), in
the judged contrasts of one family.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.counts import McNemar, mcnemar
from cgrecnet.evaluation.paired import differences_vary
from cgrecnet.evaluation.planned_contrasts import (
    Decision,
    JudgedContrast,
    decide,
    judge_family,
    over_cells,
    over_folds,
    require_unit,
)
from cgrecnet.evaluation.sign_flip import Contrast, balanced_contrast, sign_flip_interaction
from cgrecnet.evaluation.two_proportions import ProportionDifference, newcombe_difference
from cgrecnet.models.zoo import title_of
from cgrecnet.paths import RESULTS
from cgrecnet.runs.pooled import paired_predictions
from cgrecnet.runs.query import refuse_mixture
from cgrecnet.runs.run_record import RunRecord
from cgrecnet.runs.series import (
    INTENSITIES,
    PAIR,
    SPLITS,
    Shares,
    planned_rates,
    planned_settings,
    planned_shares,
    rate_runs,
    shares_text,
)

ACCURACY, RAREST = "accuracy", "f1 of the rarest class"
BASELINE, FULL = PAIR

#: Rate -> model -> its run.
Rates = Mapping[float, Mapping[str, RunRecord]]


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

    records: one run per name and fold, of one data set and one seed; named: gives the name in the plan's contrasts.
    A contrast is judged over the folds that both of its models have (`result.n` says how many). One with fewer than two
    is left out, and so is one whose differences are all alike (two folds can agree to the cell by chance): without a
    spread there is no t-test.
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
            if differences_vary(*(scores[model] for model in contrast)):
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
    cells = paired_predictions(list(used.values()), results)
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
        name, fold, manifest = named(record), record.config["fold"], record.split.get("manifest")
        if fold in found.setdefault(name, {}) or manifests.setdefault(fold, manifest) != manifest:
            raise RunError(
                f"There are two runs of {name} on fold {fold}, or its runs were split differently: give those of one "
                "seed and one setting, and delete those that are out of date."
            )
        found[name][fold] = record
    return found


def compare(first: RunRecord, second: RunRecord, results: Path = RESULTS) -> McNemar:
    """McNemar's test of two runs on the same test cells."""
    cells = paired_predictions([first, second], results)
    return mcnemar(cells.labels, *cells.predicted)


DoseResponse = Mapping[float, Mapping[str, RunRecord]]


def has_contrast(doses: DoseResponse, models: tuple[str, ...]) -> bool:
    """Whether these models were run at two settings at least, so that a change can be told."""
    return len(doses) > 1 and all(model in doses[end] for end in (min(doses), max(doses)) for model in models)


def change_between(doses: DoseResponse, first: str, second: str, results: Path = RESULTS) -> Contrast:
    """How much more the accuracy of `first` changed than that of `second`, from the lowest to the highest setting.

    Raises ValueError where one of the four runs is missing.
    """
    if not has_contrast(doses, (first, second)):
        raise ValueError(f"{first} and {second} were not both run at two settings: run the sweep to its end.")
    runs = [doses[end][model] for model in (first, second) for end in (min(doses), max(doses))]
    return sign_flip_interaction(*paired_predictions(runs, results).right)


def dose_response_decisions(question: str, doses: DoseResponse, results: Path = RESULTS) -> list[JudgedContrast]:
    """P5 (noise) or P6 (debris), judged as one family; contrasts that lack a run are left out."""
    plan = load_plan()
    made = {
        f"{title_of(first)} against {title_of(second)}": change_between(doses, first, second, results)
        for first, second in plan[question].contrasts
        if has_contrast(doses, (first, second))
    }
    return judge_family(made, plan[question].margin, plan.alpha, len(plan[question].contrasts))


def balanced_change(first: RunRecord, second: RunRecord, results: Path = RESULTS) -> Contrast:
    """Balanced accuracy of one run less that of another on the same test cells."""
    cells = paired_predictions([first, second], results)
    return balanced_contrast(cells.labels, *cells.predicted)


def imbalance_decisions(
    runs: Mapping[Shares, Mapping[tuple[str, bool], RunRecord]], results: Path = RESULTS
) -> list[JudgedContrast]:
    """P7: balanced accuracy without class weights, CG-RecNet against baseline, one contrast per class shares."""
    plan = load_plan()
    made = {
        f"CG-RecNet against Baseline, {shares_text(shares)}": balanced_change(
            here[FULL, False], here[BASELINE, False], results
        )
        for shares, here in runs.items()
        if {(BASELINE, False), (FULL, False)} <= set(here)
    }
    return judge_family(made, plan["P7"].margin, plan.alpha, len(planned_shares()))


def split_differences(
    runs: Mapping[tuple[str, str, float], RunRecord],
) -> dict[tuple[str, float], ProportionDifference]:
    """(intensity, confounding) -> accuracy on a random split minus accuracy on new runs, where both were run."""
    return {
        (intensity, level): newcombe_difference(
            *(count for split in SPLITS for count in _right(runs[split, intensity, level]))
        )
        for intensity in INTENSITIES
        for level in sorted({level for _, _, level in runs})
        if all((split, intensity, level) in runs for split in SPLITS)
    }


def split_decisions(runs: Mapping[tuple[str, str, float], RunRecord]) -> list[JudgedContrast]:
    """P8: the difference between the splits at every setting, judged as one family of all that were planned."""
    plan = load_plan()
    made = {
        f"confounding {level:g}, {INTENSITIES[intensity]}": difference
        for (intensity, level), difference in split_differences(runs).items()
    }
    return judge_family(made, plan["P8"].margin, plan.alpha, len(planned_settings()))


def _right(record: RunRecord) -> tuple[int, int]:
    counts = np.array(record.test["confusion"])
    return int(np.trace(counts)), int(counts.sum())


def validation_f1(run: RunRecord) -> float:
    """Macro F1 on the validation cells at the reported epoch: what a rate is chosen by."""
    return next(entry["validation_macro_f1"] for entry in run.history if entry["reported"])


def chosen_rate(rates: Rates, model: str) -> float:
    """The rate with the highest validation macro F1 of this model, the lower of equals."""
    return max((rate for rate in rates if model in rates[rate]), key=lambda rate: validation_f1(rates[rate][model]))


def rate_decisions(results: Path = RESULTS) -> list[JudgedContrast]:
    """P10: CG-RecNet against the baseline at each rate, and at the rate that each chose; one family of all planned."""
    rates, asked, question = rate_runs(results), planned_rates(), load_plan()["P10"]
    both = {rate: runs for rate, runs in rates.items() if {BASELINE, FULL} <= set(runs)}
    made = {f"both at {rate:g}": compare(runs[FULL], runs[BASELINE], results) for rate, runs in both.items()}
    if len(made) == len(asked):  # a choice among some of the rates would not be the planned one
        full, base = chosen_rate(rates, FULL), chosen_rate(rates, BASELINE)
        name = f"each its choice ({full:g}, {base:g})"
        made[name] = compare(rates[full][FULL], rates[base][BASELINE], results)
    return judge_family(made, question.margin, load_plan().alpha, len(asked) + 1)


def choice_effects(runs: Mapping[str, RunRecord], planned: int, results: Path = RESULTS) -> list[JudgedContrast]:
    """Every other reading or option against the recovered one, as one family with the margin of P9.

    runs: as `reading_runs` or `option_runs` give them; planned: how many choices the family has. Empty where the
    recovered reading is missing.
    """
    if "recovered" not in runs:
        return []
    others = [name for name in runs if name not in ("recovered", "baseline")]
    made = {name: compare(runs[name], runs["recovered"], results) for name in others}
    return judge_family(made, load_plan()["P9"].margin, load_plan().alpha, planned)


def conclusions(
    runs: Mapping[str, RunRecord], margin: float, results: Path = RESULTS, planned: int | None = None
) -> list[JudgedContrast]:
    """Exploratory: CG-RecNet against the baseline under `recovered`, then under every other choice, one family.

    runs: as `reading_runs` or `option_runs` give them; planned: how many choices the family has. Empty where the
    baseline or the recovered reading is missing.
    """
    if not {"baseline", "recovered"} <= set(runs):
        return []
    names = ["recovered", *(name for name in runs if name not in ("recovered", "baseline"))]
    made = {name: compare(runs[name], runs["baseline"], results) for name in names}
    return judge_family(made, margin, load_plan().alpha, planned)
