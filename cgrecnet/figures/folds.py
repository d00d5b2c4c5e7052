"""Scores of several networks over folds: means with their n, boxes, and the curves of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter
from cgrecnet.models.zoo import SYSTEMS
from cgrecnet.runs.record import RunRecord

#: Column title -> where the score stands in a record's `test`.
SCORES = {
    "accuracy": ("accuracy",),
    "weighted F1": ("weighted", "f1"),
    "macro F1": ("macro", "f1"),
    "balanced accuracy": ("balanced_accuracy",),
}


def title_of(model: str) -> str:
    """Short title of a system: `Baseline`, `CG-RecNet`."""
    return SYSTEMS[model].title.split(" (")[0]


def by_model(records: Sequence[RunRecord]) -> dict[str, list[RunRecord]]:
    """Model -> its records, in the order of the records."""
    found: dict[str, list[RunRecord]] = {}
    for record in records:
        found.setdefault(record.config["model"], []).append(record)
    return found


def score_of(record: RunRecord, name: str) -> float:
    """A score of a run in per cent, by its title in `SCORES`; KeyError for another."""
    value = record.test
    for step in SCORES[name]:
        value = value[step]
    return 100 * value


def mean_text(values: Sequence[float]) -> str:
    """`84.2 ± 0.6` (mean and SD with n - 1); one value alone has no SD."""
    values = np.asarray(values, dtype=float)
    if len(values) == 0:
        return "not run"
    return f"{values.mean():.2f}" + (f" ± {values.std(ddof=1):.2f}" if len(values) > 1 else "")


def draw_boxes(records: Sequence[RunRecord], score: str = "accuracy") -> Figure:
    """A box per model over its folds, every fold as a dot, the dots of one fold joined by a thin line."""
    groups = by_model(records)
    figure, axes = plt.subplots(figsize=(7.0, 3.4))
    for fold in sorted({record.config["fold"] for record in records}):
        own = [(place, score_of(r, score)) for place, rs in enumerate(groups.values()) for r in rs
               if r.config["fold"] == fold]  # fmt: skip
        axes.plot(*zip(*own, strict=True), color="0.75", linewidth=1, zorder=1)
    for place, (model, own) in enumerate(groups.items()):
        colour, values = MODEL_COLOURS.get(model, PALETTE[4]), [score_of(r, score) for r in own]
        if len(values) > 1:
            axes.boxplot(
                [values], positions=[place], widths=0.45, showfliers=False,
                boxprops={"color": colour}, whiskerprops={"color": colour}, capprops={"color": colour},
                medianprops={"color": colour, "linewidth": 2},
            )  # fmt: skip
        axes.plot([place] * len(values), values, "o", color=colour, markersize=5, zorder=3)
    axes.set_xticks(range(len(groups)), [f"{title_of(m)}\n(n = {len(own)})" for m, own in groups.items()])
    axes.set(ylabel=f"{score} on the test fold (%)", xlim=(-0.5, len(groups) - 0.5))
    return figure


def draw_fold_curves(records: Sequence[RunRecord]) -> Figure:
    """Over epochs, the mean of each model (thick) and its folds (thin).

    A: training loss; B: validation loss; C: validation accuracy; D: learning rate.
    """
    figure, grid = plt.subplots(2, 2, figsize=(7.0, 5.0))
    axes = grid.ravel()
    names = ("train_loss", "validation_loss", "validation_accuracy", "learning_rate")
    titles = ("training loss", "validation loss", "validation accuracy (%)", "learning rate")
    for place, name, title, mark in zip(axes, names, titles, "ABCD", strict=True):
        scale = 100 if name == "validation_accuracy" else 1
        style = "steps-mid" if name == "learning_rate" else "default"
        for model, own in by_model(records).items():
            colour = MODEL_COLOURS.get(model, PALETTE[4])
            lines = [[scale * entry[name] for entry in record.history] for record in own]
            for line in lines:
                place.plot(range(1, len(line) + 1), line, color=colour, linewidth=0.7, alpha=0.4, drawstyle=style)
            length = min(map(len, lines))
            mean = np.mean([line[:length] for line in lines], axis=0)
            place.plot(range(1, length + 1), mean, "o-", color=colour, markersize=3, drawstyle=style,
                       label=title_of(model))  # fmt: skip
        place.set_title(title)
        place.set(xlabel="epoch")
        place.xaxis.get_major_locator().set_params(integer=True)
        letter(place, mark)
    axes[3].set_yscale("log")
    axes[3].minorticks_off()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)
    return figure


def last_gaps(groups: Mapping[str, Sequence[RunRecord]]) -> dict[str, float]:
    """Model -> accuracy in training minus in validation after its last epoch, in points, the mean over its folds."""
    return {
        model: float(np.mean([100 * (r.history[-1]["train_accuracy"] - r.history[-1]["validation_accuracy"])
                              for r in own]))
        for model, own in groups.items()
    }  # fmt: skip
