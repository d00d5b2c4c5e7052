"""Training computes the numbers that it computed when the records were made; and a change that moves them is seen."""

import json

import numpy as np
import probe
import pytest
import torch

from cgrecnet.data.batches import loader as batched
from cgrecnet.training import devices
from cgrecnet.training.protocol import PROTOCOL

#: Where rounding differs (another processor or torch): largest difference of a loss or a probability.
TOLERANCE = {"bf16": 0.2, "32": 0.05}
SIMULATED, STORE, REAL = probe.RUNS


@pytest.fixture(scope="module")
def recorded():
    return json.loads(probe.FILE.read_text())


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", probe.RUNS)
def test_the_numbers_are_those_of_the_records(name, recorded, tmp_path):
    assert recorded["protocol"] == PROTOCOL, "write the probe anew: python tests/training/probe.py"
    got, want = probe.run(name, tmp_path), recorded["runs"][name]
    if recorded["made on"] == probe.here():
        assert got == want, (
            "A number of training has moved. If that is meant, raise PROTOCOL, say in CHANGELOG why and which records "
            "are void, and write the probe anew: python tests/training/probe.py"
        )
    assert got["manifest"] == want["manifest"]
    for part in ("losses", "validation", "probabilities"):
        np.testing.assert_allclose(got[part], want[part], atol=TOLERANCE[probe.RUNS[name].precision], rtol=0.05)


def _another_crop(patch):
    draw = batched.random_crops
    patch.setattr(batched, "random_crops", lambda *sizes, **how: draw(*sizes, **how | {"scale": (0.09, 1.0)}))


def _another_precision(patch):
    patch.setitem(devices.PRECISION, "32", "bf16-mixed")


def _another_seed(patch):
    draw = batched.random_crops
    patch.setattr(batched, "random_crops", lambda *sizes, **how: draw(*sizes, **how | {"seed": how["seed"] + 1}))


def _no_class_weights(patch):
    patch.setitem(probe.RUNS, SIMULATED, probe.RUNS[SIMULATED].model_copy(update={"class_weights": False}))


@pytest.mark.slow
@pytest.mark.parametrize("fault", [_another_crop, _another_precision, _another_seed, _no_class_weights])
def test_a_fault_that_moves_numbers_is_seen(fault, recorded, tmp_path, monkeypatch):
    fault(monkeypatch)
    assert probe.run(SIMULATED, tmp_path)["losses"] != pytest.approx(recorded["runs"][SIMULATED]["losses"], abs=1e-3)


def test_labels_that_are_reversed_in_a_store_are_seen(recorded, tmp_path, monkeypatch):
    honest = probe.cells_of

    def reversed_labels(name, folder):
        dataset = honest(name, folder)
        return dataset.__class__(**{**vars(dataset), "labels": 2 - np.asarray(dataset.labels)})

    monkeypatch.setattr(probe, "cells_of", reversed_labels)
    want = recorded["runs"][STORE]
    assert probe.run(STORE, tmp_path)["losses"] != pytest.approx(want["losses"], abs=1e-3)
