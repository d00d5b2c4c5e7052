"""All interactive pieces on one page, twice each: it loads nothing, no two share an id, and the checks find nothing."""

import re

import pytest
import test_confusion_cells
import test_gallery
import test_slider
import test_threshold

from cgrecnet.figures.widgets.frame_slider import slider


@pytest.fixture
def pieces(twelve_cells):
    sliders = slider(test_slider.squares(), test_slider.VALUES, "defocus", test_slider.ALTS, unit="µm")
    pairs = [
        (test_confusion_cells.made(twelve_cells), test_confusion_cells.made()),
        (test_gallery.made(twelve_cells), test_gallery.made()),
        (sliders, sliders),
        (test_threshold.made(), test_threshold.made()),
    ]
    return [piece for pair in pairs for piece in pair]


def test_they_load_nothing_and_share_no_ids(pieces):
    for piece in pieces:
        html = re.sub(r"base64,[^\"]*", "", piece.html)
        assert not re.search(r"https?:|//|\sid=|@import|fetch", html)
        assert len(html) < 40_000


@pytest.mark.browser
@pytest.mark.slow
def test_the_check_of_the_book_finds_nothing(book_faults, pieces):
    assert book_faults(*pieces) == []
