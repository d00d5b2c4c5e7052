"""Scores of maps against the truth and against their controls, as pictures and tables."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import mannwhitneyu

from cgrecnet.evaluation.counts import wilson
from cgrecnet.explain.summary import difference
from cgrecnet.figures.explained import Study, interval, network_title, title_of
from cgrecnet.figures.style import PALETTE, letter

#: Names of the cascade's steps, as the figure shows them.
STEPS = {"fc": "classes", "layer4": "stage 4", "layer3": "stage 3", "gate": "gate, fusion", "layer2": "stage 2",
         "layer1": "all"}  # fmt: skip


def rows_of(study: Study, subject: str) -> list[tuple[str, str]]:
    """What the overview of scores shows: (network, kind) for the subject, its controls, and maps without a network."""
    scores, model = study.record.results["scores"], subject.split()[1]
    kinds = list(scores[subject])
    others = [f"shuffled {other}" for other in study.config.shuffled]
    others += [f"{training} {model}" for training in ("start", "untrained")]
    rows = [(subject, kind) for kind in kinds]
    rows += [(name, kind) for name in others if name in scores for kind in scores[name]]
    return rows + [("no network", kind) for kind in scores["no network"]]


def draw_energies(study: Study, subject: str) -> Figure:
    """Energy inside the cell for every row of `rows_of`, with its interval; a line where chance is."""
    rows, scores = rows_of(study, subject), study.record.results["scores"]
    figure, axes = plt.subplots(figsize=(7.0, 0.26 * len(rows) + 0.9))
    labels, colours = [], {"honest": PALETTE[0], "shuffled": PALETTE[1], "start": PALETTE[4], "untrained": PALETTE[3]}
    for place, (network, kind) in enumerate(rows):
        found = scores[network][kind]["energy cell"]
        colour = colours.get(network.split()[0], "0.35")
        _point(axes, found, place, colour)
        own = network.split()[-1] == subject.split()[-1]
        known = network_title(network) if network != "no network" else ""
        known = known.partition(", ")[2] if own else known
        labels.append(f"{known}: {title_of(kind)}" if known else title_of(kind))
    chance = study.record.results["area"]["cell"]["mean"]
    axes.axvline(chance, color="0.5", linestyle=":", linewidth=1)
    axes.annotate("uniform", (chance, -0.9), fontsize=8, color="0.3", ha="center", annotation_clip=False)
    axes.set_yticks(range(len(rows)), labels, fontsize=8)
    axes.set(xlabel="share of the heat inside the cell", xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
    return figure


def _point(axes: Axes, found: Mapping, place: float, colour) -> None:
    if found["mean"] is None:
        axes.text(0.01, place, "no heat in any map", va="center", fontsize=8, color=colour)
        return
    low, high = (found["mean"] if end is None else end for end in (found["low"], found["high"]))
    axes.plot([low, high], [place, place], color=colour, linewidth=1.5)
    axes.plot(found["mean"], place, "o", color=colour, markersize=5)


def score_table(study: Study, rows: Sequence[tuple[str, str]], scores: Sequence[str]) -> str:
    """Markdown: one line per map, one column per score with its interval, and n."""
    found = study.record.results["scores"]
    lines = [f"| network | map | {' | '.join(scores)} | n |", f"|---|---|{'---|' * len(scores)}---:|"]
    for network, kind in rows:
        here = found[network][kind]
        cells = [
            _share(study.score(network, kind, score)) if score.startswith("pointing") else interval(here.get(score))
            for score in scores
        ]
        count = here[scores[0]]
        title = "none" if network == "no network" else network_title(network)
        empty = f" ({count['empty']} empty)" if count["empty"] else ""
        lines.append(f"| {title} | {title_of(kind)} | {' | '.join(cells)} | {count['n']}{empty} |")
    return "\n".join(lines)


def _share(hits: np.ndarray) -> str:
    """A share of cells with Wilson's interval, which stays between 0 and 1."""
    kept = hits[np.isfinite(hits)]
    if not len(kept):
        return "none"
    low, high = wilson(round(float(kept.sum())), len(kept))
    return f"{kept.mean():.2f} ({low:.2f} to {high:.2f})"


def beats(study: Study, network: str, kind: str, against: Sequence[tuple[str, str]], what: str = "energy cell") -> list:
    """(network, kind, difference in cells paired) of a map's score minus each control's: see `explain.summary`."""
    mine = study.score(network, kind, what)
    found = []
    for other, control in against:
        theirs = study.score(other, control, what)
        n = min(len(mine), len(theirs))
        if n:
            found.append((other, control, difference(mine[:n], theirs[:n])))
    return found


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
            axes.plot(places, means, "o-", color=PALETTE[number], label=title_of(kind), markersize=4)
            for place in places:
                if values[place]["low"] is not None:
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


def told_apart(study: Study, first: str, second: str, kind: str, what: str) -> dict | None:
    """How well one number of a single map tells two networks apart: area under the ROC curve, 1/2 is chance.

    Above 1/2: the first network's maps have more of it. None where one of the two has no such score.
    """
    one, other = (values[np.isfinite(values)] for values in (study.score(n, kind, what) for n in (first, second)))
    if not len(one) or not len(other):
        return None
    area = mannwhitneyu(one, other).statistic / (len(one) * len(other))
    return {"area": float(area), "n": (len(one), len(other))}


def draw_shortcut(study: Study, honest: str, shortcut: str, kinds: Sequence[str]) -> Figure:
    """Per cell: A the heat in the cell, B the heat in the border, the honest network across, the shortcut's upwards."""
    figure, panels = plt.subplots(1, 2, figsize=(7.0, 3.4))
    for axes, part in zip(panels, ("cell", "border"), strict=True):
        what = f"energy {part}"
        for number, kind in enumerate(kinds):
            one, other = study.score(honest, kind, what), study.score(shortcut, kind, what)
            n = min(len(one), len(other))
            axes.plot(one[:n], other[:n], "o", color=PALETTE[number], label=title_of(kind), markersize=4, alpha=0.7)
        axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, linestyle=":")
        axes.set(title=f"heat in the {part}", xlabel="honest network", xlim=(0, 1), ylim=(0, 1))
        axes.set_aspect("equal")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    panels[0].set_ylabel("shortcut network")
    letter(panels[0], "A")
    letter(panels[1], "B")
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


def module_rows(study: Study) -> str:
    """Markdown: what fusion and gate do in each network that has them (claims C07 and C08)."""
    lines = [
        "| network | change of LA + XCA by the CAFM | 1/N | gate on the cell | gate off it | channels wider on it "
        "| length behind / before, on | off | on - off | n |",
        "|---|---|---|---|---|---|---|---|---|---:|",
    ]
    for name, found in study.record.results["modules"].items():
        gate = found.get("gate", {})
        change = interval(found.get("change"), 2, percent=True)
        dead = " (spatial path dead)" if found.get("dead") else ""
        start = f"{100 / found['positions']:.2f} %" if "positions" in found else "none"
        cells = [interval(gate.get(key)) for key in ("value_on", "value_off")]
        cells += [interval(gate.get("wider"), 0, percent=True)]
        cells += [interval(gate.get(key)) for key in ("length_on", "length_off", "length on - off")]
        count = (found.get("change") or gate["value_on"])["n"]
        lines.append(f"| {network_title(name)} | {change}{dead} | {start} | {' | '.join(cells)} | {count} |")
    return "\n".join(lines)
