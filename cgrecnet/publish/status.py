"""The execution status page: what each chapter was run with, when, how long, and what it read."""

from typing import Any

from cgrecnet.publish import dependencies
from cgrecnet.publish.layout import Chapter, Layout

_INTRODUCTION = """\
# Execution status

This page is written by `make book`.
It shows, for each chapter that contains code, the run that made the page you read.
The same facts stand in the metadata of the notebook that each page offers for download.
A chapter is run again when its source, its parameters, a pinned version, or anything that it was seen to read changes.
"""


def page(layout: Layout) -> str:
    """The page in Markdown: an overview, then one section for each executed chapter."""
    records = [
        (chapter, record)
        for chapter in layout.chapters
        if chapter.is_script and (record := dependencies.stored(layout.executed_notebook(chapter)))
    ]
    if not records:
        return _INTRODUCTION + "\nNo chapter of this book contains code.\n"
    total = sum(record["seconds"] for _, record in records)
    rows = [
        [f"[{record['title']}](/{chapter.name}.ipynb)", _date(record), _seconds(record["seconds"])]
        for chapter, record in records
    ]
    count = f"Chapters with code: {len(records)}; together they took <data>{total:.0f}</data> s of computing time.\n"
    parts = [_INTRODUCTION, count, _table(["Chapter", "Run on (UTC)", "Seconds"], rows)]
    return "\n".join([*parts, *(_section(chapter, record, layout) for chapter, record in records)])


def _section(chapter: Chapter, record: dict[str, Any], layout: Layout) -> str:
    read, cells = record["depends_on"]["files"], record["cells"]
    kinds = {kind: [name for name in read if name.startswith(kind)] for kind in ("cgrecnet/", "results/", "$")}
    modules, records, outside = kinds.values()
    sources = ", ".join(sorted({f"`{name.split('/')[0]}`" for name in outside}))
    # Libraries look for folders along the whole path; those that do not exist tell the reader nothing.
    folders = [name for name in record["depends_on"]["folders"] if name[0] == "$" or (layout.root / name).is_dir()]
    slowest = max(cells, key=lambda cell: cell["seconds"], default={"cell": "none", "seconds": 0, "first_line": ""})
    rows = {
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
    return f"\n## {record['title']}\n\n" + _table(["What", "Value"], [list(row) for row in rows.items()])


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    body = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    return f"\n:::{{div}} table-scroll\n{body}\n:::\n"


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
