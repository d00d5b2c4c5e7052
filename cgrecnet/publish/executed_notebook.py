"""From an execution to the notebook that is published: what it cost and used goes in, the machine's paths out."""

import importlib.metadata
import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cgrecnet.publish import dependencies
from cgrecnet.publish.layout import Chapter, Layout

REPORTED_VERSIONS = ("cgrecnet", "numpy", "torch", "torchvision", "scikit-learn", "papermill", "jupyter-book")


def publishable(
    chapter: Chapter, layout: Layout, notebook: dict[str, Any], folder: Path,
    started: datetime, seconds: float, before: list[str],
) -> dict[str, Any]:  # fmt: skip
    """An executed notebook, whose job folder holds the tracer's log, with its record under `metadata.cgrecnet`.

    The record holds parameters, date, seconds in all and per cell, versions, what the chapter depended on and the
    fingerprint under which it holds. The fingerprint is empty where something changed while the chapter ran;
    `before` is `dependencies.own_state` as it was then.
    """
    depends_on = dependencies.observed(folder / "trace.jsonl", chapter, layout)
    # The fingerprint first: what changes after it is taken does not match it, and what changed before is seen.
    fingerprint = dependencies.fingerprint(chapter, depends_on, layout)
    changed = dependencies.changed_meanwhile(folder / "trace.jsonl", layout)
    if changed or dependencies.own_state(chapter, layout) != before:
        fingerprint = ""
    cells = []
    for number, cell in enumerate(code_cells(notebook), 1):
        cells.append({"cell": number, "first_line": first_line(cell), "seconds": cell["metadata"].pop("seconds", 0)})
        cell["metadata"].pop("execution", None)
        if not cell["metadata"].get("tags"):
            cell["metadata"].pop("tags", None)
    for cell in notebook["cells"]:
        cell["metadata"].pop("seconds", None)
    notebook["metadata"].pop("papermill", None)
    notebook["metadata"].pop("widgets", None)
    notebook["metadata"]["cgrecnet"] = {
        "chapter": chapter.label,
        "title": title(chapter, notebook),
        "parameters": chapter.parameters,
        "started": started.astimezone(UTC).isoformat(timespec="milliseconds"),
        "seconds": round(seconds, 3),
        "cells": cells,
        "versions": {"python": platform.python_version()} | _versions(),
        "depends_on": depends_on,
        "fingerprint": fingerprint,
    }
    return _without_paths(_whole_streams(_without_blanks(notebook)), layout)


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The code cells as the author counts them: without the one that papermill injects."""
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    return [cell for cell in cells if "injected-parameters" not in cell["metadata"].get("tags", [])]


def title(chapter: Chapter, notebook: dict[str, Any]) -> str:
    """The first heading of the chapter, or its name."""
    for cell in notebook["cells"]:
        for line in "".join(cell["source"]).splitlines() if cell["cell_type"] == "markdown" else []:
            if line.startswith("# "):
                return line[2:].strip()
    return chapter.name


def first_line(cell: dict[str, Any]) -> str:
    """The first line that says something: neither blank nor a comment, where there is such a line."""
    lines = [line.strip() for line in "".join(cell["source"]).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("#", "%"))]
    return (telling or lines or [""])[0]


def _versions() -> dict[str, str]:
    found = {}
    for name in REPORTED_VERSIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _without_blanks(notebook: dict[str, Any]) -> dict[str, Any]:
    """Leave out displayed Markdown that says nothing: a page would show the name of the object in its place."""
    for cell in notebook["cells"]:
        if "outputs" in cell:
            said = [output.get("data", {}).get("text/markdown") for output in cell["outputs"]]
            kept = [text is None or bool("".join(text).strip()) for text in said]
            cell["outputs"] = [output for output, keep in zip(cell["outputs"], kept, strict=True) if keep]
    return notebook


def _whole_streams(notebook: dict[str, Any]) -> dict[str, Any]:
    """Join what was printed in a row: where it is cut follows from the moments at which the kernel was asked."""
    for cell in notebook["cells"]:
        joined: list[dict[str, Any]] = []
        for output in cell.get("outputs", []):
            last = joined[-1] if joined else {}
            if output["output_type"] == "stream" and last.get("name") == output["name"]:
                last["text"] = "".join([*last["text"], *output["text"]]).splitlines(keepends=True)
            else:
                joined.append(output)
        if joined:
            cell["outputs"] = joined
    return notebook


def _path_pattern(folder: str) -> re.Pattern[str]:
    """Where a text names the folder or something in it; not `/a/bc` or `/x/a/b` for `/a/b`.

    A colour (an escape sequence that ends in a letter) or a written `\\n` may stand before it.
    """
    if folder == os.sep:
        return re.compile(r"(?!)")
    return re.compile(rf"(\x1b\[[\d;]*m|\\[nrt]|(?<![\w.~-])){re.escape(folder)}(?![\w+@~-]|\.\w)")


def _without_paths(notebook: dict[str, Any], layout: Layout) -> dict[str, Any]:
    """Replace the machine's own folders in outputs; readers elsewhere have others."""
    names = {str(folder): name for folder, name in layout.watched_paths}
    names |= {str(layout.root): ".", str(Path.home()): "~"}
    # The innermost folder first, where one lies in another.
    patterns = [(_path_pattern(folder), names[folder]) for folder in sorted(names, key=len, reverse=True)]

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            for pattern, name in patterns:
                value = pattern.sub(lambda found, name=name: found[1] + name, value)
            return value
        if isinstance(value, list):
            return [clean(item) for item in value]
        if isinstance(value, dict):
            return {key: item if key == "image/png" else clean(item) for key, item in value.items()}
        return value

    for cell in notebook["cells"]:
        if "outputs" in cell:
            cell["outputs"] = clean(cell["outputs"])
    return notebook
