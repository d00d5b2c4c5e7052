"""An executed notebook as a reader meets it: section by section, with the texts and tables that stand in each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from cgrecnet.publish.honesty.prose import prose_of

_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
#: Tags of a cell whose outputs no page shows.
HIDDEN = {"remove-cell", "remove-output"}
_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass
class Section:
    """What stands between two headings: prose, texts that cells show, and tables as rows of cells."""

    title: str
    prose: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)

    def add(self, html: str, shown: bool = True) -> None:
        """Take in HTML, its tables apart; scripts and styles are no words; shown: a cell made it."""
        found = BeautifulSoup(html, "html.parser")
        for silent in found(["script", "style"]):
            silent.decompose()
        for table in found("table"):
            self.tables.append([[cell.get_text(" ", strip=True) for cell in row(["td", "th"])] for row in table("tr")])
            table.extract()
        texts = (part.get_text(" ", strip=True) for part in found.children)
        (self.shown if shown else self.prose).extend(text for text in texts if text)

    @property
    def whole(self) -> str:
        """Every word of the section."""
        cells = [cell for table in self.tables for row in table for cell in row]
        return "\n".join([self.title, *self.prose, *self.shown, *cells])


def sections_of(cells: list[dict[str, Any]]) -> list[Section]:
    """The sections of a notebook's cells, in order; what stands before the first heading is one without title."""
    found = [Section("")]
    for cell in cells:
        if cell["cell_type"] == "markdown":
            _take_markdown("".join(cell["source"]), found)
        elif cell["cell_type"] == "code" and not HIDDEN & set(cell["metadata"].get("tags", [])):
            given = cell["metadata"].get("mystnb", {})
            found[-1].shown += [text for text in (given.get("figure", {}).get("caption"),) if text]
            for output in cell.get("outputs", []):
                _take_output(output, found[-1])
    return found


def visible_html(cells: list[dict[str, Any]]) -> Iterator[str]:
    """The HTML of every output that the page shows."""
    for cell in cells:
        if cell["cell_type"] == "code" and not HIDDEN & set(cell["metadata"].get("tags", [])):
            for output in cell.get("outputs", []):
                if html := output.get("data", {}).get("text/html"):
                    yield "".join(html)


def is_absent(cell: dict[str, Any]) -> bool:
    """Whether the cell of an executed notebook says that it could not draw its figure, by an output of class
    `not-shown` (`cgrecnet.figures.cells.draw_absent`)."""
    return any('class="not-shown"' in html for html in visible_html([cell]))


def _take_markdown(source: str, found: list[Section]) -> None:
    prose = "\n".join(text for text, _ in prose_of(source.splitlines()))
    before, *parts = _HEADING.split(prose)
    found[-1].add(_MARKDOWN.render(before), shown=False)
    for title, below in zip(parts[::2], parts[1::2], strict=True):
        found.append(Section(title))
        found[-1].add(_MARKDOWN.render(below), shown=False)


def _take_output(output: dict[str, Any], section: Section) -> None:
    data = output.get("data", {})
    if "text/markdown" in data:
        section.add(_MARKDOWN.render("".join(data["text/markdown"])))
    elif "text/html" in data:
        section.add("".join(data["text/html"]))
    else:
        section.shown += re.split(r"\n\s*\n", "".join(data.get("text/plain", output.get("text", ""))).strip())
