"""Areas under ROC curves with bootstrap intervals, fast enough for thousands of resamples.

The curves and the areas are scikit-learn's, Mann and Whitney's test of such an area is scipy's; only the resampling is
our own, because it needs an area per resample.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score, roc_curve

from cgrecnet.evaluation.arrays import labelled
from cgrecnet.evaluation.bootstrap import percentiles

_BLOCK = 100  # resamples at a time: bounds the memory for many cells


@dataclass(frozen=True)
class RocAuc:
    """Areas under one model's ROC curves: per class, and their mean (macro), with all resamples, to compare models.

    values: shape (classes + 1,), the macro area last. resampled: shape (resamples, classes + 1).
    """

    values: np.ndarray
    resampled: np.ndarray

    def interval(self, index: int, level: float = 0.95) -> tuple[float, float]:
        """Percentile interval of class `index`; -1 is the macro area."""
        return percentiles(self.resampled[:, index], level)

    def less(self, other: "RocAuc", index: int, level: float = 0.95) -> tuple[float, tuple[float, float]]:
        """This area minus the other's on the same cells, and the interval of the difference.

        Both must come from the same cells in the same order with the same seed; ValueError where that cannot be.
        """
        if self.resampled.shape != other.resampled.shape:
            raise ValueError("Only areas of the same cells, classes and resamples can be compared.")
        drawn = self.resampled[:, index] - other.resampled[:, index]
        return float(self.values[index] - other.values[index]), percentiles(drawn, level)


def bootstrap_roc_auc(labels: Sequence[int], probabilities: np.ndarray, resamples: int = 2000, seed: int = 0) -> RocAuc:
    """Area under the ROC curve of each class against the rest, and their mean, cells drawn again `resamples` times.

    labels: shape (cells,); probabilities: shape (cells, classes). The same seed draws the same cells for every model.
    The interval speaks of the choice of test cells, not of training again.
    Raises ValueError where shapes do not fit, a class has no cell in the data or in a resample.
    """
    labels, probabilities = labelled(labels, probabilities)
    classes = probabilities.shape[1]
    if missing := [index for index in range(classes) if not (labels == index).any() or (labels == index).all()]:
        raise ValueError(f"Class {missing[0]} has no cells, or all of them: its ROC curve does not exist.")
    values = [roc_auc_score(labels == index, probabilities[:, index]) for index in range(classes)]
    rng = np.random.default_rng(seed)
    drawn = []
    for start in range(0, resamples, _BLOCK):
        count = min(_BLOCK, resamples - start)
        weights = rng.multinomial(len(labels), np.full(len(labels), 1 / len(labels)), size=count)
        drawn.append(
            np.stack(
                [weighted_area(labels == index, probabilities[:, index], weights) for index in range(classes)], axis=1
            )
        )
    each = np.concatenate(drawn)
    if not np.isfinite(each).all():
        raise ValueError("A class has no cells in some resample: an interval needs more cells.")
    return RocAuc(np.append(values, np.mean(values)), np.column_stack([each, each.mean(axis=1)]))


def weighted_area(member: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of `score` for each row of weights; shape (rows,), nan where a side has no weight.

    member, score: shape (cells,); weights: shape (rows, cells), how often each cell counts. The area is the share of
    pairs (member, other) in which the member has the larger score, ties counted half.
    """
    columns = np.ascontiguousarray(weights.T, dtype=float)  # cells first: whole rows are then moved at once
    others = np.flatnonzero(~member)[np.argsort(score[~member], kind="stable")]
    below = np.vstack([np.zeros(len(weights)), np.cumsum(columns[others], axis=0)])
    sides = (np.searchsorted(score[others], score[member], side=side) for side in ("left", "right"))
    good = sum(np.einsum("cr,cr->r", columns[member], below[side]) for side in sides) / 2
    pairs = columns[member].sum(axis=0) * below[-1]
    return np.divide(good, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)


def curve_band(
    labels: Sequence[int], probabilities: np.ndarray, index: int, grid: np.ndarray, resamples: int = 300, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True positive rates of class `index` against the rest at the false positive rates of `grid`: curve, low, high.

    low, high: 95 % of the resampled curves, at each rate apart (the band is pointwise: a whole curve leaves it more
    often). grid: increasing, from 0 to 1. Raises ValueError where shapes do not fit or a class is empty.
    """
    labels, probabilities = labelled(labels, probabilities)
    member, score = labels == index, probabilities[:, index]
    if member.all() or not member.any():
        raise ValueError(f"Class {index} has no cells, or all of them: its ROC curve does not exist.")
    rng = np.random.default_rng(seed)
    curves = []
    while len(curves) < resamples:
        chosen = rng.integers(0, len(labels), len(labels))
        if 0 < member[chosen].sum() < len(labels):
            curves.append(_curve(member[chosen], score[chosen], grid))
    low, high = np.quantile(curves, [0.025, 0.975], axis=0)
    return _curve(member, score, grid), low, high


def _curve(member: np.ndarray, score: np.ndarray, grid: np.ndarray) -> np.ndarray:
    false, true, _ = roc_curve(member, score)
    # np.interp needs rising places: at a vertical step the last of equal ones counts, the top of the step.
    last = np.append(np.diff(false) > 0, True)
    return np.interp(grid, false[last], true[last])


@dataclass(frozen=True)
class MannWhitney:
    """Probability that a cell of the first group has a larger value than one of the second (ties count half).

    0.5: no difference; interval95: percentile bootstrap, both groups drawn again; p_value: Mann-Whitney, two-sided.
    """

    probability: float
    interval95: tuple[float, float]
    p_value: float
    n_first: int
    n_second: int


def probability_of_superiority(
    first: Sequence[float], second: Sequence[float], resamples: int = 1000, seed: int = 0
) -> MannWhitney:
    """Compare a number between two groups of different cells, with no assumption on its distribution.

    Values that are not finite are left out. The probability is U / (n_first n_second), the area under the ROC curve
    of the number. Raises ValueError where fewer than two values of a group are finite.
    Source: Mann and Whitney 1947; scipy.stats.mannwhitneyu.
    """
    groups = [np.asarray(group, dtype=float) for group in (first, second)]
    groups = [group[np.isfinite(group)] for group in groups]
    if min(map(len, groups)) < 2:
        raise ValueError(
            f"A comparison needs two cells or more in each group, not {len(groups[0])} and {len(groups[1])}."
        )
    found = mannwhitneyu(*groups)
    rng = np.random.default_rng(seed)
    weights = [rng.multinomial(len(g), np.full(len(g), 1 / len(g)), size=resamples) for g in groups]
    member = np.repeat([True, False], [len(group) for group in groups])
    drawn = weighted_area(member, np.concatenate(groups), np.hstack(weights))
    sizes = len(groups[0]), len(groups[1])
    return MannWhitney(
        float(found.statistic / (sizes[0] * sizes[1])), percentiles(drawn, 0.95), float(found.pvalue), *sizes
    )
