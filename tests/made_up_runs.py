"""Records made up for tests, in folders of their own; never under results/."""

import hashlib
from pathlib import Path

import numpy as np

from cgrecnet.evaluation.metrics import score
from cgrecnet.runs.run_record import RunRecord, format_predictions, sha256, write_run
from cgrecnet.training.config import RunConfig
from cgrecnet.training.protocol import PROTOCOL

SUPPORTS = (1109, 554, 2488)
CLASSES = ("a", "b", "c")


def bare_record(results: Path, run_id: str, cells: tuple | None = None, **fields) -> RunRecord:
    """Write a record of experiment `e` with these fields and nothing else in it.

    cells: (ids, labels, probabilities) of the test cells, which are scored, or None for a run without predictions.
    """
    table = format_predictions(cells[0], np.array(cells[1]), np.array(cells[2])) if cells else ""
    usual = {"config": {}, "test": score(np.array(cells[1]), np.array(cells[2]), CLASSES) if cells else {}}
    record = RunRecord(
        run_id=run_id, experiment="e", started="2026-01-01T00:00:00+00:00", wall_seconds=1.0, commit="c", code="",
        protocol=PROTOCOL, parameters=1, software={}, predictions_sha256=sha256(table),
        **{"data": {}, "split": {}, "weights": {}, "hardware": {}, "history": []} | usual | fields,
    )  # fmt: skip
    write_run(results / "e" / run_id, record, table)
    return record


def per_class(names, f1s, recalls=None, areas=None, supports=None):
    """The scores by class of a record's `test`."""
    recalls, areas = recalls or f1s, areas or [0.99] * len(names)
    return [
        {"name": n, "support": s, "precision": f, "recall": r, "f1": f, "auc": a}
        for n, f, r, a, s in zip(names, f1s, recalls, areas, supports or SUPPORTS, strict=False)
    ]


def write_record(
    results: Path, config: dict, accuracy: float, *, classes=("astrocyte", "oligodendrocyte", "neuron"),
    data: dict | None = None, f1s=(0.98, 0.9, 0.97), recalls=None, areas=None, weighted=None, auc=0.9979,
    sizes=None, predictions: tuple | None = None, weights: dict | None = None,
) -> RunRecord:  # fmt: skip
    """Write one record (and its predictions, where given) of a run with this configuration below `results`."""
    valid = RunConfig.from_mapping(config, "a test").model_dump()
    run_id = f"{valid['experiment']}-{valid['model']}-{valid['fold']}-s{valid['seed']}"
    table = format_predictions(*predictions) if predictions else "cell_id,label,p0,p1,p2\n"
    spread = {"precision": accuracy, "recall": accuracy, "f1": accuracy}
    described = {"name": valid["data"], "simulated": False, "task": valid["task"] or "lineage", "cells": 207556,
                 "classes": list(classes), "fingerprint": "f" * 64}  # fmt: skip
    record = RunRecord(
        run_id=run_id, experiment=valid["experiment"], config=valid, started="2026-01-01T00:00:00+00:00",
        wall_seconds=60, commit="abcdef0123456789", code="0" * 64, protocol=2, data=described | (data or {}),
        split={"kind": valid["split"], "seed": 42, "manifest": f"m{valid['fold']}",
               "sizes": sizes or {"train": 120, "validation": 30, "test": 38}},
        weights=weights or {"source": valid["weights"], "fresh_parts": [], "loaded_tensors": 1, "fresh_tensors": 0},
        parameters=1000, software={},
        hardware={"gpu": None, "cpu": "Some CPU", "cores": 2, "threads": 1, "device": "cpu", "processes": 1},
        history=[
            {"epoch": i, "learning_rate": 1e-4, "train_loss": 1 / i, "train_accuracy": 0.5, "gradient_norm": 1.0,
             "validation_loss": 1.0, "validation_accuracy": 0.5, "validation_macro_f1": 0.4 + 0.1 * i,
             "seconds": 2.0, "reported": i == 2}
            for i in (1, 2)
        ],
        test={"n": sum(SUPPORTS), "accuracy": accuracy, "balanced_accuracy": accuracy - 0.01,
              "weighted": spread | (weighted or {}), "macro": spread | {"auc": auc},
              "per_class": per_class(classes, f1s, recalls, areas), "confusion": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]},
        predictions_sha256=hashlib.sha256(table.encode()).hexdigest(),
    )  # fmt: skip
    write_run(Path(results) / record.experiment / run_id, record, table)
    return record
