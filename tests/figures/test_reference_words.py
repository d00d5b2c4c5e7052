"""What the page on costs says of ours against the usual way follows from the record."""

import json

import pytest

from cgrecnet.bench.record import load_bench
from cgrecnet.bench.schema import ReferenceRecord
from cgrecnet.figures.reference_words import earlier_text, reference_table, reference_text, spread


@pytest.fixture
def record() -> ReferenceRecord:
    """A record of two trainings of two ways, made up from one of the project's."""
    found = load_bench("reference")[0].model_dump(mode="json")
    tutorial, ours = found["rows"][:2]
    tutorial["accuracies"], tutorial["accuracy"] = [0.80, 0.90], 0.85
    ours["accuracies"], ours["accuracy"] = [0.81, 0.92], 0.865
    ours["agreement"] = {"difference": 1.5, "differences": [1.0, 2.0], "interval95": [-4.9, 7.9]}
    return ReferenceRecord(**json.loads(json.dumps(found | {"rows": [tutorial, ours]})))


def test_the_table_has_every_training_and_the_difference(record):
    headers, rows = reference_table(record)
    assert all(len(row) == len(headers) for row in rows)
    assert rows[0][1:] == ["1", "85.0 (80.0, 90.0)", "-"]
    assert rows[1][2:] == ["86.5 (81.0, 92.0)", "+1.5 (\N{MINUS SIGN}4.9 to +7.9)"]


def test_no_difference_is_claimed_only_as_far_as_the_intervals_reach(record):
    text = reference_text(record)
    assert spread(record) == pytest.approx(11) and "up to 11.0 points apart" in text
    assert "holds 0 for 1 of 1 of our ways: no difference in accuracy was seen" in text
    assert "as far as 7.9 points from 0" in text
    apart = record.rows[1].agreement.model_copy(update={"interval95": (0.5, 2.5)})
    rows = [record.rows[0], record.rows[1].model_copy(update={"agreement": apart})]
    assert "holds 0 for 0 of 1 of our ways. " in reference_text(record.model_copy(update={"rows": rows}))


def test_earlier_records_are_not_forgotten(record):
    assert earlier_text([]) == ""
    (line,) = [line for line in earlier_text([record]).splitlines() if line.startswith("- ")]
    assert "n = 2 trainings of each way" in line and "+1.5 (" in line and record.id in line
