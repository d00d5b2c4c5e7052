"""Folds: differences between networks fold by fold, with and without the correction for what folds share; power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.evaluation.bootstrap import class_f1_intervals
from cgrecnet.evaluation.decide import Contrast, Decision
from cgrecnet.evaluation.paired import Comparison, corrected_resampled_t, has_spread, paired_t
from cgrecnet.evaluation.power import power_of_paired_t
from cgrecnet.figures.answers import interval, p_text, points
from cgrecnet.figures.folds import title_of
from cgrecnet.figures.planned import overlap
from cgrecnet.figures.style import MODEL_COLOURS, PALETTE
from cgrecnet.runs.pooled import Pooled
from cgrecnet.runs.record import RunRecord

PAIR_HEADERS = (
    "contrast", "difference (points)", "SD of the differences", "d_z", "95 %, plain", "p, plain", "95 %, corrected",
    "p, corrected", "p, corrected (Holm)", "n", "outcome",
)  # fmt: skip


@dataclass(frozen=True)
class FoldPair:
    """Two networks on the same folds: their differences in percentage points, and the two tests of these."""

    contrast: Contrast
    differences: np.ndarray
    plain: Comparison
    corrected: Comparison

    @property
    def name(self) -> str:
        return " \N{MINUS SIGN} ".join(title_of(model) for model in self.contrast)

    @property
    def sd(self) -> float:
        """Standard deviation of the differences, in points."""
        return float(self.differences.std(ddof=1))


def fold_pairs(records: Sequence[RunRecord], contrasts: Sequence[Contrast]) -> list[FoldPair]:
    """The contrasts of which two folds or more have both networks, and in which folds differ at all (accuracy)."""
    scores: dict[str, dict[int, float]] = {}
    for record in records:
        scores.setdefault(record.config["model"], {})[record.config["fold"]] = record.test["accuracy"]
    pairs = []
    for contrast in contrasts:
        own = [scores.get(model, {}) for model in contrast]
        folds = sorted(set(own[0]) & set(own[1]))
        first, second = (np.array([one[fold] for fold in folds]) for one in own)
        if has_spread(first, second):
            tests = paired_t(first, second), corrected_resampled_t(first, second, overlap(records))
            pairs.append(FoldPair(contrast, 100 * (first - second), *tests))
    return pairs


def pair_rows(pairs: Sequence[FoldPair], decisions: Sequence[Decision]) -> list[tuple[str, ...]]:
    """Rows under `PAIR_HEADERS`; a pair that is no planned contrast has no corrected p and is called exploratory."""
    planned = {decision.contrast: decision for decision in decisions}
    rows = []
    for pair in pairs:
        decision = planned.get(pair.contrast)
        rows.append(
            (
                pair.name,
                points(pair.plain.difference),
                f"{pair.sd:.2f}",
                points(pair.plain.effect_size),
                interval(pair.plain.interval95),
                p_text(pair.plain.p_value),
                interval(pair.corrected.interval95),
                p_text(pair.corrected.p_value),
                p_text(decision.p_corrected) if decision else "",
                f"{pair.plain.n} folds",
                str(decision.outcome) if decision else "exploratory",
            )
        )
    return rows


def draw_pairs(pairs: Sequence[FoldPair]) -> Figure:
    """Each contrast: a dot per fold; below it the 95 % interval of the plain (grey) and the corrected test (blue)."""
    figure, axes = plt.subplots(figsize=(7.0, 0.75 * len(pairs) + 1.1))
    axes.axvline(0, color="0.5", linewidth=1)
    for row, pair in enumerate(pairs):
        places = np.full(len(pair.differences), row - 0.2)
        axes.plot(pair.differences, places, "o", color="0.3", markersize=5, alpha=0.6)
        for test, offset, colour in ((pair.plain, 0.05, "0.55"), (pair.corrected, 0.25, PALETTE[0])):
            label = test.method if row == 0 else None
            axes.plot(test.interval95, [row + offset] * 2, linewidth=2.5, color=colour, label=label)
            axes.plot(test.difference, row + offset, "|", color=colour, markersize=9, markeredgewidth=2)
    axes.set_yticks(range(len(pairs)), [pair.name for pair in pairs])
    axes.set(ylim=(len(pairs) - 0.4, -0.6), xlabel="difference in accuracy (percentage points)")
    axes.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))
    return figure


def draw_power(spreads: Mapping[str, float], difference: float, test_share: float, most: int = 1000) -> Figure:
    """Power to see `difference` over the number of repeats, for several standard deviations of the difference.

    Solid: independent repeats (new cells for each); dashed: ever more folds of the same cells, corrected test.
    spreads: label -> SD between repeats, in the unit of the difference.
    """
    figure, axes = plt.subplots(figsize=(7.0, 3.3))
    repeats = np.unique(np.geomspace(2, most, 60).astype(int))
    for colour, (label, sd) in zip(PALETTE, spreads.items(), strict=False):
        for share, style in ((0.0, "-"), (test_share, "--")):
            power = [power_of_paired_t(difference, sd, int(n), test_share=share) for n in repeats]
            axes.plot(repeats, power, style, color=colour, label=f"{label} ({sd:.2f})" if not share else None)
    axes.axhline(0.8, color="0.7", linewidth=1)
    axes.annotate("0.8", (repeats[-1], 0.8), xytext=(3, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set(xscale="log", ylim=(0, 1.02), xlabel="repeats (folds or seeds)", ylabel="chance to see it")
    ticks = [n for n in (2, 5, 10, 20, 50, 100, 200, 500, 1000) if n <= most]
    axes.set_xticks(ticks, [str(n) for n in ticks])
    axes.minorticks_off()
    axes.legend(fontsize=8, title="SD of the difference (points)", title_fontsize=8, loc="upper left")
    return figure


def draw_class_f1(pooled: Pooled) -> Figure:
    """F1 of each class with its 95 % bootstrap interval over cells, a point per network."""
    figure, axes = plt.subplots(figsize=(7.0, 3.2))
    step = 0.8 / len(pooled.models)
    for number, model in enumerate(pooled.models):
        scores = class_f1_intervals(pooled.labels, pooled.probabilities[model], pooled.classes)
        places = np.arange(len(scores)) + step * (number - (len(pooled.models) - 1) / 2)
        f1 = np.array([entry.f1 for entry in scores])
        ends = np.array([entry.interval95 for entry in scores]).T
        axes.errorbar(
            places, f1, yerr=np.maximum([f1 - ends[0], ends[1] - f1], 0), fmt="o", color=MODEL_COLOURS.get(model),
            markersize=5, capsize=3, label=title_of(model),
        )  # fmt: skip
    supports = np.bincount(pooled.labels, minlength=len(pooled.classes))
    names = [f"{name}\n(n = {count:,} cells)" for name, count in zip(pooled.classes, supports, strict=True)]
    axes.set_xticks(range(len(names)), names)
    axes.set(ylabel="F1")
    axes.legend(fontsize=8, ncols=len(pooled.models), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure
