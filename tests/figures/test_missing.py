"""A page says which runs are missing and what makes them."""

import pytest
from fabricated_runs import fabricate_sweep

from cgrecnet.figures.provenance import all_read, missing_runs, provenance_of


@pytest.fixture(autouse=True)
def all_current(monkeypatch):
    """The fingerprint of the code, which takes seconds, is no matter here."""
    monkeypatch.setattr("cgrecnet.figures.provenance.is_current", lambda record: True)


DEBRIS = ("debris", "cytometer")


def test_missing_runs_come_with_their_command(tmp_path):
    said = missing_runs(DEBRIS, ("noise", "cytometer"), results=tmp_path)
    assert "`simulated-debris` (no run here)" in said
    assert said.index("sweep sweeps/simulated-debris.yaml") < said.index("sweep sweeps/simulated-noise.yaml")


def test_a_part_that_is_there_in_part_is_counted_and_a_whole_one_is_not_named(tmp_path):
    records = fabricate_sweep(tmp_path, "simulated-debris", lambda config: 0.5)
    assert missing_runs(DEBRIS, results=tmp_path) == ""
    (tmp_path / "simulated-debris" / records[0].run_id / "run.json").unlink()
    assert f"{len(records) - 1} of {len(records)} runs here" in missing_runs(DEBRIS, results=tmp_path)


def test_provenance_names_the_runs_or_the_sweep_that_makes_them(tmp_path):
    assert "none here; they come from sweeps/simulated-debris.yaml" in str(provenance_of([], DEBRIS))
    record = fabricate_sweep(tmp_path, "simulated-debris", lambda config: 0.5)[0]
    assert record.run_id in str(provenance_of([record], DEBRIS))


def test_every_record_is_named_by_data_set(tmp_path):
    assert all_read(DEBRIS, results=tmp_path) == []
    simulated = fabricate_sweep(tmp_path, "simulated-debris", lambda config: 0.5, cells=30)
    real = fabricate_sweep(tmp_path, "jurkat-presets", lambda config: 0.5, cells=30)
    blocks = all_read(DEBRIS, ("presets", "jurkat"), DEBRIS, results=tmp_path)
    assert [block.sets for block in blocks] == [("cytometer",), ("jurkat",)]
    assert [set(block.runs) for block in blocks] == [{r.run_id for r in records} for records in (simulated, real)]
