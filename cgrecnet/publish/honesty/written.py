"""A chapter's source as its readers meet it: prose without code, maths and addresses, and the sentences in its code.

Quotations: the first argument of each `holds` stands in its own page once, word for word, so that an error names it.
The page is what a person wrote: Markdown, captions and alternative texts, lines joined. A role (`{glue:text}` and any
other, with what it holds) counts as `...` there, and a quotation writes it so.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cgrecnet.publish.notebooks.plain import FENCE, closing

#: Tags of a cell whose outputs no page shows.
HIDDEN = {"remove-cell", "remove-output"}
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
FEWEST = 5  # words of a quotation: less is a label and no clause
_UNSEEN = "holds stands in a cell whose outputs no reader sees: give it the tag remove-input, which leaves its note"
_ROLE = re.compile(r"\{[\w:-]+\}`[^`]*`")


@dataclass(frozen=True)
class Line:
    """One line of prose: its number in the source, what it says, and the whole paragraph, caption or text around it.

    question: whether it belongs to an exercise, whose numbers are given and not found.
    """

    number: int
    text: str
    paragraph: str
    question: bool = False


@dataclass(frozen=True)
class Page:
    """What a person wrote of a chapter, read once for all checks.

    prose: its Markdown, captions and alternative texts; paragraphs: the same whole, lines joined; code: the sentences
    that its code holds; holds: each call of `holds` with its line and its cell's header.
    """

    prose: list[Line] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    code: list[Line] = field(default_factory=list)
    holds: list[tuple[int, str, ast.Call]] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        """All of it, in the order of the source."""
        return sorted(self.prose + self.code, key=lambda line: line.number)

    @property
    def words_in_code(self) -> int:
        """How many words stand in the sentences of its code, without captions and what `holds` quotes."""
        return sum(len(_WORD.findall(line.text)) for line in self.code)

    def _take(self, lines: list[str], first: int) -> None:
        """Take in Markdown, whose first line has this number in the source."""
        group: list[tuple[int, str, bool]] = []
        for number, (text, question) in enumerate([*prose_of(lines), ("", False)], first):
            if text.strip():
                group.append((number, text, question))
            elif group:
                whole = " ".join(line for _, line, _ in group)
                self.paragraphs.append(whole)
                self.prose.extend(_line(place, line, whole, asked) for place, line, asked in group)
                group = []


def read(source: Path) -> Page:
    """What stands in a chapter: a page of Markdown, or a percent script."""
    lines = source.read_text("utf8").splitlines()
    page = Page()
    if source.suffix != ".py":
        page._take(lines, 1)
        return page
    starts = [number for number, line in enumerate(lines) if line.startswith("# %%")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        header, body = lines[start], lines[start + 1 : end]
        if "[markdown]" in header:
            page._take([line.removeprefix("#").removeprefix(" ") for line in body], start + 2)
            continue
        page.paragraphs.extend(written := captions(header))
        page.prose.extend(_line(start + 1, text, text) for text in written)
        code = _parsed("\n".join(body))
        page.code.extend(_line(start + 1 + number, text, text) for text, number in _texts(code) if _is_sentence(text))
        page.holds.extend((start + 1 + node.lineno, header, node) for node in ast.walk(code) if _is_holds(node))
    return page


def captions(header: str) -> list[str]:
    """Caption and alternative text of a figure, which stand in the header of its cell."""
    found = re.search(r"mystnb=(\{.*)$", header)
    try:
        given, _ = json.JSONDecoder().raw_decode(found[1]) if found else ({}, 0)
    except ValueError:
        return []
    texts = (given.get("figure", {}).get("caption"), given.get("image", {}).get("alt"))
    return [text for text in texts if text]


def _line(number: int, text: str, paragraph: str, question: bool = False) -> Line:
    return Line(number, _LEFT_OUT.sub(" ", _NUMBERING.sub("", text)), paragraph, question)


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


def _parsed(code: str) -> ast.Module:
    """The code of a cell, magic commands left out; nothing where it is none."""
    try:
        return ast.parse(re.sub(r"^[%!].*$", "pass", code, flags=re.MULTILINE))
    except SyntaxError:  # the chapter will not run, and the build says so
        return ast.Module([], [])


def _is_holds(node: ast.AST) -> bool:
    """Whether this calls `holds`, whose first argument is a quotation from the page."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "holds"


def _is_sentence(text: str) -> bool:
    return len(_WORD.findall(text)) >= SENTENCE


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
        left_out = node.body[:1] if documented else node.args[:1] if _is_holds(node) else []
        for child in ast.iter_child_nodes(node):
            if child not in left_out:
                yield from _texts(child)


def misquoted(page: Page) -> Iterator[tuple[int, str]]:
    """Line and fault of each `holds` that does not quote one place of its own page, or whose note is hidden."""
    written = [" ".join(_ROLE.sub("...", paragraph).split()) for paragraph in page.paragraphs]
    for number, header, call in page.holds:
        if fault := _UNSEEN if any(tag in header for tag in HIDDEN) else _fault(call, written):
            yield number, fault


def _fault(call: ast.Call, written: list[str]) -> str:
    """What is wrong with the first argument of this call; nothing where it is in order."""
    quoted = call.args[0] if call.args else None
    if not isinstance(quoted, ast.Constant) or not isinstance(quoted.value, str):
        return "holds quotes nothing: its first argument is the sentence of the page, as a plain text in quotes"
    quotation = quoted.value
    words = sum(any(map(str.isalpha, word)) for word in quotation.split())
    if words < FEWEST:
        return f"holds quotes {quotation!r}: quote the whole clause that it guards, {FEWEST} words at least"
    times = sum(paragraph.count(quotation) for paragraph in written)
    if times == 0:
        return f"holds quotes {quotation!r}, which the page does not say: quote it word for word, with ... for a role"
    return f"holds quotes {quotation!r}, which the page says {times} times: quote more of it" if times > 1 else ""
