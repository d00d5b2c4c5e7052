"""Sphinx extension of the book: MathJax from its package, and each page's own script and notebook for download."""

import importlib.metadata
import shutil
from pathlib import Path
from typing import Any

from PIL import Image
from sphinx.application import Sphinx

from cgrecnet.publish.accessible import mended, with_own_widths
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.notebooks.export import for_pages
from cgrecnet.publish.stage import SCRIPTS
from cgrecnet.publish.terms import link_first_uses
from cgrecnet.publish.times import setup_roles

# tex-chtml.js loads these by itself: the fonts always, a TeX extension when a formula needs it.
_MATHJAX_PARTS = ("tex-chtml.js", "output/chtml/fonts", "input/tex/extensions")


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
    scripts = Path(app.srcdir) / SCRIPTS
    for script in scripts.rglob("*.py"):
        _copy(script, Path(app.outdir) / "_sources" / script.relative_to(scripts))
    for_pages(Layout(Path(app.srcdir).parents[1]), Path(app.srcdir), Path(app.outdir) / "_sources")
    package = importlib.metadata.distribution("sphinx-mathjax-offline")
    mathjax = Path(str(package.locate_file("sphinx-mathjax-offline/static/mathjax")))
    for part in _MATHJAX_PARTS:
        source = mathjax / part
        for path in [source] if source.is_file() else source.rglob("*"):
            if path.is_file():
                _copy(path, Path(app.outdir) / "_static" / "mathjax" / path.relative_to(mathjax))


def _copy(source: Path, target: Path) -> None:
    if target.is_file() and target.read_bytes() == source.read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
