"""All honesty checks over the chapters of a book: one sentence for each fault, with chapter and line."""

import json
import sys
from pathlib import Path
from typing import Any

from cgrecnet.errors import UserError
from cgrecnet.publish import notebook
from cgrecnet.publish.check_static import Fault
from cgrecnet.publish.honesty import allowed, figures
from cgrecnet.publish.honesty.numbers import unaccounted
from cgrecnet.publish.honesty.prose import lines_of
from cgrecnet.publish.layout import Chapter, Layout


def sources(layout: Layout, chapters: list[Chapter], whole: bool = True) -> list[Fault]:
    """What can be seen without running anything: numbers typed in prose, and entries of the list that allow nothing.

    whole: the chapters are all of the book, so that an entry which none of them needs is stale.
    """
    permitted = allowed.load(layout.root)
    found: list[Fault] = []
    seen: dict[str, set[str]] = {}
    for chapter in chapters:
        name = chapter.name.removeprefix("book/")
        typed = [(line.number, number) for line in lines_of(chapter.source) for number in unaccounted(line)]
        seen[name] = {number for _, number in typed}
        found += [
            Fault(
                f"{chapter.label}:{place}",
                f"the number {number} is typed: let a cell compute it, or add it with its reason to {allowed.FILE}",
            )
            for place, number in dict.fromkeys(typed)
            if number not in permitted.of(name)
        ]
    if whole:
        found += [
            Fault(allowed.FILE, f"{chapter} has no need to allow {number}: remove the entry")
            for chapter, number in permitted.unused(seen)
        ]
    return found


def executed(layout: Layout, chapters: list[Chapter]) -> list[Fault]:
    """What shows once a chapter has run; a chapter that has not is judged by its source."""
    found: list[Fault] = []
    for chapter in chapters:
        if chapter.is_script:
            found += [
                Fault(
                    chapter.label,
                    f"{name} has no provenance before the next heading: show from_records or from_dataset below it, "
                    "or tag its cell drawing or computed where neither cells nor runs are in it",
                )
                for name in figures.unsourced(_cells(chapter, layout))
            ]
    return found


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


def _cells(chapter: Chapter, layout: Layout) -> list[dict[str, Any]]:
    """Of the executed notebook, if it is of the present source; else of the source."""
    path = layout.executed_notebook(chapter)
    if path.is_file() and path.stat().st_mtime >= chapter.source.stat().st_mtime:
        return json.loads(path.read_text("utf8"))["cells"]
    return notebook.read(chapter).cells
