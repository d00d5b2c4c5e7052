"""Each page links a term of the glossary where its prose first uses it; nobody has to mark the place."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

GLOSSARY = "book/appendix/glossary"
_BLOCK = re.compile(r"^:::\{glossary\}\n(.*?)^:::$", re.DOTALL | re.MULTILINE)
#: Where a link would be in the way: it is none of the page's running prose, or is a link already.
_NO_PROSE = (nodes.title, nodes.caption, nodes.literal, nodes.reference, nodes.math, nodes.rubric, pending_xref)


def terms_in(glossary: str) -> list[str]:
    """The terms of a glossary page in Markdown, as they are written there."""
    blocks = _BLOCK.findall(glossary)
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith(" ")]


@cache
def pattern(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Finds any of the terms in a text, longer ones first, in the singular or with a plural s."""
    words = sorted(terms, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, words))})s?(?![\w-])", re.IGNORECASE)


def link_first_uses(app: Sphinx, doctree: nodes.document) -> None:
    """Sphinx's `doctree-read`: put a reference to the glossary around the first use of each term."""
    source = Path(app.srcdir) / f"{GLOSSARY}.md"
    name = app.env.docname
    if not source.is_file() or not name.startswith("book/") or name == GLOSSARY:
        return
    app.env.note_dependency(str(source))
    left = {term.lower(): term for term in terms_in(source.read_text("utf8"))}
    for text in list(doctree.findall(nodes.Text)):
        if _is_prose(text):
            _link(text, left, name)


def _is_prose(text: nodes.Text) -> bool:
    node: Any = text.parent
    inside = False
    while node is not None:
        if isinstance(node, _NO_PROSE) or "output" in " ".join(node.get("classes", [])):
            return False
        inside = inside or isinstance(node, (nodes.paragraph, nodes.list_item))
        node = node.parent
    return inside


def _link(text: nodes.Text, left: dict[str, str], page: str) -> None:
    """Replace a text by pieces, of which each first use of a term is a reference; used terms leave `left`."""
    pieces: list[nodes.Node] = []
    end = 0
    while left and (found := pattern(tuple(left.values())).search(text, end)):
        term = left.pop(found[1].lower())
        inner = nodes.inline(found[0], found[0], classes=["xref", "std", "std-term", "glossed"])
        reference = pending_xref(
            "", inner, refdomain="std", reftype="term", reftarget=term, refexplicit=True, refwarn=True, refdoc=page
        )
        pieces += [nodes.Text(text[end : found.start()]), reference]
        end = found.end()
    if pieces:
        text.parent.replace(text, [*pieces, nodes.Text(text[end:])])
