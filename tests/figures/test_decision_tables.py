"""Tables with words in their cells, and judged contrasts in them: n always there, signs and p-values readable."""

import re

import pytest

from cgrecnet.evaluation.analysis_plan import Outcome
from cgrecnet.evaluation.planned_contrasts import JudgedContrast
from cgrecnet.evaluation.sign_flip import Contrast
from cgrecnet.figures.tables import HEADERS, decisions_table, interval, n_text, p_equal, p_text, points, wide_table
from cgrecnet.paths import REPOSITORY

RESULT = Contrast(-4.04, (-6.2, -1.9), (-5.9, -2.3), 0.00002, 900)
JUDGED = JudgedContrast("A against B", RESULT, 0.00004, Outcome.DIFFERENCE)


def test_numbers_are_written_to_be_read():
    assert [points(v) for v in (1.25, -0.44, 0.04, -0.04)] == ["+1.2", "−0.4", "0.0", "0.0"]
    assert (p_equal(0.03), p_equal(1e-9)) == ("= 0.03", "< 0.0001")
    assert interval((-1, 2)) == "−1.0 to +2.0"
    assert (p_text(0.00001), p_text(0.0321), n_text(1200), n_text((800, 793))) == (
        "< 0.0001", "0.032", "1,200", "800 and 793",
    )  # fmt: skip


def test_a_row_has_every_column():
    table = decisions_table([JUDGED])
    assert re.findall('data-name="(.*?)"', table) == list(HEADERS) and HEADERS[1] == "outcome"
    assert re.findall("<span>(.*?)</span>", table) == [
        "A against B", "difference", "−4.0 (−6.2 to −1.9)<br>90 %: −5.9 to −2.3", "&lt; 0.0001", "900",
    ]  # fmt: skip


def test_a_wide_table_is_safe_and_whole():
    html = wide_table(["a", "b"], [["1 < 2", "x\n\ny"]], "A table")
    assert "1 &lt; 2" in html and "x<br>y" in html and "\n\n" not in html
    with pytest.raises(ValueError, match="1 cells where the table has 2"):
        wide_table(["a", "b"], [["only"]], "A table")


def test_a_card_on_a_small_screen_leaves_an_empty_cell_out():
    assert "<span></span>" in wide_table(["a", "b"], [["x", ""]], "A table")
    css = (REPOSITORY / "book" / "_static" / "book.css").read_text(encoding="utf-8")
    assert re.search(r"table\.cards td:has\(> span:empty\) \{\s*display: none;", css.split("(max-width: 600px)", 2)[2])
