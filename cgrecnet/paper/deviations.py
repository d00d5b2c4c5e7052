"""The ledger of open choices: what the text leaves open, what was chosen and why, and which runs measure the effect.

The effect itself is no part of the ledger: it is computed from the records of the runs that are named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from cgrecnet.paper.schema import HERE, Entry, read_entries

DEVIATIONS_FILE = HERE / "deviations.yaml"
NOT_MEASURED: Literal["not measured"] = "not measured"

#: What a run is picked by: entries of its configuration.
Where = dict[str, Any]


class Runs(Entry):
    """The runs of a sweep whose configuration has these values (for a mapping: at least these entries)."""

    sweep: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    where: Where


class Measured(Entry):
    """Two runs on the same cells that differ in a choice: another option, and the one that was chosen.

    option: of the entry, not the chosen one; varies: what of the configuration is meant to differ between the two;
    planned: the question of the analysis plan that asks for it, if there is one.
    """

    option: str
    data: str
    simulated: bool
    network: str
    varies: tuple[str, ...] = Field(min_length=1)
    other: Runs
    chosen: Runs
    planned: str | None = Field(default=None, pattern=r"^P\d+$")


class Setting(Entry):
    """The option of the code that carries a choice out, and its value for each option of the entry, in their order."""

    of: Literal["model", "run"]
    name: str
    values: tuple[Any, ...]


class Deviation(Entry):
    """One open choice; `effect` names the pairs of runs that measure it, where there are any."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    place: str
    options: tuple[str, ...] = Field(min_length=2)
    chosen: str
    setting: Setting | None = None
    why: str = Field(min_length=10)
    effect: tuple[Measured, ...] | Literal["not measured"]

    @field_validator("effect")
    @classmethod
    def _some(cls, effect: Any) -> Any:
        if effect == ():
            raise ValueError(f"name the runs that measure it, or write {NOT_MEASURED!r}")
        return effect

    @property
    def value(self) -> Any:
        """The value of the code's option that is the choice."""
        return self.setting.values[self.options.index(self.chosen)]

    @model_validator(mode="after")
    def _chosen_is_an_option(self) -> Deviation:
        if self.setting and len(self.setting.values) != len(self.options):
            counts = f"{len(self.setting.values)} values of {self.setting.name} for {len(self.options)} options"
            raise ValueError(f"setting: {counts}")
        if self.chosen not in self.options:
            raise ValueError(f"chosen {self.chosen!r} is not among the options: {', '.join(self.options)}")
        for measured in () if self.effect == NOT_MEASURED else self.effect:
            if measured.option not in self.options or measured.option == self.chosen:
                raise ValueError(f"effect: {measured.option!r} is not one of the options that were not chosen")
        return self


def load_deviations(path: Path | str = DEVIATIONS_FILE) -> dict[str, Deviation]:
    """All open choices by their id; ConfigError names file, entry and field of what is wrong."""
    return read_entries(path, Deviation)


def by_setting(ledger: Mapping[str, Deviation], of: str) -> dict[str, Deviation]:
    """Option of the code -> the entry that it carries out; of: `model` or `run`."""
    return {entry.setting.name: entry for entry in ledger.values() if entry.setting and entry.setting.of == of}
