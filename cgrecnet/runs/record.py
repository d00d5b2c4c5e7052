"""A run's record: the one file that says what was run, on what, with what result.

It is written last and in one piece. Where it is missing, the run is not done.
"""

import csv
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from cgrecnet.errors import RunError
from cgrecnet.files import whole
from cgrecnet.models import list_models

RECORD = "run.json"
PREDICTIONS = "predictions.csv"


class RunRecord(BaseModel):
    """What `run.json` holds. `test` is what `cgrecnet.evaluation.metrics.score` returns.

    protocol: of training (`cgrecnet.training.protocol`), by which a record counts; code: hash of the package's files,
    and commit: where they are from, both to look things up by.
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
    protocol: int
    data: dict[str, Any]
    split: dict[str, Any]
    weights: dict[str, Any]
    parameters: int
    hardware: dict[str, Any]
    software: dict[str, str]
    history: list[dict[str, Any]]
    test: dict[str, Any]
    predictions_sha256: str


def write_run(folder: Path, record: RunRecord, predictions: str) -> Path:
    """Write the predictions, then the record, each to a temporary name first; return the record's path."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"The folder {folder} cannot be made ({error.strerror}): name another with --results and start the run "
            "again; it goes on from its last checkpoint."
        ) from error
    write_whole(folder / PREDICTIONS, predictions)
    text = json.dumps(record.model_dump(), indent=1, allow_nan=False)
    return write_whole(folder / RECORD, text + "\n")


def write_whole(path: Path, text: str) -> Path:
    """Write `text` to `path` so that `path` never holds a part of it; RunError where the disk refuses."""
    try:
        with whole(path) as file:
            file.write(text)
    except OSError as error:
        raise RunError(
            f"{path} could not be written ({error.strerror}): make room or the folder writable, then start the "
            "run again; it goes on from its last checkpoint."
        ) from error
    return path


def read_record(path: Path) -> RunRecord:
    """The record at `path`; RunError, in one sentence, where it is missing, cut off or not a record."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
        return RunRecord(**values)
    except FileNotFoundError:
        raise RunError(f"There is no run record at {path}: the run is not done; start it again.") from None
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError):
        raise RunError(f"The run record {path} is cut off or not JSON: delete its folder and run it again.") from None
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise RunError(
            f"The run record {path} does not fit this version ({place}: {error.errors()[0]['msg'].lower()}): "
            "delete its folder and run it again."
        ) from None


def record_paths(results: Path, experiment: str) -> list[Path]:
    """Where the records of an experiment are, by name; empty where there is none."""
    folder = Path(results) / experiment
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    return [path for name in names if (path := folder / name / RECORD).exists()]


def load_records(results: Path, experiment: str) -> list[RunRecord]:
    """All records of an experiment, ordered by model (as in the registry), fold and seed; RunError for none."""
    folder = Path(results) / experiment
    records = [read_record(path) for path in record_paths(results, experiment)]
    if not records:
        raise RunError(f"There are no run records under {folder}: run the experiment first (`cgrecnet sweep`).")
    _refuse_twins(folder, records)
    place = {name: number for number, name in enumerate(list_models())}
    return sorted(records, key=lambda r: (place[r.config["model"]], r.config["fold"], r.config["seed"], r.run_id))


def _refuse_twins(folder: Path, records: list[RunRecord]) -> None:
    """Two records of one configuration, made by different code, must not both enter a table."""
    seen: dict[str, RunRecord] = {}
    for record in sorted(records, key=lambda r: r.started):
        older = seen.setdefault(json.dumps(record.config, sort_keys=True), record)
        if older is not record:
            raise RunError(
                f"{older.run_id} and {record.run_id} are records of the same configuration: delete the one that is "
                f"out of date, {folder / older.run_id}."
            )


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
    except FileNotFoundError:
        raise RunError(f"The predictions {path} are missing: delete the run's folder and run it again.") from None
    if sha256(text) != record.predictions_sha256:
        raise RunError(f"The predictions {path} are not those of its record: delete the folder and run it again.")
    rows = list(csv.reader(io.StringIO(text)))[1:]
    numbers = np.array([[float(value) for value in row[1:]] for row in rows])
    return [row[0] for row in rows], numbers[:, 0].astype(int), numbers[:, 1:]


def sha256(text: str) -> str:
    """Hash of a text as UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
