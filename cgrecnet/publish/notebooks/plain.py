"""MyST Markdown as the Markdown that Jupyter shows: no roles, no directives, equations between dollars.

What it does not know it refuses, so that a chapter cannot bring a directive that a student would see as raw text.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cgrecnet.errors import ConfigError

#: The line that opens a directive, a div or a piece of code.
FENCE = re.compile(r"^(?P<indent>\s*)(?P<marks>`{3,}|:{3,}|~{3,})\s*(?:\{(?P<name>[\w:-]+)\})?(?P<rest>.*)$")
_OPTION = re.compile(r"^:([\w-]+):\s*(.*)$")
_ROLE = re.compile(r"\{([a-z][\w:+-]*)\}`([^`]+)`")
_EQUATION = re.compile(r"(\$\$)(.*?)\$\$\s*\(([\w-]+)\)[ \t]*$", re.DOTALL | re.MULTILINE)
_DEFINITION = re.compile(r"^(?P<term>[^\s:|#>-].*)\n: +(?P<said>.+)$", re.MULTILINE)
_PARTS = ("div", "grid", "margin", "sidebar", "table", "tab-set", "tab-item")  # only their content matters
_BOXES = ("note", "tip", "warning", "important", "caution", "hint", "attention", "seealso", "admonition")
_CODE = ("code-block", "code", "code-cell", "sourcecode")
_NOTHING = ("index", "bibliography", "tableofcontents", "raw")


@dataclass(frozen=True)
class Target:
    """A place on a page: which page, and what a text on that page calls it (`Figure 3`)."""

    page: str
    words: str


@dataclass(frozen=True)
class Index:
    """Everything that can be referred to. An empty one knows nothing, and then references become vague words."""

    titles: Mapping[str, str] = field(default_factory=dict)
    notebooks: frozenset[str] = frozenset()  # the pages that are notebooks
    minutes: Mapping[str, int] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    literature: Mapping[str, str] = field(default_factory=dict)  # key -> "[Li et al. 2026](https://doi.org/...)"


@dataclass(frozen=True)
class Reader:
    """Turns the texts of one page into plain Markdown.

    index: what can be referred to; strict: refuse a reference that it lacks. values: what the page's cells glued.
    """

    page: str
    index: Index = field(default_factory=Index)
    values: Mapping[str, object] = field(default_factory=dict)
    strict: bool = True
    solutions: bool = True

    def plain(self, text: str) -> str:
        """The text without anything that Jupyter would show raw; ConfigError for what is not known."""
        text = "\n".join(self._blocks(text.splitlines()))
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")

    def _blocks(self, lines: list[str]) -> list[str]:
        done: list[str] = []
        prose: list[str] = []
        at = 0
        while at < len(lines):
            fence = FENCE.match(lines[at])
            if not fence:
                prose.append(lines[at])
                at += 1
                continue
            end = closing(lines, at, fence["marks"])
            done += [*self._prose(prose), *self._block(fence, lines[at : end + 1])]
            prose = []
            at = end + 1
        return done + self._prose(prose)

    def _block(self, fence: re.Match[str], lines: list[str]) -> list[str]:
        if fence["name"] is None and fence["marks"][0] != ":":
            return lines  # a piece of code
        closed = len(lines) > 1 and lines[-1].strip().startswith(fence["marks"])
        options, body = _options(lines[1:-1] if closed else lines[1:])
        title = self._inline(fence["rest"].strip())
        name = fence["name"] or "div"
        if name in _CODE:
            return [f"```{title}", *body, "```"]
        if name == "math":
            return ["$$", *body, "$$"]
        if name in _NOTHING or (name == "solution" and not self.solutions):
            return []
        inner = self._blocks(body)
        if name == "exercise":
            return ["", f"### {self._exercise(options.get('label', ''))}: {title}", "", *inner]
        if name == "solution":
            return ["", *_folded(f"Solution of {self._exercise(title).lower()}", inner)]
        if name == "dropdown":
            return ["", *_folded(title, inner)]
        if name in _BOXES:
            head, more = (title, "") if name == "admonition" else (name.capitalize(), title)
            return ["", f"> **{head}.** {more}".rstrip(), *[f"> {line}" for line in inner], ""]
        if name == "grid-item-card":
            where = options.get("link", "")
            head = f"{title}: {self._page_link(where)}" if options.get("link-type") == "doc" else title
            return ["", f"**{head}**", "", *inner]
        if name in ("figure", "image"):
            return ["", f"![{options.get('alt', '')}]({title})", "", *inner]
        if name == "glossary":
            return ["", *inner]
        if name in _PARTS:
            return inner
        raise ConfigError(f"{self.page}: notebooks for download have no way to show a {{{name}}}: teach them one.")

    def _prose(self, lines: list[str]) -> list[str]:
        kept = [line for line in lines if not re.match(r"^(\([\w-]+\)=\s*$|%(?!\w)|\+\+\+)", line)]
        text = _EQUATION.sub(self._numbered, "\n".join(kept))
        text = _DEFINITION.sub(r"- \g<term>: \g<said>", text)
        text = re.sub(r"(\]\([^)\s:]+)\.py(#[^)\s]*)?\)", r"\1.ipynb\2)", text)
        return self._inline(text).split("\n") if kept else []

    def _numbered(self, found: re.Match[str]) -> str:
        target = self.index.targets.get(found[3])
        tag = f"\\tag{{{target.words.strip('()')}}}\n" if target else ""
        return f"$${found[2].rstrip()}\n{tag}$$"

    def _inline(self, text: str) -> str:
        return _ROLE.sub(lambda found: self._role(found[1], found[2]), text)

    def _role(self, name: str, text: str) -> str:
        explicit = re.match(r"^(.*?)\s*<([^<>]+)>$", text)
        words, target = (explicit[1], explicit[2]) if explicit else ("", text)
        if name == "doc":
            return self._page_link(target, words)
        if name in ("numref", "ref", "prf:ref"):
            return self._reference(target, "" if "%s" in words or "{" in words else words)
        if name == "eq":
            return f"equation {self._reference(target)}"
        if name in ("cite", "cite:p", "cite:t"):
            cited = "; ".join(self._known(self.index.literature, key.strip(), "entry") for key in text.split(","))
            return cited if name == "cite:t" else f"({cited})"
        if name == "term":
            return words or target
        if name in ("glue:text", "glue"):
            return self._glued(text)
        if name == "reading-time":
            return f"{self.index.minutes.get(self.page, 0)} minutes"
        if name in ("math",):
            return f"${text}$"
        raise ConfigError(f"{self.page}: notebooks for download have no way to show the role {{{name}}}: teach them.")

    def _reference(self, label: str, words: str = "") -> str:
        target = self.index.targets.get(label)
        if target is None:
            self._known({}, label, "label")
            return words or "another place of the book"
        if target.page == self.page:
            return words or target.words
        return f"{words or target.words} of {self._page_link('/' + target.page)}"

    def _exercise(self, label: str) -> str:
        target = self.index.targets.get(label)
        return target.words if target else "Exercise"

    def _page_link(self, name: str, words: str = "") -> str:
        folder = posixpath.dirname(self.page)
        page = name.removeprefix("/") if name.startswith("/") else posixpath.normpath(f"{folder}/{name}")
        words = words or self._known(self.index.titles, page, "page")
        if page not in self.index.notebooks:
            return f"*{words}*"
        return f"[{words}]({posixpath.relpath(page, folder)}.ipynb)"

    def _known(self, among: Mapping[str, str], name: str, kind: str) -> str:
        if name in among:
            return among[name]
        if self.strict:
            raise ConfigError(f"{self.page} refers to {name!r}, and the book has no such {kind}: correct it.")
        return name.rsplit("/", 1)[-1].replace("_", " ")

    def _glued(self, text: str) -> str:
        name, _, form = text.partition(":")
        if name not in self.values:
            return "(a number that the cells compute)"
        value = self.values[name]
        return format(value, form) if form else str(value)


def closing(lines: list[str], start: int, marks: str) -> int:
    """The line that closes the fence opened at `start`; the last one where none does."""
    for at in range(start + 1, len(lines)):
        line = lines[at].strip()
        if line.startswith(marks) and not line.strip(marks[0]):
            return at
    return len(lines) - 1


def _options(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    while lines and (found := _OPTION.match(lines[0])):
        options[found[1]] = found[2].strip()
        lines = lines[1:]
    return options, lines


def _folded(title: str, inner: list[str]) -> list[str]:
    """What a reader opens by a click; the empty lines make Jupyter read Markdown inside."""
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", title).replace("**", "")
    return [f"<details><summary>{words}</summary>", "", *inner, "", "</details>", ""]
