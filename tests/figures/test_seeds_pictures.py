"""The page on seeds: the spread between seeds, and how many seeds a difference needs."""

import numpy as np
import pytest
from scipy import stats

from cgrecnet.evaluation.power import repeats_needed
from cgrecnet.figures.seeds import by_seed, mean_over_seeds, spread_of, spread_table
from cgrecnet.runs.run_record import RunRecord


def record(model: str, seed: int, accuracy: float) -> RunRecord:
    return RunRecord(
        run_id=f"{model}-{seed}", experiment="e", config={"model": model, "seed": seed}, started="", wall_seconds=1.0,
        commit="c", code="c", protocol=2, data={}, split={}, weights={}, parameters=1, hardware={},
        software={}, history=[],
        test={"accuracy": accuracy}, predictions_sha256="",
    )  # fmt: skip


def test_differences_are_paired_by_seed_and_in_points():
    runs = [record("a", 1, 0.90), record("a", 2, 0.80), record("b", 2, 0.85), record("b", 1, 0.88), record("c", 1, 0.1)]
    assert by_seed(runs, "a", "b") == pytest.approx({1: 2.0, 2: -5.0})
    assert by_seed(runs[:2], "a", "b") == {}


def test_the_interval_of_a_spread_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(2000):
        _, low, high = spread_of(rng.normal(5, 2, 3))
        inside += low <= 2 <= high
    assert inside / 2000 == pytest.approx(0.95, abs=0.02)
    sd, low, high = spread_of([1.0, 2.0, 3.0])
    assert sd == pytest.approx(1.0)
    assert (low, high) == pytest.approx(tuple(np.sqrt(2 / stats.chi2.ppf([0.975, 0.025], 2))))
    with pytest.raises(ValueError, match="two values or more, not 1"):
        spread_of([1.0])


def test_the_table_names_n_and_the_seeds_that_are_needed():
    table = spread_table({42: 1.0, 123: 2.0, 999: 3.0}, {"the margin": 2.0})
    assert "| mean ± SD of the n = 3 differences | +2.00 ± 1.00 |" in table
    assert f"| seeds to see 2.00 points (the margin) | {repeats_needed(2.0, 1.0)} (" in table
    assert "| mean ± SD (n = 1) | needs two seeds |" in spread_table({42: 1.0}, {"the margin": 2.0})
    same = spread_table({1: 1.0, 2: 1.0}, {"any": 1.0})
    assert "| 2 (2 to 2) |" in same, "no spread at all: two seeds are enough"
    for n in (45, 90, 900):  # the same number of cells apart with each seed, alike but for rounding
        for apart in range(1, 12):
            rights = np.random.default_rng(n).integers(20, n - 20, 3)
            alike = {seed: 100 * ((right + apart) / n - right / n) for seed, right in enumerate(rights)}
            assert "| 2 (2 to 2) |" in spread_table(alike, {"any": 1.0})
            assert mean_over_seeds(alike)[2] is None
    assert "| difference with seed 7, points | \N{MINUS SIGN}1.50 |" in spread_table({7: -1.5, 8: 1.0}, {})


def test_the_mean_over_seeds_has_its_interval_by_the_paired_t_test():
    ahead, mean, ends = mean_over_seeds({1: -1.0, 2: -2.0, 3: 0.5})
    expected = stats.t.interval(0.95, 2, np.mean([-1, -2, 0.5]), stats.sem([-1, -2, 0.5]))
    assert ahead == 1 and mean == pytest.approx(-2.5 / 3) and ends == pytest.approx(expected)
    assert mean_over_seeds({1: 1.0, 2: 1.0}) == (2, 1.0, None), "no spread at all has no interval"
    with pytest.raises(ValueError, match="two or more, not 1"):
        mean_over_seeds({1: 1.0})
