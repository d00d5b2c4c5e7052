"""A card on a page says all its facts, with their sources, and tells published from counted."""

from html.parser import HTMLParser

import pytest

from cgrecnet.data.cards import PARTS, load_card, load_cards
from cgrecnet.figures.cards import CardTable


class Reader(HTMLParser):
    """Text and tags of a piece of HTML; fails on tags that are not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.links, self.headers = [], "", [], 0
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        given = dict(attrs)
        self.headers += tag == "th" and given.get("scope") == "row"
        if tag == "a":
            self.links.append(given["href"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("name", list(load_cards()))
def test_every_fact_stands_on_the_page_with_its_source(name):
    card = load_card(name)
    page = Reader(CardTable(card)._repr_html_())
    for facts in card.facts().values():
        for fact in facts:
            assert fact.says.replace("`", "") in page.text
            number = list(card.sources).index(fact.source[0]) + 1
            assert f"[{number}" in page.text
            assert fact.status == "known" or f"({fact.status.capitalize()}.)" in page.text
    assert page.headers == len(PARTS) + 3  # real or simulated, tasks, sources
    assert page.links == [source.address for source in card.sources.values() if source.address]
    assert "\n\n" not in CardTable(card)._repr_html_()


def test_published_and_counted_cells_are_told_apart():
    card = load_card("zhu")
    printed = {"lineage": {"astrocyte": 55466, "oligodendrocyte": 27687, "neuron": 124403}}
    assert "no published counts" in str(CardTable(card))
    assert "no published counts" not in str(CardTable(load_card("cytometer")))
    assert "neuron 124,403 (207,556 in all)" in str(CardTable(card, published=printed))
    same = str(CardTable(card, published=printed, counted=printed))
    fewer = str(CardTable(card, published=printed, counted={"lineage": {"astrocyte": 4, "neuron": 4}}))
    assert "Counted here: the same." in same
    assert "Counted here: astrocyte 4, neuron 4 (8 in all)." in fewer


def test_a_simulated_data_set_says_so_first():
    assert str(CardTable(load_card("cytometer"))).splitlines()[1].startswith("Real or simulated: Simulated cells")
    assert str(CardTable(load_card("jurkat"))).splitlines()[1] == "Real or simulated: Real cells."
