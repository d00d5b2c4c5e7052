"""Runs tested on the same cells are put in one order; others are refused."""

import numpy as np
import pytest
from made_up_runs import bare_record

from cgrecnet.errors import RunError
from cgrecnet.runs.pooled import paired_predictions


def _write(results, name, ids, labels, named):
    return bare_record(results, name, (ids, labels, np.eye(3)[named]))


def test_cells_come_in_one_order(tmp_path):
    one = _write(tmp_path, "one", ["b", "a", "c"], [1, 0, 2], [1, 0, 0])
    two = _write(tmp_path, "two", ["a", "b", "c"], [0, 1, 2], [2, 1, 2])
    found = paired_predictions([one, two], tmp_path)
    assert found.cell_ids == ("a", "b", "c") and found.labels.tolist() == [0, 1, 2]
    assert [named.tolist() for named in found.predicted] == [[0, 1, 0], [2, 1, 2]]
    assert [right.tolist() for right in found.right] == [[True, True, False], [False, True, True]]


def test_other_cells_and_other_labels_are_refused(tmp_path):
    one = _write(tmp_path, "one", ["a", "b"], [0, 1], [0, 1])
    for name, ids, labels in (("two", ["a", "c"], [0, 1]), ("three", ["a", "b"], [0, 2])):
        with pytest.raises(RunError, match=f"one and {name} were not tested on the same cells"):
            paired_predictions([one, _write(tmp_path, name, ids, labels, [0, 1])], tmp_path)
    with pytest.raises(ValueError, match="not in none"):
        paired_predictions([], tmp_path)
