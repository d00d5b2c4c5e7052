"""The claim map shows every claim once, at its section and verdict."""

import matplotlib.pyplot as plt
import pytest

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.verdicts import Outcome, Verdict
from cgrecnet.figures.claim_map import (
    GROUPS,
    SECTIONS,
    draw_claim_map,
    group_of,
    map_lines,
    section_of,
    tolerance_text,
)
from cgrecnet.figures.tables import wide_table
from cgrecnet.paper.claims import load_claims


@pytest.fixture(scope="module")
def claims():
    return load_claims()


def test_every_claim_has_a_section_and_a_group(claims):
    assert {section_of(c) for c in claims.values()} <= set(SECTIONS)
    assert {group_of(c) for c in claims.values()} == set(GROUPS)


@pytest.mark.parametrize(
    ("claim", "section"), [("C16", "3.2.1"), ("C24", "3.2.2"), ("C28", "abstract"), ("C07", "2.4")]
)
def test_sections(claims, claim, section):
    assert section_of(claims[claim]) == section


def test_an_unknown_place_is_named(claims):
    with pytest.raises(ConfigError, match="C01: no section is known for the place 'page 7'"):
        section_of(claims["C01"].model_copy(update={"place": "page 7"}))


def test_tolerances_in_numbers(claims):
    assert tolerance_text(claims["C10"]) == "± 0.005 M"
    assert tolerance_text(claims["C05"]) == "± 0.05"
    assert tolerance_text(claims["C02"]) == "exact" and tolerance_text(claims["C07"]) == "none"


def test_the_map_holds_each_claim_once_in_its_column(claims):
    outcomes = {name: Outcome(list(Verdict)[k % 6], "", "") for k, name in enumerate(claims)}
    figure = draw_claim_map(claims, outcomes)
    places = {t.get_text(): t.get_position() for t in figure.axes[0].texts}
    assert sorted(t.get_text() for t in figure.axes[0].texts) == sorted(claims)
    assert all(int(places[name][0]) == list(Verdict).index(o.verdict) for name, o in outcomes.items())
    plt.close(figure)
    lines = map_lines(claims, outcomes)
    assert len(lines) == 6 and sum(line.count(name) for line in lines for name in claims) == len(claims)


def test_a_wide_table_is_safe_and_whole():
    html = wide_table(["a", "b"], [["1 < 2", "x\n\ny"]], "A table")
    assert "1 &lt; 2" in html and "x<br>y" in html and "\n\n" not in html
    with pytest.raises(ValueError, match="1 cells where the table has 2"):
        wide_table(["a", "b"], [["only"]], "A table")
