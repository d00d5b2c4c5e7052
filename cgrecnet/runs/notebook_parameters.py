"""The parameters of the training notebook, checked by the notebook itself: papermill alone checks none.

papermill writes what it is given into a cell after the cell tagged `parameters`, whatever the names and the types. So
every name that this cell has added is taken for a parameter, and must be one.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool

from cgrecnet.training.config import RunConfig, validated

#: Names that IPython gives to what was typed and what came out.
_HISTORY = re.compile(r"_+|_i+|_i?\d+")
_WHERE = "the training notebook"


class Keeping(BaseModel):
    """Where a run's files go and what stays of them; no part of the run's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    results_folder: Path | None = None
    """None: `cgrecnet.paths.RESULTS`."""
    work_folder: Path | None = None
    """None: `cgrecnet.paths.WORK`."""
    keep_weights: StrictBool = False


def read_parameters(names: Mapping[str, Any], before: Collection[str]) -> tuple[RunConfig, Keeping]:
    """The parameters among a notebook's global `names`; `before`: those that it had before its parameters.

    Raises ConfigError, in one sentence, for an added name that is no parameter, and for a value of the wrong kind.
    """
    own = {name for kind in (RunConfig, Keeping) for name in kind.model_fields}
    added = {name for name in names if name not in before and not _HISTORY.fullmatch(name)}
    values = {name: names[name] for name in (*own, *sorted(added - own))}
    keeping = {name: values.pop(name) for name in Keeping.model_fields}
    return RunConfig.from_mapping(values, _WHERE), validated(Keeping, keeping, _WHERE)
