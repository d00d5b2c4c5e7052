"""The block under a figure names runs, data, seeds, commit, hardware and time, and says when code has moved on."""

import pytest

from cgrecnet.data import open_dataset
from cgrecnet.figures.provenance import from_dataset, from_records, is_current


def test_everything_that_a_reader_needs_is_named(record):
    text = str(from_records([record]))
    for needed in (
        "e-0123456789-s42", "abcdef0123", "cytometer (simulated cells), 1,234 cells, sha256 ffffffffff",
        "42 (split 7)", "CPU, 2 cores, 1 thread (Some CPU)", "5 min", "the same as now",
    ):  # fmt: skip
        assert needed in text, needed


def test_a_record_of_other_code_is_shown_with_that_said(record):
    old = record.model_copy(update={"code": "0" * 64, "run_id": "e-old-s1"})
    assert is_current(record) and not is_current(old)
    assert "has changed since e-old-s1: run the sweep again" in str(from_records([record, old]))


def test_a_record_whose_model_is_gone_counts_as_old(record):
    gone = record.model_copy(update={"config": record.config | {"model": "forgotten"}})
    assert not is_current(gone)


def test_uncommitted_changes_are_said(record):
    dirty = record.model_copy(update={"commit": "abcdef0123456789+changes"})
    assert "abcdef0123 with uncommitted changes" in str(from_records([dirty]))


def test_no_records_no_provenance():
    with pytest.raises(ValueError, match="at least one"):
        from_records([])


def test_a_data_set_says_whether_it_is_real_and_html_is_escaped(record):
    cells = open_dataset("cytometer", options={"cells": 8, "seed": 5})
    text = str(from_dataset(cells))
    assert "simulated cells" in text and cells.fingerprint[:10] in text and "seed 5" in text
    odd = record.model_copy(update={"run_id": "<script>"})
    assert "<script>" not in from_records([odd])._repr_html_()
