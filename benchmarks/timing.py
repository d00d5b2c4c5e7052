"""Timing side against side: in turn, in one process, so that a busy machine slows all of them alike."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from cgrecnet.bench.record import Load, Quartiles


def quartiles(values: Sequence[float]) -> Quartiles:
    """Median and quartiles, linearly interpolated."""
    lower, median, upper = (float(value) for value in np.percentile(values, [25, 50, 75]))
    return Quartiles(lower=lower, median=median, upper=upper, n=len(values))


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Seconds that `work` takes, with all that it leaves to a GPU."""
    wait(device)
    started = time.perf_counter()
    work()
    wait(device)
    return time.perf_counter() - started


def wait(device: torch.device) -> None:
    """Until a GPU has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def in_turn(
    sides: Mapping[str, Callable[[], object]],
    repeats: int,
    device: torch.device,
    tick: Callable[[], object] = lambda: None,
) -> dict[str, list[float]]:
    """Seconds of each side, `repeats` times; the order is turned round from one repeat to the next.

    tick: called after each timing, for a progress bar. What needs warming up has to be warm.
    """
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for repeat in range(repeats):
        for name in list(sides) if repeat % 2 == 0 else reversed(list(sides)):
            taken[name].append(seconds(sides[name], device))
            tick()
    return taken


def ratio(above: Sequence[float], below: Sequence[float]) -> Quartiles:
    """Quartiles of above / below, repeat by repeat (not the quotient of the two medians)."""
    return quartiles(np.asarray(above) / np.asarray(below))


def machine_load(pause: float = 1.0) -> Load:
    """What other work does to this machine: load averages, and the cores' busy share in `pause` seconds of waiting."""
    average = tuple(os.getloadavg()) if hasattr(os, "getloadavg") else None
    return Load(average=average, busy=others_share(pause))


def others_share(pause: float = 2.0) -> float | None:
    """Share of the machine's cores that was busy over `pause` seconds in which this process did nothing (Linux)."""
    if not Path("/proc/stat").exists():
        return None

    def read() -> np.ndarray:
        first = Path("/proc/stat").read_text(encoding="ascii").split("\n")[0]
        return np.array(first.split()[1:9], dtype=float)

    before = read()
    time.sleep(pause)
    spent = read() - before
    return round(float(1 - spent[3:5].sum() / max(spent.sum(), 1.0)), 3)
