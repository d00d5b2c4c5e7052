"""One page about a training that opens without a network: curves, confusion with its cells, reliability, audit."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix

from cgrecnet.data.base import CellDataset
from cgrecnet.errors import DataError, RunError
from cgrecnet.evaluation.calibration import expected_calibration_error
from cgrecnet.evaluation.metrics import score
from cgrecnet.files import shown
from cgrecnet.predict.card import TEMPLATES, flag_sentence
from cgrecnet.predict.drawings import cell_png, learning_curves, reliability_curves
from cgrecnet.predict.folder import AUDIT, ModelFolder
from cgrecnet.runs.page import write_page
from cgrecnet.training.config import RunConfig
from cgrecnet.training.parts import open_cells, split_cells

#: Cells shown behind a count, and counts that have theirs, the errors first.
SHOWN, COUNTS = 6, 60


def cells_of(folder: ModelFolder, root: str | None) -> tuple[CellDataset, Sequence[int]]:
    """The cells that a model folder was made of, and which of them tested it; root: where they lie.

    Raises RunError where they are other ones or are split in another way, DataError where there are none.
    """
    model = folder.model
    config = RunConfig.from_mapping(model.config | {"root": root}, "model.json")
    dataset, name = open_cells(config), shown(folder.path)
    if dataset.fingerprint != model.data["fingerprint"]:
        raise RunError(f"The cells that are here are not those of {name}: name where its own are with --root FOLDER.")
    parts = split_cells(dataset, config)
    if parts.manifest != model.split["manifest"]:
        raise RunError(f"The cells of {name} are split in another way by this version: train it again.")
    return dataset, parts.test


def write_training_report(path: Path, folder: ModelFolder, root: str | None = None) -> None:
    """Write the page; names that a user gave are escaped. Raises as `cells_of`, and where the disk refuses."""
    dataset, rows = cells_of(folder, root)
    model, labels = folder.model, folder.statistics["test.labels"]
    probabilities = folder.statistics["test.probabilities"]
    called, names = probabilities.argmax(axis=1), dataset.table["cell_id"]
    counts = confusion_matrix(labels, called, labels=np.arange(len(model.classes)))
    pairs = sorted(map(tuple, np.argwhere(counts).tolist()), key=lambda pair: (pair[0] == pair[1], -counts[pair]))
    histories = {f"seed {one['seed']}": one["history"] for one in model.measured.get("histories", [])}

    def cells(y: int, k: int) -> list[tuple[str | None, str]]:
        """Pictures and words of cells of class y called k: of errors the surest, of the others the least sure."""
        here = np.flatnonzero((labels == y) & (called == k))
        sure = probabilities[here, k]
        found = []
        for cell in here[np.argsort(-sure if y != k else sure, kind="stable")][:SHOWN]:
            words = f"{names.iloc[rows[cell]]}: {model.classes[k]} {probabilities[cell, k]:.2f}"
            words += f", {model.classes[y]} {probabilities[cell, y]:.2f}" if y != k else ""
            try:
                found.append((cell_png(np.asarray(dataset.images[int(rows[cell])])), words))
            except DataError:  # the file is gone since
                found.append((None, words))
        return found

    write_page(
        Path(path),
        f"Training: {shown(folder.path.name)}",
        TEMPLATES / "training.html",
        "report.css",
        name=shown(folder.path.name),
        model=model,
        audit=json.loads((folder.path / AUDIT).read_text(encoding="utf-8")),
        test=score(labels, probabilities, model.classes),
        largest=counts.sum(axis=1).max() / len(labels),
        error=expected_calibration_error(labels, probabilities),
        learning=learning_curves(histories) if histories else None,
        counts=counts,
        groups={pair: cells(*pair) for pair in pairs[:COUNTS]},
        rest=len(pairs[COUNTS:]),
        curves=reliability_curves(model.classes, labels, probabilities),
        flag=flag_sentence(model),
    )
