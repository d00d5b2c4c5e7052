"""The book's YAML files, read and checked, and the digests by which builds know what changed.

Whatever is amiss in a file of the user's is said in one sentence.
"""

import hashlib
import json
from collections.abc import Iterable
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


def digest_of(paths: Iterable[Path], root: Path | None = None) -> str:
    """sha256 over the names of files (below `root`, where that is given) and what they hold."""
    digest = hashlib.sha256()
    for path in paths:
        name = path.relative_to(root) if root else path.name
        digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def one_line(error: Exception) -> str:
    """The error's message on one line, cut short where it is very long."""
    return " ".join(str(error).split())[:200]
