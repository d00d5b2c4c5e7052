"""Run records made up for tests: networks that are right for a known share of known cells."""

import hashlib
from pathlib import Path

import numpy as np

from cgrecnet.data.cytometer import CytometerOptions
from cgrecnet.evaluation.metrics import score
from cgrecnet.paths import REPOSITORY
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.run_record import RunRecord, format_predictions, sha256, write_run
from cgrecnet.training.config import RunConfig

CLASSES = {"cytometer": ("astrocyte", "oligodendrocyte", "neuron"), "jurkat": ("G1", "S+G2", "M")}


def fabricate(results: Path, config: RunConfig, share: float, cells: int = 200, validation: float = 0.5) -> RunRecord:
    """Write a run that has a share of its cells right; the same cells for every model, noise, debris and rate.

    Errors of different networks overlap as they do in truth: hard cells are hard for all.
    """
    simulated = config.data == "cytometer"
    options = CytometerOptions(**config.data_options).model_dump() if simulated else {}
    shares = options.get("shares", (0.6, 0.3, 0.1))
    labels = np.random.default_rng(0).choice(3, size=cells, p=np.array(shares) / sum(shares))
    own = np.random.default_rng(int(hashlib.sha256(config.model_dump_json().encode()).hexdigest()[:8], 16))
    difficulty = np.random.default_rng(1).random(cells) + 0.2 * own.random(cells)
    right = difficulty <= np.quantile(difficulty, share)
    named = np.where(right, labels, (labels + own.integers(1, 3, cells)) % 3)
    probabilities = 0.05 + 0.85 * np.eye(3)[named]
    ids = [f"sim0-{i:06d}" if simulated else f"cell-{i:06d}" for i in range(cells)]
    text = format_predictions(ids, labels, probabilities)
    name = f"{config.experiment}-{hashlib.sha256(config.model_dump_json().encode()).hexdigest()[:10]}-s{config.seed}"
    classes = CLASSES[config.data]
    history = [
        {"epoch": i, "learning_rate": config.learning_rate, "train_loss": 1.0, "validation_loss": 1.0,
         "validation_accuracy": validation, "validation_macro_f1": validation * i / 2, "seconds": 1.0,
         "reported": i == 2}
        for i in (1, 2)
    ]  # fmt: skip
    record = RunRecord(
        run_id=name, experiment=config.experiment, config=config.model_dump(), started="2026-01-01T00:00:00+00:00",
        wall_seconds=60, commit="abcdef0123456789", code="made up", protocol=2, history=history, parameters=1,
        data={"name": config.data, "simulated": simulated, "task": config.task or "kind", "cells": 2 * cells,
              "fingerprint": "f" * 64, "classes": list(classes), "options": options},
        split={"seed": 42, "kind": config.split, "sizes": {"train": 1, "validation": 1, "test": cells}},
        weights={"source": config.weights}, software={}, predictions_sha256=sha256(text),
        hardware={"gpu": None, "cpu": "Some CPU", "cores": 2, "threads": 1, "device": "cpu"},
        test=score(labels, probabilities, classes),
    )  # fmt: skip
    write_run(Path(results) / config.experiment / name, record, text)
    return record


def fabricate_sweep(
    results: Path, name: str, share, cells: int = 200, validation=lambda config: 0.5
) -> list[RunRecord]:
    """Every run of a committed sweep; share, validation: functions of the configuration."""
    configs = read_sweep(REPOSITORY / "sweeps" / f"{name}.yaml")
    return [fabricate(results, config, share(config), cells, validation(config)) for config in configs]
