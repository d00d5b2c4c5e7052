"""Drawings of the page on failures: errors that networks share, stages that fail, traits of cells that fail."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cgrecnet.data.traits import TRAITS
from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.shared_errors import shared_errors
from cgrecnet.figures.failures import Contrast, in_order
from cgrecnet.figures.style import PALETTE, letter
from cgrecnet.runs.pooled import Pooled


def draw_shared(pooled: Pooled) -> Figure:
    """One panel per class: cells by the number of networks that miss them, counted and as expected of independence."""
    predicted = [pooled.predicted(model) for model in pooled.models]
    observed, expected = shared_errors(pooled.labels, predicted, len(pooled.classes))
    figure, axes = plt.subplots(1, len(pooled.classes), figsize=(7.0, 2.9), sharey=True)
    places = np.arange(observed.shape[1])
    for index, (name, panel) in enumerate(zip(pooled.classes, axes, strict=True)):
        panel.bar(places, observed[index], 0.7, color=PALETTE[0], label="counted")
        for place, count, chance in zip(places, observed[index], expected[index], strict=True):
            panel.text(place, 1.5 * max(count, chance, 0.5), f"{count:,}", ha="center", va="bottom", fontsize=8)
        panel.plot(places, expected[index], "D", color=PALETTE[1], markeredgecolor="black", label="if independent")
        panel.set(title=name, yscale="log", xticks=places)
        letter(panel, "ABCDEFG"[index])
    axes[0].set_ylabel("cells (logarithmic)")
    axes[0].set_ylim(np.clip(expected[expected > 0].min() / 2, 0.01, 0.5), 20 * max(observed.max(), expected.max()))
    figure.supxlabel("networks that miss the cell", fontsize=10)
    axes[-1].legend(fontsize=8, loc="upper right")
    return figure


def draw_stages(frame: pd.DataFrame, networks: int) -> Figure:
    """Share of each stratum that every network misses, and the mean share that one network misses, with n."""
    order = in_order(frame["stratum"])
    figure, axes = plt.subplots(figsize=(7.0, 0.42 * len(order) + 1.0))
    for place, name in enumerate(order):
        cells = frame[frame["stratum"] == name]
        failed = int((cells["missed"] == networks).sum())
        low, high = wilson(failed, len(cells))
        share = failed / len(cells)
        ends = [[100 * (share - low)], [100 * (high - share)]]
        axes.errorbar(
            100 * share, place, xerr=ends, fmt="o", color=PALETTE[0], label="missed by all" if not place else None
        )
        single = 100 * cells["missed"].mean() / networks
        axes.plot(
            single, place, "|", color="black", markersize=12, label="missed by one network, mean" if not place else None
        )
    counts = frame["stratum"].value_counts()
    classes = frame.drop_duplicates("stratum").set_index("stratum")["class_name"]
    axes.set_yticks(range(len(order)), [f"{name} ({classes[name]}), n = {counts[name]:,}" for name in order])
    axes.set(xlabel="share of the cells (%)", xlim=(0, None))
    axes.invert_yaxis()
    axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    axes.grid(axis="x", color="#ddd")
    return figure


def draw_contrasts(found: Sequence[Contrast], alpha: float) -> Figure:
    """One panel per trait: the probability that a missed cell has the larger value, by stratum, with 95 % intervals.

    Filled marks: p below `alpha` after Holm's correction.
    """
    traits = list(dict.fromkeys(one.trait for one in found))
    strata = list(dict.fromkeys(one.stratum for one in found))
    columns = min(3, len(traits))
    rows = -(-len(traits) // columns)
    size = (7.0, rows * (0.3 * len(strata) + 1.1))
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for place in axes.flat[len(traits) :]:
        place.set_axis_off()
    for panel, trait, mark in zip(axes.flat, traits, "ABCDEFGH", strict=False):
        for one in (one for one in found if one.trait == trait):
            value, (low, high) = one.found.probability, one.found.interval95
            filled = {} if one.corrected < alpha else {"markerfacecolor": "white"}
            ends = [[value - low], [high - value]]
            panel.errorbar(value, strata.index(one.stratum), xerr=ends, fmt="o", color=PALETTE[0], **filled)
        panel.axvline(0.5, color="#999", linestyle=":")
        panel.set(title=TRAITS[trait].label if trait in TRAITS else trait, xlim=(0, 1), xticks=[0, 0.5, 1])
        panel.set_yticks(range(len(strata)), strata)
        panel.set_ylim(len(strata) - 0.5, -0.5)
        letter(panel, mark)
    figure.supxlabel("probability that a missed cell has the larger value", fontsize=10)
    return figure
