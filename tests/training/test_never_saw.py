"""A model is never scored on a cell it saw: watched at the images themselves while a run trains and is tested."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from cgrecnet.data import open_dataset
from cgrecnet.training import setup
from cgrecnet.training.config import RunConfig
from cgrecnet.training.loop import fit, predict

CPU = torch.device("cpu")
OPTIONS = {"cells": 90, "seed": 1, "runs": 12}


class Watched(list):
    """Images that remember which of them were looked at."""

    def __init__(self, images):
        super().__init__(images)
        self.looked_at: set[int] = set()

    def __getitem__(self, index):
        self.looked_at.add(index)
        return super().__getitem__(index)

    def take_note(self) -> set[int]:
        noted, self.looked_at = self.looked_at, set()
        return noted


@pytest.fixture(scope="module")
def cells():
    return open_dataset("cytometer", options=OPTIONS)


@pytest.mark.parametrize("seed", [42, 123, 999])
@pytest.mark.parametrize("cut", [{"split": "joint"}, *({"split": "folds", "folds": 5, "fold": i} for i in range(5))])
def test_no_cell_is_both_looked_at_in_training_and_scored(cells, monkeypatch, cut, seed):
    watched = replace(cells, images=Watched(cells.images))
    monkeypatch.setattr(setup, "open_dataset", lambda *_, **__: watched)
    config = RunConfig(
        data="cytometer", data_options=OPTIONS, image_size=32, batch_size=16, epochs=2, split_seed=seed, **cut
    )
    dataset, _, tensors = setup.load_parts(config)
    model = nn.Sequential(nn.Conv2d(3, 4, 5, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    watched.images.take_note()
    fit(model, tensors["train"], tensors["validation"], dataset.classes, config, device=CPU)
    seen = watched.images.take_note()
    predict(model, tensors["test"], device=CPU)
    scored = watched.images.take_note()
    assert seen and scored and not seen & scored
    assert len(seen) + len(scored) == len(cells)
    pixels = [hashlib.sha256(np.ascontiguousarray(image)).digest() for image in cells.images]
    assert not {pixels[i] for i in seen} & {pixels[i] for i in scored}
