"""The record of an explanation study: one JSON with the numbers, one file of arrays with what is drawn."""

import hashlib
import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from cgrecnet.errors import RunError
from cgrecnet.files import atomic_write
from cgrecnet.runs.record_check import check_place, read_fields, with_hash
from cgrecnet.runs.run_record import write_whole
from cgrecnet.training.protocol import PROTOCOL

EXPLAIN = "explain.json"
ARRAYS = "maps.npz"
#: By what a study counts: the protocols of training and of making and scoring maps, each raised by hand.
PROTOCOLS = {"training": PROTOCOL, "explanation": 1}


class ExplainRecord(BaseModel):
    """What `explain.json` holds; `results` and `networks` are as the notebook that wrote them says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[2] = 2
    status: Literal["ok"] = "ok"
    run_id: str
    experiment: str
    config: dict[str, Any]
    started: str
    wall_seconds: float
    commit: str
    code: str
    protocols: dict[str, int]
    """As `PROTOCOLS` was when it was made."""
    data: list[dict[str, Any]]
    weights: dict[str, Any]
    hardware: dict[str, Any]
    software: dict[str, str]
    networks: dict[str, Any]
    cells: dict[str, Any]
    results: dict[str, Any]
    arrays_sha256: str


def write_explain(folder: Path, fields: dict[str, Any], arrays: dict[str, np.ndarray]) -> Path:
    """Write the arrays, then the record, each to a temporary name first; return the record's path. Raises RunError."""
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    record = ExplainRecord(**fields, arrays_sha256=hashlib.sha256(packed.getvalue()).hexdigest())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / ARRAYS, "wb") as file:
            file.write(packed.getvalue())
    except OSError as error:
        raise RunError(
            f"The folder {folder} cannot be written ({error.strerror}): name another with --results and start again; "
            "finished networks are kept."
        ) from error
    return write_whole(folder / EXPLAIN, with_hash(record.model_dump()))


def read_explain(path: Path) -> ExplainRecord:
    """The record at `path`; RunError, in one sentence, where it is missing, damaged, changed or another study's."""
    path = Path(path)
    record, _ = read_fields(
        path, lambda fields: ExplainRecord(**fields), "record", "the study is not done; start it again",
        "of another version", "delete it and run it again",
    )  # fmt: skip
    check_place(path, record.experiment, record.run_id)
    return record


def find_explain(results: Path, experiment: str) -> tuple[ExplainRecord, dict[str, np.ndarray]] | None:
    """The newest record of an experiment with its arrays, or None where there is none.

    Raises RunError where the arrays are missing or not the record's own.
    """
    paths = sorted((Path(results) / experiment).glob(f"*/{EXPLAIN}"))
    if not paths:
        return None
    record, path = max(((read_explain(path), path) for path in paths), key=lambda found: found[0].started)
    try:
        content = (path.parent / ARRAYS).read_bytes()
    except FileNotFoundError:
        content = b""
    if hashlib.sha256(content).hexdigest() != record.arrays_sha256:
        raise RunError(f"{path.parent / ARRAYS} is not its record's own file: delete the folder and run it again.")
    with np.load(io.BytesIO(content)) as arrays:
        return record, dict(arrays)
