"""What a page that opens without a network is made of: its frame, its texts made safe, its figures as SVG."""

import html
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

_FRAME = Path(__file__).with_name("page.html")


def filled(title: str, style: str, body: Sequence[str]) -> str:
    """A page; title: as it is, style: CSS besides the frame's, body: HTML."""
    parts = {"title": safe(title), "style": style, "body": "\n".join(body)}  # at once: a title may look like a place
    return re.sub(r"\{\{(title|style|body)\}\}", lambda place: parts[place[1]], _FRAME.read_text(encoding="utf-8"))


def safe(text: Any) -> str:
    """Text that is no HTML."""
    return html.escape(str(text), quote=True)


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
