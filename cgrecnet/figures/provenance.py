"""Where a figure or table comes from, said next to it: runs, commit, data with their hash, seeds, hardware, time.

And what a page says where runs are missing: which, and what to type.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version
from pathlib import Path

from cgrecnet.bench.record import BenchRecord
from cgrecnet.data import made_on_the_spot
from cgrecnet.data.base import CellDataset
from cgrecnet.figures.tables import Shown
from cgrecnet.models import list_models
from cgrecnet.paper.tables import load_tables
from cgrecnet.paths import RESULTS
from cgrecnet.runs.query import SWEEPS, command, experiment, refuse_mixture
from cgrecnet.runs.run_id import cells_here, manifest_here
from cgrecnet.runs.run_record import RunRecord
from cgrecnet.training.config import RunConfig
from cgrecnet.training.protocol import PROTOCOL

#: A part of the book, and a data set.
Part = tuple[str, str]
#: Hex digits of a hash that are shown.
SHOWN = 10
#: Most runs of an earlier protocol that are named; more are counted.
OPEN = 4


@dataclass(frozen=True)
class Provenance:
    """A short list of facts; the book shows it as one line under its figure, which unfolds.

    runs, sets: the ids of the runs and the names of the data sets behind it, for those who check pages;
    side_by_side: whether the table or figure is meant to show several data sets and names each.
    """

    facts: tuple[tuple[str, str], ...]
    runs: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    side_by_side: bool = False

    def _repr_html_(self) -> str:
        rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in self.facts)
        marks = {"data-runs": " ".join(self.runs), "data-sets": " ".join(self.sets)}
        marks |= {"data-side-by-side": "yes"} if self.side_by_side else {}
        extra = "".join(f' {name}="{escape(value)}"' for name, value in marks.items())
        folded = f"<details><summary>{escape(self.line)}</summary><dl>{rows}</dl></details>"
        return f'<aside class="provenance" aria-label="Where this comes from"{extra}>{folded}</aside>'

    @property
    def line(self) -> str:
        """The facts in a line: `jurkat (real cells); 20 runs; current`; the first fact where it is of neither."""
        facts = dict(self.facts)
        found = []
        if self.sets:
            found.append(" and ".join(dict.fromkeys(one.split(", ")[0] for one in facts["Data"].split("; "))))
        if self.runs:
            found.append(f"{len(self.runs)} run{'s' * (len(self.runs) > 1)}")
        if "Valid" in facts:
            found.append("current" if facts["Valid"].startswith("current") else "out of date")
        return "; ".join(found or [": ".join(self.facts[0])])

    def __str__(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.facts)

    __repr__ = __str__


def from_records(records: Sequence[RunRecord], side_by_side: bool = False) -> Provenance:
    """The provenance of what was made from run records. Raises ValueError where there are none.

    Records of several data sets, or of real and simulated cells, raise RunError: they do not belong into one table.
    side_by_side=True says that this one sets them side by side and names the data set of each number.
    """
    if not records:
        raise ValueError("Provenance needs at least one run record.")
    if not side_by_side:
        refuse_mixture(records)
    facts = (
        ("Data", _each(data_text(record.data) for record in records)),
        ("Runs", _each(record.run_id for record in records)),
        ("Seeds", _each(f"{r.config['seed']} (split {r.split['seed']})" for r in records)),
        ("Commit", _each(commit_text(record.commit) for record in records)),
        ("Valid", _validity(records)),
        ("Hardware", _each(hardware_text(record.hardware) for record in records)),
        ("Training time", _times([record.wall_seconds for record in records])),
    )
    runs = tuple(dict.fromkeys(record.run_id for record in records))
    sets = tuple(dict.fromkeys(record.data["name"] for record in records))
    return Provenance(facts, runs, sets, side_by_side)


def provenance_of(records: Sequence[RunRecord], *parts: Part) -> Provenance:
    """Where a figure comes from; where there is no record, which sweeps would make them."""
    if records:
        return from_records(records)
    names = ", ".join(f"sweeps/{name}.yaml" for part, data in parts for name in SWEEPS[part][data])
    return Provenance((("Runs", f"none here; they come from {names}"),))


def all_read(*parts: Part, results: Path = RESULTS) -> list[Provenance]:
    """One block per data set with every record of these (part, data set) pairs: all that a page has looked at.

    A page picks some runs for each figure; a run that it read and did not pick may be out of date as well.
    """
    found: dict[str, dict[str, RunRecord]] = {}
    for part, data in parts:
        runs = experiment(part, data, results)
        found.setdefault(data, {}).update({record.run_id: record for record in (runs.records if runs else ())})
    return [from_records(list(records.values())) for records in found.values() if records]


def from_dataset(dataset: CellDataset) -> Provenance:
    """The provenance of what was drawn from a data set, no run involved."""
    described = {
        "name": dataset.name,
        "simulated": dataset.simulated,
        "task": dataset.task,
        "cells": len(dataset),
        "fingerprint": dataset.fingerprint,
    }
    facts = [("Data", data_text(described)), ("Origin", dataset.origin)]
    if dataset.options:
        facts.append(("Options", ", ".join(f"{name} {value}" for name, value in dataset.options.items())))
    return Provenance(tuple(facts), sets=(dataset.name,))


def is_current(record: RunRecord) -> bool:
    """Whether a run would give the same numbers now: same protocol; same cells and split where the cells are here.

    Cells and split of what is made on the spot follow from the settings; the protocol stands for the code of both.
    """
    if record.protocol != PROTOCOL or record.config["model"] not in list_models():
        return False
    config = RunConfig.model_construct(**record.config)
    if made_on_the_spot(record.data["name"]) or (cells := cells_here(config)) is None:
        return True
    return cells == record.data["fingerprint"] and manifest_here(config) == record.split["manifest"]


def _validity(records: Sequence[RunRecord]) -> str:
    old = [record.run_id for record in records if not is_current(record)]
    if old:
        which = ", ".join(old) if len(old) <= OPEN else f"{len(old)} of these runs, {old[0]} among them"
        why = "of an earlier protocol, other cells or another split"
        return f"{which}: {why}; run the sweep again to bring the numbers up to date"
    torch = version("torch").partition("+")[0]
    others = dict.fromkeys(v for r in records if (v := r.software.get("torch", torch).partition("+")[0]) != torch)
    return f"current (protocol {PROTOCOL})" + (f"; with torch {', '.join(others)}, here is {torch}" if others else "")


def data_text(data: dict) -> str:
    """`jurkat (real cells), 7,918 cells, sha256 0123456789` of a record's data."""
    kind = "simulated cells" if data["simulated"] else "real cells"
    if data["name"] == "zhu" and not data["simulated"]:  # no hash was published that would tell them from others
        kind = f"as given: {data['cells']:,} of {_printed_cells():,} cells" if data["task"] == "lineage" else "as given"
    return f"{data['name']} ({kind}), {data['cells']:,} cells, sha256 {data['fingerprint'][:SHOWN]}"


@cache
def _printed_cells() -> int:
    """Cells of the paper's data, as its Table 1 prints them."""
    table = load_tables()["1"]
    return sum(int(table.cell(row, "count").number) for row in table.rows)


def commit_text(commit: str) -> str:
    """The first digits of a record's commit, and whether something was changed and not committed."""
    head, plus, _ = commit.partition("+")
    return head[:SHOWN] + (" with uncommitted changes" if plus else "")


def hardware_text(hardware: dict) -> str:
    """`CPU, 2 cores, 1 thread (AMD EPYC)`, or the name of the card; and how many processes trained together."""
    together = f", {hardware['processes']} processes together" if hardware.get("processes", 1) > 1 else ""
    if hardware["gpu"]:
        return hardware["gpu"] + together
    threads = "1 thread" if hardware["threads"] == 1 else f"{hardware['threads']} threads"
    return f"CPU, {hardware['cores']} cores, {threads}{together} ({hardware['cpu']})"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _times(seconds: Sequence[float]) -> str:
    """One time for each run, or the sum and the range where there are many."""
    if len(seconds) <= OPEN:
        return _each(map(_duration, seconds))
    return f"{_duration(sum(seconds))} in all, {_duration(min(seconds))} to {_duration(max(seconds))} each"


def _each(values) -> str:
    """Every different value once, in order."""
    return "; ".join(dict.fromkeys(values))


def missing_runs(*parts: Part, results: Path = RESULTS) -> Shown:
    """Markdown: what is missing of these (part, data set) pairs and the commands that make it; "" for nothing."""
    lines, commands = [], []
    for part, data in parts:
        found = experiment(part, data, results)
        have = len(found.records) if found else 0
        planned = found.planned if found else None
        if found is None or not found.complete:
            counted = f"{have} of {planned} runs" if found else "no run"
            lines.append(f"`{'`, `'.join(SWEEPS[part][data])}` ({counted} here)")
            commands.append(command(part, data))
    if not lines:
        return Shown()
    return Shown(
        f"**Not all of the runs that this page is about are here**: {', '.join(lines)}. "
        "What follows uses those that are. To make the others:\n\n```bash\n" + "\n".join(commands) + "\n```"
    )


def bench_provenance(record: BenchRecord) -> Provenance:
    """Where a benchmark's record comes from, for the block under its figure."""
    busy = [load.busy for load in (record.load_before, record.load_after)]
    facts = [
        ("Record", f"results/bench-{record.name}/{record.id}.json, by benchmarks/{record.name}.py"),
        ("Settings", ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in record.settings.items())),
        ("Commit", commit_text(record.commit)),
        ("Code", "the same as now" if record.protocol == PROTOCOL else "has changed since; measure again to renew it"),
        ("Hardware", hardware_text(record.hardware)),
        ("Software", f"torch {record.software['torch']}, Python {record.software['python']}"),
    ]
    if None not in busy:
        facts.append(("Other work", f"kept {busy[0]:.0%} of the cores busy before and {busy[1]:.0%} after"))
    return Provenance(tuple(facts))


def _short(value) -> str:
    if value in ([], None):
        return "none"
    if isinstance(value, list | tuple):
        return " and ".join(" x ".join(map(str, each)) if isinstance(each, list) else str(each) for each in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
