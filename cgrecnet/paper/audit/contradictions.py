"""Statements of the paper that contradict, or sit badly with, each other, as data."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field

from cgrecnet.paper.schema import HERE, Entry, read_entries

CONTRADICTIONS_FILE = HERE / "contradictions.yaml"


class Statement(Entry):
    """A few words of the paper and the section they stand in."""

    place: str
    quote: str = Field(min_length=5)


class Contradiction(Entry):
    """Two or more statements, and why they do not go together."""

    id: str = Field(pattern=r"^X\d{2}$")
    title: str
    statements: tuple[Statement, ...] = Field(min_length=2)
    why: str = Field(min_length=10)


def load_contradictions(path: Path | str = CONTRADICTIONS_FILE) -> dict[str, Contradiction]:
    """All contradictions by their id; ConfigError names file, entry and field of what is wrong."""
    return {entry.id: entry for entry in read_entries(Path(path), Contradiction)}


def missing_quotes(contradictions: dict[str, Contradiction], text: str) -> list[tuple[str, str]]:
    """Id and quote of every statement that the paper's text does not contain; spaces and quotation marks aside."""

    def plain(words: str) -> str:
        return re.sub(r"\s+", " ", words.replace("’", "'").replace("“", '"').replace("”", '"'))

    whole = plain(text)
    return [(c.id, s.quote) for c in contradictions.values() for s in c.statements if plain(s.quote) not in whole]
