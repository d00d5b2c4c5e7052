"""Scores of several networks over folds: means with their n."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgrecnet.models.zoo import SYSTEMS
from cgrecnet.runs.run_record import RunRecord

#: Column title -> where the score stands in a record's `test`.
SCORES = {
    "accuracy": ("accuracy",),
    "weighted F1": ("weighted", "f1"),
    "macro F1": ("macro", "f1"),
    "balanced accuracy": ("balanced_accuracy",),
}


def title_of(model: str) -> str:
    """Short title of a system: `Baseline`, `CG-RecNet`."""
    return SYSTEMS[model].title.split(" (")[0]


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
