"""From a configuration to the tensors that a run trains, validates and tests on."""

from cgrecnet.data import open_dataset
from cgrecnet.data.base import CellDataset
from cgrecnet.data.splits import Split, joint_split, stratified_folds
from cgrecnet.data.transforms import CellTensors, eval_transform, train_transform
from cgrecnet.training.config import RunConfig


def load_parts(config: RunConfig) -> tuple[CellDataset, Split, dict[str, CellTensors]]:
    """Open the data set, split it, and attach Algorithm 1's transforms: random for training, fixed for the rest."""
    dataset = open_dataset(config.data, task=config.task, options=config.data_options)
    parts = split_cells(dataset, config)
    tensors = {
        "train": CellTensors(dataset, parts.train, train_transform(config.image_size), seed=config.seed),
        "validation": CellTensors(dataset, parts.validation, eval_transform(config.image_size)),
        "test": CellTensors(dataset, parts.test, eval_transform(config.image_size)),
    }
    return dataset, parts, tensors


def split_cells(dataset: CellDataset, config: RunConfig) -> Split:
    """The split that the configuration names, over the data set's labels."""
    if config.split == "joint":
        return joint_split(dataset.labels, seed=config.split_seed)
    return stratified_folds(dataset.labels, folds=config.folds, seed=config.split_seed)[config.fold]
