"""From files to a table: the numbers, what is refused, what is said, and a restart."""

import errno
import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cgrecnet.cli import main
from cgrecnet.data.store import pack_cells
from cgrecnet.errors import DataError, RunError
from cgrecnet.files import locked
from cgrecnet.predict import run
from cgrecnet.predict.engines import make_engine
from cgrecnet.predict.inputs import open_input
from cgrecnet.predict.predictor import Predictor
from cgrecnet.predict.run import predict_cells
from cgrecnet.predict.uncertainty import in_set, p_values
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import predict
from cgrecnet.training.parts import part_cells

COUNT = 24


@pytest.fixture(scope="session")
def predictor(model):
    return Predictor(model, make_engine(model, "torch"), 0.9)


@pytest.fixture
def folder(dataset, tmp_path):
    """The first cells as PNG files in two folders, and two files that are none."""
    root = tmp_path / "new, 'cells'"
    for i in range(COUNT):
        place = root / f"day{i % 2}" / f"{i:03d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(dataset.images[i]).save(place)
    return root


def table_of(predictor, folder, out):
    return predict_cells(predictor, open_input(folder, predictor.folder.model), out, say=lambda _: None)


def test_probabilities_are_the_calibrated_mean_of_what_the_training_loop_says(trained, model, dataset, predictor):
    records, networks, parts = trained
    config = RunConfig.from_mapping(records[0].config)
    fabric = make_fabric(config)
    cells = part_cells(dataset, config, fabric)[2]["test"]
    raw = np.mean([predict(network, cells, fabric=fabric)[1] for network in networks], axis=0)
    powered = raw ** (1 / model.model.temperature)
    expected = powered / powered.sum(axis=1, keepdims=True)
    table = predictor.rows([str(i) for i in parts.test], [dataset.images[i] for i in parts.test])
    found = table[[f"p_{name}" for name in model.model.classes]].to_numpy()
    assert found == pytest.approx(expected, abs=2e-5)
    inside = in_set(p_values(model.scores, expected), 0.9)
    assert (table[[f"in_{name}" for name in model.model.classes]].to_numpy() == inside).mean() > 0.98


def test_a_folder_of_images(folder, predictor, dataset, trained, tmp_path):
    (folder / "day0" / "broken.png").write_bytes((folder / "day0" / "000.png").read_bytes()[:50])
    Image.fromarray(dataset.images[0].astype(np.uint16) * 16).save(folder / "day1" / "wide.png")
    (folder / "day0" / "000_mask.png").write_bytes((folder / "day0" / "000.png").read_bytes())
    (folder / "notes.txt").write_text("not an image")
    summary = table_of(predictor, folder, tmp_path / "out.csv")
    table = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    assert len(table) == summary.cells == COUNT
    assert dict(summary.unreadable) == {
        "day0/broken.png": "truncated or damaged",
        "day1/wide.png": "uint16, 1 channel(s), which the model does not take",
    }
    train, chosen = set(trained[2].train), set(trained[2].validation)
    for cell_id, seen in zip(table["cell_id"], table["seen"], strict=True):
        number = int(cell_id[-7:-4])
        assert seen == ("training" if number in train else "validation" if number in chosen else "")
    assert json.loads((tmp_path / "out.csv.json").read_text())["cells"] == COUNT
    assert not (tmp_path / "out.csv.parts").exists()


def test_a_store_gives_the_same_rows(folder, predictor, dataset, tmp_path):
    from cgrecnet.data.audit.integrity import take

    pack_cells(take(dataset, np.arange(COUNT)), tmp_path / "store")
    table_of(predictor, tmp_path / "store", tmp_path / "store.csv")
    table_of(predictor, folder, tmp_path / "folder.csv")
    one, other = (pd.read_csv(tmp_path / f"{name}.csv", keep_default_na=False) for name in ("store", "folder"))
    other["number"] = other["cell_id"].str[-7:-4].astype(int)
    other = other.sort_values("number", ignore_index=True)
    assert one.drop(columns="cell_id").equals(other.drop(columns=["cell_id", "number"]))


def test_a_prediction_that_was_stopped_goes_on(folder, predictor, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "PART", 5)
    whole = tmp_path / "whole.csv"
    table_of(predictor, folder, whole)
    stopped = tmp_path / "stopped.csv"
    asked = []

    def stop(self, names, images, real=Predictor.rows):
        asked.append(len(names))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return real(self, names, images)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Predictor, "rows", stop)
        table_of(predictor, folder, stopped)
    assert not stopped.exists() and len(list(tmp_path.glob("stopped.csv.parts/part-*.csv"))) == 2
    counted = []

    def count(self, names, images, real=Predictor.rows):
        counted.append(len(names))
        return real(self, names, images)

    monkeypatch.setattr(Predictor, "rows", count)
    table_of(predictor, folder, stopped)
    assert stopped.read_text() == whole.read_text() and len(counted) == 3


def test_a_full_disk_keeps_what_is_done_and_two_at_once_do_not_mix(folder, predictor, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "PART", 5)
    flush, flushed = os.fsync, []

    def full(descriptor):
        flushed.append(descriptor)
        if len(flushed) > 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    out = tmp_path / "out.csv"
    with monkeypatch.context() as patch, pytest.raises(RunError, match="No space left on device.*what is done is kept"):
        patch.setattr("cgrecnet.files.os.fsync", full)
        table_of(predictor, folder, out)
    assert not out.exists() and len(list(tmp_path.glob("out.csv.parts/part-*.csv"))) == 1
    with locked(tmp_path / "out.csv.parts" / "lock"), pytest.raises(RunError, match="Another process is writing"):
        table_of(predictor, folder, out)
    assert table_of(predictor, folder, out).cells == COUNT


def test_a_prediction_killed_at_its_very_end_is_done_again_without_a_word(folder, predictor, tmp_path, monkeypatch):
    remove = shutil.rmtree

    def killed(place, **_):
        if place.exists():
            next(place.glob("part-*.json")).unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("cgrecnet.predict.run.shutil.rmtree", killed)
        table_of(predictor, folder, tmp_path / "out.csv")
    first = (tmp_path / "out.csv").read_text()
    assert shutil.rmtree is remove and table_of(predictor, folder, tmp_path / "out.csv").cells == COUNT
    assert (tmp_path / "out.csv").read_text() == first
    assert sorted(path.name for path in tmp_path.glob("out.csv*")) == ["out.csv", "out.csv.json"]


def test_parts_of_another_input_are_not_used(folder, predictor, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "gather", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        table_of(predictor, folder, tmp_path / "out.csv")
    monkeypatch.undo()
    (folder / "day0" / "000.png").unlink()
    said = []
    cells = open_input(folder, predictor.folder.model)
    assert predict_cells(predictor, cells, tmp_path / "out.csv", say=said.append).cells == COUNT - 1
    assert said == ["what was begun was of another model, input or coverage: starting anew"]


def test_images_that_the_model_is_not_for_are_refused(folder, predictor, dataset, tmp_path):
    wide, large = tmp_path / "wide", tmp_path / "large"
    for place in (wide, large):
        place.mkdir()
    Image.fromarray(dataset.images[0].astype(np.uint16) * 16).save(wide / "a.png")
    Image.fromarray(np.tile(dataset.images[0], (6, 6))).save(large / "a.png")
    for place, words in ((wide, "images of uint16, and the model was trained on uint8"), (large, "cut out single")):
        with pytest.raises(DataError, match=words):
            table_of(predictor, place, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_channels_are_asked_for_where_names_tell_several(folder, predictor, tmp_path):
    for i in range(4):
        for channel in (1, 9):
            shutil.copy(folder / "day0" / f"{2 * i:03d}.png", folder / f"{i}_Ch{channel}.ome.png")
    shutil.rmtree(folder / "day0")
    shutil.rmtree(folder / "day1")
    with pytest.raises(Exception, match="name channels 1, 9"):
        open_input(folder, predictor.folder.model)
    assert len(open_input(folder, predictor.folder.model, 9)) == 4


def test_planted_changes_of_lamp_and_size_are_flagged(predictor, dataset):
    test = [dataset.images[i] for i in range(40)]
    darker = [np.clip(image * 0.6, 0, 255).astype(np.uint8) for image in test]
    larger = [np.repeat(np.repeat(image, 2, axis=0), 2, axis=1) for image in test]
    names = [str(i) for i in range(40)]
    assert predictor.rows(names, test)["unlike"].mean() < 0.2
    assert (predictor.rows(names, darker)["unlike_levels"] > 1).mean() > 0.9
    assert (predictor.rows(names, larger)["unlike_size"] > 1).mean() > 0.9


def test_the_command(folder, model, tmp_path, capsys):
    (folder / "day0" / "broken.png").write_bytes(b"BM")
    assert main(["predict", str(model.path), str(folder), "--out", str(tmp_path / "p.csv"), "--engine", "torch"]) == 1
    said = capsys.readouterr().out
    for words in ("24 cells", "single class that cannot be ruled out", "unlike the training images",
                  "used to train or choose", "day0/broken.png", "simulated cells"):  # fmt: skip
        assert words in said
    assert main(["predict", str(model.path), str(tmp_path / "none"), "--out", str(tmp_path / "q.csv")]) == 2
    assert main(["predict", str(model.path), str(folder), "--coverage", "1"]) == 2
    (model.path.parent / "not").mkdir()
    assert main(["predict", str(model.path.parent / "not"), str(folder)]) == 2
