"""Numbers that the paper prints: image sizes and seeds may be named anywhere, all others where the paper is named."""

import re
from functools import cache

from cgrecnet.paper.claims import load_claims
from cgrecnet.paper.tables import LOST, load_tables

_DIGITS = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)")
#: Words by which a paragraph says whose number it is.
_OWNER = re.compile(
    r"\b(?:papers?|paper's|print(?:s|ed)?|authors?|text|stated?|states|claim(?:s|ed)?|Tables? \d|Figures? \d"
    r"|li2026cgrecnet)\b",
    re.IGNORECASE,
)


@cache
def free() -> frozenset[str]:
    """Settings that mean one thing in the whole book: the sizes of images in pixels, and the paper's seeds."""
    sizes = {value.printed for claim in load_claims().values() for value in claim.values if value.unit == "px"}
    seeds = load_tables()["S"].cell("Seeds", "setting")
    return frozenset(sizes | set(_DIGITS.findall(seeds.text or "")))


@cache
def known() -> frozenset[str]:
    """Every number that the claims and the tables give as printed, and those in the titles of claims."""
    found: set[str] = set()
    for claim in load_claims().values():
        found |= {n for value in claim.values for n in (value.printed, value.sd) if n}
        found |= set(_DIGITS.findall(claim.title))
    for table in load_tables().values():
        for cell in (cell for row in table.rows.values() for cell in row.values() if cell != LOST):
            found |= {n for n in (cell.value, cell.sd, *_DIGITS.findall(cell.text or "")) if n}
    return frozenset(found)


def names_its_owner(paragraph: str) -> bool:
    """Whether a paragraph says that it speaks of the paper."""
    return bool(_OWNER.search(paragraph))
