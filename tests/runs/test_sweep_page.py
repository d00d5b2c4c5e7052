"""The page of a sweep opens offline, shows what is there, chooses by validation, and escapes what records say."""

import json
from pathlib import Path

import pandas as pd
import pytest
from made_up_runs import bare_record
from offline_page import opened_offline

from cgrecnet.cli import main
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.halving import STOPPED
from cgrecnet.runs.sweep import plan_sweep
from cgrecnet.runs.sweep_page import parallel_coordinates, two_parameters

#: Regular expressions that are a formula and a piece of HTML, and, of a run without a record, HTML and a template.
HOSTILE = "a$b|&<\"'$"
SCRIPT = "' onload='alert(1) > &lt;script&gt; { {body} }"


def write(plan, results: Path, f1: float, accuracy: float) -> None:
    """A record with three epochs and these scores."""
    history = [
        {"epoch": epoch, "validation_accuracy": f1, "validation_macro_f1": f1 * epoch / 3, "validation_loss": 1 / epoch,
         "reported": epoch == 3} for epoch in (1, 2, 3)
    ]  # fmt: skip
    test = {"accuracy": accuracy, "balanced_accuracy": accuracy, "weighted": {"f1": accuracy}}
    bare_record(
        results, plan.run_id, config=plan.config.model_dump(), history=history,
        data={"name": "cytometer", "simulated": True, "cells": 60},
        test=test | {"macro": {"f1": accuracy, "auc": accuracy}},
    )  # fmt: skip


@pytest.fixture
def sweep(tmp_path) -> Path:
    path = tmp_path / "x.yaml"
    path.write_text("experiment: e\ngrid: {learning_rate: [1e-4, 1e-3], gamma: [0.1, 0.5]}\nseeds: 2")
    return path


def test_a_page_without_a_network_shows_curves_heat_map_and_the_choice_of_validation(tmp_path, sweep, capsys):
    plans = plan_sweep(read_sweep(sweep))
    for number, plan in enumerate(plans):
        write(plan, tmp_path, f1=0.5 + number / 20, accuracy=0.9 - number / 20)
    words = ["plot", str(sweep), "--results", str(tmp_path), "--out", str(tmp_path / "new" / "p.html")]
    assert main(words) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'new' / 'p.html'}: 8 of 8 runs\n"
    page = (tmp_path / "new" / "p.html").read_text()
    found = opened_offline(page)
    assert page.count("<svg") == 3 and page.count('role="img" aria-label="') == 3
    text = found.text
    assert "cytometer (60 simulated cells)" in text and "8 of 8 runs" in text
    best = "learning_rate = 0.001, gamma = 0.5 (0.8250, n = 2); its accuracy on test cells"
    assert best in text, "chosen by validation; the test scores say the contrary"
    assert "0.525" in found.words and "0.825" in found.words and text.count("n = 2") >= 5, "the heat map's means"
    assert all(plan.run_id in found.words for plan in plans)
    assert main([*words, "--x", "gamma", "--y", "seed"]) == 0
    assert "by gamma and seed" in (tmp_path / "new" / "p.html").read_text()
    (tmp_path / "e" / plans[0].run_id / "run.json").unlink()
    assert main(words) == 1
    assert "7 of 8 runs, 1 missing" in capsys.readouterr().out
    assert plans[0].run_id in (tmp_path / "new" / "p.html").read_text()


def test_single_options_of_a_grid_are_columns_and_axes(tmp_path, capsys):
    path = tmp_path / "x.yaml"
    path.write_text("experiment: e\ngrid: {data_options.noise: [1.0, 2.0], model_options.stage_stride: [1x1, 3x3]}")
    for plan in plan_sweep(read_sweep(path)):
        write(plan, tmp_path, 0.5, 0.5)
    assert main(["sweep", str(path), "--list"]) == 0
    assert "model_options.stage_stride=1x1 data_options.noise=1.0" in capsys.readouterr().out
    assert main(["collect", str(path), "--results", str(tmp_path), "--csv", str(tmp_path / "x.csv")]) == 0
    table = pd.read_csv(tmp_path / "x.csv")
    assert sorted(zip(table["data_options.noise"], table["model_options.stage_stride"], strict=True)) == [
        (1.0, "1x1"), (1.0, "3x3"), (2.0, "1x1"), (2.0, "3x3"),
    ]  # fmt: skip
    assert "model_options.stage_stride" in capsys.readouterr().out.splitlines()[0].split()
    words = ["plot", str(path), "--results", str(tmp_path), "--out", str(tmp_path / "p.html")]
    assert main([*words, "--x", "data_options.noise"]) == 0
    assert "by data_options.noise and model_options.stage_stride" in (tmp_path / "p.html").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "None of the 8 runs has a record"),
        (["epoch=1"], "Unknown parameter 'epoch' in the command line"),
        (["--x", "fold"], "'fold' does not vary among the runs that are done; seed, learning_rate, gamma do"),
        (["--out", "x.yaml/p.html"], "cannot be written"),
    ],
)
def test_a_page_that_cannot_be_made_is_one_sentence(tmp_path, sweep, capsys, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    if words[:1] in (["--x"], ["--out"]):
        for plan in plan_sweep(read_sweep(sweep)):
            write(plan, tmp_path, 0.5, 0.5)
    assert main(["plot", str(sweep), *words, "--results", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1 and not list(tmp_path.glob("**/*.html"))


def test_words_of_records_and_sweeps_are_text_and_nothing_else(tmp_path, capsys):
    path = tmp_path / "x.yaml"
    grid = {"data_options": [{"group": HOSTILE}, {"group": SCRIPT}, {"group": "b"}], "gamma": [0.1, 0.2]}
    path.write_text(json.dumps({"experiment": "e", "base": {"data": "folder"}, "grid": grid, "halving": {"first": 1}}))
    plans = plan_sweep(read_sweep(path))
    early = {}
    for plan in plans:
        if plan.config.data_options["group"] == SCRIPT:
            entry = {"epoch": 1, "validation_macro_f1": 0.1, "validation_loss": 1.0}
            early[plan.run_id] = {"epoch": 1, "validation_macro_f1": 0.1, "history": [entry]}
        else:
            write(plan, tmp_path, 0.5, 0.5)
    (tmp_path / "e" / STOPPED).write_text(json.dumps({"first": 1, "reduction": 3, "stopped": early}))
    assert main(["plot", str(path), "--results", str(tmp_path), "--out", str(tmp_path / "p.html")]) == 0
    page = (tmp_path / "p.html").read_text()
    found = opened_offline(page)
    assert "2 runs were stopped early" in page
    words = [word.strip() for word in found.words]
    assert HOSTILE in words, "in the table and beside an axis"
    assert any(SCRIPT in word and word.startswith("data_options.group") for word in words), "in the legend"


def test_drawings_of_points_at_random_of_one_value_and_of_none():
    table = pd.DataFrame({"a": [1e-5, 1e-3, 1e-1], "b": [None, True, "x"], "c": [1, 1, 1]})
    table["validation_macro_f1"] = [0.1, 0.1, 0.1]
    for x, y in (("a", "b"), ("b", "c"), ("c", "a")):
        assert two_parameters(table, x, y).startswith("<svg")
    assert parallel_coordinates(table, ["a", "b", "c"]).count("None") == 1
