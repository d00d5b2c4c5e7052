"""Speed of the simulated cytometer against a plain transcription of the same optics, in one process.

    python benchmarks/cytometer.py [--cells 640] [--repeats 5] [--workers 1 2] [--json FILE]

Timed are whole cells: random numbers, phantom, optics with the extended source, camera, masks, crops.
The plain side makes the same cells one by one and the equation of `Optics.intensity` word by word: a transform of the
full grid for every point of the source, forward and back. Both sides are timed in turn, so that a busy machine slows
both alike. Cells per second are given by the clock and per second of processor time; on a machine that does other work
besides, the second is what one core can do.
"""

import argparse
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from measuring import command_line, keep
from threadpoolctl import threadpool_limits

from cgrecnet.data import cytometer
from cgrecnet.data.cytometer.optics import Optics

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "data"))
from plain_optics import plainly  # noqa: E402


def timed(call) -> tuple[float, float]:
    """Seconds by the clock and of processor time (all threads of this process)."""
    clock, used = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - used


def plain_intensity(self: Optics, path_um, absorption, defocus_um) -> np.ndarray:
    """Stands in for `Optics.intensity`."""
    return np.stack([plainly(self, *one) for one in zip(path_um, absorption, defocus_um, strict=True)])


def plain_cells(options: dict, optics: Optics) -> list:
    """The same cells, one in each block, by the plain optics."""
    with mock.patch.object(Optics, "intensity", plain_intensity), mock.patch.object(cytometer, "BLOCK", 1):
        return cytometer.simulate(options, optics).images


def compare(args: argparse.Namespace) -> dict:
    optics = Optics()
    options = {"cells": args.cells, "seed": 1}
    few = options | {"cells": args.plain_cells}
    fast, plain = cytometer.simulate(few, optics).images, plain_cells(few, optics)
    difference = [np.abs(np.subtract(a, b, dtype=float)).max() for a, b in zip(fast, plain, strict=True)]
    pairs = []
    for _ in range(args.repeats):
        ours = timed(lambda: cytometer.simulate(options, optics))
        naive = timed(lambda: plain_cells(few, optics))
        pairs.append([args.cells / ours[0], args.cells / ours[1], few["cells"] / naive[0], few["cells"] / naive[1]])
    pairs = np.array(pairs)
    ratio = pairs[:, 1] / pairs[:, 3]
    workers = {}
    for count in args.workers:
        made = [timed(lambda n=count: cytometer.simulate(options, optics, n))[0] for _ in range(args.repeats)]
        workers[str(count)] = float(args.cells / np.median(made))
    median = np.median(pairs, axis=0)
    return {
        "cells_per_core_second": float(median[1]),
        "cells_per_core_second_range": [float(pairs[:, 1].min()), float(pairs[:, 1].max())],
        "cells_per_second": float(median[0]),
        "plain_cells_per_core_second": float(median[3]),
        "ratio": float(np.median(ratio)),
        "ratio_range": [float(ratio.min()), float(ratio.max())],
        "largest_difference_in_grey_levels": float(max(difference)),
        "cells_per_second_by_workers": workers,
        "version": cytometer.VERSION,
        "source_points": optics.source_points,
        **{name: value for name, value in vars(args).items() if name != "json"},
        "numpy": np.__version__,
    }


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--cells", type=int, default=640)
    parser.add_argument("--plain-cells", type=int, default=48)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    args = parser.parse_args()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        result = keep(args.json, compare(args))
    for key, value in result.items():
        print(f"{key:34} {value}")


if __name__ == "__main__":
    main()
