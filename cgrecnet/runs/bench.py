"""What the input path costs: training on real batches against the same steps on a batch that lies ready."""

import time
from statistics import median

import torch

from cgrecnet.data import open_dataset
from cgrecnet.data.batched import BatchedCells
from cgrecnet.errors import ConfigError
from cgrecnet.models import create_model
from cgrecnet.training.batches import epoch_batches
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import train_one_epoch


def input_path_cost(model: str, image_size: int, batch_size: int, steps: int) -> str:
    """Time both ways step by step, in turn, on simulated cells; one line with the median ratio.

    The ratio is (step on a ready batch) / (read, augment and step): 1 means that reading costs nothing.
    """
    if min(batch_size, steps) < 2:
        raise ConfigError(f"A benchmark needs 2 steps and a batch of 2 or more, not {steps} and {batch_size}.")
    fabric = make_fabric(RunConfig())
    dataset = open_dataset("cytometer", options={"cells": batch_size * steps})
    cells = BatchedCells(dataset, range(len(dataset)), image_size, train=True, device=fabric.device)
    batches = epoch_batches(cells, batch_size, seed=0, epoch=1, fabric=fabric)
    network = create_model(model, image_size=image_size).to(fabric.device, memory_format=torch.channels_last)
    network, optimizer = fabric.setup(network, torch.optim.Adam(network.parameters(), lr=1e-4))
    ready = next(batches)
    train_one_epoch(network, [ready], optimizer, fabric=fabric)  # warm-up
    ratios = []
    for _ in range(steps - 1):
        whole = _seconds(lambda: train_one_epoch(network, [next(batches)], optimizer, fabric=fabric))
        bare = _seconds(lambda: train_one_epoch(network, [ready], optimizer, fabric=fabric))
        ratios.append(bare / whole)
    return (
        f"{model}, {image_size} px, batch {batch_size}, {fabric.device.type}: step on a ready batch / whole step = "
        f"{median(ratios):.3f} (median of {len(ratios)}, {min(ratios):.3f} to {max(ratios):.3f})"
    )


def _seconds(work) -> float:
    started = time.perf_counter()
    work()  # ends in `.item()`, which waits for a GPU
    return time.perf_counter() - started
