"""What wrong decisions cost where classes do not matter alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgrecnet.evaluation.arrays import labelled


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
