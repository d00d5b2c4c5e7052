"""What a text may refer to: titles of pages, numbered figures, equations and exercises, and the literature."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cgrecnet.publish import notebook, times
from cgrecnet.publish.layout import STATUS_PAGE, Layout
from cgrecnet.publish.notebooks.plain import Index, Target

_TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
_EQUATION = re.compile(r"\$\$\s*\(([\w-]+)\)\s*$", re.MULTILINE)
_EXERCISE = re.compile(r"^[`:]{3,}\{exercise\}.*\n:label: *([\w-]+)", re.MULTILINE)
_HEADING = re.compile(r"^\(([\w-]+)\)=\s*\n#+ +(.+)$", re.MULTILINE)
_ENTRY = re.compile(r"^@\w+\{([^,\s]+),(.*?)^\}", re.DOTALL | re.MULTILINE)


def index_of(layout: Layout) -> Index:
    """The index of a book, from the sources of its chapters."""
    titles, minutes, targets, scripts = {STATUS_PAGE: "Execution status"}, {}, {}, set()
    for chapter in layout.chapters:
        if chapter.is_script:
            cells = notebook.read(chapter).cells
            scripts.add(chapter.name)
            minutes[chapter.name] = times.reading_minutes({"cells": cells})
            text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
            targets |= dict(_targets(chapter.name, text, figure_names(cells)))
        else:
            text = chapter.source.read_text("utf8")
        found = _TITLE.search(text)
        titles[chapter.name] = found[1].strip() if found else chapter.name
    return Index(titles, frozenset(scripts), minutes, targets, literature(layout.root / "references.bib"))


def figure_names(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of a notebook's figures, in order."""
    figures = (cell["metadata"].get("mystnb", {}).get("figure", {}) for cell in cells)
    return [figure["name"] for figure in figures if "name" in figure]


def _targets(page: str, text: str, figures: list[str]) -> Iterable[tuple[str, Target]]:
    kinds = (("Figure {}", figures), ("({})", _EQUATION.findall(text)), ("Exercise {}", _EXERCISE.findall(text)))
    for form, labels in kinds:
        for number, label in enumerate(labels, 1):
            yield label, Target(page, form.format(number))
    for label, heading in _HEADING.findall(text):
        yield label, Target(page, f"\N{LEFT DOUBLE QUOTATION MARK}{heading}\N{RIGHT DOUBLE QUOTATION MARK}")


def literature(path: Path) -> dict[str, str]:
    """Author and year of each entry of a BibTeX file, as a link where the entry has an address."""
    found = {}
    for key, body in _ENTRY.findall(path.read_text("utf8") if path.is_file() else ""):
        given = dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*?)\},?\s*$", body, re.MULTILINE))
        names = [re.sub(r"[{}]", "", name.partition(",")[0]) for name in given.get("author", key).split(" and ")]
        who = names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
        words = f"{who} {given.get('year', '')}".strip()
        address = f"https://doi.org/{given['doi']}" if "doi" in given else given.get("url", "")
        found[key] = f"[{words}]({address})" if address else words
    return found
