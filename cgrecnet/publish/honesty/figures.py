"""A figure without provenance: each has in its section a block that says where it comes from, or says that none is due.

Two tags of its cell say so: `drawing` (a sketch; nothing was computed) and `computed` (it follows from the code on the
page and from printed numbers; no data set and no run was used). The book shows these words below the figure.
"""

import re
from collections.abc import Iterator
from typing import Any

from cgrecnet.publish.absent import is_absent
from cgrecnet.publish.honesty.sections import HIDDEN, visible_html

BLOCK = 'class="provenance"'
TOP = 2  # what stands below a page's title and above its first heading is a section of its own
#: Tags by which a figure says that there is nothing it comes from but the page itself.
OWN = {"drawing", "computed"}
_CALL = re.compile(
    r"\b(?:from_records|from_dataset|\w*provenance\w*|\w+_source)\(|\bProvenance\(|^(?:origin|provenance|source)\w*$",
    re.MULTILINE,
)
_HEADING = re.compile(r"^(#{1,6}) ", re.MULTILINE)


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
    return any(BLOCK in html for html in visible_html([cell]))
