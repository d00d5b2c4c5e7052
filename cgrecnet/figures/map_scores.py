"""Scores of maps against the truth and against their controls, as pictures and tables."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import mannwhitneyu

from cgrecnet.evaluation.counts import wilson
from cgrecnet.explain.methods import aligned_energy, heat, resize
from cgrecnet.explain.scores import difference, energy, summary
from cgrecnet.figures.explained import Study, interval, network_title, title_of
from cgrecnet.figures.style import PALETTE, letter
from cgrecnet.figures.tables import wide_table


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
    """HTML of a table: one line per map, one column per score with its interval, and n of the first score."""
    found, lines = study.record.results["scores"], []
    for network, kind in rows:
        here = found[network][kind]
        cells = [
            _share(study.score(network, kind, score)) if score.startswith("pointing") else interval(here.get(score))
            for score in scores
        ]
        count = here[scores[0]]
        title = "none" if network == "no network" else network_title(network)
        empty = f" ({count['empty']} empty)" if count["empty"] else ""
        lines.append([title, title_of(kind), *cells, f"{count['n']}{empty}"])
    headers = ["network", "map", *scores, "n"]
    return wide_table(headers, lines, "Scores of maps, each with its interval")


def _share(hits: np.ndarray) -> str:
    """A share of cells with Wilson's interval, which stays between 0 and 1."""
    kept = hits[np.isfinite(hits)]
    if not len(kept):
        return "none"
    low, high = wilson(round(float(kept.sum())), len(kept))
    return f"{kept.mean():.2f} ({low:.2f} to {high:.2f})"


def beats(study: Study, network: str, kind: str, against: Sequence[tuple[str, str]], what: str = "energy cell") -> list:
    """(network, kind, difference in cells paired) of a map's score minus each control's: see `explain.scores`."""
    mine = study.score(network, kind, what)
    found = []
    for other, control in against:
        theirs = study.score(other, control, what)
        n = min(len(mine), len(theirs))
        if n:
            found.append((other, control, difference(mine[:n], theirs[:n])))
    return found


PLACEMENT_HEADERS = ("network", "map", "as drawn", "where it looks", "difference", "n")


def placement_rows(study: Study, networks: Sequence[str], kinds: Sequence[str]) -> list[tuple[str, ...]]:
    """Rows under `PLACEMENT_HEADERS`: energy inside the cell of maps as drawn and with each position where it looks.

    All scored cells where the record has both numbers; otherwise the cells whose maps it keeps. Differences are paired.
    """
    rows, masks = [], study.mask()
    for name in networks:
        for kind in kinds:
            drawn, put = (study.score(name, kind, what) for what in ("energy cell", "energy cell aligned"))
            raw = study.map(name, kind)
            if not len(put) and raw is not None:
                own = masks[: len(raw)]
                drawn = energy(resize(heat(raw), own.shape[1]), own)
                put = aligned_energy(raw, name.split()[1], kind, own)
            if len(put):
                apart = difference(put, drawn)
                texts = (interval(summary(drawn)), interval(summary(put)), interval(apart), str(apart["n"]))
                rows.append((network_title(name), title_of(kind), *texts))
    return rows


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
