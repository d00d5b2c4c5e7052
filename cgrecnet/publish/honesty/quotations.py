"""Quotations: the first argument of each `holds` stands in its own page once, word for word, so that an error names it.

The page is what a person wrote: Markdown, captions and alternative texts, lines joined. A role (`{glue:text}` and any
other, with what it holds) counts as `...` there, and a quotation writes it so.
"""

import ast
import re
from collections.abc import Iterator

from cgrecnet.publish.honesty.prose import Page
from cgrecnet.publish.honesty.sections import HIDDEN

FEWEST = 5  # words of a quotation: less is a label and no clause
_UNSEEN = "holds stands in a cell whose outputs no reader sees: give it the tag remove-input, which leaves its note"
_ROLE = re.compile(r"\{[\w:-]+\}`[^`]*`")


def misquoted(page: Page) -> Iterator[tuple[int, str]]:
    """Line and fault of each `holds` that does not quote one place of its own page, or whose note is hidden."""
    written = [" ".join(_ROLE.sub("...", paragraph).split()) for paragraph in page.paragraphs]
    for number, header, call in page.holds:
        if fault := _UNSEEN if any(tag in header for tag in HIDDEN) else _fault(call, written):
            yield number, fault


def _fault(call: ast.Call, written: list[str]) -> str:
    """What is wrong with the first argument of this call; nothing where it is in order."""
    quoted = call.args[0] if call.args else None
    if not isinstance(quoted, ast.Constant) or not isinstance(quoted.value, str):
        return "holds quotes nothing: its first argument is the sentence of the page, as a plain text in quotes"
    quotation = quoted.value
    words = sum(any(map(str.isalpha, word)) for word in quotation.split())
    if words < FEWEST:
        return f"holds quotes {quotation!r}: quote the whole clause that it guards, {FEWEST} words at least"
    times = sum(paragraph.count(quotation) for paragraph in written)
    if times == 0:
        return f"holds quotes {quotation!r}, which the page does not say: quote it word for word, with ... for a role"
    return f"holds quotes {quotation!r}, which the page says {times} times: quote more of it" if times > 1 else ""
