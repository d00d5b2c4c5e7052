"""What a choice that the paper does not print does to a result: a learning rate, a reading of the text, one option."""

from collections.abc import Mapping
from pathlib import Path

from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.planned_contrasts import JudgedContrast, judge_family
from cgrecnet.paths import RESULTS
from cgrecnet.runs.planned import compare
from cgrecnet.runs.run_record import RunRecord
from cgrecnet.runs.series import PAIR, planned_rates, rate_runs

BASELINE, FULL = PAIR

#: Rate -> model -> its run.
Rates = Mapping[float, Mapping[str, RunRecord]]


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
