"""How the difficulty of the simulated cells was set: the baseline's F1 of each class, attempt by attempt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.data.cytometer.parameters import FILE, read_numbers
from cgrecnet.figures.style import PALETTE, letter

_SHAPES = ("o", "s", "^")


def read_attempts(folder: Path) -> list[dict]:
    """The records of `benchmarks/calibrate_cytometer.py` in the order of their file names; empty where none are."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


def present_numbers() -> dict:
    """The numbers of the simulated cytometer without the words beside them (units, sources)."""
    return read_numbers(FILE)


def with_present_numbers(attempts: Sequence[Mapping]) -> list[dict]:
    """The attempts that were made with the simulation as it is now."""
    now = present_numbers()
    return [attempt for attempt in attempts if attempt.get("parameters") == now]


def attempts_table(attempts: Sequence[Mapping]) -> str:
    """Markdown, one row per attempt: what was changed, how it was trained and tested, F1 of each class."""
    kinds = list(attempts[0]["f1"])
    head = ["attempt", "what changed", "learning rate falls", "test cells", *kinds]
    lines = ["| " + " | ".join(head) + " |", "|---:|---|---|" + "---:|" * (1 + len(kinds))]
    for number, attempt in enumerate(attempts, 1):
        recipe = attempt["recipe"]
        falls = f"after epoch {recipe['step_size']}" if recipe["step_size"] < recipe["epochs"] else "never"
        scores = [f"{attempt['f1'][kind]:.3f}" for kind in kinds]
        row = [str(number), attempt["note"], falls, f"{recipe['test_cells']:,}", *scores]
        lines.append("| " + " | ".join(row) + " |")
    paper = [f"{attempts[0]['paper_f1'][kind]:.3f}" for kind in kinds]
    return "\n".join([*lines, "| | *the paper's baseline, on its own cells* | | | " + " | ".join(paper) + " |"])


def f1_intervals(attempt: Mapping, rng: np.random.Generator, draws: int = 2000) -> dict[str, tuple[float, float]]:
    """95 % interval of each class's F1 by the chance of the test cells alone: bootstrap, class by class.

    The cells of a true class are drawn anew, so that each row of the confusion matrix is multinomial.
    """
    confusion = np.array(attempt["test"]["confusion"])
    drawn = np.stack([rng.multinomial(row.sum(), row / row.sum(), size=draws) for row in confusion], axis=1)
    right = drawn.diagonal(axis1=1, axis2=2)
    f1 = 2 * right / (drawn.sum(axis=1) + drawn.sum(axis=2))
    names = [entry["name"] for entry in attempt["test"]["per_class"]]
    lows, highs = np.quantile(f1, (0.025, 0.975), axis=0).tolist()
    return dict(zip(names, zip(lows, highs, strict=True), strict=True))


def draw_attempts(attempts: Sequence[Mapping], frozen: Sequence[Mapping]) -> Figure:
    """A: F1 of each class over the attempts, the paper's values dashed; B: the frozen one beside the paper's.

    frozen: the attempts with the present parameters; their mean is drawn in B, every one of them as a mark.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2), width_ratios=(1.5, 1), sharey=True)
    kinds = list(attempts[0]["f1"])
    for index, kind in enumerate(kinds):
        colour = PALETTE[index]
        scores = [attempt["f1"][kind] for attempt in attempts]
        left.plot(range(1, len(scores) + 1), scores, marker=_SHAPES[index % 3], color=colour, label=kind)
        left.axhline(attempts[0]["paper_f1"][kind], color=colour, linestyle="--", linewidth=1)
        chosen = [attempt["f1"][kind] for attempt in frozen]
        right.bar(index - 0.2, np.mean(chosen), 0.38, color=colour)
        right.bar(index + 0.2, attempts[0]["paper_f1"][kind], 0.38, color="white", edgecolor=colour, hatch="///")
        right.plot([index - 0.2] * len(chosen), chosen, "k_", markersize=9)
    left.set(xlabel="attempt", ylabel="F1 of the baseline", ylim=(0, 1.02))
    left.set_xticks(range(1, len(attempts) + 1))
    left.legend(loc="lower right", fontsize=8)
    right.set_xticks(range(len(kinds)), [kind.replace("oligodendro", "oligodendro-\n") for kind in kinds], fontsize=8)
    right.set_title("   simulated (filled), paper (hatched)")
    for axes, mark in zip((left, right), "AB", strict=True):
        letter(axes, mark)
    return figure
