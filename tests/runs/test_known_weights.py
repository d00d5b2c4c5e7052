"""Runs that start from a weights file that is not here have their names, but are not trained."""

import hashlib

import pytest

from cgrecnet.cli import main
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.query import record_paths
from cgrecnet.runs.run_id import KNOWN, plan_run
from cgrecnet.runs.run_record import read_record
from cgrecnet.training.config import RunConfig

NAME = next(iter(KNOWN))


@pytest.fixture(autouse=True)
def no_weights_here(monkeypatch, tmp_path):
    monkeypatch.delenv("CGRECNET_WEIGHTS", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("sweep", sorted(SWEEP_FILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_sweep_is_listed_and_its_records_started_from_the_file_that_is_known(sweep, capsys):
    assert main(["sweep", sweep.stem, "--list"]) == 0
    configs = read_sweep(sweep)
    assert len(capsys.readouterr().out.splitlines()) == len(configs)
    for record in map(read_record, record_paths(RESULTS, configs[0].experiment)):
        if record.config["weights"] is not None:
            assert record.weights["sha256"] == KNOWN[record.config["weights"]]


def test_a_run_has_one_name_whether_its_weights_are_here_or_not(monkeypatch, tmp_path):
    monkeypatch.setitem(KNOWN, NAME, hashlib.sha256(b"numbers").hexdigest())
    config = RunConfig(weights=NAME)
    without = plan_run(config, "here")
    (tmp_path / NAME).write_bytes(b"numbers")
    assert plan_run(config, "here").run_id == without.run_id
    (tmp_path / NAME).write_bytes(b"other numbers")
    assert plan_run(config, "here").run_id != without.run_id


@pytest.mark.parametrize("words", [["train", f"weights={NAME}"], ["sweep", "jurkat-precision", "experiment=e"]])
def test_training_without_the_file_is_refused_in_one_sentence(words, capsys, tmp_path):
    assert main([*words, "--results", str(tmp_path / "r"), "--work", str(tmp_path / "w")]) == 2
    said = capsys.readouterr().err
    assert f"Training needs the weights file {NAME}, which is not here" in said and said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
