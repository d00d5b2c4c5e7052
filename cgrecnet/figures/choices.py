"""Do open choices change a conclusion? Learning rates, readings of the text and single options of CG-RecNet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cgrecnet.evaluation.analysis_plan import Outcome, load_plan
from cgrecnet.evaluation.counts import McNemar, mcnemar
from cgrecnet.evaluation.planned_contrasts import Answer, judge_family
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.pooled import same_cells
from cgrecnet.runs.query import experiment
from cgrecnet.runs.run_record import RunRecord

MODELS = ("resnet50", "cg_recnet")
#: The sweeps that the learning rates come from.
RATE_PARTS = ("learning rate", "noise")
#: Learning rate -> model -> run.
Rates = Mapping[float, Mapping[str, RunRecord]]


def rate_runs(results: Path = RESULTS) -> dict[float, dict[str, RunRecord]]:
    """The simulated runs by learning rate and model; the project's own rate comes from the noise series at 1."""
    found: dict[float, dict[str, RunRecord]] = {}
    for part in RATE_PARTS:
        runs = experiment(part, "cytometer", results)
        for record in runs.records if runs else ():
            if record.config["model"] in MODELS and record.data["options"]["noise"] == 1.0:
                found.setdefault(record.config["learning_rate"], {})[record.config["model"]] = record
    return {rate: found[rate] for rate in sorted(found)}


def planned_rates() -> list[float]:
    """Every learning rate that was planned, the project's own included."""
    rates = [
        config.learning_rate
        for name in ("simulated-learning-rate", "simulated-noise")
        for config in read_sweep(SWEEP_FILES / f"{name}.yaml")
    ]
    return sorted(set(rates))


def validation_f1(record: RunRecord) -> float:
    """Macro F1 on the validation cells at the reported epoch: what a rate is chosen by."""
    return next(entry["validation_macro_f1"] for entry in record.history if entry["reported"])


def chosen_rate(rates: Rates, model: str) -> float | None:
    """The rate with the highest validation macro F1 of this model (the lower of equals); None without runs."""
    scores = {rate: validation_f1(runs[model]) for rate, runs in rates.items() if model in runs}
    return max(scores, key=scores.get) if scores else None


def rate_contrasts(rates: Rates, choose: bool, results: Path = RESULTS) -> dict[str, McNemar]:
    """CG-RecNet against the baseline at each rate that both have; `choose`: and at the rate that each chose."""
    base, full = MODELS
    both = {rate: runs for rate, runs in rates.items() if set(MODELS) <= set(runs)}
    made = {f"both at {rate:g}": compare(runs[full], runs[base], results) for rate, runs in both.items()}
    if choose:
        picked = {model: chosen_rate(rates, model) for model in MODELS}
        name = f"each at its choice ({picked[full]:g} against {picked[base]:g})"
        made[name] = compare(*(rates[picked[model]][model] for model in (full, base)), results)
    return made


def rate_answers(rates: Rates, results: Path = RESULTS) -> list[Answer]:
    """P10: CG-RecNet against baseline at each rate, and at the rate that each chose; one family of all planned."""
    plan, planned = load_plan(), len(planned_rates())
    complete = sum(set(MODELS) <= set(runs) for runs in rates.values())
    # A choice among some of the rates would not be the planned one.
    made = rate_contrasts(rates, choose=complete == planned, results=results)
    return judge_family(made, plan["P10"].margin, plan.alpha, planned + 1)


def reading_runs(results: Path = RESULTS) -> dict[str, RunRecord]:
    """Reading -> run of CG-RecNet on the first fold of Jurkat, and `baseline`; what was not run is left out."""
    found = {}
    ablation, presets = (experiment(part, "jurkat", results) for part in ("ablation", "presets"))
    for name, model in (("baseline", "resnet50"), ("recovered", "cg_recnet")):
        if ablation and (here := ablation.of(model=model, fold=0, preset="recovered")):
            found[name] = here[0]
    for record in presets.of(fold=0) if presets else ():
        found[record.config["preset"]] = record
    return found


def reading_answers(readings: Mapping[str, RunRecord], results: Path = RESULTS) -> list[Answer]:
    """P9: other readings of the text against the recovered one, on real cells; one family of all planned."""
    plan = load_plan()
    question = plan["P9"]
    made = {
        f"{first} against {second}": compare(readings[first], readings[second], results)
        for first, second in question.contrasts
        if first in readings and second in readings
    }
    return judge_family(made, question.margin, plan.alpha, len(question.contrasts))


def option_runs(results: Path = RESULTS) -> dict[str, RunRecord]:
    """`option = value` -> simulated run of CG-RecNet with that one change, and `recovered` and `baseline`."""
    found = {}
    noise, presets = (experiment(part, "cytometer", results) for part in ("noise", "presets"))
    for record in noise.records if noise else ():
        name = {"resnet50": "baseline", "cg_recnet": "recovered"}.get(record.config["model"])
        if name and record.data["options"]["noise"] == 1.0:
            found[name] = record
    base = found["recovered"].config["model_options"] if "recovered" in found else {}
    for record in presets.records if presets else ():
        changed = {k: v for k, v in record.config["model_options"].items() if base.get(k) != v and k != "stage_stride"}
        found[", ".join(f"{name} = {value}" for name, value in changed.items())] = record
    return {name: found[name] for name in sorted(found, key=lambda name: ("=" in name, name))}


def planned_options() -> list[str]:
    """The single options that were planned, as `option_runs` names them."""
    sweep = read_sweep(SWEEP_FILES / "simulated-presets.yaml")
    return [f"{name} = {value}" for c in sweep for name, value in c.model_options.items() if name != "stage_stride"]


def option_answers(options: Mapping[str, RunRecord], results: Path = RESULTS) -> list[Answer]:
    """Exploratory: each single option against the recovered reading, one family (margin of P9)."""
    plan = load_plan()
    if "recovered" not in options:
        return []
    made = {
        name: compare(record, options["recovered"], results)
        for name, record in options.items()
        if name not in ("recovered", "baseline")
    }
    return judge_family(made, plan["P9"].margin, plan.alpha, len(planned_options()))


@dataclass(frozen=True)
class Conclusion:
    """CG-RecNet under one choice against the baseline, and what that says: `words`."""

    choice: str
    answer: Answer

    @property
    def words(self) -> str:
        if self.answer.outcome is Outcome.DIFFERENCE:
            return "ahead" if self.answer.result.difference > 0 else "behind"
        if self.answer.outcome is Outcome.UNDECIDED:
            return "undecided"
        return "no difference beyond the margin"


def conclusions(
    runs: Mapping[str, RunRecord], margin: float, results: Path = RESULTS, planned: int | None = None
) -> list[Conclusion]:
    """Exploratory: CG-RecNet against the baseline under `recovered`, then under every other choice, one family.

    runs: as `reading_runs` or `option_runs` give them; planned: how many choices the family has. Empty where the
    baseline or the recovered reading is missing.
    """
    if not {"baseline", "recovered"} <= set(runs):
        return []
    names = ["recovered", *(name for name in runs if name not in ("recovered", "baseline"))]
    made = {name: compare(runs[name], runs["baseline"], results) for name in names}
    return [Conclusion(answer.name, answer) for answer in judge_family(made, margin, load_plan().alpha, planned)]


def compare(first: RunRecord, second: RunRecord, results: Path) -> McNemar:
    """McNemar's test of two runs on the same test cells."""
    cells = same_cells([first, second], results)
    return mcnemar(cells.labels, *cells.predicted)
