"""`book/allowed_numbers.yml`: numbers that may be typed in prose, each with its chapter and its reason."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgrecnet.errors import ConfigError
from cgrecnet.publish import settings

FILE = "book/allowed_numbers.yml"
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
