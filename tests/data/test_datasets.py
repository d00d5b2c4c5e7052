"""What holds for every data set, and the door to them."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from zhu_trees import tree

import cgrecnet
from cgrecnet.data import COLUMNS, CellDataset, available, list_datasets, open_dataset
from cgrecnet.data.base import fingerprint, kind_of_cells
from cgrecnet.errors import ConfigError, DataError


@pytest.fixture(params=["amnis", "cytometer", "jurkat", "jurkat:cycle_e1", "jurkat:stage7", "zhu"])
def case(request, tmp_path):
    name, _, task = request.param.partition(":")
    root = None
    if name == "amnis":
        root = Path(__file__).parent / "amnis" / "example.cif"
    if name == "zhu":
        root = tmp_path
        tree(root, "flat")
    options = {"cells": 40} if name == "cytometer" else None
    return lambda: open_dataset(name, root=root, task=task or None, options=options)


def test_contract(case):
    cells = case()
    assert cells.name in list_datasets()
    assert len(cells) == len(cells.images) == len(cells.labels) == len(cells.table) > 0
    assert cells.labels.dtype == np.int64 and cells.labels.ndim == 1
    assert set(np.unique(cells.labels)) <= set(range(len(cells.classes)))
    assert all(image.ndim == 2 and image.dtype in (np.uint8, np.uint16) for image in cells.images)
    assert set(COLUMNS) <= set(cells.table.columns)
    assert cells.table["cell_id"].is_unique and not cells.table.isna().any().any()
    assert [cells.classes[label] for label in cells.labels] == cells.table["class_name"].tolist()
    assert sum(cells.counts().values()) == len(cells) and tuple(cells.counts()) == cells.classes
    black, white = cells.window
    assert black < np.median(cells.images[0]) < white
    assert cells.simulated == ("simulated" in cells.origin.lower())


def test_opening_twice_gives_the_same(case):
    one, two = case(), case()
    assert one.fingerprint == two.fingerprint
    assert all(np.array_equal(a, b) for a, b in zip(one.images, two.images, strict=True))
    assert one.table.equals(two.table)


def test_fingerprint_follows_the_data(case):
    cells = case()
    images, labels, ids = [image.copy() for image in cells.images], cells.labels, cells.table["cell_id"].tolist()
    assert fingerprint(images, labels, ids) == cells.fingerprint
    other_labels = labels.copy()
    other_labels[-1] += 1
    found = {cells.fingerprint, fingerprint(images, other_labels, ids), fingerprint(images, labels, ids[::-1])}
    images[0][0, 0] += 1
    found.add(fingerprint(images, labels, ids))
    assert len(found) == 4


def test_datasets_are_frozen(case):
    with pytest.raises(FrozenInstanceError):
        case().labels = None


def test_list():
    assert list_datasets() == ["amnis", "cytometer", "folder", "jurkat", "zhu"]
    assert available("cytometer")


def test_unknown_name():
    with pytest.raises(ConfigError, match="no data set 'jurcat'; did you mean 'jurkat'"):
        open_dataset("jurcat")
    with pytest.raises(ConfigError, match="no data set 'x'"):
        available("x")


@pytest.mark.parametrize("name", ["amnis", "cytometer", "jurkat", "zhu"])
def test_unknown_task_or_option(name, no_data):
    with pytest.raises(ConfigError, match=f"'{name}' has no task 'xyz'; .*Known: "):
        open_dataset(name, task="xyz")
    with pytest.raises(ConfigError, match=f"'{name}' has no option 'xyz'; .*Known: "):
        open_dataset(name, options={"xyz": 1})


def test_nobody_can_know_whether_given_images_are_the_paper_s():
    assert kind_of_cells("jurkat", False) == kind_of_cells("folder", False) == "real cells"
    assert kind_of_cells("zhu", True) == kind_of_cells("cytometer", True) == "simulated cells"
    assert kind_of_cells("zhu", False) == "cells as given (taken to be the paper's)"


@pytest.mark.parametrize("room", ["data", "commands", "runs", "predict"])
def test_what_a_command_or_record_calls_cells_comes_from_one_place(room):
    for path in (Path(cgrecnet.__file__).parent / room).rglob("*.*"):
        if path.suffix in (".py", ".md", ".html", ".txt") and path.name != "base.py":
            text = path.read_text(encoding="utf-8")
            assert "else 'real'" not in text and 'else "real' not in text, f"{path}: take kind_of_cells"


def test_incomplete_data_sets_are_refused():
    table = pd.DataFrame({"cell_id": ["a"], "class_name": ["k"], "group": ["g"]})
    sound = CellDataset(
        "made up", True, "t", ("k",), [np.zeros((2, 2), np.uint8)], np.zeros(1, np.int64), table, (0, 1), "", ""
    )
    with pytest.raises(DataError, match="lacks the column.s. group"):
        replace(sound, table=table.drop(columns="group"))
    with pytest.raises(DataError, match="1 images, 2 labels and 1 table rows"):
        replace(sound, labels=np.zeros(2, np.int64))


def test_the_cytometer_does_not_import_the_other_data_sets():
    program = (
        "import sys\nfrom cgrecnet.data import open_dataset\nopen_dataset('cytometer', options={'cells': 1})\n"
        "print([m for m in ('cgrecnet.data.jurkat', 'cgrecnet.data.zhu', 'PIL', 'tifffile',"
        " 'pooch', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
