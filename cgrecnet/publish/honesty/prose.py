"""The prose of a chapter's source: what a reader will read of it, line by line, without code, maths and addresses."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cgrecnet.publish.notebooks.plain import FENCE, closing

#: Stands in a text for a value that the program puts in.
HOLE = "\N{REPLACEMENT CHARACTER}"
SENTENCE = 4  # words that make a text in code a sentence, rather than a name or a label
_WORD = re.compile(r"[A-Za-z]{2,}")
_LEFT_OUT = re.compile(
    r"(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"  # code, and what a role refers to
    r"|(?<!\\)\$(?!\s)[^$]+?(?<!\\)\$"  # maths
    r"|<[^<>\s][^<>]*>"  # an element or an address
    r"|(?<=\])\([^()\s]*\)"  # where a link leads
    r"|\b(?:https?://|doi:|10\.\d{4,}/)\S+"
    r"|^\([\w-]+\)=\s*$"  # a label
)
_SILENT = {"math", "code-block", "code", "code-cell", "literalinclude", "bibliography", "raw"}
_QUESTION = "exercise"
_NO_TITLE = {"grid", "solution"}  # what stands behind these is a setting or a label
_NUMBERING = re.compile(r"^\s*(?:>\s*)*(?:#+\s+)?\d{1,2}[.)]\s")


@dataclass(frozen=True)
class Line:
    """One line of prose: its number in the source, what it says, and the whole paragraph, caption or text around it.

    question: whether it belongs to an exercise, whose numbers are given and not found.
    """

    number: int
    text: str
    paragraph: str
    question: bool = False


def lines_of(source: Path) -> list[Line]:
    """Every line of prose in a chapter: its Markdown, its captions and alternative texts, the sentences in its code."""
    text = source.read_text("utf8")
    if source.suffix != ".py":
        return list(_markdown(text.splitlines(), 1))
    found: list[Line] = []
    for start, header, body in cells(text):
        if "[markdown]" in header:
            found += _markdown(_bare(body), start + 1)
        else:
            found += [_line(start, caption, caption) for caption in captions(header)]
            found += _sentences("\n".join(body), start)
    return found


def paragraphs(text: str) -> Iterator[str]:
    """What a person wrote on a script's page: paragraphs, their lines joined, captions and alternative texts."""
    for _, header, body in cells(text):
        if "[markdown]" in header:
            yield from (whole for _, whole in _groups(_bare(body), 0))
        else:
            yield from captions(header)


def words_in_code(source: Path) -> int:
    """How many words stand in the sentences of a chapter's code, without captions and what `holds` quotes."""
    if source.suffix != ".py":
        return 0
    codes = ((start, body) for start, header, body in cells(source.read_text("utf8")) if "[markdown]" not in header)
    return sum(len(_WORD.findall(line.text)) for start, body in codes for line in _sentences("\n".join(body), start))


def cells(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Each cell of a percent script: the number of its header's line, the header, and the lines below it."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("# %%")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield start + 1, lines[start], lines[start + 1 : end]


def captions(header: str) -> list[str]:
    """Caption and alternative text of a figure, which stand in the header of its cell."""
    found = re.search(r"mystnb=(\{.*)$", header)
    try:
        given, _ = json.JSONDecoder().raw_decode(found[1]) if found else ({}, 0)
    except ValueError:
        return []
    texts = (given.get("figure", {}).get("caption"), given.get("image", {}).get("alt"))
    return [text for text in texts if text]


def _bare(body: list[str]) -> list[str]:
    """The lines of a cell of Markdown without the marks of a comment."""
    return [line.removeprefix("#").removeprefix(" ") for line in body]


def _line(number: int, text: str, paragraph: str, question: bool = False) -> Line:
    return Line(number, _LEFT_OUT.sub(" ", _NUMBERING.sub("", text)), paragraph, question)


def _markdown(lines: list[str], first: int) -> Iterator[Line]:
    for group, whole in _groups(lines, first):
        yield from (_line(place, line, whole, asked) for place, line, asked in group)


def _groups(lines: list[str], first: int) -> Iterator[tuple[list[tuple[int, str, bool]], str]]:
    """Each paragraph: its lines with their numbers and whether they belong to an exercise, and the lines joined."""
    group: list[tuple[int, str, bool]] = []
    for number, (text, question) in enumerate([*prose_of(lines), ("", False)], first):
        if text.strip():
            group.append((number, text, question))
        elif group:
            yield group, " ".join(line for _, line, _ in group)
            group = []


def prose_of(lines: list[str], question: bool = False) -> Iterator[tuple[str, bool]]:
    """For each line: its prose, empty where it is none, and whether it belongs to the question of an exercise."""
    at, maths = 0, False
    while at < len(lines):
        line = lines[at]
        if fence := FENCE.match(line):
            end = closing(lines, at, fence["marks"])
            name = fence["name"] or ("" if fence["marks"][0] == ":" else "code")
            asked = question or name == _QUESTION
            yield fence["rest"].strip() if fence["name"] and name not in _SILENT | _NO_TITLE else "", asked
            inside = lines[at + 1 : end]
            yield from (("", False) for _ in inside) if name in _SILENT else prose_of(inside, asked)
            if end > at:
                yield "", question
            at = end + 1
            continue
        at += 1
        if line.strip().startswith("$$") or maths:
            maths = (line.count("$$") + maths) % 2 == 1
            yield "", False
        elif re.match(r"\s*:[\w-]+:", line) or line.startswith("%"):
            yield "", False
        else:
            yield line, question


def parsed(code: str) -> ast.Module:
    """The code of a cell, magic commands left out; nothing where it is none."""
    try:
        return ast.parse(re.sub(r"^[%!].*$", "pass", code, flags=re.MULTILINE))
    except SyntaxError:  # the chapter will not run, and the build says so
        return ast.Module([], [])


def is_holds(node: ast.AST) -> bool:
    """Whether this calls `holds`, whose first argument is a quotation from the page."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "holds"


def _sentences(code: str, start: int) -> Iterator[Line]:
    """The sentences that code holds: what it prints or shows, with a hole where a value is put in."""
    for text, number in _texts(parsed(code)):
        if len(_WORD.findall(text)) >= SENTENCE:
            yield _line(start + number, text, text)


def _texts(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Each text below a node that may reach the page; no docstring, nothing compared with, nothing that is quoted."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value, node.lineno
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else HOLE for part in node.values), node.lineno
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _texts(part.value)
    elif not isinstance(node, (ast.Compare, ast.Assert)):
        documented = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None
        left_out = node.body[:1] if documented else node.args[:1] if is_holds(node) else []
        for child in ast.iter_child_nodes(node):
            if child not in left_out:
                yield from _texts(child)
