"""What is published names no folder of the machine, and nothing else is rewritten."""

from pathlib import Path

import pytest

from cgrecnet.publish import dependencies
from cgrecnet.publish.layout import Layout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/opt/book", "."),
        ("/opt/book/y", "./y"),
        ("in '/opt/book', and /opt/book.", "in '.', and .."),
        ("\x1b[34m/opt/book/y\x1b[0m", "\x1b[34m./y\x1b[0m"),
        ("'a\\n/opt/book/y'", "'a\\n./y'"),
        ("file:///opt/book/y:3", "file://./y:3"),
        ("/opt/bookx/y", "/opt/bookx/y"),
        ("/opt/book-old /opt/book.old /opt/book_2 /opt/book2", "/opt/book-old /opt/book.old /opt/book_2 /opt/book2"),
        ("/srv/opt/book/y", "/srv/opt/book/y"),
        ("/opt/book/data/a.tif", "$CGRECNET_DATA/a.tif"),
        ("/home/someone/notes /home/someone2", "~/notes /home/someone2"),
    ],
)
def test_only_whole_parts_of_a_path_are_replaced(monkeypatch, text, expected):
    monkeypatch.setenv("CGRECNET_DATA", "/opt/book/data")
    monkeypatch.setenv("HOME", "/home/someone")
    names = dependencies._names_of_folders(Layout(Path("/opt/book")))
    output = {"output_type": "stream", "text": [text]}
    assert dependencies.without_paths([output], names)[0]["text"] == [expected]


def test_displayed_markdown_without_a_word_is_left_out():
    blank, said = ({"output_type": "display_data", "data": {"text/markdown": text}} for text in (["\n"], "a word"))
    stream = {"output_type": "stream", "name": "stdout", "text": [""]}
    assert dependencies.whole_outputs([blank, said, stream]) == [said, stream]


def test_what_was_printed_in_a_row_is_one_output_however_it_arrived():
    def printed(name, *lines):
        return {"output_type": "stream", "name": name, "text": list(lines)}

    figure = {"output_type": "display_data", "data": {"text/plain": ["<Figure>"]}}
    outputs = [printed("stdout", "a\n", "b"), printed("stdout", "c\n"), printed("stderr", "w\n"), figure]
    outputs.append(printed("stdout", "after\n"))
    assert dependencies.whole_outputs(outputs) == [
        printed("stdout", "a\n", "bc\n"), printed("stderr", "w\n"), figure, printed("stdout", "after\n"),
    ]  # fmt: skip
