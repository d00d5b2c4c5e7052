"""From a configuration to the cells that a run trains, validates and tests on."""

from dataclasses import replace

from lightning_fabric import Fabric

from cgrecnet.data import open_dataset
from cgrecnet.data.base import CellDataset
from cgrecnet.data.batches import BatchedCells
from cgrecnet.data.levels import GreyRange, grey_range
from cgrecnet.data.manifest import draw
from cgrecnet.data.packed import PackedImages, pack
from cgrecnet.data.splits import Split
from cgrecnet.data.store import MappedImages
from cgrecnet.errors import DataError
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
