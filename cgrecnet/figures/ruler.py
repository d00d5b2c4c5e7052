"""How far apart runs of one network lie that differ in the seed alone: a ruler for every difference between runs."""

from __future__ import annotations

from collections.abc import Mapping

from cgrecnet.figures.dose import widest
from cgrecnet.runs.record import RunRecord


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
