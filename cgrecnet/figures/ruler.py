"""How far apart runs of one network lie that differ in the seed alone: a ruler for every difference between runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import experiment
from cgrecnet.runs.record import RunRecord


def simulated_seeds(results: Path = RESULTS) -> dict[str, list[RunRecord]]:
    """Model -> its runs at the calibrated noise, one per seed, on the same simulated cells; only where two or more."""
    found: dict[str, list[RunRecord]] = {}
    for part in ("noise", "seeds"):
        runs = experiment(part, "cytometer", results)
        for record in runs.records if runs else ():
            if record.data["options"]["noise"] == 1.0:
                found.setdefault(record.config["model"], []).append(record)
    return {model: sorted(runs, key=lambda r: r.config["seed"]) for model, runs in found.items() if len(runs) > 1}


def widest(seeds: Mapping[str, list[RunRecord]]) -> float:
    """The largest distance, in points of accuracy, between two runs of one network. Raises ValueError for none."""
    if not seeds:
        raise ValueError("No network was run with two seeds or more.")
    ranges = []
    for runs in seeds.values():
        scores = [100 * run.test["accuracy"] for run in runs]
        ranges.append(max(scores) - min(scores))
    return max(ranges)


def ruler_sentence(seeds: Mapping[str, list[RunRecord]], names: Mapping[str, str]) -> str:
    """What the seeds alone do, in one sentence; what is missing where there are none."""
    if not seeds:
        return "How far two runs lie apart that differ in the seed alone has not been measured here on simulated cells."
    each = "; ".join(
        f"{names[model]} {', '.join(f'{100 * score:.1f} %' for score in scores)} (n = {len(scores)} seeds)"
        for model, scores in ((model, [run.test["accuracy"] for run in runs]) for model, runs in seeds.items())
    )
    return (
        f"Runs at the calibrated noise that differ in the seed alone reached: {each}; "
        f"the two farthest apart lie {widest(seeds):.1f} points from each other."
    )
