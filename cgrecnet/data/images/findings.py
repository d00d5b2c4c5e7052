"""What one pass over images in files collects and says, whatever the data set: sizes, levels, copies, no pictures."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cgrecnet.data.images.pixels import is_no_picture
from cgrecnet.data.levels import Levels
from cgrecnet.files import shown


@dataclass
class ImageFindings:
    """Small per image, so that those of 207,556 fit.

    odd: names of images that are no pictures; again: names of exact copies, each beside the first with these pixels.
    """

    heights: Counter = field(default_factory=Counter)
    widths: Counter = field(default_factory=Counter)
    levels: Levels = field(default_factory=Levels)
    first: dict[bytes, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    again: list[tuple[str, str]] = field(default_factory=list)

    def note(self, name: str, image: np.ndarray) -> None:
        """Note an image, (H, W) or (H, W, C)."""
        self.heights[image.shape[0]] += 1
        self.widths[image.shape[1]] += 1
        self.levels.add(image)
        if is_no_picture(image):
            self.odd.append(name)
        content = hashlib.sha256(f"{image.shape}{image.dtype.str}".encode() + image.tobytes()).digest()
        if (earlier := self.first.setdefault(content, name)) != name:
            self.again.append((name, earlier))

    @property
    def amiss_with_copies(self) -> str:
        """How many exact copies there are, and what is wrong with that."""
        return f"{len(self.again):,} exact duplicate(s), which a split may put on both of its sides"

    def copies(self, most: int | None) -> Iterator[str]:
        """Lines on exact copies, `most` of them by name (None: all)."""
        yield f"Exact duplicates (the same pixels): {len(self.again):,}" if self.again else "Exact duplicates: none"
        for name, earlier in self.again[:most]:
            yield f"  {shown(name)} is {shown(earlier)}"
        if most is not None and len(self.again) > most:
            yield "  ... (`--all` names every one)"
