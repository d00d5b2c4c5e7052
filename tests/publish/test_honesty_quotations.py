"""What `holds` asserts is a quotation: it stands in its own page once, word for word, or the build fails."""

import pytest
from minibook import REPOSITORY, set_pages, write, write_script

from cgrecnet.publish import __main__
from cgrecnet.publish.honesty import written
from cgrecnet.publish.honesty.written import read
from cgrecnet.publish.layout import Layout

PAGE = """
    # %% [markdown]
    # # One
    #
    # Of {glue:text}`n` cells the first network finds
    # {glue:text}`share:.0f` % and more ({doc}`/book/two`, P1).
    # It sees what it is told to see.
    # It sees what it is told to see, mostly.

    # %% mystnb={"image": {"alt": "A line that falls from left to right."}}
    draw()

    # %% mystnb={"figure": {"caption": "It falls as {glue:text}`x` grows, and stays low."}}
    draw()

    # %% tags=["remove-input"]
    n = 3
    HOLDS
"""


@pytest.fixture
def faults(tmp_path):
    """Plants a call of `holds` and gives what is found."""

    def plant(call):
        source = write_script(tmp_path / "one.py", PAGE.replace("HOLDS", call))
        return list(written.misquoted(read(source)))

    return plant


@pytest.mark.parametrize(
    "quotation",
    [
        "Of ... cells the first network finds ... % and more",  # over two lines and two roles
        "% and more (..., P1). It sees what",
        "A line that falls from left to right.",
        "It falls as ... grows, and stays low.",
        "what it is told to see, mostly",
    ],
)
def test_a_quotation_from_prose_caption_or_alternative_text_is_in_order(faults, quotation):
    assert faults(f'holds("{quotation}", n == 3)') == []


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('holds("the second network finds ... % and more", n == 3)', "the page does not say"),
        ('holds("cells the first network Finds", n == 3)', "the page does not say"),
        ('holds("the first network finds 3 % and more", n == 3)', "with ... for a role"),
        ('holds("It sees what it is told to see", n == 3)', "says 2 times: quote more of it"),
        ('holds("more", n == 3)', "5 words at least"),
        ("holds(f'the first network finds {n} cells', n == 3)", "quotes nothing"),
        ("holds()", "quotes nothing"),
        ("if n: holds('It never sees what it is told', n == 3)", "the page does not say"),
    ],
)
def test_a_planted_quotation_that_is_none_is_found(faults, call, said):
    ((_, text),) = faults(call)
    assert said in text


def test_a_false_quotation_fails_the_build_and_names_its_line(tmp_path, capsys):
    write(tmp_path / "book" / "index.md", "# Home\n")
    write_script(tmp_path / "book" / "one.py", PAGE.replace("HOLDS", 'holds("It never sees what it is told", n)'))
    set_pages(tmp_path, "one")
    assert __main__.main(["honesty", "--root", str(tmp_path)]) == 1
    assert "error: book/one.py:26: holds quotes 'It never sees what it is told'" in capsys.readouterr().err


def test_a_note_to_the_reader_is_not_hidden(tmp_path):
    hidden = PAGE.replace("HOLDS", 'holds("A line that falls from left to right.", n == 3)').replace("-input", "-cell")
    ((_, text),) = written.misquoted(read(write_script(tmp_path / "one.py", hidden)))
    assert "no reader sees" in text


def test_quoted_words_are_no_prose_in_code(tmp_path):
    quoting = PAGE.replace("HOLDS", 'holds("It falls as ... grows, and stays low.", n == 3)')
    assert read(write_script(tmp_path / "one.py", quoting)).words_in_code == 0
    elsewhere = PAGE.replace("HOLDS", 'held("It falls as ... grows, and stays low.", n == 3)')
    assert read(write_script(tmp_path / "one.py", elsewhere)).words_in_code == 7


def test_a_page_of_markdown_asserts_nothing(tmp_path):
    assert read(write(tmp_path / "one.md", "holds('what is said here', True)\n")).holds == []


@pytest.mark.parametrize("chapter", Layout(REPOSITORY).chapters, ids=lambda chapter: chapter.name)
def test_every_holds_of_the_book_quotes_one_place_of_its_page(chapter):
    assert list(written.misquoted(read(chapter.source))) == []
