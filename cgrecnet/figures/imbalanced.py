"""Uneven classes on simulated cells: recall of each class, with and without class weights, of two networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.data.cytometer import CytometerOptions
from cgrecnet.evaluation.answers import Answer, judge_family
from cgrecnet.evaluation.bootstrap import class_f1_intervals
from cgrecnet.evaluation.change import balanced_contrast, class_mean
from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.plan import load_plan
from cgrecnet.figures.answers import points
from cgrecnet.figures.dose import NAMES
from cgrecnet.figures.missing import say_not_run
from cgrecnet.figures.style import MODEL_COLOURS, letter
from cgrecnet.paths import REPOSITORY, RESULTS
from cgrecnet.runs.experiments import experiment
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.record import RunRecord
from cgrecnet.runs.same_cells import same_cells

MODELS = ("resnet50", "cg_recnet")
#: Weights this close to 1 change next to nothing of what is asked of a network.
NEARLY_ONE = 0.1
MARK = {"resnet50": "o", "cg_recnet": "D"}
Shares = tuple[float, ...]
#: Class shares -> (model, with class weights) -> run.
Runs = Mapping[Shares, Mapping[tuple[str, bool], RunRecord]]


def planned_shares() -> list[Shares]:
    """The class shares that the sweeps have, the most even first; the paper's are the simulation's own."""
    asked = {
        CytometerOptions(**c.data_options).shares for c in read_sweep(REPOSITORY / "sweeps/simulated-imbalance.yaml")
    }
    return sorted(asked | {CytometerOptions().shares}, key=max)


def imbalance_runs(results: Path = RESULTS) -> dict[Shares, dict[tuple[str, bool], RunRecord]]:
    """The runs by class shares, the most even first, then by model and class weights; empty without runs.

    The paper's shares without weights are the first setting of the noise series.
    """
    found: dict[Shares, dict[tuple[str, bool], RunRecord]] = {}
    for part in ("imbalance", "noise"):
        runs = experiment(part, "cytometer", results)
        for record in runs.records if runs else ():
            model, options = record.config["model"], record.data["options"]
            if model in MODELS and options["noise"] == 1.0:
                found.setdefault(tuple(options["shares"]), {})[model, record.config["class_weights"]] = record
    return {shares: found[shares] for shares in sorted(found, key=max)}


def shares_text(shares: Shares) -> str:
    """`27 / 13 / 60 %`."""
    return " / ".join(f"{100 * share:.0f}" for share in shares) + " %"


def planned_answers(runs: Runs, results: Path = RESULTS) -> list[Answer]:
    """P7: balanced accuracy without class weights, CG-RecNet against baseline, one contrast per class shares."""
    plan = load_plan()
    made = {
        f"CG-RecNet against Baseline, {shares_text(shares)}": _balanced(
            here["cg_recnet", False], here["resnet50", False], results
        )
        for shares, here in runs.items()
        if {(model, False) for model in MODELS} <= set(here)
    }
    return judge_family(made, plan["P7"].margin, plan.alpha, len(planned_shares()))


def weight_answers(runs: Runs, results: Path = RESULTS) -> list[Answer]:
    """Exploratory: what class weights do to the balanced accuracy of each network, one family (margin of P7)."""
    plan = load_plan()
    made = {
        f"{NAMES[model]} with weights against without, {shares_text(shares)}": _balanced(
            here[model, True], here[model, False], results
        )
        for shares, here in runs.items()
        for model in MODELS
        if {(model, True), (model, False)} <= set(here)
    }
    return judge_family(made, plan["P7"].margin, plan.alpha)


def need_of_weights(here: Mapping[tuple[str, bool], RunRecord], results: Path = RESULTS):
    """How much more balanced accuracy the baseline gains by class weights than CG-RecNet: points, 95 % interval, n.

    Exploratory. Positive where CG-RecNet is less in need of them. None where one of the four runs is missing.
    """
    order = [("resnet50", True), ("resnet50", False), ("cg_recnet", True), ("cg_recnet", False)]
    if not set(order) <= set(here):
        return None
    cells = same_cells([here[key] for key in order], results)
    steps = np.array([1, -1, -1, 1]) @ np.array(cells.right, dtype=int)
    found = class_mean(cells.labels, steps, reach=2)
    return found.difference, found.interval95, found.n


def weights_of(record: RunRecord) -> np.ndarray:
    """The class weights of this run's data set: n / (classes * n_c), as its training cells have them up to rounding."""
    counts = np.array([record.data["counts"][name] for name in record.data["classes"]])
    return counts.sum() / (len(counts) * counts)


def luck_words(runs: Runs, weighted: Sequence[Answer]) -> str:
    """What weights that are nearly 1 did: a yardstick for the luck of training; "" where there are no such runs.

    weighted: the answers of `weight_answers` to the same runs.
    """
    for shares, here in runs.items():
        off = np.abs(weights_of(next(iter(here.values()))) - 1).max()
        found = [answer for answer in weighted if answer.name.endswith(shares_text(shares))]
        if found and off < NEARLY_ONE:
            moved = " and ".join(
                f"{points(answer.result.difference)} points for {answer.name.split(' with ')[0]}" for answer in found
            )
            return (
                f"At {shares_text(shares)} every class weight is 1 to within {100 * off:.0f} %, so that with and "
                f"without weights is nearly the same training. Yet the balanced accuracy moved by {moved} (n = 1 pair "
                "of runs each). That is a yardstick for the luck of training: a difference of this size on this page "
                "may be nothing else, whatever its interval over cells says."
            )
    return ""


def class_table(runs: Runs, index: int, results: Path = RESULTS) -> str:
    """Markdown: recall and F1 of one class in every run, with 95 % intervals and n."""
    lines = ["| class shares | network | class weights | recall (%) | F1 (%) | n |", "|---|---|---|---:|---:|---:|"]
    for shares, here in runs.items():
        for model, weighted in sorted(here, key=lambda key: (MODELS.index(key[0]), key[1])):
            record = here[model, weighted]
            cells = same_cells([record], results)
            f1 = class_f1_intervals(cells.labels, cells.probabilities[0], record.data["classes"])[index]
            lines.append(
                f"| {shares_text(shares)} | {NAMES[model]} | {'yes' if weighted else 'no'} | {_recall(record, index)} "
                f"| {_with_interval(100 * f1.f1, *(100 * end for end in f1.interval95))} | {f1.support} |"
            )
    return "\n".join(lines)


def draw_recalls(runs: Runs) -> Figure:
    """One panel per planned class shares: recall of each class, filled without and hollow with class weights.

    Bars: Wilson's 95 % intervals; a setting without runs gets a panel that says so.
    """
    settings = sorted({*planned_shares(), *runs}, key=max)
    figure, panels = plt.subplots(1, len(settings), figsize=(7.2, 3.4), sharey=True, squeeze=False)
    for axes, shares, mark in zip(panels[0], settings, "ABCDEF", strict=False):
        here = runs.get(shares, {})
        axes.set_title(f"   {shares_text(shares)}")
        letter(axes, mark)
        if not here:
            say_not_run(axes)
            continue
        for model, weighted in here:
            _draw_run(axes, here[model, weighted], model, weighted)
        record = next(iter(here.values()))
        names = [f"{_short(entry['name'])}\nn = {entry['support']}" for entry in record.test["per_class"]]
        axes.set_xticks(range(len(names)), names, fontsize=8)
        axes.set(ylim=(-3, 103), xlim=(-0.5, len(names) - 0.5))
    first = next((axes for axes in panels[0] if axes.axison), panels[0][0])
    first.set_ylabel("recall (%)")
    first.tick_params(labelleft=True)
    handles = [
        plt.Line2D([], [], linestyle="", marker=MARK[model], color=MODEL_COLOURS[model], fillstyle=fill, label=label)
        for model in MODELS
        for fill, label in (("full", f"{NAMES[model]}, no weights"), ("none", f"{NAMES[model]}, class weights"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _draw_run(axes, record: RunRecord, model: str, weighted: bool) -> None:
    shift = {
        ("resnet50", False): -0.24,
        ("resnet50", True): -0.08,
        ("cg_recnet", False): 0.08,
        ("cg_recnet", True): 0.24,
    }
    counts = np.array(record.test["confusion"])
    for place, row in enumerate(counts):
        if row.sum():
            share, (low, high) = row[place] / row.sum(), wilson(int(row[place]), int(row.sum()))
            reach = 100 * np.array([[share - low], [high - share]]).clip(0)
            axes.errorbar(
                place + shift[model, weighted], 100 * share, yerr=reach, marker=MARK[model], capsize=2,
                color=MODEL_COLOURS[model], fillstyle="none" if weighted else "full",
            )  # fmt: skip


def _balanced(first: RunRecord, second: RunRecord, results: Path):
    cells = same_cells([first, second], results)
    return balanced_contrast(cells.labels, *cells.predicted)


def _recall(record: RunRecord, index: int) -> str:
    row = np.array(record.test["confusion"])[index]
    low, high = wilson(int(row[index]), int(row.sum()))
    return _with_interval(100 * row[index] / row.sum(), 100 * low, 100 * high)


def _with_interval(value: float, low: float, high: float) -> str:
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _short(name: str) -> str:
    return name if len(name) < 7 else f"{name[:5]}."
