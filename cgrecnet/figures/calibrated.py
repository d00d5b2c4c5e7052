"""Whether the networks' probabilities mean what they say: reliability of each class, and the scores of calibration."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.evaluation.calibration import brier, error_if_calibrated, expected_calibration_error, reliability
from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.folds import title_of
from cgrecnet.figures.style import MODEL_COLOURS, letter
from cgrecnet.runs.pooled import Pooled

#: Bins with fewer cells are not drawn: their share is mostly chance.
FEWEST = 10

CALIBRATION_HEADERS = (
    "network", "accuracy (%)", "mean confidence (%)", "calibration error (points)",
    "chance alone: median, 97.5 % (points)",
    "Brier score", "n",
)  # fmt: skip


def draw_reliability(pooled: Pooled, bins: int = 10) -> Figure:
    """A panel per class: share of cells that are of the class over the probability given to it, a line per network.

    Bars: 95 % intervals (Wilson's) of the share in a bin; bins with fewer than `FEWEST` cells are left out.
    """
    count = len(pooled.classes)
    figure, panels = plt.subplots(1, count, figsize=(7.0, 3.1), sharey=True, squeeze=False)
    for index, axes in enumerate(panels[0]):
        axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        for model in pooled.models:
            curve = reliability(pooled.labels, pooled.probabilities[model], index, bins)
            enough = curve.counts >= FEWEST
            ends = [wilson(round(o * n), int(n)) for o, n in zip(curve.observed, curve.counts, strict=True)]
            low, high = np.array(ends).T
            bars = np.maximum([curve.observed - low, high - curve.observed], 0)[:, enough]
            axes.errorbar(
                curve.predicted[enough], curve.observed[enough], yerr=bars, fmt="o-", markersize=3.5, linewidth=1.2,
                elinewidth=0.7, color=MODEL_COLOURS.get(model), label=title_of(model),
            )  # fmt: skip
        share = int((pooled.labels == index).sum())
        axes.set(title=f"{pooled.classes[index]} (n = {share:,})", xlim=(0, 1), ylim=(0, 1), xlabel="probability given")
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.set_aspect("equal")
        letter(axes, "ABCDEFGH"[index])
    panels[0][0].set_ylabel("share that is of the class")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8)
    return figure


def calibration_rows(pooled: Pooled) -> list[tuple[str, ...]]:
    """Rows under `CALIBRATION_HEADERS`, one per network."""
    rows = []
    for model in pooled.models:
        probabilities = pooled.probabilities[model]
        median, high = error_if_calibrated(probabilities)
        rows.append(
            (
                title_of(model),
                f"{100 * pooled.right(model).mean():.2f}",
                f"{100 * probabilities.max(axis=1).mean():.2f}",
                f"{100 * expected_calibration_error(pooled.labels, probabilities):.2f}",
                f"{100 * median:.2f}, {100 * high:.2f}",
                f"{brier(pooled.labels, probabilities):.4f}",
                f"{len(pooled):,} cells",
            )
        )
    return rows


def calibration_sentence(pooled: Pooled, model: str) -> str:
    """Whether a network is surer than right, or less sure, or neither beyond chance; with the numbers."""
    probabilities = pooled.probabilities[model]
    error = expected_calibration_error(pooled.labels, probabilities)
    gap = 100 * (probabilities.max(axis=1).mean() - pooled.right(model).mean())
    if error <= error_if_calibrated(probabilities)[1]:
        return f"{title_of(model)} is off by no more than chance allows."
    lean = "surer than it is right" if gap > 0 else "less sure than it is right"
    return (
        f"{title_of(model)} is off by {100 * error:.1f} points, more than chance allows; "
        f"on average it is {lean}, by {abs(gap):.1f} points."
    )
