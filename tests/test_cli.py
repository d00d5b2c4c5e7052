"""The command `cgrecnet`: exit status, and one sentence where the user can mend it."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from cgrecnet.cli import _parse, main
from cgrecnet.commands.train import parse_parameters
from cgrecnet.errors import ConfigError
from cgrecnet.paths import RESULTS
from cgrecnet.runs.notebook import write_parameters
from cgrecnet.runs.run_id import plan_run
from cgrecnet.training.config import RunConfig


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "modell=x"], "Unknown parameter 'modell'"),
        (["train", "learning_rate=1e-3x"], "'learning_rate'"),
        (["train", "epochs=-1"], "'epochs'"),
        (["train", "experiment=2026-13-45"], "not a YAML value"),
        (["train", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        (["train", "data_options={cells: -3}"], "cells"),
        (["sweep", "simulated-seeds", "epoch=3"], "parameter 'epoch' in the command line; did you mean 'epochs'"),
        (["explain"], "would train 5 networks"),
        (["show", "no-such-run"], "There is no run 'no-such-run'"),
        (["sweep", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        (["data", "check", "jurcat"], "jurkat"),
        (["data", "fetch", "cytometer"], "nothing to fetch"),
        (["reproduce", "nowhere", "--cells", "0"], "--cells is 0"),
    ],
)
def test_a_mistake_ends_with_status_2_and_one_sentence(words, message, capsys, tmp_path):
    if words[0] in ("train", "sweep"):
        words = [*words, "--results", str(tmp_path / "r"), "--work", str(tmp_path / "w")]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert message in said and said.startswith("cgrecnet: ") and said.count("\n") == 1, said
    assert not (tmp_path / "r").exists()


def test_a_precision_may_be_written_as_the_number_that_it_looks_like():
    for value in (32, "32"):
        assert RunConfig.from_mapping({"precision": value}).precision == "32"
    with pytest.raises(ConfigError, match="'precision'"):
        RunConfig.from_mapping({"precision": 16})


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["tarin"])
    assert caught.value.code == 2 and "tarin" in capsys.readouterr().err


def test_parameters_from_files_and_words_later_ones_win(tmp_path):
    (tmp_path / "a.yaml").write_text("epochs: 3\nseed: 1\n")
    assert parse_parameters([str(tmp_path / "a.yaml"), "seed=2", "task=null"]) == {"epochs": 3, "seed": 2, "task": None}
    with pytest.raises(ConfigError, match="not a YAML value"):
        parse_parameters(["seed=[1"])


def test_words_of_the_field_stand_for_parameters():
    assert parse_parameters(["lr=0.1", "early_stopping=3"]) == {"learning_rate": 0.1, "patience": 3}


def test_a_list_says_what_differs_between_runs(tmp_path, capsys):
    path = tmp_path / "x.yaml"
    path.write_text("experiment: e\ngrid: {learning_rate: [0.1, 0.2], data_options: [{noise: 1.0}, {noise: 2.0}]}\n")
    assert main(["sweep", str(path), "--list"]) == 0
    lines = [line.split(" ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert lines[:2] == ["data_options.noise=1.0 learning_rate=0.1", "data_options.noise=2.0 learning_rate=0.1"]


def test_an_option_may_stand_alone_and_the_later_word_wins():
    told = parse_parameters(["data_options={cells: 60, noise: 1}", "data_options.noise=2"])
    assert RunConfig.from_mapping(told).data_options == {"cells": 60, "noise": 2}
    told = parse_parameters(["data_options.noise=2", "data_options={cells: 60}"])
    assert RunConfig.from_mapping(told).data_options == {"cells": 60}


def test_runs_are_listed_and_shown_and_a_begun_one_goes_on_by_its_name(tmp_path, capsys, monkeypatch):
    places = ["--results", str(RESULTS), "--work", str(tmp_path / "w")]
    config = RunConfig(experiment="begun", epochs=3)
    path = write_parameters(plan_run(config), tmp_path / "r", tmp_path / "w")
    assert main(["runs", *places]) == 0
    said = capsys.readouterr().out
    name = path.parent.name
    assert f"{name}  cg_recnet  begun, without a record; go on with: cgrecnet train {name}" in said
    assert main(["runs", "simulated-seeds", "seed=123", "model=resnet50", *places]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 and "-s123  resnet50  validation macro F1" in lines[0]
    assert main(["show", lines[0].split()[0], *places]) == 0
    shown = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert shown["seed"] == "123" and shown["record"].endswith("run.json") and "patience" not in shown
    assert main(["runs", "begun", "epochs=3", *places]) == 0 and name in capsys.readouterr().out
    asked = []
    monkeypatch.setattr("cgrecnet.runs.notebook.train", lambda config, **_: asked.append(config) or sys.exit(0))
    with pytest.raises(SystemExit):
        main(["train", name, *places])
    assert asked == [config]


def test_a_finished_run_is_named_as_done_although_its_work_folder_is_gone(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("cgrecnet.runs.notebook.train", lambda *_, **__: pytest.fail("it is trained again"))
    record = sorted(RESULTS.glob("simulated-seeds/*/run.json"))[0]
    places = ["--results", str(RESULTS), "--work", str(tmp_path)]
    assert main(["train", record.parent.name, *places]) == 0
    said = capsys.readouterr().out.splitlines()
    accuracy = json.loads(record.read_text())["test"]["accuracy"]
    assert said[0] == f"{record.parent.name}: done already, see {record}" and f"accuracy {accuracy:.4f}" in said[1]
    assert main(["train", "no-such-run", *places]) == 2
    assert "no-such-run cannot be read" in capsys.readouterr().err


def test_a_run_that_reproduce_began_is_listed_and_goes_on_in_its_own_folders(tmp_path, capsys, monkeypatch):
    """`reproduce` gives each set of cells a work folder of its own below --work."""
    results, work = tmp_path / "r", tmp_path / "w"
    results.mkdir()
    path = write_parameters(plan_run(RunConfig(experiment="begun", epochs=3)), results, work / "zhu-0123456789")
    name = path.parent.name
    assert main(["runs", "begun", "--work", str(work)]) == 0
    assert f"{name}  cg_recnet  begun, without a record" in capsys.readouterr().out
    asked = []
    monkeypatch.setattr("cgrecnet.runs.notebook.train", lambda _, **places: asked.append(places) or sys.exit(0))
    with pytest.raises(SystemExit):
        main(["train", name, "--work", str(work)])
    assert (asked[0]["results"], asked[0]["work"]) == (results, path.parent.parent)


def test_two_runs_stand_side_by_side_with_what_differs_and_where_they_lie(tmp_path, capsys):
    places = ["--results", str(RESULTS), "--work", str(tmp_path / "w")]
    assert main(["runs", "simulated-noise", "model=resnet50", *places]) == 0
    listed = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    assert len({line[2] for line in listed}) == len(listed) > 1, "runs that differ look alike"
    noise = listed[1][2].partition("=")[2]
    assert main(["runs", "simulated-noise", f"data_options.noise={noise}", "model=resnet50", *places]) == 0
    assert capsys.readouterr().out.split()[0] == listed[1][0]
    folder = tmp_path / "w" / listed[0][0]
    folder.mkdir(parents=True)
    for name in ("log.txt", "weights.safetensors"):
        (folder / name).touch()
    assert main(["runs", "--compare", listed[0][0], listed[1][0], *places]) == 0
    said = capsys.readouterr().out
    assert f"1  {listed[0][0]}\n2  {listed[1][0]}\n" in said
    rows = {line.split()[0]: line.split()[1:] for line in said.split("\n\n")[1].splitlines()}
    assert rows["data_options.noise"] == [line[2].partition("=")[2] for line in listed[:2]]
    assert rows["validation_macro_f1"] == [line[3].split()[-1] for line in listed[:2]]
    assert "epochs" not in rows and "seed" not in rows, "what is the same is not shown"
    assert rows["cells"][0] != rows["cells"][1], "they are of other cells, and it is not said"
    paths = dict(line[3:].split(None, 1) for line in said.splitlines() if line.startswith("1  ") and "/" in line)
    assert set(paths) == {"record", "predictions", "log", "weights"} and all(map(os.path.isfile, paths.values()))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sed=1"], "Unknown parameter 'sed' in the command line; did you mean 'seed'"),
        (["seed.x=1"], "Unknown parameter 'seed.x'.*'seed'"),
        (["nowhere"], "No run in .* is 'nowhere'"),
        (["--compare", "a", "b"], "There is no run 'a'"),
        (["--compare", "*"], "There is no run '\\*'"),
        (["seed=1", "--compare", "a", "b"], "not both"),
        (["--compare"], "0 run to compare"),
    ],
)
def test_a_question_about_runs_that_has_no_answer_is_one_sentence(tmp_path, capsys, words, message):
    assert main(["runs", *words, "--results", str(tmp_path), "--work", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert re.search(message, said) and said.count("\n") == 1


def test_a_damaged_record_does_not_hide_the_others(tmp_path, capsys):
    shutil.copytree(RESULTS / "simulated-seeds", tmp_path / "simulated-seeds")
    first, *others = sorted((tmp_path / "simulated-seeds").glob("*/run.json"))
    first.write_text("{")
    assert main(["runs", "--results", str(tmp_path), "--work", str(tmp_path / "w")]) == 1
    *listed, problem = capsys.readouterr().out.splitlines()
    assert len(listed) == len(others) and first.parent.name in problem and "cut off" in problem


def test_doctor_names_what_is_there_and_what_is_not(capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("CGRECNET_DATA", raising=False)
    monkeypatch.setenv("CGRECNET_CACHE", str(tmp_path))
    monkeypatch.delenv("CGRECNET_WEIGHTS", raising=False)
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "ok   data: cytometer" in said and "ok   data: jurkat" in said and "CGRECNET_WEIGHTS is not set" in said
    monkeypatch.setenv("CGRECNET_DATA", str(tmp_path / "gone"))
    assert main(["doctor"]) == 1
    assert "data: jurkat     CGRECNET_DATA names" in capsys.readouterr().out


def test_data_list_and_check_count_the_cells(capsys):
    assert main(["data", "list"]) == 0
    assert "cytometer  available" in capsys.readouterr().out
    assert main(["data", "check", "cytometer"]) == 0
    assert "astrocyte" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("train model=resnet50 --keep-weights data=zhu", "parameters", ["model=resnet50", "data=zhu"]),
        ("train --keep-weights data=zhu", "parameters", ["data=zhu"]),
        ("train a=1 --results r b=2 --keep-weights c=3", "parameters", ["a=1", "b=2", "c=3"]),
        ("reproduce FOLDER --cost epochs=1", "options", ["epochs=1"]),
        ("reproduce --cost FOLDER epochs=1 --yes fold=[0]", "options", ["epochs=1", "fold=[0]"]),
        ("sweep mine.yaml --list epochs=1", "overrides", ["epochs=1"]),
        ("data audit zhu --option window=[0,9] FOLDER", "folder", Path("FOLDER")),
        ("data check zhu --all FOLDER", "folder", Path("FOLDER")),
    ],
)
def test_options_may_stand_anywhere(words, name, value):
    assert getattr(_parse(words.split()), name) == value


@pytest.mark.parametrize("words", ["train a=1 --kep-weight x=2", "data check zhu --all A B", "doctor x=1"])
def test_a_word_that_no_command_takes_is_still_refused(words, capsys):
    with pytest.raises(SystemExit):
        _parse(words.split())
    assert "unrecognized arguments" in capsys.readouterr().err
