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
    log = folder / "trace.jsonl"
    depends_on = dependencies.observed(log, chapter, layout)
    # The fingerprint first: what changes after it is taken does not match it, and what changed before is seen.
    fingerprint = dependencies.fingerprint(chapter, depends_on, layout)
    if dependencies.changed_meanwhile(log, layout) or dependencies.own_state(chapter, layout) != before:
        fingerprint = ""
    cells = [
        {"cell": number, "first_line": first_line(cell), "seconds": cell["metadata"].get("seconds", 0)}
        for number, cell in enumerate(code_cells(notebook), 1)
    ]
    names = _names_of_folders(layout)
    for cell in notebook["cells"]:
        passing = {"seconds", "execution", *(() if cell["metadata"].get("tags") else ("tags",))}
        cell["metadata"] = {name: value for name, value in cell["metadata"].items() if name not in passing}
        if "outputs" in cell:
            cell["outputs"] = without_paths(whole_outputs(cell["outputs"]), names)
    for name in ("papermill", "widgets"):
        notebook["metadata"].pop(name, None)
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
    return notebook


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


def whole_outputs(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without displayed Markdown that says nothing, for which a page would show the name of the object; what was
    printed in a row is joined, as where it is cut follows from the moments at which the kernel was asked."""
    found: list[dict[str, Any]] = []
    for output in outputs:
        last = found[-1] if found else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] = "".join([*last["text"], *output["text"]]).splitlines(keepends=True)
        elif "".join(output.get("data", {}).get("text/markdown", "something else")).strip():
            found.append(output)
    return found


def _names_of_folders(layout: Layout) -> list[tuple[re.Pattern[str], str]]:
    """How texts name the machine's own folders, and what stands for each; the innermost first, where one lies in
    another."""
    names = {str(folder): name for folder, name in layout.watched_paths}
    names |= {str(layout.root): ".", str(Path.home()): "~"}
    folders = sorted(names, key=len, reverse=True)
    # Not `/a/bc` or `/x/a/b` for `/a/b`; a colour (an escape that ends in a letter) or a written `\n` may stand before.
    before, behind = r"(\x1b\[[\d;]*m|\\[nrt]|(?<![\w.~-]))", r"(?![\w+@~-]|\.\w)"
    return [(re.compile(before + re.escape(folder) + behind), names[folder]) for folder in folders if folder != os.sep]


def without_paths(value: Any, names: list[tuple[re.Pattern[str], str]]) -> Any:
    """Outputs with names in place of the machine's own folders: readers elsewhere have others."""
    if isinstance(value, str):
        for pattern, name in names:
            value = pattern.sub(lambda found, name=name: found[1] + name, value)
    elif isinstance(value, list):
        return [without_paths(item, names) for item in value]
    elif isinstance(value, dict):
        return {key: item if key == "image/png" else without_paths(item, names) for key, item in value.items()}
    return value
