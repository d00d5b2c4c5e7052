"""A picture tells the style how wide it is by itself, so that a phone does not shrink its text; none has small text."""

import re
from pathlib import Path

from cgrecnet.figures.style import STYLE
from cgrecnet.publish.check_browser import DPI, POINTS
from cgrecnet.publish.sphinx_ext import with_own_widths

ROOT = Path(__file__).parents[2]


def test_each_picture_gets_its_own_width_once():
    file, slide = '<img alt="A." src="../_images/a.png"/>', '<img src="data:x" width="576">'
    drawing = '<img src="c.svg">'
    sized = with_own_widths(file + slide + drawing, {"a.png": 840}.get)
    assert sized == (
        '<img style="--own-width: 840px" alt="A." src="../_images/a.png"/>'
        '<img style="--own-width: 576px" src="data:x" width="576">' + drawing
    )
    assert with_own_widths(sized, {"a.png": 840}.get) == sized


def test_no_figure_is_drawn_with_smaller_text_than_the_check_of_pages_counts_on():
    sizes = {
        (path.name, float(size))
        for folder in ("book", "cgrecnet/figures")
        for path in (ROOT / folder).rglob("*.py")
        for size in re.findall(r"(?:fontsize|labelsize)=([\d.]+)", path.read_text("utf8"))
    }
    assert len(sizes) > 20 and not {one for one in sizes if one[1] < POINTS}
    assert STYLE["figure.dpi"] == DPI and STYLE["font.size"] >= POINTS
