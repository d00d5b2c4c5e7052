"""How far class and acquisition go together in a data set, and what can be tested although they do.

Class and group are confounded when knowing the group tells something about the class.
`Shortcut` probes then cannot say which of the two they saw; these functions look at each alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from scipy.stats.contingency import association
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cgrecnet.data.audit import probes
from cgrecnet.data.base import CellDataset
from cgrecnet.errors import DataError

FOLDS = 5
#: Pixels on each side of a corner's square.
CORNER = 4


@dataclass(frozen=True)
class Estimate:
    """A number between 0 and 1 with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def contingency(dataset: CellDataset) -> pd.DataFrame:
    """Cells per class (rows, in label order) and acquisition group (columns)."""
    names = pd.Series(dataset.classes)[np.asarray(dataset.labels)]
    table = pd.crosstab(names.to_numpy(), dataset.table["group"].to_numpy())
    return table.reindex(list(dataset.classes), fill_value=0)


def cramers_v(table: pd.DataFrame | np.ndarray) -> float:
    """Cramer's V = sqrt(chi2 / (n (min(rows, columns) - 1))) of a contingency table, between 0 and 1.

    0: class and group have nothing to do with each other; 1: one names the other.
    A table with a single row or column holds no relation: 0.
    Rows and columns without a cell are left out.
    """
    counts = np.asarray(table)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    return float(association(counts, method="cramer")) if min(counts.shape) > 1 else 0.0


def corner_features(image: np.ndarray) -> list[float]:
    """Mean, spread and quartiles of the four corners (`CORNER` pixels square), the pixels farthest from the cell."""
    near, far = slice(None, CORNER), slice(-CORNER, None)
    levels = np.concatenate([image[rows, columns].ravel() for rows in (near, far) for columns in (near, far)])
    return [levels.mean(), levels.std(), *np.quantile(levels, (0.25, 0.5, 0.75))]


def area(score: np.ndarray, positive: np.ndarray) -> Estimate:
    """Area under the ROC curve with the interval of DeLong et al. 1988 (doi 10.2307/2531595), cut to 0 and 1.

    score: (cells,), higher means rather positive; positive: boolean, (cells,), with two cells of either kind at least.
    """
    score, positive = np.asarray(score, dtype=float), np.asarray(positive, dtype=bool)
    yes, no = np.sort(score[positive]), np.sort(score[~positive])
    if min(len(yes), len(no)) < 2:
        raise DataError(f"An area needs two cells of each kind or more, not {len(yes)} and {len(no)}; use more cells.")
    below = _share_below(no, yes)
    above = 1 - _share_below(yes, no)
    reach = 1.96 * np.sqrt(below.var(ddof=1) / len(yes) + above.var(ddof=1) / len(no))
    value = float(below.mean())
    return Estimate(value, max(0.0, value - reach), min(1.0, value + reach))


def groups_apart(dataset: CellDataset, label: int, kind: Callable = probes.border_features) -> Estimate:
    """How well a few numbers of a picture tell the two groups of *one class* apart: area under the ROC curve.

    Within one class the class cannot help, so that an area above 0.5 is a difference between the acquisitions.
    kind: a picture's features, the border by default; a logistic regression, scored out of fold.
    Raises DataError unless the class lives in exactly two groups.
    """
    here = np.flatnonzero(np.asarray(dataset.labels) == label)
    groups = dataset.table["group"].to_numpy()[here]
    names = np.unique(groups)
    if len(names) != 2:
        raise DataError(
            f"Class {dataset.classes[label]} lives in {len(names)} group(s), and two are compared here; "
            "choose a class that lives in two."
        )
    second = groups == names[1]
    numbers = probes.features([dataset.images[i] for i in here], kind)
    judge = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    chances = cross_val_predict(judge, numbers, second, cv=folds, method="predict_proba")[:, 1]
    return area(chances, second)


def kept_in_a_new_group(dataset: CellDataset, label: int, known: str) -> tuple[Estimate, Estimate]:
    """Share of a class that a forest trained on the group `known` alone recognises: in that group, in all others.

    In the known group each cell is judged by a forest that was grown without its fold, in the others by a forest
    that was grown on all of the known group.
    A grouped test of a single class: all that confounded data may allow.
    Intervals: Wilson's, over cells. Raises DataError where the class has no cell in or outside of `known`.
    """
    labels, inside = np.asarray(dataset.labels), dataset.table["group"].to_numpy() == known
    new = np.flatnonzero(~inside & (labels == label))
    old = np.flatnonzero(inside)
    if not len(new) or not (labels[old] == label).any():
        raise DataError(
            f"Class {dataset.classes[label]} has {int((labels[old] == label).sum())} cells in {known} and {len(new)} "
            "outside; this test needs cells in both."
        )
    numbers = probes.features([dataset.images[i] for i in old], probes.glance_features)
    cuts = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(numbers, labels[old])
    predicted = probes.predict_out_of_fold(numbers, labels[old], cuts, 0)
    forest = probes.forest(0).fit(numbers, labels[old])
    fresh = forest.predict(probes.features([dataset.images[i] for i in new], probes.glance_features))
    return _share((predicted == label)[labels[old] == label]), _share(fresh == label)


def _share_below(others: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Share of `others` (sorted) that lie below each value, ties counted half."""
    return (np.searchsorted(others, values, "left") + np.searchsorted(others, values, "right")) / (2 * len(others))


def _share(right: np.ndarray) -> Estimate:
    interval = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    return Estimate(float(right.mean()), float(interval.low), float(interval.high))
