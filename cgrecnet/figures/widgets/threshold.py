"""A slider over the threshold of one class: precision, recall, F1 and the counts behind them, computed beforehand.

Without the script, and on paper, there are the curves of all classes and a table of a few thresholds.
"""

import json
from collections.abc import Sequence
from html import escape

import numpy as np

from cgrecnet.evaluation.thresholds import GRID, BinaryCounts, counts_at_argmax, counts_at_thresholds
from cgrecnet.figures.widgets.base import Widget, widget

#: Thresholds of the table that needs no script.
FEW = (0.1, 0.3, 0.5, 0.7, 0.9)
#: Lines of the table that the script fills, in its order.
LINES = (
    "cells called", "of these, right (TP)", "of these, wrong (FP)", "missed (FN)", "precision", "recall", "F1",
)  # fmt: skip
_CURVES = (("precision", "#0173b2", ""), ("recall", "#b35900", "6 3"), ("F1", "#222", "2 2"))
_LEFT, _TOP, _WIDE, _HIGH = 32, 22, 296, 120  # the plot's place inside a drawing of 340 x 172


def threshold_slider(
    labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str], title: str, start: float = 0.5
) -> Widget:
    """A choice of class and a slider over its threshold, with the rule of the largest probability beside it.

    labels: shape (cells,); probabilities: shape (cells, classes). title: whose cells and predictions these are.
    start: the threshold that is shown first, one of `GRID`.
    Raises ValueError where shapes disagree or `start` is not on the grid.
    """
    if start not in GRID:
        raise ValueError(f"The slider cannot start at {start:g}: its thresholds are {GRID[0]:g} to {GRID[-1]:g}.")
    kinds = [
        {
            "name": name,
            "largest": _counts(counts_at_argmax(labels, probabilities, index)),
            "at": [_counts(called) for called in counts_at_thresholds(labels, probabilities, index)],
        }
        for index, name in enumerate(classes)
    ]
    content = escape(json.dumps({"thresholds": GRID, "classes": kinds}, separators=(",", ":")))
    drawings = "\n".join(
        _drawing(name, counts_at_thresholds(labels, probabilities, i)) for i, name in enumerate(classes)
    )
    options = "".join(f'<option value="{i}">{escape(name)}</option>' for i, name in enumerate(classes))
    head = '<th scope="col">threshold</th><th scope="col">largest probability</th>'
    live = "\n".join(f'<tr><th scope="row">{line}</th><td></td><td></td></tr>' for line in LINES)
    first = GRID.index(start)
    body = (
        f'<p class="threshold-title">{escape(title)}</p>\n'
        f'<div class="threshold-control" hidden><label>class <select autocomplete="off">{options}</select></label>'
        f'<span aria-hidden="true">threshold</span><output aria-live="off">{start:.2f}</output>'
        f'<input type="range" min="0" max="{len(GRID) - 1}" step="1" value="{first}" autocomplete="off" '
        f'aria-label="threshold" aria-valuetext="{start:.2f}"></div>\n'
        f'<div class="threshold-drawings">\n{drawings}\n</div>\n'
        f'<table class="threshold-live" hidden><thead><tr><td></td>{head}</tr></thead>\n'
        f"<tbody>\n{live}\n</tbody></table>\n" + _few(labels, probabilities, classes)
    )
    alt = f"Slider over the threshold of each of {len(classes)} classes: {title}"
    return widget(__file__, body, alt, f' data-counts="{content}"')


def _counts(called: BinaryCounts) -> list[int]:
    return [called.hits, called.false, called.missed]


def _few(labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]) -> str:
    """The table that needs no script."""
    names = ("class", "threshold", *LINES)
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = []
    for index, name in enumerate(classes):
        at = zip((f"{t:g}" for t in FEW), counts_at_thresholds(labels, probabilities, index, FEW), strict=True)
        for rule, called in (*at, ("largest probability", counts_at_argmax(labels, probabilities, index))):
            counts = (called.hits + called.false, called.hits, called.false, called.missed)
            scores = (called.precision, called.recall, called.f1)
            cells = (rule, *map(str, counts), *("–" if s is None else f"{s:.3f}" for s in scores))
            rows.append(f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{c}</td>" for c in cells) + "</tr>")
    return (
        '<div class="threshold-few" tabindex="0" role="region" aria-label="A few thresholds of each class"><table>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody></table></div>"
    )


def _drawing(name: str, called: Sequence[BinaryCounts]) -> str:
    """The curves of one class over the threshold, as SVG, with a line that the script moves."""
    parts = ['<rect width="340" height="172" fill="#fff"/>']
    for share in (0, 0.5, 1):
        y = _TOP + _HIGH * (1 - share)
        parts.append(f'<path d="M{_LEFT} {y}H{_LEFT + _WIDE}" stroke="#ccc"/>')
        parts.append(f'<text x="{_LEFT - 4}" y="{y + 4}" text-anchor="end">{share:g}</text>')
        x = _LEFT + _WIDE * share
        parts.append(f'<text x="{x}" y="{_TOP + _HIGH + 14}" text-anchor="middle">{share:g}</text>')
    middle = f'x="{_LEFT + _WIDE / 2}" y="{_TOP + _HIGH + 27}" text-anchor="middle"'
    parts.append(f"<text {middle}>threshold for {escape(name)}</text>")
    for number, (curve, colour, dash) in enumerate(_CURVES):
        points = [
            f"{_LEFT + _WIDE * t:.1f},{_TOP + _HIGH * (1 - v):.1f}"
            for t, v in zip(GRID, [getattr(one, curve.lower()) for one in called], strict=True)
            if v is not None
        ]
        stroke = f'fill="none" stroke="{colour}" stroke-width="1.8" stroke-dasharray="{dash}"'
        parts.append(f'<polyline points="{" ".join(points)}" {stroke}/>')
        x = _LEFT + 95 * number
        parts.append(f'<path d="M{x} 10h22" {stroke}/><text x="{x + 26}" y="14" fill="{colour}">{curve}</text>')
    line = _LEFT + _WIDE * 0.5
    parts.append(
        f'<line class="threshold-here" x1="{line}" x2="{line}" y1="{_TOP}" y2="{_TOP + _HIGH}" data-left="{_LEFT}" '
        f'data-wide="{_WIDE}" stroke="#cc3311" stroke-width="1.5" visibility="hidden"/>'
    )
    label = escape(_describe(name, called))
    return f'<svg viewBox="0 0 340 172" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _describe(name: str, called: Sequence[BinaryCounts]) -> str:
    def at(threshold: float) -> str:
        one = called[GRID.index(threshold)]
        precision = "none called" if one.precision is None else f"precision {one.precision:.2f}"
        return f"{precision} and recall {0 if one.recall is None else one.recall:.2f} at {threshold:g}"

    few = ", ".join(at(threshold) for threshold in (0.1, 0.5, 0.9))
    return f"Curves of precision, recall and F1 over the threshold for {name}: {few}."
