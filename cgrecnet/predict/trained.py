"""What a page about a training shows, gathered from a finished run or from a model folder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cgrecnet.data import open_dataset
from cgrecnet.data.base import CellDataset
from cgrecnet.errors import RunError
from cgrecnet.files import shown
from cgrecnet.predict.build import audit_of
from cgrecnet.predict.folder import AUDIT, Model, ModelFolder
from cgrecnet.runs.run_record import RunRecord, read_predictions
from cgrecnet.training.config import RunConfig
from cgrecnet.training.setup import open_cells, split_cells


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
