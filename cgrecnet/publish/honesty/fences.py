"""Which lines of a Markdown text are prose: code, maths and the options of directives are none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_FENCE = re.compile(r"^\s*(`{3,}|:{3,}|~{3,})\s*(?:\{([\w:-]+)\})?\s*(.*?)\s*$")
_OPTION = re.compile(r"^\s*:[\w-]+:")
_SILENT = {"math", "code-block", "code", "code-cell", "literalinclude", "bibliography", "raw"}
_QUESTION = "exercise"
_NO_TITLE = {"grid", "solution"}  # what stands behind these is a setting or a label


@dataclass
class _Reader:
    """What is open at a line: fences, innermost last, each with its directive, and a display of maths."""

    open: list[tuple[str, str]] = field(default_factory=list)
    maths: bool = False

    @property
    def silent(self) -> bool:
        return bool(self.open) and self.open[-1][1] in _SILENT

    @property
    def in_question(self) -> bool:
        return any(name == _QUESTION for _, name in self.open)

    def fence(self, marks: str, name: str | None, rest: str) -> str:
        """Open or close; the title that an opening fence gives to its box, or nothing."""
        if self.open and name is None and not rest and marks.startswith(self.open[-1][0]):
            self.open.pop()
            return ""
        if not self.silent:
            directive = name or ("" if marks[0] == ":" else "code")
            self.open.append((marks, directive))
            return rest if name and name not in _SILENT | _NO_TITLE else ""
        return ""


def prose(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """For each line: its prose, empty where it is none, and whether it belongs to the question of an exercise."""
    reader = _Reader()
    for line in lines:
        found = _FENCE.match(line)
        if found:
            title = reader.fence(*found.groups())
            yield title, reader.in_question
        elif reader.silent:
            yield "", False
        elif line.strip().startswith("$$") or reader.maths:
            reader.maths = (line.count("$$") + reader.maths) % 2 == 1
            yield "", False
        elif _OPTION.match(line) or line.startswith("%"):
            yield "", False
        else:
            yield line, reader.in_question
