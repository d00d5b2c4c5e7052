"""Pictures of what training costs: rooflines, ratios with quartiles, memory, the protocol's bill, linear sweeps."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from cgrecnet.bench.schema import MemoryRecord, ModelRow, ModelsRecord, ProtocolRecord, Quartiles
from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter
from cgrecnet.models.zoo import title_of
from cgrecnet.paths import RESULTS

PRECISION_TITLES = {"32": "float32", "bf16": "bfloat16"}
PART_COLOURS = {"weights": PALETTE[0], "moments": PALETTE[9], "kept": PALETTE[1], "batch": PALETTE[7]}


def colour_of(model: str):
    """The book's colour of a model; one for all comparators."""
    return MODEL_COLOURS.get(model, PALETTE[4])


def cards_measured(results: Path = RESULTS) -> list[str]:
    """Names of the graphics cards in the records of benchmarks, sorted; empty where none was measured."""
    found = set()
    for path in Path(results).glob("bench-*/*.json"):
        values = json.loads(path.read_text(encoding="utf-8"))
        hardware = values.get("hardware") if isinstance(values, dict) else None
        if isinstance(hardware, dict) and hardware.get("gpu"):
            found.add(hardware["gpu"])
    return sorted(found)


def intensity(row: ModelRow) -> float:
    """Operations per byte moved."""
    return row.flops / sum(row.byte_counts.values())


def achieved(row: ModelRow) -> float:
    """Operations per second."""
    return row.flops / row.seconds.median


def roof(record: ModelsRecord, row: ModelRow) -> float:
    """The most operations per second that the two measured limits allow a pass of this intensity."""
    limits = record.limits
    return min(limits.flops_per_second[row.precision], intensity(row) * limits.bytes_per_second)


def eager_rows(record: ModelsRecord, kind: str, precision: str) -> list[ModelRow]:
    """The measured rows of one kind of pass and precision that were not compiled, in the order of the models."""
    return [
        row
        for row in record.rows
        if (row.kind, row.precision, row.compiled, row.skipped) == (kind, precision, False, None)
    ]


def draw_roofline(record: ModelsRecord, kind: str = "training") -> Figure:
    """Operations per second against operations per byte, float32 (A) and bfloat16 (B), under the measured limits."""
    figure, both = plt.subplots(1, 2, figsize=(7.0, 3.6), sharey=True)
    for axes, precision, name in zip(both, PRECISION_TITLES, "AB", strict=True):
        rows = eager_rows(record, kind, precision)
        _draw_roof(axes, record, precision, [intensity(row) for row in rows])
        for number, row in enumerate(rows, start=1):
            x, y = intensity(row), achieved(row) / 1e9
            axes.plot(x, y, "o", color=colour_of(row.model), markersize=5)
            beside = (4, -9) if number % 2 else (-9, 4)  # neighbours in the table are often neighbours here
            axes.annotate(str(number), (x, y), xytext=beside, textcoords="offset points", fontsize=8)
        axes.set(xscale="log", yscale="log", xlabel="operations per byte moved", title=PRECISION_TITLES[precision])
        _plain_ticks(axes.xaxis)
        letter(axes, name)
    _plain_ticks(both[0].yaxis)
    both[0].set_ylabel("10⁹ operations per second")
    return figure


def _plain_ticks(axis: Axis) -> None:
    """A logarithmic axis with numbers at 1, 2 and 5, written out."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:,g}")
    axis.set_minor_formatter(NullFormatter())


def _draw_roof(axes: Axes, record: ModelsRecord, precision: str, at: Sequence[float]) -> None:
    peak, memory = record.limits.flops_per_second[precision], record.limits.bytes_per_second
    knee = peak / memory
    x = np.geomspace(min([*at, knee]) / 2, max([*at, knee]) * 2, 100)
    axes.plot(x, np.minimum(peak, x * memory) / 1e9, color="black", linewidth=1)
    axes.plot([knee, knee], [0, peak / 1e9], ":", color="grey", linewidth=1)


def draw_ratios(rows: Mapping[str, Quartiles], label: str, goal: float | None = None) -> Figure:
    """A line per ratio: its median as a dot, its quartiles as a bar; equality, and the goal, as vertical lines."""
    figure, axes = plt.subplots(figsize=(7.0, 0.9 + 0.32 * len(rows)))
    for y, found in enumerate(rows.values()):
        axes.plot([found.lower, found.upper], [y, y], color=PALETTE[0], linewidth=3, alpha=0.5, solid_capstyle="butt")
        axes.plot(found.median, y, "o", color=PALETTE[0])
    axes.axvline(1, color="grey", linewidth=1)
    if goal is not None:
        axes.axvline(goal, color=PALETTE[3], linestyle="--", linewidth=1)
        axes.annotate("goal", (goal, 1), xycoords=("data", "axes fraction"), xytext=(3, -2), fontsize=8,
                      textcoords="offset points", ha="left", va="top", color=PALETTE[3])  # fmt: skip
    axes.set(yticks=range(len(rows)), yticklabels=list(rows), ylim=(len(rows) - 0.5, -0.5), xlabel=label)
    return figure


def draw_memory(record: MemoryRecord, limit: float) -> Figure:
    """Training in float32: bars of what any device has to hold, a ring at the measured peak; bfloat16's peak beside."""
    rows = {row.model: row for row in record.rows if (row.kind, row.precision) == ("training", "32")}
    half = {row.model: row for row in record.rows if (row.kind, row.precision) == ("training", "bf16")}
    figure, axes = plt.subplots(figsize=(7.0, 0.9 + 0.36 * len(rows)))
    for y, row in enumerate(rows.values()):
        left = 0.0
        for part, colour in PART_COLOURS.items():
            width = (row.parts or {}).get(part, 0) / 1e9
            axes.barh(y, width, left=left, color=colour, height=0.6, label=part if y == 0 else None)
            left += width
        axes.plot(row.peak / 1e9, y, "o", color="black", mfc="white", label="peak, float32" if y == 0 else None)
        if row.model in half:
            axes.plot(half[row.model].peak / 1e9, y, "x", color="black", label="peak, bfloat16" if y == 0 else None)
    axes.axvline(limit / 1e9, color=PALETTE[3], linestyle="--", linewidth=1)
    axes.annotate("the paper's card", (limit / 1e9, 0), xycoords=("data", "axes fraction"), xytext=(-4, 4), fontsize=8,
                  textcoords="offset points", ha="right", color=PALETTE[3])  # fmt: skip
    axes.set(yticks=range(len(rows)), yticklabels=[title_of(name) for name in rows], xlabel="GB")
    axes.set(ylim=(len(rows) - 0.4, -0.6), xlim=(0, None))
    axes.legend(fontsize=8, ncols=6, loc="lower left", bbox_to_anchor=(0, 1), columnspacing=1, handletextpad=0.4)
    return figure


def draw_bill(record: ProtocolRecord) -> Figure:
    """Days of one device per place, logarithmic, for both numbers of epochs; a range where the speed is assumed."""
    figure, axes = plt.subplots(figsize=(7.0, 0.9 + 0.6 * len(record.places)))
    for number, epochs in enumerate(record.settings["epochs"]):
        for y, place in enumerate(record.places):
            fast, slow = days(record, place.name, epochs)
            height = y + 0.16 * (2 * number - 1)
            axes.plot([fast, slow], [height, height], color=PALETTE[number], linewidth=5, solid_capstyle="butt",
                      label=f"{epochs} epochs" if y == 0 else None)  # fmt: skip
            if place.measured:
                axes.plot(fast, height, "o", color=PALETTE[number])
    labels = [f"{place.name}\n({'measured' if place.measured else 'assumed'})" for place in record.places]
    axes.set(yticks=range(len(labels)), yticklabels=labels, xscale="log", xlabel="days of one device")
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.legend(fontsize=8)
    return figure


def days(record: ProtocolRecord, place: str, epochs: int) -> tuple[float, float]:
    """Days for all nine models at a place, fast and slow."""
    rows = [row for row in record.rows if (row.place, row.epochs) == (place, epochs)]
    return sum(row.fast_hours for row in rows) / 24, sum(row.slow_hours for row in rows) / 24


def draw_linearity(measured: Sequence[Mapping]) -> Figure:
    """Seconds of each step of a sweep against its number of runs, both logarithmic; grey: proportional."""
    figure, axes = plt.subplots(figsize=(7.0, 3.2))
    runs = np.array([one["runs"] for one in measured])
    for step, colour in zip(measured[0]["seconds"], PALETTE, strict=False):
        taken = np.array([one["seconds"][step] for one in measured])
        axes.plot(runs, taken[-1] * runs / runs[-1], color="lightgrey", linewidth=1, zorder=1)
        axes.plot(runs, taken, "o-", color=colour)
        axes.annotate(step, (runs[-1], taken[-1]), xytext=(6, -3), textcoords="offset points", fontsize=9, color=colour)
    axes.set(xscale="log", yscale="log", xlabel="runs in the sweep", ylabel="seconds")
    axes.set_xlim(right=runs[-1] * 1.8)
    axes.set_xticks(runs, [f"{count:,}" for count in runs])
    axes.minorticks_off()
    return figure
