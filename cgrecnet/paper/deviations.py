"""The ledger of open choices: what the text leaves open, what was chosen and why, and the measured effect."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from cgrecnet.paper.schema import HERE, Entry, read_entries

DEVIATIONS_FILE = HERE / "deviations.yaml"
NOT_MEASURED: Literal["not measured"] = "not measured"


class Effect(Entry):
    """A measured effect and the runs it was measured from."""

    summary: str = Field(min_length=5)
    runs: tuple[str, ...] = Field(min_length=1)


class Deviation(Entry):
    """One open choice."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    place: str
    options: tuple[str, ...] = Field(min_length=2)
    chosen: str
    why: str = Field(min_length=10)
    effect: Effect | Literal["not measured"]

    @model_validator(mode="after")
    def _chosen_is_an_option(self) -> Deviation:
        if self.chosen not in self.options:
            raise ValueError(f"chosen {self.chosen!r} is not among the options: {', '.join(self.options)}")
        return self


def load_deviations(path: Path | str = DEVIATIONS_FILE) -> dict[str, Deviation]:
    """All open choices by their id; ConfigError names file, entry and field of what is wrong."""
    return {entry.id: entry for entry in read_entries(Path(path), Deviation)}
