"""Exercises of a chapter without their solutions: a cell to fill in, and the check that the solution makes of itself.

The chapter is the one source. A solution is a `{solution}` block and the code cells that follow it, up to the next
text; the assertions that stand in them at the top level are the check, and a comment behind `name = ...` the hint.
"""

import ast
import io
import re
import textwrap
import tokenize
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode, v4

_SOLUTION = re.compile(r"^[`:]{3,}\{solution\} *([\w-]+)", re.MULTILINE)
_CLEANING = "remove-cell"  # such a cell behind a solution tidies up, and is no part of it


@dataclass(frozen=True)
class Check:
    """What a solution asserts, the imports that this takes, and the names that an answer has to give."""

    code: str
    names: tuple[str, ...]


def without_solutions(cells: list[Any]) -> list[Any]:
    """The cells with every solution's code replaced by an empty answer and, where it asserts something, a check.

    The solutions' words are left to whoever turns the text into plain Markdown.
    """
    done: list[Any] = []
    given: set[str] = set()
    open_label, code = "", []
    for cell in [*cells, None]:
        is_code = cell is not None and cell.cell_type == "code"
        if open_label and is_code and _CLEANING not in cell.metadata.get("tags", []):
            code.append(cell.source)
            continue
        if open_label:
            done += _to_fill_in(open_label, "\n".join(code), given)
            open_label, code = "", []
        if cell is not None:
            done.append(cell)
            if is_code:
                given |= _gives(cell.source)
            elif cell.cell_type == "markdown" and (labels := _SOLUTION.findall(cell.source)):
                open_label = labels[-1]
    return done


def _to_fill_in(label: str, solution: str, given: set[str]) -> list[NotebookNode]:
    if not solution.strip():
        return [v4.new_markdown_cell("*Your answer:*", metadata=_nbgrader(label, solution=True, kind="markdown"))]
    check = check_of(solution)
    names = ", ".join(_taken(solution, given))
    above = f"# From the cells above: {names}.\n" if names else ""
    if check is None:
        return [v4.new_code_cell(f"# Your answer.\n{above}", metadata=_nbgrader(label, solution=True))]
    asked = f"# Your answer. The check below looks at {', '.join(check.names)}: put something in place of each ...\n"
    asked += above
    notes = notes_of(solution)
    blank = "".join(f"{name} = ...{f'  # {notes[name]}' if name in notes else ''}\n" for name in check.names)
    return [
        v4.new_code_cell(asked + blank, metadata=_nbgrader(label, solution=True)),
        v4.new_code_cell(check.code, metadata=_nbgrader(f"{label}-check", solution=False)),
    ]


def _nbgrader(label: str, solution: bool, kind: str = "code") -> dict[str, Any]:
    """Tags, and what nbgrader calls a manually graded answer or an automatic test."""
    by_hand = solution and kind == "markdown"
    marks = {"grade_id": label, "schema_version": 3, "cell_type": kind, "task": False}
    marks |= {"solution": solution, "grade": not solution or by_hand, "locked": not solution}
    if marks["grade"]:
        marks["points"] = 1
    return {"tags": ["answer" if solution else "check"], "nbgrader": marks}


def check_of(solution: str) -> Check | None:
    """The check of a solution's code, or None where it asserts nothing of what it defines."""
    body = ast.parse(solution).body
    asserted = [node for node in body if isinstance(node, ast.Assert)]
    used = {name for node in asserted for name in _names(node, ast.Load)}
    used -= {name for node in asserted for name in _names(node, ast.Store)}  # of comprehensions
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    needed = [node for node in imports if used & {(alias.asname or alias.name).split(".")[0] for alias in node.names}]
    names = tuple(name for name in _defined(body) if name in used)
    if not names:
        return None
    lines = [ast.get_source_segment(solution, node) or "" for node in asserted]
    code = "\n".join(
        [
            *[ast.get_source_segment(solution, node) or "" for node in needed],
            f"missing = [name for name in {list(names)} if globals().get(name, ...) is ...]",
            "if missing:",
            '    print("Not answered yet:", *missing)',
            "else:",
            *[textwrap.indent(line, "    ") for line in lines],
            '    print("Passed.")',
        ]
    )
    return Check(code, names)


def _gives(source: str) -> set[str]:
    """What a cell leaves for an answer to use: what it defines, and what it imports from this package."""
    body = ast.parse(source).body
    ours = (node for node in body if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cgrecnet."))
    return {*_defined(body), *(alias.asname or alias.name for node in ours for alias in node.names)}


def _taken(solution: str, given: set[str]) -> list[str]:
    """Of what the cells above give, what the book's own answer begins with, in its order."""
    tree = ast.parse(solution)
    own = {*_names(tree, ast.Store), *(node.arg for node in ast.walk(tree) if isinstance(node, ast.arg))}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    own |= {alias.asname or alias.name for node in imports for alias in node.names}
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    ordered = [node.id for node in sorted(used, key=lambda node: (node.lineno, node.col_offset))]
    return [name for name in dict.fromkeys(ordered) if name in given - own]


def notes_of(solution: str) -> dict[str, str]:
    """What each name has to hold: a comment behind the first or last line of a statement that assigns it."""
    lines = io.StringIO(solution).readline
    comments = {t.start[0]: t.string for t in tokenize.generate_tokens(lines) if t.type == tokenize.COMMENT}
    found: dict[str, str] = {}
    assigning = (node for node in ast.walk(ast.parse(solution)) if isinstance(node, ast.Assign))
    for node in sorted(assigning, key=lambda node: node.lineno):
        if words := comments.get(node.lineno) or comments.get(node.end_lineno):
            for name in _names(node, ast.Store):
                found.setdefault(name, words.removeprefix("#").strip())
    return found


def _defined(body: list[ast.stmt]) -> list[str]:
    """What the statements define by assignment, loop, function or class, in order, each once."""
    found: list[str] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        elif not isinstance(node, ast.Import | ast.ImportFrom | ast.Assert):
            found += _names(node, ast.Store)
    return list(dict.fromkeys(found))


def _names(node: ast.AST, context: type[ast.expr_context]) -> list[str]:
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, context)]
