"""Claims in words, as cards and as tiles, with all that is said of each and a place that an address can name."""

import re

import pytest

from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.figures import claims as shown
from cgrecnet.figures.claims import LETTERS, claim_cards, verdict_tiles, what_would_change
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.judgement.claims import verdicts


@pytest.fixture(scope="module")
def paper():
    return AuditedPaper.load()


@pytest.fixture(scope="module")
def outcomes(paper):
    return verdicts(paper)


def test_every_tile_leads_into_a_card(paper, outcomes, tags):
    cards = claim_cards({"all": list(paper.claims.values())}, outcomes)
    places = [each["id"] for each in tags(cards.html).all("dl")]
    links = tags(verdict_tiles(paper.claims, outcomes, "").html).all("a")
    assert sorted(link["href"].removeprefix("#") for link in links) == sorted(places)


def test_a_card_is_folded_around_its_place_and_says_everything(paper, outcomes):
    """What is inside the folded element is what an address opens; the element itself would stay folded."""
    claim = paper.claims["C16"]
    cards = claim_cards({"some": [claim]}, outcomes)
    start, place = cards.html.index("<details"), cards.html.index('id="c16"')
    assert start < place < cards.html.index("</details>") and " open" not in cards.html[start:place]
    for said in (claim.title, claim.place, claim.decided_by, claim.tolerance.reason, outcomes["C16"].reason):
        assert said in str(cards)


def test_cards_pass_the_checks_of_pages(paper, outcomes, book_faults):
    assert not book_faults(claim_cards({"all": list(paper.claims.values())}, outcomes))


def test_every_verdict_says_what_would_change_it(paper, outcomes):
    for name, claim in paper.claims.items():
        change = what_would_change(claim, outcomes[name].verdict)
        assert change.endswith(".") and len(change) > 30, name


@pytest.mark.parametrize(
    ("word", "claim", "words"),
    [
        (Verdict.HOLDS, "C10", "A corrected number, or an error found in our check"),
        (Verdict.CONSISTENT_IN_PRINT, "C20", "Runs on the paper's own cells. A paired test"),
        (Verdict.HOLDS_IN_PART, "C21", "What decides the rest: A paired test of each step"),
        (Verdict.CANNOT_BE_RECONCILED, "C22", "runs cannot mend printed numbers"),
        (Verdict.CANNOT_BE_TESTED_HERE, "C16", "on five folds. Tolerance: ± 0.32 %. The printed SD and"),
        (Verdict.CANNOT_BE_TESTED_HERE, "C35", "Tolerance: none. The paper calls the finding qualitative."),
        (Verdict.NOT_SPECIFIED, "C04", "The authors' code, or a sentence that says which it was"),
    ],
)
def test_the_change_follows_from_verdict_and_claim(paper, word, claim, words):
    assert words in what_would_change(paper.claims[claim], word)


def test_without_runs_on_the_papers_cells_the_source_says_so(tmp_path):
    source = str(shown.verdict_source(tmp_path))
    assert "no run on the paper's cells is here" in source and "C38" not in source


def test_the_record_that_decides_the_claim_on_memory_is_named(tmp_path, monkeypatch):
    block = shown.Provenance((("Record", "results/bench-memory/one.json"), ("Code", "has changed since")))
    monkeypatch.setattr(shown, "memory_record", lambda results: results)
    monkeypatch.setattr(shown, "bench_provenance", lambda record: block)
    said = dict(shown.verdict_source(tmp_path).facts)
    assert said["Memory (C38)"] == "results/bench-memory/one.json; code: has changed since" and "Verdicts" in said


def test_tiles_have_a_letter_a_name_and_a_way_to_the_claim(paper, outcomes, tags):
    html = verdict_tiles(paper.claims, outcomes, "x.html").html
    links = tags(html).all("a")
    assert {link["href"] for link in links} == {f"x.html#{name.lower()}" for name in paper.claims}
    assert all(re.match(r".+: (?:holds|consistent|cannot|not)", link["title"]) for link in links)
    assert len(re.findall(r"<b>[A-Z]</b> C\d\d</a>", html)) == len(links) and not re.search("aria-label=.C", html)
    assert len(set(LETTERS.values())) == len(Verdict)
    text = str(verdict_tiles(paper.claims, outcomes, "x"))
    assert len(text.splitlines()) == len(Verdict) and text.count("C16") == 1


def test_tiles_can_be_read(paper, outcomes, tags):
    """Dark letters on the pale colour: a contrast of 4.5 at least, in both modes, since the tile brings its ground."""
    for tile in tags(verdict_tiles(paper.claims, outcomes, "x").html).all("a"):
        parts = [int(tile["style"][-6:][k : k + 2], 16) / 255 for k in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert (light + 0.05) / (0.0056 + 0.05) > 4.5, tile["title"]


def test_tiles_pass_the_checks_of_pages(paper, outcomes, book_faults):
    tiles = verdict_tiles(paper.claims, outcomes, "#top")
    assert [fault for fault in book_faults(tiles) if "anchor" not in fault.text] == []
