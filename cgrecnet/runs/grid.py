"""A sweep written down as data: a grid of runs, checked whole before the first one starts."""

import itertools
from pathlib import Path
from typing import Any

import yaml

from cgrecnet.data.options import suggest
from cgrecnet.errors import ConfigError
from cgrecnet.paths import SWEEP_FILES
from cgrecnet.runs.strict_yaml import complaint, load_yaml
from cgrecnet.training.config import RunConfig

KEYS = ("experiment", "base", "grid")


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


def read_grid(path: Path) -> tuple[str, dict[str, Any], dict[str, list]]:
    """(experiment, base, grid) of a sweep file, their form checked; ConfigError, in one sentence, where it is wrong."""
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
    for name, choices in grid.items():
        if not isinstance(choices, list) or not choices:
            raise ConfigError(f"{path}: grid entry {name!r} is {choices!r}; give it a list of at least one value.")
        if name in base:
            raise ConfigError(f"{path}: {name!r} stands in both `base` and `grid`; keep one.")
    return values["experiment"], base, grid


def read_sweep(path: Path, overrides: dict[str, Any] | None = None) -> list[RunConfig]:
    """All runs of a sweep file: `experiment`, the `base` parameters, and a `grid` of lists, multiplied out.

    overrides: values that take the place of those in `base` or of the experiment's name, or add to them; for a
    parameter of the grid, a list of those of its values that are kept.
    Raises ConfigError for the first run that would not be valid, before any run is started.
    """
    experiment, base, grid = read_grid(path)
    overrides = dict(overrides or {})
    if unknown := [name for name in overrides if name not in RunConfig.model_fields]:
        RunConfig.from_mapping({unknown[0]: overrides[unknown[0]]}, "the command line")  # says so
    grid = {name: _kept(path, name, values, overrides.pop(name, values)) for name, values in grid.items()}
    fixed = {"experiment": experiment, **base, **overrides}
    points = (dict(zip(grid, chosen, strict=True)) for chosen in itertools.product(*grid.values()))
    return [RunConfig.from_mapping(fixed | point, str(path)) for point in points]


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
