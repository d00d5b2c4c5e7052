"""Names and fields from outside (classes, cells, files, experiments, records) reach every page as text.

HTML, templates, mathematics and the bars of tables: each is put into each kind of page, and has to be read as it is.
"""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from offline_page import Page

from cgrecnet.data.cards import load_card
from cgrecnet.errors import ConfigError
from cgrecnet.figures.cards import CardTable
from cgrecnet.figures.provenance import Provenance
from cgrecnet.figures.tables import wide_table
from cgrecnet.figures.widgets.confusion_cells import confusion_cells
from cgrecnet.figures.widgets.frame_slider import slider
from cgrecnet.figures.widgets.gallery import gallery
from cgrecnet.figures.widgets.threshold import threshold_slider
from cgrecnet.predict.card import plain
from cgrecnet.publish import own_pages
from cgrecnet.training.config import RunConfig

EVIL = "<script>alert(1)</script> {{ 7 * 7 }} $x_1$ a|b *c*"
LABELS, CHANCES = np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
FRAMES = [np.zeros((4, 4), np.uint8), np.ones((4, 4), np.uint8)]


def card() -> str:
    made = load_card("jurkat").model_copy(update={"title": EVIL})
    return CardTable(made, counted={made.tasks[0].name: {EVIL: 3}})._repr_html_()


#: Kind of page -> its HTML, and how many scripts it has of its own.
PAGES = {
    "table": (lambda: wide_table([EVIL, "n"], [[EVIL, "1"]], EVIL), 0),
    "provenance": (lambda: Provenance((("Data", EVIL), (EVIL, "1")), (EVIL,), (EVIL,))._repr_html_(), 0),
    "card": (card, 0),
    "gallery": (lambda: gallery([EVIL], {EVIL: [EVIL]}, [EVIL], EVIL).html, 1),
    "confusion": (lambda: confusion_cells([EVIL, "b", "c"], LABELS, CHANCES, [EVIL, "other"], EVIL).html, 1),
    "threshold": (lambda: threshold_slider(LABELS, CHANCES, [EVIL, "other"], EVIL).html, 1),
    "slider": (lambda: slider(FRAMES, [EVIL, "b"], EVIL, [EVIL, "b"]).html, 1),
}


@pytest.mark.parametrize("kind", PAGES)
def test_html_shows_a_name_and_does_not_run_it(kind):
    make, own = PAGES[kind]
    page = Page(make())
    assert [tag for tag, _ in page.tags].count("script") == own and EVIL in page.text


#: What Markdown of this book may become that is more than text.
LIVE = {"html_inline", "html_block", "math_inline", "math_inline_double", "math_block", "substitution_inline",
        "substitution_block", "myst_role", "em_open", "fence"}  # fmt: skip


def read(markdown: str) -> tuple[set[str], str, int]:
    """As the book reads it: kinds of pieces, the text of them all, and how many cells its tables have."""
    extensions = {"amsmath", "attrs_inline", "colon_fence", "dollarmath", "substitution"}
    parser = create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)
    pieces = parser.parse(markdown)
    inside = [child for piece in pieces for child in piece.children or ()]
    text = "".join(piece.content for piece in inside)
    return {piece.type for piece in (*pieces, *inside)}, text, sum(piece.type == "td_open" for piece in pieces)


def test_the_look_at_markdown_finds_what_is_live():
    assert {"html_inline", "math_inline", "substitution_inline", "em_open"} <= read(f"a {EVIL}")[0]


def test_a_model_card_shows_names_as_text():
    kinds, text, cells = read(f"- {plain(EVIL + ' `d`')}\n\n| a | b |\n|---|---|\n| {plain(EVIL)} | 1 |\n")
    assert not kinds & LIVE and text.count(EVIL) == 2 and cells == 2


def test_the_execution_page_shows_files_parameters_and_code_as_text(monkeypatch):
    record = {
        "title": "T", "seconds": 1.0, "started": "2026-01-01T00:00:00", "parameters": {"x": EVIL + "`"},
        "cells": [{"cell": 1, "seconds": 1.0, "first_line": EVIL[:50] + "`"}], "versions": {}, "fingerprint": "f",
        "depends_on": {"files": [f"a`{EVIL}"], "folders": []},
    }  # fmt: skip

    monkeypatch.setattr(own_pages.dependencies, "stored", lambda _: record)
    chapter = SimpleNamespace(label="book/x.py", name="book/x", is_script=True)
    layout = SimpleNamespace(chapters=[chapter], executed_notebook=lambda _: None)
    section = own_pages.status(layout).replace(":::{div} table-scroll", "").replace(":::", "")
    section = re.sub(r"</?(?:time|data)>", "", section)  # the page's own marks, around times and a checksum
    kinds, text, cells = read(section)
    assert not kinds & LIVE and text.count("<script>alert(1)</script> {{ 7 * 7 }}") == 3 and cells == 3 + 2 * 12


@pytest.mark.parametrize("change", [{"experiment": EVIL}, {"weights": "<b>.pth"}, {"data_options": {"x": "{{ y }}"}}])
def test_what_a_record_could_not_hold_is_refused_before_a_run(change, tmp_path, monkeypatch):
    monkeypatch.setattr("cgrecnet.training.config.check_request", lambda *_: None)  # which knows no option x
    with pytest.raises(ConfigError):
        RunConfig.from_mapping(change)
