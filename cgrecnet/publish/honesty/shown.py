"""An executed notebook as a reader meets it, section by section, and what it owes its reader.

Provenance: every figure has a block of it in its section, every record stands in one, and none mixes data sets. Where
none is due, a tag of the figure's cell says so: `drawing` (a sketch; nothing was computed) or `computed` (it follows
from the code on the page and from printed numbers; no data set and no run was used). The book shows these words below
the figure.

n: where a table, a caption or a text that a cell made gives a mean score or a "±" of ours, n is said. It counts as
said where the same section says "n = 5", has a column n, or counts in words what was averaged ("five folds"). Prose
that nobody computed holds no number of ours (see `numbers`), and what is marked as the paper's (a column, row or text
that names the paper) is quoted as it was printed: neither is asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt

from cgrecnet.publish.honesty.numbers import names_its_owner
from cgrecnet.publish.honesty.written import HIDDEN, prose_of

TOP = 2  # what stands below a page's title and above its first heading is a section of its own
#: Tags by which a figure says that there is nothing it comes from but the page itself.
OWN = {"drawing", "computed"}
_HEADING = re.compile(r"^(#{1,6}) +(.+)$", re.MULTILINE)
_CALL = re.compile(
    r"\b(?:from_records|from_dataset|\w*provenance\w*|\w+_source)\(|\bProvenance\(|^(?:origin|provenance|source)\w*$",
    re.MULTILINE,
)
#: A record of a run, as the list of what a chapter read names it.
_RECORD = re.compile(r"^results/(?:[^/]+/)+([^/]+)/run\.json$")
_SCORE = r"(?:accurac(?:y|ies)|F1s?|scores?|AUCs?|recalls?|precisions?|differences?|gains?)"
_MEAN = re.compile(
    rf"\N{{PLUS-MINUS SIGN}}|\b[Mm]eans? (?:[\w-]+ )?{_SCORE}\b|\b{_SCORE}[^.;|]{{0,20}}\((?:mean|average)"
    rf"|\b[Mm]eans? (?:and SDs?|over (?:the )?(?:folds|runs|seeds))|\b[Aa]verage (?:[\w-]+ )?{_SCORE}\b"
)
_COUNT = r"(?:\d[\d,]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|each of)"
_WHAT = (
    r"(?:test |simulated |real |Jurkat |grouped |stratified |random |different |fresh )*"
    r"(?:folds?|runs?|seeds?|cells?|images?|pictures?|networks?|data sets?|repeats?|rounds?|samples?|matrices|modules?)"
)
_N = re.compile(rf"\bn\s*=\s*\d|\b{_COUNT} {_WHAT}\b")
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
        elif _is_seen(cell):
            found[-1].shown += [caption] if (caption := _figure(cell).get("caption")) else []
            for output in cell.get("outputs", []):
                _take_output(output, found[-1])
    return found


def _is_seen(cell: dict[str, Any]) -> bool:
    """Whether the page shows what this cell puts out."""
    return cell["cell_type"] == "code" and not HIDDEN & set(cell["metadata"].get("tags", []))


def _figure(cell: dict[str, Any]) -> dict[str, str]:
    """Name and caption of the figure that a cell's header describes; nothing where it has none."""
    return cell["metadata"].get("mystnb", {}).get("figure", {})


def visible_html(cells: list[dict[str, Any]]) -> Iterator[str]:
    """The HTML of every output that the page shows."""
    for output in (output for cell in filter(_is_seen, cells) for output in cell.get("outputs", [])):
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
    for title, below in zip(parts[1::3], parts[2::3], strict=True):
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


def unsourced(cells: list[dict[str, Any]]) -> Iterator[str]:
    """The name of each figure that no provenance follows before the end of its section (subsections belong to it).

    cells: of a notebook. Where a cell has outputs, its pictures and blocks count; where it has none (a chapter that has
    not been run), the figure that its header names and the calls in its code.
    """
    waiting: list[tuple[int, str]] = []  # level of the section, name
    level = TOP
    for number, cell in enumerate(cells, 1):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            for marks, _ in _HEADING.findall(source):
                level = max(TOP, len(marks))
                yield from (name for own, name in waiting if own >= level)
                waiting = [(own, name) for own, name in waiting if own < level]
        elif cell["cell_type"] == "code":
            if _is_figure(cell) and not OWN & set(cell["metadata"].get("tags", [])):
                waiting.append((level, _figure(cell).get("name") or f"the picture of cell {number}"))
            if _CALL.search(source) if cell.get("execution_count") is None else blocks_of([cell]):
                waiting = []
    yield from (name for _, name in waiting)


def _is_figure(cell: dict[str, Any]) -> bool:
    kinds = (kind for output in cell.get("outputs", []) for kind in output.get("data", {}))
    drawn = "figure" in cell["metadata"].get("mystnb", {}) or any(kind.startswith("image/") for kind in kinds)
    return drawn and _is_seen(cell) and not is_absent(cell)


def blocks_of(cells: list[dict[str, Any]]) -> list[Tag]:
    """Every provenance block that the page shows; it names its runs and data sets in attributes (`named_in`)."""
    pages = [BeautifulSoup(html, "html.parser") for html in visible_html(cells) if 'class="provenance"' in html]
    return [block for page in pages for block in page("aside", class_="provenance")]


def named_in(block: Tag, kind: str) -> set[str]:
    """What a block names: its `runs` or its data `sets`."""
    return set(block.get(f"data-{kind}", "").split())


def unnamed_records(cells: list[dict[str, Any]], files: list[str]) -> list[str]:
    """The runs whose records a chapter read, and which no block of its page names.

    files: what the chapter was seen to read. Such a run may be out of date without any reader being told.
    """
    named = set().union(*(named_in(block, "runs") for block in blocks_of(cells)))
    read = [found[1] for name in files if (found := _RECORD.match(name))]
    return sorted(set(read) - named)


def mixtures(cells: list[dict[str, Any]]) -> Iterator[str]:
    """The data sets of each block that names several without saying that it sets them side by side."""
    for block in blocks_of(cells):
        sets = named_in(block, "sets")
        if len(sets) > 1 and not block.has_attr("data-side-by-side"):
            yield " and ".join(sorted(sets))


def without_n(cells: list[dict[str, Any]]) -> Iterator[str]:
    """For each section of an executed notebook that gives a mean of ours and nowhere says its n: the place."""
    for section in sections_of(cells):
        place = _first_mean(section)
        if place and not _says_n(section):
            yield f"{place} under {section.title!r}"


def _first_mean(section: Section) -> str:
    """The first mean of ours in a section: the words around it, or nothing."""
    for table in section.tables:
        for row, column in _ours(table):
            if _MEAN.search(row[column]):
                return f"a table ({row[column]})"
    for text in section.shown:
        found = _MEAN.search(text)
        if found and not names_its_owner(text):
            return f"a text ({text[max(0, found.start() - 25) : found.end() + 25].strip()})"
    return ""


def _ours(table: list[list[str]]) -> Iterator[tuple[list[str], int]]:
    """Rows and columns of a table without those that are marked as the paper's."""
    header = table[0] if table else []
    theirs = {place for place, name in enumerate(header) if names_its_owner(name)}
    for row in table:
        if row and not names_its_owner(row[0]):
            yield from ((row, column) for column in range(len(row)) if column not in theirs)


def _says_n(section: Section) -> bool:
    columns = {name.strip().lower() for table in section.tables for name in (table[0] if table else [])}
    return bool(columns & {"n", "runs", "folds", "seeds", "cells"}) or bool(_N.search(section.whole))
