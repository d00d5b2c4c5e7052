"""The paper's claims as data: what is printed where, what would decide it, and how near is near enough.

And statements of the paper that contradict, or sit badly with, each other.
"""

from math import sqrt
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from cgrecnet.errors import ConfigError
from cgrecnet.paper.schema import HERE, Entry, PrintedNumber, half_unit, read_entries

CLAIMS_FILE = HERE / "claims.yaml"
NORMAL_95 = 1.96
#: Units of pure numbers, which are not written behind them.
PURE = ("probability", "area", "ratio")

Kind = Literal["arithmetic", "machinery", "data"]
Rule = Literal["exact", "rounding", "sampling", "fixed", "none"]


class Value(Entry):
    """One printed number of a claim; `derived` marks a difference of printed numbers that is not itself printed."""

    name: str
    printed: PrintedNumber
    unit: str
    sd: PrintedNumber | None = None
    cell: str | None = None
    derived: bool = False

    def __str__(self) -> str:
        """`accuracy: 96.40 ± 0.07 %`; of a share, an area or a ratio the name says what it is."""
        spread = f" ± {self.sd}" if self.sd else ""
        unit = "" if self.unit in PURE else f" {self.unit}"
        return f"{self.name}: {self.printed}{spread}{unit}" + " (difference of printed numbers)" * self.derived

    @property
    def number(self) -> float:
        return float(self.printed)

    @property
    def half_unit(self) -> float:
        """Half a unit of the last printed digit."""
        return half_unit(self.printed)


class Tolerance(Entry):
    """How far a result may lie from the printed value, and why that far; written before any run on cells."""

    rule: Rule
    reason: str = Field(min_length=10)
    absolute: float | None = Field(default=None, ge=0)
    cells: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _rule_has_its_number(self) -> "Tolerance":
        needs = {"fixed": "absolute", "sampling": "cells"}.get(self.rule)
        for name in ("absolute", "cells"):
            if name == needs and getattr(self, name) is None:
                raise ValueError(f"rule '{self.rule}' needs the field '{name}'")
            if name != needs and getattr(self, name) is not None:
                raise ValueError(f"rule '{self.rule}' takes no field '{name}'")
        return self

    def half_width(self, value: Value) -> float | None:
        """The largest allowed difference from `value`, in its unit; None when nothing printed can be compared.

        Sampling: 1.96 sqrt(sd^2 + 2 p (1 - p) / n), with p the printed proportion and n the cells of a test set,
        counted twice since the paper's test set and ours are both samples.
        """
        if self.rule == "sampling":
            scale = 100.0 if value.unit == "%" else 1.0
            share = value.number / scale
            sampling = scale * sqrt(2 * share * (1 - share) / self.cells)
            return NORMAL_95 * sqrt(float(value.sd or 0) ** 2 + sampling**2)
        widths = {"exact": 0.0, "rounding": value.half_unit, "fixed": self.absolute, "none": None}
        return widths[self.rule]


class Claim(Entry):
    """One claim of the paper; holds no result."""

    id: str = Field(pattern=r"^C\d{2}$")
    title: str
    place: str
    values: tuple[Value, ...]
    kinds: tuple[Kind, ...] = Field(min_length=1)
    decided_by: str = Field(min_length=10)
    tolerance: Tolerance
    open_choices: tuple[str, ...] = ()

    def allows(self, value: Value, result: float) -> bool:
        """Whether `result` lies within the tolerance around a printed value (a rounding of 1e-9 is forgiven).

        Raises ConfigError when the claim has nothing printed to compare with.
        """
        width = self.tolerance.half_width(value)
        if width is None:
            raise ConfigError(f"{self.id} has no tolerance to compare with: {self.tolerance.reason}")
        return abs(result - value.number) <= width + 1e-9

    @property
    def printed_text(self) -> str:
        """The printed values in words, one a line."""
        return "\n".join(map(str, self.values)) or "no number"

    @property
    def tolerance_text(self) -> str:
        """The tolerance in numbers, one unit a line: ± the smallest to the largest half-width over its values."""
        if self.tolerance.rule in ("none", "exact"):
            return self.tolerance.rule
        spans: dict[str, list[str]] = {}
        for value in sorted(self.values, key=self.tolerance.half_width):
            spans.setdefault(value.unit, []).append(f"{self.tolerance.half_width(value):.2g}")
        lines = (f"± {' to '.join(dict.fromkeys((widths[0], widths[-1])))} {unit}" for unit, widths in spans.items())
        return "\n".join(lines) or f"± {self.tolerance.absolute:g}"

    def value(self, name: str) -> Value:
        """The printed value called `name`; raises ConfigError when the claim has none of that name."""
        for value in self.values:
            if value.name == name:
                return value
        known = ", ".join(value.name for value in self.values) or "none"
        raise ConfigError(f"{self.id} has no value named {name!r}; its values are: {known}.")


def load_claims(path: Path | str = CLAIMS_FILE) -> dict[str, Claim]:
    """All claims by their id, in the file's order; ConfigError names file, entry and field of what is wrong."""
    return read_entries(path, Claim)


class Statement(Entry):
    """A few words of the paper and the section they stand in."""

    place: str
    quote: str = Field(min_length=5)


class Contradiction(Entry):
    """Two or more statements, and why they do not go together."""

    id: str = Field(pattern=r"^X\d{2}$")
    title: str
    statements: tuple[Statement, ...] = Field(min_length=2)
    why: str = Field(min_length=10)


def load_contradictions() -> dict[str, Contradiction]:
    """All contradictions by their id; ConfigError names file, entry and field of what is wrong."""
    return read_entries(HERE / "contradictions.yaml", Contradiction)
