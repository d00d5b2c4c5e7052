"""Pictures of the same simulated cells at several settings of one dial, and how loud the noise is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.data.cytometer import Simulation, simulate


@dataclass(frozen=True)
class Loudness:
    """Spread of the signal and of the noise in grey levels, medians over cells.

    signal: standard deviation over the cell's own pixels of the picture without noise; noise: of what was added there.
    """

    signal: float
    noise: float
    cells: int

    @property
    def ratio(self) -> float:
        return self.signal / self.noise


def dialled(dial: str, levels: Sequence[float], cells: int = 32, seed: int = 0) -> dict[float, Simulation]:
    """The first cells of a seed, simulated at each setting of `noise` or `debris`: the same cells every time."""
    return {level: simulate({"cells": cells, "seed": seed, dial: level}) for level in levels}


def loudness(clean: Simulation, noisy: Simulation) -> Loudness:
    """How loud the noise is against the cell, from the same cells without noise and with it."""
    signal, noise = [], []
    for before, after, mask in zip(clean.images, noisy.images, clean.cell_masks, strict=True):
        signal.append(before[mask].astype(float).std())
        noise.append((after[mask].astype(float) - before[mask]).std())
    return Loudness(float(np.median(signal)), float(np.median(noise)), len(signal))


def one_of_each(made: Simulation, per_class: int = 2) -> list[int]:
    """Indices of the first cells of each class: not chosen for their looks."""
    return [int(i) for label in range(3) for i in np.flatnonzero(made.labels == label)[:per_class]]


def draw_cells(made: Simulation, chosen: Sequence[int], names: Sequence[str]) -> Figure:
    """The chosen cells, one column per class, one grey scale for all; names: class of each label."""
    columns = sorted({int(made.labels[i]) for i in chosen})
    rows = [[i for i in chosen if made.labels[i] == label] for label in columns]
    figure, axes = plt.subplots(max(map(len, rows)), len(columns), figsize=(4.8, 3.1), squeeze=False)
    low, high = made.options.window
    for column, (label, members) in enumerate(zip(columns, rows, strict=True)):
        axes[0, column].set_title(names[label])
        for place, index in zip(axes[:, column], members, strict=False):
            place.imshow(made.images[index], vmin=low, vmax=high)
    for place in axes.flat:
        place.set(xticks=[], yticks=[])
        place.spines[:].set_visible(False)
    return figure


def describe_cells(dial: str, level: float) -> str:
    """Alternative text of one frame."""
    same = "The same six simulated cells, two of each class,"
    if dial == "debris":
        return f"{same} where a share of {level:g} of all cells has a particle attached."
    if level == 0:
        return f"{same} without noise: smooth."
    return f"{same} at noise {level:g}: " + ("a fine grain, hardly seen." if level <= 2 else "grain over all of them.")
