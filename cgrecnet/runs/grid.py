"""A sweep written down as data: a grid of runs, or points at random, checked whole before the first one starts.

What varies is a parameter, or a single option of one under a dotted name (`data_options.noise`).
"""

import itertools
import math
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from cgrecnet.data import options_of
from cgrecnet.data.options import suggest
from cgrecnet.errors import ConfigError
from cgrecnet.models.config import Options
from cgrecnet.paths import SWEEP_FILES
from cgrecnet.runs.strict_yaml import complaint, load_yaml
from cgrecnet.training.config import OPTIONS, RunConfig, own_names, validated, with_options

#: More runs than these are a mistake in a file.
MOST = 100_000
#: Significant digits of a value within a range, so that it can be read and typed.
DIGITS = 4
#: Draws for each point that is asked for, after which no new one is expected.
TRIES = 100

Ends = tuple[FiniteFloat, FiniteFloat]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Halving(_Strict):
    """Stopping hopeless settings: all train for `first` epochs, the better ones for `reduction` times as many, ..."""

    first: Annotated[int, Field(ge=1, strict=True)] = 1
    reduction: Annotated[int, Field(ge=2, strict=True)] = 3


class Range(_Strict):
    """Values of one parameter between two ends, evenly by logarithm (`log`) or by value (`linear`), or out of a list.

    points: how many, where the range stands in a grid.
    """

    log: Ends | None = None
    linear: Ends | None = None
    choice: Annotated[list[Any], Field(min_length=1)] | None = None
    points: Annotated[int, Field(ge=2, le=1000, strict=True)] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Range":
        if sum(kind is not None for kind in (self.log, self.linear, self.choice)) != 1:
            raise ValueError("name one of log: [low, high], linear: [low, high] and choice: [value, ...]")
        if self.choice is None and not (self.log or self.linear)[0] < (self.log or self.linear)[1]:
            raise ValueError("write the smaller end first, and two ends that differ")
        if self.log and self.log[0] <= 0:
            raise ValueError(f"{self.log[0]:g} has no logarithm; begin above 0, as in [1e-5, 1e-2]")
        return self

    def at(self, share: float, integer: bool) -> Any:
        """The value at `share` (0 to 1) of the way; integer: whether the parameter is a whole number."""
        if self.choice is not None:
            return self.choice[min(int(share * len(self.choice)), len(self.choice) - 1)]
        low, high = self.log or self.linear
        value = low * (high / low) ** share if self.log else low + (high - low) * share
        value = min(max(float(f"{value:.{DIGITS}g}"), low), high)
        return round(value) if integer else value


class Draws(_Strict):
    """Points drawn at random, always the same ones: more `draws` add points and keep those that were there."""

    draws: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    seed: Annotated[int, Field(ge=0, strict=True)] = 0
    space: Annotated[dict[str, Range], Field(min_length=1)]

    def points(self, where: str, data: str) -> list[dict[str, Any]]:
        """The points, all different; ConfigError where there are not so many. data: whose options they may set."""
        streams = {name: random.Random(f"{self.seed} {name}") for name in self.space}
        integer = {name: kind_of(name, data, where) is int for name in self.space}
        found: dict[str, dict[str, Any]] = {}
        for _ in range(TRIES * self.draws):
            point = {name: self.space[name].at(stream.random(), integer[name]) for name, stream in streams.items()}
            found.setdefault(repr(point), point)
            if len(found) == self.draws:
                return list(found.values())
        raise ConfigError(
            f"{where}: `random` has {len(found)} different points and not {self.draws}: lower `draws`, or multiply the "
            "values out in `grid`."
        )


class SweepFile(_Strict):
    """What a sweep file says; as `read_grid` returns it, lists stand for ranges, and `seeds` is a list in the grid."""

    experiment: Any
    base: dict[str, Any] = {}
    grid: dict[str, Any] = {}
    random: Draws | None = None
    seeds: Annotated[int, Field(ge=1, le=1000, strict=True)] | None = None
    halving: Halving | None = None

    @property
    def data(self) -> str:
        """The data set; the first of several."""
        choices = self.grid.get("data")
        found = choices[0] if isinstance(choices, list) and choices else self.base.get("data")
        return found if isinstance(found, str) else RunConfig.model_fields["data"].default


def check_name(name: str, where: str) -> None:
    """ConfigError for what is neither a parameter nor an option of one."""
    head, dot, _ = name.partition(".")
    if head not in RunConfig.model_fields or (dot and head not in OPTIONS):
        validated(RunConfig, {name: None}, where)  # says so, with the nearest name


def kind_of(name: str, data: str, where: str) -> type | None:
    """int or float for a parameter or an option that is such a number, None for another; data: whose options.

    Raises ConfigError for what is neither a parameter nor an option.
    """
    check_name(name, where)
    head, dot, option = name.partition(".")
    if not dot:
        known = {name: RunConfig.model_fields[name].annotation}
    elif head == "model_options":
        known = get_type_hints(Options)
    else:
        known = {field: info.annotation for field, info in options_of(data).model_fields.items()}
    if (option or name) not in known:
        raise ConfigError(f"{where}: {name!r} is no option; {suggest(option, known)}")
    kinds = _kinds(known[option or name])
    return float if float in kinds else int if int in kinds else None


def _kinds(annotation: Any) -> set:
    """The plain types in an annotation such as `Annotated[int, ...] | None`."""
    parts = get_args(annotation)
    return set().union(*map(_kinds, parts)) if parts else {annotation} if isinstance(annotation, type) else set()


def _refuse_twice(axes: Iterable[str], fixed: Mapping[str, Iterable[Any]], where: str) -> None:
    """ConfigError where an axis is an option that a mapping beside it sets; fixed: parameter -> values that it has."""
    for name in axes:
        head, dot, option = name.partition(".")
        if dot and any(isinstance(value, Mapping) and option in value for value in fixed.get(head, ())):
            raise ConfigError(f"{where}: {name!r} varies and stands in {head!r} as well; keep one.")


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
    where = str(path)
    values = {name: value for name, value in read_yaml_mapping(path).items() if value is not None}
    file = validated(SweepFile, values, where)
    base, grid = with_options(own_names(file.base, where), where), own_names(file.grid, where)
    space = own_names(file.random.space, where) if file.random else {}
    file = file.model_copy(update={"base": base, "grid": grid})
    grid |= {name: _choices(where, name, choices, file.data) for name, choices in grid.items()}
    for name, one in space.items():
        _need_number(name, one, where, file.data)
        if one.points is not None:
            raise ConfigError(f"{where}: `points` of {name!r} belongs into `grid`; in `random`, `draws` says how many.")
    places = {"base": base, "grid": grid, "random": space}
    for first, second in itertools.combinations(places, 2):
        if twice := [name for name in places[first] if name in places[second]]:
            raise ConfigError(f"{where}: {twice[0]!r} stands in both `{first}` and `{second}`; keep one.")
    fixed = {name: [value] for name, value in base.items()} | grid
    _refuse_twice([*grid, *space], fixed | {name: one.choice or [] for name, one in space.items()}, where)
    if file.seeds:
        if "seed" in {**grid, **space}:
            raise ConfigError(f"{where}: `seeds` counts seeds, and 'seed' stands beside it; keep one.")
        seed = validated(RunConfig, {"seed": base.pop("seed", RunConfig().seed)}, where).seed
        grid["seed"] = list(range(seed, seed + file.seeds))
    return file.model_copy(update={"random": file.random.model_copy(update={"space": space})} if space else {})


def _choices(where: str, name: str, choices: Any, data: str) -> list:
    """The values of a grid entry: a list, or a range with its number of points."""
    if isinstance(choices, dict) and {"log", "linear", "points"} & choices.keys():
        found = validated(Range, choices, f"{where}, {name!r}")
        integer = _need_number(name, found, where, data) is int
        if found.choice is not None or found.points is None:
            raise ConfigError(f"{where}: the range of {name!r} needs its number of points, as in points: 4.")
        return [found.at(place / (found.points - 1), integer) for place in range(found.points)]
    if "." in name:
        kind_of(name, data, where)  # refuses what is no option, and says in which file
    if not isinstance(choices, list) or not choices:
        raise ConfigError(
            f"{where}: grid entry {name!r} is {choices!r}; give it a list of at least one value, or a range such as "
            "{log: [1e-5, 1e-2], points: 4}."
        )
    return choices


def _need_number(name: str, one: Range, where: str, data: str) -> type | None:
    """As `kind_of`; ConfigError where a range is given to what is no number."""
    kind = kind_of(name, data, where)
    if kind is None and one.choice is None:
        raise ConfigError(f"{where}: {name!r} is no number, so that it has no range: list its values.")
    return kind


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
    drawn = file.random.points(str(path), overrides.get("data", file.data)) if file.random else [{}]
    if twice := [name for name in overrides if name in drawn[0]]:
        raise ConfigError(f"{path}: {twice[0]!r} is drawn at random; change its range there.")
    validated(RunConfig, with_options(overrides, "the command line"), "the command line")
    _refuse_twice([*grid, *drawn[0]], {name: [value] for name, value in overrides.items()}, "the command line")
    count = math.prod(map(len, grid.values())) * len(drawn)
    if count > MOST:
        raise ConfigError(f"{path} describes {count:,} runs, more than {MOST:,}: take values out of its lists.")
    fixed = {"experiment": file.experiment, **file.base, **overrides}
    points = (dict(zip(grid, chosen, strict=True)) for chosen in itertools.product(*grid.values()))
    return [RunConfig.from_mapping(fixed | point | one, str(path)) for point in points for one in drawn]


def _kept(path: Path, name: str, values: list, chosen: Any) -> list:
    """The chosen ones of a grid entry's values; ConfigError where it is no list of them."""
    if not isinstance(chosen, list) or not chosen or any(value not in values for value in chosen):
        known = ", ".join(map(str, values))
        raise ConfigError(
            f"{path}: {name!r} stands in the grid with the values {known}, not {chosen!r}; change it there, or name "
            f"those to keep, as in {name}=[{values[0]}]."
        )
    return chosen
