"""What was predicted: counts beside the table, and what must be known of them, a sentence each."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from cgrecnet.files import atomic_write
from cgrecnet.predict.card import SENTENCES
from cgrecnet.predict.folder import Model
from cgrecnet.predict.predictor import TRAINED, VALIDATED
from cgrecnet.predict.uncertainty import ASSUMPTION
from cgrecnet.predict.unlike import RATE, REASONS, TITLES


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
    """What must be known of these predictions, as `templates/sentences.txt` has it."""
    known, usual = model.measured["flagged"], 1 - (1 - RATE) ** len(REASONS)
    if known["n"]:
        usual = max(usual, known["any"] / known["n"])
    return SENTENCES.predicted(summary, model, usual, TITLES).splitlines()
