"""The full check of a packed store: every pixel against its checksums, and what it holds, in words."""

import csv
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.data.base import fingerprint
from cgrecnet.data.images.findings import SHOWN, Findings
from cgrecnet.data.images.listing import Cell
from cgrecnet.data.levels import range_lines
from cgrecnet.data.packed import unstacked
from cgrecnet.data.store.header import ASIDE, PIXELS, Header, content_of, remedy
from cgrecnet.data.store.opened import open_store, read_store
from cgrecnet.errors import DataError


def examine_store(
    folder: Path,
    name: str,
    published: Mapping[str, Mapping[str, int]],
    every: bool = False,
    window: tuple[float, float] | None = None,
    found: Findings | None = None,
) -> tuple[str, bool]:
    """Read a store once; (report, whether nothing is amiss).

    published: `counts` and `test`, class -> cells, to compare with; may be empty.
    every: name every damaged or duplicate crop and every file that was left out, instead of `SHOWN`.
    window: to compare the levels with; None: the one that was packed.
    found: collects what the data set tells of its crops; None: counts, sizes and copies.
    Raises what opening the store raises.
    """
    open_store(folder, name)
    header, own, table = read_store(folder)
    found, damaged = found or Findings(), []
    crops = _crops(folder, header, own, table, found, damaged)
    digest = fingerprint(crops, own["packed_label"], table["cell_id"].tolist())
    amiss = []
    if damaged:
        names = ", ".join(damaged if every else damaged[:SHOWN])
        more = ", ..." if len(damaged) > SHOWN and not every else ""
        amiss.append(f"the pixels of {len(damaged):,} crop(s) were changed ({names}{more})")
    elif digest != header.fingerprint:
        amiss.append("the fingerprint over pixels, labels and names is not the packed one")
    elif content_of(folder / PIXELS) != header.pixels:
        amiss.append(f"the sha256 of {PIXELS} is not the packed one")
    if amiss:
        amiss[-1] += f": {remedy(folder)}"
    window, levels = tuple(window or header.window), found.levels.range()
    if levels.narrow(window):
        amiss.append("grey levels that fill too little of the window")
    amiss += found.amiss()
    parts = [
        [
            f"Packed store {folder}",
            f"data set {header.name}, task {header.task}, {'simulated' if header.simulated else 'real'} cells",
            header.origin,
            f"packed by cgrecnet {header.built_with} at {header.built_at}",
            f"{header.crops:,} crops, {header.pixels.bytes:,} bytes of pixels, fingerprint sha256 {digest[:12]}",
        ],
        *found.told(published, every),
        range_lines(levels, window),
        _aside(folder, header, every),
        [f"Amiss: {'; '.join(amiss)}." if amiss else "Nothing amiss: every crop is as it was packed."],
    ]
    texts = ("\n".join(part) for part in parts)
    return "\n\n".join(text for text in texts if text), not amiss


def _crops(
    folder: Path, header: Header, own: pd.DataFrame, table: pd.DataFrame, found: Findings, damaged: list[str]
) -> Iterator[np.ndarray]:
    """Crop after crop, read in order and noted in `found`, by name in `damaged`; one is in memory at a time."""
    kind, rows = np.dtype(header.pixel_type), table[["cell_id", "class_name", "group"]].itertuples(index=False)
    places = zip(own["packed_height"], own["packed_width"], own["packed_crc32"], rows, strict=True)
    with open(folder / PIXELS, "rb") as file:
        for height, width, crc, (name, class_name, group) in places:
            data = file.read(int(height) * int(width) * kind.itemsize)
            if zlib.crc32(data) != crc:
                damaged.append(name)
            image = unstacked(np.frombuffer(data, kind).reshape(height, width), header.channels)
            found.add(Cell((name,), len(data), class_name, group), image)
            yield image


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
