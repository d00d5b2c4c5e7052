"""The card of each data set: origin, licence, counts, known faults, and what it must not be used for.

The facts stand in `cards.yaml`, each with its source and how sure it is; this module reads and checks them.
"""

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, create_model

from cgrecnet.data.options import suggest
from cgrecnet.errors import ConfigError

#: The parts of a card that hold facts, in the order in which a card is read, and what they are called.
PARTS = {
    "origin": "Origin",
    "instrument": "Instrument",
    "channels": "Channels",
    "licence": "Licence",
    "pixels": "Pictures",
    "labels": "Labels come from",
    "groups": "Acquisition",
    "faults": "Known faults",
    "get": "How to get it",
    "not_for": "Not to be used for",
}


class Part(BaseModel):
    """Base of all parts of a card: cannot be changed, knows every one of its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_min_length=1)


class Source(Part):
    """Where a fact comes from: a publication (doi), a page (url), a file of the project or a command to repeat."""

    title: str
    doi: str | None = Field(None, pattern=r"^10\.\d{4,9}/[^\s\"<>]+$")
    url: str | None = None
    file: str | None = None
    command: str | None = None

    @property
    def address(self) -> str | None:
        """Where a browser finds it, or None for a file or a command."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url


class Fact(Part):
    """One statement: what it says, the names of its sources, and whether it is known, assumed or unconfirmed."""

    says: str
    source: tuple[str, ...] = Field(min_length=1)
    status: Literal["known", "assumed", "unconfirmed"] = "known"


class Task(Part):
    """One question that the labels answer: cells per class in label order, None where the card prints no number."""

    name: str
    asks: str
    classes: dict[str, int | None] = Field(min_length=2)
    source: tuple[str, ...] = Field(min_length=1)


Facts = tuple[Fact, ...]


class _Card(Part):
    """All that is said of one data set; every part of `PARTS` holds at least one fact."""

    name: str
    title: str
    real: bool
    line: str
    tasks: tuple[Task, ...] = Field(min_length=1)
    sources: dict[str, Source] = {}

    def facts(self) -> dict[str, Facts]:
        """Part -> its facts, in the order of `PARTS`."""
        return {part: getattr(self, part) for part in PARTS}


Card = create_model("Card", __base__=_Card, **{part: (Facts, Field(min_length=1)) for part in PARTS})


def load_card(name: str) -> Card:
    """The card of a data set. Raises ConfigError for a name without a card."""
    cards = load_cards()
    if name not in cards:
        raise ConfigError(f"There is no card of a data set {name!r}; {suggest(name, cards)}")
    return cards[name]


@cache
def load_cards() -> dict[str, Card]:
    """All cards by the name of their data set."""
    return read_cards(files("cgrecnet.data").joinpath("cards.yaml").read_text("utf-8"))


class _File(Part):
    sources: dict[str, Source]
    cards: tuple[Card, ...]


def read_cards(text: str) -> dict[str, Card]:
    """Cards from the text of a YAML file, each with the sources that it names.

    Raises pydantic's ValidationError where a part is missing, unknown or empty, or a DOI malformed, and KeyError where
    a fact names a source that is not listed.
    """
    file = _File.model_validate(yaml.safe_load(text))
    found = {}
    for card in file.cards:
        used = [fact.source for facts in card.facts().values() for fact in facts] + [t.source for t in card.tasks]
        names = dict.fromkeys(one for several in used for one in several)
        found[card.name] = card.model_copy(update={"sources": {name: file.sources[name] for name in names}})
    return found
