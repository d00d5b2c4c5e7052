"""Do open choices change a conclusion? Learning rates, readings of the text and single options of CG-RecNet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.evaluation.answers import Answer, judge_family
from cgrecnet.evaluation.counts import McNemar, mcnemar, wilson
from cgrecnet.evaluation.plan import Outcome, load_plan
from cgrecnet.figures.answers import points
from cgrecnet.figures.dose import MARKS, NAMES, majority_share, right_counts
from cgrecnet.figures.missing import say_not_run
from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.experiments import experiment
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.record import RunRecord
from cgrecnet.runs.same_cells import same_cells

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


def not_learned(rates: Rates) -> dict[float, list[str]]:
    """Rate -> models whose accuracy is not clearly above that of naming the largest class (Wilson's 95 % interval)."""
    found: dict[float, list[str]] = {}
    for rate, runs in rates.items():
        for model, record in runs.items():
            low, _ = wilson(*right_counts(record))
            if low <= majority_share(record):
                found.setdefault(rate, []).append(model)
    return found


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
    return judge_family(made, plan["P9"].margin, plan.alpha)


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


def conclusions(runs: Mapping[str, RunRecord], margin: float, results: Path = RESULTS) -> list[Conclusion]:
    """Exploratory: CG-RecNet against the baseline under `recovered`, then under every other choice, one family.

    runs: as `reading_runs` or `option_runs` give them. Empty where the baseline or the recovered reading is missing.
    """
    if not {"baseline", "recovered"} <= set(runs):
        return []
    names = ["recovered", *(name for name in runs if name not in ("recovered", "baseline"))]
    made = {name: compare(runs[name], runs["baseline"], results) for name in names}
    return [Conclusion(answer.name, answer) for answer in judge_family(made, margin, load_plan().alpha)]


def conclusion_table(found: Sequence[Conclusion]) -> str:
    """Markdown: each choice, the lead over the baseline, and whether the conclusion is another than `recovered`'s."""
    lines = [
        "| choice | lead over the baseline (points) | 95 % interval | n | CG-RecNet is | changed |",
        "|---|---:|---:|---:|---|---|",
    ]
    for one in found:
        result = one.answer.result
        low, high = result.interval95
        changed = "" if one is found[0] else "yes" if one.words != found[0].words else "no"
        lines.append(
            f"| {one.choice} | {points(result.difference)} | {points(low)} to {points(high)} | {result.n:,} "
            f"| {one.words} | {changed} |"
        )
    return "\n".join(lines)


def draw_rates(rates: Rates) -> Figure:
    """A: test accuracy over the learning rate, Wilson's 95 %; B: validation macro F1, each network's choice ringed."""
    figure, (test, validation) = plt.subplots(1, 2, figsize=(7.2, 3.2))
    for model in MODELS:
        here = {rate: runs[model] for rate, runs in rates.items() if model in runs}
        if not here:
            continue
        counts = [right_counts(record) for record in here.values()]
        middle = np.array([100 * right / n for right, n in counts])
        ends = 100 * np.array([wilson(right, n) for right, n in counts])
        reach = np.array([middle - ends[:, 0], ends[:, 1] - middle]).clip(0)
        style = {"color": MODEL_COLOURS[model], "marker": MARKS[model]}
        test.errorbar(list(here), middle, yerr=reach, capsize=3, label=NAMES[model], **style)
        validation.plot(list(here), [validation_f1(record) for record in here.values()], label=NAMES[model], **style)
        best = chosen_rate(rates, model)
        validation.plot(
            best, validation_f1(here[best]), "o", markersize=14, fillstyle="none", color=MODEL_COLOURS[model]
        )
    for axes, mark in ((test, "A"), (validation, "B")):
        letter(axes, mark)
        if not rates:
            say_not_run(axes)
            continue
        axes.set(xscale="log", xlabel="initial learning rate")
        axes.set_xticks(list(rates), [f"{rate:g}" for rate in rates])
        axes.minorticks_off()
    test.set_title("   test accuracy (%)")
    validation.set_title("   validation macro F1")
    if rates:
        figure.legend(*test.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def draw_differences(answers: Sequence[Answer], margin: float, label: str) -> Figure:
    """One row per contrast: difference with its 90 % (thick) and 95 % (thin) interval, the margin as a band."""
    figure, axes = plt.subplots(figsize=(7.0, 0.42 * max(len(answers), 1) + 1.1))
    if not answers:
        say_not_run(axes)
        return figure
    axes.axvspan(-margin, margin, color="0.92")
    axes.axvline(0, color="black", linewidth=1)
    for place, answer in enumerate(answers):
        result = answer.result
        axes.plot(result.interval95, [place, place], color=PALETTE[0], linewidth=1.3)
        axes.plot(result.interval90, [place, place], color=PALETTE[0], linewidth=4, solid_capstyle="butt")
        axes.plot(result.difference, place, "o", color="white", markeredgecolor=PALETTE[0], markersize=7)
    axes.set_yticks(range(len(answers)), [answer.name for answer in answers])
    axes.set(ylim=(len(answers) - 0.5, -0.5), xlabel=label)
    return figure


def compare(first: RunRecord, second: RunRecord, results: Path) -> McNemar:
    """McNemar's test of two runs on the same test cells."""
    cells = same_cells([first, second], results)
    return mcnemar(cells.labels, *cells.predicted)
