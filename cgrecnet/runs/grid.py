"""A sweep written down as data: a grid of runs, or points at random, checked whole before the first one starts."""

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from cgrecnet.data.options import suggest
from cgrecnet.errors import ConfigError
from cgrecnet.paths import SWEEP_FILES
from cgrecnet.runs.axes import Draws, annotation_of, points_of, read_draws, refuse_twice
from cgrecnet.runs.strict_yaml import complaint, load_yaml
from cgrecnet.training.config import RunConfig, own_names, validated, with_options

KEYS = ("experiment", "base", "grid", "random", "seeds", "halving")
#: More runs than these are a mistake in a file.
MOST = 100_000


class Halving(BaseModel):
    """Stopping hopeless settings: all train for `first` epochs, the better ones for `reduction` times as many, ..."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: Annotated[int, Field(ge=1, strict=True)] = 1
    reduction: Annotated[int, Field(ge=2, strict=True)] = 3


@dataclass(frozen=True)
class SweepFile:
    """What a sweep file says, its form checked. grid: also what `seeds` and ranges stand for."""

    experiment: Any
    base: dict[str, Any]
    grid: dict[str, list]
    draws: Draws | None
    halving: Halving | None

    @property
    def data(self) -> str:
        """The data set; the first of several."""
        return _data_of(self.base, self.grid)


def find_sweep(word: Path) -> Path:
    """The sweep file that `word` names: a file, or one of the project's own by its name (`jurkat-seeds`).

    `sweeps/jurkat-seeds.yaml` means the project's file in any folder that has no such file of its own.
    Raises ConfigError for a mere name that no sweep of the project has.
    """
    word = Path(word)
    if word.is_file() or str(word.parent) not in (".", SWEEP_FILES.name) or word.suffix not in ("", ".yaml"):
        return word
    own = SWEEP_FILES / f"{word.stem}.yaml"
    if not word.suffix and not own.is_file():
        names = sorted(path.stem for path in SWEEP_FILES.glob("*.yaml"))
        raise ConfigError(f"There is no file {word} here, and no sweep of that name; {suggest(word.name, names)}")
    return own if own.is_file() else word


def read_yaml_mapping(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; ConfigError, in one sentence, where there is none."""
    try:
        values = load_yaml(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}): check the path.") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a date that does not exist
        raise ConfigError(f"{path} is not valid YAML{complaint(error)}: mend it and start again.") from None
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise ConfigError(f"{path} holds no `name: value` pairs: write one parameter per line.")
    return values


def read_grid(path: Path) -> SweepFile:
    """What a sweep file says, its form checked; ConfigError, in one sentence, where it is wrong."""
    values = read_yaml_mapping(path)
    unknown = [key for key in values if key not in KEYS]
    if unknown or "experiment" not in values:
        raise ConfigError(
            f"{path} has {'the unknown key ' + repr(unknown[0]) if unknown else 'no experiment'}: "
            f"a sweep has the keys {', '.join(KEYS)}."
        )
    base, grid = values.get("base") or {}, values.get("grid") or {}
    if not isinstance(base, dict) or not isinstance(grid, dict):
        raise ConfigError(f"{path}: `base` and `grid` are `name: value` pairs; one of them is not.")
    for name in (*base, *grid):
        if not isinstance(name, str):
            raise ConfigError(f"{path}: {name!r} is no parameter's name; names are words.")
    base, grid = with_options(own_names(base, str(path)), str(path)), own_names(grid, str(path))
    data = _data_of(base, grid)
    draws = read_draws(values["random"], str(path), data) if "random" in values else None
    grid = {name: _choices(path, name, choices, data) for name, choices in grid.items()}
    places = {"base": base, "grid": grid, "random": draws.space if draws else {}}
    whole = {name: [value] for name, value in base.items()} | grid
    whole |= {name: one.choice or [] for name, one in places["random"].items()}
    refuse_twice([*grid, *places["random"]], whole, str(path))
    for first, second in itertools.combinations(places, 2):
        if twice := [name for name in places[first] if name in places[second]]:
            raise ConfigError(f"{path}: {twice[0]!r} stands in both `{first}` and `{second}`; keep one.")
    if "seeds" in values:
        if place := next((place for place in ("grid", "random") if "seed" in places[place]), None):
            raise ConfigError(f"{path}: `seeds` counts seeds, and 'seed' in `{place}` names them; keep one.")
        grid["seed"] = _seeds(path, values["seeds"], base.get("seed", RunConfig.model_fields["seed"].default))
        base = {name: value for name, value in base.items() if name != "seed"}
    halving = None
    if "halving" in values:
        if not isinstance(values["halving"], dict):
            raise ConfigError(f"{path}: `halving` is {values['halving']!r}; write {{first: 1, reduction: 3}}.")
        halving = validated(Halving, values["halving"], f"{path}, `halving`")
    return SweepFile(values["experiment"], base, grid, draws, halving)


def _data_of(base: dict[str, Any], grid: dict[str, Any]) -> str:
    """The data set of a sweep file, or the first one of its grid."""
    choices = grid.get("data")
    found = choices[0] if isinstance(choices, list) and choices else base.get("data")
    return found if isinstance(found, str) else RunConfig.model_fields["data"].default


def _choices(path: Path, name: str, choices: Any, data: str) -> list:
    """The values of a grid entry: a list, or a range with its number of points."""
    if isinstance(choices, dict) and {"log", "linear", "points"} & choices.keys():
        return points_of(choices, name, str(path), data)
    if "." in name:
        annotation_of(name, data, str(path))  # refuses what is no option, and says in which file
    if not isinstance(choices, list) or not choices:
        raise ConfigError(
            f"{path}: grid entry {name!r} is {choices!r}; give it a list of at least one value, or a range such as "
            "{log: [1e-5, 1e-2], points: 4}."
        )
    return choices


def _seeds(path: Path, count: Any, first: Any) -> list[int]:
    """So many seeds, from `first` on."""
    if type(count) is not int or not 1 <= count <= 1000:
        raise ConfigError(f"{path}: `seeds` is {count!r}; give the number of seeds, 1 to 1000, such as seeds: 5.")
    first = validated(RunConfig, {"seed": first}, str(path)).seed
    return [first + number for number in range(count)]


def read_sweep(path: Path, overrides: dict[str, Any] | None = None) -> list[RunConfig]:
    """All runs of a sweep file: `experiment`, the `base` parameters, and a `grid` of lists, multiplied out.

    Where there are points drawn at random, each of them is done at each point of the grid.
    overrides: values that take the place of those in `base` or of the experiment's name, or add to them; for a
    parameter of the grid, a list of those of its values that are kept.
    Raises ConfigError for the first run that would not be valid, before any run is started.
    """
    file = read_grid(path)
    overrides = dict(overrides or {})
    grid = {name: _kept(path, name, values, overrides.pop(name, values)) for name, values in file.grid.items()}
    drawn = file.draws.points(str(path), overrides.get("data", file.data)) if file.draws else [{}]
    if twice := [name for name in overrides if name in drawn[0]]:
        raise ConfigError(f"{path}: {twice[0]!r} is drawn at random; change its range there.")
    validated(RunConfig, with_options(overrides, "the command line"), "the command line")
    refuse_twice([*grid, *drawn[0]], {name: [value] for name, value in overrides.items()}, "the command line")
    count = math.prod(map(len, grid.values())) * len(drawn)
    if count > MOST:
        raise ConfigError(f"{path} describes {count:,} runs, more than {MOST:,}: take values out of its lists.")
    fixed = {"experiment": file.experiment, **file.base, **overrides}
    points = (dict(zip(grid, chosen, strict=True)) for chosen in itertools.product(*grid.values()))
    return [RunConfig.from_mapping(fixed | point | one, str(path)) for point in points for one in drawn]


def _kept(path: Path, name: str, values: list, chosen: Any) -> list:
    """The chosen ones of a grid entry's values; ConfigError where it is no list of them."""
    if not isinstance(chosen, list) or not chosen:
        raise ConfigError(
            f"{path}: {name!r} stands in the grid; change it there, or name those of its values to keep, as in "
            f"{name}=[{values[0]}]."
        )
    if foreign := [value for value in chosen if value not in values]:
        known = ", ".join(map(str, values))
        raise ConfigError(f"{path}: the grid's {name!r} has no value {foreign[0]!r} to keep; it has {known}.")
    return chosen
