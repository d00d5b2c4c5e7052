"""The last step of a run: put together its record, write it, and drop what only a restart needed."""

from datetime import datetime
from pathlib import Path

import numpy as np
import torch
from torch import nn

from cgrecnet.data.base import CellDataset
from cgrecnet.data.splits import Split
from cgrecnet.runs.environment import hardware, software, source_hash
from cgrecnet.runs.kept import PAUSED, WEIGHTS, write_weights
from cgrecnet.runs.query import as_recorded
from cgrecnet.runs.run_id import PlannedRun
from cgrecnet.runs.run_record import RunRecord, format_predictions, sha256, write_run
from cgrecnet.training.checkpoint import remove_checkpoint
from cgrecnet.training.parts import training_levels
from cgrecnet.training.protocol import PROTOCOL


def write_run_record(
    plan: PlannedRun,
    dataset: CellDataset,
    parts: Split,
    model: nn.Module,
    history: list[dict],
    test: dict,
    predictions: tuple[np.ndarray, np.ndarray, np.ndarray],
    *,
    results: Path,
    work: Path,
    device: torch.device,
    processes: int = 1,
    started: datetime,
    wall_seconds: float,
    keep_weights: bool = False,
) -> Path:
    """Write predictions and record of a finished run; return the record's path.

    keep_weights: whether the tested weights stay in the work folder (`WEIGHTS`), for whoever explains the network.
    predictions: data-set indices, labels and probabilities of the test cells, as `loop.predict` returns them.
    `wall_seconds` of a resumed run counts the time of every epoch that was trained, not the pause.
    """
    indices, labels, probabilities = predictions
    table = format_predictions(list(dataset.table["cell_id"].iloc[indices]), labels, probabilities)
    record = RunRecord(
        run_id=plan.run_id,
        experiment=plan.config.experiment,
        config=as_recorded(plan),
        started=started.isoformat(timespec="seconds"),
        wall_seconds=max(wall_seconds, sum(entry["seconds"] for entry in history)),
        commit=plan.commit,
        code=source_hash(),
        protocol=PROTOCOL,
        data=describe_dataset(dataset) | {"training_levels": training_levels(dataset, parts)._asdict()},
        split={
            "kind": plan.config.split,
            "seed": plan.config.split_seed,
            "sizes": {name: len(part) for name, part in parts.parts().items()},
            "manifest": parts.manifest,
        },
        weights=describe_weights(model.weights_info),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        hardware=hardware(device) | {"processes": processes},
        software=software(),
        history=history,
        test=test,
        predictions_sha256=sha256(table),
    )
    if keep_weights:
        write_weights(model, work / plan.run_id / WEIGHTS)
    path = write_run(results / plan.config.experiment / plan.run_id, record, table)
    remove_checkpoint(work / plan.run_id / "checkpoint.pt")
    for name in ("progress.json", PAUSED):
        (work / plan.run_id / name).unlink(missing_ok=True)
    return path


def describe_dataset(dataset: CellDataset) -> dict:
    """What a record says of its data set."""
    return {
        "name": dataset.name,
        "simulated": dataset.simulated,
        "task": dataset.task,
        "classes": list(dataset.classes),
        "cells": len(dataset),
        "counts": dataset.counts(),
        "fingerprint": dataset.fingerprint,
        "origin": dataset.origin,
        "window": list(dataset.window),
        "options": dataset.options,
    }


def describe_weights(info: dict) -> dict:
    """What a record says of the weights at the start: their source, how many were loaded, which parts were fresh."""
    kept = {name: value for name, value in info.items() if name not in ("loaded", "fresh")}
    fresh = sorted({name.split(".")[0] for name in info["fresh"]})
    return kept | {"loaded_tensors": len(info["loaded"]), "fresh_tensors": len(info["fresh"]), "fresh_parts": fresh}
