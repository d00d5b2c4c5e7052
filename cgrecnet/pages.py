"""Numbers into a page's prose, what the prose says of them, and the code that the page is about.

A person writes the sentences, in Markdown; `tell` gives them their numbers, and `holds` asserts what they say.
"""

import inspect
import io
import os
import tokenize
from collections import defaultdict
from enum import Enum
from textwrap import dedent, wrap

from IPython.display import Markdown, display
from myst_nb import glue

from cgrecnet.errors import RunError

#: The variable that makes a sentence which does not hold an error; CI sets it.
STRICT = "CGRECNET_STRICT"
#: As many columns of code as a page has room for; the package's own lines may be longer.
COLUMNS = 76


def tell(**values: object) -> None:
    """Give the page's prose its numbers: `{glue:text}` with a name, and a format such as `:.1f`, shows one."""
    for name, value in values.items():
        # What the value prints as is shown: NumPy's and torch's numbers print as `np.float64(1.0)`, words of an
        # enumeration as `<Outcome.UNDECIDED: 'undecided'>`.
        if getattr(value, "ndim", None) == 0:
            value = value.item()
        glue(name, str(value) if isinstance(value, Enum) else value, display=False)


def holds(sentence: str, condition: bool) -> None:
    """Assert what a sentence of the page says of its records.

    sentence: quoted word for word from the page's Markdown, a caption or an alternative text, so much of it that it
    stands there once (five words at least), with `...` for each role such as `{glue:text}`; the build refuses others.
    Where it does not hold, the records are not those that the page was written for: in CI that is a RunError, so that
    a person rewrites the sentence; a reader with records of their own sees a note beside it (so the cell's tag is
    `remove-input`, which leaves its output).
    """
    if condition:
        return
    if os.environ.get(STRICT):
        raise RunError(f"The page says {sentence!r}, and its records do not: rewrite that sentence.")
    display(Markdown(f":::{{note}}\nWritten for other records; these do not bear out: \"{sentence}\"\n:::"))


def show_code(*parts: object) -> Markdown:
    """The source of functions, methods or classes of the package, as the page's reader sees it, as wide as a page."""
    sources = (narrowed(dedent(inspect.getsource(part)).rstrip()) for part in parts)
    return Markdown("```python\n" + "\n\n".join(sources) + "\n```")


def narrowed(source: str) -> str:
    """Python source of the same meaning whose lines have `COLUMNS` columns, where they can be broken.

    Docstrings and comments are wrapped; code goes on in the next line inside its brackets, after a comma, before a word
    such as `for`, or else after the bracket, of few brackets rather than many. What has no such place stays as it is.
    """
    docstrings, as_they_are, comments, breaks, depth, quoted = set(), set(), {}, defaultdict(list), 0, 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        (row, begin), (last, end), word = token.start, token.end, token.string
        # Since Python 3.12 an f-string comes in pieces, and between them no line may end.
        quoted += {"FSTRING_START": 1, "FSTRING_END": -1}.get(tokenize.tok_name[token.type], 0)
        if token.type == tokenize.STRING and word.endswith('"""'):
            (docstrings if token.line[:begin].strip() == "" and not depth else as_they_are).update(range(row, last + 1))
        elif token.type == tokenize.COMMENT:
            comments[row] = begin
        elif token.type == tokenize.OP and not quoted:
            depth += (word in "([{") - (word in ")]}")
            if word in "([{" or (word == "," and depth):
                breaks[row].append((-depth, word == ",", end))
            elif word in ")]}":  # nothing is to be broken before what closes
                breaks[row] = [place for place in breaks[row] if place[-1] != begin]
        elif word in ("for", "if", "else", "and", "or") and depth and not quoted:
            breaks[row].append((-depth, True, begin))
    lines, rest = [], ""
    every = source.splitlines()
    for row, (line, following) in enumerate(zip(every, [*every[1:], ""], strict=True), start=1):
        indent = " " * (len(line) - len(line.lstrip()))
        line, rest = indent + rest + line[len(indent) :], ""
        if len(line) <= COLUMNS or row in as_they_are:
            lines.append(line)
        elif row in docstrings:
            *whole, last = _wrapped(line, indent)
            if whole and _goes_on(line, following):
                rest = f"{last.strip()} "
            lines += whole if rest else [*whole, last]
        elif row in comments:  # above the code that it stood beside
            lines += _wrapped(line[comments[row] :], indent, "# ")
            lines += _broken(line[: comments[row]].rstrip(), indent, breaks[row])
        else:
            lines += _broken(line, indent, breaks[row])
    return "\n".join(lines)


def _goes_on(line: str, following: str) -> bool:
    """Whether a sentence of a docstring goes on in the line that follows, which then takes what the first has over."""
    begins = len(following) - len(following.lstrip())
    same = line[:begins].isspace() and line[begins] != " " and following.strip() != '"""'
    return same and not line.endswith((".", ":", ";", '"""'))


def _wrapped(text: str, indent: str, mark: str = "") -> list[str]:
    """Lines of text, each with its indentation and mark."""
    words = text.strip().removeprefix(mark)
    return wrap(
        words, COLUMNS, initial_indent=indent + mark, subsequent_indent=indent + mark,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _broken(line: str, indent: str, breaks: list[tuple[int, bool, int]]) -> list[str]:
    """A line of code, broken at the best of the places where it may be, as often as it has to be."""
    lines, begin, start = [], 0, ""
    while len(start + line[begin:]) > COLUMNS:
        known = [place for place in breaks if line[begin : place[-1]].strip()]
        near = [place for place in known if len(start + line[begin : place[-1]].rstrip()) <= COLUMNS]
        if not near:
            break
        *_, end = max(near)
        lines.append(start + line[begin:end].rstrip())
        begin = end + (line[end] == " ")
        start = indent + " " * (8 if line.endswith(":") else 4)
    return [*lines, start + line[begin:]] if line.strip() else lines
