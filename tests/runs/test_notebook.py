"""Runs through papermill, as a user starts them: done once, resumed after a kill, failing in one sentence."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jupytext
import numpy as np
import psutil
import pytest
import yaml

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.models import create_model
from cgrecnet.runs import notebook, ranks
from cgrecnet.runs.kept import WEIGHTS
from cgrecnet.runs.notebook import LOG, NOTEBOOK, train
from cgrecnet.runs.ranks import Together
from cgrecnet.runs.run_id import plan_run
from cgrecnet.runs.run_record import read_predictions, read_record
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import predict
from cgrecnet.training.parts import load_parts

#: A run that takes seconds: simulated cells, small images, a small network.
TINY = {
    "experiment": "tiny",
    "model": "mobilenet_v2",
    "data": "cytometer",
    "data_options": {"cells": 90},
    "image_size": 32,
    "epochs": 4,
    "batch_size": 16,
    "report": "last",
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Kernels inherit this: results are repeatable bit for bit for one number of threads."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    yield
    if before is None:
        del os.environ["OMP_NUM_THREADS"]
    else:
        os.environ["OMP_NUM_THREADS"] = before


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One run from start to end: (configuration, record, results folder, what it said)."""
    folder = tmp_path_factory.mktemp("whole")
    config, said = RunConfig(**TINY), []
    record = train(config, results=folder / "results", work=folder / "work", say=said.append, keep_weights=True)
    return config, record, folder, said


def test_the_notebooks_parameters_are_the_configurations_with_its_defaults():
    cells = jupytext.read(NOTEBOOK).cells
    source = next(cell.source for cell in cells if "parameters" in cell.metadata.get("tags", []))
    values: dict = {}
    exec(source, {}, values)
    assert values.pop("results_folder") is None and values.pop("work_folder") is None
    assert values.pop("keep_weights") is False and values.pop("until") is None
    assert values == dict(RunConfig())


def test_a_run_ends_in_one_record_and_says_its_epochs(finished):
    config, record, folder, said = finished
    assert record.run_id == plan_run(config).run_id
    assert record.run_id.startswith("tiny-") and record.run_id.endswith("-s42")
    assert [entry["epoch"] for entry in record.history] == [1, 2, 3, 4]
    assert sum(line.strip().startswith("epoch ") for line in said) == 4
    path = folder / "work" / record.run_id / LOG
    log = path.read_text()
    assert said[1] == f"log: {path}" and log.count("\nepoch ") == 4 and "Cell" not in log
    assert record.data["simulated"] is True and record.data["cells"] == 90
    assert sum(record.split["sizes"].values()) == 90
    assert record.test["n"] == record.split["sizes"]["test"]
    assert read_record(folder / "results" / "tiny" / record.run_id / "run.json") == record
    assert not (folder / "work" / record.run_id / "checkpoint.pt").exists()


def test_the_weights_that_were_kept_are_those_that_were_tested(finished):
    config, record, folder, _ = finished
    fabric = make_fabric(config)
    _, _, cells = load_parts(config, fabric)
    network = create_model(config.model, weights=folder / "work" / record.run_id / WEIGHTS, image_size=32)
    assert network.weights_info["fresh"] == []
    labels, probabilities, _ = predict(network, cells["test"], fabric=fabric)
    _, own_labels, own = read_predictions(folder / "results", record)
    assert np.array_equal(labels, own_labels)
    assert np.allclose(probabilities, own, atol=1e-4)  # this process has another number of threads


def test_relative_paths_mean_the_same_in_the_notebooks_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CGRECNET_DATA", "cells")
    (tmp_path / "mine.pth").touch()
    parameters = notebook.write_parameters(plan_run(RunConfig(weights="mine.pth")), Path("results"), Path("work"))
    written = yaml.safe_load(parameters.read_text())
    assert [written["weights"], written["results_folder"]] == [str(tmp_path / "mine.pth"), str(tmp_path / "results")]
    header = "kernelspec: {display_name: Python 3, language: python, name: python3}"
    (tmp_path / "say.py").write_text(
        f"# ---\n# jupyter:\n#   {header}\n# ---\n\n# %% tags=['parameters']\nweights = 0\n\n"
        "# %%\nimport os\n\nprint('done:', os.environ['CGRECNET_DATA'])\n"
    )
    said: list[str] = []
    with notebook.only_one_process(tmp_path / "lock", "r") as lock:
        notebook.run_notebook(tmp_path / "say.py", parameters, "r", lock, said.append)
    assert said == [f"  done: {tmp_path / 'cells'}"]


def test_a_finished_run_is_not_done_again(finished, monkeypatch):
    config, record, folder, _ = finished
    monkeypatch.setattr(notebook, "run_notebook", lambda *_: pytest.fail("the notebook was run again"))
    said: list[str] = []
    assert train(config, results=folder / "results", work=folder / "work", say=said.append) == record
    assert "done already" in said[0]


def epochs_said(log):
    """The epochs that a run's log tells of, in the order in which they were trained."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[1].split("/")[0]) for line in lines if line.startswith("epoch ")]


def went_on_after_a_checkpoint(epochs):
    """The kill comes at or after the first checkpoint, so at least that epoch is not trained again."""
    assert epochs in ([2, 3, 4], [3, 4], [4]), "it went on after the epoch that was kept"


@pytest.mark.slow
def test_the_cells_alone_give_what_papermill_gives(finished, tmp_path):
    config, whole, _, _ = finished
    plan = plan_run(config)
    written = notebook.write_parameters(plan, tmp_path / "results", tmp_path / "work")
    subprocess.run([sys.executable, "-m", "cgrecnet.runs.ranks", str(written)], check=True)
    record = read_record(tmp_path / "results" / "tiny" / plan.run_id / "run.json")
    assert record.predictions_sha256 == whole.predictions_sha256 and record.test == whole.test
    assert [e["train_loss"] for e in record.history] == [e["train_loss"] for e in whole.history]


@pytest.mark.slow
def test_a_run_killed_in_the_middle_leaves_no_record_and_resumes_to_the_same_result(finished, tmp_path):
    config, whole, _, _ = finished
    run_id = plan_run(config).run_id
    command = [sys.executable, "-m", "cgrecnet", "train", *(f"{name}={value}" for name, value in TINY.items())]
    command += ["--results", str(tmp_path / "results"), "--work", str(tmp_path / "work")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    checkpoint = tmp_path / "work" / run_id / "checkpoint.pt"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    assert checkpoint.exists(), "the run ended before it could be killed"
    assert not psutil.wait_procs(family, timeout=30)[1], "a run ends with the process that started it"
    assert not (tmp_path / "results").exists()
    assert list((tmp_path / "work" / run_id / "scratch").glob("*.json")), "the kernel's connection file"
    before = len(epochs_said(tmp_path / "work" / run_id / LOG))

    record = train(config, results=tmp_path / "results", work=tmp_path / "work", say=lambda _: None)
    assert record.predictions_sha256 == whole.predictions_sha256
    assert [e["train_loss"] for e in record.history] == [e["train_loss"] for e in whole.history]
    assert read_predictions(tmp_path / "results", record)
    went_on_after_a_checkpoint(epochs_said(tmp_path / "work" / run_id / LOG)[before:])
    assert not (tmp_path / "work" / run_id / "scratch").exists(), "what a kill leaves is gone at the next start"


def test_a_program_ends_with_the_process_that_started_it(tmp_path):
    sleep = "import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])\n"
    (tmp_path / "sleeper.py").write_text(sleep + "time.sleep(99)\n")
    command = "[sys.executable, '-m', 'cgrecnet.runs.with_parent', str(os.getpid()), 'sleeper']"
    code = f"import os, subprocess, sys, time; subprocess.Popen({command}); time.sleep(99)"
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": paths})
    while len(family := psutil.Process(process.pid).children(recursive=True)) < 2:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not psutil.wait_procs(family, timeout=30)[1]


#: Loaded by every Python process of a run: SIGKILL at the moment when a file is written, and not yet in its place.
KILLER = """
import os, signal

real, count = os.fsync, 0

def fsync(descriptor):
    global count
    name = os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))
    if name.startswith(os.environ["KILL_AT"]) and name.endswith(".partial"):
        count += 1
        if count == int(os.environ["KILL_COUNT"]):
            os.truncate(descriptor, os.fstat(descriptor).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
    real(descriptor)

os.fsync = fsync
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here, by which a file is known")
def test_a_run_killed_while_it_writes_resumes_to_the_same_result(finished, tmp_path, monkeypatch):
    config, whole, _, _ = finished
    folders = {"results": tmp_path / "results", "work": tmp_path / "work"}
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(KILLER)
    said: list[str] = []
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path / "python"))
        for file, count in (("checkpoint.pt", "2"), ("run.json", "1")):
            patch.setenv("KILL_AT", file)
            patch.setenv("KILL_COUNT", count)
            with pytest.raises(RunError, match="failed"):
                train(config, **folders, say=said.append)
            left = [path.name for path in tmp_path.rglob("*.partial")]
            assert len(left) == 1 and left[0].startswith(file), "it was not killed in this file's write"
            assert not list(tmp_path.rglob("run.json")) and list(tmp_path.rglob("checkpoint.pt"))
    record = train(config, **folders, say=said.append)
    epochs = [line.split()[1] for line in said if line.strip().startswith("epoch ")]
    assert epochs == ["1/4", "2/4", "3/4", "4/4"], "each epoch that was kept is done once"
    assert record.predictions_sha256 == whole.predictions_sha256
    assert [e["train_loss"] for e in record.history] == [e["train_loss"] for e in whole.history]
    assert not list(tmp_path.rglob("*.partial")), "what was broken off is still there"


def test_a_run_that_is_told_to_end_ends_with_all_that_it_started(tmp_path):
    words = [f"{name}={value}" for name, value in (TINY | {"epochs": 50}).items()]
    command = [sys.executable, "-m", "cgrecnet", "train", *words, "--results", str(tmp_path / "r")]
    process = subprocess.Popen([*command, "--work", str(tmp_path / "w")], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(family := psutil.Process(process.pid).children(recursive=True)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.terminate()
    assert "stopped; what was finished is kept" in process.communicate(timeout=60)[1]
    assert process.returncode == 130
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []


def test_a_run_that_fails_says_why_in_one_sentence_and_leaves_no_record(tmp_path, monkeypatch):
    monkeypatch.delenv("CGRECNET_DATA", raising=False)
    monkeypatch.setenv("CGRECNET_CACHE", str(tmp_path / "cache"))
    config = RunConfig(**TINY | {"data": "zhu", "data_options": {}})
    with pytest.raises(RunError) as caught:
        train(config, results=tmp_path / "results", work=tmp_path / "work", say=lambda _: None)
    text = str(caught.value)
    assert "failed: " in text and "fetch them with" in text and "Traceback" not in text and text.count("\n") == 0, text
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("option", ["results", "work"])
def test_a_folder_that_cannot_be_written_is_named_before_the_run_starts(tmp_path, monkeypatch, option):
    monkeypatch.setattr(notebook, "run_notebook", lambda *_: pytest.fail("the run was started"))
    folders = {"results": tmp_path / "results", "work": tmp_path / "work"}
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=f"Nothing can be written to .*file: .*--{option}"):
        train(RunConfig(**TINY), **(folders | {option: tmp_path / "file" / "below"}), say=lambda _: None)
    monkeypatch.setattr(os, "access", lambda *_: False)  # a read-only folder, also where the tests run as root
    with pytest.raises(RunError, match="Nothing can be written to"):
        train(RunConfig(**TINY), **folders, say=lambda _: None)


def test_importing_the_package_seeds_nothing_and_downloads_nothing():
    code = "import random, sys; s = random.getstate(); import cgrecnet.cli; assert random.getstate() == s; "
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parent)
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.slow
def test_two_processes_train_one_run_and_leave_one_record(tmp_path):
    config = RunConfig(**TINY | {"epochs": 1, "experiment": "both"})
    folders = {"results": tmp_path / "results", "work": tmp_path / "work"}
    record = train(config, **folders, say=lambda _: None, together=Together(processes=2))
    assert record.hardware["processes"] == 2 and len(record.history) == 1
    assert len(list((tmp_path / "results").rglob("run.json"))) == 1
    for wrong, message in (
        ({"nodes": 2}, "need a meeting place"),
        ({"processes": 0}, "1 or more"),
        ({"master": "x"}, "host:port"),
    ):
        with pytest.raises(ConfigError, match=message):
            Together(**wrong)


@pytest.mark.slow
def test_a_process_that_fails_beside_the_first_ends_the_run_and_its_log_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(ranks, "PATIENCE", 1.0)
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    monkeypatch.delenv("CGRECNET_DATA", raising=False)
    parameters = tmp_path / "parameters.yaml"  # it says which run it is, and then misses the cells
    folders = {"results_folder": str(tmp_path / "results"), "work_folder": str(tmp_path / "work")}
    parameters.write_text(yaml.safe_dump(TINY | folders | {"data": "zhu", "data_options": {}}))
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(290)"])
    with ranks.others([{"RANK": "1"}], parameters) as company, ranks.ended_with(company, sleeper) as lost:
        assert sleeper.wait(240) == -signal.SIGKILL, "it would have waited for the other"
    assert [one.rank for one in lost] == [1]
    said = lost[0].last_words()
    assert said.startswith("process 1 ended with status 1 and said last: cgrecnet.errors.DataError: ")
    assert "log-1.txt" in said and "process(es)" in (tmp_path / "log-1.txt").read_text()


@pytest.mark.slow
def test_a_run_that_diverges_in_its_last_step_says_what_to_do(tmp_path):
    config = RunConfig(**TINY | {"experiment": "far", "learning_rate": 1e30, "batch_size": 90, "epochs": 2})
    with pytest.raises(RunError, match="no finite numbers, so lower the learning rate") as caught:
        train(config, results=tmp_path / "r", work=tmp_path / "w", say=lambda _: None)
    assert "\n" not in str(caught.value) and not (tmp_path / "r").exists()
