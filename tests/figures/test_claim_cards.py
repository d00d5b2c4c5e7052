"""Claims as folded cards: one each, with all that is said of it, and a place that an address can name."""

import pytest

from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.claim_cards import claim_cards, fragment
from cgrecnet.figures.verdict_table import verdicts
from cgrecnet.figures.verdict_tiles import verdict_tiles


@pytest.fixture(scope="module")
def paper():
    return AuditedPaper.load()


def test_every_tile_leads_into_a_card(paper, tags):
    outcomes = verdicts(paper)
    cards = claim_cards({"all": list(paper.claims.values())}, outcomes)
    places = [each["id"] for each in tags(cards.html).all("dl")]
    links = tags(verdict_tiles(paper.claims, outcomes, "").html).all("a")
    assert sorted(link["href"].removeprefix("#") for link in links) == sorted(places)


def test_a_card_is_folded_around_its_place_and_says_everything(paper):
    """What is inside the folded element is what an address opens; the element itself would stay folded."""
    claim, outcomes = paper.claims["C16"], verdicts(paper)
    cards = claim_cards({"some": [claim]}, outcomes)
    start, place = cards.html.index("<details"), cards.html.index(f'id="{fragment(claim)}"')
    assert start < place < cards.html.index("</details>") and " open" not in cards.html[start:place]
    for said in (claim.title, claim.place, claim.decided_by, claim.tolerance.reason, outcomes["C16"].reason):
        assert said in str(cards)


def test_cards_pass_the_checks_of_pages(paper, book_faults):
    assert not book_faults(claim_cards({"all": list(paper.claims.values())}, verdicts(paper)))
