"""A run's record: the one file that says what was run, on what, with what result.

It is written last and in one piece. Where it is missing, the run is not done; where it is not in its run's folder, or
its content is not what was written, it is refused: it would count twice, or for something else.
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from cgrecnet.errors import RunError
from cgrecnet.files import hash_of, markup_in, write_file

RECORD = "run.json"
PREDICTIONS = "predictions.csv"
#: The field of the file that holds the hash of the others.
HASH = "sha256"
Record = TypeVar("Record", bound=BaseModel)
_ADVICE = "put back the file that its run wrote, or delete its folder and run it again."


class BaseRecord(BaseModel):
    """What every record says of itself.

    code: hash of the package's files, and commit: where they are from, both to look things up by.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    schema_version: Literal[2] = 2
    status: Literal["ok"] = "ok"
    run_id: str
    experiment: str
    config: dict[str, Any]
    started: str
    wall_seconds: float
    commit: str
    code: str
    weights: dict[str, Any]
    hardware: dict[str, Any]
    software: dict[str, str]


class RunRecord(BaseRecord):
    """What `run.json` holds. `test` is what `cgrecnet.evaluation.metrics.score` returns.

    protocol: of training (`cgrecnet.training.protocol`), by which a record counts.
    """

    protocol: int
    data: dict[str, Any]
    split: dict[str, Any]
    parameters: int
    history: list[dict[str, Any]]
    test: dict[str, Any]
    predictions_sha256: str


def write_run(folder: Path, record: RunRecord, predictions: str) -> Path:
    """Write the predictions, then the record, each to a temporary name first; return the record's path."""
    write_file(folder / PREDICTIONS, predictions)
    return write_file(folder / RECORD, with_hash(record.model_dump()))


def check_writable(folder: Path, option: str) -> None:
    """Find out before the first epoch, not after the last, that a folder cannot take files."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise RunError(f"Nothing can be written to {there}: make it a writable folder, or name another with {option}.")


def read_fields(
    path: Path, make: Callable[[dict], Record], what: str, missing: str, advice: str
) -> tuple[Record, bool]:
    """The record that `make` makes of the fields of the JSON at `path`, and whether the hash of them stands there.

    what: name of such a file; missing, advice: what to do where there is none, and where it is damaged.
    RunError, in one sentence, where the file is missing, cut off, of another form, changed after it was written, or
    holds a text that a page would run and not show.
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
            f"The {what} {path} does not fit this version ({place}: {first['msg'].lower()}): {advice}."
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RunError(f"The file {path} is cut off or no {what}: {advice}.") from None
    if (found := markup_in(fields)) is not None:
        raise RunError(
            f"The record {path} holds HTML or a template ({found[:60]!r}), which a page would run: {_ADVICE}"
        )
    if written is not None and hash_of(fields) != written:
        raise RunError(f"The record {path} was changed after it was written (its sha256 differs): {_ADVICE}")
    return record, written is not None


def with_hash(fields: Mapping[str, Any]) -> str:
    """The text of a record's file: its fields and the hash of them."""
    return json.dumps(fields | {HASH: hash_of(fields)}, indent=1, allow_nan=False) + "\n"


def read_record(path: Path, kind: type[Record] = RunRecord) -> Record:
    """The record at `path`, of a run or of a study; RunError, in one sentence, where it is missing, damaged or changed,
    has no hash, or is not in its run's folder, as a copy is."""
    missing, advice = "the run is not done; start it again", "delete its folder and run it again"
    record, hashed = read_fields(Path(path), lambda fields: kind(**fields), "run record", missing, advice)
    folder = Path(path).absolute().parent
    if not hashed:
        raise RunError(f"The record {path} has no sha256, so that nothing says that it is whole: {_ADVICE}")
    if (folder.parent.name, folder.name) != (record.experiment, record.run_id):
        raise RunError(
            f"The folder {folder} holds a record of the run {record.experiment}/{record.run_id}, which would count "
            f"twice or for another run: move {folder} away (a record belongs into a folder of its run's name)."
        )
    return record


def format_predictions(cell_ids: list[str], labels: np.ndarray, probabilities: np.ndarray) -> str:
    """One CSV line per cell: id, true label, one probability per class (6 decimals)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["cell_id", "label", *(f"p{i}" for i in range(probabilities.shape[1]))])
    for cell_id, label, row in zip(cell_ids, labels, probabilities, strict=True):
        writer.writerow([cell_id, int(label), *(f"{value:.6f}" for value in row)])
    return out.getvalue()


def read_predictions(results: Path, record: RunRecord) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Cell ids, labels and probabilities of a run's test cells; RunError if the file is not the run's own."""
    path = Path(results) / record.experiment / record.run_id / PREDICTIONS
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"The predictions {path} cannot be read ({error.strerror}): run it again.") from None
    except UnicodeDecodeError:
        text = None
    try:
        rows = list(csv.reader(io.StringIO(text)))[1:]
        numbers = np.array([[float(value) for value in row[1:]] for row in rows])
        ids, labels, probabilities = [row[0] for row in rows], numbers[:, 0].astype(int), numbers[:, 1:]
    except (ValueError, IndexError):
        text = None
    if text is None or sha256(text) != record.predictions_sha256:
        raise RunError(f"The predictions {path} are not those of its record: delete the folder and run it again.")
    return ids, labels, probabilities


def sha256(text: str) -> str:
    """Hash of a text as UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
