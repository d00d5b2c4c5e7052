"""The table of a sweep: every run or none, unless the part that is there is asked for; then n says how many."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_runs import bare_record

from cgrecnet.cli import main
from cgrecnet.errors import RunError
from cgrecnet.runs.collect import collect, summarise, write_table
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.sweep import plan_sweep
from cgrecnet.training.config import RunConfig


def history(f1: float) -> list[dict]:
    """Two epochs, the first of which was tested."""
    entry = {"epoch": 1, "validation_accuracy": 0.5, "validation_macro_f1": f1, "reported": True}
    return [entry, entry | {"epoch": 2, "validation_macro_f1": 0.0, "reported": False}]


@pytest.fixture
def sweep(tmp_path) -> Path:
    path = tmp_path / "x.yaml"
    path.write_text("experiment: e\nbase: {split: folds}\ngrid: {model: [resnet50, cg_recnet], fold: [0, 1, 2]}")
    return path


def write(plan, results: Path, seed: int, f1: float = 0.4) -> float:
    """A record of a run with random predictions; returns its accuracy."""
    cells = [str(i) for i in range(60)], np.arange(60) % 3, np.random.default_rng(seed).dirichlet(np.ones(3), 60)
    record = bare_record(results, plan.run_id, cells, config=plan.config.model_dump(), history=history(f1))
    return record.test["accuracy"]


def test_mean_spread_and_n_over_the_folds(tmp_path, sweep):
    plans = plan_sweep(read_sweep(sweep))
    accuracy = [write(plan, tmp_path, seed) for seed, plan in enumerate(plans)]
    table = collect(plans, tmp_path)
    assert table.attrs["varying"] == ["model", "fold"] and list(table["test_accuracy"]) == accuracy
    summary = summarise(table).set_index("model")
    assert list(summary["n"]) == [3, 3]
    for model, values in (("resnet50", accuracy[:3]), ("cg_recnet", accuracy[3:])):
        assert summary["test_accuracy_mean"][model] == pytest.approx(np.mean(values))
        assert summary["test_accuracy_sd"][model] == pytest.approx(np.std(values, ddof=1))


def test_what_is_chosen_goes_by_validation_and_is_judged_by_test(tmp_path, sweep, capsys):
    plans = plan_sweep(read_sweep(sweep))
    f1 = {"resnet50": 0.9, "cg_recnet": 0.3}
    accuracy = [write(plan, tmp_path, seed, f1[plan.config.model]) for seed, plan in enumerate(plans)]
    assert main(["collect", str(sweep), "--best", "--results", str(tmp_path)]) == 0
    *_, epochs, last = capsys.readouterr().out.splitlines()
    assert epochs.endswith("best epochs: 1 of 2")
    assert last == (
        "best by validation_macro_f1: model=resnet50 (90.00%); "
        f"its test accuracy: {np.mean(accuracy[:3]):.2%}, n = 3"
    )


def test_runs_with_a_parameter_that_is_not_set_are_rows_like_others(tmp_path, capsys):
    path = tmp_path / "x.yaml"
    path.write_text("experiment: e\ngrid: {patience: [null, 3], seed: [1, 2]}")
    for seed, plan in enumerate(plan_sweep(read_sweep(path, {"epochs": 7}))):
        write(plan, tmp_path, seed)
    assert main(["collect", str(path), "epochs=7", "--results", str(tmp_path)]) == 0
    header, *rows, _, _ = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ["patience", "n"] and [row.split()[1] for row in rows] == ["2", "2"]


def test_a_missing_run_is_refused_unless_asked_for_and_then_n_says_it(tmp_path, sweep, capsys):
    plans = plan_sweep(read_sweep(sweep))
    with pytest.raises(RunError, match="6 of 6 runs have no record"):
        collect(plans, tmp_path)
    with pytest.raises(RunError, match="None of the 6 runs"):
        collect(plans, tmp_path, partial=True)
    for plan in plans[:4]:
        write(plan, tmp_path, 0)
    words = ["collect", str(sweep), "--results", str(tmp_path)]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert f"2 of 6 runs have no record, the first is {plans[4].run_id}" in said and "--partial" in said
    assert main([*words, "--partial", "--csv", str(tmp_path / "t.csv")]) == 1
    said = capsys.readouterr().out
    assert "4 of 6 runs" in said and f"missing: {plans[4].run_id}, {plans[5].run_id}" in said
    assert list(summarise(collect(plans, tmp_path, partial=True))["n"]) == [3, 1]
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 5


def test_other_programs_get_every_parameter_and_option_in_a_column_of_its_own(tmp_path, capsys):
    path = tmp_path / "x.yaml"
    path.write_text(
        "experiment: e\nbase: {model_options: {stage_stride: 1x1}}\n"
        "grid: {data_options: [{cells: 60}, {noise: 2.0, shares: [0.5, 0.25, 0.25]}], micro_batch: [null, 4]}"
    )
    plans = plan_sweep(read_sweep(path))
    for plan in plans:
        write(plan, tmp_path, 0)
    words = ["collect", str(path), "--results", str(tmp_path), "--csv", str(tmp_path / "t.csv")]
    assert main(words) == 0
    table = pd.read_csv(tmp_path / "t.csv")
    assert list(table["run_id"]) == [plan.run_id for plan in plans]
    assert set(RunConfig.model_fields) - {"root", "data_options", "model_options"} < set(table.columns)
    assert "data_options" not in table.columns and set(table["model_options.stage_stride"]) == {"1x1"}
    assert table["data_options.cells"].tolist()[:2] == [60, 60] and table["data_options.cells"].isna()[2:].all()
    assert table["data_options.shares"].tolist()[2:] == ["[0.5, 0.25, 0.25]"] * 2
    assert list(table["test_accuracy"]) == list(collect(plans, tmp_path)["test_accuracy"])
    assert main([*words, "--parquet", str(tmp_path / "t.csv")]) == 2
    assert "does not end in .parquet" in capsys.readouterr().err
    pytest.importorskip("pyarrow")
    assert main([*words, "--parquet", str(tmp_path / "t.parquet")]) == 0
    again = pd.read_parquet(tmp_path / "t.parquet")
    assert list(again.columns) == list(table.columns)
    assert again["data_options.cells"].tolist()[:2] == [60, 60]
    assert again["test_accuracy"].equals(table["test_accuracy"])


def test_a_column_of_numbers_and_words_is_text_in_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    write_table(pd.DataFrame({"a": [1, "x", None]}), tmp_path / "t.parquet")
    assert pd.read_parquet(tmp_path / "t.parquet")["a"].tolist()[:2] == ["1", "x"]


def test_a_damaged_record_is_named(tmp_path, sweep):
    plans = plan_sweep(read_sweep(sweep))
    for plan in plans:
        write(plan, tmp_path, 0)
    path = tmp_path / "e" / plans[2].run_id / "run.json"
    path.write_text(path.read_text()[:50])
    with pytest.raises(RunError, match=f"{plans[2].run_id}.*cut off"):
        collect(plans, tmp_path)
