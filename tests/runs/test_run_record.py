"""A record is whole or it is not there; one that is damaged is named, with the remedy."""

import hashlib
import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest

from cgrecnet.data.base import CellDataset
from cgrecnet.errors import DataError, RunError
from cgrecnet.evaluation.metrics import score
from cgrecnet.files import markup_in, write_file
from cgrecnet.paths import RESULTS
from cgrecnet.runs.query import select_runs
from cgrecnet.runs.run_record import (
    RunRecord,
    format_predictions,
    read_predictions,
    read_record,
    sha256,
    write_run,
)
from cgrecnet.training.config import RunConfig

LABELS = np.array([0, 1, 2, 1])
PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.3, 0.2]])


def make(run_id: str = "e-0123456789-s42", **changes) -> tuple[RunRecord, str]:
    """A record made up for the test, and its predictions."""
    table = format_predictions(["a", "b", "c", "d"], LABELS, PROBABILITIES)
    config = RunConfig(experiment="e").model_dump() | changes
    record = RunRecord(
        run_id=run_id, experiment="e", config=config, started="2026-01-01T00:00:00+00:00", wall_seconds=1.5,
        commit="0" * 40, code="1" * 64, protocol=2, data={"name": "cytometer"}, split={}, weights={},
        parameters=3, hardware={},
        software={}, history=[], test=score(LABELS, PROBABILITIES, ("x", "y", "z")), predictions_sha256=sha256(table),
    )  # fmt: skip
    return record, table


def test_a_record_comes_back_as_it_was_written_and_any_score_can_be_recomputed(tmp_path):
    record, table = make()
    path = write_run(tmp_path / "e" / record.run_id, record, table)
    assert read_record(path) == record
    ids, labels, probabilities = read_predictions(tmp_path, record)
    assert ids == ["a", "b", "c", "d"]
    assert score(labels, probabilities, ("x", "y", "z")) == record.test
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["predictions.csv", "run.json"]


def test_records_are_read_in_the_order_of_model_fold_seed(tmp_path):
    for run_id, changes in (("e-b", {"fold": 1}), ("e-a", {"seed": 999}), ("e-c", {"model": "resnet50"})):
        record, table = make(run_id, **changes)
        write_run(tmp_path / "e" / run_id, record, table)
    (tmp_path / "e" / "e-unfinished").mkdir()
    assert [record.run_id for record in select_runs("e", results=tmp_path)] == ["e-c", "e-a", "e-b"]


def test_two_records_of_one_configuration_are_refused_and_the_older_is_named(tmp_path):
    for run_id, started in (("e-new", "2026-02-01T00:00:00+00:00"), ("e-old", "2026-01-01T00:00:00+00:00")):
        record, table = make(run_id)
        write_run(tmp_path / "e" / run_id, record.model_copy(update={"started": started}), table)
    with pytest.raises(RunError, match="same configuration: delete the one that is out of date, .*e-old"):
        select_runs("e", results=tmp_path)


def test_a_record_of_a_model_that_this_version_does_not_know_is_named(tmp_path):
    place(tmp_path, *make(model="cg_rednet"))
    with pytest.raises(RunError, match="e-0123456789-s42 is of the model 'cg_rednet', which this version does not"):
        select_runs("e", results=tmp_path)
    (tmp_path / "other").mkdir()
    place(tmp_path / "other", *make(model=["cg_recnet"]))
    with pytest.raises(RunError, match=r"is of the model \['cg_recnet'\], which this version does not"):
        select_runs("e", results=tmp_path / "other")


def test_a_results_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    record, table = make()
    with pytest.raises(RunError, match="cannot be written .*--results"):
        write_run(tmp_path / "file" / "e", record, table)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: text[: len(text) // 2], "cut off or no run record: delete its folder"),
        (lambda text: "[1]", "cut off or no run record"),
        (lambda text: "[" * 200_000, "cut off or no run record"),
        (lambda text: text.replace('"status": "ok"', '"status": "failed"'), "does not fit this version .status"),
        (lambda text: json.dumps(json.loads(text) | {"extra": 1}), "does not fit this version .extra"),
    ],
)
def test_a_damaged_record_is_named_with_the_remedy(tmp_path, spoil, message):
    record, table = make()
    path = write_run(tmp_path / "e" / record.run_id, record, table)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(RunError, match=message) as caught:
        read_record(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def place(results, record, table):
    return write_run(results / "e" / record.run_id, record, table)


def test_a_copy_of_a_run_does_not_count_twice_and_the_copy_is_named_not_the_run(tmp_path):
    path = place(tmp_path, *make())
    for copy in ("e-other-s1", f"{path.parent.name}.bak"):
        shutil.copytree(path.parent, tmp_path / "e" / copy)
        with pytest.raises(RunError, match=f"e/e-0123456789-s42, which would count twice.*move .*{copy} away"):
            select_runs("e", results=tmp_path)
        shutil.rmtree(tmp_path / "e" / copy)
    assert len(select_runs("e", results=tmp_path)) == 1
    shutil.copytree(tmp_path / "e", tmp_path / "other")
    with pytest.raises(RunError, match="other/e-0123456789-s42 away"):
        select_runs("other", results=tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields["test"].update(accuracy=0.99),
        lambda fields: fields["config"].update(epochs=7),
        lambda fields: fields["history"].append({}),
        lambda fields: fields.update(started="2027"),
    ],
)
def test_no_number_of_a_record_can_be_changed_after_it_was_written(tmp_path, change):
    path = place(tmp_path, *make())
    fields = json.loads(path.read_text())
    path.write_text(json.dumps(fields, sort_keys=True))  # another layout is no other record
    assert read_record(path)
    change(fields)
    path.write_text(json.dumps(fields))
    with pytest.raises(RunError, match="was changed after it was written.*put back the file"):
        read_record(path)


def test_a_record_without_a_hash_is_refused(tmp_path):
    path = place(tmp_path, *make())
    fields = json.loads(path.read_text())
    del fields["sha256"]
    path.write_text(json.dumps(fields))
    with pytest.raises(RunError, match="has no sha256.*put back the file"):
        read_record(path)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"cell_id,label,p0\na,one,0.5\n", b"", b"cell_id\na\n"])
def test_predictions_that_are_no_table_are_named(tmp_path, content):
    record, table = make()
    record = record.model_copy(update={"predictions_sha256": hashlib.sha256(content).hexdigest()})
    path = place(tmp_path, record, table)
    (path.parent / "predictions.csv").write_bytes(content)
    with pytest.raises(RunError, match="predictions.csv"):
        read_predictions(tmp_path, record)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<!-- ", "</table>", "{{ 7 * 7 }}", "{% include 'x' %}"])
@pytest.mark.parametrize("field", ["hardware", "data", "software"])
def test_a_record_with_markup_in_a_field_is_refused_before_a_page_runs_it(tmp_path, field, text):
    record, table = make()
    path = place(tmp_path, record.model_copy(update={field: {"cpu": text}}), table)
    with pytest.raises(RunError, match="holds HTML or a template"):
        read_record(path)
    with pytest.raises(DataError, match="name it without"):
        CellDataset("x", True, "t", ("a", text), [], np.array([]), pd.DataFrame(), (0, 1), "f", "o")


def test_what_is_nested_more_deeply_than_python_calls_is_looked_through():
    deep = "<b>"
    for _ in range(5000):
        deep = [deep]
    assert markup_in({"a": 1, "b": deep}) == "<b>"


def test_signs_that_are_no_markup_are_kept(tmp_path):
    record, table = make()
    kept = {"cpu": "a < b, 3 <4, x > y, {a}, $x$ | `y`"}
    path = place(tmp_path, record.model_copy(update={"hardware": kept}), table)
    assert read_record(path).hardware == kept


def test_every_record_that_the_book_shows_is_what_its_run_wrote():
    paths = sorted(RESULTS.glob("*/*/run.json"))
    assert paths and all(read_record(path) for path in paths)


def test_a_missing_record_says_what_to_do(tmp_path):
    with pytest.raises(RunError, match="the run is not done"):
        read_record(tmp_path / "run.json")


def test_predictions_that_are_not_the_records_own_are_refused(tmp_path):
    record, table = make()
    path = write_run(tmp_path / "e" / record.run_id, record, table)
    (path.parent / "predictions.csv").write_text(table.replace("0.7", "0.9"))
    with pytest.raises(RunError, match="not those of its record"):
        read_predictions(tmp_path, record)


def test_a_full_disk_leaves_nothing_that_could_be_taken_for_a_record(tmp_path, monkeypatch):
    def refuse(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(RunError, match="No space left on device.*make room"):
        write_file(tmp_path / "run.json", "x")
    assert list(tmp_path.iterdir()) == []
