"""The page *How to cite*: what CITATION.cff says, in words and as BibTeX, with the version and its day."""

import subprocess
from datetime import date
from pathlib import Path
from typing import Any

from cgrecnet.errors import ConfigError
from cgrecnet.publish import settings
from cgrecnet.publish.templates import filled

SOURCE = "CITATION.cff"


def changed(root: Path) -> date:
    """The day of the checkout's commit; today outside git."""
    asked = subprocess.run(["git", "log", "-1", "--format=%cs"], cwd=root, capture_output=True, text=True)
    return date.fromisoformat(asked.stdout.strip()) if asked.returncode == 0 and asked.stdout.strip() else date.today()


def page(root: Path) -> str:
    """The page in Markdown; ConfigError where CITATION.cff lacks what a citation needs."""
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
