"""Reading the paper's YAML files: strict schemas, and errors that say file, entry and field in one sentence."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, StrictStr, ValidationError

from cgrecnet.errors import ConfigError

HERE = Path(__file__).parent

Model = TypeVar("Model", bound="Entry")


def _is_number(text: str) -> str:
    try:
        float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    return text


PrintedNumber = Annotated[StrictStr, AfterValidator(_is_number)]
"""A number as it is printed, kept as text so that its last digit is known."""


class Entry(BaseModel):
    """Base of all entries: cannot be changed, and knows every one of its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def decimals(printed: str) -> int:
    """How many digits stand after the decimal point of a printed number: decimals("8.40") is 2."""
    return len(printed.partition(".")[2])


def half_unit(printed: str) -> float:
    """Half a unit of the last printed digit: the most that rounding can have moved the number."""
    return 0.5 * 10.0 ** -decimals(printed)


def read_entries(path: Path | str, model: type[Model]) -> dict[str, Model]:
    """Read a YAML list of entries, each checked against `model`; by their id, in the file's order.

    Raises ConfigError, one sentence naming file, entry and field, when the file cannot be read, is not a list,
    an entry lacks a field, has one too many or a value that is not allowed, or an identifier comes twice.
    """
    path, entries = Path(path), {}
    for position, raw in enumerate(_load(path), 1):
        entry = _check(path, position, raw, model)
        if entry.id in entries:
            raise ConfigError(f"{path.name}: id {entry.id!r} is used twice; give every entry its own.")
        entries[entry.id] = entry
    return entries


def _load(path: Path) -> list[Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; give the path of a YAML file like the packaged one.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path.name} is not valid YAML{place}; mend the indentation or the quotes.") from None
    if not isinstance(content, list):
        raise ConfigError(f"{path.name} must be a list of entries, each starting with '- '.")
    return content


def _check(path: Path, position: int, raw: Any, model: type[Model]) -> Model:
    if not isinstance(raw, dict):
        raise ConfigError(f"{path.name}, entry {position}: must be a mapping of fields, not {raw!r}.")
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        name = raw.get("id", f"number {position}")
        raise ConfigError(f"{path.name}, entry {name}: {_sentence(error)}.") from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    field = _field(first["loc"])
    if first["type"] == "missing":
        return f"field {field} is missing"
    if first["type"] == "extra_forbidden":
        return f"field {field} is not known; check its spelling"
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    message = message[:1].lower() + message[1:] if message.startswith("Input") else message
    if first["type"] == "string_type":
        message = f"must be text in quotes, not {first['input']!r}"
    return f"field {field}: {message}" if field else message


def _field(location: Sequence[str | int]) -> str:
    """'values[2].printed' for the location ('values', 1, 'printed'); positions are counted from 1."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return text
