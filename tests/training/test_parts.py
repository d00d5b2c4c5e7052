"""Any data set can be trained on: any number of classes, wherever its files lie."""

import numpy as np
import pandas as pd
import pytest

from cgrecnet.data.base import CellDataset
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.runs.run_id import plan_run
from cgrecnet.training.config import RunConfig
from cgrecnet.training.parts import split_cells


def cells(counts: dict[str, int]) -> CellDataset:
    labels = np.repeat(np.arange(len(counts)), list(counts.values()))
    ids = [f"c{number}" for number in range(len(labels))]
    table = pd.DataFrame({"cell_id": ids, "class_name": np.array([*counts])[labels], "group": "one"})
    images = [np.full((8, 8), label, np.uint8) for label in labels]
    return CellDataset("folder", False, "own", tuple(counts), images, labels, table, (0, 255), "0" * 64, "Made up.")


def test_the_place_of_the_cells_is_part_of_no_name_and_of_no_record(monkeypatch, tmp_path):
    monkeypatch.setattr("cgrecnet.runs.run_id.open_dataset", lambda *_, **__: cells({"a": 2}))
    here, there = (RunConfig.from_mapping({"data": "jurkat", "root": str(tmp_path / name)}) for name in "ab")
    assert plan_run(here).run_id == plan_run(there).run_id
    assert "root" not in here.model_dump()
    assert RunConfig(data="jurkat", root="x").root.startswith("/")  # the notebook runs in another folder


def test_a_folder_that_would_not_be_read_or_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="made on the spot"):
        RunConfig.from_mapping({"data": "cytometer", "root": str(tmp_path)})
    config = RunConfig.from_mapping({"data": "zhu", "root": str(tmp_path / "nowhere")})
    with pytest.raises(DataError, match="nowhere"):
        plan_run(config)


def test_cells_that_cannot_be_parted_are_refused_by_the_name_of_their_class():
    with pytest.raises(DataError, match=r"Class monocyte has only 3 cell\(s\)"):
        split_cells(cells({"lymphocyte": 40, "monocyte": 3}), RunConfig())
    with pytest.raises(DataError, match=r"of 1 class \(lymphocyte\)"):
        split_cells(cells({"lymphocyte": 40, "monocyte": 0}), RunConfig())


def test_forty_classes_are_parted():
    split = split_cells(cells({f"class {number}": 20 for number in range(40)}), RunConfig())
    assert len(split.test) == 120
