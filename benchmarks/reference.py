"""Ours against what a person would write from torchvision's reference: rate and accuracy, from the same training.

    python benchmarks/reference.py [--model resnet50] [--cells 1200] [--epochs 5] [--seed 42 123 999] [--json FILE]
"""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from measuring import Benchmark, check_counts, check_models, check_size, command_line, of, show
from timing import quartiles, ratio, seconds
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm
from tutorial import tutorial_epoch, tutorial_loader, tutorial_predictions

from cgrecnet.bench.record import Agreement, ReferenceRecord, ReferenceRow
from cgrecnet.data import open_dataset, pack_dataset
from cgrecnet.data.base import CellDataset
from cgrecnet.data.batches import BatchedCells
from cgrecnet.data.cytometer.files import write_cells
from cgrecnet.data.splits import Split, joint_split
from cgrecnet.evaluation.arrays import alike
from cgrecnet.evaluation.metrics import score
from cgrecnet.evaluation.paired import paired_t
from cgrecnet.models import create_model
from cgrecnet.runs.environment import pick_device
from cgrecnet.runs.run_id import need_file, resolve_weights
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import predict, train_one_epoch
from cgrecnet.training.parts import epoch_batches

TUTORIAL = "tutorial"
OURS = {"32": "ours, float32", "bf16": "ours, bfloat16"}
#: Batches that are timed to choose the number of worker processes.
TRIAL = 4
#: The paper's seeds; each is one training of every side.
SEEDS = (42, 123, 999)
#: Shares of the cells that are held out: many to test, so that accuracy is known well; nothing is chosen by validation.
VALIDATION, TEST = 0.15, 0.5


@dataclass
class Side:
    """One way to train: a pass (its argument is the epoch), and the probabilities of the test cells after it all."""

    name: str
    train: Callable[[int], object]
    test: Callable[[], np.ndarray]


@dataclass
class Kept:
    """What the trainings of one way left: seconds of every epoch, and the scores of every training."""

    seconds: list[float] = field(default_factory=list)
    scores: list[dict] = field(default_factory=list)

    @property
    def accuracies(self) -> list[float]:
        return [one["accuracy"] for one in self.scores]


def bench_reference(
    model: str = "resnet50",
    cells: int = 1200,
    image_size: int = 64,
    batch_size: int = 32,
    epochs: int = 5,
    learning_rate: float = 1e-3,
    weights: str | None = None,
    seeds: Sequence[int] = SEEDS,
    workers: Sequence[int] | None = None,
    out: Path | None = None,
) -> ReferenceRecord:
    """Train the same network on the same simulated cells both ways, epoch by epoch in turn; write the record.

    Ours runs in float32 and in bfloat16. The tutorial takes the better of `workers` (None: 0 and one per core), tried
    beforehand. For each seed all start from the same weights and see the cells in batches of the same size for as many
    epochs, with Adam and StepLR; the random crops differ, as do the roundings of PIL (8 bits) and of torch. Half of the
    cells test.
    Raises ConfigError for settings that cannot be used, RunError where the record cannot be written.
    """
    check_models([model])
    check_size(image_size)
    check_counts(cells=(cells, 60), batch_size=(batch_size, 2), epochs=(epochs, 2))
    check_counts(different_seeds=(len(set(seeds)), 2))
    workers = sorted({0, os.cpu_count() or 1}) if workers is None else list(workers)
    check_counts(**{f"{count} workers": (count, 0) for count in workers})
    settings = {
        "model": model, "cells": cells, "image_size": image_size, "batch_size": batch_size, "epochs": epochs,
        "learning_rate": learning_rate, "weights": weights, "seeds": list(seeds), "workers_tried": workers,
    }  # fmt: skip
    values = {
        "model": model, "image_size": image_size, "batch_size": batch_size, "learning_rate": learning_rate,
        "epochs": epochs,
    }  # fmt: skip
    configs = [RunConfig.from_mapping(values | {"seed": seed}, "the benchmark's settings") for seed in seeds]
    file, device = resolve_weights(weights), pick_device()
    need_file(file)
    bench = Benchmark("reference", settings, device, out)
    kept = {name: Kept() for name in (TUTORIAL, *OURS.values())}
    with tempfile.TemporaryDirectory() as place, tqdm(total=len(seeds) * epochs * len(kept), disable=None) as bar:
        folder = write_cells(Path(place) / "files", {"cells": cells, "seed": 7})
        dataset = open_dataset("zhu", root=pack_dataset("zhu", root=folder, store=Path(place) / "store"))
        split = joint_split(dataset.labels, configs[0].split_seed, VALIDATION, TEST)
        best = quickest(folder, dataset, split, configs[0], workers, device)
        for config in configs:
            torch.manual_seed(config.seed)
            start = create_model(model, image_size=image_size, weights=file).state_dict()
            sides = [tutorial_side(folder, dataset, split, config, start, best, device)]
            sides += [our_side(dataset, split, config, start, precision) for precision in OURS]
            for epoch in range(1, epochs + 1):
                for side in sides if epoch % 2 else sides[::-1]:
                    kept[side.name].seconds.append(seconds(lambda each=side, e=epoch: each.train(e), device))
                    bar.update()
            for side in sides:
                kept[side.name].scores.append(score(dataset.labels[split.test], side.test(), dataset.classes))
    data = {"name": "cytometer, written and packed as zhu", "simulated": True, "cells": len(dataset)}
    rows = [_row(name, kept, best, split) for name in kept]
    return bench.write(data=data | {"fingerprint": dataset.fingerprint}, rows=rows)


def quickest(
    folder: Path, dataset: CellDataset, split: Split, config: RunConfig, workers: Sequence[int], device: torch.device
) -> int:
    """The number of the tutorial's worker processes that was quickest in a trial, on a network of its own."""
    network, adam = _fresh(config, None, device)
    trial = {}
    for count in workers:
        loader = _training_files(folder, dataset, split, config, count)
        tutorial_epoch(network, loader, adam, device, most=1)  # starts the workers
        trial[count] = seconds(lambda each=loader: tutorial_epoch(network, each, adam, device, most=TRIAL), device)
    return min(trial, key=trial.get)


def tutorial_side(
    folder: Path, dataset: CellDataset, split: Split, config: RunConfig, start: dict, workers: int, device: torch.device
) -> Side:
    """Files, PIL, `DataLoader`, float32."""
    names = dataset.table["cell_id"].to_numpy()
    network, optimizer = _fresh(config, start, device)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, config.step_size, config.gamma)
    loader = _training_files(folder, dataset, split, config, workers)
    test = tutorial_loader(
        folder, list(names[split.test]), config.image_size, config.batch_size, train=False, workers=0
    )
    columns = class_columns(names, dataset.labels)
    torch.manual_seed(config.seed)
    state = torch.get_rng_state()

    def train(epoch: int) -> None:
        nonlocal state
        torch.set_rng_state(state)  # the sides take turns; each goes on with its own numbers
        tutorial_epoch(network, loader, optimizer, device)
        state = torch.get_rng_state()
        schedule.step()

    return Side(TUTORIAL, train, lambda: tutorial_predictions(network, test, device)[:, columns].numpy())


def _training_files(folder: Path, dataset: CellDataset, split: Split, config: RunConfig, workers: int) -> DataLoader:
    names = dataset.table["cell_id"].to_numpy()
    return tutorial_loader(
        folder, list(names[split.train]), config.image_size, config.batch_size, train=True, workers=workers
    )


def class_columns(names: Sequence[str], labels: np.ndarray) -> list[int]:
    """For each of our classes, in order, its place among ImageFolder's, which are the folders' names in order.

    names: of the files, `folder/file`; labels: our class of each.
    """
    folders = [name.split("/")[0] for name in names]
    places = sorted(set(folders))
    return [places.index(folders[int(np.flatnonzero(labels == label)[0])]) for label in np.unique(labels)]


def our_side(dataset: CellDataset, split: Split, config: RunConfig, start: dict, precision: str) -> Side:
    """The store, batched crops, channels-last and the package's loop, in one precision."""
    config = config.model_copy(update={"precision": precision})
    fabric = make_fabric(config)
    resident = fabric.device.type == "cuda"
    cells = BatchedCells(
        dataset, split.train, config.image_size, train=True, seed=config.seed, device=fabric.device, resident=resident
    )
    test = BatchedCells(dataset, split.test, config.image_size, train=False, device=fabric.device, resident=resident)
    network, plain = _fresh(config, start, fabric.device, fused=True)
    network.to(memory_format=torch.channels_last)
    model, optimizer = fabric.setup(network, plain)
    schedule = torch.optim.lr_scheduler.StepLR(plain, config.step_size, config.gamma)

    def train(epoch: int) -> None:
        batches = epoch_batches(cells, config.batch_size, config.seed, epoch, fabric)
        train_one_epoch(model, batches, optimizer, fabric=fabric, epoch=epoch)
        schedule.step()

    return Side(OURS[precision], train, lambda: predict(network, test, fabric=fabric)[1])


def _fresh(
    config: RunConfig, start: dict | None, device: torch.device, **adam
) -> tuple[nn.Module, torch.optim.Adam]:
    """A network with the weights that all sides start from (None: any), and its optimizer."""
    network = create_model(config.model, image_size=config.image_size)
    if start is not None:
        network.load_state_dict(start)
    network.to(device)
    return network, torch.optim.Adam(network.parameters(), lr=config.learning_rate, **adam)


def _row(name: str, kept: dict[str, Kept], workers: int, split: Split) -> ReferenceRow:
    first, own = kept[TUTORIAL], kept[name]
    rates = [len(split.train) / spent for spent in own.seconds]
    return ReferenceRow(
        side=name,
        precision={way: precision for precision, way in OURS.items()}.get(name, "32"),
        workers=workers if name == TUTORIAL else 0,
        images_per_second=rates,
        rate=quartiles(rates),
        ratio=None if name == TUTORIAL else ratio(first.seconds, own.seconds),
        accuracies=own.accuracies,
        accuracy=float(np.mean(own.accuracies)),
        macro_f1=float(np.mean([one["macro"]["f1"] for one in own.scores])),
        test_cells=len(split.test),
        agreement=None if name == TUTORIAL else agreement(own.accuracies, first.accuracies),
    )


def agreement(ours: Sequence[float], theirs: Sequence[float]) -> Agreement:
    """How far accuracies of trainings, seed by seed, are from the tutorial's."""
    apart = [100 * (our - their) for our, their in zip(ours, theirs, strict=True)]
    return Agreement(
        difference=float(np.mean(apart)),
        differences=apart,
        interval95=None if alike(apart) else paired_t(ours, theirs).interval95,
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure what the command line names."""
    parser = command_line(__doc__, dest="out")
    parser.add_argument("--model", default="resnet50")
    parser.add_argument("--cells", type=int, default=1200, help="simulated ones")
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--weights", help="`imagenet`, or a file")
    parser.add_argument("--seed", type=int, nargs="+", default=SEEDS, dest="seeds", help="a training each, two or more")
    options = parser.parse_args(arguments)
    return show(lambda: bench_reference(**vars(options)), lines)


def lines(record: ReferenceRecord) -> list[str]:
    """A line for each way."""
    said = []
    for row in record.rows:
        text = f"{row.side}: {row.rate.median:.3g} images/s, accuracy {row.accuracy:.3f} (n = {len(row.accuracies)} "
        text += f"trainings) on {row.test_cells} test cells"
        if row.ratio:
            text += f"; {of(row.ratio, 2)} times the tutorial's rate, accuracy {row.agreement.difference:+.1f}"
            text += " points from its"
            if row.agreement.interval95:
                low, high = row.agreement.interval95
                text += f" ({low:+.1f} to {high:+.1f})"
        said.append(text)
    return said


if __name__ == "__main__":
    sys.exit(main())
