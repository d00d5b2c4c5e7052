"""Many inputs on Dask workers: one table, the same as one after the other; killed workers and restarts lose nothing."""

import os
import shutil
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cgrecnet.cli import main
from cgrecnet.data.audit.integrity import take
from cgrecnet.data.store import pack_cells
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.predict import many
from cgrecnet.predict.engines import make_engine
from cgrecnet.predict.inputs import open_input
from cgrecnet.predict.many import Asked, predict_many
from cgrecnet.predict.predictor import Predictor
from cgrecnet.predict.run import predict_cells
from cgrecnet.runs.cluster import local_cluster

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def workers():
    with local_cluster(2) as connect:
        yield connect


@pytest.fixture(scope="module")
def inputs(dataset, tmp_path_factory):
    """Two folders of images of which one is broken, and a store."""
    root = tmp_path_factory.mktemp("inputs")
    for number, name in enumerate(("a, b", "c")):
        (root / name).mkdir()
        for i in range(8):
            Image.fromarray(dataset.images[8 * number + i]).save(root / name / f"{i}.png")
    (root / "c" / "broken.png").write_bytes(b"BM")
    pack_cells(take(dataset, np.arange(16, 26)), root / "store")
    return [root / "a, b", root / "c", root / "store"]


@pytest.fixture
def asked(model):
    return Asked(str(model.path), model.identity, engine="torch")


def read(path):
    return pd.read_csv(path, keep_default_na=False)


@pytest.mark.slow
def test_one_table_is_what_each_gives_alone(model, inputs, workers, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("cgrecnet.commands.predict.cluster_of", lambda *_: nullcontext(workers))
    words = ["predict", str(model.path), *map(str, inputs[:2]), "--out", str(tmp_path / "all.csv"), "--engine", "torch"]
    words += ["--report", str(tmp_path / "r.html"), str(inputs[2])]
    assert main(words) == 1, "an image is broken"
    said = capsys.readouterr().out
    assert "26 cells of 3 inputs" in said and f"{inputs[1]}/broken.png" in said
    table = read(tmp_path / "all.csv")
    predictor = Predictor(model, make_engine(model, "torch"), 0.9)
    alone = []
    for path in inputs:
        predict_cells(predictor, open_input(path, model.model), tmp_path / "one.csv", say=lambda _: None)
        one = read(tmp_path / "one.csv")
        one["cell_id"] = f"{path}/" + one["cell_id"]
        alone.append(one.assign(input=str(path)))
    assert table.columns[0] == "input" and table["cell_id"].is_unique
    pd.testing.assert_frame_equal(table, pd.concat(alone, ignore_index=True)[table.columns], check_exact=True)
    assert not (tmp_path / "all.csv.inputs").exists()
    assert f"{inputs[2]}/" in (tmp_path / "r.html").read_text(), "cells of the last input are pictures of the report"


@pytest.mark.slow
def test_a_killed_worker_costs_nothing_and_a_failed_input_does_not_cost_the_others(
    model, inputs, asked, workers, tmp_path, monkeypatch
):
    real, sign, out = many._predict, tmp_path / "killed", tmp_path / "all.csv"
    broken = str(tmp_path / "gone")
    shutil.copytree(inputs[0], broken)

    def unlucky(asked, place, table):
        import signal

        from cgrecnet.errors import DataError
        from cgrecnet.predict.many import _predict

        if place.endswith("c") and not sign.exists():
            sign.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if place == broken:
            raise DataError("it is gone.")
        _predict(asked, place, table)

    monkeypatch.setattr(many, "_predict", unlucky)
    said = []
    with pytest.raises(RunError, match="1 of 4 inputs failed; first: .*gone .it is gone.: mend or leave out"):
        predict_many(model, [*inputs, broken], asked, out, workers, say=said.append)
    assert sign.exists() and not out.exists()
    monkeypatch.setattr(many, "_predict", real)
    monkeypatch.setattr(many, "run_tasks", lambda tasks, *_, **__: pytest.fail("done again") if tasks else None)
    assert predict_many(model, inputs, asked, out, workers, say=said.append).cells == 26
    assert said[-1] == "3 inputs, 3 of them done already" and len(read(out)) == 26


def test_an_input_that_changed_is_done_again_and_none_is_taken_twice(model, inputs, asked, tmp_path, monkeypatch):
    place = tmp_path / "in"
    shutil.copytree(inputs[0], place)
    todo = []

    def here(tasks, _, standing, **__):
        todo.append([task.name for task in tasks])
        for task in tasks:
            task.call()

    monkeypatch.setattr(many, "run_tasks", here)
    monkeypatch.setattr(many, "gather", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    for change in (False, True):
        if change:
            (place / "0.png").unlink()
        with pytest.raises(KeyboardInterrupt):
            predict_many(model, [place, inputs[2]], asked, tmp_path / "o.csv", None, say=lambda _: None)
    assert todo == [[str(place), str(inputs[2])], [str(place)]]
    with pytest.raises(ConfigError, match="some are the same"):
        predict_many(model, [place, place / ".." / "in"], asked, tmp_path / "o.csv", None)
