"""The numbers behind the simulated cells: read from `parameters.yaml`, checked, frozen.

Each number stands there with its unit and its source, or the word `assumed`; `parameter_table` shows them all.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cgrecnet.errors import ConfigError

FILE = Path(__file__).with_name("parameters.yaml")

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Three = tuple[float, float, float]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Values(_Section):
    """A section in which every entry is a number with its unit and source; only the number is kept."""

    @model_validator(mode="before")
    @classmethod
    def _numbers_only(cls, entries: dict) -> dict:
        for name, entry in entries.items():
            if not isinstance(entry, dict) or set(entry) != {"value", "unit", "source"} or not entry["source"]:
                raise ValueError(f"{name} needs exactly value, unit and source")
        return {name: entry["value"] for name, entry in entries.items()}


class Objective(_Section):
    pixel_um: Positive
    numerical_aperture: Positive
    source: str = Field(min_length=1)


class OpticsValues(_Values):
    wavelength_um: Positive
    condenser_aperture: NotNegative
    medium_index: Positive
    source_points: Annotated[int, Field(ge=1)]
    pixels: Annotated[int, Field(ge=8)]


class Camera(_Values):
    photons: Positive
    read_noise: NotNegative
    stripe_noise: NotNegative
    background_low: Positive
    background_high: Positive
    gain_low: Positive
    gain_high: Positive


class Crop(_Values):
    width: Annotated[int, Field(ge=8)]
    height_low: Annotated[int, Field(ge=8)]
    height_high: Annotated[int, Field(ge=8)]
    margin_low: NotNegative
    margin_high: NotNegative


class Focus(_Values):
    centre_um: float
    run_range_um: NotNegative
    cell_spread_um: NotNegative


class Cell(_Values):
    position_spread_um: NotNegative
    nucleus_index_mean: float
    nucleus_index_spread: NotNegative
    nucleus_absorption: NotNegative
    nucleus_elongation: Annotated[float, Field(ge=1)]
    nucleus_offset: Share
    nucleoli: Annotated[int, Field(ge=0, le=4)]
    nucleolus_path_um: NotNegative
    granule_width_low_um: Positive
    granule_width_high_um: Positive
    granule_absorption: NotNegative
    process_width_um: Positive
    process_path_um: NotNegative


class Trait(_Section):
    """A measured quantity: mean per kind (astrocyte, oligodendrocyte, neuron), common spread, and limits."""

    means: Three
    spread: Positive
    low: float
    high: float
    unit: str = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _means_within(self) -> "Trait":
        if not all(self.low <= mean <= self.high for mean in self.means):
            raise ValueError(f"the means {self.means} must lie between {self.low} and {self.high}")
        return self

    def draw(self, kind: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """One value per cell from standard normal numbers; shape (cells,)."""
        return np.clip(np.asarray(self.means)[kind] + self.spread * normal, self.low, self.high)


class Traits(_Section):
    radius_um: Trait
    elongation: Trait
    irregularity: Trait
    nucleus_ratio: Trait
    density: Trait
    absorption_per_um: Trait
    granules: Trait
    granule_path_um: Trait
    processes: Trait
    process_um: Trait

    def items(self):
        return ((name, getattr(self, name)) for name in type(self).model_fields)


class Debris(_Values):
    radius_low_um: Positive
    radius_high_um: Positive
    index: float
    absorption: NotNegative
    fragments: Annotated[int, Field(ge=1, le=3)]


class Doublets(_Values):
    gap_low: Positive
    gap_high: Positive


class Marker(_Section):
    """A fluorescent marker: channel, wavelength, where in the cell, ln(photons per um) of each kind."""

    channel: int
    emission_um: Positive
    place: Literal["nucleus", "cytoplasm"]
    means: Three
    spread: Positive
    source: str = Field(min_length=1)


class Fluorescence(_Values):
    crosstalk: Share
    background: NotNegative
    gain: Positive
    read_noise: NotNegative


class Parameters(_Section):
    """All parameters of the simulation; see the comments in `parameters.yaml`."""

    version: int
    objectives: dict[str, Objective]
    optics: OpticsValues
    camera: Camera
    crop: Crop
    focus: Focus
    cell: Cell
    traits: Traits
    debris: Debris
    doublets: Doublets
    markers: dict[str, Marker]
    fluorescence: Fluorescence


@cache
def parameters() -> Parameters:
    """The parameters of this version of the simulation."""
    return read_parameters(FILE)


def read_parameters(path: Path) -> Parameters:
    """Parameters from a YAML file; raises ConfigError, one sentence, where it is no such file."""
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        return Parameters.model_validate(content)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        reason = f"{place}: {first['msg'].removeprefix('Value error, ')}"
    raise ConfigError(f"The simulation's parameters in {path} cannot be used ({reason}): mend the file or reinstall.")


def numbers() -> dict:
    """The parameters' numbers without the words beside them (units, sources), as JSON keeps them."""
    return json.loads(json.dumps(_numbers(parameters().model_dump())))


def hash_of_numbers() -> str:
    """sha256 (hex) over `numbers`: other words in the file leave it as it is."""
    return hashlib.sha256(json.dumps(numbers(), sort_keys=True).encode()).hexdigest()


def _numbers(values):
    if not isinstance(values, dict):
        return values
    return {name: _numbers(value) for name, value in values.items() if name not in ("source", "unit")}


@dataclass(frozen=True)
class _Row:
    section: str
    name: str
    value: str
    unit: str
    source: str


def parameter_table(path: Path = FILE) -> pd.DataFrame:
    """Every parameter with value, unit and source, one row each, in the order of the file."""
    read_parameters(path)
    content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    rows = []
    for section, entries in content.items():
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            known = {key: value for key, value in entry.items() if key not in ("unit", "source")}
            value = str(known["value"]) if set(known) == {"value"} else ", ".join(f"{k} {v}" for k, v in known.items())
            rows.append(_Row(section, name, value, entry.get("unit", ""), entry["source"]))
    return pd.DataFrame([vars(row) for row in rows])
