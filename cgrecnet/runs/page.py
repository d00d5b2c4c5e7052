"""Pages that open without a network: filled from templates, whatever stands in them is text; their figures as SVG."""

import io
from pathlib import Path

import matplotlib
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from cgrecnet.files import atomic_write

#: Words of sentences that are not to be overlooked.
_LOUD = ("do not trust", "used to train", "Look at this", "nothing rules out", "could not be read", "Too few")


def write_page(path: Path, title: str, body: Path, style: str, **values) -> None:
    """Write the page that the template `body` makes of the values, each as text unless it is `Markup`.

    style: name of a file beside the template, with CSS besides the frame's. Raises OSError where the disk refuses.
    """
    folders = [body.parent, Path(__file__).parent]
    pages = Environment(loader=FileSystemLoader(folders), autoescape=True, undefined=StrictUndefined)
    pages.tests["loud"] = lambda words: any(loud in words for loud in _LOUD)
    text = pages.get_template("page.html").render(values, title=title, style=style, body=body.name)
    with atomic_write(path) as file:
        file.write(text)


def svg(figure: Figure) -> Markup:
    """A figure as an SVG element, letters as letters."""
    out = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cgrecnet"}):
        figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    return Markup(text[text.index("<svg") :])


def literal(name: str) -> str:
    """A name in which matplotlib sees no formula."""
    return name.replace("$", r"\$")
