"""Runs that differ in one thing: which of them belong together, and what is left out where there are none."""

import pytest
from fabricated_runs import fabricate_sweep

from cgrecnet.runs.series import (
    dose_response_runs,
    imbalance_runs,
    option_runs,
    planned_options,
    planned_rates,
    planned_settings,
    planned_shares,
    rate_runs,
    reading_runs,
    seed_records,
    seed_runs,
    shares_text,
    shortcut_runs,
)

SWEEPS = (
    "simulated-noise", "simulated-debris", "simulated-imbalance", "simulated-learning-rate", "simulated-presets",
    "simulated-shortcut-random", "simulated-shortcut-grouped", "jurkat-ablation", "jurkat-presets", "jurkat-seeds",
)  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for name in SWEEPS:
        fabricate_sweep(folder, name, lambda config: 0.8, cells=100)
    return folder


def test_without_runs_everything_is_empty(tmp_path):
    for select in (imbalance_runs, shortcut_runs, rate_runs, reading_runs, option_runs):
        assert select(tmp_path) == {}
    assert dose_response_runs("noise", tmp_path) == seed_runs("jurkat", tmp_path) == {}
    assert seed_records("jurkat", tmp_path) == []


def test_the_calibrated_setting_of_one_dial_belongs_to_the_other_too(results, tmp_path):
    noise, debris = dose_response_runs("noise", results), dose_response_runs("debris", results)
    assert list(noise) == [1, 6] and list(debris) == [0.2, 0.9]
    assert list(debris[0.9]) == ["resnet50", "rescmnet", "resgdnet", "cg_recnet"]
    assert debris[0.2]["cg_recnet"] == noise[1.0]["cg_recnet"]
    fabricate_sweep(tmp_path, "simulated-noise", lambda config: 0.5, cells=100)
    assert list(dose_response_runs("debris", tmp_path)) == [0.2]
    with pytest.raises(KeyError):
        dose_response_runs("dust", results)


def test_the_papers_shares_come_from_the_noise_series_without_weights(results):
    runs = imbalance_runs(results)
    assert list(runs) == planned_shares() and shares_text(planned_shares()[1]) == "27 / 13 / 60 %"
    even, paper, beyond = runs.values()
    assert len(even) == len(beyond) == 4
    assert set(paper) == {("resnet50", False), ("cg_recnet", False)}
    assert {run.data["options"]["noise"] for run in paper.values()} == {1.0}


def test_the_runs_of_both_splits_are_there_at_every_setting(results):
    runs = shortcut_runs(results)
    for split in ("random", "grouped"):
        assert sorted(key[1:] for key in runs if key[0] == split) == sorted(planned_settings())


def test_every_rate_has_both_networks_and_every_option_its_name(results):
    rates = rate_runs(results)
    assert list(rates) == planned_rates() and {len(runs) for runs in rates.values()} == {2}
    options = option_runs(results)
    assert {"baseline", "recovered", "fusion_skip = True", "head = 3", "fusion_width = 512"} <= set(options)
    assert set(options) == {"baseline", "recovered", *planned_options()}


def test_readings_are_of_the_first_fold_of_real_cells(results):
    readings = reading_runs(results)
    assert set(readings) == {"baseline", "recovered", "as_written", "clean"}
    assert {(run.data["name"], run.config["fold"]) for run in readings.values()} == {("jurkat", 0)}
    assert readings["baseline"].config["model"] == "resnet50" and readings["clean"].config["model"] == "cg_recnet"


def test_runs_that_differ_in_the_seed_alone_are_found(results):
    runs = seed_runs("jurkat", results)
    assert list(runs) == ["resnet50", "cg_recnet"]
    for own in runs.values():
        assert [r.config["seed"] for r in own] == [42, 123, 999] and {r.config["fold"] for r in own} == {0}
    read = seed_records("jurkat", results)
    assert len(read) == 24 and {r.run_id for own in runs.values() for r in own} < {r.run_id for r in read}


def test_the_first_seed_of_another_setting_does_not_count(results, tmp_path):
    assert seed_runs("cytometer", results) == {}
    for name in ("simulated-noise", "simulated-seeds"):
        fabricate_sweep(tmp_path, name, lambda config: 0.8, cells=100)
    runs = seed_runs("cytometer", tmp_path)
    assert len(runs) == 4 and {r.config["data_options"]["noise"] for own in runs.values() for r in own} == {1.0}
    assert {len(own) for own in runs.values()} == {3}
