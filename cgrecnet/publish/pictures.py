"""How wide a picture is by itself, told to the style: on a phone, text in a figure must not shrink with the screen.

A wide figure then keeps the size at which its text can be read, and scrolls inside its own box (book.css).
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

_PICTURE = re.compile(r"<img\b[^>]*>")
_SOURCE = re.compile(r'\bsrc="[^"]*?_images/([^"/]+)"')
_WIDTH = re.compile(r'\bwidth="(\d+)"')


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


def tell_widths(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """What Sphinx calls before it writes a page."""
    sources = {name: source for source, name in app.builder.images.items()}

    def width_of(name: str) -> int | None:
        try:
            with Image.open(Path(app.srcdir) / sources[name]) as picture:
                return picture.width
        except (KeyError, OSError):  # an SVG, or a file that another check will miss
            return None

    if "body" in context:
        context["body"] = with_own_widths(context["body"], width_of)
