"""Images per second into a network: what one would write at first against the batched path, in one process.

    OMP_NUM_THREADS=1 python benchmarks/input_path.py [--cells 2048] [--batch 64] [--repeats 9] [--json FILE]

Simulated cells are written to a temporary folder as the paper's images are handed on, one 24-bit bitmap per cell in a
folder per class, and the same files are packed into a store.

    a  torchvision's ImageFolder (PIL), the transforms of the usual tutorial (Algorithm 1), DataLoader
    b  BatchedCells on the store, whose pixels are mapped

Both run with 0 workers and with as many as there are cores (processes for a, threads for b), in turn, repeat by repeat,
so that a busy machine slows all alike. The better of each two counts. The processor time of both without workers is
compared as well: it does not count the time in which other work had the processor. Every pass goes through all cells
and takes batches of the same size; worker processes are started before the clock is. The files were written just
before, so that they are read from the system's memory: a slow disk would slow (a), which opens a file per cell, more
than (b).
"""

import json
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from measuring import command_line, keep
from timing import others_share, quartiles
from torchvision.datasets import ImageFolder
from tutorial import tutorial_loader, tutorial_transform

from cgrecnet.data import open_dataset, pack_dataset
from cgrecnet.data.base import CellDataset
from cgrecnet.data.batches import BatchedCells
from cgrecnet.data.batches.reference import largest_difference
from cgrecnet.data.cytometer.files import write_cells
from cgrecnet.data.transforms import IMAGENET_STD

WORKERS = (0, os.cpu_count() or 1)
#: Passes of the batched path for one of the other, so that both are timed over a like stretch of a busy machine.
PASSES = 8


def seconds(batches: Iterable, passes: int) -> tuple[float, float]:
    """Seconds of one pass, by the clock and of this process's processor time; a number of every batch is looked at."""
    start, spent, total = time.perf_counter(), time.process_time(), 0.0
    for _ in range(passes):
        for images, *_ in batches:
            total += float(images[-1, -1, -1, -1])
    return (time.perf_counter() - start) / passes, (time.process_time() - spent) / passes


def make_sides(folder: Path, dataset: CellDataset, size: int, train: bool, batch: int) -> dict[str, Iterable]:
    """All that is timed, by name."""
    sides: dict[str, Iterable] = {}
    for workers in WORKERS:
        sides[f"tutorial, {workers} workers"] = tutorial_loader(
            folder, None, size, batch, train=train, workers=workers
        )
        sides[f"batched, {workers} workers"] = BatchedCells(
            dataset, range(len(dataset)), size, train=train, batch_size=batch, shuffle=train, workers=workers
        )
    return sides


def compare(folder: Path, dataset: CellDataset, size: int, train: bool, batch: int, repeats: int) -> dict:
    """Speeds and their ratio for one size and transform."""
    sides = make_sides(folder, dataset, size, train, batch)
    passes = {name: PASSES if name.startswith("batched") else 1 for name in sides}
    for batches in sides.values():
        seconds(batches, passes=1)
    times = {name: [] for name in sides}
    for _ in range(repeats):
        for name, batches in sides.items():
            times[name].append(seconds(batches, passes[name]))
    clock, processor = ({name: np.array(spent)[:, k] for name, spent in times.items()} for k in (0, 1))
    speeds = {name: len(dataset) / spent for name, spent in clock.items()}
    best = {
        kind: max((name for name in sides if name.startswith(kind)), key=lambda name: np.median(speeds[name]))
        for kind in ("tutorial", "batched")
    }
    ratio = speeds[best["batched"]] / speeds[best["tutorial"]]
    return {
        "size": size,
        "transform": "training" if train else "evaluation",
        "batch": batch,
        "images_per_second": {name: quartiles(values).model_dump() for name, values in speeds.items()},
        "best": best,
        "ratio": quartiles(ratio).model_dump(),
        "ratio_by_repeat": [round(float(value), 2) for value in ratio],
        "processor_time_ratio": quartiles(
            processor["tutorial, 0 workers"] / processor["batched, 0 workers"]
        ).model_dump(),
    }


def differences(folder: Path, dataset: CellDataset, size: int) -> dict:
    """Evaluation outputs of the batched path against those of the tutorial (8 bits in PIL) and of torchvision v2."""
    files = ImageFolder(folder, tutorial_transform(size, train=False))
    place = {str(Path(name).relative_to(folder)): i for i, (name, _) in enumerate(files.samples)}
    batches = BatchedCells(dataset, range(len(dataset)), size, train=False)
    scale = torch.tensor(IMAGENET_STD)[:, None, None]
    largest, total, reference = 0.0, 0.0, 0.0
    for ours, _, cells in batches:
        theirs = torch.stack([files[place[dataset.table["cell_id"].iloc[int(i)]]][0] for i in cells])
        apart = (ours - theirs).mul(scale).abs()
        largest, total = max(largest, float(apart.max())), total + float(apart.mean(dtype=torch.float64)) * len(ours)
        images, crops = [dataset.images[i] for i in cells], batches.crops(cells.numpy(), 0)
        reference = max(reference, largest_difference(ours, images, dataset.window, crops))
    return {
        "size": size,
        "cells": len(dataset),
        "to_tutorial_largest": largest,
        "to_tutorial_mean": total / len(dataset),
        "to_torchvision_v2_largest": reference,
    }


def run(cells: int, sizes: list[int], batch: int, repeats: int) -> dict:
    """Everything, as one mapping."""
    busy = [others_share()]
    with tempfile.TemporaryDirectory() as place:
        folder = write_cells(Path(place) / "files", {"cells": cells, "seed": 4})
        dataset = open_dataset("zhu", root=pack_dataset("zhu", root=folder, store=Path(place) / "store"))
        speed = []
        for size in sizes:
            for train in (True, False):
                speed.append(compare(folder, dataset, size, train, batch, repeats))
                print(json.dumps(speed[-1], indent=1))
                busy.append(others_share())
        equality = [differences(folder, dataset, size) for size in sizes]
        pixels = float(np.mean(dataset.images.heights * dataset.images.widths))
    return {
        "speed": speed,
        "equality": equality,
        "cells": cells,
        "pixels_per_cell": round(pixels, 1),
        "data": {"name": "cytometer, written and packed as zhu", "simulated": True, "fingerprint": dataset.fingerprint},
        "repeats": repeats,
        "busy_with_other_work": busy,
        "load_average": os.getloadavg(),
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--cells", type=int, default=2048)
    parser.add_argument("--sizes", type=int, nargs="+", default=[224, 64])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=9)
    args = parser.parse_args()
    result = keep(args.json, run(args.cells, args.sizes, args.batch, args.repeats))
    print(json.dumps(result["equality"], indent=1), result["busy_with_other_work"])


if __name__ == "__main__":
    main()
