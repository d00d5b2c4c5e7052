"""The range of grey levels that images use, and what a window leaves of it.

Cameras of 10 and 12 bit are stored as 16 bit. Without a window that fits, their images fill a few hundredths of the
scale, and a network sees a constant.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

#: Below this share of the window, the range that images use is too small to leave as it is.
NARROW = 1 / 8
#: Shares of all pixels that lie below the lower and above the upper end of the range.
TAILS = (0.001, 0.999)
#: What a proposed window adds to either side, as a share of the range.
MARGIN = 0.1

_BATCH = 2**20


class GreyRange(NamedTuple):
    """Grey levels of all pixels together: minimum, the levels above 0.1 % and 99.9 % of them, maximum."""

    minimum: int
    low: int
    high: int
    maximum: int

    def share(self, window: tuple[float, float]) -> float:
        """Which part of a window (black, white) lies between `low` and `high`: what the network gets of 0 to 1."""
        black, white = window
        return max(0.0, min(self.high, white) - max(self.low, black)) / (white - black)

    def proposed(self) -> tuple[int, int]:
        """A window (black, white) for these images: `low` to `high` and a little more."""
        more = max(1, math.ceil(MARGIN * (self.high - self.low)))
        return max(0, self.low - more), self.high + more

    def fit(self, window: tuple[float, float]) -> str:
        """How much of a window these images use, and the option that would fit them, as it has to be typed."""
        share, (black, white) = self.share(window), self.proposed()
        verdict = ", so that a network sees next to nothing" if self.narrow(window) else ""
        return (
            f"grey levels {self.low:,} to {self.high:,} fill {100 * share:.1f} % of the window {window[0]:g} to "
            f"{window[1]:g}{verdict}; --option window=[{black},{white}] would fit them, in a run "
            f'data_options="{{window: [{black}, {white}]}}" (choose it from training images alone)'
        )

    def narrow(self, window: tuple[float, float]) -> bool:
        """Whether these images use less than `NARROW` of a window."""
        return self.share(window) < NARROW


def range_lines(levels: GreyRange, window: tuple[float, float]) -> list[str]:
    """The range in words, and the option that would fit where it fills too little of the window."""
    lines = [
        f"levels    minimum {levels.minimum:,}, 0.1 % {levels.low:,}, 99.9 % {levels.high:,}, maximum "
        f"{levels.maximum:,}; window {window[0]:g} to {window[1]:g}"
    ]
    return lines + [f"Look at this: {levels.fit(window)}"] * levels.narrow(window)


class Levels:
    """Counts the grey levels of unsigned images of at most 16 bit, image after image."""

    def __init__(self) -> None:
        self.counts = np.zeros(2**16, np.int64)
        self._waiting: list[np.ndarray] = []
        self._pixels = 0

    def add(self, image: np.ndarray) -> None:
        self._waiting.append(np.ravel(image))
        self._pixels += image.size
        if self._pixels >= _BATCH:
            self._count()

    def range(self) -> GreyRange | None:
        """Over everything added so far; None where that is nothing."""
        self._count()
        below = np.cumsum(self.counts)
        if not below[-1]:
            return None
        ends = np.searchsorted(below, [1, *(math.ceil(tail * below[-1]) for tail in TAILS), below[-1]])
        return GreyRange(*ends.tolist())

    def _count(self) -> None:
        if self._waiting:
            self.counts += np.bincount(np.concatenate(self._waiting), minlength=2**16)
            self._waiting, self._pixels = [], 0


def grey_range(images: Iterable[np.ndarray]) -> GreyRange | None:
    """The range of grey levels of all images together; None where there is none."""
    levels = Levels()
    for image in images:
        levels.add(image)
    return levels.range()
