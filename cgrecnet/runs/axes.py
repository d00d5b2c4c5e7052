"""What varies in a sweep: a parameter, or a single option of one under a dotted name (`data_options.noise`); and ranges
of it in a sweep file: points at even distances for a grid, or points drawn at random."""

import random
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, field_validator, model_validator

from cgrecnet.data import options_of
from cgrecnet.data.options import suggest
from cgrecnet.errors import ConfigError
from cgrecnet.models.config import Options
from cgrecnet.training.config import OPTIONS, RunConfig, own_names, validated

#: Significant digits of a value within a range, so that it can be read and typed.
DIGITS = 4
#: Draws for each point that is asked for, after which no new one is expected.
TRIES = 100

Ends = tuple[FiniteFloat, FiniteFloat]


def check_name(name: str, where: str) -> None:
    """ConfigError for what is neither a parameter nor an option of one."""
    head, dot, _ = name.partition(".")
    if head not in RunConfig.model_fields or (dot and head not in OPTIONS):
        validated(RunConfig, {name: None}, where)  # says so, with the nearest name


def is_number(name: str, data: str, where: str) -> bool:
    """Whether a parameter or an option is a number; data: the data set, whose options they may be."""
    return bool({int, float} & _kinds(annotation_of(name, data, where)))


def is_whole(name: str, data: str, where: str) -> bool:
    """Whether it is a whole number."""
    kinds = _kinds(annotation_of(name, data, where))
    return int in kinds and float not in kinds


def refuse_twice(axes: Iterable[str], fixed: Mapping[str, Iterable[Any]], where: str) -> None:
    """ConfigError where an axis is an option that a mapping beside it sets; fixed: parameter -> values that it has."""
    for name in axes:
        head, dot, option = name.partition(".")
        if dot and any(isinstance(value, Mapping) and option in value for value in fixed.get(head, ())):
            raise ConfigError(f"{where}: {name!r} varies and stands in {head!r} as well; keep one.")


def annotation_of(name: str, data: str, where: str) -> Any:
    """The type of a parameter or an option, as it is written; ConfigError for what is neither."""
    check_name(name, where)
    head, dot, option = name.partition(".")
    if not dot:
        return RunConfig.model_fields[name].annotation
    if head == "model_options":
        known = get_type_hints(Options)
    else:
        known = {field: info.annotation for field, info in options_of(data).model_fields.items()}
    if option not in known:
        raise ConfigError(f"{where}: {name!r} is no option; {suggest(option, known)}")
    return known[option]


def _kinds(annotation: Any) -> set:
    """The plain types in an annotation such as `Annotated[int, ...] | None`."""
    parts = get_args(annotation)
    return set().union(*map(_kinds, parts)) if parts else {annotation} if isinstance(annotation, type) else set()


class Range(BaseModel):
    """Values of one parameter between two ends, evenly by logarithm (`log`) or by value (`linear`), or out of a list.

    points: how many, where the range stands in a grid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    log: Ends | None = None
    linear: Ends | None = None
    choice: Annotated[list[Any], Field(min_length=1)] | None = None
    points: Annotated[int, Field(ge=2, le=1000, strict=True)] | None = None

    @field_validator("log")
    @classmethod
    def _has_logarithms(cls, ends: Ends | None) -> Ends | None:
        if ends is not None and min(ends) <= 0:
            raise ValueError(f"{min(ends):g} has no logarithm; begin above 0, as in [1e-5, 1e-2]")
        return ends

    @field_validator("log", "linear")
    @classmethod
    def _upwards(cls, ends: Ends | None) -> Ends | None:
        if ends is not None and ends[0] >= ends[1]:
            raise ValueError("write the smaller end first, and two ends that differ")
        return ends

    @model_validator(mode="after")
    def _one_kind(self) -> "Range":
        if sum(kind is not None for kind in (self.log, self.linear, self.choice)) != 1:
            raise ValueError("name one of log: [low, high], linear: [low, high] and choice: [value, ...]")
        return self

    def at(self, share: float, whole: bool) -> Any:
        """The value at `share` (0 to 1) of the way; whole: whether the parameter is a whole number."""
        if self.choice is not None:
            return self.choice[min(int(share * len(self.choice)), len(self.choice) - 1)]
        low, high = self.log or self.linear
        value = low * (high / low) ** share if self.log else low + (high - low) * share
        value = min(max(float(f"{value:.{DIGITS}g}"), low), high)
        return round(value) if whole else value


class Draws(BaseModel):
    """Points drawn at random, always the same ones: more `draws` add points and keep those that were there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    draws: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    seed: Annotated[int, Field(ge=0, strict=True)] = 0
    space: Annotated[dict[str, Range], Field(min_length=1)]

    def points(self, where: str, data: str) -> list[dict[str, Any]]:
        """The points, all different; ConfigError where there are not so many. data: whose options they may set."""
        streams = {name: random.Random(f"{self.seed} {name}") for name in self.space}
        whole = {name: is_whole(name, data, where) for name in self.space}
        found: dict[str, dict[str, Any]] = {}
        for _ in range(TRIES * self.draws):
            point = {name: self.space[name].at(stream.random(), whole[name]) for name, stream in streams.items()}
            found.setdefault(repr(point), point)
            if len(found) == self.draws:
                return list(found.values())
        raise ConfigError(
            f"{where}: `random` has {len(found)} different points and not {self.draws}: lower `draws`, or multiply the "
            "values out in `grid`."
        )


def read_draws(values: Any, where: str, data: str) -> Draws:
    """The `random` of a sweep file about these data; ConfigError, in one sentence, where it is none."""
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: `random` is {values!r}; write draws: 20 and space: {{name: range}} below it.")
    if isinstance(values.get("space"), dict):
        values = values | {"space": own_names(values["space"], where)}
    found = validated(Draws, values, f"{where}, `random`")
    for name, one in found.space.items():
        _check(name, one, where, data)
        if one.points is not None:
            raise ConfigError(f"{where}: `points` of {name!r} belongs into `grid`; in `random`, `draws` says how many.")
    return found


def points_of(values: dict, name: str, where: str, data: str) -> list:
    """The values of a range in a grid, from end to end; ConfigError, in one sentence, where it is none."""
    found = validated(Range, values, f"{where}, {name!r}")
    _check(name, found, where, data)
    if found.choice is not None or found.points is None:
        raise ConfigError(f"{where}: the range of {name!r} in the grid needs its number of points, as in points: 4.")
    whole = is_whole(name, data, where)
    return [found.at(place / (found.points - 1), whole) for place in range(found.points)]


def _check(name: str, one: Range, where: str, data: str) -> None:
    """ConfigError where a range is given to what is no parameter, or no number."""
    if not is_number(name, data, where) and one.choice is None:
        raise ConfigError(f"{where}: {name!r} is no number, so that it has no range: list its values.")
