"""The parameters of a notebook that papermill runs, checked by the notebook itself: papermill checks none.

papermill writes what it is given into a cell after the cell tagged `parameters`, whatever the names and the types. So
every name that a notebook has got since it began is taken for a parameter, and must be one.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from cgrecnet.training.config import validated

#: Names that IPython gives to what was typed and what came out.
_HISTORY = re.compile(r"_+|_i+|_i?\d+")
_WHERE = "this notebook"


class Places(BaseModel):
    """Where files go; no part of a run's name. None: `cgrecnet.paths.RESULTS` and `cgrecnet.paths.WORK`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    results_folder: Path | None = None
    work_folder: Path | None = None


class Keeping(Places):
    """Where a run's files go, whether its weights stay, and the epoch at which it pauses, to go on at another start."""

    keep_weights: StrictBool = False
    until: Annotated[int, Field(ge=1, strict=True)] | None = None


Config = TypeVar("Config", bound=BaseModel)
Where = TypeVar("Where", bound=Places)


def read_parameters(
    names: Mapping[str, Any], before: Collection[str], config: type[Config], places: type[Where] = Places
) -> tuple[Config, Where]:
    """The parameters among a notebook's global `names`, which are those of `config` and of `places`.

    before: the names that it had before its parameters. config: has `from_mapping`, as `RunConfig` does.
    Raises ConfigError, in one sentence, for an added name that is no parameter, and for a value of the wrong kind.
    """
    own = [name for kind in (config, places) for name in kind.model_fields]
    added = {name for name in names if name not in before and not _HISTORY.fullmatch(name)}
    values = {name: names[name] for name in (*own, *sorted(added.difference(own)))}
    where = {name: values.pop(name) for name in places.model_fields}
    return config.from_mapping(values, _WHERE), validated(places, where, _WHERE)
