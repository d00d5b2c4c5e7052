"""Pictures of audits: found or silent over many data sets, what blindfolded probes see, few measured crops."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cgrecnet.data.audit.probes import Score
from cgrecnet.data.base import CellDataset
from cgrecnet.data.traits import background
from cgrecnet.figures.calibration import present_numbers
from cgrecnet.figures.style import PALETTE, letter


def hash_of_parameters() -> str:
    """sha256 (hex) over the numbers of the simulated cytometer, not over the words beside them in its file."""
    return hashlib.sha256(json.dumps(present_numbers(), sort_keys=True).encode()).hexdigest()


def audit_frame(record: Mapping) -> pd.DataFrame:
    """One row per audit of `benchmarks/audit_dials.py`: confounding, seed, border score, found or not, gaps.

    found: the interval of the border's score lies above chance; gap_found: that of the optimism gap lies above 0.
    """
    rows = [
        {
            "confounding": one["confounding"],
            "seed": one["seed"],
            "border": one["border"]["balanced"],
            "found": one["border"]["low"] > record["chance"],
            "gap": one["gap"]["gap"],
            "gap_found": one["gap"]["low"] > 0,
            "gap_standardised": one["gap_standardised"]["gap"],
            "gap_standardised_found": one["gap_standardised"]["low"] > 0,
        }
        for one in record["audits"]
    ]
    return pd.DataFrame(rows)


def draw_found_or_silent(record: Mapping) -> Figure:
    """A: the border's score of every audited data set over the dial, filled where found; B: the gaps."""
    audits = audit_frame(record)
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4))
    for level, here in audits.groupby("confounding"):
        x = level + 0.012 * (here["seed"].rank().to_numpy() / len(here) - 0.5) * 4
        for found, fill in ((True, PALETTE[0]), (False, "white")):
            chosen = here["found"].to_numpy() == found
            left.plot(x[chosen], here["border"][chosen], "o", markersize=4, color=fill, markeredgecolor=PALETTE[0])
    left.axhline(record["chance"], color="black", linestyle="--", linewidth=1)
    left.set(ylabel="balanced accuracy, border only", ylim=(0.2, 1.03))
    handles = [
        plt.Line2D([], [], marker="o", linestyle="", color=PALETTE[0], label="found"),
        plt.Line2D([], [], marker="o", linestyle="", color="white", markeredgecolor=PALETTE[0], label="silent"),
        plt.Line2D([], [], color="black", linestyle="--", linewidth=1, label="chance"),
    ]
    left.legend(handles=handles, loc="upper left")
    for name, shape, colour, label in (
        ("gap", "o", 7, "grey levels as they are"),
        ("gap_standardised", "^", 2, "standardised"),
    ):
        by_level = audits.groupby("confounding")[name]
        low, middle, high = (by_level.quantile(q) for q in (0.1, 0.5, 0.9))
        reach = [middle - low, high - middle]
        right.errorbar(
            middle.index, middle, yerr=reach, marker=shape, capsize=3, color=PALETTE[colour], linestyle="-", label=label
        )
    right.axhline(0, color="black", linestyle="--", linewidth=1)
    right.set(ylabel="optimism gap")
    right.legend(loc="upper left")
    for axes, mark in zip((left, right), "AB", strict=True):
        axes.set_xlabel("confounding of run and class")
        letter(axes, mark)
    return figure


def found_table(record: Mapping) -> str:
    """A Markdown table: at each setting of the dial, how often shortcut and gap were found, and the median score."""
    audits = audit_frame(record)
    lines = [
        "| confounding | data sets | shortcut found | border only, median | gap above 0 |",
        "|---|---|---|---|---|",
    ]
    for level, here in audits.groupby("confounding"):
        found, gaps = int(here["found"].sum()), int(here["gap_found"].sum())
        lines.append(f"| {level:g} | {len(here)} | {found} | {here['border'].median():.2f} | {gaps} |")
    return "\n".join(lines)


def draw_tasks(scores: Mapping[str, Mapping[str, Score]], chance: float) -> Figure:
    """Balanced accuracy of each probe (rows) in each task (marks), with intervals; chance as a dashed line.

    scores: task -> what the probe sees -> its score.
    """
    probes = list(next(iter(scores.values())))
    figure, axes = plt.subplots(figsize=(6.8, 0.62 * len(probes) + 1.3))
    for index, ((task, found), shape) in enumerate(zip(scores.items(), "o^sD", strict=False)):
        y = np.arange(len(probes)) + 0.18 * (index - (len(scores) - 1) / 2)
        middle = np.array([found[name].balanced for name in probes])
        reach = np.array(
            [[found[name].balanced - found[name].low, found[name].high - found[name].balanced] for name in probes]
        )
        axes.errorbar(middle, y, xerr=reach.T.clip(0), fmt=shape, capsize=3, label=task)
    axes.axvline(chance, color="black", linestyle="--", linewidth=1, label="chance")
    axes.set_yticks(range(len(probes)), probes)
    axes.set(ylim=(len(probes) - 0.5, -0.5), xlabel="balanced accuracy")
    figure.legend(*axes.get_legend_handles_labels(), ncol=len(scores) + 1, loc="outside lower center")
    return figure


def draw_levels(cells: pd.DataFrame) -> Figure:
    """One mark per crop: its background (A) and its noise (B), a row per class, a mark per acquisition group.

    cells: columns kind, group, background, noise (grey levels).
    """
    kinds = list(dict.fromkeys(cells["kind"]))
    groups = list(dict.fromkeys(cells["group"]))
    look = {
        group: (PALETTE[i % len(PALETTE)], shape)
        for i, (group, shape) in enumerate(zip(groups, "o^sDvP*X" * 9, strict=False))
    }
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 0.42 * len(kinds) + 1.6), sharey=True)
    for axes, (name, label), mark in zip(
        panels,
        (("background", "background (grey level)"), ("noise", "noise of the border (grey levels)")),
        "AB",
        strict=True,
    ):
        for group, here in cells.groupby("group", sort=False):
            colour, shape = look[group]
            step = 0.12 * (np.arange(len(here)) - (len(here) - 1) / 2)
            y = np.array([kinds.index(kind) for kind in here["kind"]]) + step
            axes.plot(here[name], y, shape, color=colour, label=group if mark == "A" else None)
        axes.set_yticks(range(len(kinds)), kinds)
        axes.set(xlabel=label, ylim=(len(kinds) - 0.5, -0.5))
        letter(axes, mark)
    figure.legend(ncol=len(groups), loc="outside lower center", title="acquisition group (class, day, replicate)")
    return figure


def level_frame(cells: Sequence[Mapping], window: Sequence[float]) -> pd.DataFrame:
    """The record of measured crops as a table in grey levels: kind, group, background, noise, height."""
    span = window[1] - window[0]
    return pd.DataFrame(
        {
            "kind": cell["kind"],
            "group": cell["group"],
            "background": window[0] + span * cell["traits"]["background"],
            "noise": span * cell["traits"]["noise"],
            "height": cell["traits"]["height"],
        }
        for cell in cells
    )


def measured_levels(dataset: CellDataset, most: int = 100, seed: int = 0) -> pd.DataFrame:
    """The same table as `level_frame`, measured on a data set: at most `most` cells of each class and group."""
    rng = np.random.default_rng(seed)
    rows = []
    for (kind, group), here in dataset.table.groupby(["class_name", "group"], sort=False).indices.items():
        for i in sorted(rng.choice(here, min(most, len(here)), replace=False)):
            level, noise = background(dataset.images[i])
            height = float(dataset.images[i].shape[0])
            rows.append({"kind": kind, "group": group, "background": level, "noise": noise, "height": height})
    return pd.DataFrame(rows)
