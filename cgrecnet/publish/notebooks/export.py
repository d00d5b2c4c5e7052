"""Write the chapters as notebooks for Jupyter: executed ones for the pages, a class's without solutions, and with.

A text may refer to titles of pages, numbered figures, equations and exercises, and the literature: `index_of` has them.
"""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

from cgrecnet import __version__
from cgrecnet.files import atomic_write, remembered
from cgrecnet.publish import notebook, times
from cgrecnet.publish.honesty.shown import is_absent
from cgrecnet.publish.layout import CITATION_PAGE, STATUS_PAGE, Chapter, Layout
from cgrecnet.publish.notebooks.exercises import without_solutions
from cgrecnet.publish.notebooks.plain import Index, Reader, Target
from cgrecnet.publish.stage import INSTEAD
from cgrecnet.publish.templates import filled

_WHEEL = f"cgrecnet-{__version__}-py3-none-any.whl"
_FOLDED = {"remove-cell", "remove-input", "hide-input"}
_TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
_EQUATION = re.compile(r"\$\$\s*\(([\w-]+)\)\s*$", re.MULTILINE)
_EXERCISE = re.compile(r"^[`:]{3,}\{exercise\}.*\n:label: *([\w-]+)", re.MULTILINE)
_HEADING = re.compile(r"^\(([\w-]+)\)=\s*\n#+ +(.+)$", re.MULTILINE)
_ENTRY = re.compile(r"^@\w+\{([^,\s]+),(.*?)^\}", re.DOTALL | re.MULTILINE)


def plain_notebook(page: str, content: dict[str, Any], index: Index, solutions: bool = True) -> Any:
    """A chapter's notebook for Jupyter: plain Markdown, captions below figures, an install cell first.

    content: the notebook, executed or not. solutions: whether it keeps the answers of its exercises.
    """
    book = nbformat.reads(json.dumps(content), as_version=4)  # which joins texts that are kept as lists of lines
    reader = Reader(page, index, _glued(book.cells), solutions=solutions)
    cells = book.cells if solutions else without_solutions(book.cells)
    made = [v4.new_markdown_cell(filled("install.md", wheel=_WHEEL)),
            v4.new_code_cell(filled("first_cell.txt", page=page), metadata={"tags": ["install"]})]  # fmt: skip
    for cell in cells:
        made += _cell(cell, reader)
    for number, cell in enumerate(made):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    if "cgrecnet" in book.metadata:  # what it was run with
        metadata["cgrecnet"] = book.metadata["cgrecnet"]
    return v4.new_notebook(cells=made, metadata=metadata)


def student(layout: Layout, folder: Path) -> int:
    """Write every chapter into `folder/notebooks`, without solutions, and into `folder/solutions`; return how many.

    Numbers that prose takes from cells come from the last build, where there was one.
    """
    index = index_of(layout)
    chapters = [chapter for chapter in layout.chapters if chapter.is_script]
    for chapter in chapters:
        content = notebook.read(chapter)
        for kind, solutions in (("notebooks", False), ("solutions", True)):
            made = plain_notebook(chapter.name, _with_values(content, chapter, layout), index, solutions)
            _write(_without_outputs(made), folder / kind / f"{chapter.name.removeprefix('book/')}.ipynb")
    return len(chapters)


def for_pages(layout: Layout, staged: Path, folder: Path) -> None:
    """Write what each page offers for download: its executed notebook, and in `student/` the one to fill in.

    staged: where the executed notebooks are, as Sphinx reads them; folder: where the site keeps its sources. There
    Sphinx puts the staged notebook whenever it writes a page, and only then these are made anew.
    """
    paths = {chapter.name: staged / f"{chapter.name}.ipynb" for chapter in layout.chapters if chapter.is_script}
    contents = {name: json.loads(path.read_text("utf8")) for name, path in paths.items() if path.is_file()}
    index = index_of(layout, contents)
    for name, content in contents.items():
        whole, blank = folder / f"{name}.ipynb", folder / "student" / f"{name}.ipynb"
        if not (whole.is_file() and blank.is_file()) or whole.read_bytes() == paths[name].read_bytes():
            _write(_without_outputs(plain_notebook(name, content, index, solutions=False)), blank)
            _write(plain_notebook(name, content, index), whole)


def _without_outputs(made: Any) -> Any:
    made.metadata.pop("cgrecnet", None)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return made


def _write(made: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as stream:
        stream.write(nbformat.writes(made))


def _cell(cell: Any, reader: Reader) -> list[Any]:
    """The cell as Jupyter shows it, and below a figure its caption."""
    tags = cell.metadata.get("tags", [])
    if cell.cell_type == "markdown":
        text = reader.plain(cell.source)
        return [v4.new_markdown_cell(text, metadata=_kept(cell))] if text.strip() else []
    if cell.cell_type != "code":
        return []
    kept = _kept(cell) | ({"jupyter": {"source_hidden": True}} if _FOLDED & set(tags) else {})
    outputs = [_output(output, reader) for output in cell.get("outputs", []) if "remove-cell" not in tags]
    made = [v4.new_code_cell(cell.source, metadata=kept, outputs=outputs, execution_count=cell.get("execution_count"))]
    figure = cell.metadata.get("mystnb", {}).get("figure", {})
    if "caption" in figure:
        known = reader.index.targets.get(figure.get("name", ""))
        number = known.words if known else "Figure"
        made.append(v4.new_markdown_cell(f"**{number}.** {reader.plain(figure['caption'])}"))
    return made


def _kept(cell: Any) -> dict[str, Any]:
    return {name: cell.metadata[name] for name in ("tags", "nbgrader") if name in cell.metadata}


def _output(output: Any, reader: Reader) -> Any:
    if "text/markdown" in output.get("data", {}):
        output = nbformat.from_dict(json.loads(json.dumps(output)))
        text = output.data["text/markdown"]
        output.data["text/markdown"] = reader.plain(text if isinstance(text, str) else "".join(text))
    return output


def _glued(cells: list[Any]) -> dict[str, object]:
    """The values that cells gave to the prose by `myst_nb.glue`."""
    found = {}
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        name = output.get("metadata", {}).get("scrapbook", {}).get("name")
        texts = [text for kind, text in output.get("data", {}).items() if kind.endswith("text/plain")]
        if name and texts:
            found[name] = _literal("".join(texts[0]))
    return found


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _with_values(content: Any, chapter: Chapter, layout: Layout) -> Any:
    """The source's cells, with those outputs of the last build by which cells gave numbers to the prose."""
    built = remembered(layout.executed_notebook(chapter)).get("cells", [])
    outputs = [output for cell in built for output in cell.get("outputs", [])]
    content = nbformat.from_dict(json.loads(json.dumps(content)))
    first = next((cell for cell in content.cells if cell.cell_type == "code"), None)
    if first is not None:
        first.outputs = nbformat.from_dict([output for output in outputs if _glued([{"outputs": [output]}])])
    return content


def index_of(layout: Layout, notebooks: Mapping[str, Mapping[str, Any]] | None = None) -> Index:
    """The index of a book, from the sources of its chapters; figures, equations and exercises are numbered through it.

    notebooks: those chapters, by name, that were read already, executed or not, and need not be read again.

    A figure that the last build could not draw has no number, on the pages as here.
    """
    titles, minutes, targets, scripts = {STATUS_PAGE: "Execution status", CITATION_PAGE: "How to cite"}, {}, {}, set()
    numbers = {"Figure {}": count(1), "({})": count(1), "Exercise {}": count(1)}
    for chapter in layout.chapters:
        if chapter.is_script:
            cells = (notebooks or {}).get(chapter.name) or notebook.read(chapter)
            cells = [cell | {"source": "".join(cell["source"])} for cell in cells["cells"]]
            scripts.add(chapter.name)
            minutes[chapter.name] = times.reading_minutes({"cells": cells})
            text = "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
            absent = _absent(layout.executed_notebook(chapter))
            figures = [name for name in _figures(cells) if name not in absent]
            found = zip(numbers, (figures, _EQUATION.findall(text), _EXERCISE.findall(text)), strict=True)
            for form, labels in found:
                targets |= {label: Target(chapter.name, form.format(next(numbers[form]))) for label in labels}
            targets |= {name: Target(chapter.name, INSTEAD) for name in absent}
            targets |= {label: Target(chapter.name, f"*{heading}*") for label, heading in _HEADING.findall(text)}
        else:
            text = chapter.source.read_text("utf8")
        title = _TITLE.search(text)
        titles[chapter.name] = title[1].strip() if title else chapter.name
    return Index(titles, frozenset(scripts), minutes, targets, literature(layout.root / "references.bib"))


def _figures(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of a notebook's figures, in order; one without a name has a number all the same."""
    figures = (cell["metadata"].get("mystnb", {}).get("figure") for cell in cells)
    return [figure.get("name", "") for figure in figures if figure is not None]


def _absent(executed: Path) -> set[str]:
    """The names of the figures that an executed notebook says it could not draw."""
    if not executed.is_file() or "not-shown" not in (text := executed.read_text("utf8")):
        return set()
    return set(_figures(cell for cell in json.loads(text)["cells"] if is_absent(cell)))


def literature(path: Path) -> dict[str, str]:
    """Author and year of each entry of a BibTeX file, as a link where the entry has an address."""
    found = {}
    for key, body in _ENTRY.findall(path.read_text("utf8") if path.is_file() else ""):
        given = dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*?)\},?\s*$", body, re.MULTILINE))
        names = [re.sub(r"[{}]", "", name.partition(",")[0]) for name in given.get("author", key).split(" and ")]
        who = names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
        words = f"{who} {given.get('year', '')}".strip()
        address = f"https://doi.org/{given['doi']}" if "doi" in given else given.get("url", "")
        found[key] = f"[{words}]({address})" if address else words
    return found
