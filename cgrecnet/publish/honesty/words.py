"""How much prose stands in the code of the chapters, where no reader of the source looks for it: less and less.

`book/words_in_code.yml` holds the most that there may be. It is lowered when words leave the code, never raised.
"""

from pathlib import Path

from cgrecnet.errors import ConfigError
from cgrecnet.publish import settings
from cgrecnet.publish.check_static import Fault
from cgrecnet.publish.honesty.prose import words_in_code
from cgrecnet.publish.layout import Chapter

FILE = "book/words_in_code.yml"


def most(root: Path) -> int | None:
    """The bound of a book; None where it sets none; ConfigError where the file holds anything but `most: NUMBER`."""
    path = root / FILE
    if not path.exists():
        return None
    content = settings.load(path, FILE)
    if not isinstance(content, dict) or list(content) != ["most"] or type(content["most"]) is not int:
        raise ConfigError(f"{FILE} must hold one line, such as most: 12000.")
    return content["most"]


def by_chapter(chapters: list[Chapter]) -> dict[str, int]:
    """Words of prose in the code of each chapter."""
    return {chapter.label: words_in_code(chapter.source) for chapter in chapters}


def above(root: Path, chapters: list[Chapter]) -> list[Fault]:
    """One fault where all chapters together say more in code than the bound; it names the three that say most."""
    bound = most(root)
    if bound is None:
        return []
    counts = by_chapter(chapters)
    count = sum(counts.values())
    if count <= bound:
        return []
    wordy = ", ".join(f"{label} {counts[label]}" for label in sorted(counts, key=counts.__getitem__)[-3:][::-1])
    return [
        Fault(
            FILE,
            f"the code of the chapters holds {count} words of prose, {count - bound} more than the {bound} allowed: "
            "write the new sentences in Markdown, with their numbers from tell and what they say in holds "
            f"(cgrecnet.pages); most words stand in {wordy}",
        )
    ]
