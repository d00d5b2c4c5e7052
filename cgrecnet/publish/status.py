"""The execution status page: what each chapter was run with, when, how long, and what it read."""

from typing import Any

from cgrecnet.publish import dependencies
from cgrecnet.publish.layout import Chapter, Layout
from cgrecnet.publish.templates import filled


def page(layout: Layout) -> str:
    """The page in Markdown: an overview, then one section for each executed chapter."""
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
