"""What varies in a sweep: a parameter, or a single option of one under a dotted name (`data_options.noise`)."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_type_hints

from cgrecnet.data import options_of
from cgrecnet.data.options import suggest
from cgrecnet.errors import ConfigError
from cgrecnet.models.config import Options
from cgrecnet.training.config import OPTIONS, RunConfig, validated


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
