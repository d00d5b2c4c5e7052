"""Scores as text: over folds with their n, of pooled test cells with their floor; and what networks cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cgrecnet.errors import RunError
from cgrecnet.evaluation.bootstrap import class_f1_intervals
from cgrecnet.figures.provenance import Provenance, provenance_of
from cgrecnet.figures.tables import Shown, span, wide_table
from cgrecnet.judgement.paper_runs import MODEL_OF
from cgrecnet.models import create_model
from cgrecnet.models.complexity import count_parameters, macs_layers
from cgrecnet.models.zoo import title_of
from cgrecnet.paper.tables import Cell
from cgrecnet.runs.pooled import Pooled
from cgrecnet.runs.query import experiment
from cgrecnet.runs.run_record import RunRecord

#: Row of the paper's Table 3 -> the model here, in the order of growing systems.
ROWS = {"Baseline": "resnet50", "ResCMNet": "rescmnet", "ResGDNet": "resgdnet", "CG-RecNet": "cg_recnet"}
#: The systems of the comparison in the order of the paper's Table 4, then its baseline and the network of Zhu et al.
COMPARED = ("cg_recnet", "mobilenet_v2", "densenet121", "vgg16", "vit_b_16", "resnet50", "zhu_xception")
PAPER_NAME = {model: name for name, model in MODEL_OF.items()}
#: The mark of each of these networks in a picture.
MARKS = dict(zip(ROWS.values(), "os^D", strict=True))
#: Column title -> where the score stands in a record's `test`.
SCORES = {
    "accuracy": ("accuracy",),
    "weighted F1": ("weighted", "f1"),
    "macro F1": ("macro", "f1"),
    "balanced accuracy": ("balanced_accuracy",),
}


def by_model(records: Sequence[RunRecord]) -> dict[str, list[RunRecord]]:
    """Model -> its records, in the order of the records."""
    found: dict[str, list[RunRecord]] = {}
    for record in records:
        found.setdefault(record.config["model"], []).append(record)
    return found


def score_of(record: RunRecord, name: str) -> float:
    """A score of a run in per cent, by its title in `SCORES`; KeyError for another."""
    value = record.test
    for step in SCORES[name]:
        value = value[step]
    return 100 * value


def mean_text(values: Sequence[float]) -> str:
    """`84.2 ± 0.6` (mean and SD with n - 1); one value alone has no SD."""
    values = np.asarray(values, dtype=float)
    if len(values) == 0:
        return "not run"
    return f"{values.mean():.2f}" + (f" ± {values.std(ddof=1):.2f}" if len(values) > 1 else "")


def fold_scores(own: Sequence[RunRecord], f1: str = "macro F1") -> tuple[str, str]:
    """A network's accuracy, balanced accuracy and F1, mean and SD over its folds; and how many these are."""
    if not own:
        return "not run yet", "0"
    names = {"": "accuracy", "\nbalanced ": "balanced accuracy", f"\n{f1} ": f1}
    texts = (word + mean_text([score_of(run, name) for run in own]) for word, name in names.items())
    return "".join(texts), str(len(own))


def zhu_scores(systems: Mapping[str, str], *parts: str, f1: str = "macro F1") -> list[Shown | Provenance]:
    """A table of scores on the paper's own cells, and what it comes from; nothing where nobody has run them.

    systems: title -> model, in the order of the rows; parts: the parts of the book whose runs are read.
    """
    found = [runs for part in parts if (runs := experiment(part, "zhu"))]
    records = [record for runs in found for record in runs.records]
    groups = by_model(records)
    if not groups.keys() & set(systems.values()):
        return []
    kind = "zhu, simulated" if records[0].data["simulated"] else "zhu"
    rows = [(title, *fold_scores(groups.get(model, ()), f1)) for title, model in systems.items()]
    table = wide_table((kind, "scores (%)", "n (folds)"), rows, f"Scores on {kind}")
    return [table, provenance_of(records, *((runs.part, "zhu") for runs in found))]


def printed(cell: Cell | None) -> str:
    """A printed cell as text, `lost` where our text of the paper does not have it."""
    if cell is None:
        return "lost"
    return f"{cell.value} ± {cell.sd}" if cell.sd else str(cell.value)


def majority_share(record: RunRecord) -> float:
    """Accuracy of always naming the class that has most test cells: what is left when a network knows nothing."""
    support = [entry["support"] for entry in record.test["per_class"]]
    return max(support) / sum(support)


def right_counts(record: RunRecord) -> tuple[int, int]:
    """Test cells that a run has right, and all of them."""
    counts = np.array(record.test["confusion"])
    return int(np.trace(counts)), int(counts.sum())


def accuracy_text(pooled: Pooled, model: str) -> str:
    """`86.2 (floor 68.2)`, then `balanced 81.3`: no accuracy without that of always naming the largest class."""
    counts = pooled.confusion(model)
    hits, sizes = counts.diagonal(), counts.sum(axis=1)
    floor, balanced = sizes.max() / sizes.sum(), (hits / sizes).mean()
    return f"{100 * hits.sum() / sizes.sum():.1f} (floor {100 * floor:.1f})\nbalanced {100 * balanced:.1f}"


def f1_table(pooled: Pooled, label: str) -> Shown:
    """Each network's accuracy, and its F1 in per cent in each class with the 95 % bootstrap interval over cells."""
    rows = []
    for model in pooled.models:
        each = class_f1_intervals(pooled.labels, pooled.probabilities[model], pooled.classes)
        texts = [f"{100 * one.f1:.1f}\n({span(one.interval95)})" for one in each]
        rows.append((title_of(model), accuracy_text(pooled, model), *texts))
    sizes = zip(pooled.classes, np.bincount(pooled.labels, minlength=len(pooled.classes)), strict=True)
    return wide_table(("network", "accuracy (%)", *(f"F1, {name} (n = {n:,})" for name, n in sizes)), rows, label)


@dataclass(frozen=True)
class Counted:
    """What the network of a run has: parameters, and MACs (layers' convention) for one image of each size."""

    parameters: int
    macs: dict[int, int]


def count_network(record: RunRecord, *sizes: int) -> Counted:
    """Count the network of a run for images of these sizes, the run's own where none is given.

    It is built on torch's device "meta", without numbers in it. Raises RunError where it has not as many parameters
    as the record says: then the code that builds networks has changed since the run.
    """
    config = record.config
    sizes = sizes or (config["image_size"],)
    with torch.device("meta"):
        network = create_model(
            config["model"], preset=config["preset"], num_classes=len(record.data["classes"]),
            image_size=config["image_size"], options=config["model_options"],
        ).eval()  # fmt: skip
        counted = Counted(count_parameters(network), {size: macs_layers(network, (1, 3, size, size)) for size in sizes})
    if counted.parameters != record.parameters:
        raise RunError(
            f"The network of {record.run_id} has {record.parameters:,} parameters in its record and "
            f"{counted.parameters:,} when it is built now: run its sweep again."
        )
    return counted
