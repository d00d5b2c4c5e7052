"""Make the copy of the book light: nothing that no page uses, and pictures in fewer bytes, every pixel as it was."""

import base64
import io
import re
import shutil
from pathlib import Path

from PIL import Image, ImageChops

#: The second kind of a font, for browsers that do not read the first, of which there are none any more.
_SECOND_FONT = re.compile(r',url\([^)]*\.ttf\) format\("truetype"\)')
_SCRIPT = r'\s*<script[^>]*src="[^"]*%s[^"]*"[^>]*></script>'
_MATHJAX = re.compile(_SCRIPT % "mathjax/")
#: It draws the icons of the theme anew as SVG, of which the theme's style has each in a font.
_ICONS = re.compile(_SCRIPT % r"/fontawesome\.js")
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
    for script in static.rglob("fontawesome.js"):
        script.unlink()
    for style in (static / "styles").glob("*.css"):
        style.write_text(_SECOND_FONT.sub("", style.read_text("utf8")), "utf8")
    for page in site.rglob("*.html"):
        text = _ICONS.sub("", page.read_text("utf8"))
        page.write_text(text if 'class="math' in text else _MATHJAX.sub("", text), "utf8")
    for path in site.rglob("*.png"):
        path.write_bytes(smaller(path.read_bytes()))
    for path in site.rglob("*.ipynb"):
        path.write_text(_IN_NOTEBOOK.sub(_smaller_text, path.read_text("utf8")), "utf8")


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
