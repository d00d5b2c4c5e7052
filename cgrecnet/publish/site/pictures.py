"""PNG pictures in fewer bytes with every pixel as it was: in files, and in the notebooks that hold them as text."""

import base64
import io
import re
from pathlib import Path

from PIL import Image, ImageChops

#: A picture among the outputs of a notebook, as JSON has it.
_IN_NOTEBOOK = re.compile(r'(?<="image/png": ")[A-Za-z0-9+/=\\n]+(?=")')


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


def shrink(site: Path) -> None:
    """Write every PNG below the folder `site` anew, and those in its notebooks."""
    for path in site.rglob("*.png"):
        path.write_bytes(smaller(path.read_bytes()))
    for path in site.rglob("*.ipynb"):
        path.write_text(_IN_NOTEBOOK.sub(_smaller_text, path.read_text("utf8")), "utf8")


def _smaller_text(found: re.Match) -> str:
    content = base64.b64decode(found[0].replace("\\n", ""))
    less = smaller(content)
    return found[0] if less is content else base64.b64encode(less).decode()
