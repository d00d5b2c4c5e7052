"""Pictures of splits and shortcuts: who learns from whom, and what a probe knows without the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from cgrecnet.data.audit.report import IntegrityReport
from cgrecnet.data.splits import Split
from cgrecnet.figures.style import PALETTE, letter

#: Colour and mark of each part of a split (the mark tells them apart without colour).
PARTS = {"train": (PALETTE[7], "o"), "validation": (PALETTE[1], "s"), "test": (PALETTE[0], "^")}


def draw_splits_by_group(splits: Mapping[str, Split], groups: Sequence[str], most: int = 24) -> Figure:
    """One panel per split: a row per group, a mark per cell (the first `most` of each group)."""
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    order = sorted(range(len(names)), key=lambda i: (len(names[i]), names[i]))
    figure, panels = plt.subplots(1, len(splits), figsize=(7.2, 0.22 * len(names) + 1.3), sharey=True, squeeze=False)
    for axes, (title, split), mark in zip(panels[0], splits.items(), "ABCD", strict=False):
        part_of = {int(i): name for name, part in split.parts().items() for i in part}
        for row, group in enumerate(order):
            cells = [i for i in np.flatnonzero(place == group) if int(i) in part_of][:most]
            for name, (colour, shape) in PARTS.items():
                x = [k for k, i in enumerate(cells) if part_of[int(i)] == name]
                axes.plot(x, [row] * len(x), shape, color=colour, markersize=4.5, label=name if row == 0 else None)
        axes.set(xlabel="cells of the run", xticks=[], ylim=(len(names) - 0.4, -0.6))
        axes.set_yticks(range(len(names)), [names[i] for i in order])
        axes.tick_params(length=0)
        axes.set_title(f"   {title}")
        letter(axes, mark)
    handles = [plt.Line2D([], [], linestyle="", marker=shape, color=colour) for colour, shape in PARTS.values()]
    figure.legend(handles, list(PARTS), ncol=3, loc="outside lower center")
    return figure


def draw_folds(schemes: Mapping[str, Sequence[Split]], groups: Sequence[str]) -> Figure:
    """One panel per scheme: which share of each group (rows) each fold (columns) tests, written into the squares."""
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    order = sorted(range(len(names)), key=lambda i: (len(names[i]), names[i]))
    figure, panels = plt.subplots(1, len(schemes), figsize=(7.2, 0.24 * len(names) + 1.1), sharey=True, squeeze=False)
    for axes, (title, folds), mark in zip(panels[0], schemes.items(), "ABCD", strict=False):
        share = shares_tested(folds, place, len(names))[order]
        table = pd.DataFrame(share, index=[names[i] for i in order], columns=range(1, len(folds) + 1))
        small = {"fontsize": 8, "color": "black"}
        sns.heatmap(table, annot=True, fmt=".0%", annot_kws=small, cmap="Blues", vmin=0, vmax=2, cbar=False, ax=axes)
        axes.set(xlabel="tested in fold")
        axes.tick_params(length=0, labelrotation=0)
        axes.set_title(f"   {title}")
        letter(axes, mark)
    return figure


def shares_tested(folds: Sequence[Split], place: np.ndarray, groups: int) -> np.ndarray:
    """Share of each group's cells (rows) that each fold (columns) tests; place: each cell's group, 0, 1, ..."""
    size = np.bincount(place, minlength=groups)
    tested = np.stack([np.bincount(place[fold.test], minlength=groups) for fold in folds], axis=1)
    return tested / np.maximum(size, 1)[:, None]


def draw_optimism(reports: Mapping[str, IntegrityReport]) -> Figure:
    """Balanced accuracy of the whole-picture probe on random and on new groups, raw and standardised."""
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 3.0), sharey=True)
    for axes, (title, which), mark in zip(
        panels, (("grey levels as they are", "whole"), ("standardised", "whole_standardised")), "AB", strict=True
    ):
        for x, report in enumerate(reports.values()):
            whole = getattr(report, which)
            for step, colour, shape, score in ((-0.1, 7, "o", whole.random), (0.1, 0, "^", whole.grouped)):
                if score is not None:
                    reach = [[max(score.balanced - score.low, 0)], [max(score.high - score.balanced, 0)]]
                    axes.errorbar(x + step, score.balanced, yerr=reach, fmt=shape, color=PALETTE[colour], capsize=3)
                else:
                    axes.text(x + step, report.chance + 0.03, "no grouped\ntest possible", fontsize=8)
        axes.axhline(next(iter(reports.values())).chance, color="black", linestyle="--", linewidth=1)
        axes.set_xticks(range(len(reports)), list(reports))
        axes.set(xlim=(-0.5, len(reports) - 0.5), ylim=(0, 1.03))
        axes.set_title(f"   {title}")
        letter(axes, mark)
    panels[0].set_ylabel("balanced accuracy")
    handles = [plt.Line2D([], [], marker=m, color=PALETTE[c], linestyle="") for m, c in (("o", 7), ("^", 0))]
    handles.append(plt.Line2D([], [], color="black", linestyle="--", linewidth=1))
    figure.legend(handles, ["random folds", "grouped folds", "chance"], ncol=3, loc="outside lower center")
    return figure
