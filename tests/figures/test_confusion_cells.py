"""The confusion matrix that opens: right counts, cells behind them, keys, and all of it without a script."""

import re

import numpy as np
import pytest

from cgrecnet.figures.widgets.confusion_cells import confusion_cells

CLASSES = ("a", "b", "<c>")
GUESS = np.array([0, 0, 1, 0, 1, 1, 1, 0, 2, 2, 2, 1])
LABELS = np.repeat([0, 1, 2], 4)
PROBABILITIES = np.eye(3)[GUESS] * 0.7 + 0.1


def made(twelve_cells=None, **more):
    ids = [f"cell-{i:02d}" for i in range(12)]
    return confusion_cells(ids, LABELS, PROBABILITIES, CLASSES, "Made-up cells.", twelve_cells, **more)


def test_every_count_is_right_and_has_its_cells(twelve_cells, tags):
    html = made(twelve_cells).html
    found = tags(html)
    counts = {b["data-place"]: b["aria-label"] for b in found.all("button")}
    assert set(counts) == {"0-0", "0-1", "1-1", "1-0", "2-2", "2-1"}
    assert counts["0-0"] == "3, 75.0% of true a, predicted a"
    assert counts["2-1"] == "1, 25.0% of true <c>, predicted b"
    assert all(b["aria-expanded"] == "false" and b["type"] == "button" for b in found.all("button"))
    sections = dict(re.findall(r'<section data-place="(\d-\d)".*?>(.*?)</section>', html, re.DOTALL))
    assert re.findall(r"cell-\d\d(?=</code>)", sections["0-1"]) == ["cell-02"]
    assert "b 0.80, a 0.10, &lt;c&gt; 0.10" in sections["0-1"]
    assert re.findall(r"cell-\d\d(?=</code>)", sections["0-0"]) == ["cell-00", "cell-01", "cell-03"]
    assert len(found.all("img")) == 12
    assert {th["scope"] for th in found.all("th")} == {"row", "col"}


def test_some_cells_stand_for_many_and_this_is_said():
    html = made(shown=2).html
    assert "True a, predicted a: 3 cells, 2 of them, drawn at random" in html
    assert "True a, predicted b: 1 cell, all of them" in html
    assert len(re.findall("</li>", html)) == 9 and "<img" not in html
    assert html == made(shown=2).html


def test_a_cell_that_the_data_set_lacks_is_an_error(twelve_cells):
    with pytest.raises(KeyError, match="other"):
        confusion_cells(["other"], LABELS[:1], PROBABILITIES[:1], CLASSES, "T", twelve_cells)
    with pytest.raises(ValueError, match="2 ids, 12 labels"):
        confusion_cells(["u", "v"], LABELS, PROBABILITIES, CLASSES, "T")


def open_places(shown, number=0) -> list[str]:
    groups = shown.locator(".confusion-cells").nth(number).locator("section")
    return [groups.nth(i).get_attribute("data-place") for i in range(groups.count()) if groups.nth(i).is_visible()]


@pytest.mark.browser
def test_keys_open_and_close_the_cells_behind_a_count(browse, twelve_cells):
    piece = made(twelve_cells)
    shown = browse(piece, piece)
    assert open_places(shown) == open_places(shown, 1) == []
    shown.keyboard.press("Tab")
    shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")
    assert open_places(shown) == ["0-1"] and open_places(shown, 1) == []
    button = shown.locator("button[aria-expanded=true]")
    assert button.count() == 1
    assert button.evaluate("e => e === document.activeElement && getComputedStyle(e).outlineStyle === 'solid'")
    assert "True a, predicted b: 1 cell, all of them" in shown.get_by_role("status").first.inner_text()
    shown.keyboard.press("Space")
    assert open_places(shown) == []
    shown.keyboard.press("Space")
    shown.keyboard.press("Escape")
    assert open_places(shown) == [] and "Choose a count" in shown.get_by_role("status").first.inner_text()


@pytest.mark.browser
def test_without_a_script_and_on_paper_all_groups_are_there(browse, twelve_cells):
    every = ["0-0", "0-1", "1-0", "1-1", "2-1", "2-2"]
    still = browse(made(twelve_cells), script=False)
    assert open_places(still) == every and not still.get_by_text("Choose a count").is_visible()
    assert still.locator("button:enabled").count() == 0
    printed = browse(made(twelve_cells))
    printed.emulate_media(media="print")
    assert open_places(printed) == every
