"""Training computes the numbers that it computed when the records were made; and a change that moves them is seen."""

import json

import numpy as np
import probe
import pytest
import torch

from cgrecnet.data.batches import loader as batched
from cgrecnet.training import devices
from cgrecnet.training.protocol import PROTOCOL

#: Where rounding differs (another processor or torch), as measured with other vector instructions and then some: of a
#: loss in training, where batch normalisation over few values magnifies it, and of what comes after.
TOLERANCE = {"bf16": {"losses": 0.4, "validation": 0.02, "probabilities": 0.03}}
TOLERANCE["32"] = dict.fromkeys(TOLERANCE["bf16"], 1e-3)
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


def same(got, want, precision):
    """Whether two still runs are one, but for rounding."""
    return got["manifest"] == want["manifest"] and all(
        np.allclose(got[part], want[part], rtol=0, atol=most) for part, most in TOLERANCE[precision].items()
    )


@pytest.mark.parametrize("name", probe.RUNS)
def test_training_is_the_same_to_the_last_bit(name, recorded, tmp_path):
    assert recorded["protocol"] == PROTOCOL, "write the probe anew: python tests/training/probe.py"
    if recorded["made on"] != probe.here():
        pytest.skip(f"the probe was made on {recorded['made on']}, and training magnifies rounding")
    assert probe.run(name, tmp_path) == recorded["runs"][name], (
        "A number of training has moved. If that is meant, raise PROTOCOL, say in CHANGELOG why and which records "
        "are void, and write the probe anew: python tests/training/probe.py"
    )


@pytest.mark.parametrize("name", probe.RUNS)
def test_batches_losses_and_scores_are_those_of_the_records_on_any_processor(name, recorded, tmp_path):
    got, want = probe.run(name, tmp_path, still=True), recorded["still"][name]
    assert same(got, want, probe.RUNS[name].precision), (got, want)


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
    assert not same(probe.run(SIMULATED, tmp_path, still=True), recorded["still"][SIMULATED], "32")


def test_labels_that_are_reversed_in_a_store_are_seen(recorded, tmp_path, monkeypatch):
    honest = probe.cells_of

    def reversed_labels(name, folder):
        dataset = honest(name, folder)
        return dataset.__class__(**{**vars(dataset), "labels": 2 - np.asarray(dataset.labels)})

    monkeypatch.setattr(probe, "cells_of", reversed_labels)
    assert not same(probe.run(STORE, tmp_path, still=True), recorded["still"][STORE], "bf16")
