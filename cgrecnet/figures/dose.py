"""Dose and response on simulated cells: accuracy as noise or debris rises, and which network loses less."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.evaluation.answers import Answer, judge_family
from cgrecnet.evaluation.change import Contrast, change_contrast
from cgrecnet.evaluation.counts import mcnemar, wilson
from cgrecnet.evaluation.plan import Plan, load_plan
from cgrecnet.figures.missing import say_not_run
from cgrecnet.figures.style import MODEL_COLOURS, letter
from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import experiment
from cgrecnet.runs.record import RunRecord
from cgrecnet.runs.same_cells import same_cells

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


def dose_table(doses: Doses) -> str:
    """Markdown: accuracy in per cent with Wilson's 95 % interval, one row per network, one column per setting."""
    lines = ["| network | " + " | ".join(f"{level:g}" for level in doses) + " |", "|---|" + "---:|" * len(doses)]
    for model, name in NAMES.items():
        cells = [_accuracy(runs[model]) if model in runs else "not run" for runs in doses.values()]
        if any(cell != "not run" for cell in cells):
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw_doses(series: Mapping[str, Doses]) -> Figure:
    """One panel per dial: accuracy of each network over its settings, Wilson's 95 % intervals, the largest class.

    series: dial -> settings -> model -> run; a dial without runs gets a panel that says so.
    """
    figure, panels = plt.subplots(1, len(series), figsize=(7.2, 3.3), sharey=True, squeeze=False)
    for axes, (dial, doses), mark in zip(panels[0], series.items(), "AB", strict=False):
        _draw_dial(axes, dial, doses)
        letter(axes, mark)
    panels[0][0].set_ylabel("accuracy (%)")
    handles = [
        plt.Line2D([], [], color=MODEL_COLOURS[model], marker=MARKS[model], label=name) for model, name in NAMES.items()
    ]
    handles.append(plt.Line2D([], [], color="black", linestyle=":", label="largest class alone"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _draw_dial(axes, dial: str, doses: Doses) -> None:
    axes.set_title(f"   {dial}")
    if not doses:
        say_not_run(axes)
        return
    places = np.arange(len(doses))
    for index, (model, name) in enumerate(NAMES.items()):
        here = [(place, runs[model]) for place, runs in zip(places, doses.values(), strict=True) if model in runs]
        if here:
            x = np.array([place for place, _ in here]) + 0.07 * (index - 1.5)
            middle, reach = _bars([run for _, run in here])
            axes.errorbar(
                x, middle, yerr=reach, marker=MARKS[model], color=MODEL_COLOURS[model], capsize=3, label=name
            )
    first = next(iter(next(iter(doses.values())).values()))
    axes.axhline(100 * majority_share(first), color="black", linestyle=":", linewidth=1.2)
    axes.set_xticks(places, [f"{level:g}" for level in doses])
    axes.set(xlabel=dial_words(dial), xlim=(-0.4, len(doses) - 0.6))


def dial_words(dial: str) -> str:
    """What a setting of the dial is, for an axis."""
    return {"noise": "noise (1: calibrated camera)", "debris": "share of cells with debris"}[dial]


def right_counts(record: RunRecord) -> tuple[int, int]:
    """Test cells that a run has right, and all of them."""
    counts = np.array(record.test["confusion"])
    return int(np.trace(counts)), int(counts.sum())


def _bars(runs: list[RunRecord]) -> tuple[np.ndarray, np.ndarray]:
    counts = [right_counts(run) for run in runs]
    middle = np.array([100 * right / n for right, n in counts])
    ends = 100 * np.array([wilson(right, n) for right, n in counts])
    return middle, np.array([middle - ends[:, 0], ends[:, 1] - middle]).clip(0)


def _accuracy(record: RunRecord) -> str:
    right, n = right_counts(record)
    low, high = wilson(right, n)
    return f"{100 * right / n:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def _ends(doses: Doses) -> tuple[float, float] | None:
    return (min(doses), max(doses)) if len(doses) > 1 else None
