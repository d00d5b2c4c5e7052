"""A model is never scored on a cell it saw: watched at the images themselves while a run trains and is tested."""

import hashlib

import numpy as np
import pytest
from lightning_fabric import Fabric
from torch import nn

from cgrecnet.data import open_dataset
from cgrecnet.data.batches.transform import FlatPixels
from cgrecnet.training import parts as training_parts
from cgrecnet.training.config import RunConfig
from cgrecnet.training.loop import fit, predict

FABRIC = Fabric(accelerator="cpu", devices=1)
OPTIONS = {"cells": 120, "seed": 1, "runs": 12}


@pytest.fixture
def looked_at(monkeypatch):
    """Which cells' pixels were fetched since it was last emptied."""
    cells: set[int] = set()
    gather = FlatPixels.gather

    def watched(self, chosen, *rest):
        cells.update(int(cell) for cell in chosen)
        return gather(self, chosen, *rest)

    monkeypatch.setattr(FlatPixels, "gather", watched)
    return cells


@pytest.fixture(scope="module")
def cells():
    return open_dataset("cytometer", options=OPTIONS)


FOLDS = [{"split": kind, "folds": 3, "fold": fold} for kind in ("folds", "grouped_folds") for fold in range(3)]


@pytest.mark.parametrize("seed", [42, 123, 999])
@pytest.mark.parametrize("cut", [{"split": "joint"}, {"split": "grouped"}, *FOLDS], ids=str)
def test_no_cell_is_both_looked_at_in_training_and_scored(cells, looked_at, monkeypatch, cut, seed):
    monkeypatch.setattr(training_parts, "open_dataset", lambda *_, **__: cells)
    config = RunConfig(
        data="cytometer", data_options=OPTIONS, image_size=32, batch_size=16, epochs=2, split_seed=seed, **cut
    )
    dataset, _, parts = training_parts.load_parts(config, FABRIC)
    model = nn.Sequential(nn.Conv2d(3, 4, 5, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    looked_at.clear()
    fit(model, parts["train"], parts["validation"], dataset.classes, config, fabric=FABRIC)
    seen = set(looked_at)
    looked_at.clear()
    predict(model, parts["test"], fabric=FABRIC)
    scored = set(looked_at)
    assert seen and scored and not seen & scored
    assert len(seen) + len(scored) == len(cells)
    pixels = [hashlib.sha256(np.ascontiguousarray(image)).digest() for image in cells.images]
    assert not {pixels[i] for i in seen} & {pixels[i] for i in scored}
    if "grouped" in cut["split"]:
        groups = cells.table["group"].to_numpy()
        assert not set(groups[list(seen)]) & set(groups[list(scored)])
