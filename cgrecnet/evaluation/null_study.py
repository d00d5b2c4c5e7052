"""How often tests over folds call two equally good learners different: a simulation where the truth is known.

Two learners see different features of a cell, drawn from one law, so that neither is better. Whatever a test calls a
difference is a false alarm.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cgrecnet.evaluation.arrays import alike, share

FEATURES = 20  # that each learner sees
SHIFT = 0.2  # of every feature between the two classes, in standard deviations


@dataclass(frozen=True)
class FalseAlarms:
    """Of `data_sets` data sets, those in which each test called the equal learners different."""

    plain: int
    corrected: int
    data_sets: int


def fold_differences(data_sets: int, cells: int, folds: int = 5, rounds: int = 1, seed: int = 0) -> np.ndarray:
    """Accuracy of the first learner minus that of the second, in every fold; shape (data_sets, rounds * folds).

    Each data set has simulated cells of two classes; each round cuts it into folds anew. The learners: nearest class
    mean. Raises ValueError where there are too few data sets, rounds, folds, or cells (four per fold).
    """
    if data_sets < 1 or rounds < 1 or folds < 2 or cells < 4 * folds:
        raise ValueError("The study needs one data set, one round, two folds and four cells per fold, or more.")
    rng = np.random.default_rng(seed)
    differences = np.empty((data_sets, rounds * folds))
    for number in range(data_sets):
        labels = rng.permutation(np.arange(cells) % 2)
        features = rng.normal(size=(cells, 2 * FEATURES)) + SHIFT * labels[:, None]
        cuts = [rng.permutation(np.arange(cells) % folds) for _ in range(rounds)]
        parts = [cut == fold for cut in cuts for fold in range(folds)]
        differences[number] = [_difference(features, labels, test) for test in parts]
    return differences


def count_false_alarms(differences: np.ndarray, test_share: float, alpha: float = 0.05) -> FalseAlarms:
    """How many rows the plain and the corrected paired t-test call different from 0.

    differences: shape (data sets, pairs); test_share: test cells over training cells, as in `corrected_resampled_t`.
    Rows without spread, in which no t-test is possible, are left out. Raises ValueError for fewer than two pairs.
    """
    if differences.ndim != 2 or differences.shape[1] < 2:
        raise ValueError(f"The tests need two pairs or more in each data set, not the shape {differences.shape}.")
    usable = differences[~alike(100 * differences, axis=1)]
    pairs = differences.shape[1]
    t = stats.ttest_1samp(usable, 0.0, axis=1).statistic
    edge = stats.t.isf(share(alpha, "alpha") / 2, pairs - 1)
    corrected = t / np.sqrt(1 + pairs * test_share)
    return FalseAlarms(int((abs(t) > edge).sum()), int((abs(corrected) > edge).sum()), len(usable))


def _difference(features: np.ndarray, labels: np.ndarray, test: np.ndarray) -> float:
    """Accuracy on the test cells: learner of the first features minus learner of the others, trained on the rest."""
    means = [features[~test & (labels == label)].mean(axis=0) for label in (0, 1)]
    evidence = (features[test] - (means[0] + means[1]) / 2) * (means[1] - means[0])
    right = [
        ((evidence[:, half].sum(axis=1) > 0) == labels[test]).mean()
        for half in (slice(FEATURES), slice(FEATURES, None))
    ]
    return float(right[0] - right[1])
