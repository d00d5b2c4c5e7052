"""Areas and bands, against scikit-learn and against truths that are known."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from cgrecnet.evaluation.roc_auc import bootstrap_roc_auc, curve_band, weighted_area

RNG = np.random.default_rng(1)
LABELS = RNG.integers(0, 3, 300)
_RAW = np.eye(3)[LABELS] + RNG.exponential(1.0, (300, 3))
PROBABILITIES = np.round(_RAW / _RAW.sum(axis=1, keepdims=True), 2)  # rounded, so that there are ties
PROBABILITIES[:, 2] = 1 - PROBABILITIES[:, :2].sum(axis=1)
PROBABILITIES = np.clip(PROBABILITIES, 0, 1)


def test_the_area_of_every_resample_is_scikit_learns():
    weights = RNG.multinomial(300, np.full(300, 1 / 300), size=5)
    found = weighted_area(LABELS == 1, PROBABILITIES[:, 1], weights)
    expected = [roc_auc_score(LABELS == 1, PROBABILITIES[:, 1], sample_weight=row) for row in weights]
    assert found == pytest.approx(expected, abs=1e-12)


def test_areas_and_their_mean_lie_inside_intervals_of_the_right_width():
    made = bootstrap_roc_auc(LABELS, PROBABILITIES, resamples=500)
    each = [roc_auc_score(LABELS == i, PROBABILITIES[:, i]) for i in range(3)]
    assert made.values == pytest.approx([*each, np.mean(each)])
    assert made.values[-1] == pytest.approx(roc_auc_score(LABELS, PROBABILITIES, multi_class="ovr", average="macro"))
    for index in (0, 1, 2, -1):
        low, high = made.interval(index)
        assert low < made.values[index] < high and 0.02 < high - low < 0.2
    narrow = made.interval(0, level=0.5)
    assert made.interval(0)[0] < narrow[0] < narrow[1] < made.interval(0)[1]
    assert (bootstrap_roc_auc(LABELS, PROBABILITIES, resamples=500).resampled == made.resampled).all()


def test_a_difference_on_the_same_cells_knows_that_they_are_the_same():
    good, worse = bootstrap_roc_auc(LABELS, PROBABILITIES), bootstrap_roc_auc(LABELS, np.full((300, 3), 1 / 3))
    difference, (low, high) = good.less(worse, -1)
    assert worse.values == pytest.approx([0.5] * 4)
    assert difference == pytest.approx(good.values[-1] - 0.5) and low > 0
    assert good.less(good, 0) == (0, (0, 0))
    with pytest.raises(ValueError, match="same cells"):
        good.less(bootstrap_roc_auc(LABELS, PROBABILITIES, resamples=10), 0)


def test_a_class_without_cells_has_no_area():
    with pytest.raises(ValueError, match="Class 2 has no cells"):
        bootstrap_roc_auc(np.array([0, 1, 0]), np.full((3, 3), 1 / 3))
    with pytest.raises(ValueError, match="no cells in some resample"):
        bootstrap_roc_auc(np.array([0, 0, 0, 1]), np.full((4, 2), 0.5))
    with pytest.raises(ValueError, match="Class 2 has no cells"):
        curve_band(np.array([0, 1, 0]), np.full((3, 3), 1 / 3), 2, np.array([0, 1]))


def test_the_curve_is_scikit_learns_and_the_band_holds_it():
    grid = np.linspace(0, 1, 101)
    curve, low, high = curve_band(LABELS, PROBABILITIES, 0, grid, resamples=100)
    false, true, _ = roc_curve(LABELS == 0, PROBABILITIES[:, 0], drop_intermediate=False)
    for rate, value in zip(grid, curve, strict=True):
        assert true[false <= rate].max() - 1e-12 <= value <= true[false >= rate].max() + 1e-12
    assert (low <= curve + 1e-12).mean() > 0.95 and (curve <= high + 1e-12).mean() > 0.95
    assert 0.02 < np.mean(high - low) < 0.3 and curve[-1] == 1
