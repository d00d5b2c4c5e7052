"""The block under a figure names runs, data, seeds, commit, hardware and time, and says when code has moved on."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from fabricated_runs import fabricate_sweep

from cgrecnet.data import open_dataset
from cgrecnet.errors import RunError
from cgrecnet.figures.provenance import (
    all_read,
    from_dataset,
    from_records,
    is_current,
    missing_runs,
    provenance_of,
)
from cgrecnet.paths import REPOSITORY, RESULTS
from cgrecnet.runs.environment import source_hash
from cgrecnet.runs.query import experiment


def test_everything_that_a_reader_needs_is_named(record):
    text = str(from_records([record]))
    for needed in (
        "e-0123456789-s42", "abcdef0123", "cytometer (simulated cells), 1,234 cells, sha256 ffffffffff",
        "42 (split 7)", "CPU, 2 cores, 1 thread (Some CPU)", "5 min", "current (protocol",
    ):  # fmt: skip
        assert needed in text, needed


def test_a_record_of_an_older_protocol_is_shown_with_that_said(record):
    old = record.model_copy(update={"protocol": 1, "run_id": "e-old-s1"})
    assert is_current(record) and not is_current(old)
    assert is_current(record.model_copy(update={"code": "0" * 64})), "a reworded message voids nothing"
    assert "e-old-s1: of an earlier protocol, other cells or another split; run" in str(from_records([record, old]))
    many = [old.model_copy(update={"run_id": f"e-old-{n}"}) for n in range(6)]
    assert "6 of these runs, e-old-0 among them: of an earlier" in str(from_records([record, *many]))


#: Whether a record still has the name that its run would have now, and counts; before it, the hash of the source.
ASKED = """
import sys
from pathlib import Path
from cgrecnet.figures.provenance import is_current
from cgrecnet.runs.environment import source_hash
from cgrecnet.runs.run_id import plan_run
from cgrecnet.runs.run_record import read_record
from cgrecnet.training.config import RunConfig
record = read_record(Path(sys.argv[1]))
print(source_hash(), plan_run(RunConfig(**record.config)).run_id == record.run_id, is_current(record))
"""


def test_a_renamed_variable_a_reworded_message_and_a_moved_file_void_nothing(tmp_path):
    package = tmp_path / "cgrecnet"
    shutil.copytree(REPOSITORY / "cgrecnet", package, ignore=shutil.ignore_patterns("*.npz", "__pycache__"))
    loop = package / "training" / "loop.py"
    reworded = re.sub(r"\brecent\b", "looked_at", loop.read_text().replace("lower the learning rate", "learn slower"))
    assert reworded.count("looked_at") > 4 and "learn slower" in reworded
    loop.write_text(reworded)
    (package / "predict" / "engines.py").rename(package / "predict" / "motors.py")
    record = experiment("noise", "cytometer").records[0]
    path = RESULTS / record.experiment / record.run_id / "run.json"
    told = subprocess.run(
        [sys.executable, "-c", ASKED, path], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    changed, *counts = told.stdout.split()
    assert changed != source_hash() and counts == ["True", "True"]


def test_a_record_of_other_cells_or_another_torch_is_shown_with_that_said(record):
    data = record.data | {"name": "jurkat", "simulated": False}
    real = record.model_copy(update={"data": data, "config": record.config | {"data": "jurkat", "task": "cycle"}})
    assert not is_current(real), "its fingerprint is not that of the Jurkat cells"
    other = record.model_copy(update={"software": {"torch": "1.0.0+cpu"}})
    assert is_current(other) and "with torch 1.0.0, here is" in str(from_records([other]))


def test_a_record_of_another_split_of_the_same_cells_is_out_of_date():
    real = experiment("ablation", "jurkat").records[0]
    assert is_current(real)
    for setting in ({"fold": real.config["fold"] + 1}, {"split_seed": 43}, {"split": "joint"}):
        other = real.model_copy(update={"config": real.config | setting})
        assert not is_current(other), "its settings would train on other cells now"
    changed = real.model_copy(update={"split": real.split | {"manifest": "0" * 64}})
    assert not is_current(changed) and "another split; run the sweep" in str(from_records([changed]))


def test_a_record_whose_model_is_gone_counts_as_old(record):
    gone = record.model_copy(update={"config": record.config | {"model": "forgotten"}})
    assert not is_current(gone)


def test_uncommitted_changes_are_said(record):
    dirty = record.model_copy(update={"commit": "abcdef0123456789+changes"})
    assert "abcdef0123 with uncommitted changes" in str(from_records([dirty]))


def test_processes_that_trained_together_are_said(record):
    both = record.model_copy(update={"hardware": record.hardware | {"processes": 2}})
    assert "1 thread, 2 processes together (Some CPU)" in str(from_records([both]))


def test_no_records_no_provenance():
    with pytest.raises(ValueError, match="at least one"):
        from_records([])


def test_records_of_two_data_sets_do_not_share_a_block_unless_set_side_by_side(record):
    data = record.data | {"name": "jurkat", "simulated": False}
    other = record.model_copy(update={"run_id": "e-jurkat", "data": data})
    with pytest.raises(RunError, match="of different data sets"):
        from_records([record, other])
    html = from_records([record, other], side_by_side=True)._repr_html_()
    assert 'data-sets="cytometer jurkat"' in html and 'data-side-by-side="yes"' in html
    assert "side-by-side" not in from_records([record])._repr_html_()


def test_many_runs_are_counted_and_folded_away(record):
    records = [record.model_copy(update={"run_id": f"e-{n}", "wall_seconds": 60.0 * n}) for n in range(1, 7)]
    html = from_records(records)._repr_html_()
    assert 'data-runs="e-1 e-2 e-3 e-4 e-5 e-6"' in html and "e-1; e-2;" in html.split("</summary>")[1]
    (line,) = re.findall("<summary>(.*)</summary>", html)
    assert re.fullmatch(r"cytometer \(simulated cells\); 6 runs; (current|out of date)", line)
    assert "21 min in all, 60 s to 6 min each" in html


def test_images_under_the_names_of_the_papers_classes_are_not_called_its_real_cells(record):
    """Any folder, turned grey, can have that layout, and the paper's own number of files."""
    for cells, told in ((60, "60 of 207,556"), (207_556, "207,556 of 207,556")):
        data = record.data | {"name": "zhu", "simulated": False, "task": "lineage", "cells": cells}
        given = from_records([record.model_copy(update={"data": data})])
        assert f"zhu (as given: {told} cells), {cells:,} cells, sha256 ffffffffff" in str(given)
        assert given.line.startswith(f"zhu (as given: {told} cells); 1 run; ") and "real" not in str(given)
    data = record.data | {"name": "zhu", "simulated": False, "task": "inducer"}
    assert "zhu (as given), 1,234 cells" in str(from_records([record.model_copy(update={"data": data})]))
    made = record.model_copy(update={"data": data | {"simulated": True}})
    assert "zhu (simulated cells), 1,234 cells" in str(from_records([made]))


def test_a_data_set_says_whether_it_is_real_and_html_is_escaped(record):
    cells = open_dataset("cytometer", options={"cells": 8, "seed": 5})
    text = str(from_dataset(cells))
    assert "simulated cells" in text and cells.fingerprint[:10] in text and "seed 5" in text
    odd = record.model_copy(update={"run_id": "<script>"})
    assert "<script>" not in from_records([odd])._repr_html_()


@pytest.fixture
def all_current(monkeypatch):
    """Whether the cells are still the same is no matter here."""
    monkeypatch.setattr("cgrecnet.figures.provenance.is_current", lambda record: True)


DEBRIS = ("debris", "cytometer")


def test_missing_runs_come_with_their_command(tmp_path):
    said = missing_runs(DEBRIS, ("noise", "cytometer"), results=tmp_path)
    assert "`simulated-debris` (no run here)" in said
    assert said._repr_markdown_() == said  # so that a cell may end with it
    assert said.index("sweep sweeps/simulated-debris.yaml") < said.index("sweep sweeps/simulated-noise.yaml")


def test_a_part_that_is_there_in_part_is_counted_and_a_whole_one_is_not_named(tmp_path):
    records = fabricate_sweep(tmp_path, "simulated-debris", lambda config: 0.5)
    assert missing_runs(DEBRIS, results=tmp_path) == ""
    (tmp_path / "simulated-debris" / records[0].run_id / "run.json").unlink()
    assert f"{len(records) - 1} of {len(records)} runs here" in missing_runs(DEBRIS, results=tmp_path)


def test_provenance_names_the_runs_or_the_sweep_that_makes_them(tmp_path, all_current):
    assert "none here; they come from sweeps/simulated-debris.yaml" in str(provenance_of([], DEBRIS))
    record = fabricate_sweep(tmp_path, "simulated-debris", lambda config: 0.5)[0]
    assert record.run_id in str(provenance_of([record], DEBRIS))


def test_every_record_is_named_by_data_set(tmp_path, all_current):
    assert all_read(DEBRIS, results=tmp_path) == []
    simulated = fabricate_sweep(tmp_path, "simulated-debris", lambda config: 0.5, cells=30)
    real = fabricate_sweep(tmp_path, "jurkat-presets", lambda config: 0.5, cells=30)
    blocks = all_read(DEBRIS, ("presets", "jurkat"), DEBRIS, results=tmp_path)
    assert [block.sets for block in blocks] == [("cytometer",), ("jurkat",)]
    assert [set(block.runs) for block in blocks] == [{r.run_id for r in records} for records in (simulated, real)]
