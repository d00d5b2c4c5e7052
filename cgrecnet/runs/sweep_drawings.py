"""Pictures of a sweep: learning curves, two parameters against the score, all parameters at once. All by validation."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from cgrecnet.runs.collect import CHOSEN_BY
from cgrecnet.runs.page import literal, svg

#: Seaborn's `colorblind`, for settings that a legend can name; more than these are coloured by their score.
COLOURS = ("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#949494", "#56b4e9")
#: Lines above which they are drawn as pixels, so that the page stays small.
MANY = 500
#: From this ratio of the ends on, an axis is logarithmic.
DECADES = 100
_SCORE = "validation macro F1"


@dataclass(frozen=True)
class Curve:
    """A run's epochs; setting: what it is a repeat of; stopped: whether it was ended early."""

    setting: str
    history: Sequence[Mapping[str, Any]]
    stopped: bool = False


def learning_curves(curves: Sequence[Curve]) -> str:
    """Score and loss on validation cells by epoch, a line per run."""
    settings = list(dict.fromkeys(curve.setting for curve in curves))
    last = {curve.setting: max(entry[CHOSEN_BY] for entry in curve.history) for curve in curves if curve.history}
    few = len(settings) <= len(COLOURS)
    colour = dict(zip(settings, COLOURS, strict=False)) if few else _by_score(last)
    figure = Figure(figsize=(9, 3.6 + (0.22 * len(settings) if few else 0)), layout="constrained", facecolor="white")
    panels = figure.subplots(1, 2)
    named: set[str] = set()
    for curve in curves:
        if not curve.history:
            continue
        epochs = [entry["epoch"] for entry in curve.history]
        for axes, name in zip(panels, (CHOSEN_BY, "validation_loss"), strict=True):
            values = [entry.get(name, math.nan) for entry in curve.history]
            (line,) = axes.plot(
                epochs, values, color=colour[curve.setting], linewidth=1.3, marker="x" if curve.stopped else ".",
                markevery=[-1], linestyle="--" if curve.stopped else "-", rasterized=len(curves) > MANY,
            )  # fmt: skip
            if few and axes is panels[0] and curve.setting not in named:
                line.set_label(literal(curve.setting))
                named.add(curve.setting)
    panels[0].set(xlabel="epoch", ylabel=_SCORE)
    panels[1].set(xlabel="epoch", ylabel="validation loss")
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    if few:
        figure.legend(loc="outside lower center", frameon=False, fontsize=8)
    return svg(figure)


def two_parameters(table: pd.DataFrame, x: str, y: str) -> str:
    """Mean score by two parameters: a heat map, or dots where most of their combinations have no run."""
    across, down = _Scale(table[x]), _Scale(table[y])
    mean = table.groupby([table[x].map(repr), table[y].map(repr)])[CHOSEN_BY].agg(["mean", "size"])
    norm = Normalize(mean["mean"].min(), mean["mean"].max())
    width, height = min(3 + 0.9 * len(across.values), 10), min(2 + 0.6 * len(down.values), 8)
    if 2 * len(mean) < len(across.values) * len(down.values):
        figure = Figure(figsize=(6.5, 4.5), layout="constrained", facecolor="white")
        axes = figure.subplots()
        shown = axes.scatter(
            [across.at(v) for v in table[x]], [down.at(v) for v in table[y]],
            c=table[CHOSEN_BY], cmap="viridis", norm=norm,
        )  # fmt: skip
        axes.set_xticks(*_ticks(across))
        axes.set_yticks(*_ticks(down))
    else:
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
        axes = figure.subplots()
        cells = np.full((len(down.values), len(across.values)), np.nan)
        for (right, up), row in mean.iterrows():
            at = down.names.index(up), across.names.index(right)
            cells[at] = row["mean"]
            dark = norm(row["mean"]) < 0.6
            words = f"{row['mean']:.3f}" + (f"\nn = {row['size']:.0f}" if row["size"] > 1 else "")
            axes.text(at[1], at[0], words, ha="center", va="center", fontsize=8, color="white" if dark else "black")
        shown = axes.imshow(cells, cmap="viridis", norm=norm, aspect="auto", origin="lower")
        axes.set_xticks(range(len(across.values)), map(_word, across.values), rotation=30, ha="right")
        axes.set_yticks(range(len(down.values)), map(_word, down.values))
    axes.set(xlabel=literal(x), ylabel=literal(y))
    figure.colorbar(shown, label=_SCORE)
    return svg(figure)


def parallel_coordinates(table: pd.DataFrame, names: Sequence[str]) -> str:
    """A line per row through its value on one axis per parameter, to its score on the last; bright is better."""
    columns = [*names, CHOSEN_BY]
    scales = [_Scale(table[name]) for name in columns]
    figure = Figure(figsize=(max(5, 1.7 * len(columns)), 4.2), layout="constrained", facecolor="white")
    axes = figure.subplots()
    norm = Normalize(table[CHOSEN_BY].min(), table[CHOSEN_BY].max())
    for _, row in table.sort_values(CHOSEN_BY).iterrows():
        heights = [scale.at(row[name]) for scale, name in zip(scales, columns, strict=True)]
        axes.plot(
            range(len(columns)), heights, color=colormaps["viridis"](norm(row[CHOSEN_BY])), linewidth=1.4, alpha=0.8,
            rasterized=len(table) > MANY,
        )  # fmt: skip
    for place, scale in enumerate(scales):
        axes.axvline(place, color="black", linewidth=0.8)
        for height, word in zip(*_ticks(scale), strict=True):
            behind = {"color": "white", "alpha": 0.7, "pad": 1}
            axes.text(place + 0.03, height, word, fontsize=8, va="center", bbox=behind)
    labels = [*map(literal, names), _SCORE]
    axes.set_xticks(range(len(columns)), labels, rotation=15, ha="right")
    axes.set(xlim=(-0.1, len(columns) - 0.5), ylim=(-0.06, 1.06), yticks=[])
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    return svg(figure)


class _Scale:
    """An axis from 0 to 1: numbers by value or logarithm, everything else at even distances in order of appearance."""

    def __init__(self, values: pd.Series) -> None:
        distinct = {repr(value): value for value in values}
        self.numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in distinct.values())
        self.numeric = self.numeric and all(map(math.isfinite, distinct.values()))
        names = sorted(distinct, key=distinct.get) if self.numeric else list(distinct)
        self.names, self.values = names, [distinct[name] for name in names]
        low, high = (self.values[0], self.values[-1]) if self.numeric else (0, 0)
        self.log = self.numeric and low > 0 and high / low >= DECADES
        self.ends = (math.log(low), math.log(high)) if self.log else (low, high)

    def at(self, value: Any) -> float:
        """The place of a value."""
        if not self.numeric:
            return self.names.index(repr(value)) / max(len(self.names) - 1, 1)
        low, high = self.ends
        return ((math.log(value) if self.log else value) - low) / (high - low) if high > low else 0.5

    def ticks(self) -> list[Any]:
        """Values to write beside the axis: all where they are few, else five from end to end."""
        if len(self.values) <= 6 or not self.numeric:
            return self.values
        places = np.linspace(*self.ends, 5)
        return [float(f"{value:.3g}") for value in (np.exp(places) if self.log else places)]


def _ticks(scale: _Scale) -> tuple[list[float], list[str]]:
    return [scale.at(value) for value in scale.ticks()], [_word(value) for value in scale.ticks()]


def _word(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return literal(text if len(text) <= 30 else text[:27] + "...")


def _by_score(scores: Mapping[str, float]) -> dict[str, Any]:
    norm = Normalize(min(scores.values(), default=0), max(scores.values(), default=1))
    return {name: colormaps["viridis"](norm(score)) for name, score in scores.items()}
