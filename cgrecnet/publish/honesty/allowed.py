"""What the book allows: numbers that are typed in prose, each with its reason, and words of prose in its code.

`book/allowed_numbers.yml` holds the numbers. `book/words_in_code.yml` holds the most words that there may be, where no
reader of the source looks for them: it is lowered when words leave the code, never raised.
"""

from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from cgrecnet.errors import ConfigError
from cgrecnet.publish import settings
from cgrecnet.publish.check_static import Fault

FILE = "book/allowed_numbers.yml"
WORDS = "book/words_in_code.yml"
EVERYWHERE = "everywhere"
#: Chapter, reason, numbers.
_FORM = TypeAdapter(dict[str, dict[str, list[str]]], config=ConfigDict(strict=True))


def load(root: Path) -> dict[str, set[str]]:
    """What may be typed in each chapter (`2_data/store`) and in every one (`everywhere`); nothing without a file.

    Raises ConfigError where the file is not of its form, a reason says nothing, or a number is allowed twice.
    """
    path = root / FILE
    try:
        content = _FORM.validate_python(settings.load(path, FILE) or {} if path.exists() else {})
    except ValidationError as error:
        raise ConfigError(
            f"{FILE} has {str(error.errors()[0]['input'])[:80]} where it takes none: write each chapter as its path "
            "below book/, then reasons, each with a list of numbers in quotes."
        ) from None
    for chapter, reasons in content.items():
        for reason in reasons:
            if len(reason.split()) < 2:
                raise ConfigError(f"{FILE}: {chapter} gives {reason!r} as a reason: say where its numbers come from.")
        numbers = [number for own in reasons.values() for number in own]
        if twice := [number for number in numbers if numbers.count(number) > 1]:
            raise ConfigError(f"{FILE}: {chapter} allows {twice[0]} twice: keep one entry.")
    return {chapter: {number for own in reasons.values() for number in own} for chapter, reasons in content.items()}


def unused(allowed: dict[str, set[str]], seen: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Chapter and number of every entry that allows nothing: `seen` holds the typed numbers of each chapter.

    An entry of one chapter that already holds everywhere allows nothing either.
    """
    everywhere = allowed.get(EVERYWHERE, set())
    needed = {chapter: numbers - everywhere for chapter, numbers in seen.items()}
    needed[EVERYWHERE] = set().union(*seen.values())
    return [(chapter, n) for chapter, own in allowed.items() for n in sorted(own - needed.get(chapter, set()))]


def most_words(root: Path) -> int | None:
    """The bound of a book; None where it sets none; ConfigError where the file holds anything but `most: NUMBER`."""
    path = root / WORDS
    if not path.exists():
        return None
    content = settings.load(path, WORDS)
    if not isinstance(content, dict) or list(content) != ["most"] or type(content["most"]) is not int:
        raise ConfigError(f"{WORDS} must hold one line, such as most: 12000.")
    return content["most"]


def too_many_words(root: Path, counts: dict[str, int]) -> list[Fault]:
    """One fault where all chapters together say more in code than the bound; it names the three that say most.

    counts: words of prose in the code of each chapter.
    """
    bound, count = most_words(root), sum(counts.values())
    if bound is None or count <= bound:
        return []
    wordy = ", ".join(f"{label} {counts[label]}" for label in sorted(counts, key=counts.__getitem__)[-3:][::-1])
    text = (
        f"the code of the chapters holds {count} words of prose, {count - bound} more than the {bound} allowed: "
        "write the new sentences in Markdown, with their numbers from tell and what they say in holds "
        f"(cgrecnet.pages); most words stand in {wordy}"
    )
    return [Fault(WORDS, text)]
