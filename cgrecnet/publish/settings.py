"""The book's YAML files, read and checked, and what builds remember as JSON.

Whatever is amiss in a file of the user's is said in one sentence.
"""

import json
import math
from pathlib import Path
from typing import Any

import yaml

from cgrecnet.errors import ConfigError


def load(path: Path, label: str) -> Any:
    """The content of a YAML file; ConfigError, calling it `label`, where it cannot be read."""
    try:
        return yaml.safe_load(path.read_text("utf8"))
    except OSError as error:
        raise ConfigError(f"{label} cannot be read ({error.strerror}): restore it.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: no such date, or not UTF-8
        raise ConfigError(f"{label} is not valid YAML ({one_line(error)}): mend it.") from None


def parameters(path: Path, label: str) -> dict[str, dict[str, Any]]:
    """Parameters by chapter, as written; raises ConfigError where they are no plain values under names."""
    content = load(path, label) or {}
    if not isinstance(content, dict):
        raise ConfigError(f"{label} must map each chapter to a mapping of name: value.")
    for chapter, values in content.items():
        if not isinstance(chapter, str):
            raise ConfigError(f"{label}: {chapter!r} is no chapter's name, but {_kind(chapter)}: correct it.")
        if not isinstance(values, dict):
            raise ConfigError(f"{label} must map each chapter to a mapping of name: value, but {chapter} has none.")
        for name, value in values.items():
            if not isinstance(name, str):
                raise ConfigError(
                    f"{label}: {name!r}, of {chapter}, is no parameter's name, but {_kind(name)}: correct it."
                )
            if not _is_plain(value):
                raise ConfigError(
                    f"{label}: {name} of {chapter} is {_kind(value)} that no notebook can be given: "
                    "use text (in quotes), numbers, true, false, null, or lists and mappings of these."
                )
    return content


def remembered(path: Path) -> dict[str, Any]:
    """What an earlier build wrote to a file of JSON; nothing where there is none, or it is damaged."""
    try:
        content = json.loads(path.read_text("utf8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def one_line(error: Exception) -> str:
    """The error's message on one line, cut short where it is very long."""
    return " ".join(str(error).split())[:200]


def _is_plain(value: Any) -> bool:
    """Whether JSON, and so a notebook, can hold it as it is."""
    try:
        return json.loads(json.dumps(value, allow_nan=False)) == value
    except (TypeError, ValueError):  # YAML lets a list hold itself
        return False


def _kind(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"the number {value}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
