"""Runs that differ in the seed alone: which belong together, how far apart they lie, and what so few can say."""

import numpy as np
import pytest
from fabricated_runs import fabricate_sweep

from cgrecnet.figures.seed_spread import records_read, seed_runs, spread_of


def share(config):
    """Right answers by network and seed, so that every spread is known."""
    return 0.5 + 0.05 * ("cg" in config.model) + {42: 0.0, 123: 0.1, 999: 0.2}[config.seed]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    for name in ("jurkat-ablation", "jurkat-seeds", "simulated-noise"):
        fabricate_sweep(folder, name, share, cells=100)
    return folder


def test_runs_that_differ_in_the_seed_alone_are_found(results):
    runs = seed_runs("jurkat", results)
    assert list(runs) == ["resnet50", "cg_recnet"]
    for own in runs.values():
        assert [r.config["seed"] for r in own] == [42, 123, 999] and {r.config["fold"] for r in own} == {0}
    read = records_read("jurkat", results)
    assert len(read) == 24 and {r.run_id for own in runs.values() for r in own} < {r.run_id for r in read}


def test_the_first_seed_of_another_setting_does_not_count(results, tmp_path):
    assert seed_runs("cytometer", results) == {} and records_read("cytometer", results) == []
    for name in ("simulated-noise", "simulated-seeds"):
        fabricate_sweep(tmp_path, name, share, cells=100)
    runs = seed_runs("cytometer", tmp_path)
    assert len(runs) == 4 and {r.config["data_options"]["noise"] for own in runs.values() for r in own} == {1.0}
    assert {len(own) for own in runs.values()} == {3}


def test_the_spread_is_pooled_around_each_networks_mean(results):
    runs = seed_runs("jurkat", results)
    spread = spread_of(runs)
    scores = {model: [100 * r.test["accuracy"] for r in own] for model, own in runs.items()}
    assert spread.df == 4 and spread.sd == pytest.approx(np.sqrt(np.mean([np.var(s, ddof=1) for s in scores.values()])))
    assert spread_of({}) is None
