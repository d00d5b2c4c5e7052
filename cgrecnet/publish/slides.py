"""Slides: each Markdown file of `slides/` as one HTML page that needs nothing else, with figures of the last build.

Slides are divided by lines `---`; `![](2_data/splits#fig-splits-schemes)` shows a figure of a chapter, and a line
`$$y = x$$` an equation, in the part of TeX that matplotlib knows.
reveal.js lies in `slides/reveal`.
"""

import base64
import html
import io
import json
import re
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import atomic_write
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.notebooks.plain import Reader
from cgrecnet.publish.templates import filled

_FIGURE = re.compile(r"!\[\]\(([\w/]+)#([\w-]+)\)")
_EQUATION = re.compile(r"^\$\$(.+)\$\$$", re.MULTILINE)


def build(layout: Layout) -> list[Path]:
    """Write `_build/slides/NAME.html` for each `slides/NAME.md`; return the files.

    Raises ConfigError where a slide names a figure that no chapter has, RunError where the chapter was not built.
    """
    vendored = layout.root / "slides" / "reveal"
    theme = re.sub(r"@import[^;]*;", "", (vendored / "white.css").read_text("utf8"))  # fonts that are not carried
    style = (vendored / "reveal.css").read_text("utf8") + "\n" + theme
    script = re.sub(r"^//# sourceMappingURL=.*$", "", (vendored / "reveal.js").read_text("utf8"), flags=re.MULTILINE)
    made = []
    for source in sorted((layout.root / "slides").glob("*.md")):
        text = source.read_text("utf8")
        slides = [Markup(_slide(part, layout)) for part in re.split(r"^---$", text, flags=re.MULTILINE)]
        title = re.search(r"^# (.+)$", text, re.MULTILINE)
        path = layout.build / "slides" / f"{source.stem}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as stream:
            name = title[1] if title else source.stem
            stream.write(filled("slides.html", title=name, reveal=Markup(style), slides=slides, script=Markup(script)))
        made.append(path)
    return made


def _slide(markdown: str, layout: Layout) -> str:
    from markdown_it import MarkdownIt

    equations = _EQUATION.findall(markdown)
    markdown = _EQUATION.sub("EQUATION", markdown)
    shown = MarkdownIt("commonmark", {"html": False}).render(_FIGURE.sub(r"FIGURE \1#\2", markdown))
    for tex in equations:
        shown = shown.replace("EQUATION", _equation(tex), 1)
    return re.sub(r"FIGURE ([\w/]+)#([\w-]+)", lambda found: _figure(found[1], found[2], layout), shown)


def _equation(tex: str) -> str:
    """The equation as a picture with its TeX for who hears the slide; ConfigError where matplotlib cannot read it."""
    from matplotlib.figure import Figure

    drawn, stream = Figure(), io.BytesIO()
    drawn.text(0, 0, f"${tex}$", fontsize=20)
    try:
        drawn.savefig(stream, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None})
    except ValueError as error:
        raise ConfigError(f"a slide has the equation {tex!r}, which cannot be drawn: {error}") from None
    data = base64.b64encode(stream.getvalue()).decode()
    return f'<img class="equation" alt="{html.escape(tex)}" src="data:image/svg+xml;base64,{data}">'


def _figure(page: str, name: str, layout: Layout) -> str:
    """The picture of a figure with its caption, which says what data it is of; words where the build drew none."""
    path = layout.executed / "book" / f"{page}.ipynb"
    if not path.is_file():
        raise RunError(f"book/{page} has not been run, and a slide shows its figure {name}: run make book first.")
    for cell in json.loads(path.read_text("utf8"))["cells"]:
        given: dict[str, Any] = cell["metadata"].get("mystnb", {})
        if given.get("figure", {}).get("name") == name:
            alt = html.escape(given.get("image", {}).get("alt", ""))
            for output in cell["outputs"]:
                if png := output.get("data", {}).get("image/png"):
                    data = "".join(png).replace("\n", "")
                    picture = f'<img class="figure" alt="{alt}" src="data:image/png;base64,{data}">'
                    caption = Reader(f"book/{page}", strict=False).plain(given["figure"].get("caption", ""))
                    return f'{picture}<br><span class="source">{html.escape(caption)}</span>'
            return f"<em>{alt} (This build could not draw it.)</em>"
    raise ConfigError(f"a slide shows the figure {name} of book/{page}, which has none of that name: correct it.")
