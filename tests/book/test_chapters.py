"""The chapters as they are written, and the pages as they were last built."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from cgrecnet.publish import check, notebook
from cgrecnet.publish.layout import STATUS_PAGE, Layout

ROOT = Path(__file__).parents[2]
LAYOUT = Layout(ROOT)
SCRIPTS = [chapter for chapter in LAYOUT.chapters if chapter.is_script]


def test_every_chapter_in_the_folder_is_in_the_table_of_contents():
    listed = {chapter.source for chapter in LAYOUT.chapters}
    written = {
        path
        for suffix in ("md", "py")
        for path in LAYOUT.book.rglob(f"*.{suffix}")
        if "experiments" not in path.parts and not path.name.startswith("_")
    }
    assert written == listed
    assert STATUS_PAGE in LAYOUT.page_names


@pytest.mark.parametrize("chapter", SCRIPTS, ids=lambda chapter: chapter.name)
def test_a_script_is_a_notebook_with_a_title_and_valid_parameters(chapter):
    cells = notebook.read(chapter)
    notebook.check_parameters(chapter, cells)
    assert cells.cells[0].cell_type == "markdown" and cells.cells[0].source.lstrip("(").count("# ")
    header = chapter.source.read_text("utf8").split("# ---")[1].replace("\n# ", "\n")
    assert yaml.safe_load(header)["jupyter"]["kernelspec"]["language"] == "python"


CHAPTERS = [chapter for chapter in SCRIPTS if chapter.name != "book/index"]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_a_chapter_says_what_it_teaches_and_closes_with_take_aways_and_a_quiz(chapter):
    cells = notebook.read(chapter).cells
    opening = cells[0].source
    assert re.search(r"^\*\*You (can|will learn|will be able to)\*\* \w.{40}", opening, re.M), "objectives"
    assert re.search(r"^\*\*You need\*\* \S", opening, re.M), "prerequisites"
    assert "{reading-time}`this page`" in opening, "minutes to read"
    assert "**Take-away.**" in "".join(cell.source for cell in cells), "take-aways"
    _, heading, quiz = cells[-1].source.rpartition("## Check yourself\n")
    folded = re.findall(r"^:::\{dropdown\} \d\. ([^\n]+\?)\n(.+?)\n:::$", quiz, re.M | re.S)
    assert heading and len(folded) == 3, "three questions, folded answers"
    assert all(len(answer.split()) >= 12 for _, answer in folded), "answers with a reason"


@pytest.mark.parametrize("chapter", SCRIPTS, ids=lambda chapter: chapter.name)
def test_what_a_solution_prints_is_folded_away_with_its_code(chapter):
    solving, open_ = False, []
    for cell in notebook.read(chapter).cells:
        if cell.cell_type == "markdown":
            marks = re.findall(r"\{(exercise|solution)\}|^(#+) ", cell.source, re.MULTILINE)
            solving = marks[-1][0] == "solution" if marks else solving
        elif solving and not {"hide-cell", "remove-cell"} & set(cell.metadata.get("tags", [])):
            open_.append(cell.source.partition("\n")[0])
    assert open_ == []


#: Columns of code that a page shows without scrolling: its text is as wide as this much code at 1280 px.
COLUMNS = 76
HIDING = {"remove-cell", "remove-input", "hide-input", "hide-cell"}


@pytest.mark.parametrize("chapter", SCRIPTS, ids=lambda chapter: chapter.name)
def test_shown_code_is_narrow_enough_for_its_page(chapter):
    shown = [
        line
        for cell in notebook.read(chapter).cells
        if cell.cell_type == "code" and not HIDING & set(cell.metadata.get("tags", []))
        for line in cell.source.splitlines()
    ]
    lines = chapter.source.read_text("utf8").splitlines()
    wide = [f"{chapter.label}:{lines.index(line) + 1}: {len(line)}" for line in shown if len(line) > COLUMNS]
    assert wide == [], f"columns of shown code, of at most {COLUMNS}"


#: Lines of code in a cell, without blank ones and comments: a shown cell teaches one thing, a hidden one does one.
SHOWN_LINES, HIDDEN_LINES = 15, 76


@pytest.mark.parametrize("chapter", SCRIPTS, ids=lambda chapter: chapter.name)
def test_no_cell_is_too_long_for_one_idea(chapter):
    long = []
    for cell in notebook.read(chapter).cells:
        code = [line for line in cell.source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        most = HIDDEN_LINES if HIDING & set(cell.metadata.get("tags", [])) else SHOWN_LINES
        if cell.cell_type == "code" and len(code) > most:
            long.append(f"{code[0]} ...: {len(code)} lines of at most {most}")
    assert long == []


#: Functions whose value a page shows, as it shows an object that a cell makes: `Markdown(...)`, `pd.DataFrame(...)`.
SHOWING = {"dropdown", "from_dataset", "from_records", "provenance_of", "show_code", "wide_table"}


@pytest.mark.parametrize("chapter", SCRIPTS, ids=lambda chapter: chapter.name)
def test_what_a_cell_makes_to_be_shown_is_shown(chapter):
    """A notebook shows a cell's last value alone; what stands before it needs `display`."""
    lost = []
    for cell in notebook.read(chapter).cells:
        if cell.cell_type != "code":
            continue
        for each in ast.parse(cell.source).body[:-1]:
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call):
                name = ast.unparse(each.value.func).rpartition(".")[2]
                if name in SHOWING or name[0].isupper():
                    lost.append(ast.unparse(each).partition("\n")[0])
    assert lost == []


def test_under_a_third_of_the_code_cells_is_hidden():
    """Solutions, which are folded, count as hidden, and so does code whose output alone is shown."""
    code = [cell for chapter in SCRIPTS for cell in notebook.read(chapter).cells if cell.cell_type == "code"]
    hidden = [cell for cell in code if HIDING & set(cell.metadata.get("tags", []))]
    assert 3 * len(hidden) < len(code), f"{len(hidden)} of {len(code)} are hidden"


@pytest.mark.slow
def test_the_built_pages_have_no_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("CGRECNET_STRICT", "1")
    if not (LAYOUT.build / "html.json").is_file():
        pytest.skip("the book has not been built here: run `make book`, which looks at the pages itself")
    found = check.check(LAYOUT.html, tmp_path / "checked.json", again=True)
    assert [f"{fault.page}: {fault.text}" for fault in found.faults] == []
