"""Seeds: runs of one network that differ in nothing but the seed, and how far apart they lie (question P11)."""

from __future__ import annotations

from pathlib import Path

from cgrecnet.evaluation.sd_interval import Spread, spread_within
from cgrecnet.paths import RESULTS
from cgrecnet.runs.query import experiment
from cgrecnet.runs.run_record import RunRecord

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


def _but_the_seed(record: RunRecord) -> str:
    config = {name: value for name, value in record.config.items() if name not in ("seed", "experiment")}
    return repr(sorted(config.items())) + record.data["fingerprint"] + str(record.split.get("manifest"))
