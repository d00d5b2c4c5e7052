"""Does a sweep stay linear? Expansion, planning, scheduling and collection of trivial runs, on real Dask workers.

    python benchmarks/sweep.py [--sizes 500 2000 10000] [--workers 2] [--json results/bench-sweep/trivial.json]

A run is trivial: it writes a small record and trains nothing (simulated; no accuracy comes of it).
The record holds the seconds of each step at each size.
"""

import tempfile
import time
from pathlib import Path

from measuring import command_line, keep

from cgrecnet.paths import RESULTS
from cgrecnet.runs.cluster import local_cluster
from cgrecnet.runs.collect import VALIDATION, collect, summarise
from cgrecnet.runs.environment import pick_device
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.sweep import plan_sweep, run_sweep
from cgrecnet.training.protocol import PROTOCOL

TEST = {
    "n": 1, "accuracy": 0.0, "balanced_accuracy": 0.0, "weighted": {"f1": 0.0},
    "macro": {"f1": 0.0, "auc": None}, "per_class": [], "confusion": [],
}  # fmt: skip


def measure(size: int, connect, folder: Path) -> dict[str, float]:
    """Seconds of each step of a sweep of `size` trivial runs."""
    file = folder / f"{size}.yaml"
    seeds = list(range(size // 2))
    file.write_text(f"experiment: e{size}\ngrid: {{model: [resnet50, cg_recnet], seed: {seeds}}}\n")
    clock = [time.perf_counter()]

    def lap() -> float:
        clock.append(time.perf_counter())
        return clock[-1] - clock[-2]

    configs = read_sweep(file)
    seconds = {"expand": lap()}
    plans = plan_sweep(configs)
    seconds["plan"] = lap()
    folders = {"results": folder / "results", "work": folder / "work"}
    run_sweep(configs, connect, **folders, say=lambda _: None, do=trivial())
    seconds["run"] = lap()
    summarise(collect(plans, folder / "results"))
    seconds["collect"] = lap()
    return seconds


def trivial() -> object:
    """A stand-in for a run; it travels to the workers by value."""
    test, epoch = TEST, dict.fromkeys(VALIDATION, 0.5) | {"epoch": 1, "reported": True}

    def do(config, *, results, work, say):
        from cgrecnet.runs.run_id import plan_run
        from cgrecnet.runs.run_record import RunRecord, write_run

        name = plan_run(config, "none").run_id
        record = RunRecord(
            run_id=name, experiment=config.experiment, config=config.model_dump(), started="", wall_seconds=0.0,
            commit="", code="", protocol=PROTOCOL, data={}, split={}, weights={}, parameters=0, hardware={},
            software={}, history=[epoch], test=test, predictions_sha256="",
        )  # fmt: skip
        write_run(results / config.experiment / name, record, "")

    return do


def main() -> None:
    """Measure all sizes, the smallest first, and write the record."""
    parser = command_line(__doc__, default=RESULTS / "bench-sweep" / "trivial.json")
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 2000, 10000])
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    measured = []
    with tempfile.TemporaryDirectory() as folder, local_cluster(options.workers) as connect:
        measure(50, connect, Path(folder))  # the workers import what they need
        for size in sorted(options.sizes):
            measured.append({"runs": size, "seconds": measure(size, connect, Path(folder))})
            print(size, {step: round(value, 2) for step, value in measured[-1]["seconds"].items()}, flush=True)
    record = {
        "what": "seconds per step of a sweep of trivial (simulated) runs",
        "workers": options.workers,
        "measured": measured,
    }
    keep(options.json, record, pick_device())


if __name__ == "__main__":
    main()
