"""Intervals by drawing the cells again: percentile bootstrap, every array resampled together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn.metrics import confusion_matrix

from cgrecnet.evaluation.arrays import labelled, paired_cells, share


@dataclass(frozen=True)
class ClassF1:
    """F1 of one class (a share), its number of cells, and the 95 % bootstrap interval."""

    name: str
    support: int
    f1: float
    interval95: tuple[float, float]


@dataclass(frozen=True)
class F1Difference:
    """F1 of the first model minus that of the second in one class, in percentage points, with its 95 % interval."""

    name: str
    difference: float
    interval95: tuple[float, float]


def bootstrap_interval(
    statistic: Callable[..., float],
    *arrays: Sequence,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of `statistic(*arrays)` where the cells are drawn again with replacement.

    arrays: first axis cells, in the same order; all are resampled together, so pairs stay pairs.
    The interval speaks of the choice of test cells alone, not of training again. It has no length where nothing varies,
    which is no knowledge: for shares and means of few values take those of `counts` and `score_intervals`.
    Raises ValueError for no array, unequal lengths, fewer than two cells, a level outside (0, 1), or a statistic that
    is not finite in some resample.
    Source: scipy.stats.bootstrap (method "percentile").
    """
    arrays = tuple(np.asarray(array) for array in arrays)
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1 or min(lengths) < 2:
        raise ValueError(f"A bootstrap needs arrays of the same cells, two or more, not of lengths {sorted(lengths)}.")
    result = stats.bootstrap(
        (np.arange(*lengths),),
        lambda chosen: statistic(*(array[chosen] for array in arrays)),
        n_resamples=resamples,
        batch=50,  # keeps the drawn indices small where there are many cells
        vectorized=False,
        confidence_level=share(level, "The level of an interval"),
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    if bad := int((~np.isfinite(result.bootstrap_distribution)).sum()):
        raise ValueError(f"The statistic is not finite in {bad} of {resamples} resamples: it needs more cells.")
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def resampled_counts(counts: np.ndarray, resamples: int = 2000, seed: int = 0) -> np.ndarray:
    """Tables of counts as they would be if the cells were drawn again; shape (resamples, *counts.shape).

    Drawing n cells with replacement and counting them is one draw from a multinomial law, so a statistic that needs
    the counts alone is resampled exactly, and fast. Raises ValueError where a count is negative or all are zero.
    """
    counts = np.asarray(counts)
    if (counts < 0).any() or counts.sum() == 0:
        raise ValueError("Counts to resample must not be negative, and not all zero.")
    n = int(counts.sum())
    drawn = np.random.default_rng(seed).multinomial(n, counts.ravel() / n, size=resamples)
    return drawn.reshape(resamples, *counts.shape)


def percentiles(values: np.ndarray, level: float) -> tuple[float, float]:
    """The middle `level` of resampled values (last axis kept out: values has one axis)."""
    tail = (1 - share(level, "The level of an interval")) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def class_f1_intervals(
    labels: Sequence[int], probabilities: np.ndarray, classes: Sequence[str], resamples: int = 2000, seed: int = 0
) -> list[ClassF1]:
    """F1 of each class (shares) with its 95 % bootstrap interval over cells.

    labels: shape (cells,); probabilities: shape (cells, classes). F1 is 0 where a class is absent and never predicted,
    as in `cgrecnet.evaluation.metrics.score`. Raises ValueError where shapes, labels or rows do not fit.
    """
    labels, probabilities = labelled(labels, probabilities)
    if len(classes) != probabilities.shape[1]:
        raise ValueError(f"{len(classes)} class names do not fit {probabilities.shape[1]} columns of probabilities.")
    table = confusion_matrix(labels, probabilities.argmax(axis=1), labels=np.arange(len(classes)))
    drawn = f1_of_counts(resampled_counts(table, resamples, seed))
    return [
        ClassF1(name, int(table[i].sum()), float(f1), percentiles(drawn[:, i], 0.95))
        for i, (name, f1) in enumerate(zip(classes, f1_of_counts(table), strict=True))
    ]


def f1_of_counts(confusion: np.ndarray) -> np.ndarray:
    """F1 of each class from confusion counts of shape (..., true, predicted): 2 TP / (2 TP + FP + FN), 0 for 0 / 0."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    either = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return np.divide(2 * hits, either, out=np.zeros(hits.shape), where=either > 0)


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
