"""Tables with words in their cells, and the numbers in them: differences, intervals, p-values.

A table is as wide as the page, and on a small screen a card for each row (book.css).
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cgrecnet.evaluation.planned_contrasts import JudgedContrast

#: Columns of a table of judged contrasts, wherever the book compares two networks.
HEADERS = ("contrast", "outcome", "difference in points (95 % interval)", "p (Holm)", "n")


class Shown(str):
    """A text that a notebook shows as Markdown when it is the last line of a cell."""

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return "<shown as Markdown>"


def wide_table(headers: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> Shown:
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
    return Shown(
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table class="table cards"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def dropdown(title: str, *contents: str) -> Shown:
    """A MyST dropdown around contents."""
    return Shown(f"::::{{dropdown}} {title}\n" + "\n\n".join(contents) + "\n::::")


def _cell(text: str) -> str:
    lines = [line for line in str(text).splitlines() if line.strip()]
    # A long name may break behind its underscores, so that it does not push a column off the page.
    return f"<span>{'<br>'.join(escape(line).replace('_', '_<wbr>') for line in lines)}</span>"


def decisions_table(decisions: Sequence[JudgedContrast], label: str = "Contrasts and their outcomes") -> Shown:
    """HTML: one row per contrast of a family, its outcome in the second column."""
    return wide_table(HEADERS, [decision_row(decision) for decision in decisions], label)


def decision_row(decision: JudgedContrast, name: str | None = None, unit: str = "") -> tuple[str, ...]:
    """The cells of one row, in the order of `HEADERS`; name: in place of the decision's own; unit: what n counts."""
    result = decision.result
    return (
        name or decision.name,
        str(decision.outcome),
        f"{with_interval(result)}\n90 %: {interval(result.interval90)}",
        p_text(decision.p_corrected),
        f"{n_text(result.n)} {unit}".strip(),
    )


def points(value: float) -> str:
    """A difference with its sign: `+1.2`, `−0.4`, `0.0`."""
    text = f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")
    return "0.0" if text[1:] == "0.0" else text


def interval(ends: tuple[float, float]) -> str:
    """`−0.4 to +1.2`."""
    return f"{points(ends[0])} to {points(ends[1])}"


def with_interval(result) -> str:
    """A difference and its 95 % interval: `+0.4 (−0.4 to +1.2)`."""
    return f"{points(result.difference)} ({interval(result.interval95)})"


def span(ends: tuple[float, float], scale: float = 100, digits: int = 1) -> str:
    """An interval in words, such as `81.2 to 84.9`, both ends times `scale`."""
    return " to ".join(f"{scale * end:.{digits}f}" for end in ends)


def p_text(value: float) -> str:
    """A p-value with two digits; `< 0.0001` below that."""
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"


def p_equal(p_value: float) -> str:
    """A p-value behind a `p`: `= 0.03`, `< 0.0001`."""
    text = p_text(p_value)
    return text if text.startswith("<") else f"= {text}"


def n_text(n: int | tuple[int, ...]) -> str:
    """`900`, or `800 and 793` where two sets of cells are compared."""
    return f"{n:,}" if isinstance(n, int) else " and ".join(f"{one:,}" for one in n)
