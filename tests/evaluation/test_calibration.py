"""Calibration: by hand, on predictions that are calibrated by construction, and on ones that are not."""

import numpy as np
import pytest

from cgrecnet.evaluation.calibration import brier, error_if_calibrated, expected_calibration_error, reliability


def drawn(n: int = 6000, seed: int = 0):
    """Labels drawn from the probabilities themselves, so that these are calibrated."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(3, 0.5), n)
    labels = (rng.random((n, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    return np.minimum(labels, 2), probabilities


def drawn_again(probabilities: np.ndarray, seed: int) -> np.ndarray:
    """Other labels from the same probabilities."""
    rng = np.random.default_rng(100 + seed)
    return np.minimum((rng.random((len(probabilities), 1)) > probabilities.cumsum(axis=1)).sum(axis=1), 2)


def sharpened(probabilities: np.ndarray) -> np.ndarray:
    """The same decisions, too sure."""
    return probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)


def test_reliability_by_hand():
    probabilities = np.array([[0.95, 0.05], [0.85, 0.15], [0.92, 0.08], [0.2, 0.8]])
    got = reliability([0, 0, 1, 1], probabilities, 0, bins=10)
    assert got.counts.tolist() == [1, 1, 2]
    assert got.predicted == pytest.approx([0.2, 0.85, 0.935])
    assert got.observed == pytest.approx([0, 1, 0.5])


@pytest.mark.parametrize("bins", [1, 7, 10])
def test_every_cell_lies_in_one_bin_and_edges_go_where_scikit_learn_puts_them(bins):
    labels, probabilities = drawn(400)
    probabilities[:4] = [[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0], [0.1, 0.2, 0.7]]
    for index in range(3):
        got = reliability(labels, probabilities, index, bins)
        assert got.counts.sum() == 400 and len(got.counts) == len(got.predicted) == len(got.observed)
        # Weighted by the counts, bins must give back the two means.
        assert got.predicted @ got.counts / 400 == pytest.approx(probabilities[:, index].mean())
        assert got.observed @ got.counts / 400 == pytest.approx((labels == index).mean())


def test_expected_calibration_error_by_hand():
    # Bin (0.6, 0.8]: two cells, 0.7 sure, one right: gap 0.2. Bin (0.8, 1]: 0.9 and 1.0 sure, both right: gap 0.05.
    probabilities = np.array([[0.7, 0.3], [0.7, 0.3], [0.9, 0.1], [0.0, 1.0]])
    got = expected_calibration_error([0, 1, 0, 1], probabilities, bins=5)
    assert got == pytest.approx((2 * 0.2 + 2 * 0.05) / 4)


def test_expected_calibration_error_is_the_sum_over_bins_written_out():
    labels, probabilities = drawn(500, seed=2)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    total = 0.0
    for low, high in zip(np.linspace(0, 1, 16)[:-1], np.linspace(0, 1, 16)[1:], strict=True):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert expected_calibration_error(labels, probabilities) == pytest.approx(total)


def test_calibrated_predictions_score_near_0_and_too_sure_ones_do_not():
    labels, probabilities = drawn()
    assert expected_calibration_error(labels, probabilities) < 0.025
    assert expected_calibration_error(labels, sharpened(probabilities)) > 0.08
    assert brier(labels, probabilities) < brier(labels, sharpened(probabilities))
    curve = reliability(labels, probabilities, 1)
    assert np.abs(curve.predicted - curve.observed).max() < 0.1


def test_the_error_of_chance_alone():
    labels, probabilities = drawn(800, seed=5)
    median, high = error_if_calibrated(probabilities)
    own = [expected_calibration_error(drawn_again(probabilities, seed), probabilities) for seed in range(60)]
    assert median == pytest.approx(np.median(own), rel=0.15)
    assert 0 < median < high and np.mean(np.array(own) < high) > 0.9
    sure = sharpened(probabilities)
    assert expected_calibration_error(labels, sure) > error_if_calibrated(sure)[1]
    assert error_if_calibrated(probabilities[:100])[0] > median  # fewer cells, more chance
    with pytest.raises(ValueError, match="one draw"):
        error_if_calibrated(probabilities, draws=0)


def test_with_one_bin_the_error_is_confidence_minus_accuracy():
    labels, probabilities = drawn(300, seed=3)
    gap = abs(probabilities.max(axis=1).mean() - (probabilities.argmax(axis=1) == labels).mean())
    assert expected_calibration_error(labels, probabilities, bins=1) == pytest.approx(gap)


def test_brier_is_the_mean_squared_distance_from_the_truth():
    labels, probabilities = drawn(300, seed=4)
    expected = ((probabilities - np.eye(3)[labels]) ** 2).sum(axis=1).mean()
    assert brier(labels, probabilities) == pytest.approx(expected)
    assert brier([0, 0], np.array([[1.0, 0.0], [0.0, 1.0]])) == pytest.approx(1.0)  # one right, one as wrong as can be


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda y, p: reliability(y, p, 3), "no class 3"),
        (lambda y, p: reliability(y, p, 0, bins=0), "one bin"),
        (lambda y, p: expected_calibration_error(y, p, bins=0), "one bin"),
        (lambda y, p: expected_calibration_error(y[:-1], p), "do not fit"),
        (lambda y, p: brier(y + 1, p), "out of range"),
        (lambda y, p: brier(y, p * np.nan), "finite"),
    ],
)
def test_unusable_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(*drawn(50))
