"""The command `cgrecnet`: exit status, and one sentence where the user can mend it."""

from pathlib import Path

import pytest

from cgrecnet.cli import _parse, main
from cgrecnet.commands.train import parse_parameters
from cgrecnet.errors import ConfigError
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
        (["sweep", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        (["data", "check", "jurcat"], "jurkat"),
        (["data", "fetch", "cytometer"], "nothing to fetch"),
        (["bench", "input", "--repeats", "1"], "repeats must be 3 or more"),
        (["bench", "models", "--model", "resnet51"], "did you mean"),
        (["bench", "models", "--batch-size", "0"], "batch size must be 2 or more, not 0"),
        (["bench", "models", "--repeats", "0"], "repeats must be 2 or more, not 0"),
        (["bench", "models", "--model", "resnet50", "--compile", "vgg16"], "'vgg16', which is not among"),
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
    assert "cytometer  at hand" in capsys.readouterr().out
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
