"""The book's YAML files, read and checked, and what builds remember as JSON.

Whatever is amiss in a file of the user's is said in one sentence.
"""

import json
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
    """Parameters by chapter, as written; raises ConfigError where they are nothing that a notebook can be given."""
    try:
        content = json.loads(json.dumps(load(path, label) or {}, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{label} holds what no notebook can be given ({one_line(error)}): use text (in quotes), numbers, true, "
            "false, null, or lists and mappings of these."
        ) from None
    if not isinstance(content, dict) or not all(isinstance(values, dict) for values in content.values()):
        raise ConfigError(f"{label} must map each chapter to a mapping of name: value.")
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
