"""Temperature, conformal sets and corrected shares: numbers against theory and against other programs."""

import numpy as np
import pytest

from cgrecnet.predict.cells import Preprocessing, look
from cgrecnet.predict.engines import TorchEngine
from cgrecnet.predict.uncertainty import (
    calibrated,
    calibration_scores,
    cells_needed,
    class_shares,
    fit_temperature,
    in_set,
    p_values,
)
from cgrecnet.predict.unlike import fit_unlike

LABELS = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2])
KNOWN = np.array([[0.63, 0.24, 0.13], [0.06, 0.27, 0.67], [0.31, 0.15, 0.54], [0.44, 0.23, 0.33], [0.17, 0.67, 0.16],
                  [0.14, 0.55, 0.31], [0.18, 0.52, 0.3], [0.22, 0.54, 0.24], [0.26, 0.47, 0.27], [0.39, 0.54, 0.07],
                  [0.2, 0.76, 0.04], [0.24, 0.52, 0.24]])  # fmt: skip
NEW = np.array([[0.31, 0.51, 0.18], [0.47, 0.2, 0.33], [0.66, 0.03, 0.31], [0.22, 0.01, 0.77]])
#: What crepes 0.9.1 says of these: ConformalClassifier, one per class, hinge scores, smoothing=False.
CREPES = [[4 / 6, 2 / 5, 3 / 4], [5 / 6, 1 / 5, 1], [1, 1 / 5, 1], [3 / 6, 1 / 5, 1]]


def test_p_values_are_those_of_crepes():
    assert p_values(calibration_scores(LABELS, KNOWN), NEW) == pytest.approx(np.array(CREPES))


def test_a_class_with_too_few_calibration_cells_is_in_every_set():
    assert (cells_needed(0.9), cells_needed(0.5)) == (9, 1)
    probabilities = np.tile([[0.001, 0.999]], (9, 1))
    for n, ruled_out in ((8, False), (9, True)):
        scores = [np.full(n, 0.1), np.full(n, 0.1)]
        assert in_set(p_values(scores, probabilities), 0.9)[:, 0].all() != ruled_out


def test_sets_cover_each_class_of_simulated_held_out_cells(trained, dataset):
    """Whichever cell of a class is left out as the new one: its class is in its set as often as the level says."""
    _, networks, parts = trained
    held_out = np.concatenate([parts.validation, parts.test])
    labels = dataset.labels[held_out]
    how = Preprocessing(dataset.window, "none", 32)
    engine = TorchEngine(networks[:1], "mobilenet_v2")
    probabilities = look([dataset.images[i] for i in held_out], engine, how).probabilities
    rng = np.random.default_rng(0)
    probabilities += 1e-9 * rng.random(probabilities.shape)  # no ties, so that the upper end holds as well
    for y in range(3):
        own = np.flatnonzero(labels == y)
        n = len(own) - 1
        level = 1 - 3 / (n + 1)
        inside = []
        for left_out in own:  # leave one out: every way to choose the new cell among them
            rest = np.setdiff1d(own, left_out)
            scores = [np.sort(1 - probabilities[rest, y])]
            inside.append(in_set(p_values(scores, probabilities[[left_out]][:, [y]]), level)[0, 0])
        assert np.mean(inside) == pytest.approx(level)


def test_rounding_is_not_unlike_where_a_network_gives_next_to_the_same_for_all():
    rng = np.random.default_rng(4)
    numbers = {"levels": np.full((60, 3), 0.4), "size": np.full((60, 2), 3.7), "focus": np.full((60, 2), -1.0),
               "features": 1 + 1e-7 * rng.standard_normal((60, 200))}  # fmt: skip
    unlike = fit_unlike(numbers, np.repeat([0, 1], 30), numbers)
    assert (unlike.scores(numbers | {"features": numbers["features"] + 1e-6}) < 1).all()
    assert (unlike.scores(numbers | {"features": numbers["features"] + 0.1})[:, 3] > 1).all()


def test_the_temperature_of_sharpened_probabilities_is_found():
    rng = np.random.default_rng(1)
    honest = rng.dirichlet([1, 1, 1], 20_000)
    labels = (rng.random((len(honest), 1)) > honest.cumsum(axis=1)).sum(axis=1)
    too_sure = calibrated(honest, 0.4)
    assert fit_temperature(labels, too_sure) == pytest.approx(2.5, rel=0.05)
    assert calibrated(too_sure, 2.5) == pytest.approx(honest, abs=1e-4)


def test_shares_are_corrected_for_the_confusion():
    rates = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]])
    truth = np.array([0.6, 0.1, 0.3])
    found = class_shares(100_000 * truth @ rates, 10_000 * rates)
    assert found.corrected == pytest.approx(truth, abs=1e-4)
    assert (found.low < truth).all() and (truth < found.high).all() and (found.high - found.low < 0.06).all()


def test_intervals_of_shares_hold_the_truth():
    rng = np.random.default_rng(2)
    rates, truth = np.array([[0.85, 0.15], [0.3, 0.7]]), np.array([0.7, 0.3])
    held = 0
    for i in range(60):
        confusion = [rng.multinomial(150, row) for row in rates]
        found = class_shares(rng.multinomial(300, truth @ rates), confusion, seed=i, draws=400)
        held += found.low[0] <= truth[0] <= found.high[0]
    assert 52 <= held <= 60


def test_shares_without_a_test_cell_of_a_class_are_refused():
    with pytest.raises(ValueError, match="a test cell of each class"):
        class_shares([3, 4], [[5, 1], [0, 0]])
