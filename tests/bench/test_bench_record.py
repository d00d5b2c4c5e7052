"""A benchmark's record is whole or not there, and only of the schema that it names."""

import json

import pytest
from measuring import CPU, Benchmark

from cgrecnet.bench.record import RECORDS, MemoryRow, load_bench, newest, read_bench
from cgrecnet.errors import RunError
from cgrecnet.training.protocol import PROTOCOL

ROW = MemoryRow(model="resnet50", kind="forward", precision="32", peak=5)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("timing.time.sleep", lambda _: None)


def test_a_record_comes_back_as_it_was_written(tmp_path):
    written = Benchmark("memory", {"batch_size": 8}, CPU, tmp_path / "bench-memory" / "a.json").write(rows=[ROW])
    assert read_bench(tmp_path / "bench-memory" / "a.json") == written
    assert written.rows == [ROW] and written.settings == {"batch_size": 8} and written.protocol == PROTOCOL
    assert load_bench("memory", tmp_path) == [written]
    assert newest("memory", "cpu", tmp_path) == written and newest("memory", "cuda", tmp_path) is None


def test_the_newest_record_wins(tmp_path):
    folder = tmp_path / "bench-memory"
    record = Benchmark("memory", {}, CPU, folder / "b.json").write(rows=[ROW])
    older = record.model_dump(mode="json") | {"id": "older", "started": "2020-01-01T00:00:00+00:00"}
    (folder / "z.json").write_text(json.dumps(older))
    assert [one.id for one in load_bench("memory", tmp_path)] == ["older", record.id]
    assert newest("memory", "cpu", tmp_path) == record


def test_a_record_never_takes_the_place_of_another(tmp_path):
    (tmp_path / "a.json").write_text("mine")
    with pytest.raises(RunError, match="there already"):
        Benchmark("memory", {}, CPU, tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text() == "mine"


def test_what_does_not_fit_the_schema_is_not_written(tmp_path):
    bench = Benchmark("memory", {}, CPU, tmp_path / "a.json")
    with pytest.raises(ValueError, match="peak"):
        bench.write(rows=[{"model": "resnet50", "kind": "forward", "precision": "32"}])
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_breaks_off_leaves_nothing(tmp_path, monkeypatch):
    bench = Benchmark("memory", {}, CPU, tmp_path / "a.json")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cgrecnet.files.os.fsync", full)
    with pytest.raises(RunError, match="No space left"):
        bench.write(rows=[ROW])
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_a_file_is_refused_before_anything_is_measured(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="--json"):
        Benchmark("memory", {}, CPU, tmp_path / "file" / "a.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"rows": [{"model": "resnet50"}]}, "rows.0"),
        ({"hours": 3}, "hours"),
        ({"name": "speed"}, "no benchmark record"),
    ],
)
def test_a_record_of_another_schema_is_refused(change, message, tmp_path):
    good = Benchmark("memory", {}, CPU, tmp_path / "good.json").write(rows=[ROW]).model_dump(mode="json")
    (tmp_path / "bad.json").write_text(json.dumps(good | change))
    with pytest.raises(RunError, match=message):
        read_bench(tmp_path / "bad.json")


def test_a_record_that_is_cut_off_or_missing_is_refused(tmp_path):
    Benchmark("memory", {}, CPU, tmp_path / "a.json").write(rows=[ROW])
    text = (tmp_path / "a.json").read_text()
    (tmp_path / "a.json").write_text(text[: len(text) // 2])
    with pytest.raises(RunError, match="cut off"):
        read_bench(tmp_path / "a.json")
    with pytest.raises(RunError, match="no benchmark record"):
        read_bench(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("name", "row", "message"),
    [
        ("models", {"kind": "forward", "precision": "32", "compiled": False, "model": "m"}, "row that was not skipped"),
        ("memory", {"kind": "forward", "precision": "32", "peak": None, "model": "m"}, "rows.0.peak"),
    ],
)
def test_a_record_with_a_null_where_a_number_is_shown_is_refused(tmp_path, name, row, message):
    whole = Benchmark("memory", {}, CPU, tmp_path / "a.json").write(rows=[ROW]).model_dump(mode="json")
    limits = {"limits": {"flops_per_second": {}, "bytes_per_second": 1.0}} if name == "models" else {}
    (tmp_path / "b.json").write_text(json.dumps(whole | {"name": name, "rows": [row]} | limits))
    with pytest.raises(RunError, match=message):
        read_bench(tmp_path / "b.json")
    (tmp_path / "b.json").write_text(json.dumps(whole | {"hardware": {"device": "cpu", "gpu": None, "cpu": None}}))
    with pytest.raises(RunError, match="say what the machine is"):
        read_bench(tmp_path / "b.json")
    (tmp_path / "b.json").write_text("[" * 100_000)
    with pytest.raises(RunError, match="cut off or no benchmark record"):
        read_bench(tmp_path / "b.json")


def test_a_record_with_markup_in_a_field_is_refused(tmp_path):
    whole = Benchmark("memory", {"note": "<script>"}, CPU, tmp_path / "a.json").write(rows=[ROW])
    assert whole.settings["note"] == "<script>"
    with pytest.raises(RunError, match="holds HTML or a template .'<script>'"):
        read_bench(tmp_path / "a.json")


def test_every_record_that_the_book_shows_fits_the_schema():
    assert all(load_bench(name) for name in RECORDS)
