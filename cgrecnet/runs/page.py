"""Pages that open without a network: filled from templates, whatever stands in them is text; their figures as SVG."""

import io
from pathlib import Path

import matplotlib
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cgrecnet.files import write_file

#: Words of sentences that are not to be overlooked.
_LOUD = ("do not trust", "used to train", "Look at this", "nothing rules out", "could not be read", "Too few")


def write_page(path: Path, title: str, body: Path, style: str, otherwise: str = "name another file", **values) -> None:
    """Write the page that the template `body` makes of the values, each as text unless it is `Markup`; make its folder.

    style: name of a file beside the template, with CSS besides the frame's.
    Raises RunError where the disk refuses; otherwise: what to do then.
    """
    folders = [body.parent, Path(__file__).parent]
    pages = Environment(loader=FileSystemLoader(folders), autoescape=True, undefined=StrictUndefined)
    pages.tests["loud"] = lambda words: any(loud in words for loud in _LOUD)
    text = pages.get_template("page.html").render(values, title=title, style=style, body=body.name)
    write_file(path, text, otherwise)


def svg(figure: Figure) -> Markup:
    """A figure as an SVG element, letters as letters."""
    out = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cgrecnet"}):
        figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    return Markup(text[text.index("<svg") :])


def panels(width: float, height: float, count: int = 1) -> tuple[Figure, Axes]:
    """A figure of so many panels beside each other, on white."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    return figure, *figure.subplots(1, count, squeeze=False)[0]


def epoch_panels(height: float) -> tuple[Figure, Axes, Axes]:
    """A figure of two panels with epochs along the axes, for a loss and for a score."""
    figure, *both = panels(9, height, 2)
    for axes in both:
        axes.set(xlabel="epoch")
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    return figure, *both


def literal(name: str) -> str:
    """A name in which matplotlib sees no formula."""
    return name.replace("$", r"\$")
