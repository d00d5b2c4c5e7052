"""From a configuration to the cells that a run trains, validates and tests on."""

from dataclasses import replace

from lightning_fabric import Fabric

from cgrecnet.data import open_dataset
from cgrecnet.data.base import CellDataset
from cgrecnet.data.batched import BatchedCells
from cgrecnet.data.grouped import grouped_folds, grouped_split
from cgrecnet.data.packed import PackedImages, pack
from cgrecnet.data.splits import Split, joint_split, stratified_folds
from cgrecnet.data.store import MappedImages
from cgrecnet.training.config import RunConfig


def load_parts(config: RunConfig, fabric: Fabric) -> tuple[CellDataset, Split, dict[str, BatchedCells]]:
    """Open the data set that the configuration names, and `part_cells`."""
    return part_cells(open_dataset(config.data, task=config.task, options=config.data_options), config, fabric)


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


def split_cells(dataset: CellDataset, config: RunConfig) -> Split:
    """The split that the configuration names, over the data set's labels and, if grouped, its acquisitions."""
    labels, seed = dataset.labels, config.split_seed
    groups = dataset.table["group"].to_numpy().astype(str)
    if config.split == "joint":
        return joint_split(labels, seed=seed)
    if config.split == "grouped":
        return grouped_split(labels, groups, seed=seed)
    if config.split == "folds":
        return stratified_folds(labels, folds=config.folds, seed=seed)[config.fold]
    return grouped_folds(labels, groups, folds=config.folds, seed=seed)[config.fold]
