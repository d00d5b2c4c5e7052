"""Kept networks are explained only with the weights that their records were made with."""

import numpy as np
import pytest

from cgrecnet.errors import RunError
from cgrecnet.paths import EXPERIMENTS
from cgrecnet.runs.explain import KEPT_NOTEBOOK, explain_study, kept_network, plan_study
from cgrecnet.runs.explain_record import KeptConfig
from cgrecnet.runs.grid import read_yaml_mapping
from cgrecnet.runs.kept import WEIGHTS, check_predictions
from cgrecnet.runs.notebook import train
from cgrecnet.runs.run_record import read_predictions
from cgrecnet.training.config import RunConfig

TINY = {"experiment": "tiny", "model": "resnet50", "data_options": {"cells": 80}, "image_size": 32, "epochs": 1}


def test_a_run_without_a_record_is_named(tmp_path):
    with pytest.raises(RunError, match="no run record at .*nothing"):
        kept_network(KeptConfig(runs=("nothing",)), "nothing", tmp_path / "r", tmp_path / "w")


def test_the_committed_study_and_the_notebooks_defaults_are_valid():
    config = KeptConfig.from_mapping(read_yaml_mapping(EXPERIMENTS / "explain-jurkat.yaml"))
    assert all(run.startswith(config.trained) for run in config.runs)
    cell = KEPT_NOTEBOOK.read_text(encoding="utf-8").split('tags=["parameters"]')[1].split("# %%")[0]
    values = {}
    exec(cell, values)
    names = set(values) - {"__builtins__", "results_folder", "work_folder"}
    assert names == set(KeptConfig.model_fields)
    for name in names - {"runs"}:
        assert values[name] == KeptConfig.model_fields[name].default
    assert plan_study(config).run_id != plan_study(config.model_copy(update={"explained": 5})).run_id


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_kept_network_from_its_run_to_its_maps(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    places = {"results": tmp_path / "r", "work": tmp_path / "w"}
    run = train(RunConfig(**TINY), **places, say=lambda _: None, keep_weights=True)
    config = KeptConfig(experiment="tiny-explain", trained="tiny", runs=(run.run_id,), explained=3, occluded=2, shown=1)
    record = explain_study(config, **places, say=lambda _: None)
    scores = record.results["scores"]
    assert scores["honest resnet50"]["gradcam@stage2"]["energy cell"]["n"] <= record.cells["scored"]
    uniform = scores["no network"]["uniform"]["energy cell"]["mean"]
    assert uniform == pytest.approx(record.results["area"]["cell"]["mean"])
    assert record.data[0]["simulated"] and record.networks["honest resnet50"]["run_id"] == run.run_id

    _, _, probabilities = read_predictions(places["results"], run)
    assert check_predictions(run, places["results"], probabilities) == 0
    with pytest.raises(RunError, match="not the run's own"):
        check_predictions(run, places["results"], np.roll(probabilities, 1, axis=1))
    (places["work"] / run.run_id / WEIGHTS).write_bytes(b"cut off")
    with pytest.raises(RunError, match="--keep-weights"):
        kept_network(config, run.run_id, **places)
