"""What the statistics ask of their input, each refusal in one sentence."""

from collections.abc import Sequence

import numpy as np

#: Percentage points that are closer than this are equal but for rounding; one cell in a million is 0.0001.
ALIKE = 1e-9


def alike(points: Sequence[float], axis: int | None = None) -> np.ndarray:
    """Whether numbers in percentage points are all equal but for rounding (along an axis): they have no spread."""
    return np.ptp(np.asarray(points, dtype=float), axis=axis) < ALIKE


def paired_scores(first: Sequence[float], second: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of scores of the same folds in the same order, as shares between 0 and 1.

    Raises ValueError where lengths differ, there are fewer than two folds, or a score is not a finite share.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(
            f"Paired scores must be two lists of one length, not of shapes {first.shape} and {second.shape}."
        )
    if len(first) < 2:
        raise ValueError(f"A paired test needs two folds or more, not {len(first)}: one fold has no spread.")
    for scores in (first, second):
        # A NaN fails this comparison too.
        if not ((scores >= 0) & (scores <= 1)).all():
            raise ValueError("Scores must be finite shares between 0 and 1: divide percentages by 100.")
    return first, second


def paired_cells(labels: Sequence[int], *predicted: Sequence[int]) -> tuple[np.ndarray, ...]:
    """True and predicted classes of the same cells, as integer arrays.

    Raises ValueError where lengths differ, there is no cell, or an entry is not a class number (0, 1, ...).
    """
    arrays = tuple(np.asarray(array) for array in (labels, *predicted))
    if any(array.ndim != 1 or array.shape != arrays[0].shape for array in arrays):
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"Labels and predictions must be lists of the same cells, not of shapes {shapes}.")
    if arrays[0].size == 0:
        raise ValueError("A comparison of predictions needs at least one cell.")
    for array in arrays:
        if array.dtype.kind not in "iu" or (array < 0).any():
            raise ValueError("Labels and predicted classes must be whole numbers from 0 on, not names or shares.")
    return arrays


def labelled(labels: Sequence[int], probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels of shape (cells,) and probabilities of shape (cells, classes) that fit each other.

    Raises ValueError where shapes disagree, a label is none of the classes, or a row is no distribution.
    """
    (labels,) = paired_cells(labels)
    probabilities = np.asarray(probabilities, dtype=float)
    if probabilities.ndim != 2 or len(probabilities) != len(labels):
        raise ValueError(f"Probabilities of shape {probabilities.shape} do not fit {len(labels)} labels.")
    if labels.max() >= probabilities.shape[1]:
        raise ValueError(f"Label {labels.max()} is out of range: the classes are 0 to {probabilities.shape[1] - 1}.")
    # Stored probabilities have six decimals, so a row may miss 1 by a few millionths.
    if not ((probabilities >= 0) & (probabilities <= 1)).all() or (abs(probabilities.sum(axis=1) - 1) > 1e-3).any():
        raise ValueError("Each row of probabilities must be finite, between 0 and 1, and sum to 1.")
    return labels, probabilities


def share(value: float, name: str) -> float:
    """A number strictly between 0 and 1, such as a level; ValueError for any other."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {value}.")
    return float(value)
