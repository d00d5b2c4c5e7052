"""One page about a training that opens without a network: curves, confusion with its cells, reliability, audit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from cgrecnet.data import open_dataset
from cgrecnet.data.base import CellDataset
from cgrecnet.errors import DataError, RunError
from cgrecnet.evaluation.calibration import expected_calibration_error
from cgrecnet.evaluation.metrics import score
from cgrecnet.files import shown
from cgrecnet.predict.build import audit_of
from cgrecnet.predict.card import TEMPLATES, flag_sentence
from cgrecnet.predict.drawings import cell_png, learning_curves, reliability_curves
from cgrecnet.predict.folder import AUDIT, Model, ModelFolder
from cgrecnet.runs.page import write_page
from cgrecnet.runs.run_record import RunRecord, read_predictions
from cgrecnet.training.config import RunConfig
from cgrecnet.training.parts import open_cells, split_cells

#: Cells shown behind a count, and counts that have theirs, the errors first.
SHOWN, COUNTS = 6, 60


@dataclass(frozen=True)
class Trained:
    """A training: its networks' epochs (name -> history), its test cells with what was said of them, and the audit.

    rows: of the test cells in `dataset`; labels: (cells,); probabilities: (cells, classes), calibrated where `model` is
    there, which it is for a model folder. data, split: as in the record.
    """

    name: str
    config: Mapping[str, Any]
    data: Mapping[str, Any]
    split: Mapping[str, Any]
    histories: Mapping[str, Sequence[Mapping[str, Any]]]
    dataset: CellDataset
    rows: Sequence[int]
    labels: np.ndarray
    probabilities: np.ndarray
    audit: dict
    model: Model | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.model.classes if self.model else self.data["classes"])


def trained_of_run(record: RunRecord, results: Path, root: str | None) -> Trained:
    """What a run did; root: where its cells lie. Raises RunError where they are other ones, DataError for none."""
    config = record.config
    dataset = open_dataset(config["data"], root=root, task=config["task"], options=config["data_options"])
    _same_cells(dataset, record.data, record.run_id)
    names, labels, probabilities = read_predictions(results, record)
    place = {name: row for row, name in enumerate(dataset.table["cell_id"])}
    return Trained(
        record.run_id, config, record.data, record.split, {f"seed {config['seed']}": record.history}, dataset,
        [place[name] for name in names], labels, probabilities, audit_of(dataset),
    )  # fmt: skip


def trained_of_model(folder: ModelFolder, root: str | None) -> Trained:
    """What a model folder was made of; root: where its cells lie. Raises as `trained_of_run`."""
    model, known = folder.model, folder.statistics
    config = RunConfig.from_mapping(model.config | {"root": root}, "model.json")
    dataset = open_cells(config)
    _same_cells(dataset, model.data, shown(folder.path))
    parts = split_cells(dataset, config)
    if parts.manifest != model.split["manifest"]:
        raise RunError(f"The cells of {shown(folder.path)} are split in another way by this version: train it again.")
    histories = {f"seed {one['seed']}": one["history"] for one in model.measured.get("histories", [])}
    audit = json.loads((folder.path / AUDIT).read_text(encoding="utf-8"))
    return Trained(
        shown(folder.path.name), model.config, model.data, model.split, histories, dataset, parts.test,
        known["test.labels"], known["test.probabilities"], audit, model,
    )  # fmt: skip


def _same_cells(dataset: CellDataset, data: Mapping[str, Any], what: str) -> None:
    if dataset.fingerprint != data["fingerprint"]:
        raise RunError(f"The cells that are here are not those of {what}: name where its own are with --root FOLDER.")


def write_training_report(path: Path, trained: Trained) -> None:
    """Write the page; names that a user gave are escaped. Raises RunError where the disk refuses."""
    labels, probabilities = trained.labels, trained.probabilities
    called = probabilities.argmax(axis=1)
    counts = confusion_matrix(labels, called, labels=np.arange(len(trained.classes)))
    pairs = sorted(map(tuple, np.argwhere(counts).tolist()), key=lambda pair: (pair[0] == pair[1], -counts[pair]))
    write_page(
        Path(path),
        f"Training: {trained.name}",
        TEMPLATES / "training.html",
        "report.css",
        trained=trained,
        test=score(labels, probabilities, trained.classes),
        largest=counts.sum(axis=1).max() / len(labels),
        error=expected_calibration_error(labels, probabilities),
        learning=learning_curves(trained.histories) if trained.histories else None,
        counts=counts,
        groups={pair: _cells(trained, called, *pair) for pair in pairs[:COUNTS]},
        rest=len(pairs[COUNTS:]),
        curves=reliability_curves(trained.classes, labels, probabilities),
        flag=flag_sentence(trained.model) if trained.model else None,
    )


def _cells(trained: Trained, called: np.ndarray, y: int, k: int) -> list[tuple[str | None, str]]:
    """Pictures and words of cells of class y that are called k: of errors the surest, of the others the least sure."""
    here = np.flatnonzero((trained.labels == y) & (called == k))
    sure = trained.probabilities[here, k]
    found, names = [], trained.classes
    for cell in here[np.argsort(-sure if y != k else sure, kind="stable")][:SHOWN]:
        row = int(trained.rows[cell])
        words = f"{trained.dataset.table['cell_id'].iloc[row]}: {names[k]} {trained.probabilities[cell, k]:.2f}"
        if y != k:
            words += f", {names[y]} {trained.probabilities[cell, y]:.2f}"
        try:
            found.append((cell_png(np.asarray(trained.dataset.images[row])), words))
        except DataError:  # the file is gone since
            found.append((None, words))
    return found
