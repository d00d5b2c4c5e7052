"""The batches of one epoch, and each process's part of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from cgrecnet.data.batches import BatchedCells


@dataclass(frozen=True)
class Batch:
    """One process's part of a batch.

    images: (cells here, channels, size, size); labels: (cells here,); cells: of the whole batch;
    all_labels: of the whole batch, so that each process knows the sum of the class weights.
    """

    step: int
    steps: int
    images: Tensor
    labels: Tensor
    cells: int
    all_labels: Tensor


def epoch_batches(train: BatchedCells, batch_size: int, seed: int, epoch: int, fabric: Fabric) -> Iterator[Batch]:
    """The batches of an epoch; their order and crops follow (seed, epoch) alone, whatever the number of processes.

    Process r of w takes cells r, r + w, r + 2 w, ... of each batch.
    A last batch of a single cell is left out: batch normalisation cannot estimate a variance from it; so is one that
    has no cell for some process.
    """
    order = np.random.default_rng([seed, epoch]).permutation(train.indices)
    parts = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    if len(parts) > 1 and len(parts[-1]) < max(2, fabric.world_size) and batch_size > 1:
        parts.pop()
    for step, part in enumerate(parts, start=1):
        images, labels, _ = train.batch(part[fabric.global_rank :: fabric.world_size], epoch)
        yield Batch(step, len(parts), images, labels, len(part), torch.from_numpy(train.labels[part]))


def mix(*numbers: int) -> int:
    """One well-mixed seed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
