"""The threshold slider: numbers that are scikit-learn's, keys that move it, and a table without a script."""

import html as entities
import json
import re

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from cgrecnet.evaluation.thresholds import GRID
from cgrecnet.figures.widgets.threshold import FEW, LINES, threshold_slider

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 300)
_CHANCES = np.eye(3)[LABELS] + RNG.exponential(1.0, (300, 3))
PROBABILITIES = _CHANCES / _CHANCES.sum(axis=1, keepdims=True)


def made(**change):
    return threshold_slider(LABELS, PROBABILITIES, ("a", "b", "<c>"), "Made-up cells.", **change)


def test_the_page_carries_the_counts_of_every_threshold(tags):
    found = tags(made().html)
    (box,) = [attrs for tag, attrs in found.found if attrs.get("class") == "threshold"]
    data = json.loads(box["data-counts"])
    assert tuple(data["thresholds"]) == GRID and [kind["name"] for kind in data["classes"]] == ["a", "b", "<c>"]
    at = GRID.index(0.3)
    for index, kind in enumerate(data["classes"]):
        member, chosen = LABELS == index, PROBABILITIES[:, index] >= 0.3
        hits, wrong, missed = kind["at"][at]
        assert hits / (hits + wrong) == pytest.approx(precision_score(member, chosen))
        assert hits / (hits + missed) == pytest.approx(recall_score(member, chosen))
        assert sum(kind["largest"][:2]) == (PROBABILITIES.argmax(axis=1) == index).sum()
    (control,) = found.all("input")
    assert control["aria-label"] == "threshold" and control["value"] == str(GRID.index(0.5))
    drawings = found.all("svg")
    assert len(drawings) == 3 and all(d["role"] == "img" for d in drawings)
    assert re.search(r"for <c>: precision 0\.\d\d and recall [01]\.\d\d at 0\.1", drawings[2]["aria-label"])


def test_the_still_table_has_a_few_thresholds_of_every_class():
    text = entities.unescape(made().html)
    rows = re.findall(r'<tr><th scope="row">(a|b|<c>)</th><td>(.*?)</td>', text)
    assert [rule for name, rule in rows if name == "a"] == [*(f"{t:g}" for t in FEW), "largest probability"]
    assert len(rows) == 3 * (len(FEW) + 1) and all(f">{line}</th>" in text for line in LINES)


def test_a_start_off_the_grid_is_refused():
    with pytest.raises(ValueError, match="cannot start at 0.505"):
        made(start=0.505)


@pytest.mark.browser
def test_keys_move_the_threshold_and_choose_the_class(browse):
    shown = browse(made(), made())
    control = shown.get_by_role("slider", name="threshold").first
    column = shown.locator(".threshold").first.locator(".threshold-live tbody tr td:nth-child(2)")

    def expected(index, threshold):
        member, chosen = LABELS == index, PROBABILITIES[:, index] >= threshold
        return [str(chosen.sum()), f"{precision_score(member, chosen):.3f}", f"{recall_score(member, chosen):.3f}"]

    def told():
        texts = column.all_inner_texts()
        return [texts[0], texts[4], texts[5]]

    assert told() == expected(0, 0.5)
    control.focus()
    shown.keyboard.press("ArrowRight")
    assert shown.locator("output").first.inner_text() == "0.51" and told() == expected(0, 0.51)
    assert control.get_attribute("aria-valuetext").startswith("0.51: precision " + told()[1])
    shown.keyboard.press("Home")
    assert told() == expected(0, 0.01)
    shown.get_by_label("class").first.select_option("2")
    assert told() == expected(2, 0.01)
    drawings = shown.locator(".threshold").first.locator("svg")
    assert [drawings.nth(i).is_visible() for i in range(3)] == [False, False, True]
    assert drawings.nth(2).locator(".threshold-here").get_attribute("visibility") == "visible"
    assert shown.locator("output").nth(1).inner_text() == "0.50"
    assert not shown.locator(".threshold-few").first.is_visible()


@pytest.mark.browser
def test_without_a_script_and_on_paper_curves_and_table_are_there(browse):
    still = browse(made(), script=False)
    assert still.locator("svg:visible").count() == 3 and still.locator(".threshold-few").is_visible()
    assert not still.locator("input").is_visible() and not still.locator(".threshold-live").is_visible()
    printed = browse(made())
    printed.emulate_media(media="print")
    assert printed.locator("svg:visible").count() == 3 and printed.locator(".threshold-few").is_visible()
    assert not printed.locator("input").is_visible()
