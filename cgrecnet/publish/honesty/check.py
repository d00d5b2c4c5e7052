"""All honesty checks over the chapters of a book: one sentence for each fault, with chapter and line."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cgrecnet.errors import UserError
from cgrecnet.publish import dependencies, notebook
from cgrecnet.publish.check_static import Fault
from cgrecnet.publish.honesty import allowed, means, prose, provenance, quotations
from cgrecnet.publish.honesty.numbers import unaccounted
from cgrecnet.publish.layout import Chapter, Layout


def sources(layout: Layout, chapters: list[Chapter], whole: bool = True) -> list[Fault]:
    """What can be seen without running anything: typed numbers, stale entries, prose in code, false quotations.

    whole: the chapters are all of the book, so that an entry which none of them needs is stale, and their words count.
    """
    permitted = allowed.load(layout.root)
    found: list[Fault] = []
    seen: dict[str, set[str]] = {}
    words: dict[str, int] = {}
    for chapter in chapters:
        page, name = prose.read(chapter.source), chapter.name.removeprefix("book/")
        typed = [(line.number, number) for line in page.lines for number in unaccounted(line)]
        seen[name] = {number for _, number in typed}
        words[chapter.label] = page.words_in_code
        said = [
            (place, f"the number {number} is typed: let a cell compute it, or add it with its reason to {allowed.FILE}")
            for place, number in dict.fromkeys(typed)
            if number not in permitted.get(allowed.EVERYWHERE, set()) | permitted.get(name, set())
        ]
        found += [Fault(f"{chapter.label}:{place}", text) for place, text in [*said, *quotations.misquoted(page)]]
    if whole:
        found += [
            Fault(allowed.FILE, f"{chapter} has no need to allow {number}: remove the entry")
            for chapter, number in allowed.unused(permitted, seen)
        ]
        found += allowed.too_many_words(layout.root, words)
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
    for name in provenance.unsourced(cells):
        yield (
            f"{name} has no provenance in its section, below it: show from_records or from_dataset below it, "
            "or tag its cell drawing or computed where no data set and no run is in it"
        )
    for place in means.without_n(cells):
        yield f"{place} gives a mean and no n: say over how many runs, folds or cells it was taken"
    for sets in provenance.mixtures(cells):
        yield f"a provenance block names {sets}: give each data set a table and a block of its own"
    unnamed = provenance.unnamed_records(cells, files)
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
