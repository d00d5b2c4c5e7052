"""Halving finds what the full grid finds, for fewer epochs, by validation alone, and comes to it again."""

import json
from functools import partial

import pytest

from cgrecnet.cli import main
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.runs.cluster import local_cluster
from cgrecnet.runs.collect import best, collect, summarise
from cgrecnet.runs.grid import Halving, read_grid, read_sweep
from cgrecnet.runs.halving import check_halving, run_halving, stopped_runs
from cgrecnet.runs.kept import paused_history
from cgrecnet.runs.notebook import train
from cgrecnet.runs.sweep import plan_sweep, run_sweep
from cgrecnet.training.config import RunConfig

pytest.importorskip("optuna")
pytestmark = pytest.mark.filterwarnings("ignore")

GRID = """\
experiment: e
base: {epochs: 9}
grid: {learning_rate: {log: [1e-6, 1e-2], points: 5}, gamma: [0.1, 0.5]}
seeds: 2
halving: {first: 1, reduction: 3}
"""


def curves(fail: float = 0.0):
    """A stand-in for a run whose validation score is best at a learning rate of 1e-4, and whose test score is not.

    fail: the learning rate of runs that fail.
    """

    def do(config, *, results, work, say, until=None):
        import math

        from cgrecnet.errors import RunError
        from cgrecnet.runs.kept import pause_run
        from cgrecnet.runs.run_id import plan_run
        from cgrecnet.runs.run_record import RunRecord, write_run
        from cgrecnet.training.protocol import PROTOCOL

        plan = plan_run(config, "here")
        (work / plan.run_id).mkdir(parents=True, exist_ok=True)
        with open(work / plan.run_id / "log.txt", "a") as log:
            log.write(f"until {until}\n")
        if config.learning_rate == fail:
            raise RunError("the loss is nan")
        away = abs(math.log10(config.learning_rate) + 4)
        history = [
            {"epoch": epoch, "learning_rate": config.learning_rate, "validation_accuracy": 0.5, "train_loss": 1 / epoch,
             "validation_loss": 1 / epoch, "reported": epoch == config.epochs,
             "validation_macro_f1": (1 - 0.1 * away - 0.01 * config.gamma + 0.001 * config.seed % 0.01) * epoch / 10}
            for epoch in range(1, (until or config.epochs) + 1)
        ]  # fmt: skip
        if until:
            pause_run(plan.run_id, history, work)
            return
        scores = {"accuracy": away / 4, "balanced_accuracy": away / 4, "weighted": {"f1": away / 4}}
        record = RunRecord(
            run_id=plan.run_id, experiment="e", config=config.model_dump(), started="", wall_seconds=1.0, commit="",
            code="", protocol=PROTOCOL, data={}, split={}, weights={}, parameters=0, hardware={}, software={},
            history=history, test=scores | {"macro": {"f1": away / 4, "auc": away / 4}}, predictions_sha256="",
        )  # fmt: skip
        write_run(results / "e" / plan.run_id, record, "")

    return do


@pytest.fixture(scope="module")
def two_workers():
    with local_cluster(2) as connect:
        yield connect


@pytest.fixture
def sweep(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(GRID)
    return path


@pytest.mark.slow
def test_the_best_setting_is_the_one_of_the_full_grid_for_fewer_epochs(tmp_path, sweep, two_workers, capsys):
    configs, halving, said = read_sweep(sweep), read_grid(sweep).halving, []
    full = {"results": tmp_path / "full", "work": tmp_path / "w1", "say": said.append, "do": curves()}
    run_sweep(configs, two_workers, **full)
    less = full | {"results": tmp_path / "less", "work": tmp_path / "w2"}
    run_halving(configs, halving, two_workers, **less)
    plans = plan_sweep(configs)
    stopped = stopped_runs(tmp_path / "less", "e", halving)
    whole, part = collect(plans, tmp_path / "full"), collect(plans, tmp_path / "less", stopped=stopped)
    chosen = [best(summarise(table))[["learning_rate", "gamma", "n"]].tolist() for table in (whole, part)]
    assert chosen[0] == chosen[1] == [1e-4, 0.1, 2], "by validation: the test scores are lowest there"
    assert part.attrs["missing"] == [] and len(part) + len(part.attrs["stopped"]) == len(whole) == 20
    trained = 9 * len(part) + sum(len(one["history"]) for one in stopped.values())
    assert trained < 0.6 * 9 * len(whole)
    assert all(one["epoch"] == len(one["history"]) for one in stopped.values())

    # Again: nothing is trained, and the same are stopped.
    logs = {path: path.read_text() for path in (tmp_path / "w2").rglob("log.txt")}
    run_halving(configs, halving, two_workers, **less)
    assert {path: path.read_text() for path in (tmp_path / "w2").rglob("log.txt")} == logs
    assert stopped_runs(tmp_path / "less", "e", halving) == stopped
    assert stopped_runs(tmp_path / "less", "e", Halving(reduction=2)) == {}, "these were stopped by other rules"
    assert main(["collect", str(sweep), "--best", "--results", str(tmp_path / "less")]) == 0
    out = capsys.readouterr().out
    assert f"{len(stopped)} of 20 runs were stopped early" in out
    assert "best by validation_macro_f1: learning_rate=0.0001, gamma=0.1 (90" in out


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_networks_that_are_trained_come_to_the_same_best(tmp_path, two_workers, capsys):
    path = tmp_path / "x.yaml"
    path.write_text(
        "experiment: e\n"
        "base: {model: mobilenet_v2, data_options: {cells: 300}, image_size: 32, batch_size: 16, epochs: 3}\n"
        "grid: {learning_rate: [1e-7, 1e-6, 1e-3]}\nhalving: {first: 1}"
    )
    configs, halving, plans = read_sweep(path), read_grid(path).halving, plan_sweep(read_sweep(path))
    run_sweep(configs, two_workers, results=tmp_path / "full", work=tmp_path / "w1")
    run_halving(configs, halving, two_workers, results=tmp_path / "less", work=tmp_path / "w2")
    stopped = stopped_runs(tmp_path / "less", "e", halving)
    whole, part = collect(plans, tmp_path / "full"), collect(plans, tmp_path / "less", stopped=stopped)
    assert 1 <= len(stopped) and len(stopped) + len(part) == 3
    chosen = [best(summarise(table)) for table in (whole, part)]
    assert chosen[0]["learning_rate"] == chosen[1]["learning_rate"]
    assert chosen[0]["validation_macro_f1_mean"] == chosen[1]["validation_macro_f1_mean"], "a pause changed the numbers"


@pytest.mark.slow
def test_a_setting_with_a_failed_run_is_stopped_and_told_at_the_end(tmp_path, sweep, two_workers):
    said: list[str] = []
    with pytest.raises(RunError, match="4 of 20 runs failed; first: the loss is nan"):
        run_halving(
            read_sweep(sweep), read_grid(sweep).halving, two_workers, results=tmp_path / "r", work=tmp_path / "w",
            say=said.append, do=curves(fail=1e-2),
        )  # fmt: skip
    assert sum("(a run failed)" in line for line in said) == 2
    assert len(list((tmp_path / "r").rglob("run.json"))) >= 2


def test_what_cannot_be_halved_is_one_sentence(tmp_path):
    one = RunConfig(experiment="e", epochs=9)
    noisy = one.model_copy(update={"data_options": {"noise": 2.0}})
    with pytest.raises(ConfigError, match="'data_options' differs between these runs"):
        check_halving([one, noisy], Halving())
    with pytest.raises(ConfigError, match="first look after 9 epochs, and runs have 9: lower `first`"):
        check_halving([one], Halving(first=9))


@pytest.mark.slow
def test_a_run_pauses_at_an_epoch_and_goes_on_from_there(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    tiny = {"model": "mobilenet_v2", "data_options": {"cells": 60}, "image_size": 32, "epochs": 3, "batch_size": 16}
    config, said = RunConfig(experiment="tiny", **tiny), []
    places = {"results": tmp_path / "r", "work": tmp_path / "w", "say": said.append}
    do = partial(train, config, **places)
    name = plan_sweep([config])[0].run_id
    assert do(until=1) is None and not (tmp_path / "r").exists()
    assert [entry["epoch"] for entry in paused_history(name, tmp_path / "w")] == [1]
    assert do(until=1) is None and sum(line.startswith("  epoch ") for line in said) == 1, "it was trained again"
    assert [entry["epoch"] for entry in do().history] == [1, 2, 3]
    assert sum(line.startswith("  epoch ") for line in said) == 3, "it did not go on where it paused"
    assert paused_history(name, tmp_path / "w") == []
    for note in ({"run_id": "other", "history": []}, {"run_id": name, "history": [{"epoch": 1}]}, [], {"run_id": name}):
        (tmp_path / "w" / name / "paused.json").write_text(json.dumps(note))
        assert paused_history(name, tmp_path / "w") == []
