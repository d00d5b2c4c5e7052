"""The verdict words, and the table of verdicts that follows from the audit."""

import pytest
import yaml

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.verdicts import Judgement, Verdict, verdict_in_print, verdict_of
from cgrecnet.judgement import counts, scores
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.judgement.claims import ARITHMETIC, verdict_counts, verdicts
from cgrecnet.paper.tables import TABLES_FILE


@pytest.fixture(scope="module")
def paper():
    return AuditedPaper.load()


@pytest.fixture(scope="module")
def outcomes(paper):
    return verdicts(paper)


@pytest.fixture
def with_cells(tmp_path):
    """The paper with some cells of its tables replaced."""

    def build(cells):
        entries = yaml.safe_load(TABLES_FILE.read_text(encoding="utf-8"))
        tables = {entry["id"]: entry for entry in entries}
        for address, cell in cells.items():
            table, row, column = address.split("/")
            tables[table]["rows"][row][column] = cell
        path = tmp_path / "tables.yaml"
        path.write_text(yaml.safe_dump(entries), encoding="utf-8")
        return AuditedPaper.load(tables=path)

    return build


def test_the_six_words():
    assert [str(v) for v in Verdict] == [
        "holds", "holds in part", "consistent in print, untested", "cannot be reconciled", "cannot be tested here",
        "not specified",
    ]  # fmt: skip
    assert all(v.definition.endswith(".") and v.definition.count(". ") == 0 for v in Verdict)


def test_verdict_of_checks():
    assert verdict_of([True, True]) is Verdict.HOLDS
    assert verdict_of([True], unchecked=1) is Verdict.HOLDS_IN_PART
    assert verdict_of([True, False]) is Verdict.HOLDS_IN_PART
    assert verdict_of([False]) is Verdict.CANNOT_BE_RECONCILED
    assert verdict_of([], unchecked=2) is Verdict.CANNOT_BE_TESTED_HERE
    assert verdict_in_print([True, True]) is Verdict.CONSISTENT_IN_PRINT
    assert verdict_in_print([True, False]) is Verdict.HOLDS_IN_PART
    assert verdict_in_print([False]) is Verdict.CANNOT_BE_RECONCILED
    for empty in (verdict_of, verdict_in_print):
        with pytest.raises(ConfigError, match="at least one part"):
            empty([])


def test_every_claim_has_a_verdict_and_one_sentence(paper, outcomes):
    assert list(outcomes) == list(paper.claims)
    for name, outcome in outcomes.items():
        assert outcome.reason.endswith(".") and "\n" not in outcome.reason, name
    assert sum(verdict_counts(outcomes).values()) == len(outcomes)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("C02", Verdict.HOLDS), ("C10", Verdict.HOLDS), ("C36", Verdict.HOLDS),
        ("C11", Verdict.NOT_SPECIFIED), ("C13", Verdict.CANNOT_BE_RECONCILED),
        ("C14", Verdict.CANNOT_BE_RECONCILED), ("C22", Verdict.CANNOT_BE_RECONCILED),
        ("C23", Verdict.CANNOT_BE_RECONCILED), ("C15", Verdict.HOLDS_IN_PART), ("C20", Verdict.CONSISTENT_IN_PRINT),
        ("C25", Verdict.CONSISTENT_IN_PRINT), ("C26", Verdict.CONSISTENT_IN_PRINT),
        ("C31", Verdict.CONSISTENT_IN_PRINT),
        ("C09", Verdict.HOLDS_IN_PART), ("C17", Verdict.HOLDS_IN_PART), ("C24", Verdict.HOLDS_IN_PART),
        ("C27", Verdict.HOLDS_IN_PART), ("C32", Verdict.HOLDS_IN_PART),
        ("C16", Verdict.CANNOT_BE_TESTED_HERE), ("C28", Verdict.CANNOT_BE_TESTED_HERE), ("C04", Verdict.NOT_SPECIFIED),
    ],
)
def test_verdicts_on_the_paper_as_printed(outcomes, claim, verdict):
    assert outcomes[claim].verdict is verdict


def test_a_number_that_a_search_was_made_for_is_marked_as_fitted(outcomes):
    assert outcomes["C10"].value.endswith(" M, fitted") and "fitted" not in outcomes["C11"].value


def test_a_verdict_follows_the_table(with_cells):
    """Other class F1s for MobileNetV2 would allow its accuracy, and a wrong support would break the split."""
    better = {f"5/{c}/MobileNetV2": {"value": v} for c, v in
              (("Astrocytes", "98.20"), ("Oligodendrocytes", "88.60"), ("Neurons", "96.80"))}
    changed = verdicts(with_cells({**better, "5/Oligodendrocytes/support": {"value": "4160"}}))
    assert changed["C22"].verdict is Verdict.HOLDS_IN_PART
    assert changed["C23"].verdict is Verdict.CANNOT_BE_RECONCILED
    assert changed["C02"].verdict is Verdict.CANNOT_BE_RECONCILED


def test_parts_that_fit_are_told_from_parts_that_do_not(outcomes, with_cells):
    assert "allow the accuracy printed for Baseline and CG-RecNet" in outcomes["C24"].reason
    assert "leave 512 channels" in outcomes["C09"].reason and "256 or 512" in outcomes["C09"].value
    worse = {"5/Neurons/Baseline": {"value": "95.10"}, "5/Neurons/CG-RecNet": {"value": "96.80"}}
    changed = verdicts(with_cells(worse))
    assert changed["C24"].verdict is Verdict.CANNOT_BE_RECONCILED
    assert changed["C27"].verdict is Verdict.CANNOT_BE_RECONCILED


def test_a_schedule_that_never_ends_does_not_converge(with_cells):
    flat = with_cells({"S/Learning rate factor/setting": {"value": "1.0", "where": "a test"}})
    assert "brings training to rest" not in verdicts(flat)["C32"].reason
    assert verdicts(flat)["C32"].value == "99.9 % spent by epoch 100"


def test_exchanged_rows_would_fit_as_labelled(paper, with_cells):
    rows = {"3/ResCMNet/parameters": {"value": "25.89"}, "3/ResGDNet/parameters": {"value": "27.69"}}
    relabelled = with_cells(rows)
    assert len(relabelled.as_labelled.fits) == len(paper.exchanged.fits) > 0
    assert not relabelled.exchanged.fits


def test_a_lost_cell_filled_in_is_used(outcomes, with_cells):
    assert "lost" in outcomes["C21"].reason
    paper = with_cells({"3/ResGDNet/accuracy": {"value": "95.00", "sd": "0.10"}})
    assert "lost" not in verdicts(paper)["C21"].reason


def test_a_cell_that_is_needed_and_lost_is_named(with_cells):
    with pytest.raises(ConfigError, match="The cell 5/Neurons/VGG is lost; fill it in in tables.yaml"):
        verdicts(with_cells({"5/Neurons/VGG": "lost"}))


def test_measured_outcomes_take_their_place(paper):
    outcome = Judgement(Verdict.HOLDS, "slope 1.00", "Operations were counted over N.")
    assert verdicts(paper, {"C05": outcome})["C05"] is outcome
    with pytest.raises(ConfigError, match="no claim 'C99'"):
        verdicts(paper, {"C99": outcome})


def test_each_claim_has_at_most_one_rule_of_arithmetic(paper):
    assert len(counts.RULES) + len(scores.RULES) == len(ARITHMETIC) and set(ARITHMETIC) <= set(paper.claims)
