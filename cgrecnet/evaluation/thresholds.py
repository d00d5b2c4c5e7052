"""How probabilities become decisions: one class against the rest by a threshold, or all by what mistakes cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgrecnet.evaluation.arrays import labelled

#: Thresholds from 0.01 to 0.99.
GRID = tuple(round(0.01 * step, 2) for step in range(1, 100))


@dataclass(frozen=True)
class BinaryCounts:
    """Counts of one class against the rest: hits (TP), false alarms (FP), missed (FN) and rightly left (TN)."""

    hits: int
    false: int
    missed: int
    left: int

    @property
    def precision(self) -> float | None:
        """TP / (TP + FP), the share of calls that are right; None where nobody is called."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else None

    @property
    def recall(self) -> float | None:
        """TP / (TP + FN), the share of the class that is called; None where the class is empty."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else None

    @property
    def f1(self) -> float | None:
        """2 TP / (2 TP + FP + FN), the harmonic mean of both; None for 0 / 0."""
        both = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / both if both else None


def counts_at_thresholds(
    labels: Sequence[int], probabilities: np.ndarray, index: int, thresholds: Sequence[float] = GRID
) -> list[BinaryCounts]:
    """Counts at each threshold, which calls the cells whose probability of class `index` is at least that.

    labels: shape (cells,); probabilities: shape (cells, classes). The other classes' probabilities do not matter here.
    Raises ValueError where shapes, labels or rows do not fit.
    """
    labels, probabilities = labelled(labels, probabilities)
    member, score = labels == index, probabilities[:, index]
    return [_count(member, score >= threshold) for threshold in thresholds]


def counts_at_argmax(labels: Sequence[int], probabilities: np.ndarray, index: int) -> BinaryCounts:
    """Counts of the usual rule, which calls the cells whose largest probability is that of class `index`."""
    labels, probabilities = labelled(labels, probabilities)
    return _count(labels == index, probabilities.argmax(axis=1) == index)


def _count(member: np.ndarray, called: np.ndarray) -> BinaryCounts:
    pairs = ((called & member), (called & ~member), (~called & member), (~called & ~member))
    return BinaryCounts(*(int(cells.sum()) for cells in pairs))


@dataclass(frozen=True)
class DecisionCost:
    """Mean cost per cell of two ways to decide, and the classes that each decides for.

    most_probable: the class of the highest probability is taken, whatever a mistake costs.
    least_cost: the class of the least expected cost is taken, if the probabilities are believed.
    """

    most_probable: float
    least_cost: float
    decided_most_probable: np.ndarray
    decided_least_cost: np.ndarray


def decision_cost(labels: Sequence[int], probabilities: np.ndarray, costs: np.ndarray) -> DecisionCost:
    r"""Mean cost per cell, for costs[true, decided]; the diagonal is what a right decision costs (usually 0).

    To decide for class $k$ is expected to cost $\sum_c p_c \, \mathrm{costs}[c, k]$; `least_cost` takes the smallest.
    With costs of 1 off the diagonal both decide alike, and the cost is 1 - accuracy.
    labels: shape (cells,); probabilities: shape (cells, classes).
    Raises ValueError where the arrays do not fit, or costs are not a square table of finite numbers of 0 or more.
    """
    labels, probabilities = labelled(labels, probabilities)
    costs, classes = np.asarray(costs, dtype=float), probabilities.shape[1]
    if costs.shape != (classes, classes) or not np.isfinite(costs).all() or (costs < 0).any():
        raise ValueError(f"Costs must be a {classes} x {classes} table of finite numbers of 0 or more.")
    usual, careful = probabilities.argmax(axis=1), (probabilities @ costs).argmin(axis=1)
    return DecisionCost(float(costs[labels, usual].mean()), float(costs[labels, careful].mean()), usual, careful)


def costs_of_missing(classes: int, index: int, ratio: float) -> np.ndarray:
    """Costs where any mistake is 1, but to miss a cell of class `index` is `ratio`; shape (classes, classes).

    Raises ValueError where there is no such class, or the ratio is not positive and finite.
    """
    if not 0 <= index < classes:
        raise ValueError(f"There is no class {index}: there are {classes}, from 0 on.")
    if not 0 < ratio < np.inf:
        raise ValueError(f"A cost ratio must be positive and finite, not {ratio}.")
    costs = 1.0 - np.eye(classes)
    costs[index] *= ratio
    return costs
