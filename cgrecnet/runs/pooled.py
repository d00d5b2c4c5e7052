"""Predictions of several runs: of all folds put together, and of runs on the same cells beside each other.

In a cross-validation every cell is tested once, by a network not trained on it. Networks of different folds are
different networks, so that pooled scores describe a procedure, not one network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgrecnet.errors import RunError
from cgrecnet.paths import RESULTS
from cgrecnet.runs.run_record import RunRecord, read_predictions


@dataclass(frozen=True)
class Pooled:
    """Several models' predictions of the same test cells, in one order.

    classes: class names, index = label; cell_ids, labels, folds: one entry per cell, all different ids.
    probabilities: model -> shape (cells, classes); records: the runs behind, by model and fold.
    left_out: folds that some model has no run of; their cells are not here.
    """

    classes: tuple[str, ...]
    cell_ids: np.ndarray
    labels: np.ndarray
    folds: np.ndarray
    probabilities: dict[str, np.ndarray]
    records: tuple[RunRecord, ...]
    left_out: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self.probabilities)

    @property
    def folds_in(self) -> tuple[int, ...]:
        """The folds whose cells are here."""
        return tuple(int(fold) for fold in np.unique(self.folds))

    def predicted(self, model: str) -> np.ndarray:
        """The class with the largest probability, for every cell; int, shape (cells,)."""
        return self.probabilities[model].argmax(axis=1)

    def right(self, model: str) -> np.ndarray:
        """Whether the predicted class is the true one; bool, shape (cells,)."""
        return self.predicted(model) == self.labels

    def confusion(self, model: str) -> np.ndarray:
        """Counts, rows: true class, columns: predicted class."""
        size = len(self.classes)
        return np.bincount(size * self.labels + self.predicted(model), minlength=size * size).reshape(size, size)


def pool(records: Sequence[RunRecord], models: Sequence[str] | None = None, results: Path = RESULTS) -> Pooled | None:
    """Put the test predictions of the folds together, for the folds that every one of `models` has a run of.

    models: None takes all that occur, in the order of the records. Of several seeds the smallest is taken.
    Returns None where no fold is complete.
    Raises RunError where models were tested on different cells, labels or data, or a cell is in two folds.
    """
    chosen: dict[tuple[str, int], RunRecord] = {}
    for record in sorted(records, key=lambda r: r.config["seed"], reverse=True):
        chosen[record.config["model"], record.config["fold"]] = record
    models = list(dict.fromkeys(r.config["model"] for r in records)) if models is None else list(models)
    every = sorted({fold for _, fold in chosen})
    folds = [fold for fold in every if models and all((model, fold) in chosen for model in models)]
    if not folds:
        return None
    used = [chosen[model, fold] for model in models for fold in folds]
    if len({record.data["fingerprint"] for record in used}) > 1:
        raise RunError(f"The runs of {used[0].experiment!r} saw different data: delete those that are out of date.")
    parts = [_beside([chosen[model, fold] for model in models], results) for fold in folds]
    ids = np.concatenate([part.cell_ids for part in parts])
    if len(np.unique(ids)) < len(ids):
        raise RunError(f"A cell of {used[0].experiment!r} was tested in two folds: they cannot be pooled.")
    return Pooled(
        classes=tuple(used[0].data["classes"]),
        cell_ids=ids,
        labels=np.concatenate([part.labels for part in parts]),
        folds=np.repeat(folds, [len(part.labels) for part in parts]),
        probabilities={m: np.concatenate([part.probabilities[i] for part in parts]) for i, m in enumerate(models)},
        records=tuple(used),
        left_out=tuple(fold for fold in every if fold not in folds),
    )


def with_folds_of(records: Sequence[RunRecord], *models: str) -> list[str]:
    """The models that have every fold that `models` have in common, in the order of the records.

    `pool` takes only folds that all its models have; so a model whose sweep has begun does not take folds from these.
    """
    folds: dict[str, set[int]] = {}
    for record in records:
        folds.setdefault(record.config["model"], set()).add(record.config["fold"])
    wanted = set.intersection(*(folds.get(model, set()) for model in models))
    return [model for model, own in folds.items() if own >= wanted]


@dataclass(frozen=True)
class PairedPredictions:
    """What several runs said of the same test cells.

    labels: int, (cells,); probabilities: one array (cells, classes) per run.
    """

    cell_ids: tuple[str, ...]
    labels: np.ndarray
    probabilities: tuple[np.ndarray, ...]

    @property
    def predicted(self) -> tuple[np.ndarray, ...]:
        """Per run the class that it names, int, (cells,)."""
        return tuple(each.argmax(axis=1) for each in self.probabilities)

    @property
    def right(self) -> tuple[np.ndarray, ...]:
        """Per run whether it has the cell right, bool, (cells,)."""
        return tuple(named == self.labels for named in self.predicted)


def paired_predictions(records: Sequence[RunRecord], results: Path = RESULTS) -> PairedPredictions:
    """The test predictions of these runs, cell by cell, in the order of the cells' ids.

    A simulated cell is the same cell at every noise, so the runs may have seen different pictures of it.
    Raises RunError where two runs were tested on different cells, or a cell has two labels, and ValueError for none.
    """
    if not records:
        raise ValueError("Cells can be the same in two runs, not in none.")
    found = _beside(records, results)
    order = np.argsort(found.cell_ids)
    ids = tuple(np.array(found.cell_ids)[order].tolist())
    return PairedPredictions(ids, found.labels[order], tuple(each[order] for each in found.probabilities))


def _beside(records: Sequence[RunRecord], results: Path) -> PairedPredictions:
    """The same in the order of the first run's predictions."""
    (ids, labels, first), *rest = (read_predictions(results, record) for record in records)
    every, place = [first], {name: row for row, name in enumerate(ids)}
    for record, (own, truth, probabilities) in zip(records[1:], rest, strict=True):
        order = np.argsort([place.get(name, -1) for name in own])
        if sorted(own) != sorted(ids) or not np.array_equal(truth[order], labels):
            raise RunError(
                f"{records[0].run_id} and {record.run_id} were not tested on the same cells: "
                "compare runs of one split and one seed of the simulation."
            )
        every.append(probabilities[order])
    return PairedPredictions(tuple(ids), labels, tuple(every))
