"""Runs that are there, with a record or only begun: their parameters, scores and files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cgrecnet.errors import RunError, UserError
from cgrecnet.runs.collect import SCORES, flat, plain, scores_of
from cgrecnet.runs.grid import check_name, read_yaml_mapping
from cgrecnet.runs.notebook import LOG
from cgrecnet.runs.notebook_parameters import Keeping
from cgrecnet.runs.run_record import PREDICTIONS, RECORD, RunRecord, read_record
from cgrecnet.training.config import RunConfig

#: Files of a run's work folder that a user may look for.
_WORK = {
    "log": LOG, "notebook": "train.ipynb", "weights": "weights.safetensors", "checkpoint": "checkpoint.pt",
}  # fmt: skip


@dataclass(frozen=True)
class FoundRun:
    """A run; record: None where it was begun and has none. parameters: by flat names (`data_options.noise`).

    begun: the folder in which it was begun, in `work` or in one that `reproduce` has made there; None: not here.
    """

    run_id: str
    parameters: Mapping[str, Any]
    record: RunRecord | None
    files: Mapping[str, Path]
    begun: Path | None


def find_run(run_id: str, results: Path, work: Path) -> FoundRun:
    """The run of this name; RunError where there is none, or its record is damaged."""
    if run := found_run(run_id, results, work):
        return run
    raise RunError(f"There is no run {run_id!r} in {results} or {work}: `cgrecnet runs` lists them.")


def found_run(run_id: str, results: Path, work: Path) -> FoundRun | None:
    """The run of this name, if there is one; RunError where its record is damaged."""
    if Path(run_id).name != run_id or set(run_id) & set("*?["):  # a path or a pattern
        return None
    return next(filter(None, (_read(*places, work) for places in _places(results, work, run_id))), None)


def find_runs(
    experiment: str | None, wanted: Mapping[str, Any], results: Path, work: Path
) -> tuple[list[FoundRun], list[str]]:
    """The runs of an experiment (None: of all) that have these values, and a sentence for each that cannot be read.

    Raises ConfigError for a name that is no parameter.
    """
    for name in wanted:
        check_name(name, "the command line")
    found: dict[str, FoundRun] = {}
    problems = []
    for record, begun in _places(results, work):
        if record and experiment not in (None, record.parent.parent.name):
            continue
        try:
            run = _read(record, begun, work)
        except UserError as error:
            problems.append(str(error))
            continue
        if run and experiment in (None, run.parameters["experiment"]):
            if all(plain(run.parameters.get(name)) == plain(value) for name, value in wanted.items()):
                found.setdefault(run.run_id, run)
    return list(found.values()), problems


def _places(results: Path, work: Path, run_id: str = "*") -> list[tuple[Path | None, Path | None]]:
    """Of all runs, or of one, the record and the parameters with which it was begun; None for what is not there."""
    begun: dict[str, Path] = {}
    for depth in ("", "*/"):
        for path in sorted(Path(work).glob(f"{depth}{run_id}/parameters.yaml")):
            begun.setdefault(path.parent.name, path)
    records = sorted(Path(results).glob(f"*/{run_id}/{RECORD}"))
    without = begun.keys() - {path.parent.name for path in records}
    return [(path, begun.get(path.parent.name)) for path in records] + [
        (None, path) for name, path in begun.items() if name in without
    ]


def _read(path: Path | None, begun: Path | None, work: Path) -> FoundRun | None:
    """The run with this record, or with these parameters, which may have a record in another folder of records.

    None for something else that was begun, such as a study.
    """
    if path is None:
        values = read_yaml_mapping(begun)
        results = values.get("results_folder")
        values = {name: value for name, value in values.items() if name not in Keeping.model_fields}
        if values.keys() != RunConfig.model_fields.keys():
            return None
        path = Path(str(results)) / str(values["experiment"]) / begun.parent.name / RECORD
        if not path.is_file():
            del values["root"]  # where the cells lie is no parameter of their run
            return FoundRun(begun.parent.name, flat(values), None, _there(begun.parent), begun.parent)
    record, folder = read_record(path), begun.parent if begun else None
    places = {"record": path, "predictions": path.parent / PREDICTIONS}
    files = _there(folder or Path(work) / record.run_id, places)
    return FoundRun(record.run_id, flat(record.config), record, files, folder)


def _there(folder: Path, places: Mapping[str, Path] | None = None) -> dict[str, Path]:
    """Those of these files, and of the ones in a run's work folder, that are there."""
    places = {**(places or {}), **{name: folder / file for name, file in _WORK.items()}}
    return {name: path for name, path in places.items() if path.is_file()}


def compare(runs: Sequence[FoundRun]) -> pd.DataFrame:
    """Side by side, a column for each run: parameters that differ, scores, and on what they ran where that differs."""
    columns = []
    for run in runs:
        column = dict(run.parameters)
        if run.record:
            column |= {name: f"{v:.4f}" if isinstance(v, float) else v for name, v in scores_of(run.record).items()}
            column |= _circumstances(run.record)
        columns.append(column)
    names = dict.fromkeys(name for column in columns for name in column)
    always = (*SCORES, "best_epoch", "epochs_run", "seconds")
    rows = {name: [column.get(name) for column in columns] for name in names}
    rows = {name: row for name, row in rows.items() if name in always or len(set(map(repr, row))) > 1}
    table = pd.DataFrame.from_dict(rows, orient="index", dtype=object, columns=[str(i + 1) for i in range(len(runs))])
    return table.map(lambda value: "" if value is None else str(value))


def _circumstances(record: RunRecord) -> dict[str, Any]:
    """What two runs have to share for their scores to be comparable, or may differ by without being asked."""
    return {
        "cells": str(record.data.get("fingerprint"))[:10],
        "test cells": str(record.split.get("manifest"))[:10],
        "weights": str(record.weights.get("sha256", record.weights.get("source")))[:20],
        "protocol": record.protocol,
        "commit": record.commit[:16],
        "device": record.hardware.get("device"),
        "torch": record.software.get("torch"),
    }

