"""Slides need nothing but themselves, and show figures of the last build with what they are of."""

import json
import re
import shutil
from pathlib import Path

import pytest

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.publish import slides
from cgrecnet.publish.layout import Layout

REPOSITORY = Path(__file__).parents[2]
FIGURE = {"figure": {"name": "fig-x", "caption": "Two dots; simulated cells."}, "image": {"alt": "Two dots."}}


@pytest.fixture
def layout(tmp_path):
    shutil.copytree(REPOSITORY / "slides" / "reveal", tmp_path / "slides" / "reveal")
    output = {"data": {"image/png": "aGk="}}
    cell = {"cell_type": "code", "source": "", "metadata": {"mystnb": FIGURE}, "outputs": [output]}
    made = tmp_path / "_build" / "executed" / "book" / "x.ipynb"
    made.parent.mkdir(parents=True)
    made.write_text(json.dumps({"cells": [cell]}))
    return Layout(tmp_path)


def test_a_page_holds_all_that_it_needs(layout):
    (layout.root / "slides" / "one.md").write_text("# Title\n\n---\n\n## Two\n\n![](x#fig-x)\n")
    (path,) = slides.build(layout)
    text = path.read_text("utf8")
    assert text.count("<section>") == 2 and "<title>Title</title>" in text
    assert 'alt="Two dots." src="data:image/png;base64,aGk="' in text and "simulated cells" in text
    assert not re.search(r"""(?:src|href)=["'](?!data:)[^"'>$]|@import""", text.split("<script>")[0])


def test_an_equation_is_drawn_and_keeps_its_tex_for_who_hears_it(layout):
    source = layout.root / "slides" / "one.md"
    source.write_text("# T\n\n$$y = x < 2$$\n$$z = \\sigma(x)$$\n")
    (path,) = slides.build(layout)
    assert re.findall(r'class="equation" alt="([^"]+)"', path.read_text("utf8")) == ["y = x &lt; 2", r"z = \sigma(x)"]
    source.write_text("$$\\nosuchmacro{x}$$\n")
    with pytest.raises(ConfigError, match="nosuchmacro"):
        slides.build(layout)


@pytest.mark.parametrize(("figure", "error"), [("x#fig-none", ConfigError), ("y#fig-x", RunError)])
def test_a_figure_that_is_not_there_is_said(layout, figure, error):
    (layout.root / "slides" / "one.md").write_text(f"![]({figure})\n")
    with pytest.raises(error):
        slides.build(layout)
    assert not list(layout.build.glob("slides/*"))


def test_every_course_has_slides():
    courses = {path.stem for path in (REPOSITORY / "book" / "teach").glob("*.md")} - {"index"}
    assert courses == {path.stem for path in (REPOSITORY / "slides").glob("*.md")}


def test_the_slides_of_the_book_name_figures_that_its_chapters_have():
    for source in (REPOSITORY / "slides").glob("*.md"):
        for page, name in re.findall(r"!\[\]\(([\w/]+)#([\w-]+)\)", source.read_text("utf8")):
            assert f'"name": "{name}"' in (REPOSITORY / "book" / f"{page}.py").read_text("utf8")


@pytest.mark.parametrize("course", ["ninety_minutes", "half_day"])
def test_the_slides_of_a_course_show_every_figure_of_its_plan(course):
    plan, slides_of = (REPOSITORY / folder / f"{course}.md" for folder in ("book/teach", "slides"))
    planned = set(re.findall(r"\{numref\}`(fig-[\w-]+)`", plan.read_text("utf8")))
    assert planned and planned <= set(re.findall(r"#(fig-[\w-]+)\)", slides_of.read_text("utf8")))
