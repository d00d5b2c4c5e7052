"""Make the copy of the book light: nothing that no page uses, and pictures in fewer bytes, every pixel as it was."""

import base64
import io
import re
import shutil
from pathlib import Path

from PIL import Image, ImageChops

#: Icons that the theme's scripts put into pages by themselves.
OF_SCRIPTS = {"check", "xmark", "copy", "spinner", "link"}
_ICON = re.compile(r"\bfa-([a-z0-9-]+)")
#: One definition in Font Awesome's script: a name, and width, height, other names, code point and outline.
_DEFINITION = re.compile(
    r'(?:"([a-z0-9-]+)"|\b([a-z][a-z0-9]*)):\[\d+,\d+,\[[^\]]*\],"[0-9a-f]*",(?:"[^"]*"|\[[^\]]*\])\],?'
)
_OTHER_NAMES = re.compile(r":\[\d+,\d+,\[([^\]]*)\]")
#: A rule of Font Awesome's style that gives some icons their code point.
_ICON_RULE = re.compile(r'(?:\.fa-[a-z0-9-]+::?before,?)+\{content:"[^"]*"\}')
#: The second kind of a font, for browsers that do not read the first, of which there are none any more.
_SECOND_FONT = re.compile(r',url\([^)]*\.ttf\) format\("truetype"\)')
_MATHJAX = re.compile(r'\s*<script[^>]*src="[^"]*mathjax/[^"]*"[^>]*></script>')
#: A picture among the outputs of a notebook, as JSON has it.
_IN_NOTEBOOK = re.compile(r'(?<="image/png": ")[A-Za-z0-9+/=\\n]+(?=")')


def slim(site: Path) -> None:
    """Remove from the folder `site` what no page of it needs; write its pictures anew, also those in notebooks."""
    static = site / "_static"
    for path in static.rglob("*.map"):
        path.unlink()
    for language in (static / "locales").glob("*"):
        if language.name != "en":
            shutil.rmtree(language)
    for font in static.rglob("*.ttf"):
        if font.with_suffix(".woff2").is_file():
            font.unlink()
    names = used_icons(site)
    for script in static.rglob("fontawesome.js"):
        script.write_text(only_icons(script.read_text("utf8"), names), "utf8")
    for style in (static / "styles").glob("*.css"):
        style.write_text(only_rules(_SECOND_FONT.sub("", style.read_text("utf8")), names), "utf8")
    for page in site.rglob("*.html"):
        text = page.read_text("utf8")
        if 'class="math' not in text:
            page.write_text(_MATHJAX.sub("", text), "utf8")
    for path in site.rglob("*.png"):
        path.write_bytes(smaller(path.read_bytes()))
    for path in site.rglob("*.ipynb"):
        path.write_text(_IN_NOTEBOOK.sub(_smaller_text, path.read_text("utf8")), "utf8")


def used_icons(site: Path) -> set[str]:
    """Names of the icons in all pages and in the scripts of the theme."""
    names = set(OF_SCRIPTS)
    for path in [*site.rglob("*.html"), *(site / "_static").rglob("*.js")]:
        if path.name != "fontawesome.js":
            names.update(_ICON.findall(path.read_text("utf8", errors="replace")))
    return names


def only_icons(script: str, names: set[str]) -> str:
    """Font Awesome's script with the definitions of `names`, also by their other names, and no others."""

    def keep(found: re.Match) -> str:
        others = set(re.findall(r'"([a-z0-9-]+)"', _OTHER_NAMES.search(found[0])[1]))
        return found[0] if names & (others | {found[1] or found[2]}) else ""

    return re.sub(r",\}", "}", _DEFINITION.sub(keep, script))


def only_rules(style: str, names: set[str]) -> str:
    """A style sheet with Font Awesome's rules for the icons `names`, and no others of them."""
    return _ICON_RULE.sub(lambda found: found[0] if names & set(_ICON.findall(found[0])) else "", style)


def smaller(content: bytes) -> bytes:
    """The same picture without an alpha channel that hides nothing, with a palette where 256 colours are enough."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    if picture.mode == "RGBA" and picture.getextrema()[3][0] == 255:
        picture = picture.convert("RGB")
    if picture.mode == "RGB" and picture.getcolors(256):
        few = picture.quantize(256, dither=Image.Dither.NONE)
        if ImageChops.difference(few.convert("RGB"), picture).getbbox() is None:
            picture = few
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return min(out.getvalue(), content, key=len)


def _smaller_text(found: re.Match) -> str:
    content = base64.b64decode(found[0].replace("\\n", ""))
    less = smaller(content)
    return found[0] if less is content else base64.b64encode(less).decode()
