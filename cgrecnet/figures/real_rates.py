"""The learning rate on real cells: was CG-RecNet behind because the rate did not suit it? Exploratory."""

from __future__ import annotations

from pathlib import Path

from cgrecnet.figures.answers import interval, points
from cgrecnet.figures.choices import MODELS, Rates, rate_contrasts, validation_f1
from cgrecnet.figures.folds import title_of
from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import experiment

BASE, FULL = MODELS


def real_rate_runs(results: Path = RESULTS) -> Rates:
    """Rate -> model -> run, on the first fold of Jurkat: the ablation's own rate, and those that were tried beside it.

    Rates that one of the two networks lacks are left out.
    """
    found: Rates = {}
    for part in ("ablation", "learning rate"):
        runs = experiment(part, "jurkat", results)
        for record in runs.of(fold=0, seed=42) if runs else ():
            if record.config["model"] in MODELS:
                found.setdefault(record.config["learning_rate"], {})[record.config["model"]] = record
    return {rate: found[rate] for rate in sorted(found) if set(MODELS) <= set(found[rate])}


def real_rate_table(rates: Rates, results: Path = RESULTS) -> str:
    """Markdown: per rate both networks' test accuracy and validation F1, and CG-RecNet minus baseline."""
    lines = ["| learning rate | CG-RecNet | Baseline | difference, points |", "|---|---:|---:|---:|"]
    found = rate_contrasts(rates, len(rates) > 1, results)
    for (name, lead), runs in zip(found.items(), [*rates.values(), None], strict=False):
        cells = ["", ""]
        if runs:
            cells = [
                f"{100 * runs[model].test['accuracy']:.2f} % (validation F1 {validation_f1(runs[model]):.3f})"
                for model in (FULL, BASE)
            ]
        lines.append(f"| {name} | {' | '.join(cells)} | {points(lead.difference)} ({interval(lead.interval95)}) |")
    return "\n".join(lines)


def real_rate_words(rates: Rates, results: Path = RESULTS) -> str:
    """One or two sentences: what the other rate does to the distance of the two networks."""
    if len(rates) < 2:
        return "On Jurkat cells no other rate has been tried."
    found = rate_contrasts(rates, len(rates) > 1, results)
    *_, (name, last) = found.items()
    low, high = last.interval95
    said = (
        f"ahead of the {title_of(BASE).lower()}" if low > 0
        else f"behind the {title_of(BASE).lower()}" if high < 0
        else f"neither clearly ahead of nor behind the {title_of(BASE).lower()}"
    )  # fmt: skip
    return (
        f"On Jurkat cells (first fold, n = {last.n:,} test cells, one run each, exploratory) {title_of(FULL)} is "
        f"{said} with {name}: {points(last.difference)} points (95 % interval {interval(last.interval95)})."
    )
