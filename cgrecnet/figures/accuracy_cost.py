"""The comparison: nine systems by accuracy and cost, the front of those that nothing beats, beside the paper's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cgrecnet.evaluation.counts import wilson
from cgrecnet.figures.ablation import count_network
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.folds import title_of
from cgrecnet.figures.paper_runs import MODEL_OF
from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter
from cgrecnet.models.complexity import cost_of
from cgrecnet.runs.run_record import RunRecord

#: The systems of the comparison in the order of the paper's Table 4, then its baseline and the network of Zhu et al.
MODELS = ("cg_recnet", "mobilenet_v2", "densenet121", "vgg16", "vit_b_16", "resnet50", "zhu_xception")
PAPER_NAME = {model: name for name, model in MODEL_OF.items()}


@dataclass(frozen=True)
class Point:
    """A system in the plane of accuracy (per cent, with an interval) and cost; parameters and MACs of one image."""

    model: str
    accuracy: float
    low: float
    high: float
    parameters: int
    macs: int


def point_of(record: RunRecord) -> Point:
    """A run as a point: Wilson's 95 % interval over its test cells, MACs at its own image size; RunError as
    `count_network`."""
    right, n = _right(record), record.test["n"]
    low, high = wilson(right, n)
    counted = count_network(record)
    macs = counted.macs[record.config["image_size"]]
    return Point(record.config["model"], 100 * right / n, 100 * low, 100 * high, counted.parameters, macs)


def printed_points(paper: AuditedPaper) -> list[Point]:
    """The paper's own accuracies (± the printed SD) against parameters and MACs counted at 224 pixels."""
    points = []
    for name in ("CG-RecNet", "MobileNetV2", "DenseNet", "VGG", "ViT", "Baseline"):
        score, cost = paper.scores[name], cost_of(MODEL_OF[name])
        mean, sd = float(score.mean), float(score.sd)
        points.append(Point(MODEL_OF[name], mean, mean - sd, mean + sd, cost.parameters, cost.layers))
    return points


def front(points: Iterable[Point], cost: str) -> list[Point]:
    """The points that no other beats: none is at least as accurate and as cheap, and better in one; cheapest first.

    cost: `macs` or `parameters`.
    """
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (getattr(p, cost), -p.accuracy)):
        if not best or point.accuracy > best[-1].accuracy:
            best.append(point)
    return best


def _right(record: RunRecord) -> int:
    return int(np.trace(np.array(record.test["confusion"])))


def draw_trade_off(
    points: Sequence[Point], pretrained: Sequence[Point] = (), floor: float | None = None, size: int = 224
) -> Figure:
    """A: accuracy against MACs; B: against parameters; the front of `points` as a stair.

    pretrained: points that started from ImageNet weights, drawn as hollow diamonds and kept out of the front.
    floor: accuracy of always naming the largest class; size: image size at which the MACs were counted.
    """
    figure, panels = plt.subplots(2, 1, figsize=(4.8, 7.0))
    costs = (("macs", 1e9, f"MACs for one image of {size} px (10⁹)"), ("parameters", 1e6, "parameters (10⁶)"))
    for axes, (cost, unit, label), mark in zip(panels, costs, "AB", strict=True):
        stair = front(points, cost)
        axes.step([getattr(p, cost) / unit for p in stair], [p.accuracy for p in stair], where="post",
                  color="0.6", linewidth=1, zorder=1)  # fmt: skip
        _scatter(axes, points, cost, unit, "o", filled=True)
        _scatter(axes, pretrained, cost, unit, "D", filled=False)
        if floor is not None:
            axes.axhline(floor, color="black", linestyle=":", linewidth=1)
        axes.set(xscale="log", xlabel=label, ylabel="accuracy (%)")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.margins(x=0.18)
        letter(axes, mark)
    handles = [plt.Line2D([], [], color=_colour(p.model), marker="o", linestyle="", label=title_of(p.model))
               for p in points]  # fmt: skip
    handles += [plt.Line2D([], [], color=_colour(p.model), marker="D", markerfacecolor="white", linestyle="",
                           label=title_of(p.model))
                for p in pretrained if p.model not in {q.model for q in points}]  # fmt: skip
    if pretrained:
        handles.append(plt.Line2D([], [], color="0.3", marker="D", markerfacecolor="white", linestyle="",
                                  label="from ImageNet weights"))  # fmt: skip
    if floor is not None:
        handles.append(plt.Line2D([], [], color="black", linestyle=":", label="largest class alone"))
    handles.append(plt.Line2D([], [], color="0.6", label="front"))
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=9)
    return figure


def _scatter(axes: Axes, points: Sequence[Point], cost: str, unit: float, mark: str, filled: bool) -> None:
    for point in points:
        colour = _colour(point.model)
        axes.errorbar(
            getattr(point, cost) / unit, point.accuracy,
            yerr=[[max(point.accuracy - point.low, 0)], [max(point.high - point.accuracy, 0)]],
            fmt=mark, color=colour, markerfacecolor=colour if filled else "white", capsize=2, zorder=2,
        )  # fmt: skip


def _colour(model: str):
    others = dict(zip(("mobilenet_v2", "densenet121", "vgg16", "vit_b_16", "zhu_xception"),
                      (PALETTE[3], PALETTE[4], PALETTE[5], PALETTE[8], PALETTE[9]), strict=True))  # fmt: skip
    return MODEL_COLOURS.get(model) or others[model]


def names(points: Iterable[Point]) -> str:
    """`MobileNetV2, CG-RecNet`."""
    return ", ".join(title_of(point.model) for point in points)


def one_fold(groups: Mapping[str, Sequence[RunRecord]], fold: int) -> list[RunRecord]:
    """The runs of one fold, in the order of the models."""
    return [record for own in groups.values() for record in own if record.config["fold"] == fold]
