"""What the input path costs: training from the data set against the same steps on a batch that lies ready.

    python benchmarks/input.py [--model resnet50 ...] [--image-size 224 --batch-size 8] [--repeats 15] [--json FILE]

Blocks of whole training steps and of steps on a ready batch are timed in turn, on simulated cells.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

import torch
from lightning_fabric import Fabric
from measuring import Benchmark, check_counts, check_models, check_size, command_line, of, show
from timing import in_turn, quartiles, ratio
from tqdm import tqdm

from cgrecnet.bench.record import BenchRecord, InputRow
from cgrecnet.data import open_dataset
from cgrecnet.data.batches import BatchedCells
from cgrecnet.errors import ConfigError
from cgrecnet.models import create_model
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import train_one_epoch
from cgrecnet.training.parts import Batch, epoch_batches

MODELS = ("resnet50", "cg_recnet")
#: Image size and batch: the paper's, and a small one, at which reading weighs more.
SHAPES = ((224, 8), (64, 32))
#: Steps in one timing: many on a GPU, which works on while Python prepares the next.
BLOCK = {"cpu": 1, "cuda": 16}
CELLS = 1024


def bench_input(
    models: Sequence[str] = MODELS,
    image_size: int | None = None,
    batch_size: int | None = None,
    repeats: int = 15,
    precision: str = "32",
    cells: int = CELLS,
    out: Path | None = None,
) -> BenchRecord[InputRow]:
    """Time both sides for each model and shape; write the record.

    image_size, batch_size: one shape (None: those of `SHAPES`). On a GPU all pixels are kept there, as in training.
    Raises ConfigError for settings that cannot be used, RunError where the record cannot be written.
    """
    if (image_size is None) != (batch_size is None):
        raise ConfigError("--image-size and --batch-size go together: give both, or neither for the usual two.")
    shapes = SHAPES if image_size is None else [(image_size, batch_size)]
    models = check_models(models)
    for size, batch in shapes:
        check_size(size)
        check_counts(batch_size=(batch, 2))
    fabric = make_fabric(RunConfig(precision=precision))
    block = BLOCK[fabric.device.type]
    check_counts(repeats=(repeats, 3), number_of_cells=(cells, 64))
    if cells < max(batch for _, batch in shapes):
        raise ConfigError(f"A batch of {max(batch for _, batch in shapes)} cells needs as many cells, not {cells}.")
    settings = {
        "models": models, "shapes": [list(shape) for shape in shapes], "repeats": repeats, "precision": precision,
        "steps_per_timing": block, "cells": cells, "data": "cytometer (simulated)",
    }  # fmt: skip
    bench = Benchmark("input", settings, fabric.device, out)
    rows = []
    with tqdm(total=2 * repeats * len(models) * len(shapes), unit="timing", disable=None) as bar:
        for size, batch in shapes:
            for model in models:
                bar.set_postfix_str(f"{model}, {size} px")
                rows.append(_compare(model, size, batch, precision, block, repeats, cells, fabric, bar.update))
    return bench.write(rows=rows)


def _compare(model, size, batch, precision, block, repeats, cells, fabric: Fabric, tick) -> InputRow:
    dataset = open_dataset("cytometer", options={"cells": cells, "seed": 1})
    train = BatchedCells(
        dataset, range(len(dataset)), size, train=True, device=fabric.device, resident=fabric.device.type == "cuda"
    )
    torch.manual_seed(0)
    network = create_model(model, image_size=size).to(fabric.device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-5, fused=True)
    network, optimizer = fabric.setup(network, optimizer)
    batches = _endless(train, batch, fabric)
    ready = next(batches)
    sides = {
        "whole": lambda: train_one_epoch(network, islice(batches, block), optimizer, fabric=fabric),
        "ready": lambda: train_one_epoch(network, [ready] * block, optimizer, fabric=fabric),
    }
    for work in sides.values():  # warm up
        work()
    taken = in_turn(sides, repeats, fabric.device, tick)
    whole = quartiles([spent / block for spent in taken["whole"]])
    return InputRow(
        model=model,
        image_size=size,
        batch_size=batch,
        precision=precision,
        ready=quartiles([spent / block for spent in taken["ready"]]),
        whole=whole,
        ratio=ratio(taken["ready"], taken["whole"]),
        images_per_second=batch / whole.median,
    )


def _endless(train: BatchedCells, batch_size: int, fabric: Fabric) -> Iterator[Batch]:
    """Whole batches of one epoch after the other."""
    for epoch in count(1):
        for batch in epoch_batches(train, batch_size, 0, epoch, fabric):
            if batch.cells == batch_size:
                yield batch


def main(arguments: list[str] | None = None) -> int:
    """Measure what the command line names."""
    parser = command_line(__doc__, dest="out")
    parser.add_argument("--model", nargs="+", default=MODELS, dest="models", help="(resnet50 cg_recnet)")
    parser.add_argument("--image-size", type=int, help="one size, with --batch-size (224 with 8 and 64 with 32)")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--precision", choices=("32", "bf16"), default="32")
    options = parser.parse_args(arguments)
    return show(lambda: bench_input(**vars(options)), lines)


def lines(record: BenchRecord[InputRow]) -> list[str]:
    """A line for each model and shape."""
    return [
        f"{row.model}, {row.image_size} px, batch {row.batch_size}: ready batch / whole step = {of(row.ratio)}"
        for row in record.rows
    ]


if __name__ == "__main__":
    sys.exit(main())
