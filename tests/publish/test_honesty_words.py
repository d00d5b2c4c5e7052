"""Words of prose in the code of the chapters: counted as a reader would, and never more than the bound."""

import pytest
from minibook import REPOSITORY, set_pages, write, write_script

from cgrecnet.errors import ConfigError
from cgrecnet.publish import __main__
from cgrecnet.publish.honesty import check
from cgrecnet.publish.honesty.written import read
from cgrecnet.publish.layout import Layout

CODE = '''
    # %% [markdown]
    # # One
    # These words stand where they belong.

    # %% tags=["drawing"] mystnb={"figure": {"caption": "A caption of six words here."}}
    def said(value):
        """A docstring of five words."""
        return f"The value is {value} here."

    label = "two words"
    PLANTED
'''


@pytest.fixture
def book(tmp_path):
    write(tmp_path / "book" / "index.md", "# Home\n\nNothing but prose stands here.\n")
    write(tmp_path / check.WORDS, "most: 4\n")
    set_pages(tmp_path, "one")
    return plant(tmp_path, "")


def words(layout):
    return {chapter.label: read(chapter.source).words_in_code for chapter in layout.chapters}


def plant(root, code):
    write_script(root / "book" / "one.py", CODE.replace("PLANTED", code))
    return Layout(root)


def test_sentences_in_code_count_and_markdown_captions_docstrings_and_labels_do_not(book):
    assert words(book) == {"book/index.md": 0, "book/one.py": 4}
    assert check.too_many_words(book.root, words(book)) == []


def test_a_planted_sentence_fails_and_is_told_where_it_belongs(book, capsys):
    planted = plant(book.root, "print('Networks see what we tell them.')")
    (fault,) = check.too_many_words(planted.root, words(planted))
    assert fault.page == check.WORDS and "10 words of prose, 6 more than the 4 allowed" in fault.text
    assert "in Markdown" in fault.text and "book/one.py 10" in fault.text
    assert __main__.main(["honesty", "--root", str(book.root)]) == 1
    told = capsys.readouterr()
    assert "6 more than the 4 allowed" in told.err and "words of prose in code: 10" in told.out
    assert __main__.main(["honesty", "--root", str(book.root), str(book.root / "book" / "one.py")]) == 0


@pytest.mark.parametrize("content", ["most: many\n", "most: true\n", "12\n", "most: 4\nmore: 5\n", ""])
def test_a_bound_that_is_none_is_refused(book, content):
    write(book.root / check.WORDS, content)
    with pytest.raises(ConfigError, match="must hold one line"):
        check.too_many_words(book.root, {})


def test_the_book_keeps_its_own_bound():
    assert check.most_words(REPOSITORY) and check.too_many_words(REPOSITORY, words(Layout(REPOSITORY))) == []
