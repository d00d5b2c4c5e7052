"""Pictures of the audit of scores: attainable accuracies, weighted recall, binomial floor, p over correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from math import sqrt

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from cgrecnet.figures.style import PALETTE, letter
from cgrecnet.paper.audit.attainable import AccuracyCheck
from cgrecnet.paper.audit.printed_t_test import Score, p_over_correlations
from cgrecnet.paper.audit.standard_deviations import check_floor, weighted_recall

OWN, APART, NEUTRAL = PALETTE[0], PALETTE[3], PALETTE[7]
CENTRAL = 0.95
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def draw_attainable(checks: Mapping[str, AccuracyCheck], sds: Mapping[str, str]) -> Figure:
    """Per model: the accuracies that its class F1s allow (bar) and the printed accuracy with its SD (dot, whiskers)."""
    figure, axes = plt.subplots(figsize=(7.0, 3.4))
    for k, (name, check) in enumerate(checks.items()):
        colour = OWN if check.fits else APART
        low, high = check.attainable.low, check.attainable.high
        axes.plot([low, high], [k, k], "-", color="0.6", linewidth=9, solid_capstyle="butt")
        axes.errorbar(check.printed.middle, k, xerr=float(sds[name]), fmt="o", color=colour, capsize=3)
        text = "allowed" if check.fits else f"{check.gap:.2f} above the bar"
        axes.annotate(text, (check.printed.middle, k), (0, -13), textcoords="offset points", ha="center", fontsize=8)
    axes.set_yticks(range(len(checks)), list(checks))
    axes.set(ylim=(len(checks) - 0.4, -0.6), xlabel="accuracy (%)")
    axes.plot([], [], "-", color="0.6", linewidth=9, label="attainable with the printed class F1s")
    axes.plot([], [], "o", color="black", label="printed, with its SD")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def random_confusions(count: int, classes: int, rng: np.random.Generator) -> np.ndarray:
    """Confusion matrices of whole numbers, shape (count, classes, classes): any accuracy, any class sizes."""
    share = rng.dirichlet(np.ones(classes * classes), count) * rng.uniform(0, 1, (count, 1))
    right = rng.dirichlet(np.ones(classes), count) * (1 - share.sum(axis=1, keepdims=True))
    return np.round(10_000 * (share.reshape(-1, classes, classes) + right[:, :, None] * np.eye(classes))) + 1


def draw_recall(confusions: np.ndarray) -> Figure:
    """A: weighted recall, B: macro recall, each against accuracy, one dot per confusion matrix (rows true)."""
    accuracy = np.array([np.trace(c) / c.sum() for c in confusions])
    weighted = np.array([weighted_recall(c) for c in confusions])
    macro = np.array([np.mean(np.diag(c) / c.sum(axis=1)) for c in confusions])
    figure, panels = plt.subplots(1, 2, figsize=(6.4, 3.0), sharey=True)
    shown = (("A", "weighted recall", weighted), ("B", "macro recall", macro))
    for axes, (mark, title, values) in zip(panels, shown, strict=True):
        axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        axes.plot(accuracy, values, ".", markersize=4, color=OWN)
        axes.set(xlabel="accuracy", title=title)
        letter(axes, mark)
    panels[0].set_ylabel("recall")
    return figure


def floor_range(accuracy: float, cells: int, runs: int, central: float = CENTRAL) -> tuple[float, float, float]:
    """Binomial floor (percentage points) and the central range of SDs of `runs` values that chance alone gives."""
    floor = check_floor(accuracy, 0.0, cells, runs).floor
    ends = stats.chi2.ppf([(1 - central) / 2, (1 + central) / 2], runs - 1)
    return floor, floor * sqrt(ends[0] / (runs - 1)), floor * sqrt(ends[1] / (runs - 1))


def draw_floor(scores: Mapping[str, Score], cells: int, runs: int) -> Figure:
    """Printed SD of every model (dot) over the range of SDs that drawing the test cells gives by itself (bar)."""
    figure, axes = plt.subplots(figsize=(7.0, 3.0))
    for k, score in enumerate(scores.values()):
        floor, low, high = floor_range(float(score.mean), cells, runs)
        axes.plot([k, k], [low, high], color="0.75", linewidth=10, solid_capstyle="butt")
        axes.plot([k - 0.2, k + 0.2], [floor, floor], color="black", linewidth=1)
        axes.plot(k, float(score.sd), "o", color=OWN)
    axes.set_xticks(range(len(scores)), list(scores), rotation=20)
    axes.set(ylabel="SD (percentage points)", ylim=(0, None))
    axes.plot([], [], color="0.75", linewidth=8, label=f"chance alone, {CENTRAL:.0%}")
    axes.plot([], [], color="black", linewidth=1, label="binomial floor")
    axes.plot([], [], "o", color=OWN, label="printed")
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def draw_p(scores: Mapping[str, Score], first: str, others: Sequence[str], runs: Sequence[int]) -> Figure:
    """p of the paired test of `first` over each other model against the correlation, one panel per number of runs."""
    figure, panels = plt.subplots(1, len(runs), figsize=(7.0, 3.7), sharey=True, squeeze=False)
    own = scores[first]
    for axes, n, mark in zip(panels[0], runs, "ABC", strict=False):
        for k, (name, line) in enumerate(zip(others, cycle(LINES), strict=False)):
            gap = float(own.mean) - float(scores[name].mean)
            rho, p = p_over_correlations(gap, float(own.sd), float(scores[name].sd), n)
            axes.plot(rho, np.maximum(p, 1e-12), linestyle=line, color=PALETTE[k], label=name)
        for level in (0.05, 0.001):
            axes.axhline(level, color="0.6", linewidth=0.8)
            if axes is panels[0][-1]:
                axes.annotate(f"{level}", (1, level), (4, 0), textcoords="offset points", va="center", fontsize=8)
        axes.set(yscale="log", ylim=(1e-8, 1.2), xlim=(-1, 1), xlabel="correlation", title=f"{n} runs")
        letter(axes, mark)
    panels[0][0].set_ylabel("p, two-sided")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure
