"""How long a page takes to read and its chapter to run, for the prose of the book: counted, measured, never typed.

`` {reading-time}`this page` `` is a guess from the page's own words, formulas and pictures;
`` {run-time}`/book/2_data/splits` `` is what the last execution of that chapter took.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

WORDS_A_MINUTE = 180  # of a text that is studied, and not skimmed
SECONDS_A_FORMULA = 20
SECONDS_A_PICTURE = 30
_FORMULA = re.compile(r"\$\$.*?\$\$", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
#: A table that a cell folds is there to be looked things up in.
_FOLDED = re.compile(r"^(:{3,})\{dropdown\}.*?^\1$", re.DOTALL | re.MULTILINE)
_HIDDEN = {"remove-cell", "remove-input", "hide-input"}


def reading_minutes(notebook: dict[str, Any]) -> int:
    """Minutes to read a notebook: prose, shown code, formulas and pictures, rounded up to five."""
    texts, pictures = [], 0
    for cell in notebook["cells"]:
        source, tags = "".join(cell["source"]), set(cell["metadata"].get("tags", []))
        if cell["cell_type"] == "markdown" or not tags & _HIDDEN:
            texts.append(source)
        if "remove-cell" not in tags:
            texts += _shown(cell)
        pictures += "figure" in cell["metadata"].get("mystnb", {})
    text = "\n".join(texts)
    formulas = len(_FORMULA.findall(text))
    words = len(re.findall(r"[A-Za-z]{2,}", _FORMULA.sub("", text)))
    minutes = words / WORDS_A_MINUTE + (formulas * SECONDS_A_FORMULA + pictures * SECONDS_A_PICTURE) / 60
    return 5 * max(1, math.ceil(minutes / 5))


def _shown(cell: dict[str, Any]) -> list[str]:
    """The texts that a cell put on its page, without what it folds and without the tags of tables."""
    data = (output.get("data", {}) for output in cell.get("outputs", []))
    texts = ["".join(each["text/markdown"]) for each in data if "text/markdown" in each]
    return [_TAG.sub(" ", _FOLDED.sub("", text)) for text in texts]


def run_time(notebook: dict[str, Any]) -> str:
    """What an executed notebook says that its run took, such as `14 s` or `11 min`; `not run` where it has none."""
    seconds = notebook["metadata"].get("cgrecnet", {}).get("seconds", 0)
    if not seconds:
        return "not run"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def setup_roles(app: Sphinx) -> None:
    """Give Sphinx the two roles."""
    app.add_role("reading-time", _role(app, lambda notebook: f"{reading_minutes(notebook)} minutes"))
    # Marked as what passes (see `check.py`): it is another one whenever the chapter has run.
    app.add_role("run-time", _role(app, lambda notebook: f"<data>{run_time(notebook)}</data>"))


def _role(app: Sphinx, said: Any) -> Any:
    def role(name: str, rawtext: str, text: str, lineno: int, inliner: Any, *_: Any) -> Any:
        env = inliner.document.settings.env
        page = env.docname if text == "this page" else text.removeprefix("/")
        path = Path(app.srcdir) / f"{page}.ipynb"
        if not path.is_file():
            logging.getLogger(__name__).warning("{%s} names %s, which is no chapter", name, text, location=env.docname)
            return [nodes.Text(text)], []
        env.note_dependency(str(path))
        return [nodes.raw("", said(json.loads(path.read_text("utf8"))), format="html")], []

    return role
