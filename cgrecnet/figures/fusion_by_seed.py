"""The same split trained from several seeds: was the fusion's path alive, and does CG-RecNet then do better?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cgrecnet.evaluation.counts import McNemar, mcnemar
from cgrecnet.figures.answers import interval, points
from cgrecnet.figures.dead_path import TRAINED, all_studies, times_even
from cgrecnet.figures.explained import Study
from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import experiment
from cgrecnet.runs.record import RunRecord
from cgrecnet.runs.same_cells import same_cells

FULL, BASE = "cg_recnet", "resnet50"
HEADERS = (
    "| seed | path after training | CAFM changes the sum by | times what an even map does | CG-RecNet | Baseline "
    "| difference, points |"
)
#: A map that changes the sum by less than this much more than an even one is called even.
EVEN = 0.01


@dataclass(frozen=True)
class SeededPair:
    """CG-RecNet and the baseline from one seed on one fold; study: the one that looked into this CG-RecNet, or None."""

    full: RunRecord
    base: RunRecord
    study: Study | None
    apart: McNemar

    @property
    def seed(self) -> int:
        return self.full.config["seed"]

    @property
    def dead(self) -> bool | None:
        """Whether the spatial path is dead after training; None where no study looked."""
        return self.inside["dead"] if self.study else None

    @property
    def inside(self) -> Mapping:
        """What the study found in the fusion and the gate; empty where none looked."""
        return self.study.record.results["modules"][f"{TRAINED} {FULL}"] if self.study else {}

    @property
    def times_even(self) -> float:
        """The CAFM's change of the sum over that by an even map, which is one part in the number of positions."""
        return times_even(self.inside)


def seeded_pairs(results: Path = RESULTS, fold: int = 0) -> list[SeededPair]:
    """Every seed of which both networks were trained on this fold of the Jurkat cells, in order of the seeds."""
    parts = (experiment("ablation", "jurkat", results), experiment("seeds", "jurkat", results))
    runs = {
        (record.config["model"], record.config["seed"]): record
        for part in parts
        for record in (part.records if part else ())
        if record.config["fold"] == fold
    }
    looked = {
        study.record.networks[name]["run_id"]: study
        for study in all_studies(results)
        if (name := f"{TRAINED} {FULL}") in study.record.results.get("modules", {})
        and "run_id" in study.record.networks[name]
    }
    pairs = []
    for seed in sorted(seed for model, seed in runs if model == FULL and (BASE, seed) in runs):
        full, base = runs[FULL, seed], runs[BASE, seed]
        cells = same_cells([full, base], results)
        pairs.append(SeededPair(full, base, looked.get(full.run_id), mcnemar(cells.labels, *cells.predicted)))
    return pairs


def seed_table(pairs: Sequence[SeededPair]) -> str:
    """One row per seed: what the path was, and both accuracies on the same cells."""
    rows = [HEADERS, "|---:|---|---:|---:|---:|---:|---:|"]
    for pair in pairs:
        state = {True: "dead", False: "alive", None: "not looked into"}[pair.dead]
        change = times = "-"
        if pair.study:
            found = pair.inside["change"]
            change, times = f"{100 * found['mean']:.2f} % (n = {found['n']})", f"{pair.times_even:.4f}"
        both = (f"{100 * record.test['accuracy']:.2f} %" for record in (pair.full, pair.base))
        apart = f"{points(pair.apart.difference)} ({interval(pair.apart.interval95)})"
        rows.append(f"| {pair.seed} | {state} | {change} | {times} | {' | '.join(both)} | {apart} |")
    return "\n".join(rows)


def seed_words(pairs: Sequence[SeededPair]) -> str:
    """What the table says of a living path, and what it cannot say."""
    alive, dead = ([pair for pair in pairs if pair.dead is state] for state in (False, True))
    if not alive:
        return "No run with a living path was looked into, so these runs say nothing of what a recalibration is worth."
    if not dead:
        return "The path lived wherever a study looked, so there is no dead one to compare with."
    low, high = (sorted(pair.apart.difference for pair in group) for group in (dead, alive))
    said = (
        "above every seed with a dead one" if high[0] > low[-1]
        else "below every seed with a dead one" if high[-1] < low[0]
        else "among those with a dead one"
    )  # fmt: skip
    return (
        f"With a living path (n = {len(alive)} of {len(alive) + len(dead)} seeds looked into) the difference to the "
        f"baseline lies {said}. {_how_alive(alive)}"
        "A seed changes everything else that is drawn as well, so this is an observation and no test of the path."
    )


def _how_alive(alive: Sequence[SeededPair]) -> str:
    """Whether the living maps differ from an even one at all."""
    most = max(pair.times_even for pair in alive)
    if most >= 1 + EVEN:
        return f"There the CAFM changes the sum by up to {most:.2f} times what an even map would. "
    return (
        f"But alive is not busy: there the CAFM changes the sum by {most:.4f} times what an even map would, so that it "
        "hardly recalibrates anything either. "
    )
