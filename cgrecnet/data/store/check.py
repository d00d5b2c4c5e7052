"""The full check of a packed store: every pixel against its checksums, and what it holds, in words."""

import csv
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from cgrecnet.data.base import fingerprint
from cgrecnet.data.levels import Levels, range_lines
from cgrecnet.data.packed import unstacked
from cgrecnet.data.store.header import ASIDE, PIXELS, Header, content_of, remedy
from cgrecnet.data.store.opened import open_store, read_store
from cgrecnet.errors import DataError

#: Names that are shown of a longer list.
SHOWN = 3


class Contents(Protocol):
    """What a data set tells of its crops where it can tell more than counts and sizes."""

    def add_crop(self, name: str, kind: str, group: str, image: np.ndarray) -> None:
        """Note one crop, (H, W) or (H, W, C): its cell_id, class and acquisition group."""

    def amiss(self) -> list[str]:
        """What is amiss with the crops, a clause each."""

    def told(self, published: Mapping[str, Mapping[str, int]], every: bool) -> list[Iterable[str]]:
        """Paragraphs of lines; `published` and `every` as for `examine_store`."""


def examine_store(
    folder: Path,
    name: str,
    published: Mapping[str, Mapping[str, int]],
    every: bool = False,
    window: tuple[float, float] | None = None,
    contents: Contents | None = None,
) -> tuple[str, bool]:
    """Read a store once; (report, whether nothing is amiss).

    published: `counts` and `test`, class -> cells, to compare with; may be empty.
    every: name every damaged or duplicate crop and every file that was left out, instead of `SHOWN`.
    window: to compare the levels with; None: the one that was packed.
    contents: collects what the data set tells of its crops; None: classes are counted and sizes given.
    Raises what opening the store raises.
    """
    open_store(folder, name)
    header, own, table = read_store(folder)
    found = _Found(table, contents)
    digest = fingerprint(_crops(folder, header, own, found), own["packed_label"], table["cell_id"].tolist())
    amiss = []
    if found.damaged:
        names = ", ".join(found.damaged if every else found.damaged[:SHOWN])
        more = ", ..." if len(found.damaged) > SHOWN and not every else ""
        amiss.append(f"the pixels of {len(found.damaged):,} crop(s) were changed ({names}{more})")
    elif digest != header.fingerprint:
        amiss.append("the fingerprint over pixels, labels and names is not the packed one")
    elif content_of(folder / PIXELS) != header.pixels:
        amiss.append(f"the sha256 of {PIXELS} is not the packed one")
    if amiss:
        amiss[-1] += f": {remedy(folder)}"
    window, levels = tuple(window or header.window), found.levels.range()
    if levels.narrow(window):
        amiss.append("grey levels that fill too little of the window")
    if contents is not None:
        amiss += contents.amiss()
    parts = [
        [
            f"Packed store {folder}",
            f"data set {header.name}, task {header.task}, {'simulated' if header.simulated else 'real'} cells",
            header.origin,
            f"packed by cgrecnet {header.built_with} at {header.built_at}",
            f"{header.crops:,} crops, {header.pixels.bytes:,} bytes of pixels, fingerprint sha256 {digest[:12]}",
        ],
        *(contents.told(published, every) if contents is not None else [_counts(header, own), _sizes(header, own)]),
        range_lines(levels, window),
        _aside(folder, header, every),
        [f"Amiss: {'; '.join(amiss)}." if amiss else "Nothing amiss: every crop is as it was packed."],
    ]
    texts = ("\n".join(part) for part in parts)
    return "\n\n".join(text for text in texts if text), not amiss


class _Found:
    """What the one pass over the crops collects: damage, levels, and what the data set itself notes of them."""

    def __init__(self, table: pd.DataFrame, contents: Contents | None) -> None:
        self.damaged: list[str] = []
        self.levels = Levels()
        self.contents = contents
        self._rows = table[["cell_id", "class_name", "group"]].itertuples(index=False)

    def add(self, image: np.ndarray, sound: bool) -> None:
        name, kind, group = next(self._rows)
        self.levels.add(image)
        if not sound:
            self.damaged.append(name)
        if self.contents is not None:
            self.contents.add_crop(name, kind, group, image)


def _crops(folder: Path, header: Header, own: pd.DataFrame, found: _Found) -> Iterator[np.ndarray]:
    """Crop after crop, read in order and noted in `found`; one is in memory at a time."""
    kind = np.dtype(header.pixel_type)
    with open(folder / PIXELS, "rb") as file:
        for height, width, crc in zip(own["packed_height"], own["packed_width"], own["packed_crc32"], strict=True):
            data = file.read(int(height) * int(width) * kind.itemsize)
            image = unstacked(np.frombuffer(data, kind).reshape(height, width), header.channels)
            found.add(image, zlib.crc32(data) == crc)
            yield image


def _counts(header: Header, own: pd.DataFrame) -> Iterator[str]:
    counts = np.bincount(own["packed_label"], minlength=len(header.classes))
    for kind, count in zip(header.classes, counts, strict=True):
        yield f"{kind:<16}{count:>9,}"


def _sizes(header: Header, own: pd.DataFrame) -> Iterator[str]:
    for what in ("width", "height"):
        sizes = own[f"packed_{what}"] // (header.channels if what == "height" else 1)
        yield f"{what:<8}{sizes.min()} to {sizes.max()} pixels"
    yield f"depth   {8 * np.dtype(header.pixel_type).itemsize} bit" + (
        f", {header.channels} channels" if header.channels > 1 else ""
    )


def _aside(folder: Path, header: Header, every: bool) -> Iterator[str]:
    """Files that were left out when the store was packed, by reason."""
    if not header.aside:
        return
    reasons: dict[str, list[str]] = {}
    try:
        with open(folder / ASIDE, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                reasons.setdefault(row["reason"], []).append(row["name"])
    except (OSError, KeyError, UnicodeDecodeError):
        raise DataError(f"{folder / ASIDE} is gone or damaged: {remedy(folder)}.") from None
    yield "Left out when it was packed"
    for reason, names in sorted(reasons.items()):
        more = "" if every or len(names) <= SHOWN else ", ..."
        yield f"  {reason}: {len(names):,} ({', '.join(names if every else names[:SHOWN])}{more})"
