"""Figures that could not be drawn: their reason stands in the text, without the caption and the number of a figure.

A cell says so by an output of class `not-shown` (`cgrecnet.figures.cells.draw_absent`).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from cgrecnet.publish.honesty.sections import visible_html

MARK = 'class="not-shown"'
#: What stands where a text refers to such a figure.
INSTEAD = "Figure (not shown)"


def is_absent(cell: dict[str, Any]) -> bool:
    """Whether the cell of an executed notebook says that it could not draw its figure."""
    return any(MARK in html for html in visible_html([cell]))


def without_absent(notebooks: Mapping[str, str]) -> dict[str, str]:
    """The texts of executed notebooks by page, with no caption, alt text or reference of a figure that is not there."""
    found, names = {}, []
    for page, text in notebooks.items():
        if "not-shown" in text:
            content = json.loads(text)
            for cell in filter(is_absent, content["cells"]):
                figure = cell["metadata"].pop("mystnb", {}).get("figure", {})
                names += [figure["name"]] if "name" in figure else []
            text = json.dumps(content, indent=1, ensure_ascii=False)
        found[page] = text
    if names:
        one = "|".join(map(re.escape, names))
        reference = re.compile(rf"\{{(?:numref|ref)\}}`(?:{one}|[^`<]*<(?:{one})>)`")
        found = {page: reference.sub(INSTEAD, text) for page, text in found.items()}
    return found
