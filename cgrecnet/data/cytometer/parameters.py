"""The numbers behind the simulated cells: read from `parameters.yaml`, frozen.

Each number stands there with its unit and its source, or the word `assumed`; `parameter_table` shows them all.
"""

import hashlib
import json
from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

FILE = Path(__file__).with_name("parameters.yaml")


@dataclass(frozen=True)
class Trait:
    """A measured quantity: mean per kind (astrocyte, oligodendrocyte, neuron), common spread, and limits."""

    means: tuple[float, float, float]
    spread: float
    low: float
    high: float

    def draw(self, kind: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """One value per cell from standard normal numbers; shape (cells,)."""
        return np.clip(np.asarray(self.means)[kind] + self.spread * normal, self.low, self.high)


@cache
def parameters():
    """The parameters of this version of the simulation, section by section as the file has them, under its names.

    `objectives`, `traits` (each a `Trait`) and `markers` are mappings, every other section has its numbers as fields.
    """
    numbers = read_numbers(FILE)
    sections = {name: _frozen(name, values) for name, values in numbers.items() if isinstance(values, dict)}
    for name in ("objectives", "markers"):
        sections[name] = {key: _frozen(name, values) for key, values in numbers[name].items()}
    sections["traits"] = {
        name: Trait(**values | {"means": tuple(values["means"])}) for name, values in numbers["traits"].items()
    }
    return _frozen("parameters", numbers | sections)


def _frozen(name: str, values: Mapping[str, Any]):
    return namedtuple(name, values)(**values) if all(map(str.isidentifier, values)) else values


def read_numbers(path: Path) -> dict:
    """Section -> name -> number, or numbers of a trait, marker or objective, without the words beside them."""
    return {
        section: {name: _number(entry) for name, entry in entries.items()} if isinstance(entries, dict) else entries
        for section, entries in yaml.safe_load(path.read_text("utf-8")).items()
    }


def hash_of_numbers() -> str:
    """sha256 (hex) over the numbers of this version: other words in the file leave it as it is."""
    return hashlib.sha256(json.dumps(read_numbers(FILE), sort_keys=True).encode()).hexdigest()


def _number(entry: dict):
    numbers = {key: value for key, value in entry.items() if key not in ("unit", "source")}
    return numbers["value"] if set(numbers) == {"value"} else numbers


def parameter_table() -> pd.DataFrame:
    """Every parameter with value, unit and source, one row each, in the order of the file."""
    rows = []
    for section, entries in yaml.safe_load(FILE.read_text("utf-8")).items():
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            number = _number(entry)
            value = ", ".join(f"{k} {v}" for k, v in number.items()) if isinstance(number, dict) else f"{number:g}"
            rows.append((section, name, value, entry.get("unit", ""), entry["source"]))
    return pd.DataFrame(rows, columns=["section", "name", "value", "unit", "source"])
