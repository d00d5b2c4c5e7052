"""What a page says where runs are missing: which, and what to type."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from cgrecnet.figures.provenance import Provenance, from_records
from cgrecnet.runs.experiments import SWEEPS, command, experiment
from cgrecnet.runs.record import RunRecord

Part = tuple[str, str]


def missing_runs(*parts: Part, results=None) -> str:
    """Markdown: what is missing of these (part, data set) pairs and the commands that make it; "" for nothing."""
    lines, commands = [], []
    for part, data in parts:
        found = experiment(part, data, results) if results is not None else experiment(part, data)
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


def say_not_run(axes: Axes) -> None:
    """An empty panel that says why it is empty."""
    axes.text(0.5, 0.5, "not run here", ha="center", va="center", transform=axes.transAxes)
    axes.set_axis_off()


def provenance_of(records: Sequence[RunRecord], *parts: Part) -> Provenance:
    """Where a figure comes from; where there is no record, which sweeps would make them."""
    if records:
        return from_records(records)
    names = ", ".join(f"sweeps/{name}.yaml" for part, data in parts for name in SWEEPS[part][data])
    return Provenance((("Runs", f"none here; they come from {names}"),))
