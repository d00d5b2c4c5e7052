"""The claims as data: complete, at one with the tables, without results, and with errors of one sentence."""

from math import sqrt

import pytest
import yaml
from pydantic import ValidationError

from cgrecnet.errors import ConfigError
from cgrecnet.paper.claims import CLAIMS_FILE, Tolerance, Value, load_claims
from cgrecnet.paper.deviations import load_deviations
from cgrecnet.paper.tables import find_cell, load_tables


@pytest.fixture
def broken(tmp_path):
    """Write the packaged claims after a change to the first entry, and return the file."""

    def write(change):
        entries = yaml.safe_load(CLAIMS_FILE.read_text(encoding="utf-8"))
        change(entries)
        path = tmp_path / "claims.yaml"
        path.write_text(yaml.safe_dump(entries), encoding="utf-8")
        return path

    return write


def test_every_claim_of_the_paper_is_there():
    claims = load_claims()
    assert list(claims)[:38] == [f"C{n:02d}" for n in range(1, 39)]
    assert list(claims) == sorted(claims)


def test_claims_agree_with_the_tables():
    tables = load_tables()
    linked = [(claim.id, value) for claim in load_claims().values() for value in claim.values if value.cell]
    assert len(linked) > 30
    for name, value in linked:
        cell = find_cell(tables, value.cell)
        assert cell is not None, f"{name}: {value.cell} is lost"
        assert (cell.value, cell.sd) == (value.printed, value.sd), name


def test_open_choices_stand_in_the_ledger():
    ledger = load_deviations()
    for claim in load_claims().values():
        assert set(claim.open_choices) <= set(ledger), claim.id


def test_a_claim_cannot_be_changed():
    with pytest.raises(ValidationError):
        load_claims()["C01"].title = "other"


def test_rounding_tolerance_is_half_the_last_digit():
    claim = load_claims()["C10"]
    assert claim.allows(claim.values[0], 28.015994)
    assert claim.allows(claim.values[0], 28.025)
    assert not claim.allows(claim.values[0], 28.0251)


def test_sampling_tolerance_by_hand():
    value = Value(name="share", printed="90", sd="3", unit="%")
    width = Tolerance(rule="sampling", cells=200, reason="by hand only").half_width(value)
    # two test sets of 200: 100 sqrt(2 * 0.9 * 0.1 / 200) = 3, beside an SD of 3
    assert width == pytest.approx(1.96 * sqrt(9 + 9))


def test_numbers_and_tolerances_in_words():
    claims = load_claims()
    said = {name: claim.tolerance_text for name, claim in claims.items()}
    assert said["C10"] == "± 0.005 M" and said["C05"] == "± 0.05" and said["C15"] == "± 0.05 to 0.5 %"
    assert said["C02"] == "exact" and said["C07"] == "none"
    assert claims["C16"].printed_text == "accuracy: 96.40 ± 0.07 %" and claims["C07"].printed_text == "no number"
    gain, bound = claims["C20"].printed_text.splitlines()
    assert gain == "gain: 1.82 percentage points" and bound == "p below: 0.001"
    assert claims["C42"].printed_text == "increase: 2.06 GFLOPs (difference of printed numbers)"


def test_a_claim_without_tolerance_refuses_a_comparison():
    claim = load_claims()["C44"]
    with pytest.raises(ConfigError, match="C44 has no tolerance to compare with"):
        claim.allows(claim.values[0], 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e[0].pop("title"), "claims.yaml, entry C01: field title is missing."),
        (lambda e: e[0].update(kinds=["guess"]), "claims.yaml, entry C01: field kinds[1]: "),
        (lambda e: e[0].update(result="holds"), "entry C01: field result is not known; check its spelling."),
        (lambda e: e[0]["values"][1].update(printed=27687), "values[2].printed: must be text in quotes, not 27687."),
        (lambda e: e[0]["values"][1].update(printed="many"), "field values[2].printed: 'many' is not a number."),
        (lambda e: e[0]["tolerance"].update(rule="fixed"), "field tolerance: rule 'fixed' needs the field 'absolute'."),
        (lambda e: e[0]["tolerance"].update(cells=7), "field tolerance: rule 'exact' takes no field 'cells'."),
        (lambda e: e[0].update(id="C02"), "claims.yaml: id 'C02' is used twice; give every entry its own."),
        (lambda e: e.insert(0, "C00"), "claims.yaml, entry 1: must be a mapping of fields, not 'C00'."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(broken, change, message):
    with pytest.raises(ConfigError) as error:
        load_claims(broken(change))
    assert message in str(error.value)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


def test_files_that_are_no_lists_or_no_yaml_or_absent(tmp_path):
    path = tmp_path / "claims.yaml"
    with pytest.raises(ConfigError, match="claims.yaml does not exist"):
        load_claims(path)
    path.write_text("a: 1", encoding="utf-8")
    with pytest.raises(ConfigError, match="claims.yaml must be a list of entries"):
        load_claims(path)
    path.write_text("- id: 'C01\n  x: [", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"claims.yaml is not valid YAML at line \d+"):
        load_claims(path)
