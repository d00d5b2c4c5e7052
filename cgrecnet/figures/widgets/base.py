"""What the interactive pieces of a page share: HTML that holds everything it needs, and pictures of cells inside it."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

from cgrecnet.data.base import CellDataset

#: Most bytes of one piece's HTML.
LIMIT = 400_000


@dataclass(frozen=True)
class Widget:
    """An interactive piece; a notebook shows `html`, and `alt` where there is no HTML."""

    html: str
    alt: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.alt


def widget(module: str, body: str, alt: str, data: str = "") -> Widget:
    """`body` with the style sheet and the script that lie beside the Python file `module`, in one box.

    data: further attributes of the box. Raises ValueError where the whole exceeds `LIMIT`.
    """
    here = Path(module)
    style, script = (here.with_suffix(end).read_text(encoding="utf-8") for end in (".css", ".js"))
    name = here.stem.replace("_", "-")
    html = f'<div class="{name}"{data}>\n<style>\n{style}</style>\n{body}\n<script>\n{script}</script>\n</div>'
    if len(html) > LIMIT:
        raise ValueError(f"This piece has {len(html):,} bytes, more than {LIMIT:,}: show fewer or smaller pictures.")
    return Widget(html, alt)


def thumbnail(image: np.ndarray, window: tuple[float, float], alt: str, side: int = 80) -> str:
    """An `img` element that holds a grey picture whole: `window` (black, white) becomes 0 to 255.

    image: grey levels, shape (H, W); side: width on the page in pixels. Raises ValueError without a description.
    """
    if not alt.strip():
        raise ValueError("A picture needs a description, for readers who hear the page.")
    black, white = window
    grey = np.clip((np.asarray(image, float) - black) / (white - black), 0, 1)
    png = png_of(Image.fromarray(np.round(255 * grey).astype(np.uint8)))
    return picture(png, side, round(side * image.shape[0] / image.shape[1]), alt)


def portraits(dataset: CellDataset | None, side: int = 80) -> Callable[[str, str], str]:
    """What gives the picture of a cell by its id and a description; without a data set it gives none.

    It raises KeyError for a cell that the data set does not have.
    """
    if dataset is None:
        return lambda cell, alt: ""
    place = {name: i for i, name in enumerate(dataset.table["cell_id"])}
    return lambda cell, alt: thumbnail(dataset.images[place[cell]], dataset.window, alt, side)


def png_of(image: Image.Image) -> bytes:
    """A picture as a small PNG file; the same bytes for the same picture."""
    file = io.BytesIO()
    image.save(file, format="png", optimize=True)
    return file.getvalue()


def picture(png: bytes, width: int, height: int, alt: str) -> str:
    """An `img` element that holds a PNG file whole."""
    source = "data:image/png;base64," + base64.b64encode(png).decode()
    return f'<img src="{source}" width="{width}" height="{height}" alt="{escape(alt)}">'


def chances(probabilities: Sequence[float], classes: Sequence[str]) -> str:
    """Class probabilities in words, the largest first: `M 0.61, G1 0.35, S+G2 0.04`."""
    order = np.argsort(-np.asarray(probabilities), kind="stable")
    return ", ".join(f"{classes[i]} {probabilities[i]:.2f}" for i in order)
