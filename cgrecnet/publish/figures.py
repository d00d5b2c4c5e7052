"""Figures of executed notebooks on their way to the pages: provenance goes below, what could not be drawn goes out.

MyST-NB makes a figure, with number and caption, of every output of a cell that has a caption. So a block of provenance
moves into a cell of its own below the figure. A cell whose figure could not be drawn says so by an output of class
`not-shown` (`cgrecnet.figures.cells.draw_absent`); its reason stands in the text, without caption, number or reference.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cgrecnet.publish.honesty.sections import visible_html

#: What stands where a text refers to a figure that is not there.
INSTEAD = "Figure (not shown)"


def is_absent(cell: dict[str, Any]) -> bool:
    """Whether the cell of an executed notebook says that it could not draw its figure."""
    return any('class="not-shown"' in html for html in visible_html([cell]))


def staged(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts of pages, of notebooks (`.ipynb`) as JSON: no provenance in a figure, nothing of an absent one."""
    found, names = {}, []
    for page, text in texts.items():
        if page.endswith(".ipynb") and ("not-shown" in text or "provenance" in text):
            content = json.loads(text)
            for cell in filter(is_absent, content["cells"]):
                figure = cell["metadata"].pop("mystnb", {}).get("figure", {})
                names += [figure["name"]] if "name" in figure else []
            content["cells"] = [part for cell in content["cells"] for part in _apart(cell)]
            text = json.dumps(content, indent=1, ensure_ascii=False)
        found[page] = text
    if names:
        one = "|".join(map(re.escape, names))
        reference = re.compile(rf"\{{(?:numref|ref)\}}`(?:{one}|[^`<]*<(?:{one})>)`")
        found = {page: reference.sub(INSTEAD, text) for page, text in found.items()}
    return found


def _apart(cell: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The cell itself, or the figure's and below it one for its blocks of provenance."""
    if "figure" not in cell["metadata"].get("mystnb", {}):
        yield cell
        return
    outputs = cell.get("outputs", [])
    blocks = [out for out in outputs if 'class="provenance"' in "".join(out.get("data", {}).get("text/html", ""))]
    yield cell | {"outputs": [out for out in outputs if out not in blocks]}
    if blocks:
        # Its source is not shown, but MyST-NB drops a cell without any.
        own = {"cell_type": "code", "execution_count": None, "source": ["# provenance"], "outputs": blocks}
        own |= {"metadata": {"tags": ["remove-input"]}}
        yield own | ({"id": f"{cell['id']}-below"} if "id" in cell else {})
