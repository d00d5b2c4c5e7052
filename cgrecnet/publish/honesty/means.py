"""A mean without n: where a table, a caption or a text that a cell made gives a mean score or a "±" of ours, n is said.

Prose that nobody computed holds no number of ours (see `numbers`), so it is not asked.
n counts as said where the same section says "n = 5", has a column n, or counts in words what was averaged ("five
folds"). What is marked as the paper's (a column, row or text that names the paper) is quoted as it was printed.
"""

import re
from collections.abc import Iterator
from typing import Any

from cgrecnet.publish.honesty.numbers import names_its_owner
from cgrecnet.publish.honesty.sections import Section, sections_of

_SCORE = r"(?:accurac(?:y|ies)|F1s?|scores?|AUCs?|recalls?|precisions?|differences?|gains?)"
_MEAN = re.compile(
    rf"\N{{PLUS-MINUS SIGN}}|\b[Mm]eans? (?:[\w-]+ )?{_SCORE}\b|\b{_SCORE}[^.;|]{{0,20}}\((?:mean|average)"
    rf"|\b[Mm]eans? (?:and SDs?|over (?:the )?(?:folds|runs|seeds))|\b[Aa]verage (?:[\w-]+ )?{_SCORE}\b"
)
_COUNT = r"(?:\d[\d,]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|each of)"
_WHAT = (
    r"(?:test |simulated |real |Jurkat |grouped |stratified |random |different |fresh )*"
    r"(?:folds?|runs?|seeds?|cells?|images?|pictures?|networks?|data sets?|repeats?|rounds?|samples?|matrices|modules?)"
)
_N = re.compile(rf"\bn\s*=\s*\d|\b{_COUNT} {_WHAT}\b")


def without_n(cells: list[dict[str, Any]]) -> Iterator[str]:
    """For each section of an executed notebook that gives a mean of ours and nowhere says its n: the place."""
    for section in sections_of(cells):
        place = _first_mean(section)
        if place and not _says_n(section):
            yield f"{place} under {section.title!r}"


def _first_mean(section: Section) -> str:
    """The first mean of ours in a section: the words around it, or nothing."""
    for table in section.tables:
        for row, column in _ours(table):
            if _MEAN.search(row[column]):
                return f"a table ({row[column]})"
    for text in section.shown:
        found = _MEAN.search(text)
        if found and not names_its_owner(text):
            return f"a text ({text[max(0, found.start() - 25) : found.end() + 25].strip()})"
    return ""


def _ours(table: list[list[str]]) -> Iterator[tuple[list[str], int]]:
    """Rows and columns of a table without those that are marked as the paper's."""
    header = table[0] if table else []
    theirs = {place for place, name in enumerate(header) if names_its_owner(name)}
    for row in table:
        if row and not names_its_owner(row[0]):
            yield from ((row, column) for column in range(len(row)) if column not in theirs)


def _says_n(section: Section) -> bool:
    columns = {name.strip().lower() for table in section.tables for name in (table[0] if table else [])}
    return bool(columns & {"n", "runs", "folds", "seeds", "cells"}) or bool(_N.search(section.whole))
