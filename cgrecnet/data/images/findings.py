"""What one pass over images of cells collects and says, whatever the data set: counts, sizes, levels, copies."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from cgrecnet.data.images.listing import Cell
from cgrecnet.data.levels import Levels
from cgrecnet.files import shown

#: Pixel type -> grey levels that become 0 and 1 where no option says otherwise.
WINDOWS = {np.dtype(np.uint8): (0.0, 255.0), np.dtype(np.uint16): (0.0, 65535.0)}
#: Names that are shown of a longer list.
SHOWN = 3


@dataclass
class Findings:
    """What one pass collects, small per image, so that those of 207,556 fit.

    kinds: images by pixel type and channels; cells: by folder, class and group.
    odd: names of images that are no pictures; again: names of exact copies, each beside the first with these pixels.
    """

    heights: Counter = field(default_factory=Counter)
    widths: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)
    levels: Levels = field(default_factory=Levels)
    cells: Counter = field(default_factory=Counter)
    first: dict[bytes, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    again: list[tuple[str, str]] = field(default_factory=list)

    def add(self, cell: Cell, image: np.ndarray) -> None:
        """Note the image of a cell, (H, W) or (H, W, C), by its first file."""
        self.heights[image.shape[0]] += 1
        self.widths[image.shape[1]] += 1
        self.kinds[kind_of(image)] += 1
        self.levels.add(image)
        self.cells[cell.name.rpartition("/")[0], cell.kind, cell.group] += 1
        if is_no_picture(image):
            self.odd.append(cell.name)
        content = hashlib.sha256(f"{image.shape}{image.dtype.str}".encode() + image.tobytes()).digest()
        if (earlier := self.first.setdefault(content, cell.name)) != cell.name:
            self.again.append((cell.name, earlier))

    def counts(self) -> Counter:
        """Usable cells per class."""
        found = Counter()
        for (_, kind, _), cells in self.cells.items():
            found[kind] += cells
        return found

    def window(self, asked: tuple[float, float] | None) -> tuple[float, float]:
        """The window that was asked for, or the whole range of the widest images."""
        return asked or max((WINDOWS[kind] for kind, _ in self.kinds), default=(0.0, 255.0))

    def told(self, published: Mapping[str, Mapping[str, int]], every: bool) -> list[Iterable[str]]:
        """Paragraphs of lines: counts, shapes, copies.

        published: what a publication says of the counts, for a data set that compares; every: name every copy.
        """
        counts = [f"{shown(kind):<30} {cells:>9,} cells" for kind, cells in sorted(self.counts().items())]
        return [counts, self.shapes(), self.copies(every) if counts else []]

    def shapes(self) -> Iterator[str]:
        """Lines on sizes and depths."""
        if not self.kinds:
            return
        for what, sizes in (("width", self.widths), ("height", self.heights)):
            usual, count = sizes.most_common(1)[0]
            share = count / sizes.total()
            yield f"{what:<8}{min(sizes)} to {max(sizes)} pixels, most often {usual} ({share:.0%} of the images)"
        kinds = sorted((8 * kind.itemsize, channels, count) for (kind, channels), count in self.kinds.items())
        yield "depth   " + ", ".join(
            f"{depth} bit{f' in {channels} channels' if channels > 1 else ''}: {count:,} images"
            for depth, channels, count in kinds
        )

    def copies(self, every: bool) -> Iterator[str]:
        """Lines on exact copies."""
        yield f"Exact duplicates (the same pixels): {len(self.again):,}" if self.again else "Exact duplicates: none"
        for name, earlier in self.again if every else self.again[:SHOWN]:
            yield f"  {shown(name)} is {shown(earlier)}"
        if not every and len(self.again) > SHOWN:
            yield "  ... (`--all` names every one)"

    def amiss(self) -> list[str]:
        """What is amiss with exact copies, a clause each."""
        words = f"{len(self.again):,} exact duplicate(s), which a split may put on both of its sides"
        return [words] if self.again else []


def kind_of(image: np.ndarray) -> tuple[np.dtype, int]:
    """Pixel type and channels of an image, (H, W) or (H, W, channels)."""
    return image.dtype, 1 if image.ndim == 2 else image.shape[2]


def is_no_picture(image: np.ndarray) -> bool:
    """Whether it is a single pixel, or has the levels of a mask: 0 and one other."""
    return image.size <= 1 or (image.min() == 0 and np.count_nonzero(image) == np.count_nonzero(image == image.max()))
