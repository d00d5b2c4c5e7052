"""Peak memory and time of `cgrecnet predict` on a store of many crops (Linux only).

    python benchmarks/predict_memory.py [--cells 200000] [--size 32] [--json results/bench-predict/memory.json]

The crops are generated (noise on a grey ground, no cells), 60 pixels wide and 37 to 57 high, packed into a store; the
model is a MobileNetV2 that one epoch on few simulated cells has trained. Predicting is a process of its own, the
command as a user gives it, whose peak the system reports: all that it held, the store's mapped pages among it.
`smaller` is the same with a tenth of the crops: what grows with their number is the difference.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from measuring import command_line, keep
from timing import machine_load

from cgrecnet.data.base import CellDataset
from cgrecnet.data.store import pack_cells

WIDTH, LOWEST, HIGHEST = 60, 37, 57
#: The size of the one model.
TRAINED = 160


class Noise(Sequence):
    """Crops that are made when they are asked for, always the same."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> np.ndarray:
        if not 0 <= index < self.count:
            raise IndexError(index)
        rng = np.random.default_rng(index)
        height = int(rng.integers(LOWEST, HIGHEST + 1))
        return np.clip(rng.normal(120, 8, (height, WIDTH)), 0, 255).astype(np.uint8)


def pack_noise(cells: int, place: Path) -> Path:
    """A store of so many crops."""
    labels = np.arange(cells) % 2
    names = [f"noise-{i:07d}" for i in range(cells)]
    table = pd.DataFrame({"cell_id": names, "class_name": np.array(["even", "odd"])[labels], "group": "none"})
    dataset = CellDataset(
        "cytometer", True, "kind", ("even", "odd"), Noise(cells), labels, table, (0.0, 255.0), "0" * 64,
        "Generated noise, no cells.",
    )  # fmt: skip
    pack_cells(dataset, place, sys.stderr.isatty())
    return place


def run(words: list[str]) -> tuple[float, float]:
    """Give a command of cgrecnet in a process of its own: (seconds, peak in MB); raises where it fails."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "cgrecnet", *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"cgrecnet {' '.join(words)} ended with status {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def main(arguments: list[str] | None = None) -> int:
    """Train, pack, predict twice, write the record."""
    parser = command_line(__doc__)
    parser.add_argument("--cells", type=int, default=200_000)
    parser.add_argument("--size", type=int, default=32, help="side of what the network sees")
    options = parser.parse_args(arguments)
    load, rows = machine_load().model_dump(), {}
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folders = ["--results", str(place / "results"), "--work", str(place / "work")]
        run(["train", "model=mobilenet_v2", "data=cytometer", f"data_options={{cells: {TRAINED}}}", "epochs=1",
             f"image_size={options.size}", "--model-folder", str(place / "model"), *folders])  # fmt: skip
        for what, cells in (("smaller", options.cells // 10), ("all", options.cells)):
            store = pack_noise(cells, place / what)
            table = place / f"{what}.csv"
            seconds, peak = run(["predict", str(place / "model"), str(store), "--out", str(table), "--engine", "torch"])
            with open(table, encoding="utf-8") as file:
                lines = sum(1 for _ in file) - 1
            if lines != cells:
                raise SystemExit(f"{lines} rows for {cells} cells")
            rows[what] = {"cells": cells, "seconds": seconds, "peak_mb": peak, "table_mb": table.stat().st_size / 2**20}
            print(f"{cells:,} cells: {seconds:.0f} s, peak {peak:,.0f} MB", flush=True)
    record = {
        "settings": {"cells": options.cells, "size": options.size, "model": "mobilenet_v2", "engine": "torch"},
        "measured": rows, "load_before": load, "load_after": machine_load().model_dump(),
    }  # fmt: skip
    keep(options.json, record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
