"""Class against acquisition: who was photographed with whom, and whether the empty border knows it."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from cgrecnet.figures.style import PALETTE, letter


def draw_confounding(table: pd.DataFrame, levels: Mapping[str, np.ndarray], title: str) -> Figure:
    """A: cells per class (rows) and acquisition group (columns); B: a number of the border in each group.

    table: counts, as `cgrecnet.data.audit.confounding.contingency` gives them.
    levels: group -> one number per cell, all cells of one class; title: which class.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.9), width_ratios=(1, 1.25))
    shares = table.div(table.sum(axis=1).clip(lower=1), axis=0)
    dark = {"color": "black"}
    sns.heatmap(shares, annot=table, fmt=",", annot_kws=dark, cmap="Blues", vmin=0, vmax=2, cbar=False, ax=left)
    left.set(xlabel="", ylabel="")
    left.tick_params(length=0, labelrotation=0)
    left.set_title("   cells")
    everything = np.concatenate(list(levels.values()))
    edges = np.linspace(*np.quantile(everything, (0.001, 0.999)), 41)
    for index, (group, here) in enumerate(levels.items()):
        share = np.histogram(here, edges)[0] / len(here)
        style = {"color": PALETTE[index], "linestyle": ("-", "--", ":", "-.")[index % 4]}
        right.stairs(share, edges, label=f"{group} ({len(here):,})", linewidth=1.6, **style)
        right.axvline(np.median(here), linewidth=1, **style)
    right.set(xlabel="mean grey level of the border", ylabel="share of cells", yticks=[])
    right.set_title(f"   {title}")
    right.legend(loc="upper left", fontsize=8)
    for axes, mark in zip((left, right), "AB", strict=True):
        letter(axes, mark)
    return figure
