"""Pictures of the audit of counts: split rules, the backbone that a table implies, the cost of the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.figures.style import PALETTE, letter
from cgrecnet.paper.audit.complexity import Additivity
from cgrecnet.paper.audit.split import SplitOutcome

RIGHT, APART = PALETTE[2], PALETTE[3]


def off_by(outcome: SplitOutcome, printed: Sequence[int]) -> tuple[int, ...]:
    """Images per class that the test set of a rule has more than printed."""
    return tuple(found - wanted for found, wanted in zip(outcome.test, printed, strict=True))


def draw_splits(outcomes: Sequence[SplitOutcome], printed: Sequence[int], classes: Sequence[str]) -> Figure:
    """Per rule (row) and class (column): by how many images the test set misses the printed one."""
    figure, axes = plt.subplots(figsize=(6.4, 0.27 * len(outcomes) + 0.8))
    for y, outcome in enumerate(outcomes):
        for x, miss in enumerate(off_by(outcome, printed)):
            colour = RIGHT if miss == 0 else APART
            axes.add_patch(plt.Rectangle((x + 0.03, y + 0.06), 0.94, 0.88, facecolor=colour, alpha=0.35))
            axes.text(x + 0.5, y + 0.52, f"{miss:+d}" if miss else "as printed", ha="center", va="center", fontsize=8.5)
    axes.set_yticks(np.arange(len(outcomes)) + 0.5, [o.rule for o in outcomes])
    axes.set_xticks(np.arange(len(classes)) + 0.5, classes)
    axes.set(xlim=(0, len(classes)), ylim=(len(outcomes), 0))
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    return figure


def draw_additivity(tables: Mapping[str, Additivity]) -> Figure:
    """Per unit (panel): the backbone that three rows imply, rounding included, and the printed one."""
    figure, panels = plt.subplots(1, len(tables), figsize=(7.0, 1.9), squeeze=False)
    for axes, (unit, table), mark in zip(panels[0], tables.items(), "ABC", strict=False):
        for y, (reach, colour) in enumerate(((table.implied, "0.5"), (table.printed, APART))):
            axes.errorbar(reach.middle, y, xerr=reach.half_width, fmt="o", color=colour, capsize=4)
        axes.set_yticks([0, 1], ["implied", "printed"])
        axes.set(ylim=(1.5, -0.5), xlabel=unit)
        axes.margins(x=0.2)
        letter(axes, mark)
    return figure


def draw_cost(days: Mapping[str, float]) -> Figure:
    """Days of computing per model, as bars; the sum in the title."""
    figure, axes = plt.subplots(figsize=(6.4, 2.9))
    names = sorted(days, key=days.get)
    axes.barh(names, [days[name] for name in names], color=PALETTE[0])
    axes.set(xlabel="days")
    axes.set_title(f"{sum(days.values()):.0f} days together", loc="left")
    return figure
