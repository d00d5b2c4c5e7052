"""Sphinx extension of the book: MathJax from its package, each page's own script and notebook for download, links to
the glossary, and what a page tells those who hear it, and a phone, where the tools that write its HTML leave gaps.

Each page links a term of the glossary where its prose first uses it; nobody has to mark the place.
On a phone, text in a figure must not shrink with the screen: the style is told how wide each picture is by itself, and
a wide figure keeps the size at which its text can be read, and scrolls inside its own box (book.css).
"""

import filecmp
import importlib.metadata
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

from cgrecnet.publish.layout import Layout
from cgrecnet.publish.notebooks.export import for_pages
from cgrecnet.publish.stage import SCRIPTS
from cgrecnet.publish.times import setup_roles

# tex-chtml.js loads these by itself: the fonts always, a TeX extension when a formula needs it.
_MATHJAX_PARTS = ("tex-chtml.js", "output/chtml/fonts", "input/tex/extensions")
_ASIDE = re.compile(
    r'<aside class="provenance" aria-label="[^"]*"(?P<rest>[^>]*><details><summary>)(?P<line>.*?)</summary>', re.DOTALL
)
_REGION = re.compile(r'role="region" aria-label="([^"]*)"')
_BLANK_HEADER = re.compile(r"<th\b([^>]*)>(?:\s|&nbsp;)*(?:<p>\s*</p>)?\s*</th>")
_PICTURE = re.compile(r"<img\b[^>]*>")
_SOURCE = re.compile(r'\bsrc="[^"]*?_images/([^"/]+)"')
_WIDTH = re.compile(r'\bwidth="(\d+)"')
GLOSSARY = "book/appendix/glossary"
_BLOCK = re.compile(r"^:::\{glossary\}\n(.*?)^:::$", re.DOTALL | re.MULTILINE)
#: Where a link would be in the way: it is none of the page's running prose, or is a link already.
_NO_PROSE = (nodes.title, nodes.caption, nodes.literal, nodes.reference, nodes.math, nodes.rubric, pending_xref)


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls to take up the extension: hang the steps below into its build."""
    setup_roles(app)
    app.connect("config-inited", rank_results)
    app.connect("doctree-read", link_first_uses)
    app.connect("html-page-context", offer_sources, priority=900)  # after the theme has made its buttons
    app.connect("html-page-context", mend_body, priority=901)
    app.connect("build-finished", copy_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def rank_results(app: Sphinx, config: Any) -> None:
    """Let the search rank by `search.js`; Sphinx looks for the file from the current folder."""
    ranking = Path(app.confdir) / "_static" / "search.js"
    if ranking.is_file():
        config.html_search_scorer = str(ranking)


def offer_sources(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """On a page made from a script, offer the executed notebook and the script, in place of the theme's guess."""
    if not (Path(app.srcdir) / SCRIPTS / f"{pagename}.py").is_file():
        return
    sources = context["pathto"]("_sources", 1)
    folder, student = f"{sources}/{pagename}", f"{sources}/student/{pagename}.ipynb"
    links = [
        _button(f"{folder}.ipynb", ".ipynb", "fas fa-book", "Download the executed notebook", "notebook"),
        _button(student, "exercises", "fas fa-pencil-alt", "Download the notebook without solutions", "student"),
        _button(f"{folder}.py", ".py", "fas fa-code", "Show the source of this page", "source"),
    ]
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            rest = [button for button in group["buttons"] if button["type"] != "link"]
            group["buttons"] = links + rest
    context["body"] += (
        f'<p class="page-sources">This page was computed from <a href="{folder}.py">{pagename}.py</a>. '
        f'To try it yourself, download <a href="{folder}.ipynb" download>the executed notebook</a> '
        f'or <a href="{student}" download>one without solutions</a>.</p>'
    )


def mend_body(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give names to what has none of its own, and pictures their widths."""
    sources = {name: source for source, name in app.builder.images.items()}

    def width_of(name: str) -> int | None:
        try:
            with Image.open(Path(app.srcdir) / sources[name]) as picture:
                return picture.width
        except (KeyError, OSError):  # an SVG, or a file that another check will miss
            return None

    if "body" in context:
        context["body"] = with_own_widths(mended(context["body"]), width_of)


def _button(url: str, text: str, icon: str, tooltip: str, label: str) -> dict[str, str]:
    return {
        "type": "link",
        "url": url,
        "text": text,
        "icon": icon,
        "tooltip": tooltip,
        "label": f"download-{label}-button",
    }


def copy_files(app: Sphinx, error: Exception | None) -> None:
    """Put the scripts, the notebooks for Jupyter and the parts of MathJax that are needed beside the pages."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    if (scripts := Path(app.srcdir) / SCRIPTS).is_dir():
        shutil.copytree(scripts, out / "_sources", copy_function=_copy, dirs_exist_ok=True)
    for_pages(Layout(Path(app.srcdir).parents[1]), Path(app.srcdir), out / "_sources")
    package = importlib.metadata.distribution("sphinx-mathjax-offline")
    mathjax = Path(str(package.locate_file("sphinx-mathjax-offline/static/mathjax")))
    for part in _MATHJAX_PARTS:
        source, target = mathjax / part, out / "_static" / "mathjax" / part
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(source, target)
        else:
            shutil.copytree(source, target, copy_function=_copy, dirs_exist_ok=True)


def _copy(source: str | Path, target: str | Path) -> None:
    if not (os.path.isfile(target) and filecmp.cmp(source, target, shallow=False)):
        shutil.copyfile(source, target)


def mended(body: str) -> str:
    """A page's HTML with names for what has none of its own.

    Provenance blocks are counted and named by their line, and tables that bear the name of an earlier one are counted;
    a header cell without text becomes a plain cell; the switch of a folded cell is called by the words that it shows;
    entries of the references are items of their list.
    """
    body = _BLANK_HEADER.sub(r"<td\1></td>", body)
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    body = body.replace('role="doc-biblioentry"', 'role="listitem"')  # a role that ARIA has given up
    number = count(1)

    def named(found: re.Match) -> str:
        label = f"Where this comes from ({next(number)}): {found['line']}".replace('"', "&quot;")
        return f'<aside class="provenance" aria-label="{label}"{found["rest"]}{found["line"]}</summary>'

    regions: Counter[str] = Counter()

    def told_apart(found: re.Match) -> str:
        regions[found[1]] += 1
        more = f" ({regions[found[1]]})" if regions[found[1]] > 1 else ""
        return f'role="region" aria-label="{found[1]}{more}"'

    return _REGION.sub(told_apart, _ASIDE.sub(named, body))


def with_own_widths(body: str, width_of: Callable[[str], int | None]) -> str:
    """The HTML with each picture's own width in pixels as the variable `--own-width` of its style.

    width_of: gives the width of a file in `_images`, None for one without pixels. A picture that says its width, as
    those of sliders do, is taken by its word; one that has a style is left as it is.
    """

    def sized(found: re.Match) -> str:
        tag = found[0]
        said, source = _WIDTH.search(tag), _SOURCE.search(tag)
        width = int(said[1]) if said else width_of(source[1]) if source else None
        if width is None or "style=" in tag:
            return tag
        return f'<img style="--own-width: {width}px"{tag.removeprefix("<img")}'

    return _PICTURE.sub(sized, body)


def terms_in(glossary: str) -> list[str]:
    """The terms of a glossary page in Markdown, as they are written there."""
    blocks = _BLOCK.findall(glossary)
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith(" ")]


@cache
def pattern(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Finds any of the terms in a text, longer ones first, in the singular or with a plural s."""
    words = sorted(terms, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, words))})s?(?![\w-])", re.IGNORECASE)


def link_first_uses(app: Sphinx, doctree: nodes.document) -> None:
    """Sphinx's `doctree-read`: put a reference to the glossary around the first use of each term."""
    source = Path(app.srcdir) / f"{GLOSSARY}.md"
    name = app.env.docname
    if not source.is_file() or not name.startswith("book/") or name == GLOSSARY:
        return
    app.env.note_dependency(str(source))
    left = {term.lower(): term for term in terms_in(source.read_text("utf8"))}
    for text in list(doctree.findall(nodes.Text)):
        if _is_prose(text):
            _link(text, left, name)


def _is_prose(text: nodes.Text) -> bool:
    node: Any = text.parent
    inside = False
    while node is not None:
        if isinstance(node, _NO_PROSE) or "output" in " ".join(node.get("classes", [])):
            return False
        inside = inside or isinstance(node, (nodes.paragraph, nodes.list_item))
        node = node.parent
    return inside


def _link(text: nodes.Text, left: dict[str, str], page: str) -> None:
    """Replace a text by pieces, of which each first use of a term is a reference; used terms leave `left`."""
    pieces: list[nodes.Node] = []
    end = 0
    while left and (found := pattern(tuple(left.values())).search(text, end)):
        term = left.pop(found[1].lower())
        inner = nodes.inline(found[0], found[0], classes=["xref", "std", "std-term", "glossed"])
        reference = pending_xref(
            "", inner, refdomain="std", reftype="term", reftarget=term, refexplicit=True, refwarn=True, refdoc=page
        )
        pieces += [nodes.Text(text[end : found.start()]), reference]
        end = found.end()
    if pieces:
        text.parent.replace(text, [*pieces, nodes.Text(text[end:])])
