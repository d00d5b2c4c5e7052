"""What an executed chapter depended on, by observation, and the fingerprint that says whether it still holds.

With them, an execution becomes the notebook that is published: what it cost and used goes in, the machine's paths out.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cgrecnet.files import remembered
from cgrecnet.publish.layout import Chapter, Layout

FORMAT = 3  # raise it to have every chapter executed anew
# On the path of every kernel, or read by it, whatever the chapter does.
_MACHINERY = (Path("cgrecnet", "publish", "tracing"), Path("cgrecnet", "publish", "warm_server.py"))
#: What happened -> which kind of dependency that makes.
_KINDS = {"read": "files", "list": "folders", "found": "probes", "missing": "probes"}
_IGNORED = {"_build", ".venv", ".git", "__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".ruff_cache"}
REPORTED_VERSIONS = ("cgrecnet", "numpy", "torch", "torchvision", "scikit-learn", "papermill", "jupyter-book")


def ignored_folders(layout: Layout) -> list[str]:
    """What the tracer need not note: an environment in the repository has thousands of files, and none counts."""
    folders = [layout.root / name for name in sorted(_IGNORED)]
    return [str(f) for f in folders if not any(path.is_relative_to(f) for path, _ in layout.watched_paths)]


def observed(log: Path, chapter: Chapter, layout: Layout) -> dict[str, list[str]]:
    """Sort the tracer's log into `files` read, `folders` listed and `probes` (existence asked for).

    Paths are relative to the repository, or begin with the name of a watched folder ($CGRECNET_DATA/...).
    What the chapter itself wrote before reading it is no dependency.
    """
    kinds: dict[str, set[str]] = {"files": set(), "folders": set(), "probes": set()}
    written: set[str] = set()
    for what, name, _, _ in _entries(log, layout):
        if what == "write" and name not in kinds["files"]:
            written.add(name)
        elif what in _KINDS and name not in written and name != chapter.label:
            kinds[_KINDS[what]].add(name)
    # What was read or listed exists in the fingerprint already.
    kinds["probes"] -= kinds["files"] | kinds["folders"] | written
    return {kind: sorted(names) for kind, names in kinds.items()}


def fingerprint(chapter: Chapter, depends_on: dict[str, list[str]], layout: Layout) -> str:
    """SHA-256 over the chapter's source and parameters, the pins, and the present state of what it depends on."""
    state = {
        "format": FORMAT,
        "source": _content(chapter.source),
        "parameters": chapter.parameters,
        "lock": _content(layout.root / "requirements.lock"),
        "python": platform.python_version(),
        "CGRECNET_DATA": os.environ.get("CGRECNET_DATA", ""),
        "CGRECNET_CACHE": os.environ.get("CGRECNET_CACHE", ""),
        "files": {name: _file_state(name, layout) for name in depends_on["files"]},
        "folders": {name: _listing(_path(name, layout)) for name in depends_on["folders"]},
        "probes": {name: _path(name, layout).exists() for name in depends_on["probes"]},
    }
    return hashlib.sha256(json.dumps(state, sort_keys=True, default=str).encode()).hexdigest()


def own_state(chapter: Chapter, layout: Layout) -> list[str]:
    """What a chapter depends on before it opens anything: its source and the pins."""
    return [_content(chapter.source), _content(layout.root / "requirements.lock")]


def changed_meanwhile(log: Path, layout: Layout) -> list[str]:
    """Names of what is no longer as the chapter found it: then nobody knows which version its page shows.

    What the chapter made or removed itself explains a folder's new listing and a path that came or went.
    A file that it read and then wrote is not what it read: its next run would show something else.
    """
    entries = _entries(log, layout)
    own = {name for what, name, _, _ in entries if what in ("write", "touch")}
    written, changed = set(), set()
    for what, name, path, state in entries:
        if what == "write":
            written.add(name)
        elif what == "read" and name not in written and _stat(path) != state:
            changed.add(name)
        elif what == "list" and not _foreign_entries(name, path, state) <= own:
            changed.add(name)
        elif what in ("found", "missing") and name not in own and os.path.lexists(path) is not (what == "found"):
            changed.add(name)
    return sorted(changed)


def stored(notebook: Path) -> dict[str, Any] | None:
    """The record inside an executed notebook, or None where there is none."""
    return remembered(notebook).get("metadata", {}).get("cgrecnet")


def is_fresh(chapter: Chapter, layout: Layout) -> bool:
    """Whether the executed notebook is there and everything that it depended on is as it was."""
    record = stored(layout.executed_notebook(chapter))
    return bool(record) and record["fingerprint"] == fingerprint(chapter, record["depends_on"], layout)


def _entries(log: Path, layout: Layout) -> list[tuple[str, str, str, Any]]:
    """The tracer's lines about watched paths: what happened, name, path, and what was found there."""
    lines = log.read_text("utf8").splitlines() if log.exists() else []
    found = [json.loads(line) for line in lines]
    names = {path: _name(path, layout) for path in {path for _, path, _ in found}}
    named = [(what, names[path], path, state) for what, path, state in found]
    return [(what, name, path, state) for what, name, path, state in named if name is not None]


def _foreign_entries(name: str, path: str, then: list[str] | None) -> set[str]:
    """What came into or went from a folder since `then`; the folder itself, where it came or went as a whole."""
    now = os.listdir(path) if os.path.isdir(path) else None
    if now is None or then is None:
        return set() if now == then else {name}
    return {f"{name}/{entry}".removeprefix("./") for entry in set(_telling(now)) ^ set(_telling(then))}


def _name(path: str, layout: Layout) -> str | None:
    """The name under which a path is recorded, or None where it is not watched."""
    if "__editable__" in path or "\n" in path:
        return None  # no file: a mark by which an editable install hooks into imports, or a text taken for a path
    for folder, variable in layout.watched_paths:
        if Path(path).is_relative_to(folder):
            return (Path(variable) / Path(path).relative_to(folder)).as_posix()
    for candidate in (path, os.path.realpath(path)):
        if Path(candidate).is_relative_to(layout.root):
            relative = Path(candidate).relative_to(layout.root)
            ignored = _IGNORED & set(relative.parts) or any(map(relative.is_relative_to, _MACHINERY))
            return None if ignored else relative.as_posix()
    return None


def _path(name: str, layout: Layout) -> Path:
    if not name.startswith("$"):
        return layout.root / name
    variable, _, rest = name.partition("/")
    return layout.watched.get(variable, Path(os.devnull)) / rest


def _content(path: Path) -> str:
    found = _stat(path)
    return _digest(path, *found) if found and path.is_file() else "absent"


@cache
def _digest(path: Path, size: int, changed: int) -> str:
    """Most files are read by most chapters."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _file_state(name: str, layout: Layout) -> Any:
    path = _path(name, layout)
    if not name.startswith("$"):
        return _content(path)
    # Image folders are large: size and time of change must do.
    return [path.stat().st_size, path.stat().st_mtime_ns] if path.is_file() else "absent"


def _stat(path: str | Path) -> list[int] | None:
    """Size and time of change, as the tracer notes them."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _listing(folder: Path) -> Any:
    return sorted(_telling(os.listdir(folder))) if folder.is_dir() else "absent"


def _telling(names: list[str]) -> list[str]:
    return [name for name in names if name not in _IGNORED and not name.endswith((".pyc", "~"))]


def publishable(
    chapter: Chapter, layout: Layout, notebook: dict[str, Any], folder: Path,
    started: datetime, seconds: float, before: list[str],
) -> dict[str, Any]:  # fmt: skip
    """An executed notebook, whose job folder holds the tracer's log, with its record under `metadata.cgrecnet`.

    The record holds parameters, date, seconds in all and per cell, versions, what the chapter depended on and the
    fingerprint under which it holds. The fingerprint is empty where something changed while the chapter ran;
    `before` is `own_state` as it was then.
    """
    log = folder / "trace.jsonl"
    depends_on = observed(log, chapter, layout)
    # The fingerprint first: what changes after it is taken does not match it, and what changed before is seen.
    holds = fingerprint(chapter, depends_on, layout)
    if changed_meanwhile(log, layout) or own_state(chapter, layout) != before:
        holds = ""
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
        "fingerprint": holds,
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
