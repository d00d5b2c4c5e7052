"""A number in prose that no record or cell made: which numbers need nobody to vouch for them, and which do.

Free are: what is no quantity (years, places in paper and book, names, levels of intervals, small fractions and small
squares, 0, 1, and "0 to 100"), what an exercise gives to its reader, image sizes and seeds of the paper, and its other
printed numbers in a paragraph that names the paper. Everything else is put in by a cell, or is allowed by name and
reason in `book/allowed_numbers.yml`.
"""

import re
from collections.abc import Iterator
from functools import cache

from cgrecnet.paper.claims import load_claims
from cgrecnet.paper.tables import LOST, load_tables
from cgrecnet.publish.honesty.written import HOLE, Line

_NUMBER = re.compile(rf"(?<![\w.,{HOLE}])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?![\w{HOLE}])")
_SHARE = re.compile(r"\s?(?:%|per cent|percentage points?|points?)")
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_PLACE = (
    r"(?:[Ff]ig(?:ure|s?\.|ures)|[Tt]ables?|[Ss]ections?|[Ee]qs?\.|[Ee]quations?|[Cc]hapters?|[Ss]tages?|[Ss]teps?"
    r"|[Rr]ows?|[Cc]olumns?|[Pp]anels?|[Ee]xercises?|[Ee]xperiments?|[Cc]hannels?)"
)
_NO_QUANTITY = re.compile(
    rf"(?:\bin|\bof|\bsince|\bal\.,?|{_MONTH}|\()\s*(?:19|20)\d\d\b"
    rf"|\b{_PLACE}\s+\d[\d.]*\w?(?:(?:,| and| or| to|, and|-)\s*\d[\d.]*\w?)*"
    r"|\b\d\.\d\.\d\b"  # a section of the paper
    r"|\b[A-Z][A-Za-z]*-(?:[A-Z]/)?\d+\b"  # ResNet-50, ViT-B/16
    r"|\b(?:90|95|99)\s?(?:%|per cent) (?:confidence |bootstrap )?(?:intervals?|ranges?|bands?|level)"
    r"|\b(?:intervals? of|level of|central) (?:90|95|99)\s?(?:%|per cent)"
    r"|(?<![\d.,])\d/\d(?![\d.,]*\d)"
    r"|\b(\d)(?: by | x | ?\N{MULTIPLICATION SIGN} ?)\1\b"  # a small square: 3 by 3
    r"|\b0 (?:to|and) 100\b"
    r"|(?<![\d.,])[01](?![\d.,]*\d|e-?\d|\s?%|\s?per cent)"
    r"|\b\d-(?:D|[Dd]imensional)\b"
)
_DIGITS = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)")
#: Words by which a paragraph says whose number it is.
_OWNER = re.compile(
    r"\b(?:papers?|paper's|print(?:s|ed)?|authors?|text|stated?|states|claim(?:s|ed)?|Tables? \d|Figures? \d"
    r"|li2026cgrecnet)\b",
    re.IGNORECASE,
)


def quantities(text: str) -> Iterator[str]:
    """The numbers of a text that say how much or how many: "1,000" as "1000", and "28 per cent" as "28 %"."""
    plain = _NO_QUANTITY.sub(" ", text)
    for found in _NUMBER.finditer(plain):
        number = found[0].rstrip(",.").replace(",", "")
        yield f"{number} %" if _SHARE.match(plain, found.end()) else number


def unaccounted(line: Line) -> Iterator[str]:
    """The numbers of a line that neither the paper nor an exercise accounts for."""
    if line.question:
        return
    quoting = names_its_owner(line.paragraph)
    for number in quantities(line.text):
        if number not in free() and not (quoting and number.removesuffix(" %") in known()):
            yield number


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
