"""Is a record what its run wrote? Place and content have to agree, or it counts twice, or for something else."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cgrecnet.errors import RunError
from cgrecnet.files import hash_of, markup_in

#: The field of the file that holds the hash of the others.
HASH = "sha256"
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


def read_placed(path: Path, kind: type[Record], what: str, missing: str, foreign: str, remedy: str) -> Record:
    """As `read_fields`, of a run or study; RunError too where it has no hash, or is not in its folder, as a copy is."""
    record, hashed = read_fields(path, lambda fields: kind(**fields), what, missing, foreign, remedy)
    folder = path.absolute().parent
    if not hashed:
        raise RunError(f"The record {path} has no sha256, so that nothing says that it is whole: {_REMEDY}")
    if (folder.parent.name, folder.name) != (record.experiment, record.run_id):
        raise RunError(
            f"The folder {folder} holds a record of the run {record.experiment}/{record.run_id}, which would count "
            f"twice or for another run: move {folder} away (a record belongs into a folder of its run's name)."
        )
    return record
