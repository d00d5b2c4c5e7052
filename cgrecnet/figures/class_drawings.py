"""Drawings of the page on single classes: F1 per class, confusion matrices with intervals, ROC curves with bands."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cgrecnet.evaluation.areas import Areas, curve_band
from cgrecnet.evaluation.bootstrap import class_f1_intervals
from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.classes import NAMES
from cgrecnet.figures.style import MODEL_COLOURS, letter
from cgrecnet.paper.tables import Table
from cgrecnet.runs.pooled import Pooled

_MARKS = "osD^vP*X"


def draw_f1(pooled: Pooled, table: Table) -> Figure:
    """A: F1 of each class and model with 95 % intervals; B: the paper's Table 5, other cells, printed without any."""
    figure, (ours, theirs) = plt.subplots(1, 2, figsize=(7.0, 3.4), sharey=True)
    for number, model in enumerate(pooled.models):
        found = class_f1_intervals(pooled.labels, pooled.probabilities[model], pooled.classes)
        places = np.arange(len(found)) + 0.14 * (number - (len(pooled.models) - 1) / 2)
        values = 100 * np.array([one.f1 for one in found])
        bars = np.abs(100 * np.array([one.interval95 for one in found]).T - values)
        style = {"color": MODEL_COLOURS.get(model), "label": NAMES.get(model, model)}
        ours.errorbar(places, values, bars, fmt=_MARKS[number], markersize=5, **style)
    models = [column for column in table.columns if column not in ("support", "improvement")]
    colours = {NAMES[name]: colour for name, colour in MODEL_COLOURS.items() if name in NAMES}
    for number, model in enumerate(models):
        cells = [table.cell(row, model) for row in table.rows]
        places = np.arange(len(cells)) + 0.11 * (number - (len(models) - 1) / 2)
        values = [np.nan if cell is None else cell.number for cell in cells]
        known = colours.get(model)
        grey = {"color": known} if known else {"color": "#777", "markerfacecolor": "none"}
        theirs.plot(places, values, _MARKS[-1 - number] if not known else "o", markersize=5, label=model, **grey)
    ours.set_xticks(range(len(pooled.classes)), pooled.classes)
    theirs.set_xticks(range(len(table.rows)), [name.replace("Oligo", "Oligo-\n") for name in table.rows])
    data = pooled.records[0].data["name"]
    ours.set(title=f"here: {data} cells", ylabel="F1 (%)")
    theirs.set(title="the paper: its own cells")
    for axes, text in ((ours, "A"), (theirs, "B")):
        axes.legend(fontsize=8, ncols=2, loc="lower center")
        axes.grid(axis="y", color="#ddd")
        letter(axes, text)
    lowest = min(ours.get_ylim()[0], theirs.get_ylim()[0])
    ours.set_ylim(max(0, lowest - 0.45 * (100 - lowest)), 101)
    return figure


def draw_pooled_confusions(pooled: Pooled) -> Figure:
    """One confusion matrix per model: counts, shares of the true class, and Wilson's 95 % interval of each share."""
    rows = -(-len(pooled.models) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(7.0, 3.4 * rows), squeeze=False)
    for place in axes.flat[len(pooled.models) :]:
        place.set_axis_off()
    for place, model, text in zip(axes.flat, pooled.models, "ABCDEFGH", strict=False):
        _confusion(place, pooled.confusion(model), pooled.classes)
        place.set_title(NAMES.get(model, model))
        letter(place, text)
    return figure


def _confusion(axes: Axes, counts: np.ndarray, classes: tuple[str, ...]) -> None:
    totals = counts.sum(axis=1)
    axes.imshow(counts / np.maximum(totals[:, None], 1), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if not totals[row]:
            continue
        low, high = wilson(int(count), int(totals[row]))
        share = count / totals[row]
        text = f"{count:,}\n{share:.1%}\n({100 * low:.1f} to {100 * high:.1f})"
        colour = "white" if share > 0.6 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), [f"{name}\n{total:,}" for name, total in zip(classes, totals, strict=True)])
    axes.set(xlabel="predicted", ylabel="true")


def draw_roc(pooled: Pooled, by_model: Mapping[str, Areas], banded: str = "cg_recnet", resamples: int = 200) -> Figure:
    """A, B, ...: ROC curve of each class against the rest, with a band for one model; last: areas with intervals."""
    count = len(pooled.classes)
    figure = plt.figure(figsize=(7.0, 5.2))
    grid = figure.add_gridspec(2, count)
    rates = np.concatenate([np.linspace(0, 0.1, 101)[:-1], np.linspace(0.1, 1, 91)])
    for index, name in enumerate(pooled.classes):
        axes = figure.add_subplot(grid[0, index])
        axes.plot(rates, rates, color="#bbb", linestyle=":")
        for model in by_model:
            colour = MODEL_COLOURS.get(model)
            wanted = resamples if model == banded else 1
            curve, low, high = curve_band(pooled.labels, pooled.probabilities[model], index, rates, wanted)
            axes.plot(np.append(0, rates), np.append(0, curve), color=colour, linewidth=1.3)
            if model == banded:
                axes.fill_between(rates, low, high, color=colour, alpha=0.25, linewidth=0)
        # Good curves crowd near 0: the root gives them room and keeps the whole range.
        axes.set_xscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0)), np.square))
        axes.set_xticks([0, 0.05, 0.2, 0.5, 1], ["0", "0.05", "0.2", "0.5", "1"], fontsize=8)
        axes.set(title=f"{name} against the rest", xlabel="false positive rate", xlim=(0, 1), ylim=(0, 1.02))
        if not index:
            axes.set_ylabel("true positive rate")
        letter(axes, "ABCDEFG"[index])
    axes = figure.add_subplot(grid[1, :])
    _areas(axes, (*pooled.classes, "macro"), by_model)
    letter(axes, "ABCDEFG"[count])
    return figure


def _areas(axes: Axes, names: tuple[str, ...], by_model: Mapping[str, Areas]) -> None:
    for number, (model, area) in enumerate(by_model.items()):
        ends = np.array([area.interval(index) for index in range(len(names))]).T
        places = np.arange(len(names)) + 0.14 * (number - (len(by_model) - 1) / 2)
        style = {"color": MODEL_COLOURS.get(model), "label": NAMES.get(model, model)}
        axes.errorbar(places, area.values, np.abs(ends - area.values), fmt=_MARKS[number], markersize=5, **style)
    axes.set_xticks(range(len(names)), names)
    axes.set(ylabel="area under the curve")
    axes.grid(axis="y", color="#ddd")
    axes.legend(fontsize=8, ncols=4, loc="lower left", bbox_to_anchor=(0, 1))
