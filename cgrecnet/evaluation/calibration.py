"""Whether a probability means what it says: reliability, expected calibration error, Brier score."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from cgrecnet.evaluation.arrays import labelled


@dataclass(frozen=True)
class Reliability:
    """Bins of one class's probability that hold cells, from low to high.

    predicted: mean probability in the bin; observed: share of its cells that are of the class; counts: its cells.
    """

    predicted: np.ndarray
    observed: np.ndarray
    counts: np.ndarray


def reliability(labels: Sequence[int], probabilities: np.ndarray, index: int, bins: int = 10) -> Reliability:
    """The reliability curve of class `index` against all others, over `bins` bins of equal width.

    labels: shape (cells,); probabilities: shape (cells, classes). Empty bins are left out.
    Raises ValueError where the arrays do not fit, there is no such class, or bins is below 1.
    Source: scikit-learn's calibration_curve; the counts are ours.
    """
    labels, probabilities = labelled(labels, probabilities)
    if not 0 <= index < probabilities.shape[1]:
        raise ValueError(f"There is no class {index}: there are {probabilities.shape[1]}, from 0 on.")
    column = probabilities[:, index]
    observed, predicted = calibration_curve(labels == index, column, n_bins=_bins(bins), pos_label=True)
    counts = np.bincount(_bin_of(column, bins), minlength=bins)
    return Reliability(predicted, observed, counts[counts > 0])


def expected_calibration_error(labels: Sequence[int], probabilities: np.ndarray, bins: int = 15) -> float:
    r"""$\sum_b (n_b / n) \, |\mathrm{accuracy}_b - \mathrm{confidence}_b|$ over bins of the highest probability.

    A share: 0 where a network that is 80 % sure is right four times out of five. Shapes and errors as `reliability`.
    It depends on the number of bins, and is biased upwards where bins hold few cells.
    Source: Guo et al. 2017 (ICML, PMLR 70), equation 3.
    """
    labels, probabilities = labelled(labels, probabilities)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    place = _bin_of(confidence, _bins(bins))
    differences = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(differences).sum() / len(labels))


def error_if_calibrated(
    probabilities: np.ndarray, bins: int = 15, draws: int = 200, seed: int = 0
) -> tuple[float, float]:
    """What the expected calibration error would be if the probabilities were right: median and 97.5 % quantile.

    Labels are drawn from the probabilities themselves, so that only chance is left; finitely many cells never come
    out at 0. An error above the quantile is more than chance. Shapes and errors as `reliability`, or no draw.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    labelled(np.zeros(len(probabilities), dtype=int), probabilities)
    if draws < 1:
        raise ValueError(f"There must be one draw or more, not {draws}.")
    rng = np.random.default_rng(seed)
    confidence = probabilities.max(axis=1)
    place = _bin_of(confidence, _bins(bins))
    # Only whether the top class is the true one matters, and that happens with the probability `confidence`.
    right = rng.random((draws, len(confidence))) < confidence
    errors = [np.abs(np.bincount(place, weights=row - confidence, minlength=bins)).sum() for row in right]
    median, high = np.quantile(np.array(errors) / len(confidence), [0.5, 0.975])
    return float(median), float(high)


def brier(labels: Sequence[int], probabilities: np.ndarray) -> float:
    r"""The Brier score of several classes: the mean over cells of $\sum_c (p_c - y_c)^2$, from 0 (best) to 2.

    It is the sum of scikit-learn's two-class scores, one class at a time. Shapes and errors as `reliability`.
    """
    labels, probabilities = labelled(labels, probabilities)
    classes = range(probabilities.shape[1])
    return float(sum(brier_score_loss(labels == i, probabilities[:, i], pos_label=True) for i in classes))


def _bins(bins: int) -> int:
    if bins < 1:
        raise ValueError(f"There must be one bin or more, not {bins}.")
    return bins


def _bin_of(values: np.ndarray, bins: int) -> np.ndarray:
    """The bin of each value, as scikit-learn counts: a value on an edge belongs to the bin below it."""
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], values)
