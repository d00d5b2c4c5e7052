"""The cells of a run: opened, split, in the batches of an epoch, and in pieces through the network."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from cgrecnet.data import open_dataset
from cgrecnet.data.base import CellDataset, MappedImages, PackedImages, pack
from cgrecnet.data.batches import BatchedCells
from cgrecnet.data.levels import GreyRange, grey_range
from cgrecnet.data.splits import Split, draw
from cgrecnet.errors import DataError, RunError
from cgrecnet.training.config import RunConfig


def load_parts(config: RunConfig, fabric: Fabric) -> tuple[CellDataset, Split, dict[str, BatchedCells]]:
    """Open the data set that the configuration names, and `part_cells`."""
    return part_cells(open_cells(config), config, fabric)


def open_cells(config: RunConfig) -> CellDataset:
    """The data set that the configuration names; raises what opening it raises."""
    return open_dataset(config.data, root=config.root, task=config.task, options=config.data_options)


def part_cells(
    dataset: CellDataset, config: RunConfig, fabric: Fabric
) -> tuple[CellDataset, Split, dict[str, BatchedCells]]:
    """Split a data set and attach Algorithm 1: random crops for training, the fixed centre for the rest.

    On a GPU all pixels are kept there. Raises DataError where a store's pixels are not those that were packed.
    """
    if isinstance(dataset.images, MappedImages):
        dataset.images.check(dataset.table["cell_id"])
    if not isinstance(dataset.images, PackedImages):
        dataset = replace(dataset, images=pack(dataset.images))
    parts = split_cells(dataset, config)
    resident = fabric.device.type == "cuda"
    cells = {
        name: BatchedCells(
            dataset,
            part,
            config.image_size,
            train=name == "train",
            seed=config.seed,
            intensity=config.intensity,
            device=fabric.device,
            resident=resident,
        )
        for name, part in parts.parts().items()
    }
    return dataset, parts, cells


def training_levels(dataset: CellDataset, parts: Split) -> GreyRange:
    """The range of grey levels of the training images alone, from which a window may be chosen."""
    return grey_range(dataset.images[int(index)] for index in parts.train)


def split_cells(dataset: CellDataset, config: RunConfig) -> Split:
    """The split that the configuration names, over the data set's labels and, if grouped, its acquisitions.

    Raises DataError, naming the class, where the cells do not allow it, or are all of one class.
    """
    there = [name for name, cells in dataset.counts().items() if cells]
    if len(there) < 2:
        raise DataError(
            f"The cells of data set {dataset.name!r} are of {len(there)} class ({', '.join(there)}), and a network "
            "learns to tell two or more apart: name a folder, or options, with more classes."
        )
    fold = config.fold if config.split.endswith("folds") else 0
    return draw(dataset, config.split, config.split_seed, config.folds)[fold]


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


class Pieces:
    """Forward and backward of a batch in pieces of at most `size` cells (None: all at once).

    The loss of the batch is the (weighted) mean over its cells, so each piece counts by its share; over several
    processes Fabric averages gradients, so each process counts its share of the whole batch times their number.
    halve: whether the size is halved where a piece does not fit into memory.
    """

    def __init__(self, size: int | None = None, halve: bool = False) -> None:
        self.size, self.halve = size, halve

    def step(
        self, model: nn.Module, optimizer, fabric: Fabric, images: Tensor, labels: Tensor, batch: Batch, weight
    ) -> tuple[Tensor, Tensor]:
        """Gradients of one batch, in `parameter.grad`; mean loss and hits of this process's cells, on the device.

        Raises RunError, which names the largest size that fits, where memory does not suffice.
        """
        while True:
            optimizer.zero_grad(set_to_none=True)
            try:
                return self._once(model, fabric, images, labels, batch, weight)
            except torch.OutOfMemoryError:
                tried = min(self.size or len(labels), len(labels))
            except ValueError as error:
                if "more than 1 value per channel" not in str(error):
                    raise
                raise RunError(_lonely(len(labels), self.size or len(labels))) from None
            optimizer.zero_grad(set_to_none=True)
            if self.halve and tried > 1:
                self.size = tried // 2
                continue
            fits = self._largest(model, optimizer, fabric, images, labels, batch, weight, tried // 2)
            raise RunError(
                f"A batch of {tried} cells does not fit into the memory of {fabric.device}: "
                + (f"{fits} do. Set micro_batch={fits}, or out_of_memory=halve." if fits else "not even one does.")
            )

    def _once(self, model, fabric, images, labels, batch, weight) -> tuple[Tensor, Tensor]:
        size = self.size or len(labels)
        weight = None if weight is None else weight.to(fabric.device)
        total = batch.cells if weight is None else weight[batch.all_labels.to(fabric.device)].sum()
        share = fabric.world_size / total
        losses, hits = [], []
        for first in range(0, len(labels), size):
            piece = slice(first, first + size)
            with fabric.no_backward_sync(model, enabled=first + size < len(labels) and fabric.world_size > 1):
                scores = model(images[piece])
                loss = nn.functional.cross_entropy(scores, labels[piece], weight=weight, reduction="sum")
                fabric.backward(loss * share)
            losses.append(loss.detach())
            hits.append((scores.argmax(dim=1) == labels[piece]).sum())
        mine = total * len(labels) / batch.cells
        return torch.stack(losses).sum() / mine, torch.stack(hits).sum()

    def _largest(self, model, optimizer, fabric, images, labels, batch, weight, size) -> int:
        """The largest size, halving from `size`, at which forward and backward fit; 0 where none does."""
        before = self.size
        try:
            while size >= 1:
                self.size = size
                optimizer.zero_grad(set_to_none=True)
                try:
                    self._once(model, fabric, images[:size], labels[:size], batch, weight)
                    return size
                except torch.OutOfMemoryError:
                    size //= 2
            return 0
        finally:
            self.size = before
            optimizer.zero_grad(set_to_none=True)


def _lonely(cells: int, size: int) -> str:
    """What to say of a piece of one cell, with the nearest size that leaves none."""
    other = next(one for one in (*range(size - 1, 1, -1), *range(size + 1, cells), cells) if cells % one != 1)
    return (
        f"A batch of {cells} cells in pieces of {size} leaves a piece of one cell, of which batch normalisation "
        f"knows no variance: choose another micro_batch, such as {other}."
    )
