"""What computes predictions how fast: OpenVINO against eager torch in float32, of all systems, on one thread.

    python benchmarks/predict_speed.py [--systems mobilenet_v2 ...] [--cells 2000] [--size 64] [--json FILE]

The cells are real ones, the Jurkat cells that come with the project. Each network is trained from random weights for
two epochs on 384 cells that are not timed, so that its numbers have the size of a trained network's; how good it is is
no matter here. Each batch goes through all engines in turn, which the load of the machine
then slows alike; seconds are those of the wall and of the process's own time on the processor (`cpu`), which says
more where others compute. `path` is the whole way of `cgrecnet predict`, pixels to rows of the table.
Calls of bf16 that differ from torch's are counted, with the largest difference of a probability.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from measuring import command_line, keep
from timing import machine_load
from torch import nn
from tqdm import tqdm

from cgrecnet.data import open_dataset
from cgrecnet.data.base import pack
from cgrecnet.data.batches.cells import central_crops
from cgrecnet.data.batches.transform import BatchTransform
from cgrecnet.models import create_model, list_models
from cgrecnet.predict.cells import BATCH, Preprocessing, look
from cgrecnet.predict.engines import OpenVinoEngine, Parted, TorchEngine, head_of, to_onnx

#: Cells that the networks are trained on, cells of the whole path.
TRAINED, PATH = 384, 256
#: The training: epochs, cells in a step, learning rate.
EPOCHS, STEP, RATE = 2, 16, 3e-4


class Clock:
    """Seconds of the wall and of this process on the processor, added up."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def __exit__(self, *_) -> None:
        self.wall += time.perf_counter() - self._start[0]
        self.cpu += time.process_time() - self._start[1]


def batches(images: list, how: Preprocessing, size: int = BATCH):
    """What a network sees, batch by batch."""
    packed = pack(images)
    transform = BatchTransform(packed, how.window, how.image_size, intensity=how.intensity)
    for first in range(0, len(packed), size):
        cells = np.arange(first, min(first + size, len(packed)))
        yield transform(cells, central_crops(packed.heights[cells], packed.widths[cells], how.image_size))


def make_network(name: str, images: list, labels: np.ndarray, classes: int, how: Preprocessing) -> nn.Module:
    """A network that was trained for `EPOCHS` epochs on a few cells: its numbers have the size of trained ones."""
    torch.manual_seed(0)
    network = create_model(name, num_classes=classes, image_size=how.image_size)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    network.train()
    for _ in range(EPOCHS):
        for number, seen in enumerate(batches(images, how, STEP)):
            optimizer.zero_grad()
            target = torch.as_tensor(labels[number * STEP : number * STEP + len(seen)])
            nn.functional.cross_entropy(network(seen), target).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
    return network.eval()


def measure(name: str, images: list, labels: np.ndarray, classes: int, how: Preprocessing, place: Path) -> dict:
    """Seconds of each engine on the cells after the first `TRAINED`, and how its answers differ from torch's."""
    network = make_network(name, images[:TRAINED], labels[:TRAINED], classes, how)
    timed = images[TRAINED:]
    file = place / f"{name}.onnx"
    sample = next(batches(timed[:8], how))
    to_onnx(Parted(network, head_of(network, name)).eval(), sample, file, ["logits", "features"])
    engines = {
        "torch": TorchEngine([network], name),
        "openvino f32": OpenVinoEngine([file], "f32"),
        "openvino bf16": OpenVinoEngine([file], "bf16"),
    }
    for engine in engines.values():
        engine(next(batches(timed[:BATCH], how)))  # the first call of a shape compiles
    clocks, said = {key: Clock() for key in engines}, {key: [] for key in engines}
    for number, batch in enumerate(batches(timed, how)):
        order = list(engines)
        for key in order[number % 3 :] + order[: number % 3]:
            with clocks[key]:
                found = engines[key](batch)[0]
            said[key].append(found)
    told = {key: np.concatenate(parts) for key, parts in said.items()}
    path = {key: Clock() for key in ("torch", "openvino bf16")}
    for key, clock in path.items():
        with clock:
            look(timed[:PATH], engines[key], how)
    expected = told["torch"]
    return {
        "system": name,
        "cells": len(timed),
        "engines": {
            key: {
                "wall": clocks[key].wall,
                "cpu": clocks[key].cpu,
                "cells_per_cpu_second": len(timed) / clocks[key].cpu,
                "times_torch_cpu": clocks["torch"].cpu / clocks[key].cpu,
                "times_torch_wall": clocks["torch"].wall / clocks[key].wall,
                "same_calls": float((told[key].argmax(axis=1) == expected.argmax(axis=1)).mean()),
                "largest_difference": float(np.abs(told[key] - expected).max()),
            }
            for key in engines
        },
        "called": np.bincount(expected.argmax(axis=1), minlength=classes).tolist(),
        "path": {key: {"wall": c.wall, "cpu": c.cpu, "cells": PATH} for key, c in path.items()},
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure system by system; the record is written again after each, and one that was broken off goes on."""
    parser = command_line(__doc__, help="the record; systems that it has already are not measured again")
    parser.add_argument("--systems", nargs="+", choices=list_models(), default=list_models())
    parser.add_argument("--cells", type=int, default=2000, help="that are timed")
    parser.add_argument("--size", type=int, default=64, help="side of what the network sees")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cells = open_dataset("jurkat")
    chosen = np.random.default_rng(0).permutation(len(cells))[: TRAINED + options.cells]
    images, labels = [np.asarray(cells.images[int(i)]) for i in chosen], np.asarray(cells.labels)[chosen]
    how = Preprocessing(cells.window, "none", options.size)
    settings = {"cells": len(images) - TRAINED, "size": options.size, "batch": BATCH, "threads": 1}
    record = {"settings": settings, "systems": []}
    if options.json and options.json.exists():
        found = json.loads(options.json.read_text(encoding="utf-8"))
        record = found if found["settings"] == settings else record
    done = {row["system"] for row in record["systems"]}
    with tempfile.TemporaryDirectory() as place:
        for name in tqdm([name for name in options.systems if name not in done], disable=not sys.stderr.isatty()):
            load = machine_load().model_dump()
            row = measure(name, images, labels, len(cells.classes), how, Path(place))
            record["systems"].append(row | {"load_before": load, "load_after": machine_load().model_dump()})
            for key, one in row["engines"].items():
                print(
                    f"{name:14} {key:14} {one['cells_per_cpu_second']:8.1f} cells/s of CPU time, "
                    f"{one['times_torch_cpu']:.2f} times torch (wall: {one['times_torch_wall']:.2f}), same calls "
                    f"{one['same_calls']:.4f}, probabilities within {one['largest_difference']:.4f}", flush=True,
                )  # fmt: skip
            record = keep(options.json, record | {"data": cells.origin})
    return 0


if __name__ == "__main__":
    sys.exit(main())
