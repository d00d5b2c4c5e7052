"""What the book allows: numbers that are typed in prose, each with its reason, and words of prose in its code.

`book/allowed_numbers.yml` holds the numbers. `book/words_in_code.yml` holds the most words that there may be, where no
reader of the source looks for them: it is lowered when words leave the code, never raised.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgrecnet.errors import ConfigError
from cgrecnet.publish import settings
from cgrecnet.publish.check_static import Fault
from cgrecnet.publish.honesty.prose import words_in_code
from cgrecnet.publish.layout import Chapter

FILE = "book/allowed_numbers.yml"
WORDS = "book/words_in_code.yml"
EVERYWHERE = "everywhere"
_FORM = "write each chapter as its path below book/, then reasons, each with a list of numbers in quotes."


@dataclass(frozen=True)
class Allowed:
    """Reasons by number, for each chapter (`2_data/store`), and those that hold in every chapter."""

    reasons: dict[str, dict[str, str]]

    def of(self, chapter: str) -> dict[str, str]:
        """What may be typed in a chapter, with the reasons."""
        return self.reasons.get(EVERYWHERE, {}) | self.reasons.get(chapter, {})

    def unused(self, seen: dict[str, set[str]]) -> list[tuple[str, str]]:
        """Chapter and number of every entry that allows nothing: `seen` holds the typed numbers of each chapter.

        An entry of one chapter that already holds everywhere allows nothing either.
        """
        everywhere = self.reasons.get(EVERYWHERE, {})
        anywhere = set().union(*seen.values()) if seen else set()
        return [
            (chapter, number)
            for chapter, numbers in self.reasons.items()
            for number in numbers
            if number not in (anywhere if chapter == EVERYWHERE else seen.get(chapter, set()) - set(everywhere))
        ]


def load(root: Path) -> Allowed:
    """The list of a book; ConfigError where it is not of its form, or a reason says nothing. No file: nothing."""
    path = root / FILE
    if not path.exists():
        return Allowed({})
    content = settings.load(path, FILE) or {}
    if not isinstance(content, dict):
        raise ConfigError(f"{FILE} must be a mapping: {_FORM}")
    return Allowed({str(chapter): _numbers(chapter, entries) for chapter, entries in content.items()})


def _numbers(chapter: Any, entries: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    if not isinstance(entries, dict):
        raise ConfigError(f"{FILE}: {chapter} has no reasons: {_FORM}")
    for reason, numbers in entries.items():
        if not isinstance(numbers, list) or not all(isinstance(number, str) for number in numbers):
            raise ConfigError(f"{FILE}: {chapter}, {reason!r}: {_FORM}")
        if len(str(reason).split()) < 2:
            raise ConfigError(f"{FILE}: {chapter} gives {reason!r} as a reason: say where its numbers come from.")
        for number in numbers:
            if number in found:
                raise ConfigError(f"{FILE}: {chapter} allows {number} twice: keep one entry.")
            found[number] = str(reason)
    return found


def most_words(root: Path) -> int | None:
    """The bound of a book; None where it sets none; ConfigError where the file holds anything but `most: NUMBER`."""
    path = root / WORDS
    if not path.exists():
        return None
    content = settings.load(path, WORDS)
    if not isinstance(content, dict) or list(content) != ["most"] or type(content["most"]) is not int:
        raise ConfigError(f"{WORDS} must hold one line, such as most: 12000.")
    return content["most"]


def words_by_chapter(chapters: list[Chapter]) -> dict[str, int]:
    """Words of prose in the code of each chapter."""
    return {chapter.label: words_in_code(chapter.source) for chapter in chapters}


def too_many_words(root: Path, chapters: list[Chapter]) -> list[Fault]:
    """One fault where all chapters together say more in code than the bound; it names the three that say most."""
    bound = most_words(root)
    if bound is None:
        return []
    counts = words_by_chapter(chapters)
    count = sum(counts.values())
    if count <= bound:
        return []
    wordy = ", ".join(f"{label} {counts[label]}" for label in sorted(counts, key=counts.__getitem__)[-3:][::-1])
    return [
        Fault(
            WORDS,
            f"the code of the chapters holds {count} words of prose, {count - bound} more than the {bound} allowed: "
            "write the new sentences in Markdown, with their numbers from tell and what they say in holds "
            f"(cgrecnet.pages); most words stand in {wordy}",
        )
    ]
