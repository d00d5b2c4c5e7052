"""Sentences of a page are asserted: an error in CI, a note for a reader whose records are others; code fits a page."""

import ast

import numpy as np
import pytest

from cgrecnet import pages
from cgrecnet.errors import RunError
from cgrecnet.evaluation.analysis_plan import Outcome
from cgrecnet.pages import COLUMNS, STRICT, holds, narrowed
from cgrecnet.paths import REPOSITORY


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


class _Reflowed(ast.NodeTransformer):
    """Text without its line ends."""

    def visit_Constant(self, node):
        return ast.Constant(" ".join(node.value.split())) if isinstance(node.value, str) else node


@pytest.mark.parametrize("name", ["pages.py", "evaluation/paired.py", "training/loop.py", "data/zhu/names.py"])
def test_narrowed_code_has_the_same_meaning(name):
    source = (REPOSITORY / "cgrecnet" / name).read_text()
    narrow = narrowed(source)
    before, after = (ast.dump(_Reflowed().visit(ast.parse(text))) for text in (source, narrow))
    assert before == after
    too_wide = [sum(len(line) > COLUMNS for line in text.splitlines()) for text in (source, narrow)]
    assert too_wide[1] < too_wide[0] / 3


def test_narrowed_code_is_broken_inside_its_brackets_and_text_between_words():
    code = "value = function(first_argument, second_argument, third_argument, fourth)  # what it is for"
    assert narrowed(code).splitlines() == [
        "# what it is for",
        "value = function(first_argument, second_argument, third_argument, fourth)",
    ]
    long = "value = function(first_argument, second_argument, third_argument, fourth=None)"
    assert narrowed(long).splitlines() == [
        "value = function(first_argument, second_argument, third_argument,",
        "    fourth=None)",
    ]


def test_a_sentence_of_a_docstring_is_filled_up_from_line_to_line():
    long = f"A sentence {'of many words ' * 5}whose last words"
    lines = ["def f():", '    """Short.', "", f"    {long}", "    go on there.", "    Then a new one.", '    """']
    shown = narrowed("\n".join(lines)).splitlines()
    assert shown[3].startswith("    A sentence of many words") and shown[4].endswith("last words go on there.")
    assert shown[5:] == ["    Then a new one.", '    """']


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
