"""One class against the rest by a threshold on its probability: who is called, who of them rightly, who is missed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgrecnet.evaluation.arrays import labelled

#: Thresholds from 0.01 to 0.99.
GRID = tuple(round(0.01 * step, 2) for step in range(1, 100))


@dataclass(frozen=True)
class Called:
    """Cells of one class, called and not: hits (TP), false alarms (FP), missed (FN) and rightly left (TN)."""

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


def called_at(
    labels: Sequence[int], probabilities: np.ndarray, index: int, thresholds: Sequence[float] = GRID
) -> list[Called]:
    """What each threshold calls: the cells whose probability of class `index` is at least the threshold.

    labels: shape (cells,); probabilities: shape (cells, classes). The other classes' probabilities do not matter here.
    Raises ValueError where shapes, labels or rows do not fit.
    """
    labels, probabilities = labelled(labels, probabilities)
    member, score = labels == index, probabilities[:, index]
    return [_count(member, score >= threshold) for threshold in thresholds]


def called_by_largest(labels: Sequence[int], probabilities: np.ndarray, index: int) -> Called:
    """What the usual rule calls: the cells whose largest probability is that of class `index`."""
    labels, probabilities = labelled(labels, probabilities)
    return _count(labels == index, probabilities.argmax(axis=1) == index)


def _count(member: np.ndarray, called: np.ndarray) -> Called:
    pairs = ((called & member), (called & ~member), (~called & member), (~called & ~member))
    return Called(*(int(cells.sum()) for cells in pairs))
