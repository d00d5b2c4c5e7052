"""Holm's correction: by hand, its order, and the error rate of a family."""

import numpy as np
import pytest

from cgrecnet.evaluation.planned_contrasts import holm


@pytest.fixture(autouse=True)
def no_collection(monkeypatch):
    """statsmodels collects garbage after every correction, which here would take most of the time."""
    monkeypatch.setattr("gc.collect", lambda *_: 0)


def test_by_hand():
    # Sorted 0.01, 0.02, 0.04: times 3, 2, 1 gives 0.03, 0.04, 0.04.
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.03]) == pytest.approx([0.03])


def test_never_below_the_raw_value_never_above_bonferroni_and_in_the_same_order():
    rng = np.random.default_rng(0)
    for _ in range(50):
        raw = rng.random(6) ** 3
        got = np.array(holm(raw))
        assert (got >= raw).all() and (got <= np.minimum(1, 6 * raw) + 1e-12).all()
        assert (np.diff(got[np.argsort(raw)]) >= 0).all()


def test_the_chance_of_any_false_finding_stays_at_alpha():
    rng = np.random.default_rng(1)
    families = rng.random((800, 5))
    raw, corrected = (families < 0.05).any(axis=1).mean(), np.mean([min(holm(f)) < 0.05 for f in families])
    assert raw > 0.17 and corrected < 0.075


@pytest.mark.parametrize("bad", [[], [0.5, np.nan], [1.2], [-0.1], [[0.1, 0.2]]])
def test_what_is_no_list_of_p_values_is_refused(bad):
    with pytest.raises(ValueError, match="p-values"):
        holm(bad)
