"""One tiny model, trained in seconds on simulated cells, for all tests of predictions."""

import numpy as np
import pytest
import torch

from cgrecnet.data import open_dataset
from cgrecnet.evaluation.metrics import score
from cgrecnet.models import create_model
from cgrecnet.predict.build import make_model
from cgrecnet.runs.environment import software
from cgrecnet.runs.finalize import describe_dataset
from cgrecnet.runs.run_record import RunRecord
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import fit, predict
from cgrecnet.training.parts import part_cells
from cgrecnet.training.protocol import PROTOCOL

CELLS = 160
SETTINGS = {"model": "mobilenet_v2", "data": "cytometer", "data_options": {"cells": CELLS, "shares": (0.4, 0.3, 0.3)},
            "image_size": 32, "epochs": 6, "batch_size": 8, "learning_rate": 3e-3, "report": "last"}  # fmt: skip


@pytest.fixture(scope="session")
def dataset():
    return open_dataset("cytometer", options=SETTINGS["data_options"])


@pytest.fixture(scope="session")
def trained(dataset):
    """(records, networks, split) of two seeds."""
    records, networks = [], []
    for seed in (1, 2):
        config = RunConfig.from_mapping(SETTINGS | {"seed": seed})
        fabric = make_fabric(config)
        packed, parts, cells = part_cells(dataset, config, fabric)
        torch.manual_seed(seed)
        network = create_model(config.model, num_classes=len(dataset.classes), image_size=config.image_size)
        history = fit(network, cells["train"], cells["validation"], dataset.classes, config, fabric=fabric)
        labels, probabilities, _ = predict(network, cells["test"], fabric=fabric)
        split = {"kind": "joint", "seed": 42, "manifest": parts.manifest}
        split["sizes"] = {name: len(part) for name, part in parts.parts().items()}
        records.append(
            RunRecord(
                run_id=f"run-{seed}", experiment="run", config=config.model_dump(), started="", wall_seconds=1,
                commit="unknown", code="", protocol=PROTOCOL, data=describe_dataset(packed), split=split, weights={},
                parameters=1, hardware={}, software=software(), history=history,
                test=score(labels, probabilities, dataset.classes), predictions_sha256="",
            )  # fmt: skip
        )
        networks.append(network)
    return records, networks, parts


@pytest.fixture(scope="session")
def model(trained, dataset, tmp_path_factory):
    """A model folder; tests that change it take a copy."""
    records, networks, parts = trained
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("models") / "m"
    return make_model(records, networks, dataset, parts, out, say=lambda _: None, audited=12)  # too few for forests


@pytest.fixture
def images(dataset) -> list[np.ndarray]:
    return [np.asarray(image) for image in dataset.images]


