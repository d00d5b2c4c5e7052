"""All honesty checks over the chapters of a book: one sentence for each fault, with chapter and line.

`book/allowed_numbers.yml` holds the numbers that are typed in prose, each with its reason. `book/words_in_code.yml`
holds the most words of prose that there may be in code, where no reader of the source looks for them: it is lowered
when words leave the code, never raised.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from cgrecnet.errors import ConfigError, UserError
from cgrecnet.publish import dependencies, notebook, settings
from cgrecnet.publish.check_static import Fault
from cgrecnet.publish.honesty import shown, written
from cgrecnet.publish.honesty.numbers import unaccounted
from cgrecnet.publish.layout import Chapter, Layout

ALLOWED = "book/allowed_numbers.yml"
WORDS = "book/words_in_code.yml"
EVERYWHERE = "everywhere"
#: Chapter, reason, numbers.
_FORM = TypeAdapter(dict[str, dict[str, list[str]]], config=ConfigDict(strict=True))


def allowed_numbers(root: Path) -> dict[str, set[str]]:
    """What may be typed in each chapter (`2_data/store`) and in every one (`everywhere`); nothing without a file.

    Raises ConfigError where the file is not of its form, a reason says nothing, or a number is allowed twice.
    """
    path = root / ALLOWED
    try:
        content = _FORM.validate_python(settings.load(path, ALLOWED) or {} if path.exists() else {})
    except ValidationError as error:
        raise ConfigError(
            f"{ALLOWED} has {str(error.errors()[0]['input'])[:80]} where it takes none: write each chapter as its path "
            "below book/, then reasons, each with a list of numbers in quotes."
        ) from None
    for chapter, reasons in content.items():
        for reason in reasons:
            if len(reason.split()) < 2:
                raise ConfigError(
                    f"{ALLOWED}: {chapter} gives {reason!r} as a reason: say where its numbers come from."
                )
        numbers = [number for own in reasons.values() for number in own]
        if twice := [number for number in numbers if numbers.count(number) > 1]:
            raise ConfigError(f"{ALLOWED}: {chapter} allows {twice[0]} twice: keep one entry.")
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


def sources(layout: Layout, chapters: list[Chapter], whole: bool = True) -> list[Fault]:
    """What can be seen without running anything: typed numbers, stale entries, prose in code, false quotations.

    whole: the chapters are all of the book, so that an entry which none of them needs is stale, and their words count.
    """
    permitted = allowed_numbers(layout.root)
    found: list[Fault] = []
    seen: dict[str, set[str]] = {}
    words: dict[str, int] = {}
    for chapter in chapters:
        page, name = written.read(chapter.source), chapter.name.removeprefix("book/")
        typed = [(line.number, number) for line in page.lines for number in unaccounted(line)]
        seen[name] = {number for _, number in typed}
        words[chapter.label] = page.words_in_code
        said = [
            (place, f"the number {number} is typed: let a cell compute it, or add it with its reason to {ALLOWED}")
            for place, number in dict.fromkeys(typed)
            if number not in permitted.get(EVERYWHERE, set()) | permitted.get(name, set())
        ]
        found += [Fault(f"{chapter.label}:{place}", text) for place, text in [*said, *written.misquoted(page)]]
    if whole:
        found += [
            Fault(ALLOWED, f"{chapter} has no need to allow {number}: remove the entry")
            for chapter, number in unused(permitted, seen)
        ]
        found += too_many_words(layout.root, words)
    return found


def executed(layout: Layout, chapters: list[Chapter], built: bool = False) -> list[Fault]:
    """What shows once a chapter has run; one that has not, or not since it was changed, is judged by its source.

    built: the pages were just made from the executed notebooks, so that these count whatever changed since.
    """
    found: list[Fault] = []
    for chapter in chapters:
        if chapter.is_script:
            cells, files = _read(chapter, layout, built)
            found += [Fault(chapter.label, text) for text in _faults(cells, files)]
    return found


def _faults(cells: list[dict[str, Any]], files: list[str]) -> Iterator[str]:
    """What is wrong with a notebook whose run read these files."""
    for name in shown.unsourced(cells):
        yield (
            f"{name} has no provenance in its section, below it: show from_records or from_dataset below it, "
            "or tag its cell drawing or computed where no data set and no run is in it"
        )
    for place in shown.without_n(cells):
        yield f"{place} gives a mean and no n: say over how many runs, folds or cells it was taken"
    for sets in shown.mixtures(cells):
        yield f"a provenance block names {sets}: give each data set a table and a block of its own"
    unnamed = shown.unnamed_records(cells, files)
    if unnamed:
        names = ", ".join(unnamed[:3]) + (f" and {len(unnamed) - 3} more" if len(unnamed) > 3 else "")
        yield (
            f"it reads run records that no provenance block names ({names}): "
            "show from_records with every record that it loads, so that an outdated one is said to be"
        )


def report(found: list[Fault]) -> int:
    """Print each fault on a line of its own; return the exit status."""
    for fault in found:
        print(f"error: {fault.page}: {fault.text}", file=sys.stderr)
    print(f"honesty: {len(found)} faults")
    return 1 if found else 0


def named(layout: Layout, names: list[str]) -> list[Chapter]:
    """The chapters that these paths name, whether or not the table of contents lists them; all without any."""
    if not names:
        return layout.chapters
    chapters = []
    for name in names:
        source = Path(name).resolve()
        if not source.is_file() or not source.is_relative_to(layout.book):
            raise UserError(f"{name} is no chapter: give its path, such as book/2_data/store.py.")
        chapters.append(Chapter(source.relative_to(layout.root).with_suffix("").as_posix(), source))
    return chapters


def _read(chapter: Chapter, layout: Layout, built: bool) -> tuple[list[dict[str, Any]], list[str]]:
    """Cells of the executed notebook and the files that its run read; or the cells of the source."""
    path = layout.executed_notebook(chapter)
    if path.is_file() and (built or dependencies.is_fresh(chapter, layout)):
        executed = json.loads(path.read_text("utf8"))
        return executed["cells"], executed["metadata"]["cgrecnet"]["depends_on"]["files"]
    return notebook.read(chapter).cells, []
