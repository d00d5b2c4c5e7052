"""What is wrong with a sweep is one sentence, and is said before a worker is started."""

import os
from contextlib import contextmanager

import pytest
import yaml

from cgrecnet.cli import main
from cgrecnet.runs import cluster
from cgrecnet.runs.strict_yaml import load_yaml

GOOD = """\
experiment: e
base: {data: cytometer, data_options: {cells: 60}, image_size: 32, epochs: 1, model: mobilenet_v2}"""

#: Eight lists of nine aliases each: 400 bytes that stand for 43 million values.
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))


@pytest.fixture(autouse=True)
def no_workers(monkeypatch):
    @contextmanager
    def never(*_):
        pytest.fail("workers were started")
        yield

    monkeypatch.setattr(cluster, "local_cluster", never)
    monkeypatch.setattr("cgrecnet.runs.sweep.measured_rate", lambda config: 1e6)
    monkeypatch.setattr("cgrecnet.runs.sweep.measured_start", lambda: 1.0)


def refused(capsys, words: list[str]) -> str:
    """What a command says that has to refuse: exit status 2, one line."""
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("cgrecnet: ") and said.count("\n") == 1 and len(said) < 2100, said[:2100]
    return said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("mobilenet_v2", "mobilenet"), "no such model; did you mean 'mobilenet_v2'?\n"),
        (GOOD.replace("epochs", "epoch"), "Unknown parameter 'epoch'"),
        (GOOD.replace("epochs: 1", "epochs: one"), "Parameter 'epochs'"),
        (GOOD.replace("epochs: 1", "epochs: '1'"), "Parameter 'epochs'"),
        (GOOD + "\ngrid: {seed: []}", "give it a list of at least one value"),
        (GOOD + "\ngrid: {seed: [1, 1]}", "are the same run"),
        (GOOD.replace("epochs", "split: folds, folds: 3, fold: 3, epochs"), "with 3 folds it runs from 0 to 2"),
        (GOOD.replace("mobilenet_v2", "vit_b_16").replace("32", "40"), "multiple of 16"),
        (GOOD.replace("epochs", "weights: nowhere.safetensors, epochs"), "there is no such file"),
        (GOOD.replace("{cells: 60}", "{cels: 60}"), "cels"),
        (GOOD + "\nexperiment: f", "is not valid YAML, line 3: 'experiment' stands twice"),
        (GOOD.replace("epochs: 1", "epochs: 1, epochs: 2"), "line 2: 'epochs' stands twice"),
        ("a: " + "[" * 5000 + "]" * 5000, "is not valid YAML: it is nested too deeply"),
        ("a: &a [*a]", "is not valid YAML: it stands for more than 100,000 values"),
        (BOMB, "is not valid YAML: it stands for more than 100,000 values"),
        (f"experiment: {'x' * 3_000_000}", " ... "),
        ("experiment: [", "is not valid YAML"),
        ("\0\1", "is not valid YAML"),
        ("", "holds no `name: value` pairs"),
    ],
)
def test_a_grid_that_cannot_be_run(tmp_path, capsys, text, message):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    folders = ["--results", str(tmp_path / "r"), "--work", str(tmp_path / "w")]
    assert message in refused(capsys, ["sweep", str(path), *folders])
    assert not (tmp_path / "r").exists() and not (tmp_path / "w").exists()


def test_places_that_cannot_be_used(tmp_path, capsys, monkeypatch):
    path = tmp_path / "x.yaml"
    path.write_text(GOOD)
    words = ["sweep", str(path), "--work", str(tmp_path / "w")]
    (tmp_path / "file").write_text("")
    said = refused(capsys, [*words, "--results", str(tmp_path / "file" / "r")])
    assert "Nothing can be written to" in said and "--results" in said
    other = ["sweep", str(path), "--work", str(tmp_path / "file" / "w"), "--results", str(tmp_path / "r")]
    said = refused(capsys, other)
    assert "Nothing can be written to" in said and "--work" in said
    access = os.access
    monkeypatch.setattr(os, "access", lambda place, mode: mode & os.W_OK == 0 and access(place, mode))  # read-only
    assert "Nothing can be written to" in refused(capsys, [*words, "--results", str(tmp_path / "r")])
    monkeypatch.undo()
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    said = refused(capsys, [*words, "--results", str(tmp_path / "r"), "--scheduler", "tcp://127.0.0.1:9"])
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in said
    assert "cannot be read" in refused(capsys, [*words, "--queue", str(tmp_path / "none.yaml")])
    assert "Name one place" in refused(capsys, [*words, "--workers", "1", "--scheduler", "tcp://127.0.0.1:9"])
    assert not (tmp_path / "r").exists()


def test_cells_that_are_not_there_or_cannot_be_split_are_known_before_a_sweep_begins(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("CGRECNET_DATA", raising=False)
    path = tmp_path / "x.yaml"
    folders = ["--results", str(tmp_path / "r"), "--work", str(tmp_path / "w"), "--yes"]
    path.write_text(GOOD.replace("data: cytometer, data_options: {cells: 60}", "data: zhu"))
    assert "zhu" in refused(capsys, ["sweep", str(path), *folders])
    path.write_text(GOOD.replace("epochs", "split: grouped_folds, folds: 20, epochs"))
    assert "20" in refused(capsys, ["sweep", str(path), *folders])
    assert not (tmp_path / "r").exists() and not (tmp_path / "w").exists()


def test_an_alias_may_repeat_what_stands_above():
    assert load_yaml("a: &a {x: 1}\nb: {<<: *a, x: 2}\nc: *a") == {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 1}}
    with pytest.raises(yaml.YAMLError, match="'seed' stands twice"):
        load_yaml("{cells: 1, more: [{seed: 1, seed: 1}]}")
