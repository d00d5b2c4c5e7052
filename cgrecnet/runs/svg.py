"""Figures as text that stands in a page itself."""

import io

import matplotlib
from matplotlib.figure import Figure


def svg(figure: Figure) -> str:
    """A figure as an SVG element, letters as letters."""
    out = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cgrecnet"}):
        figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    return text[text.index("<svg") :]


def literal(name: str) -> str:
    """A name in which matplotlib sees no formula."""
    return name.replace("$", r"\$")
