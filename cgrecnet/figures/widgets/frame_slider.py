"""A slider over frames that were drawn beforehand: an interactive figure of a page that has no server.

The output of a cell holds everything: the frames as PNG inside the page, one style sheet, one short script.
Without the script, and on paper, all frames stand side by side with their values.
A caption and a number come from the cell's `mystnb` figure metadata, as for every figure.
"""

import io
from collections.abc import Sequence
from html import escape

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from cgrecnet.figures.widgets.base import Widget, picture, png_of, widget

_COLOURS = 64  # of a drawn frame: enough for grey levels and a few coloured lines

Frame = Figure | np.ndarray | bytes


def slider(
    frames: Sequence[Frame],
    values: Sequence[float | str],
    label: str,
    alts: Sequence[str],
    unit: str = "",
    start: int | None = None,
) -> Widget:
    """A labelled range control that shows one of several frames of equal size.

    frames: matplotlib figures (they are closed), grey pictures (uint8, shape (H, W)) or PNG files as bytes.
    values: what the slider is set to for each frame; label and unit: what these are, such as `defocus`, `µm`.
    alts: one description per frame, for readers who hear the page.
    start: the frame that is shown first (default: the middle one).
    Raises ValueError where counts or sizes differ, a description is empty, or the whole exceeds `LIMIT`.
    """
    if not len(frames) == len(values) == len(alts) >= 2:
        raise ValueError(
            f"A slider needs at least two frames with a value and a description each, "
            f"not {len(frames)} frames, {len(values)} values and {len(alts)} descriptions."
        )
    if not all(alt.strip() for alt in alts):
        raise ValueError(f"Frame {[bool(alt.strip()) for alt in alts].index(False)} has no description.")
    start = len(frames) // 2 if start is None else start
    if not 0 <= start < len(frames):
        raise ValueError(f"The slider cannot start at frame {start}: it has {len(frames)}.")
    pictures = [_png(frame) for frame in frames]
    sizes = {_size(picture) for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"The frames differ in size ({sorted(sizes)}): draw them all alike.")
    ((width, height),) = sizes
    named = [_named(value, unit) for value in values]
    items = [
        f'<li data-value="{escape(value)}">{picture(png, width, height, alt)}<span>{escape(value)}</span></li>'
        for png, value, alt in zip(pictures, named, alts, strict=True)
    ]
    alt = f"Slider over {len(named)} frames: {label} from {named[0]} to {named[-1]}"
    label, first, last, now = map(escape, (label, named[0], named[-1], named[start]))
    # The control is hidden until the script has woken it: without a script it would do nothing.
    body = (
        f"<ul>\n{chr(10).join(items)}\n</ul>\n"
        f'<div class="frame-slider-control" hidden><span aria-hidden="true">{label}</span>'
        f'<output aria-live="off">{now}</output>'
        f'<input type="range" min="0" max="{len(items) - 1}" step="1" value="{start}" autocomplete="off" '
        f'aria-label="{label}" aria-valuetext="{now}">'
        f'<span class="frame-slider-ends" aria-hidden="true"><span>{first}</span><span>{last}</span></span></div>'
    )
    return widget(__file__, body, alt)


def _png(frame: Frame) -> bytes:
    """The frame as a small PNG file; the same bytes for the same picture."""
    if isinstance(frame, bytes):
        return frame
    if isinstance(frame, Figure):
        drawn = io.BytesIO()
        frame.savefig(drawn, format="png")
        plt.close(frame)
        return png_of(Image.open(drawn).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE))
    if frame.dtype != np.uint8 or frame.ndim != 2:
        raise ValueError(f"A picture must be uint8 of shape (H, W), not {frame.dtype} of shape {frame.shape}.")
    return png_of(Image.fromarray(frame))


def _size(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as image:
        return image.size


def _named(value: float | str, unit: str) -> str:
    """A value as it is read: `-1.5` and `µm` give `−1.5 µm`."""
    number = value if isinstance(value, str) else f"{value:g}".replace("-", "\N{MINUS SIGN}")
    return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else number
