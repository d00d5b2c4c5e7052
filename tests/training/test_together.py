"""Two processes on the CPU that train together end where one does that sees the same batches, whole or in pieces."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = """
import sys
import torch
from torch import nn
from cgrecnet.data import open_dataset
from cgrecnet.data.batches import BatchedCells
from cgrecnet.models import create_model
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import fit, predict

whole = sys.argv[2] == "cg_recnet"  # its rate is so small that rounding, which Adam magnifies, stays small
size, rate, epochs = (64, 1e-9, 1) if whole else (32, 0.01, 2)
cut = {"batch_size": 7, "micro_batch": 3} if sys.argv[2] == "pieces" else {"batch_size": 8}
config = RunConfig(image_size=size, **cut, learning_rate=rate, epochs=epochs, report="last", class_weights=True)
fabric = make_fabric(config)
cells = open_dataset("cytometer", options={"cells": 51, "seed": 3})
train = BatchedCells(cells, range(37), size, train=True, seed=config.seed)
rest = BatchedCells(cells, range(37, 51), size, train=False)
torch.manual_seed(0)
# A bias before batch normalisation has a gradient of nothing but rounding, of which Adam would make whole steps.
first, last = nn.Conv2d(3, 4, 5, stride=4, bias=sys.argv[2] != "normalised"), nn.Linear(16, 3)
normal = [nn.BatchNorm2d(4)] * (sys.argv[2] == "normalised")
network = nn.Sequential(first, *normal, nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), last)
network = create_model("cg_recnet", image_size=size) if whole else network
history = fit(network, train, rest, cells.classes, config, fabric=fabric)
labels, probabilities, indices = predict(network, rest, fabric=fabric)
if fabric.is_global_zero:
    torch.save({"weights": network.state_dict(), "history": history, "probabilities": probabilities.tolist(),
                "indices": indices.tolist(), "world": fabric.world_size}, sys.argv[1])
"""


def train(folder: Path, world: int, kind: str) -> dict:
    """What `SCRIPT` saved when `world` processes ran it together."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    path = folder / f"{world}.pt"
    shared = {"WORLD_SIZE": str(world), "LOCAL_WORLD_SIZE": str(world), "GROUP_RANK": "0", "MASTER_ADDR": "127.0.0.1"}
    shared |= {"MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "x", "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(path), kind],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(world)
    ]
    output = [process.communicate(timeout=240)[0] for process in processes]
    assert not any(process.returncode for process in processes), output
    return torch.load(path, weights_only=False)


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no distributed package")
@pytest.mark.parametrize("kind", ["plain", "normalised", "pieces"])
def test_two_processes_end_where_one_does(tmp_path, kind):
    alone, both = train(tmp_path, 1, kind), train(tmp_path, 2, kind)
    assert (alone["world"], both["world"]) == (1, 2)
    assert alone["indices"] == both["indices"]
    assert ("1.running_var" in alone["weights"]) == (kind == "normalised")
    for name, value in alone["weights"].items():
        torch.testing.assert_close(both["weights"][name], value, atol=2e-6, rtol=1e-4)
    torch.testing.assert_close(
        torch.tensor(both["probabilities"]), torch.tensor(alone["probabilities"]), atol=1e-5, rtol=0
    )
    for one, two in zip(alone["history"], both["history"], strict=True):
        assert two["train_loss"] == pytest.approx(one["train_loss"], rel=1e-4)
        assert two["train_accuracy"] == pytest.approx(one["train_accuracy"])


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no distributed package")
def test_two_processes_see_the_losses_gradients_and_batch_statistics_of_one_in_cg_recnet(tmp_path):
    alone, both = train(tmp_path, 1, "cg_recnet"), train(tmp_path, 2, "cg_recnet")
    (one,), (two,) = alone["history"], both["history"]
    assert two["train_loss"] == pytest.approx(one["train_loss"], rel=1e-4)
    assert two["gradient_norm"] == pytest.approx(one["gradient_norm"], rel=5e-3)
    statistics = [name for name in alone["weights"] if name.endswith(("running_mean", "running_var"))]
    assert len(statistics) == 106  # of 53 batch normalisations
    for name in statistics:
        torch.testing.assert_close(both["weights"][name], alone["weights"][name], atol=1e-4, rtol=1e-3)
