"""What a page says where runs are missing: which, and what to type."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cgrecnet.figures.provenance import Provenance, from_records
from cgrecnet.paths import RESULTS
from cgrecnet.runs.query import SWEEPS, command, experiment
from cgrecnet.runs.run_record import RunRecord

Part = tuple[str, str]


def missing_runs(*parts: Part, results: Path = RESULTS) -> str:
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
        return ""
    return (
        f"**Not all of the runs that this page is about are here**: {', '.join(lines)}. "
        "What follows uses those that are. To make the others:\n\n```bash\n" + "\n".join(commands) + "\n```"
    )


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
