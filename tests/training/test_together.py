"""Two processes on the CPU that train together end where one does that sees the same batches."""

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
from cgrecnet.data.batched import BatchedCells
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import fit, predict

config = RunConfig(image_size=32, batch_size=8, learning_rate=0.01, epochs=2, report="last", class_weights=True)
fabric = make_fabric(config)
cells = open_dataset("cytometer", options={"cells": 51, "seed": 3})
train = BatchedCells(cells, range(37), 32, train=True, seed=config.seed)
rest = BatchedCells(cells, range(37, 51), 32, train=False)
torch.manual_seed(0)
# Batch normalisation sees a process's own part of a batch on a CPU, so this network has none.
first, last = nn.Conv2d(3, 4, 5, stride=4), nn.Linear(16, 3)
network = nn.Sequential(first, nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), last)
history = fit(network, train, rest, cells.classes, config, fabric=fabric)
labels, probabilities, indices = predict(network, rest, fabric=fabric)
if fabric.is_global_zero:
    torch.save({"weights": network.state_dict(), "history": history, "probabilities": probabilities.tolist(),
                "indices": indices.tolist(), "world": fabric.world_size}, sys.argv[1])
"""


def train(folder: Path, world: int) -> dict:
    """What `SCRIPT` saved when `world` processes ran it together."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    path = folder / f"{world}.pt"
    shared = {"WORLD_SIZE": str(world), "LOCAL_WORLD_SIZE": str(world), "GROUP_RANK": "0", "MASTER_ADDR": "127.0.0.1"}
    shared |= {"MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "x", "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(path)],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(world)
    ]
    said = [process.communicate(timeout=240)[0] for process in processes]
    assert not any(process.returncode for process in processes), said
    return torch.load(path, weights_only=False)


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no distributed package")
def test_two_processes_end_where_one_does(tmp_path):
    alone, both = train(tmp_path, 1), train(tmp_path, 2)
    assert (alone["world"], both["world"]) == (1, 2)
    assert alone["indices"] == both["indices"]
    for name, value in alone["weights"].items():
        torch.testing.assert_close(both["weights"][name], value, atol=2e-6, rtol=1e-4)
    torch.testing.assert_close(
        torch.tensor(both["probabilities"]), torch.tensor(alone["probabilities"]), atol=1e-5, rtol=0
    )
    for one, two in zip(alone["history"], both["history"], strict=True):
        assert two["train_loss"] == pytest.approx(one["train_loss"], rel=1e-4)
        assert two["train_accuracy"] == pytest.approx(one["train_accuracy"])
