"""Settings of a data set: validated, frozen, with one plain sentence for a mistake."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from cgrecnet.errors import ConfigError


class Options(BaseModel):
    """Base class for the settings of a data set: unknown names are refused, values cannot change later."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


#: Two grey levels (black, white).
Pair = tuple[float, float]


def _white_above_black(pair: Pair) -> Pair:
    if not pair[1] > pair[0]:
        raise ValueError("the second number (white) must lie above the first (black)")
    return pair


#: Grey levels (black, white) that map to 0 and 1.
Window = Annotated[Pair, AfterValidator(_white_above_black)]
OptionsType = TypeVar("OptionsType", bound=Options)


def suggest(value: object, known: Iterable[str]) -> str:
    """End of a message about an unknown name: the nearest known one, then all of them."""
    known = list(known)
    near = difflib.get_close_matches(str(value), known, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"{meant}Known: {', '.join(known)}." if known else f"{meant}None are known."


def check_options(kind: type[OptionsType], options: Mapping | OptionsType | None, name: str) -> OptionsType:
    """Validated settings of data set `name`; raises ConfigError that names the setting, value and remedy."""
    if isinstance(options, kind):
        return options
    if options is not None and not isinstance(options, Mapping):
        raise ConfigError(f"The options of data set {name!r} must be a mapping of names to values, not {options!r}.")
    given = dict(options or {})
    for key in given:
        if key not in kind.model_fields:
            raise ConfigError(f"Data set {name!r} has no option {key!r}; {suggest(key, kind.model_fields)}")
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        if isinstance(first.get("ctx", {}).get("error"), ConfigError | ValueError):
            reason = str(first["ctx"]["error"])
        else:
            reason = first["msg"][0].lower() + first["msg"][1:]
        place = ".".join(str(part) for part in first["loc"]) or "options"
        raise ConfigError(f"Data set {name!r} cannot use {place}={first['input']!r}: {reason}.") from None


def check_group(rule: int | str | None) -> int | str | None:
    """`rule`, if it is a folder level or a regular expression; raises ValueError with the reason."""
    if isinstance(rule, bool) or (isinstance(rule, int) and rule < 1):
        raise ValueError("a folder level is a whole number, 1 (below the root) or more")
    if isinstance(rule, str):
        try:
            re.compile(rule)
        except re.error as error:
            raise ValueError(f"it is no regular expression ({error})") from None
    return rule


class ReadingOptions(Options):
    """How image files are read (`images.reading`), for data sets of such files.

    page: of a file of several (image and mask, say), counted from 1.
    scale: levels (black, white) that become 0 and 65,535 of 16 bit: for floating-point, signed and 32-bit images; with
        several channels, one pair for all or one for each. `depth`: each file's whole range of 8 or 16 bit, for
        folders where both are mixed.
    inverted: turn files round that say of themselves that 0 is white.
    """

    page: Annotated[int, Field(ge=1, strict=True)] | None = None
    scale: Pair | tuple[Pair, ...] | Literal["depth"] | None = None
    inverted: bool = False

    @field_validator("scale")
    @classmethod
    def _each_white_above_black(cls, scale):
        pairs = () if scale in (None, "depth") else scale if isinstance(scale[0], tuple) else (scale,)
        for pair in pairs:
            _white_above_black(pair)
        return scale
