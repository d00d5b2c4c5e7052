"""A picture of the page on sweeps: which worker did which run, and when."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cgrecnet.figures.style import PALETTE


@dataclass(frozen=True)
class Stretch:
    """A run on a worker: process id, label, when it began and ended, and how: done, failed or cut off (no end)."""

    worker: int
    run: str
    start: float
    end: float | None
    how: str


COLOURS = {"done": PALETTE[0], "failed": PALETTE[1], "cut off": PALETTE[3]}


def read_stretches(lines: Sequence[str]) -> list[Stretch]:
    """What was written down, a line each: `worker run began TIME`, later `worker run done|failed TIME`; and, where a
    worker was killed, `worker - killed TIME`, which cuts off what it was doing.

    A run that began and of which no more was heard was cut off, nobody knows when.
    """
    open_ones: dict[tuple[str, str], float] = {}
    found = []
    for line in lines:
        worker, run, what, when = line.split()
        if what == "began":
            open_ones[worker, run] = float(when)
        elif what == "killed":
            for one in [key for key in open_ones if key[0] == worker]:
                found.append(Stretch(int(worker), one[1], open_ones.pop(one), float(when), "cut off"))
        else:
            found.append(Stretch(int(worker), run, open_ones.pop((worker, run)), float(when), what))
    found += [Stretch(int(worker), run, start, None, "cut off") for (worker, run), start in open_ones.items()]
    return sorted(found, key=lambda one: one.start)


def draw_timeline(stretches: Sequence[Stretch]) -> Figure:
    """A row for each worker process in the order in which they began, a bar for each run; time in seconds."""
    rows = list(dict.fromkeys(one.worker for one in stretches))
    begin = min(one.start for one in stretches)
    last = max(one.end or one.start for one in stretches) - begin
    figure, axes = plt.subplots(figsize=(7.0, 0.9 + 0.45 * len(rows)))
    for one in stretches:
        left, row = one.start - begin, rows.index(one.worker)
        width = (one.end - one.start) if one.end is not None else 0.04 * last
        axes.barh(row, max(width, 0.01 * last), left=left, height=0.7, color=COLOURS[one.how], edgecolor="white")
        axes.annotate(one.run, (left, row), xytext=(3, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [f"process {number}" for number in range(1, len(rows) + 1)])
    axes.invert_yaxis()
    axes.set_xlabel("seconds")
    shown = [Patch(color=COLOURS[how], label=how) for how in dict.fromkeys(one.how for one in stretches)]
    figure.legend(handles=shown, loc="outside upper right", ncols=3, fontsize=8)
    return figure
