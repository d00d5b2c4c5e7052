"""One page about a sweep that opens without a network: curves, two parameters, all of them, and the table.

All pictures are of validation cells.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib import colormaps
from matplotlib.colors import Normalize
from seaborn import color_palette

from cgrecnet.data.base import kind_of_cells
from cgrecnet.errors import ConfigError
from cgrecnet.runs import page
from cgrecnet.runs.collect import CHOSEN_BY, REPEATS, SCORES, best, collect, summarise
from cgrecnet.runs.halving import settings_of
from cgrecnet.runs.page import epoch_panels, literal, panels, svg
from cgrecnet.runs.query import record_of
from cgrecnet.runs.run_id import PlannedRun

#: Settings that a legend can name; more than these are coloured by their score.
COLOURS = color_palette("colorblind", 8)
#: Lines above which they are drawn as pixels, so that the page stays small.
MANY = 500
#: From this ratio of the ends on, an axis is logarithmic.
DECADES = 100
_SCORE = "validation macro F1"

#: What a curve is a repeat of, the run's epochs, and whether it was stopped early.
Curve = tuple[str, Sequence[Mapping[str, Any]], bool]


def write_page(
    path: Path,
    plans: Sequence[PlannedRun],
    results: Path,
    stopped: Mapping[str, Mapping[str, Any]],
    pair: tuple[str | None, str | None] = (None, None),
) -> pd.DataFrame:
    """Write the page about the runs of a sweep that have a record; every text of theirs is escaped.

    stopped: as `halving.stopped_runs` gives it. pair: the parameters of the heat map; None: those with most values.
    Returns the table of `collect`. Raises RunError where no run has a record or the file cannot be written, ConfigError
    for a pair that does not vary.
    """
    table = collect(plans, results, partial=True, stopped=stopped)
    varied = [name for name in table.attrs["varying"] if table[name].map(repr).nunique() > 1]
    names = [name for name in varied if name not in REPEATS]
    for name in filter(None, pair):
        if name not in varied:
            known = ", ".join(varied) or "none"
            raise ConfigError(f"{name!r} does not vary among the runs that are done; {known} do.")
    rest = iter(sorted(set(names) - set(pair), key=lambda name: (-table[name].map(repr).nunique(), names.index(name))))
    x, y = (name or next(rest, None) for name in pair)
    curves: list[Curve] = []
    for setting, runs in settings_of(plans).items():
        for plan in runs:
            if record := record_of(plan, results):
                curves.append((setting, record.history, False))
            elif plan.run_id in stopped:
                curves.append((setting, stopped[plan.run_id]["history"], True))
    page.write_page(
        path,
        f"Sweep: {plans[0].config.experiment}",
        Path(__file__).with_name("sweep.html"),
        "sweep.css",
        "name another with --out",
        experiment=plans[0].config.experiment,
        table=table,
        by=CHOSEN_BY.replace("_", " "),
        curves=learning_curves(curves),
        pair=(x, y),
        map=two_parameters(table, x, y) if x and y else None,
        parallel=parallel_coordinates(table, names) if names else None,
        rows=_rows(table),
        **_overview(plans, table, results),
    )
    return table


def _rows(table: pd.DataFrame) -> Markup:
    """The runs as a table, the best first; pandas escapes their texts."""
    rows = table.sort_values(CHOSEN_BY, ascending=False)[["run_id", *table.attrs["varying"], *SCORES]]
    with pd.option_context("display.max_colwidth", None):
        return Markup(rows.to_html(index=False, float_format="{:.4g}".format))


def _overview(plans: Sequence[PlannedRun], table: pd.DataFrame, results: Path) -> dict[str, Any]:
    """On which cells runs were done, and what the validation cells choose."""
    chosen = best(summarise(table))
    keys = [name for name in table.attrs["varying"] if name not in REPEATS]
    seen = [record.data for record in (record_of(plan, results) for plan in plans) if record]
    cells = {f"{d['name']} ({d['cells']} {kind_of_cells(d['name'], d['simulated'])})" for d in seen}
    return {
        "cells": sorted(cells),
        "setting": ", ".join(f"{name} = {chosen[name]}" for name in keys) or "the only setting",
        "score": chosen[f"{CHOSEN_BY}_mean"],
        "n": int(chosen["n"]),
        "tested": chosen["test_accuracy_mean"],
    }


def learning_curves(curves: Sequence[Curve]) -> Markup:
    """Score and loss on validation cells by epoch, a line per run."""
    curves = [curve for curve in curves if curve[1]]
    reached = {setting: max(entry[CHOSEN_BY] for entry in history) for setting, history, _ in curves}
    few = len(reached) <= len(COLOURS)
    norm = Normalize(min(reached.values(), default=0), max(reached.values(), default=1))
    colours = COLOURS if few else [colormaps["viridis"](norm(score)) for score in reached.values()]
    colour = dict(zip(reached, colours, strict=False))
    figure, *both = epoch_panels(3.6 + (0.22 * len(reached) if few else 0))
    lines = {}
    for setting, history, stopped in curves:
        epochs = [entry["epoch"] for entry in history]
        for axes, name in zip(both, (CHOSEN_BY, "validation_loss"), strict=True):
            (lines[setting],) = axes.plot(
                epochs, [entry.get(name, math.nan) for entry in history], color=colour[setting], linewidth=1.3,
                marker="x" if stopped else ".", markevery=[-1], linestyle="--" if stopped else "-",
                rasterized=len(curves) > MANY,
            )  # fmt: skip
    both[0].set(ylabel=_SCORE)
    both[1].set(ylabel="validation loss")
    if few:
        figure.legend(lines.values(), map(literal, lines), loc="outside lower center", frameon=False, fontsize=8)
    return svg(figure)


def two_parameters(table: pd.DataFrame, x: str, y: str) -> Markup:
    """Mean score by two parameters: a coloured square for each of their combinations that has a run."""
    (across, *_), (up, *_) = axes_of = _axis(table[x]), _axis(table[y])
    means = table.groupby([across, up], sort=False)[CHOSEN_BY].agg(["mean", "size"])
    figure, axes = panels(8, 5.5)
    few = len(means) <= 40
    right, above = zip(*means.index, strict=True)
    shown = axes.scatter(right, above, c=means["mean"], cmap="viridis", marker="s", s=1600 if few else 60)
    for (at, mean, size) in zip(means.index, means["mean"], means["size"], strict=True) if few else ():
        words = f"{mean:.3f}" + (f"\nn = {size}" if size > 1 else "")
        dark = shown.norm(mean) < 0.6
        axes.annotate(words, at, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    for axis, (places, values) in zip((axes.xaxis, axes.yaxis), axes_of, strict=True):
        axis.set_ticks(*_ticks(places, values))
    axes.margins(0.15)
    axes.set(xlabel=literal(x), ylabel=literal(y))
    figure.colorbar(shown, label=_SCORE)
    return svg(figure)


def parallel_coordinates(table: pd.DataFrame, names: Sequence[str]) -> Markup:
    """A line per row through its value on one axis per parameter, to its score on the last; bright is better."""
    columns = [_axis(table[name]) for name in (*names, CHOSEN_BY)]
    figure, axes = panels(max(5, 1.7 * len(columns)), 4.2)
    norm = Normalize(table[CHOSEN_BY].min(), table[CHOSEN_BY].max())
    for score, *heights in sorted(zip(table[CHOSEN_BY], *(places for places, _ in columns), strict=True)):
        axes.plot(heights, color=colormaps["viridis"](norm(score)), alpha=0.8, rasterized=len(table) > MANY)
    for number, column in enumerate(columns):
        axes.axvline(number, color="black", linewidth=0.8)
        for height, word in zip(*_ticks(*column), strict=True):
            behind = {"color": "white", "alpha": 0.7, "pad": 1}
            axes.text(number + 0.03, height, word, fontsize=8, va="center", bbox=behind)
    axes.set_xticks(range(len(columns)), [*map(literal, names), _SCORE], rotation=15, ha="right")
    axes.set(xlim=(-0.1, len(columns) - 0.5), ylim=(-0.06, 1.06), yticks=[])
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    return svg(figure)


def _axis(values: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """Where values stand on an axis from 0 to 1, and the values.

    Numbers stand by value, or by logarithm from two decades on; everything else at even distances, as it comes.
    """
    values = list(values)
    if all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values):
        wide = min(values) > 0 and max(values) / min(values) >= DECADES
        places = np.log(values) if wide else np.array(values, float)
    else:
        known = list(dict.fromkeys(map(repr, values)))
        places = np.array([known.index(repr(value)) for value in values], float)
    reach = np.ptp(places)
    return (places - places.min()) / reach if reach else np.full(len(places), 0.5), values


def _ticks(places: np.ndarray, values: Sequence[Any]) -> tuple[list[float], list[str]]:
    """Places and words of the values, all where they are few or words, else six from end to end."""
    found = sorted(dict(zip(places, values, strict=True)).items())
    if len(found) > 6 and isinstance(found[0][1], int | float):
        found = [found[round(share * (len(found) - 1))] for share in np.linspace(0, 1, 6)]
    words = [f"{value:.4g}" if isinstance(value, float) else str(value) for _, value in found]
    return [place for place, _ in found], [literal(w if len(w) <= 30 else w[:27] + "...") for w in words]
