"""Sentences of a page are asserted: an error in CI, a note for a reader whose records are others."""

import numpy as np
import pytest

from cgrecnet import pages
from cgrecnet.errors import RunError
from cgrecnet.evaluation.analysis_plan import Outcome
from cgrecnet.pages import STRICT, holds


def test_a_sentence_that_holds_says_nothing(capsys, monkeypatch):
    monkeypatch.setenv(STRICT, "1")
    holds("Ten is more than nine", 10 > 9)
    assert capsys.readouterr().out == ""


def test_a_planted_false_sentence_is_an_error_in_ci(monkeypatch):
    monkeypatch.setenv(STRICT, "1")
    with pytest.raises(RunError, match="'Nine is more than ten'.*rewrite that sentence"):
        holds("Nine is more than ten", 9 > 10)


def test_a_reader_with_other_records_sees_a_note(monkeypatch):
    monkeypatch.delenv(STRICT, raising=False)
    shown = []
    monkeypatch.setattr(pages, "display", shown.append)
    holds("Nine is more than ten", 9 > 10)
    (note,) = shown
    assert "Written for other records" in note.data and '"Nine is more than ten"' in note.data


def test_code_is_shown_at_the_left_edge_one_part_after_the_other():
    text = pages.show_code(pages.tell, pages.holds).data
    assert text.startswith("```python\ndef tell(") and "\n\ndef " in text and text.endswith("\n```")


def test_a_number_of_numpy_is_given_as_one_that_a_format_fits(monkeypatch):
    given = {}
    monkeypatch.setattr(pages, "glue", lambda name, value, display: given.update({name: repr(value)}))
    pages.tell(share=np.float64(0.5), n=np.array(3), words="a to b")
    assert given == {"share": "0.5", "n": "3", "words": "'a to b'"}


def test_a_word_of_an_enumeration_is_given_as_the_word(monkeypatch):
    given = {}
    monkeypatch.setattr(pages, "glue", lambda name, value, display: given.update({name: repr(value)}))
    pages.tell(word=Outcome.UNDECIDED)
    assert given == {"word": "'undecided'"}
