"""Errors that models share: counted, and compared with independence."""

import numpy as np
import pytest

from cgrecnet.evaluation.shared_errors import missed_by, shared_errors


def test_misses_are_counted_cell_by_cell():
    assert missed_by([0, 1, 1], [[0, 1, 0], [1, 1, 0]]).tolist() == [1, 0, 2]
    with pytest.raises(ValueError, match="at least one model"):
        missed_by([0], [])


def test_independent_models_share_as_many_errors_as_expected():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [40_000, 20_000])
    predicted = [np.where(rng.random(60_000) < rate, 1 - labels, labels) for rate in (0.1, 0.3, 0.2)]
    observed, expected = shared_errors(labels, predicted, 2)
    assert observed.sum(axis=1).tolist() == [40_000, 20_000] == expected.sum(axis=1).round(6).tolist()
    assert observed == pytest.approx(expected, abs=4 * np.sqrt(expected.max()))
    assert expected[0, 3] == pytest.approx(40_000 * 0.1 * 0.3 * 0.2, rel=0.1)


def test_models_that_err_alike_share_more():
    labels = np.repeat([0, 1], 50)
    same = np.where(np.arange(100) % 10 == 0, 1 - labels, labels)
    observed, expected = shared_errors(labels, [same, same], 3)
    assert observed.tolist() == [[45, 0, 5], [45, 0, 5], [0, 0, 0]]
    assert expected[0] == pytest.approx([50 * 0.81, 50 * 0.18, 50 * 0.01])
