"""Runs that are there, with a record or only begun: their parameters, scores and files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cgrecnet.errors import RunError, UserError
from cgrecnet.runs.collect import SCORES, flat, scores_of
from cgrecnet.runs.grid import read_yaml_mapping
from cgrecnet.runs.notebook import LOG
from cgrecnet.runs.notebook_parameters import Keeping
from cgrecnet.runs.record import PREDICTIONS, RECORD, RunRecord, read_record
from cgrecnet.training.config import RunConfig, validated

#: Files of a run's work folder that a user may look for.
_WORK = {
    "log": LOG, "notebook": "train.ipynb", "weights": "weights.safetensors", "checkpoint": "checkpoint.pt",
}  # fmt: skip
_PARAMETERS = "parameters.yaml"


@dataclass(frozen=True)
class FoundRun:
    """A run; record: None where it was begun and has none. parameters: by flat names (`data_options.noise`)."""

    run_id: str
    parameters: Mapping[str, Any]
    record: RunRecord | None
    files: Mapping[str, Path]


def find_run(run_id: str, results: Path, work: Path) -> FoundRun:
    """The run of this name; RunError where there is none, or its record is damaged."""
    named = Path(run_id).name == run_id
    paths = sorted(results.glob(f"*/{run_id}/{RECORD}")) if named and not set(run_id) & set("*?[") else []
    if paths:
        return _recorded(paths[0], work)
    if named and (work / run_id / _PARAMETERS).is_file() and (run := _begun(work / run_id)):
        return run
    raise RunError(f"There is no run {run_id!r} in {results} or {work}: `cgrecnet runs` lists them.")


def find_runs(
    experiment: str | None, wanted: Mapping[str, Any], results: Path, work: Path
) -> tuple[list[FoundRun], list[str]]:
    """The runs of an experiment (None: of all) that have these values, and a sentence for each that cannot be read.

    Raises ConfigError for a name that is no parameter.
    """
    for name in wanted:
        head, dot, _ = name.partition(".")
        if head not in RunConfig.model_fields or (dot and not head.endswith("_options")):
            validated(RunConfig, {name: None}, "the command line")  # says so, with the nearest name
    found: dict[str, FoundRun] = {}
    problems = []
    paths = [*sorted(results.glob(f"*/*/{RECORD}")), *sorted(work.glob(f"*/{_PARAMETERS}"))]
    for path in paths:
        if path.parent.name in found or (path.name == RECORD and experiment not in (None, path.parent.parent.name)):
            continue
        try:
            run = _recorded(path, work) if path.name == RECORD else _begun(path.parent)
        except UserError as error:
            problems.append(str(error))
            continue
        if run is None or experiment not in (None, run.parameters["experiment"]):
            continue
        if all(_same(run.parameters.get(name), value) for name, value in wanted.items()):
            found[run.run_id] = run
    return list(found.values()), problems


def differing(runs: Sequence[FoundRun]) -> list[str]:
    """Parameters that have more than one value among these runs."""
    names = dict.fromkeys(name for run in runs for name in run.parameters)
    return [name for name in names if len({repr(run.parameters.get(name)) for run in runs}) > 1]


def compare(runs: Sequence[FoundRun]) -> pd.DataFrame:
    """Side by side, a column for each run: parameters that differ, scores, and on what they ran where that differs."""
    rows = {name: [run.parameters.get(name) for run in runs] for name in differing(runs)}
    scores = [scores_of(run.record) if run.record else {} for run in runs]
    for name in (*SCORES, "best_epoch", "epochs_run", "seconds"):
        rows[name] = [_short(one.get(name)) for one in scores]
    circumstances = [_circumstances(run.record) if run.record else {} for run in runs]
    for name in dict.fromkeys(name for one in circumstances for name in one):
        values = [one.get(name) for one in circumstances]
        if len(set(map(repr, values))) > 1:
            rows[name] = values
    table = pd.DataFrame.from_dict(rows, orient="index", dtype=object, columns=[str(i + 1) for i in range(len(runs))])
    return table.map(lambda value: "" if value is None else str(value))


def _recorded(path: Path, work: Path) -> FoundRun:
    record = read_record(path)
    folder = work / record.run_id
    places = {"record": path, "predictions": path.parent / PREDICTIONS}
    places |= {name: folder / file for name, file in _WORK.items()}
    return FoundRun(record.run_id, flat(record.config), record, _there(places))


def _begun(folder: Path) -> FoundRun | None:
    """A run without a record; None for the folder of something else, such as a study of maps."""
    values = read_yaml_mapping(folder / _PARAMETERS)
    values = {name: value for name, value in values.items() if name not in Keeping.model_fields}
    if values.keys() != RunConfig.model_fields.keys():
        return None
    del values["root"]  # where the cells lie is no parameter of their run
    return FoundRun(folder.name, flat(values), None, _there({name: folder / file for name, file in _WORK.items()}))


def _there(places: Mapping[str, Path]) -> dict[str, Path]:
    return {name: path for name, path in places.items() if path.is_file()}


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


def _short(value: Any) -> Any:
    return f"{value:.4f}" if isinstance(value, float) else value


def _same(value: Any, wanted: Any) -> bool:
    """Whether a value is the one that was typed: YAML reads 1e-4 as text."""
    if value == wanted:
        return True
    try:
        return not isinstance(value, bool) and float(value) == float(wanted)
    except (TypeError, ValueError):
        return False
