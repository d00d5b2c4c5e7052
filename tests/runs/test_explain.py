"""A study of explanations: mistakes refused in one sentence, records whole or refused, a tiny study end to end."""

import json
import os
import shutil

import numpy as np
import pytest

from cgrecnet.cli import main
from cgrecnet.errors import RunBusy, RunError
from cgrecnet.explain.cam_methods import part_masks, score_map
from cgrecnet.files import locked
from cgrecnet.paths import EXPERIMENTS
from cgrecnet.runs.explain import EXPLAIN_NOTEBOOK, explain_study, plan_study
from cgrecnet.runs.explain_record import ARRAYS, EXPLAIN, ExplainConfig, ExplainRecord, find_explain, write_explain
from cgrecnet.runs.grid import read_yaml_mapping
from cgrecnet.runs.run_record import read_record

TINY = {
    "experiment": "tiny-explain", "honest": ["resnet50"], "shuffled": [], "shortcut": ["resnet50"], "cells": 48,
    "runs": 3, "image_size": 32, "epochs": 1, "explained": 4, "occluded": 2, "randomised": 2, "shown": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["honst=[resnet50]"], "did you mean 'honest'"),
        (["honest=[vgg16]"], "'cg_recnet'"),
        (["honest=[]"], "at least 1 item"),
        (["shown=100"], "shown (100) cannot exceed explained (60)"),
        (["epochs=0"], "'epochs'"),
        (["model_options={fusion_with: 1}"], "fusion_with"),
        (["weights=nowhere.safetensors"], "nowhere.safetensors"),
        (["--kept", "run=[a]"], "did you mean 'runs'"),
        (["--kept", "runs=[]"], "'runs'"),
        (["--kept", "runs=[a]", "shown=0"], "'shown'"),
    ],
)
def test_a_mistake_ends_with_status_2_and_one_sentence(words, message, capsys, tmp_path):
    places = ["--results", str(tmp_path / "r"), "--work", str(tmp_path / "w")]
    assert main(["explain", *words, *places]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1, said
    assert not list(tmp_path.iterdir())


def test_the_committed_study_and_the_notebooks_defaults_are_valid():
    config = ExplainConfig.from_mapping(read_yaml_mapping(EXPERIMENTS / "explain-simulated.yaml"))
    assert config.run("shortcut", "resnet50").data_options["confounding"] == 1.0
    assert config.run("honest", "resnet50").data_options["confounding"] == 0.0
    source = EXPLAIN_NOTEBOOK.read_text(encoding="utf-8")
    cell = source.split('tags=["parameters"]')[1].split("# %%")[0]
    values = {}
    exec(cell, values)
    del values["__builtins__"]
    places = {"results_folder", "work_folder"}
    assert set(values) - places == set(ExplainConfig.model_fields)
    given = ExplainConfig.from_mapping({name: value for name, value in values.items() if name not in places})
    assert given.epochs == ExplainConfig().epochs and given.cells == ExplainConfig().cells


def test_the_name_follows_parameters():
    one, other = ExplainConfig(**TINY), ExplainConfig(**TINY | {"epochs": 2})
    assert plan_study(one).run_id == plan_study(one).run_id != plan_study(other).run_id


def test_scores_of_simulated_cells_use_the_masks_that_the_network_sees():
    from cgrecnet.data.cytometer import simulate

    simulation = simulate({"cells": 6, "debris": 1.0})
    masks = part_masks(simulation, [4, 1], 48)
    assert all(mask.shape == (2, 48, 48) for mask in masks.values())
    assert (masks["nucleus"] <= masks["cell"]).all() and masks["cell"].any(axis=(1, 2)).all()
    scores = score_map(masks["nucleus"].astype(float), masks)
    assert scores["energy cell"].tolist() == [1, 1] == scores["pointing cell"].tolist()
    assert scores["energy border"][0] < 0.2


def fields(**changed):
    names = ("config", "protocols", "weights", "hardware", "software", "networks", "cells", "results")
    return {
        "run_id": "x-s1", "experiment": "x", "started": "2026-01-01", "wall_seconds": 1.0, "commit": "c", "code": "",
        "data": [], **{name: {} for name in names}, **changed,
    }  # fmt: skip


def test_the_newest_record_comes_back_with_its_arrays(tmp_path):
    assert find_explain(tmp_path, "x") is None
    write_explain(tmp_path / "x" / "old", fields(run_id="old"), {"a": np.arange(3)})
    write_explain(tmp_path / "x" / "new", fields(run_id="new", started="2026-01-02"), {"a": np.arange(4)})
    record, arrays = find_explain(tmp_path, "x")
    assert record.started == "2026-01-02" and arrays["a"].tolist() == [0, 1, 2, 3]
    shutil.copytree(tmp_path / "x" / "new", tmp_path / "x" / "copy")
    with pytest.raises(RunError, match="move .*copy away"):
        find_explain(tmp_path, "x")
    shutil.rmtree(tmp_path / "x" / "copy")
    path = tmp_path / "x" / "new" / EXPLAIN
    whole = path.read_text()
    path.write_text(whole.replace("2026-01-02", "2026-01-03"))
    with pytest.raises(RunError, match="changed after it was written"):
        find_explain(tmp_path, "x")
    path.write_text(whole)
    (tmp_path / "x" / "new" / ARRAYS).write_bytes(b"other")
    with pytest.raises(RunError, match="not its record's own"):
        find_explain(tmp_path, "x")
    (tmp_path / "x" / "new" / EXPLAIN).write_text("{")
    with pytest.raises(RunError, match="cut off"):
        read_record(tmp_path / "x" / "new" / EXPLAIN, ExplainRecord)
    with pytest.raises(RunError, match="no run record"):
        read_record(tmp_path / "nothing.json", ExplainRecord)


def test_a_record_with_a_number_that_is_none_is_not_written(tmp_path):
    with pytest.raises(ValueError):
        write_explain(tmp_path / "x", fields(results={"a": float("nan")}), {"a": np.arange(3)})
    assert not (tmp_path / "x" / EXPLAIN).exists()


def test_only_one_process_does_a_study(tmp_path):
    config = ExplainConfig(**TINY)
    folder = tmp_path / "w" / plan_study(config).run_id
    folder.mkdir(parents=True)
    with locked(folder / "lock"), pytest.raises(RunBusy, match="another process"):
        explain_study(config, results=tmp_path / "r", work=tmp_path / "w", say=lambda _: None)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_tiny_study_from_end_to_end(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    config, said = ExplainConfig.from_mapping(TINY), []
    places = {"results": tmp_path / "r", "work": tmp_path / "w"}
    record = explain_study(config, **places, say=said.append)
    assert any(line.strip().startswith("epoch ") for line in said)
    assert set(record.networks) == {"honest resnet50", "shortcut resnet50"}
    scores = record.results["scores"]
    found = scores["no network"]["uniform"]["energy cell"]
    assert found["mean"] == pytest.approx(record.results["area"]["cell"]["mean"]) and found["n"] == 4
    assert scores["honest resnet50"]["gradcam@last"]["energy cell"]["n"] + scores["honest resnet50"]["gradcam@last"][
        "energy cell"
    ]["empty"] == 4
    fresh = record.results["cascade"]["gradcam@last"]
    assert list(fresh) == ["fc", "layer4", "layer3", "layer2", "layer1"]
    assert os.stat(tmp_path / "r" / "tiny-explain" / record.run_id / ARRAYS).st_size < 300_000
    assert json.dumps(record.config) and explain_study(config, **places, say=said.append) == record
    assert "done already" in said[-1]
