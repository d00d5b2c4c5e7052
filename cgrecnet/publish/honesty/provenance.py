"""Provenance: every figure has a block of it in its section, every record stands in one, and none mixes data sets.

Where none is due, a tag of the figure's cell says so: `drawing` (a sketch; nothing was computed) or `computed` (it
follows from the code on the page and from printed numbers; no data set and no run was used). The book shows these words
below the figure.
"""

import re
from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup, Tag

from cgrecnet.publish.honesty.sections import HIDDEN, is_absent, visible_html

TOP = 2  # what stands below a page's title and above its first heading is a section of its own
#: Tags by which a figure says that there is nothing it comes from but the page itself.
OWN = {"drawing", "computed"}
_CALL = re.compile(
    r"\b(?:from_records|from_dataset|\w*provenance\w*|\w+_source)\(|\bProvenance\(|^(?:origin|provenance|source)\w*$",
    re.MULTILINE,
)
_HEADING = re.compile(r"^(#{1,6}) ", re.MULTILINE)
#: A record of a run, as the list of what a chapter read names it.
_RECORD = re.compile(r"^results/(?:[^/]+/)+([^/]+)/run\.json$")


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
            for marks in _HEADING.findall(source):
                level = max(TOP, len(marks))
                yield from (name for own, name in waiting if own >= level)
                waiting = [(own, name) for own, name in waiting if own < level]
        elif cell["cell_type"] == "code":
            if _is_figure(cell) and not OWN & set(cell["metadata"].get("tags", [])):
                waiting.append((level, _name(cell, number)))
            if _has_block(cell, source):
                waiting = []
    yield from (name for _, name in waiting)


def _is_figure(cell: dict[str, Any]) -> bool:
    if HIDDEN & set(cell["metadata"].get("tags", [])) or is_absent(cell):
        return False
    pictures = any(kind.startswith("image/") for output in cell.get("outputs", []) for kind in output.get("data", {}))
    return pictures or "figure" in cell["metadata"].get("mystnb", {})


def _name(cell: dict[str, Any], number: int) -> str:
    return cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") or f"the picture of cell {number}"


def _has_block(cell: dict[str, Any], source: str) -> bool:
    if cell.get("execution_count") is None:
        return bool(_CALL.search(source))
    return bool(blocks_of([cell]))


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
