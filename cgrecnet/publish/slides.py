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
from string import Template
from typing import Any

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import atomic_write
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.notebooks.plain import Reader

_FIGURE = re.compile(r"!\[\]\(([\w/]+)#([\w-]+)\)")
_EQUATION = re.compile(r"^\$\$(.+)\$\$$", re.MULTILINE)
_STYLE = """\
.reveal { font-family: system-ui, sans-serif; font-size: 30px; }
.reveal h1, .reveal h2 { font-family: inherit; text-transform: none; letter-spacing: 0; }
.reveal h1 { font-size: 2em; } .reveal h2 { font-size: 1.4em; }
.reveal img.figure { max-height: 400px; max-width: 100%; margin: 0; }
.reveal img.equation { display: block; margin: 0.3em auto; }
.reveal .source { display: inline-block; font-size: 0.5em; line-height: 1.3; color: #595959; }
"""
_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
$style
</style>
</head>
<body>
<div class="reveal"><div class="slides">
$slides
</div></div>
<script>
$script
</script>
<script>Reveal.initialize({hash: true, controls: true, progress: true, slideNumber: true, transition: "none"});</script>
</body>
</html>
""")


def build(layout: Layout) -> list[Path]:
    """Write `_build/slides/NAME.html` for each `slides/NAME.md`; return the files.

    Raises ConfigError where a slide names a figure that no chapter has, RunError where the chapter was not built.
    """
    sources = sorted((layout.root / "slides").glob("*.md"))
    vendored = layout.root / "slides" / "reveal"
    theme = re.sub(r"@import[^;]*;", "", (vendored / "white.css").read_text("utf8"))  # fonts that are not carried
    style = "\n".join([(vendored / "reveal.css").read_text("utf8"), theme, _STYLE])
    script = re.sub(r"^//# sourceMappingURL=.*$", "", (vendored / "reveal.js").read_text("utf8"), flags=re.MULTILINE)
    made = []
    for source in sources:
        text = source.read_text("utf8")
        parts = re.split(r"^---$", text, flags=re.MULTILINE)
        slides = "\n".join(f"<section>\n{_slide(part, layout)}</section>" for part in parts)
        title = re.search(r"^# (.+)$", text, re.MULTILINE)
        path = layout.build / "slides" / f"{source.stem}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as stream:
            name = html.escape(title[1]) if title else source.stem
            stream.write(_PAGE.substitute(title=name, style=style, slides=slides, script=script))
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
