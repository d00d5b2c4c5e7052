"""Runs tested on the same cells are put in one order; others are refused."""

import numpy as np
import pytest

from cgrecnet.errors import RunError
from cgrecnet.runs.pooled import same_cells
from cgrecnet.runs.run_record import RunRecord, format_predictions, sha256, write_run


def _write(results, name, ids, labels, named):
    text = format_predictions(ids, np.array(labels), np.eye(3)[named])
    record = RunRecord(
        run_id=name, experiment="e", config={}, started="", wall_seconds=1, commit="c", code="c", protocol=2,
        data={}, split={},
        weights={}, parameters=1, hardware={}, software={}, history=[], test={}, predictions_sha256=sha256(text),
    )  # fmt: skip
    write_run(results / "e" / name, record, text)
    return record


def test_cells_come_in_one_order(tmp_path):
    one = _write(tmp_path, "one", ["b", "a", "c"], [1, 0, 2], [1, 0, 0])
    two = _write(tmp_path, "two", ["a", "b", "c"], [0, 1, 2], [2, 1, 2])
    found = same_cells([one, two], tmp_path)
    assert found.cell_ids == ("a", "b", "c") and found.labels.tolist() == [0, 1, 2]
    assert [named.tolist() for named in found.predicted] == [[0, 1, 0], [2, 1, 2]]
    assert [right.tolist() for right in found.right] == [[True, True, False], [False, True, True]]


def test_other_cells_and_other_labels_are_refused(tmp_path):
    one = _write(tmp_path, "one", ["a", "b"], [0, 1], [0, 1])
    for name, ids, labels in (("two", ["a", "c"], [0, 1]), ("three", ["a", "b"], [0, 2])):
        with pytest.raises(RunError, match=f"one and {name} were not tested on the same cells"):
            same_cells([one, _write(tmp_path, name, ids, labels, [0, 1])], tmp_path)
    with pytest.raises(ValueError, match="not in none"):
        same_cells([], tmp_path)
