"""Scores of pooled test cells as text: accuracy with what it is worth, F1 of each class with its interval."""

import numpy as np

from cgrecnet.evaluation.bootstrap import class_f1_intervals
from cgrecnet.figures.folds import title_of
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.runs.pooled import Pooled


def span(interval: tuple[float, float], scale: float = 100, digits: int = 1) -> str:
    """An interval in words, such as `81.2 to 84.9`, both ends times `scale`."""
    return " to ".join(f"{scale * end:.{digits}f}" for end in interval)


def accuracy_text(pooled: Pooled, model: str) -> str:
    """`86.2 (floor 68.2)`, then `balanced 81.3`: no accuracy without that of always naming the largest class."""
    counts = pooled.confusion(model)
    hits, sizes = counts.diagonal(), counts.sum(axis=1)
    floor, balanced = sizes.max() / sizes.sum(), (hits / sizes).mean()
    return f"{100 * hits.sum() / sizes.sum():.1f} (floor {100 * floor:.1f})\nbalanced {100 * balanced:.1f}"


def f1_table(pooled: Pooled, label: str) -> str:
    """Each network's accuracy, and its F1 in per cent in each class with the 95 % bootstrap interval over cells."""
    rows = []
    for model in pooled.models:
        each = class_f1_intervals(pooled.labels, pooled.probabilities[model], pooled.classes)
        texts = [f"{100 * one.f1:.1f}\n({span(one.interval95)})" for one in each]
        rows.append((title_of(model), accuracy_text(pooled, model), *texts))
    sizes = zip(pooled.classes, np.bincount(pooled.labels, minlength=len(pooled.classes)), strict=True)
    return wide_table(("network", "accuracy (%)", *(f"F1, {name} (n = {n:,})" for name, n in sizes)), rows, label)
