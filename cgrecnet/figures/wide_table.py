"""Tables with much prose in their cells: they keep a readable width and scroll in their own box on a small screen."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WHOLE_WORDS = 'style="overflow-wrap: normal"'  # the book's own rule would break words in narrow columns


def wide_table(headers: Sequence[str], rows: Sequence[Sequence[str]], label: str, rem: int = 40) -> str:
    """HTML of a table of plain text, `rem` wide at least; a line break in a cell becomes one on the page.

    label: what the table shows, for readers who hear the page. Holds no empty line, so that it can stand in Markdown.
    """
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"A row has {len(row)} cells where the table has {len(headers)} columns: {row[0]!r}.")
    head = "".join(f'<th scope="col">{_cell(text)}</th>' for text in headers)
    lines = ("".join(f"<td {WHOLE_WORDS}>{_cell(text)}</td>" for text in row) for row in rows)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table class="table" style="min-width: {rem}rem"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def dropdown(title: str, *contents: str) -> str:
    """A MyST dropdown around contents."""
    return f"::::{{dropdown}} {title}\n" + "\n\n".join(contents) + "\n::::"


def _cell(text: str) -> str:
    lines = [line for line in str(text).splitlines() if line.strip()]
    return "<br>".join(escape(line) for line in lines)
