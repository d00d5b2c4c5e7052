"""Pages that the build writes itself: the execution status, and how to cite."""

import subprocess
from datetime import date
from pathlib import Path
from typing import Any

from cgrecnet.errors import ConfigError
from cgrecnet.publish import dependencies, settings
from cgrecnet.publish.layout import Chapter, Layout
from cgrecnet.publish.templates import filled

SOURCE = "CITATION.cff"


def status(layout: Layout) -> str:
    """The execution status in Markdown: what each chapter was run with, when, how long, and what it read.

    An overview, then one section for each executed chapter.
    """
    records = [
        (chapter, record)
        for chapter in layout.chapters
        if chapter.is_script and (record := dependencies.stored(layout.executed_notebook(chapter)))
    ]
    return filled(
        "execution.md",
        total=sum(record["seconds"] for _, record in records),
        chapters=[(chapter.name, record, _rows(chapter, record, layout)) for chapter, record in records],
        date=_date,
        seconds=_seconds,
    )


def _rows(chapter: Chapter, record: dict[str, Any], layout: Layout) -> dict[str, str]:
    """What -> value, of one chapter."""
    read, cells = record["depends_on"]["files"], record["cells"]
    kinds = {kind: [name for name in read if name.startswith(kind)] for kind in ("cgrecnet/", "results/", "$")}
    modules, records, outside = kinds.values()
    sources = ", ".join(sorted({f"`{name.split('/')[0]}`" for name in outside}))
    # Libraries look for folders along the whole path; those that do not exist tell the reader nothing.
    folders = [name for name in record["depends_on"]["folders"] if name[0] == "$" or (layout.root / name).is_dir()]
    slowest = max(cells, key=lambda cell: cell["seconds"], default={"cell": "none", "seconds": 0, "first_line": ""})
    return {
        "Source": f"`{chapter.label}`",
        "Parameters": ", ".join(_span(f"{k} = {v!r}") for k, v in record["parameters"].items()) or "as in the source",
        "Run on": f"{_date(record)} UTC",
        "Seconds": f"{_seconds(record['seconds'])} ({len(cells)} code cells)",
        "Slowest cell": f"{slowest['cell']}: {_seconds(slowest['seconds'])} s, {_span(slowest['first_line'][:60])}",
        "Package modules read": str(len(modules)),
        "Run records read": _names(records),
        "Data files read": f"{len(outside)}, from {sources}" if outside else "none",
        "Other files read": _names(sorted(set(read) - set(modules) - set(records) - set(outside))),
        "Folders listed": _names(folders),
        "Versions": ", ".join(f"{name} {version}" for name, version in record["versions"].items()),
        "Fingerprint": f"<data>{record['fingerprint'][:16] or 'none'}</data>",
    }


def _names(names: list[str], most: int = 8) -> str:
    shown = ", ".join(map(_span, names[:most])) or "none"
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _span(text: str) -> str:
    """Text as code, which no sign in it can end."""
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"


def _date(record: dict[str, Any]) -> str:
    return f"<time>{record['started'][:16].replace('T', ' ')}</time>"


def _seconds(value: float) -> str:
    return f"<data>{value:.1f}</data>"


def changed(root: Path) -> date:
    """The day of the checkout's commit; today outside git."""
    asked = subprocess.run(["git", "log", "-1", "--format=%cs"], cwd=root, capture_output=True, text=True)
    return date.fromisoformat(asked.stdout.strip()) if asked.returncode == 0 and asked.stdout.strip() else date.today()


def citation(root: Path) -> str:
    """The page *How to cite* in Markdown: what CITATION.cff says, in words and as BibTeX, with the version and its day;
    ConfigError where CITATION.cff lacks what a citation needs."""
    content = settings.load(root / SOURCE, SOURCE)
    try:
        paper = content["references"][0]
        day = content.get("date-released") or changed(root)
        facts = {"version": str(content["version"]), "title": content["title"], "year": day.year}
        software = {"author": _bib_authors(content["authors"])} | {name: facts[name] for name in ("title", "year")}
        software |= {"month": day.strftime("%b").lower(), "version": facts["version"], "note": f"Of {day.isoformat()}"}
        article = {"author": _bib_authors(paper["authors"])}
        article |= {name: paper[name] for name in ("title", "journal", "year", "doi")}
        words = f"{_authors(paper['authors'])} ({paper['year']}). {paper['title']}. *{paper['journal']}*. "
        words += f"[doi:{paper['doi']}](https://doi.org/{paper['doi']})"
        authors = _authors(content["authors"])
    except (KeyError, IndexError, TypeError) as error:
        raise ConfigError(f"{SOURCE} has not all that a citation needs ({error} is missing): complete it.") from None
    return filled(
        "citation.md", **facts, day=f"{day.day} {day:%B %Y}", authors=authors, paper=words, source=SOURCE,
        software=_entry("software", "cgrecnet", software), article=_entry("article", "li2026cgrecnet", article),
    )  # fmt: skip


def _authors(people: list[dict[str, str]]) -> str:
    names = [person.get("name") or f"{person['given-names']} {person['family-names']}" for person in people]
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _bib_authors(people: list[dict[str, str]]) -> str:
    """Names for BibTeX; a group keeps its words together by braces."""
    names = [
        f"{{{person['name']}}}" if "name" in person else f"{person['family-names']}, {person['given-names']}"
        for person in people
    ]
    return " and ".join(names)


def _entry(kind: str, key: str, fields: dict[str, Any]) -> str:
    lines = [f"  {name:<8}= {value if name == 'month' else f'{{{value}}}'}" for name, value in fields.items()]
    return f"@{kind}{{{key},\n" + ",\n".join(lines) + "\n}"
