"""Checks of maps that need no mask: fresh weights, deletion and insertion, agreement between methods."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.explain.scores import difference
from cgrecnet.figures.explained import LEAST, Study, interval, title_of
from cgrecnet.figures.style import PALETTE, letter

#: Names of the cascade's steps, as the figure shows them.
STEPS = {"fc": "classes", "layer4": "stage 4", "layer3": "stage 3", "gate": "gate, fusion", "layer2": "stage 2",
         "layer1": "all"}  # fmt: skip


def draw_cascade(study: Study) -> Figure:
    """A: how far maps still agree with the trained network's as weights become fresh; B: their energy in the cell."""
    cascade = study.record.results["cascade"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 3.0))
    for number, (kind, steps) in enumerate(cascade.items()):
        names = list(steps)
        for axes, what in ((left, "agreement with the trained"), (right, "energy cell")):
            values = [steps[name][what] for name in names]
            places = [i for i, v in enumerate(values) if v["mean"] is not None]
            means = [values[i]["mean"] for i in places]
            axes.plot(places, means, color=PALETTE[number], label=title_of(kind))
            for place in places:
                few = values[place]["n"] < LEAST
                face = "white" if few else PALETTE[number]
                axes.plot(place, values[place]["mean"], "o", color=PALETTE[number], markerfacecolor=face, markersize=5)
                if values[place]["n"] >= LEAST:
                    ends = [values[place]["low"], values[place]["high"]]
                    axes.plot([place, place], ends, color=PALETTE[number], linewidth=1)
    for axes in (left, right):
        titles = [STEPS.get(name, name) for name in names]
        axes.set_xticks(range(len(names)), titles, rotation=40, ha="right", fontsize=8)
        axes.set_xlabel("fresh weights from the classes down to")
    left.axhline(0, color="0.6", linewidth=0.8, linestyle=":")
    right.axhline(study.record.results["area"]["cell"]["mean"], color="0.6", linewidth=0.8, linestyle=":")
    left.set_ylabel("rank correlation")
    right.set(ylabel="heat inside the cell", ylim=(0, 1))
    left.legend(fontsize=8)
    letter(left, "A")
    letter(right, "B")
    return figure


def cascade_rows(study: Study) -> str:
    """Markdown: for each map and step the rank correlation with the trained network, and how many maps had heat."""
    cascade = study.record.results["cascade"]
    steps = list(next(iter(cascade.values())))
    lines = ["| map | " + " | ".join(STEPS.get(step, step) for step in steps) + " |", "|---|" + "---|" * len(steps)]
    for kind, found in cascade.items():
        cells = [found[step]["agreement with the trained"] for step in steps]
        texts = [f"{interval(one)}, n = {one['n']} of {one['n'] + one['empty']}" for one in cells]
        lines.append(f"| {title_of(kind)} | {' | '.join(texts)} |")
    return "\n".join(lines)


def better_than_random(study: Study, network: str) -> dict[str, list[str]]:
    """Which orders of pixels beat a random one in a network's curves, and which lose to it, by the paired interval.

    Keys: `deletion`, `insertion` (better), `deletion lost`, `insertion lost` (worse); values: names of the orders.
    """
    found = {"deletion": [], "insertion": [], "deletion lost": [], "insertion lost": []}
    for kind in study.record.results["curves"][network.split()[1]]:
        for what, sign in (("deletion", -1), ("insertion", 1)):
            mine, chance = (study.arrays[f"curve/{network}/{one}/{what}"] for one in (kind, "uniform"))
            gain = difference(sign * mine, sign * chance)
            name = "the cell's mask" if kind == "mask" else title_of(kind)
            if gain["low"] is not None and gain["low"] > 0:
                found[what].append(name)
            elif gain["high"] is not None and gain["high"] < 0:
                found[f"{what} lost"].append(name)
    return found


def draw_curves(study: Study, model: str) -> Figure:
    """A: mean probability of the class as the hottest pixels go; B: as only they are there."""
    found = study.record.results["curves"][model]
    figure, panels = plt.subplots(1, 2, figsize=(7.0, 3.4), sharey=True)
    styles = {"uniform": "k:", "sobel": "k--", "centre": "k-.", "mask": "k-"}
    colour = iter(PALETTE)
    for kind, curve in found.items():
        style = {"color": next(colour)} if kind not in styles else {}
        label = "the cell's mask" if kind == "mask" else "random order" if kind == "uniform" else title_of(kind)
        for axes, what in zip(panels, ("deletion", "insertion"), strict=True):
            axes.plot(curve["shares"], curve[what], styles.get(kind, "-"), label=label, linewidth=1.2, **style)
    for axes, name, title in zip(panels, "AB", ("deletion", "insertion"), strict=True):
        axes.set(title=title, xlabel="share of the pixels", ylim=(0, 1), xlim=(0, 1))
        letter(axes, name)
    panels[0].set_ylabel("probability of the class")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


def draw_agreement(study: Study, network: str) -> Figure:
    """Mean rank correlation of every pair of maps of one network, as a square of numbers."""
    pairs = {tuple(pair.split("|")): found for pair, found in study.record.results["agreement"][network].items()}
    kinds = list(dict.fromkeys(name for pair in pairs for name in pair))
    square = np.full((len(kinds), len(kinds)), np.nan)
    for (one, other), found in pairs.items():
        value = np.nan if found["mean"] is None else found["mean"]
        square[kinds.index(one), kinds.index(other)] = square[kinds.index(other), kinds.index(one)] = value
    figure, axes = plt.subplots(figsize=(6.0, 4.6))
    axes.imshow(square, cmap="RdBu_r", vmin=-1, vmax=1)
    for (row, column), value in np.ndenumerate(square):
        if np.isfinite(value):
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8,
                      color="white" if abs(value) > 0.7 else "black")  # fmt: skip
    titles = [title_of(kind) for kind in kinds]
    axes.set_xticks(range(len(kinds)), titles, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(len(kinds)), titles, fontsize=8)
    return figure
