"""An executed notebook as a reader meets it: section by section, with the texts and tables that stand in each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bs4 import BeautifulSoup

from cgrecnet.publish.honesty.prose import prose_of

_HEADING = re.compile(r"^#{1,6} +(.+)$")
#: Tags of a cell whose outputs no page shows.
HIDDEN = {"remove-cell", "remove-output"}
_TABLE = re.compile(r"(?:^[ >]*\|.*\|[ ]*\n?){2,}", re.MULTILINE)


@dataclass
class Section:
    """What stands between two headings: prose, texts that cells show, and tables as rows of cells."""

    title: str
    prose: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)

    def add(self, text: str, shown: bool = True) -> None:
        """Take in a text in Markdown, its tables apart; shown: a cell made it."""
        for found in _TABLE.findall(text):
            rows = [re.split(r"(?<!\\)\|", line.strip(" >\n"))[1:-1] for line in found.strip().splitlines()]
            self.tables.append([[cell.strip() for cell in row] for row in rows if not set("".join(row)) <= set("-: ")])
        texts = self.shown if shown else self.prose
        texts += [part for part in re.split(r"\n\s*\n", _TABLE.sub("\n\n", text)) if part.strip()]

    def add_html(self, html: str) -> None:
        """Take in a piece of HTML, its tables apart; scripts and styles are no words."""
        found = BeautifulSoup(html, "html.parser")
        for silent in found(["script", "style"]):
            silent.decompose()
        for table in found("table"):
            rows = [[cell.get_text(" ", strip=True) for cell in row(["td", "th"])] for row in table("tr")]
            self.tables.append(rows)
            table.extract()
        self.shown.append(found.get_text(" ", strip=True))

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


def _take_markdown(source: str, found: list[Section]) -> None:
    gathered: list[str] = []
    for prose, _ in prose_of(source.splitlines()):
        heading = _HEADING.match(prose)
        if heading:
            found[-1].add("\n".join(gathered), shown=False)
            found.append(Section(heading[1]))
            gathered = []
        else:
            gathered.append(prose)
    found[-1].add("\n".join(gathered), shown=False)


def _take_output(output: dict[str, Any], section: Section) -> None:
    data = output.get("data", {})
    if "text/markdown" in data:
        text = "".join(data["text/markdown"])
        section.add(re.sub(r"<table.*?</table>", "", text, flags=re.DOTALL))
        for table in re.findall(r"<table.*?</table>", text, flags=re.DOTALL):
            section.add_html(table)
    elif "text/html" in data:
        section.add_html("".join(data["text/html"]))
    else:
        section.add("".join(data.get("text/plain", output.get("text", ""))))
