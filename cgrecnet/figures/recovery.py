"""The recovery search, drawn; and how often it would find a fit in tables that were made by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from cgrecnet.figures.style import PALETTE, letter
from cgrecnet.paper.audit.counting import FusionOptions, GateOptions, fusion_parameters, gate_parameters
from cgrecnet.paper.audit.interval import Interval
from cgrecnet.paper.audit.recovery import MILLION, Rows, candidate_fusions, candidate_gates


def candidate_sizes() -> tuple[np.ndarray, np.ndarray]:
    """Parameters of every candidate fusion and of every candidate gate, in millions."""
    fusions = np.array([fusion_parameters(f) for f in candidate_fusions()])
    gates = np.array([gate_parameters(g) for g in candidate_gates()])
    return fusions / MILLION, gates / MILLION


def allowed_region(rows: Rows, base: float) -> np.ndarray:
    """Corners of the fusion and gate sizes (millions) whose totals over `base` round to all three rows; may be empty.

    A rectangle from the two single-module rows, cut by the two slanted lines of the sum.
    """
    f, g, s = (Interval.printed(text) for text in (rows.attention_only, rows.gate_only, rows.both))
    corners = [(x - base, y - base) for x, y in ((f.low, g.low), (f.high, g.low), (f.high, g.high), (f.low, g.high))]
    for sign, limit in ((1, s.high - base), (-1, base - s.low)):
        corners = _clip(corners, sign, limit)
    return np.array(corners).reshape(-1, 2)


def _clip(corners: Sequence[tuple[float, float]], sign: int, limit: float) -> list[tuple[float, float]]:
    """The part of a polygon where sign * (x + y) <= limit."""
    kept = []
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], *corners[:1]], strict=True):
        a, b = sign * (x0 + y0) - limit, sign * (x1 + y1) - limit
        if a <= 0:
            kept.append((x0, y0))
        if a * b < 0:
            t = a / (a - b)
            kept.append((x0 + t * (x1 - x0), y0 + t * (y1 - y0)))
    return kept


def draw_planes(labelled: Rows, base: float, reach: float = 0.04) -> Figure:
    """Candidate pairs around what the rows ask for, A as labelled, B exchanged; the allowed region and the defaults.

    base: parameters of the backbone in millions; reach: half the width of each panel, in millions.
    """
    fusions, gates = (np.unique(sizes) for sizes in candidate_sizes())
    default = fusion_parameters(FusionOptions()) / MILLION, gate_parameters(GateOptions()) / MILLION
    figure, panels = plt.subplots(1, 2, figsize=(7.0, 3.4))
    for axes, rows, title in zip(panels, (labelled, labelled.exchanged()), ("as labelled", "exchanged"), strict=True):
        x0, y0 = float(rows.attention_only) - base, float(rows.gate_only) - base
        near = [s[np.abs(s - centre) < reach] for s, centre in ((fusions, x0), (gates, y0))]
        x, y = np.meshgrid(*near)
        axes.plot(x.ravel(), y.ravel(), ".", color=PALETTE[0], markersize=4, label="candidate pair")
        region = allowed_region(rows, base)
        if len(region):
            axes.add_patch(Polygon(region, facecolor=PALETTE[1], alpha=0.6, edgecolor="black", label="fits three rows"))
        axes.plot(*default, "*", color=PALETTE[3], markersize=12, markeredgecolor="white", label="public defaults")
        axes.set(xlim=(x0 - reach, x0 + reach), ylim=(y0 - reach, y0 + reach), title=title)
        axes.set(xlabel="fusion (million parameters)")
    panels[0].set_ylabel("gate (million parameters)")
    handles, names = panels[1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    letter(panels[0], "A")
    letter(panels[1], "B")
    return figure


@dataclass(frozen=True)
class Chance:
    """Of `tables` made by chance: how many some candidate pair fits, and how many the public defaults fit."""

    tables: int
    fitted: int
    fitted_by_defaults: int


def chance_of_fit(bases: Sequence[int], tables: int, largest: float, rng: np.random.Generator) -> Chance:
    """Tables of three rows for two modules of random sizes (0.1 to `largest` million) on a random backbone.

    Each is rounded to two decimals and searched as the paper's is: all candidates, all `bases`, both labellings.
    """
    backbones = np.array(bases) / MILLION
    fusions, gates = (np.unique(sizes) for sizes in candidate_sizes())
    default = [np.array([n / MILLION]) for n in (fusion_parameters(FusionOptions()), gate_parameters(GateOptions()))]
    fitted = by_defaults = 0
    for _ in range(tables):
        base, (first, second) = rng.choice(backbones), rng.uniform(0.1, largest, 2)
        rows = np.round([base + first, base + second, base + first + second], 2)
        fitted += _fits(rows, backbones, fusions, gates)
        by_defaults += _fits(rows, backbones, *default)
    return Chance(tables, fitted, by_defaults)


def _fits(rows: np.ndarray, bases: np.ndarray, fusions: np.ndarray, gates: np.ndarray) -> bool:
    half = 0.005 + 1e-9
    for base in bases:
        for one, other in ((rows[0], rows[1]), (rows[1], rows[0])):
            f = fusions[np.abs(base + fusions - one) <= half]
            g = gates[np.abs(base + gates - other) <= half]
            if (np.abs(base + f[:, None] + g[None, :] - rows[2]) <= half).any():
                return True
    return False
