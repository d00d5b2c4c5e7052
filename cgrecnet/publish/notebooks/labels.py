"""What a text may refer to: titles of pages, numbered figures, equations and exercises, and the literature."""

import json
import re
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from cgrecnet.publish import notebook, times
from cgrecnet.publish.honesty.shown import is_absent
from cgrecnet.publish.layout import CITATION_PAGE, STATUS_PAGE, Layout
from cgrecnet.publish.notebooks.plain import Index, Target
from cgrecnet.publish.stage import INSTEAD

_TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
_EQUATION = re.compile(r"\$\$\s*\(([\w-]+)\)\s*$", re.MULTILINE)
_EXERCISE = re.compile(r"^[`:]{3,}\{exercise\}.*\n:label: *([\w-]+)", re.MULTILINE)
_HEADING = re.compile(r"^\(([\w-]+)\)=\s*\n#+ +(.+)$", re.MULTILINE)
_ENTRY = re.compile(r"^@\w+\{([^,\s]+),(.*?)^\}", re.DOTALL | re.MULTILINE)


def index_of(layout: Layout, notebooks: Mapping[str, Mapping[str, Any]] | None = None) -> Index:
    """The index of a book, from the sources of its chapters; figures, equations and exercises are numbered through it.

    notebooks: those chapters, by name, that were read already, executed or not, and need not be read again.

    A figure that the last build could not draw has no number, on the pages as here.
    """
    titles, minutes, targets, scripts = {STATUS_PAGE: "Execution status", CITATION_PAGE: "How to cite"}, {}, {}, set()
    numbers = {"Figure {}": count(1), "({})": count(1), "Exercise {}": count(1)}
    for chapter in layout.chapters:
        if chapter.is_script:
            cells = (notebooks or {}).get(chapter.name) or notebook.read(chapter)
            cells = [cell | {"source": "".join(cell["source"])} for cell in cells["cells"]]
            scripts.add(chapter.name)
            minutes[chapter.name] = times.reading_minutes({"cells": cells})
            text = "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
            absent = _absent(layout.executed_notebook(chapter))
            figures = [name for name in _figures(cells) if name not in absent]
            found = zip(numbers, (figures, _EQUATION.findall(text), _EXERCISE.findall(text)), strict=True)
            for form, labels in found:
                targets |= {label: Target(chapter.name, form.format(next(numbers[form]))) for label in labels}
            targets |= {name: Target(chapter.name, INSTEAD) for name in absent}
            targets |= {label: Target(chapter.name, f"*{heading}*") for label, heading in _HEADING.findall(text)}
        else:
            text = chapter.source.read_text("utf8")
        title = _TITLE.search(text)
        titles[chapter.name] = title[1].strip() if title else chapter.name
    return Index(titles, frozenset(scripts), minutes, targets, literature(layout.root / "references.bib"))


def _figures(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of a notebook's figures, in order; one without a name has a number all the same."""
    figures = (cell["metadata"].get("mystnb", {}).get("figure") for cell in cells)
    return [figure.get("name", "") for figure in figures if figure is not None]


def _absent(executed: Path) -> set[str]:
    """The names of the figures that an executed notebook says it could not draw."""
    if not executed.is_file() or "not-shown" not in (text := executed.read_text("utf8")):
        return set()
    return set(_figures(cell for cell in json.loads(text)["cells"] if is_absent(cell)))


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
