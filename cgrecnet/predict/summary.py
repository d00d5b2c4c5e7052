"""What was predicted: counts beside the table, and what must be known of them, a sentence each."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from cgrecnet.files import atomic_write
from cgrecnet.predict.folder import Model
from cgrecnet.predict.predictor import TRAINED, VALIDATED
from cgrecnet.predict.uncertainty import ASSUMPTION
from cgrecnet.predict.unlike import RATE, REASONS, TITLES

#: Names of unreadable files that are listed; the summary beside the table has all.
LISTED = 5


@dataclass
class Summary:
    """What was predicted; written beside the table. unreadable: (name, reason) of each cell that is not in it."""

    model: str
    identity: str
    input: str
    digest: str
    coverage: float
    engine: str
    assumption: str = ASSUMPTION
    cells: int = 0
    called: dict[str, int] = field(default_factory=dict)
    set_sizes: dict[str, int] = field(default_factory=dict)
    unlike: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    never_ruled_out: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def count(self, table: pd.DataFrame) -> None:
        """Add rows of a table of predictions."""
        inside = table[[name for name in table.columns if name.startswith("in_")]].sum(axis=1)
        found = {
            "called": table["class"].value_counts(),
            "set_sizes": inside.astype(str).value_counts(),
            "unlike": {"any": table["unlike"].sum()} | {r: (table[f"unlike_{r}"] > 1).sum() for r in REASONS},
            "seen": {part: (table["seen"] == part).sum() for part in (TRAINED, VALIDATED)},
        }
        self.cells += len(table)
        for kind, numbers in found.items():
            counts = getattr(self, kind)
            counts |= {name: counts.get(name, 0) + int(number) for name, number in numbers.items()}

    def write(self, table: Path) -> None:
        """Write it beside its table: the table's name + `.json`."""
        with atomic_write(_beside(table)) as file:
            json.dump(asdict(self), file, indent=1, ensure_ascii=False)

    @classmethod
    def read(cls, table: Path) -> "Summary":
        """The summary of a table. Raises OSError, ValueError or TypeError where there is none."""
        return cls(**json.loads(_beside(table).read_text(encoding="utf-8")))


def _beside(table: Path) -> Path:
    return table.with_name(table.name + ".json")


def sentences(summary: Summary, model: Model) -> list[str]:
    """What must be known of these predictions."""
    n = summary.cells
    called = ", ".join(f"{name} {summary.called.get(name, 0):,}" for name in model.classes)
    found = [f"{n:,} cells of {summary.input}: {called}."]
    one, none = summary.set_sizes.get("1", 0), summary.set_sizes.get("0", 0)
    found.append(
        f"{one / n:.1%} of the cells have a single class that cannot be ruled out at coverage {summary.coverage:g}, "
        f"{(n - one - none) / n:.1%} several, {none / n:.1%} none. The true class is in the set of at least "
        f"{summary.coverage:.0%} of each class's cells; {summary.assumption}."
    )
    if summary.never_ruled_out:
        names = ", ".join(summary.never_ruled_out)
        found.append(f"Too few calibration cells to rule out {names} at this coverage: such classes are in every set.")
    found.append(_unlike(summary, model))
    if trained := summary.seen.get("training", 0) + summary.seen.get("validation", 0):
        found.append(
            f"{trained:,} of these images were used to train or choose the model (column `seen`): "
            "what it says of them shows nothing about new cells."
        )
    if model.data["simulated"]:
        found.append("The model was trained on simulated cells: it has nothing to say about real ones.")
    if summary.unreadable:
        listed = "; ".join(f"{name} ({reason.rstrip('.')})" for name, reason in summary.unreadable[:LISTED])
        more = f", and {len(summary.unreadable) - LISTED} more" if len(summary.unreadable) > LISTED else ""
        found.append(f"{len(summary.unreadable):,} could not be read and are not in the table: {listed}{more}.")
    return found


def _unlike(summary: Summary, model: Model) -> str:
    n, flagged = summary.cells, summary.unlike.get("any", 0)
    usual = 1 - (1 - RATE) ** len(REASONS)
    reasons = ", ".join(f"{TITLES[r]} {summary.unlike[r]:,}" for r in REASONS if summary.unlike.get(r))
    text = f"{flagged:,} cells ({flagged / n:.1%}) are unlike the training images"
    text += f" ({reasons})" if reasons else ""
    known = model.measured["flagged"]
    if known["n"]:
        usual = max(usual, known["any"] / known["n"])
    if flagged / n > 3 * usual and flagged > 3:
        return f"{text}, where some {usual:.1%} would be expected: do not trust these predictions before you know why."
    return text + f"; some {usual:.1%} would be expected."
