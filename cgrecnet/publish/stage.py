"""Put together what Jupyter Book reads: chapters, executed notebooks, settings and pictures, in `_build/source`.

MyST-NB makes a figure, with number and caption, of every output of a cell that has a caption. So a block of provenance
moves into a cell of its own below the figure, and a cell that could not draw its figure leaves its reason in the text.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cgrecnet.publish import own_pages
from cgrecnet.publish.honesty.shown import is_absent
from cgrecnet.publish.layout import CITATION_PAGE, STATUS_PAGE, Layout

#: What stands where a text refers to a figure that is not there.
INSTEAD = "Figure (not shown)"
SCRIPTS = "_scripts"  # the chapters' sources, offered for download beside the pages
SETTINGS = ("_config.yml", "_toc.yml", "references.bib")
# A link to a chapter names the file that is in the repository; in the stage that is a notebook.
_LINK = re.compile(r"(\]\([^)\s:]+)\.py((?:#[^)\s]*)?\))")


def stage(layout: Layout) -> None:
    """Bring `_build/source` up to date: write what differs, leave the rest alone, remove what is no more.

    Files that did not change keep their time stamps, so that Sphinx reads again only what changed.
    """
    present = {_put(layout, target, content) for target, content in _contents(layout)}
    for path in sorted(layout.stage.rglob("*"), reverse=True):
        if path.is_file() and path not in present:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def settings(layout: Layout) -> None:
    """Stage what is read before any page."""
    for target, content in _settings(layout):
        _put(layout, target, content)


def _put(layout: Layout, target: str, content: bytes) -> Path:
    """Write a file of the stage where it differs; its path."""
    path = layout.stage / target
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return path


def _settings(layout: Layout) -> Iterator[tuple[str, bytes]]:
    for name in SETTINGS:
        if (layout.root / name).is_file():
            yield name, (layout.root / name).read_bytes()


def _contents(layout: Layout) -> Iterator[tuple[str, bytes]]:
    """Each staged file: its place and its content."""
    yield from _settings(layout)
    texts = {}
    for chapter in layout.chapters:
        if chapter.is_script:
            texts[f"{chapter.name}.ipynb"] = layout.executed_notebook(chapter).read_text("utf8")
            yield f"{SCRIPTS}/{chapter.name}.py", chapter.source.read_bytes()
        else:
            texts[f"{chapter.name}.md"] = chapter.source.read_text("utf8")
    for name, text in placed(texts).items():
        yield name, _LINK.sub(r"\1.ipynb\2", text).encode()
    yield f"{STATUS_PAGE}.md", own_pages.status(layout).encode()
    if CITATION_PAGE in layout.page_names:
        yield f"{CITATION_PAGE}.md", own_pages.citation(layout.root).encode()
    for path in _assets(layout.book):
        relative = path.relative_to(layout.book)
        # The theme looks for _static at the top.
        place = relative if relative.parts[0] == "_static" else Path("book") / relative
        yield place.as_posix(), path.read_bytes()


def placed(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts of pages, of notebooks (`.ipynb`) as JSON: no provenance in a figure, nothing of an absent one."""
    found, names = {}, []
    for page, text in texts.items():
        if page.endswith(".ipynb") and ("not-shown" in text or "provenance" in text):
            content = json.loads(text)
            for cell in filter(is_absent, content["cells"]):
                figure = cell["metadata"].pop("mystnb", {}).get("figure", {})
                names += [figure["name"]] if "name" in figure else []
            content["cells"] = [part for cell in content["cells"] for part in _apart(cell)]
            text = json.dumps(content, indent=1, ensure_ascii=False)
        found[page] = text
    if names:
        one = "|".join(map(re.escape, names))
        reference = re.compile(rf"\{{(?:numref|ref)\}}`(?:{one}|[^`<]*<(?:{one})>)`")
        found = {page: reference.sub(INSTEAD, text) for page, text in found.items()}
    return found


def _apart(cell: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The cell itself, or the figure's and below it one for its blocks of provenance."""
    if "figure" not in cell["metadata"].get("mystnb", {}):
        yield cell
        return
    outputs = cell.get("outputs", [])
    blocks = [out for out in outputs if 'class="provenance"' in "".join(out.get("data", {}).get("text/html", ""))]
    yield cell | {"outputs": [out for out in outputs if out not in blocks]}
    if blocks:
        # Its source is not shown, but MyST-NB drops a cell without any.
        own = {"cell_type": "code", "execution_count": None, "source": ["# provenance"], "outputs": blocks}
        own |= {"metadata": {"tags": ["remove-input"]}}
        yield own | ({"id": f"{cell['id']}-below"} if "id" in cell else {})


def _assets(book: Path) -> Iterator[Path]:
    """Pictures and the like: every file under book/ that is neither chapter nor setting nor hidden."""
    for path in sorted(book.rglob("*")):
        parts = path.relative_to(book).parts
        if parts[0] == "experiments" or any(part.startswith((".", "__")) for part in parts):
            continue
        if path.is_file() and path.suffix not in {".py", ".md", ".ipynb", ".yml", ".yaml"}:
            yield path


def remove_stale_pages(layout: Layout) -> None:
    """Delete built pages whose chapter is gone, and pictures that no page shows any more."""
    pages = set(layout.page_names)
    for folder in (layout.html, layout.html / "_sources", layout.html / "_sources" / "student"):
        for path in (folder / "book").rglob("*"):
            made = path.suffix in {".html", ".ipynb", ".md", ".py"}
            if made and path.relative_to(folder).with_suffix("").as_posix() not in pages:
                path.unlink()
    text = "".join(path.read_text("utf8") for path in layout.html.rglob("*.html"))
    for path in (layout.html / "_images").glob("*"):
        if path.name not in text:
            path.unlink()


def forget_doctrees(layout: Layout) -> None:
    """After a failed build, Sphinx would take the pages with warnings for done."""
    shutil.rmtree(layout.doctrees, ignore_errors=True)
