"""Seeds: runs of one network that differ in nothing but the seed, and how far apart they lie (question P11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from cgrecnet.evaluation.spread import Spread, spread_within
from cgrecnet.figures.folds import title_of
from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter
from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import experiment
from cgrecnet.runs.record import RunRecord

SEED_HEADERS = ("data", "network", "accuracy by seed (%)", "SD (points)", "95 % interval of the SD", "n")

#: Data set -> the part of the book that has the first seed of the same runs.
FIRST_SEED = {"jurkat": "ablation", "cytometer": "noise", "zhu": "ablation"}

ByModel = dict[str, list[RunRecord]]


def seed_runs(data: str, results: Path = RESULTS) -> ByModel:
    """Model -> its runs that have all in common but the seed (and the sweep's name), two or more, ordered by seed."""
    later = experiment("seeds", data, results)
    if later is None:
        return {}
    wanted = {_but_the_seed(record) for record in later.records}
    runs = [record for record in records_read(data, results) if _but_the_seed(record) in wanted]
    found: ByModel = {}
    for record in sorted(runs, key=lambda r: r.config["seed"]):
        found.setdefault(record.config["model"], []).append(record)
    order = [model for model in dict.fromkeys(r.config["model"] for r in later.records) if len(found[model]) > 1]
    return {model: found[model] for model in order}


def records_read(data: str, results: Path = RESULTS) -> list[RunRecord]:
    """Every record that `seed_runs` chooses from; none where no run of the sweep of seeds is there."""
    later = experiment("seeds", data, results)
    first = experiment(FIRST_SEED[data], data, results) if later else None
    return [*(first.records if first else ()), *(later.records if later else ())]


def spread_of(runs: ByModel) -> Spread | None:
    """The spread between seeds in points of accuracy, pooled over networks; None where nothing was run twice."""
    groups = [[100 * record.test["accuracy"] for record in own] for own in runs.values()]
    return spread_within(groups) if any(len(group) > 1 for group in groups) else None


def seed_rows(data: str, runs: ByModel) -> list[tuple[str, ...]]:
    """Rows under `SEED_HEADERS`: each network, then all of them pooled."""
    rows = []
    for model, own in runs.items():
        scores = ", ".join(f"{100 * record.test['accuracy']:.2f}" for record in own)
        rows.append((data, title_of(model), scores, *_spread_cells(spread_of({model: own}), "seeds")))
    if len(runs) > 1:
        rows.append((data, "all, around their own means", "", *_spread_cells(spread_of(runs), "runs")))
    return rows


def seed_verdict(spread: Spread, margin: float) -> str:
    """Where the interval of the spread lies, against a margin in points; a clause."""
    low, high = spread.interval95
    limit = f"the margin of {margin:g} point{'s' * (margin != 1)}"
    if high < margin:
        return f"smaller than {limit}, and surely so"
    if low > margin:
        return f"larger than {limit}, and surely so"
    side = "smaller" if spread.sd < margin else "larger"
    return f"{side} than {limit}, but so few seeds leave open on which side the truth lies"


def draw_seeds(by_data: Mapping[str, ByModel]) -> Figure:
    """A panel per data set: accuracy of each run, one line of dots per network, the mean as a bar."""
    figure, panels = plt.subplots(1, len(by_data), figsize=(7.0, 2.8), squeeze=False)
    for number, (axes, (title, runs)) in enumerate(zip(panels[0], by_data.items(), strict=True)):
        for place, (model, own) in enumerate(runs.items()):
            scores = [100 * record.test["accuracy"] for record in own]
            axes.plot([place] * len(scores), scores, "o", color=MODEL_COLOURS.get(model, PALETTE[4]), alpha=0.8)
            axes.plot(place, sum(scores) / len(scores), "_", color="black", markersize=18)
        names = [f"{title_of(model)}\n(n = {len(own)})" for model, own in runs.items()]
        axes.set_xticks(range(len(runs)), names, fontsize=8)
        axes.set(xlim=(-0.6, len(runs) - 0.4), title=title)
        letter(axes, "ABC"[number])
    panels[0][0].set_ylabel("accuracy (%)")
    return figure


def _but_the_seed(record: RunRecord) -> str:
    config = {name: value for name, value in record.config.items() if name not in ("seed", "experiment")}
    return repr(sorted(config.items())) + record.data["fingerprint"] + str(record.split.get("manifest"))


def _spread_cells(spread: Spread | None, unit: str) -> Sequence[str]:
    if spread is None:
        return ("", "", "")
    low, high = spread.interval95
    return (f"{spread.sd:.2f}", f"{low:.2f} to {high:.2f}", f"{spread.n} {unit}")
