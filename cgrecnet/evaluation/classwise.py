"""Two models class by class on the same cells: the difference of their F1s, with its bootstrap interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgrecnet.evaluation.arrays import paired_cells
from cgrecnet.evaluation.bootstrap import f1_of_counts, percentiles, resampled_counts


@dataclass(frozen=True)
class F1Difference:
    """F1 of the first model minus that of the second in one class, in percentage points, with its 95 % interval."""

    name: str
    difference: float
    interval95: tuple[float, float]


def f1_differences(
    labels: Sequence[int],
    first: Sequence[int],
    second: Sequence[int],
    classes: Sequence[str],
    resamples: int = 2000,
    seed: int = 0,
) -> list[F1Difference]:
    """(F1 of `first` - F1 of `second`) x 100 in each class, the same cells resampled for both.

    labels, first, second: true class and the classes that the two models name, same cells, same order.
    Both F1s depend on how often each triple (true, first, second) occurs and on nothing else, so that the triples are
    resampled. The interval speaks of the choice of test cells, not of training again.
    Raises ValueError for unequal lengths, no cell, or a class number without a name.
    """
    labels, first, second = paired_cells(labels, first, second)
    size = len(classes)
    if max(array.max() for array in (labels, first, second)) >= size:
        raise ValueError(f"A class number is out of range: the {size} classes are 0 to {size - 1}.")
    triples = np.bincount((labels * size + first) * size + second, minlength=size**3).reshape(size, size, size)
    drawn = _differences(resampled_counts(triples, resamples, seed))
    found = _differences(triples)
    return [F1Difference(name, float(found[i]), percentiles(drawn[:, i], 0.95)) for i, name in enumerate(classes)]


def _differences(triples: np.ndarray) -> np.ndarray:
    """From counts of shape (..., true, first, second) to percentage points per class, shape (..., classes)."""
    return 100 * (f1_of_counts(triples.sum(axis=-1)) - f1_of_counts(triples.sum(axis=-2)))
