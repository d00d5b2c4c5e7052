"""Which accuracies the printed class F1s allow: a linear programme over all confusion matrices.

A confusion matrix n_ij (true class i, predicted j) has fixed row sums, the supports. F1 of class i is
2 n_ii / (row_i + col_i); that it lies in [low, high] is linear in the matrix once the fraction is cleared:

    2 n_ii - low (row_i + col_i) >= 0   and   2 n_ii - high (row_i + col_i) <= 0.

Accuracy is the trace over N, so its extremes are two linear programmes. Whole numbers are not asked for, which can
only widen the range: a printed accuracy outside it is outside for certain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog, minimize

from cgrecnet.errors import ConfigError
from cgrecnet.paper.audit.interval import Interval


@dataclass(frozen=True)
class Constraints:
    """Upper bounds A x <= b and equalities E x = e on the matrix, read row by row."""

    a: np.ndarray
    b: np.ndarray
    e: np.ndarray
    d: np.ndarray


def _unit(k: int, i: int, j: int) -> np.ndarray:
    entry = np.zeros((k, k))
    entry[i, j] = 1
    return entry


def constraints(
    supports: Sequence[float], f1: Sequence[Interval], recall: Sequence[Interval] | None = None
) -> Constraints:
    """The linear conditions that supports, class F1s and, where given, class recalls (as shares) lay on a matrix."""
    k = len(supports)
    if len(f1) != k or (recall is not None and len(recall) != k):
        raise ConfigError(f"{k} supports need {k} class F1s and as many recalls; give one of each per class.")
    upper, bound, equal = [], [], []
    for i in range(k):
        hit = _unit(k, i, i)
        row, column = np.zeros((k, k)), np.zeros((k, k))
        row[i], column[:, i] = 1, 1
        equal.append(row.ravel())
        upper += [(f1[i].low * (row + column) - 2 * hit).ravel(), (2 * hit - f1[i].high * (row + column)).ravel()]
        bound += [0.0, 0.0]
        if recall is not None:
            upper += [-hit.ravel(), hit.ravel()]
            bound += [-recall[i].low * supports[i], recall[i].high * supports[i]]
    return Constraints(np.array(upper), np.array(bound), np.array(equal), np.array(supports, float))


def _solve(objective: np.ndarray, limits: Constraints) -> np.ndarray:
    result = linprog(objective, A_ub=limits.a, b_ub=limits.b, A_eq=limits.e, b_eq=limits.d, method="highs")
    if not result.success:
        raise ConfigError("No confusion matrix has these supports, F1s and recalls; check the printed numbers.")
    return result.x


def accuracy_range(
    supports: Sequence[float], f1: Sequence[Interval], recall: Sequence[Interval] | None = None
) -> Interval:
    """Smallest and largest accuracy (share, 0 to 1) of any confusion matrix with these supports and class F1s.

    supports: true cells per class. f1, recall: intervals of shares. Raises ConfigError when no matrix exists.
    """
    limits, k = constraints(supports, f1, recall), len(supports)
    trace, total = np.eye(k).ravel(), float(sum(supports))
    return Interval(float(trace @ _solve(trace, limits)) / total, float(trace @ _solve(-trace, limits)) / total)


def extreme_matrix(
    supports: Sequence[float], f1: Sequence[Interval], recall: Sequence[Interval] | None = None
) -> np.ndarray:
    """A confusion matrix (k, k) of the largest attainable accuracy, to be shown."""
    limits, k = constraints(supports, f1, recall), len(supports)
    return _solve(-np.eye(k).ravel(), limits).reshape(k, k)


def precision_range(
    supports: Sequence[float], f1: Sequence[Interval], recall: Sequence[Interval] | None = None, starts: int = 12
) -> Interval:
    """Smallest and largest support-weighted precision (share) found from many starting corners.

    Precision is a ratio, so this is a search (SLSQP), not a proof: the true range can only be wider.
    """
    limits, k = constraints(supports, f1, recall), len(supports)
    weights = np.array(supports, float) / sum(supports)
    scale = float(sum(supports))
    rng = np.random.default_rng(0)

    def precision(x: np.ndarray) -> float:
        matrix = x.reshape(k, k)
        return float(weights @ (np.diag(matrix) / matrix.sum(axis=0)))

    rules = [
        {"type": "ineq", "fun": lambda x: limits.b / scale - limits.a @ x, "jac": lambda x: -limits.a},
        {"type": "eq", "fun": lambda x: limits.e @ x - limits.d / scale, "jac": lambda x: limits.e},
    ]
    found = []
    for _ in range(starts):
        corner = _solve(rng.normal(size=k * k), limits) / scale
        found.append(precision(corner))
        for sign in (1, -1):
            goal = minimize(lambda x, s=sign: s * precision(x), corner, method="SLSQP",
                            bounds=[(0, 1)] * (k * k), constraints=rules, options={"ftol": 1e-12})
            if goal.success:
                found.append(precision(goal.x))
    return Interval(min(found), max(found))


@dataclass(frozen=True)
class AccuracyCheck:
    """Whether a printed accuracy fits the class F1s printed for the same model; all in per cent."""

    model: str
    attainable: Interval
    printed: Interval
    discrepancy: float
    discrepancy_in_sd: float

    @property
    def fits(self) -> bool:
        return self.discrepancy == 0


def check_accuracy(
    model: str, supports: Sequence[float], f1: Sequence[str], accuracy: str, sd: str,
    recall: Sequence[str] | None = None,
) -> AccuracyCheck:
    """Compare a printed accuracy with what its printed class F1s (per cent, as text) allow, rounding included."""
    shares = [Interval.printed(text).scaled(0.01) for text in f1]
    recalls = None if recall is None else [Interval.printed(text).scaled(0.01) for text in recall]
    reach = accuracy_range(supports, shares, recalls).scaled(100)
    printed = Interval.printed(accuracy)
    discrepancy = printed.distance(reach)
    return AccuracyCheck(model, reach, printed, discrepancy, discrepancy / float(sd))
