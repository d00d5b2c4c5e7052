"""Where a figure or table comes from, said next to it: runs, commit, data with their hash, seeds, hardware, time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from cgrecnet.data.base import CellDataset
from cgrecnet.errors import UserError
from cgrecnet.runs.plan import run_code
from cgrecnet.runs.record import RunRecord
from cgrecnet.training.config import RunConfig

#: Hex digits of a hash that are shown.
SHOWN = 10


@dataclass(frozen=True)
class Provenance:
    """A short list of facts; the book shows it as a small block under its figure."""

    facts: tuple[tuple[str, str], ...]

    def _repr_html_(self) -> str:
        rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in self.facts)
        return f'<aside class="provenance" aria-label="Where this comes from"><dl>{rows}</dl></aside>'

    def __str__(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.facts)

    __repr__ = __str__


def from_records(records: Sequence[RunRecord]) -> Provenance:
    """The provenance of what was made from run records. Raises ValueError where there are none."""
    if not records:
        raise ValueError("Provenance needs at least one run record.")
    return Provenance(
        (
            ("Data", _each(_data(record.data) for record in records)),
            ("Runs", _each(record.run_id for record in records)),
            ("Seeds", _each(f"{r.config['seed']} (split {r.split['seed']})" for r in records)),
            ("Commit", _each(_commit(record.commit) for record in records)),
            ("Code", _code(records)),
            ("Hardware", _each(_hardware(record.hardware) for record in records)),
            ("Training time", _each(_duration(record.wall_seconds) for record in records)),
        )
    )


def from_dataset(dataset: CellDataset) -> Provenance:
    """The provenance of what was drawn from a data set, no run involved."""
    described = {
        "name": dataset.name,
        "simulated": dataset.simulated,
        "cells": len(dataset),
        "fingerprint": dataset.fingerprint,
    }
    facts = [("Data", _data(described)), ("Origin", dataset.origin)]
    if dataset.options:
        facts.append(("Options", ", ".join(f"{name} {value}" for name, value in dataset.options.items())))
    return Provenance(tuple(facts))


def is_current(record: RunRecord) -> bool:
    """Whether the code that made the record is the code that is here now."""
    try:
        return _code_now(record.config["model"], record.config["data"]) == record.code
    except (KeyError, UserError):
        return False


@cache
def _code_now(model: str, data: str) -> str:
    """The fingerprint of the present code for a model and a data set (nothing else of a configuration counts)."""
    return run_code(RunConfig.from_mapping({"model": model, "data": data}, "a run record"))


def _code(records: Sequence[RunRecord]) -> str:
    old = [record.run_id for record in records if not is_current(record)]
    if not old:
        return "the same as now"
    return f"has changed since {', '.join(old)}: run the sweep again to bring the numbers up to date"


def _data(data: dict) -> str:
    kind = "simulated" if data["simulated"] else "real"
    return f"{data['name']} ({kind} cells), {data['cells']:,} cells, sha256 {data['fingerprint'][:SHOWN]}"


def _commit(commit: str) -> str:
    head, plus, _ = commit.partition("+")
    return head[:SHOWN] + (" with uncommitted changes" if plus else "")


def _hardware(hardware: dict) -> str:
    if hardware["gpu"]:
        return hardware["gpu"]
    threads = "1 thread" if hardware["threads"] == 1 else f"{hardware['threads']} threads"
    return f"CPU, {hardware['cores']} cores, {threads} ({hardware['cpu']})"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _each(values) -> str:
    """Every different value once, in order."""
    return "; ".join(dict.fromkeys(values))
