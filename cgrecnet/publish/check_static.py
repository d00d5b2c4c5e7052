"""What can be seen in a page's text: outside loads, dead links, pictures without words, errors left on the page."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {  # element: attributes whose address the browser fetches by itself
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
}
_FETCHING_LINKS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "preconnect", "dns-prefetch"}
_CSS_ADDRESS = re.compile(r"""(?:url\(\s*|@import\s+)['"]?((?:https?:)?//[^'")\s;]+)""", re.IGNORECASE)
_FILE_NAME = re.compile(r"^\S*\.(png|svg|jpe?g|gif|webp|tiff?|bmp)$", re.IGNORECASE)
_UNREAD = {"pre", "code", "script", "style", "title", "textarea", "svg"}  # text there is not prose
_RAW_MARKDOWN = re.compile(
    r"\|\s*:?[-\u2013\u2014]+:?\s*\|"  # the rule of a table
    r"|:::+\s*\{|^#{1,6} |\]\("  # a directive, a heading, a link
    r"|\{(?:cite|numref|eq|ref|doc)(?::\w)?\}"
)
_EMPTY_WORDS = {"image", "figure", "picture", "plot", "img", "graph", "chart", "output", "todo", "alt"}


@dataclass(frozen=True)
class Fault:
    page: str
    text: str


@dataclass
class Page(HTMLParser):
    """What one page defines and refers to."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    images: list[tuple[str, str | None]] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    refresh: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._in_style = False
        self._unread: list[str] = []
        self.feed(self.path.read_text("utf8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_style = tag == "style"
        classes = set((given.get("class") or "").split())
        if tag in _UNREAD or "math" in classes:
            self._unread.append(tag)
        if given.get("id"):
            self.ids.add(str(given["id"]))
        if tag == "a":
            self.ids.add(given.get("name") or "")
            if given.get("href") is not None:
                self.links.append(str(given["href"]))
        if tag == "link" and _FETCHING_LINKS & set((given.get("rel") or "").split()):
            self.loads.append(given.get("href") or "")
        for name in _LOADED.get(tag, ()):
            if given.get(name):
                parts = str(given[name]).split(",") if name == "srcset" else [str(given[name])]
                self.loads += [part.split()[0] for part in parts if part.strip()]
        if tag == "img":
            self.images.append((given.get("src") or "", given.get("alt")))
        if given.get("style"):
            self.loads += _CSS_ADDRESS.findall(str(given["style"]))
        if tag == "meta" and (given.get("http-equiv") or "").lower() == "refresh":
            self.refresh = (given.get("content") or "").partition("url=")[2].strip()
        if "output" in classes and classes & {"stderr", "traceback"}:
            self.outputs.append("traceback" if "traceback" in classes else "stderr")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False
        if tag in self._unread:
            del self._unread[self._unread.index(tag) :]

    def handle_data(self, data: str) -> None:
        if "<IPython.core.display." in data:
            self.outputs.append("name")
        if self._in_style:
            self.loads += _CSS_ADDRESS.findall(data)
        elif not self._unread and (found := _RAW_MARKDOWN.search(data)):
            self.raw.append(" ".join(data[max(0, found.start() - 30) : found.end() + 30].split()))


def pages_in(html: Path) -> list[Path]:
    """Every page of the book; the theme keeps fragments of its own under _static."""
    return sorted(path for path in html.rglob("*.html") if "_static" not in path.relative_to(html).parts)


def is_redirect(path: Path) -> bool:
    """Whether a page does nothing but lead to another one."""
    return path.stat().st_size < 2000 and bool(Page(path).refresh)


def faults(html: Path, paths: list[Path]) -> list[Fault]:
    """Every fault that the text of these pages shows; `paths` are all pages under `html`."""
    pages = {path.resolve(): Page(path) for path in paths}
    whole = html.resolve()

    @cache  # every page has the links of the sidebar
    def target(folder: Path, path: str) -> Path | None:
        """The file that a path within the book names, or None where there is none."""
        named = (folder / unquote(path)).resolve()
        return named if named.is_file() and named.is_relative_to(whole) else None

    found = []
    for page in pages.values():
        name = page.path.relative_to(html).as_posix()
        texts = [*_outside(page), *_dead(page, pages, target), *_wordless(page), *_errors(page)]
        found += [Fault(name, text) for text in dict.fromkeys(texts)]
    for sheet in sorted((html / "_static").rglob("*.css")):
        for address in _CSS_ADDRESS.findall(sheet.read_text("utf8", errors="replace")):
            found.append(Fault(sheet.relative_to(html).as_posix(), f"the style sheet loads {address} from outside"))
    return found


def _outside(page: Page) -> list[str]:
    away = (a for a in page.loads if a.startswith("//") or urlsplit(a).scheme in {"http", "https", "ws", "wss"})
    return [f"loads {address} from outside" for address in away]


def _dead(page: Page, pages: dict[Path, Page], target_of: Callable[[Path, str], Path | None]) -> list[str]:
    """Links and loads inside the book whose file or anchor does not exist."""
    texts = []
    for address in [*page.links, *page.loads, *([page.refresh] if page.refresh else [])]:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or address in {"", "#"}:
            continue
        target = target_of(page.path.parent, parts.path or page.path.name)
        anchor = unquote(parts.fragment)
        if target is None:
            texts.append(f"the link {address} leads nowhere")
        elif anchor and target in pages and anchor not in pages[target].ids:
            texts.append(f"the link {address} names an anchor that does not exist")
    return texts


def _wordless(page: Page) -> list[str]:
    texts = []
    for source, alt in page.images:
        words = (alt or "").strip()
        if not words:
            texts.append(f"the picture {source[:80]} has no alternative text")
        elif _FILE_NAME.match(words) or words.lower() in _EMPTY_WORDS or words == Path(source).stem:
            texts.append(f"the picture {source[:80]} has the alternative text {words!r}, which says nothing")
    return texts


def _errors(page: Page) -> list[str]:
    names = {
        "traceback": "a cell left a traceback on the page",
        "stderr": "a cell wrote to stderr (a warning?)",
        "name": "a cell shows the name of an object (<IPython.core.display...>) in place of what it displays",
    }
    raw = [f"Markdown that was not understood: {text}" for text in page.raw]
    return [names[kind] for kind in page.outputs] + raw
