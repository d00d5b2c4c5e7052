"""What decisions cost where one class must not be missed: over the ratio of costs, and at a chosen ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.evaluation.bootstrap import bootstrap_interval
from cgrecnet.evaluation.cost import costs_of_missing, decision_cost
from cgrecnet.figures.folds import title_of
from cgrecnet.figures.style import MODEL_COLOURS, letter
from cgrecnet.runs.pooled import Pooled


@dataclass(frozen=True)
class Weighed:
    """One network at one ratio of costs; two ways to decide, `usual` (most probable class) and `careful` (least cost).

    Each a pair (usual, careful): cost per 100 cells, cells of the class that are missed, cells that are wrongly called
    of it, accuracy (a share).
    """

    ratio: float
    cost: tuple[float, float]
    missed: tuple[int, int]
    false_calls: tuple[int, int]
    accuracy: tuple[float, float]


def weigh(pooled: Pooled, model: str, index: int, ratio: float) -> Weighed:
    """The two ways to decide where to miss class `index` costs `ratio` times any other mistake."""
    got = decision_cost(pooled.labels, pooled.probabilities[model], costs_of_missing(len(pooled.classes), index, ratio))
    ways, member = (got.decided_most_probable, got.decided_least_cost), pooled.labels == index
    return Weighed(
        ratio,
        (100 * got.most_probable, 100 * got.least_cost),
        tuple(int((member & (way != index)).sum()) for way in ways),
        tuple(int((~member & (way == index)).sum()) for way in ways),
        tuple(float((way == pooled.labels).mean()) for way in ways),
    )


def cost_gap(pooled: Pooled, index: int, ratio: float, cheap: str, dear: str) -> tuple[float, float, float]:
    """Cost per 100 cells of `dear` minus that of `cheap`, least-cost decisions, with its 95 % interval over cells."""
    costs = costs_of_missing(len(pooled.classes), index, ratio)
    each = [
        100 * costs[pooled.labels, decision_cost(pooled.labels, pooled.probabilities[model], costs).decided_least_cost]
        for model in (cheap, dear)
    ]
    gap = each[1] - each[0]
    return (float(gap.mean()), *bootstrap_interval(np.mean, gap))


def draw_costs(pooled: Pooled, index: int, ratios: Sequence[float]) -> Figure:
    """A: cost per 100 cells over the ratio, most probable class (dashed) and least cost (solid), a colour per network.

    B: what the careful decision buys: cells missed over cells wrongly called, along the ratios; the open mark is the
    most probable class.
    """
    figure, (cost, trade) = plt.subplots(1, 2, figsize=(7.0, 3.3))
    for model in pooled.models:
        points, colour = [weigh(pooled, model, index, ratio) for ratio in ratios], MODEL_COLOURS.get(model)
        cost.plot(ratios, [p.cost[0] for p in points], "--", color=colour, linewidth=1)
        cost.plot(ratios, [p.cost[1] for p in points], color=colour, label=title_of(model))
        trade.plot([p.false_calls[1] for p in points], [p.missed[1] for p in points], ".-", color=colour)
        trade.plot(points[0].false_calls[0], points[0].missed[0], "o", color=colour, markerfacecolor="white")
    name = pooled.classes[index]
    cost.set(xscale="log", xlabel=f"cost of missing {name}, in mistakes", ylabel="cost per 100 cells", ylim=(0, None))
    cost.set_xticks(list(ratios), [f"{ratio:g}" for ratio in ratios])
    cost.minorticks_off()
    trade.set(xlabel=f"cells wrongly called {name}", ylabel=f"cells of {name} missed", xlim=(0, None), ylim=(0, None))
    figure.legend(*cost.get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8)
    for axes, text in zip((cost, trade), "AB", strict=True):
        letter(axes, text)
    return figure


def draw_ratio(pooled: Pooled, index: int, ratio: float, most: tuple[int, int]) -> Figure:
    """One ratio: cells missed and cells wrongly called by each network, light for the most probable class, full for
    the least cost. most: ends of the two axes, the same for every ratio.
    """
    figure, panels = plt.subplots(1, 2, figsize=(5.2, 0.5 * len(pooled.models) + 1.2), sharey=True)
    rows = np.arange(len(pooled.models))
    for axes, what, end in zip(panels, ("missed", "false_calls"), most, strict=True):
        for row, model in zip(rows, pooled.models, strict=True):
            usual, careful = getattr(weigh(pooled, model, index, ratio), what)
            colour = MODEL_COLOURS.get(model)
            axes.barh(row - 0.2, usual, 0.36, color=colour, alpha=0.35)
            axes.barh(row + 0.2, careful, 0.36, color=colour)
            axes.text(usual + 0.01 * end, row - 0.2, str(usual), va="center", fontsize=8, color="0.4")
            axes.text(careful + 0.01 * end, row + 0.2, str(careful), va="center", fontsize=8)
        axes.set(xlim=(0, 1.12 * end))
    name = pooled.classes[index]
    panels[0].set_yticks(rows, [title_of(model) for model in pooled.models])
    panels[0].set(ylim=(len(rows) - 0.4, -0.6), xlabel=f"cells of {name} missed")
    panels[1].set(xlabel=f"cells wrongly called {name}")
    return figure


def describe_ratio(pooled: Pooled, index: int, ratio: float) -> str:
    """The numbers of `draw_ratio` in words, for readers who hear the page."""
    each = []
    for model in pooled.models:
        got = weigh(pooled, model, index, ratio)
        each.append(
            f"{title_of(model)} misses {got.missed[1]} in place of {got.missed[0]} and wrongly calls "
            f"{got.false_calls[1]} in place of {got.false_calls[0]}"
        )
    return f"Cost ratio {ratio:g}, cells of {pooled.classes[index]}: {'; '.join(each)}."


def ends_of(pooled: Pooled, index: int, ratios: Sequence[float]) -> tuple[int, int]:
    """The largest counts of missed and of wrongly called cells over networks and ratios."""
    every = [weigh(pooled, model, index, ratio) for model in pooled.models for ratio in ratios]
    return max(1, *(max(w.missed) for w in every)), max(1, *(max(w.false_calls) for w in every))
