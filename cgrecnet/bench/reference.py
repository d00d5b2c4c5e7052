"""Ours against what a person would write from torchvision's reference: rate and accuracy, from the same training."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from cgrecnet.bench.checks import check_counts, check_models, check_size
from cgrecnet.bench.record import Benchmark
from cgrecnet.bench.schema import Agreement, ReferenceRecord, ReferenceRow
from cgrecnet.bench.timing import quartiles, ratio, seconds
from cgrecnet.bench.tutorial import tutorial_epoch, tutorial_loader, tutorial_predictions
from cgrecnet.data import open_dataset, pack_dataset
from cgrecnet.data.base import CellDataset
from cgrecnet.data.batched import BatchedCells
from cgrecnet.data.cytometer_files import write_cells
from cgrecnet.data.splits import Split, joint_split
from cgrecnet.evaluation.counts import mcnemar
from cgrecnet.evaluation.metrics import score
from cgrecnet.models import create_model
from cgrecnet.runs.environment import pick_device
from cgrecnet.runs.plan import resolve_weights
from cgrecnet.training.batches import epoch_batches
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import predict, train_one_epoch

TUTORIAL = "tutorial"
OURS = {"32": "ours, float32", "bf16": "ours, bfloat16"}
#: Batches that are timed to choose the number of worker processes.
TRIAL = 4


@dataclass
class Side:
    """One way to train: a pass (its argument is the epoch), and the probabilities of the test cells after it all."""

    name: str
    precision: str
    workers: int
    train: Callable[[int], object]
    test: Callable[[], np.ndarray]


def bench_reference(
    model: str = "resnet50",
    cells: int = 1200,
    image_size: int = 64,
    batch_size: int = 32,
    epochs: int = 5,
    learning_rate: float = 1e-3,
    weights: str | None = None,
    workers: Sequence[int] | None = None,
    out: Path | None = None,
) -> ReferenceRecord:
    """Train the same network on the same simulated cells both ways, epoch by epoch in turn; write the record.

    Ours runs in float32 and in bfloat16. The tutorial takes the better of `workers` (None: 0 and one per core), tried
    beforehand. All start from the same weights and see the cells in batches of the same size for as many epochs, with
    Adam and StepLR; the random crops differ, as do the roundings of PIL (8 bits) and of torch.
    Raises ConfigError for settings that cannot be used, RunError where the record cannot be written.
    """
    check_models([model])
    check_size(image_size)
    check_counts(cells=(cells, 60), batch_size=(batch_size, 2), epochs=(epochs, 2))
    workers = sorted({0, os.cpu_count() or 1}) if workers is None else list(workers)
    check_counts(**{f"{count} workers": (count, 0) for count in workers})
    settings = {
        "model": model, "cells": cells, "image_size": image_size, "batch_size": batch_size, "epochs": epochs,
        "learning_rate": learning_rate, "weights": weights, "workers_tried": workers,
    }  # fmt: skip
    values = {
        "model": model, "image_size": image_size, "batch_size": batch_size, "learning_rate": learning_rate,
        "epochs": epochs,
    }  # fmt: skip
    config = RunConfig.from_mapping(values, "the benchmark's settings")
    file, device = resolve_weights(weights), pick_device()
    bench = Benchmark("reference", settings, device, out)
    with tempfile.TemporaryDirectory() as place:
        folder = write_cells(Path(place) / "files", {"cells": cells, "seed": 7})
        dataset = open_dataset("zhu", root=pack_dataset("zhu", root=folder, store=Path(place) / "store"))
        split = joint_split(dataset.labels, seed=config.split_seed)
        torch.manual_seed(config.seed)
        start = create_model(model, image_size=image_size, weights=file).state_dict()
        sides = [tutorial_side(folder, dataset, split, config, start, workers, device)]
        sides += [our_side(dataset, split, config, start, precision) for precision in OURS]
        rows = _rows(sides, _train(sides, epochs, device), dataset, split)
    data = {"name": "cytometer, written and packed as zhu", "simulated": True, "cells": len(dataset)}
    return bench.write(data=data | {"fingerprint": dataset.fingerprint}, rows=rows)


def tutorial_side(
    folder: Path, dataset: CellDataset, split: Split, config: RunConfig, start: dict, workers: Sequence[int], device
) -> Side:
    """Files, PIL, `DataLoader`, float32; with the number of workers that was quickest in a trial on a spare network."""
    names = dataset.table["cell_id"].to_numpy()
    size, batch = config.image_size, config.batch_size
    loaders = {
        count: tutorial_loader(folder, list(names[split.train]), size, batch, train=True, workers=count)
        for count in workers
    }
    spare, adam = _fresh(config, start, device)
    trial = {}
    for count, loader in loaders.items():
        tutorial_epoch(spare, loader, adam, device, most=1)  # starts the workers
        trial[count] = seconds(lambda each=loader: tutorial_epoch(spare, each, adam, device, most=TRIAL), device)
    best = min(trial, key=trial.get)
    network, optimizer = _fresh(config, start, device)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, config.step_size, config.gamma)
    test = tutorial_loader(folder, list(names[split.test]), size, batch, train=False, workers=0)
    columns = class_columns(names, dataset.labels)

    def train(epoch: int) -> None:
        torch.manual_seed(epoch)
        tutorial_epoch(network, loaders[best], optimizer, device)
        schedule.step()

    return Side(TUTORIAL, "32", best, train, lambda: tutorial_predictions(network, test, device)[:, columns].numpy())


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

    return Side(OURS[precision], precision, 0, train, lambda: predict(network, test, fabric=fabric)[1])


def _fresh(config: RunConfig, start: dict, device: torch.device, **adam) -> tuple[nn.Module, torch.optim.Adam]:
    """A network with the weights that all sides start from, and its optimizer."""
    network = create_model(config.model, image_size=config.image_size)
    network.load_state_dict(start)
    network.to(device)
    return network, torch.optim.Adam(network.parameters(), lr=config.learning_rate, **adam)


def _train(sides: Sequence[Side], epochs: int, device: torch.device) -> dict[str, list[float]]:
    """Seconds of each epoch of each side, one side after the other within an epoch."""
    taken: dict[str, list[float]] = {side.name: [] for side in sides}
    with tqdm(total=epochs * len(sides), unit="epoch", disable=None) as bar:
        for epoch in range(1, epochs + 1):
            for side in sides if epoch % 2 else sides[::-1]:
                taken[side.name].append(seconds(lambda each=side, e=epoch: each.train(e), device))
                bar.update()
    return taken


def _rows(sides: Sequence[Side], taken: dict[str, list[float]], dataset: CellDataset, split: Split) -> list:
    labels, first, rows = dataset.labels[split.test], None, []
    for side in sides:
        probabilities = side.test()
        found, chosen = score(labels, probabilities, dataset.classes), probabilities.argmax(axis=1)
        agreement = None
        if side.name == TUTORIAL:
            first = chosen
        else:
            pair = mcnemar(labels, chosen, first)
            agreement = Agreement(
                difference=pair.difference, interval95=pair.interval95, only_ours=pair.only_first,
                only_tutorial=pair.only_second,
            )  # fmt: skip
        rates = [len(split.train) / spent for spent in taken[side.name]]
        rows.append(
            ReferenceRow(
                side=side.name,
                precision=side.precision,
                workers=side.workers,
                images_per_second=rates,
                rate=quartiles(rates),
                accuracy=found["accuracy"],
                macro_f1=found["macro"]["f1"],
                ratio=None if side.name == TUTORIAL else ratio(taken[TUTORIAL], taken[side.name]),
                test_cells=len(labels),
                agreement=agreement,
            )  # fmt: skip
        )
    return rows
