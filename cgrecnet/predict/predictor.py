"""A model folder at work: images in, one row of a table per cell out; and what was predicted, counted and said."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.files import atomic_write
from cgrecnet.predict.card import SENTENCES
from cgrecnet.predict.cells import look
from cgrecnet.predict.folder import Model, ModelFolder, image_hash
from cgrecnet.predict.uncertainty import ASSUMPTION, calibrated, in_set, p_values
from cgrecnet.predict.unlike import RATE, REASONS, TITLES

#: Between the names of several classes or reasons in one field.
AND = " | "
#: What the column `seen` says of images that the model was trained on, and of those that calibrated it.
TRAINED, VALIDATED = "training", "validation"


@dataclass(frozen=True)
class Predictor:
    """A model, the engine that computes it, and the coverage that its sets are asked for."""

    folder: ModelFolder
    engine: Callable
    coverage: float

    def rows(self, names: Sequence[str], images: Sequence[np.ndarray]) -> pd.DataFrame:
        """The table of some cells; images: grey levels of the model's pixel type, (H, W) each.

        cell_id; class (the likeliest) and p_CLASS, calibrated; set and in_CLASS, the classes that cannot be ruled
        out; unlike (0 or 1), reasons, and unlike_REASON, distance over limit; seen: the model was fitted to the image.
        """
        model, known = self.folder.model, self.folder.statistics
        seen = look(images, self.engine, model.preprocessing)
        probabilities = calibrated(seen.probabilities, model.temperature)
        inside = in_set(p_values(self.folder.scores, probabilities), self.coverage)
        apart = self.folder.unlike.scores(seen.numbers)
        table = pd.DataFrame({"cell_id": list(names)})
        table["class"] = np.array(model.classes, object)[probabilities.argmax(axis=1)]
        for y, name in enumerate(model.classes):
            table[f"p_{name}"] = probabilities[:, y].round(6)
        table["set"] = _joined(inside, model.classes)
        for y, name in enumerate(model.classes):
            table[f"in_{name}"] = inside[:, y].astype(int)
        table["unlike"] = (apart > 1).any(axis=1).astype(int)
        table["reasons"] = _joined(apart > 1, REASONS)
        for i, reason in enumerate(REASONS):
            table[f"unlike_{reason}"] = apart[:, i].round(4)
        hashes = np.array([image_hash(image) for image in images], np.int64)
        table["seen"] = np.where(
            np.isin(hashes, known["hashes.train"]),
            TRAINED,
            np.where(np.isin(hashes, known["hashes.validation"]), VALIDATED, ""),
        )
        return table


def _joined(member: np.ndarray, names: Sequence[str]) -> list[str]:
    return [AND.join(name for name, yes in zip(names, row, strict=True) if yes) for row in member.tolist()]


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
