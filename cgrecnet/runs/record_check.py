"""Is a record what its run wrote? Place, name and content have to agree, or it counts twice, or for something else."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from cgrecnet.data import made_on_the_spot
from cgrecnet.errors import RunError
from cgrecnet.files import hash_of, markup_in
from cgrecnet.runs.run_id import run_id_of

#: The field of the file that holds the hash of the others. A run's record that was written before there was one is
#: checked against its name and its predictions instead.
HASH = "sha256"
#: Largest difference between a recorded score and the same from predictions of 6 decimals: these make ties, which count
#: in the areas under the curve alone.
ROUNDING = {"auc": 0.005}
EXACT = 1e-9
Record = TypeVar("Record", bound=BaseModel)
_REMEDY = "put back the file that its run wrote, or delete its folder and run it again."


def read_fields(
    path: Path, make: Callable[[dict], Record], what: str, missing: str, foreign: str, remedy: str
) -> tuple[Record, bool]:
    """The record that `make` makes of the fields of the JSON at `path`, and whether the hash of them stands there.

    RunError, in one sentence, where the file is missing, cut off, of another form (what it then is: `foreign`), changed
    after it was written, or holds a text that a page would run and not show. what: name of such a file.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        written = fields.pop(HASH, None)
        record = make(fields)
    except FileNotFoundError:
        raise RunError(f"There is no {what} at {path}: {missing}.") from None
    except OSError as error:
        raise RunError(f"The {what} {path} cannot be read ({error.strerror}): make it readable.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RunError(
            f"The {what} {path} does not fit this version ({place}: {first['msg'].lower()}): {remedy}."
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RunError(f"The {what} {path} is cut off or {foreign}: {remedy}.") from None
    if (found := markup_in(fields)) is not None:
        raise RunError(
            f"The record {path} holds HTML or a template ({found[:60]!r}), which a page would run: {_REMEDY}"
        )
    if written is not None and hash_of(fields) != written:
        raise RunError(f"The record {path} was changed after it was written (its sha256 differs): {_REMEDY}")
    return record, written is not None


def with_hash(fields: Mapping[str, Any]) -> str:
    """The text of a record's file: its fields and the hash of them."""
    return json.dumps(fields | {HASH: hash_of(fields)}, indent=1, allow_nan=False) + "\n"


def check_place(path: Path, experiment: str, run_id: str) -> None:
    """RunError where the record at `path` is not in the folder of its experiment and run, as a copy is not."""
    folder = Path(path).absolute().parent
    if (folder.parent.name, folder.name) != (experiment, run_id):
        raise RunError(
            f"The folder {folder} holds a record of the run {experiment}/{run_id}, which would count twice or for "
            f"another run: move {folder} away (a record belongs into a folder of its run's name)."
        )


def check_name(path: Path, fields: Mapping[str, Any]) -> None:
    """RunError where settings, weights, cells and protocol are not those that the run's name is made from."""
    config, data, weights = fields["config"], fields["data"], fields["weights"]
    try:
        start = weights["sha256"] if config["weights"] not in (None, "imagenet") else config["weights"]
        cells = None if made_on_the_spot(config["data"]) else data["fingerprint"]
        name = run_id_of(config, start, cells, fields["protocol"])
    except KeyError as error:
        raise RunError(f"The record {path} lacks {error}, so that its run has no name: {_REMEDY}") from None
    if name != fields["run_id"]:
        raise RunError(
            f"The settings in the record {path} are those of another run ({name}), not of {fields['run_id']}: {_REMEDY}"
        )


def check_scores(
    path: Path, recorded: Mapping[str, Any], labels: np.ndarray, probabilities: np.ndarray, classes: tuple[str, ...]
) -> None:
    """RunError where the recorded test scores are not those of the run's predictions."""
    from cgrecnet.evaluation.metrics import score  # scikit-learn takes a second, which a record with a hash saves

    try:
        found = score(labels, probabilities, classes)
    except ValueError as error:
        raise RunError(f"The predictions beside {path} cannot be scored ({error}): {_REMEDY}") from None
    if place := _difference(recorded, found):
        raise RunError(f"The test scores in {path} are not those of its predictions ({place}): {_REMEDY}")


def _difference(recorded: Any, found: Any, name: str = "") -> str:
    """Where two scores differ, or nothing."""
    if isinstance(found, dict):
        if not isinstance(recorded, dict) or recorded.keys() != found.keys():
            return name or "other names"
        return next((where for key in found if (where := _difference(recorded[key], found[key], key))), "")
    if isinstance(found, list):
        if not isinstance(recorded, list) or len(recorded) != len(found):
            return name
        pairs = zip(recorded, found, strict=True)
        return next((where for one, other in pairs if (where := _difference(one, other, name))), "")
    if isinstance(found, float) and isinstance(recorded, int | float) and not isinstance(recorded, bool):
        return "" if math.isclose(recorded, found, rel_tol=0, abs_tol=ROUNDING.get(name, EXACT)) else name
    return "" if recorded == found and type(recorded) is type(found) else name
