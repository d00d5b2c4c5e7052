"""Tables with words in their cells: as wide as the page, and on a small screen a card for each row (book.css)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def wide_table(headers: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> str:
    """HTML of a table of plain text; a line break in a cell becomes one on the page.

    label: what the table shows, for readers who hear the page. Every cell carries its column's name, which a card shows
    in front of it. Holds no empty line, so that it can stand in Markdown.
    """
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"A row has {len(row)} cells where the table has {len(headers)} columns: {row[0]!r}.")
    names = [escape(str(name)) for name in headers]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    lines = (
        "".join(f'<td data-name="{name}">{_cell(text)}</td>' for name, text in zip(names, row, strict=True))
        for row in rows
    )
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table class="table cards"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def dropdown(title: str, *contents: str) -> str:
    """A MyST dropdown around contents."""
    return f"::::{{dropdown}} {title}\n" + "\n\n".join(contents) + "\n::::"


def _cell(text: str) -> str:
    lines = [line for line in str(text).splitlines() if line.strip()]
    # A long name may break behind its underscores, so that it does not push a column off the page.
    return f"<span>{'<br>'.join(escape(line).replace('_', '_<wbr>') for line in lines)}</span>"
