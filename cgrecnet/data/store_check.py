"""The full check of a packed store: every pixel against its checksums, and what it holds, in words."""

import csv
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.data.base import fingerprint
from cgrecnet.data.store import open_store, read_store
from cgrecnet.data.store_header import ASIDE, PIXELS, Header, content_of, remedy
from cgrecnet.errors import DataError

#: Names that are shown of a longer list.
SHOWN = 3


def examine_store(folder: Path, name: str, published: Mapping[str, Mapping[str, int]]) -> tuple[str, bool]:
    """Read a store once; (report, whether nothing is amiss).

    published: `counts`, class -> cells, to compare with; may be empty.
    Raises what opening the store raises.
    """
    open_store(folder, name)
    header, own, table = read_store(folder)
    damaged, digest = _read_pixels(folder, header, own, table)
    amiss = []
    if damaged:
        more = ", ..." if len(damaged) > SHOWN else ""
        amiss.append(f"the pixels of {len(damaged):,} crop(s) were changed ({', '.join(damaged[:SHOWN])}{more})")
    if content_of(folder / PIXELS).sha256 != header.pixels.sha256 and not damaged:
        amiss.append(f"the sha256 of {PIXELS} is not the packed one")
    if digest != header.fingerprint and not damaged:
        amiss.append("the fingerprint over pixels, labels and names is not the packed one")
    lines = [
        f"Packed store {folder}",
        f"data set {header.name}, task {header.task}, {'simulated' if header.simulated else 'real'} cells",
        header.origin,
        f"packed by cgrecnet {header.built_with} at {header.built_at}",
        "",
        *_counts(header, own, published.get("counts", {})),
        *_sizes(header, own),
        f"pixels  {header.pixels.bytes:,} bytes, sha256 {header.pixels.sha256[:12]}",
        f"cells   fingerprint sha256 {digest[:12]}",
        *_aside(folder, header),
        "",
        f"Amiss: {'; '.join(amiss)}: {remedy(folder)}." if amiss else "Nothing amiss: every crop is as it was packed.",
    ]
    return "\n".join(lines), not amiss


def _read_pixels(folder: Path, header: Header, own: pd.DataFrame, table: pd.DataFrame) -> tuple[list[str], str]:
    """(names of crops whose pixels are not as packed, fingerprint of the pixels that are there); one crop in memory."""
    kind = np.dtype(header.pixel_type)
    names = table["cell_id"].tolist()
    damaged: list[str] = []

    def images() -> Iterator[np.ndarray]:
        rows = zip(names, own["packed_height"], own["packed_width"], own["packed_crc32"], strict=True)
        with open(folder / PIXELS, "rb") as file:
            for name, height, width, crc in rows:
                data = file.read(int(height) * int(width) * kind.itemsize)
                if zlib.crc32(data) != crc:
                    damaged.append(name)
                yield np.frombuffer(data, kind).reshape(height, width)

    digest = fingerprint(images(), own["packed_label"], names)
    return damaged, digest


def _counts(header: Header, own: pd.DataFrame, printed: Mapping[str, int]) -> Iterator[str]:
    found = np.bincount(own["packed_label"], minlength=len(header.classes))
    compared = {kind for kind in header.classes if kind in printed}
    if compared:
        yield f"{'cells':<20}{'found':>9}{'Table 1':>9}{'difference':>12}"
    for kind, count in zip(header.classes, found, strict=True):
        line = f"  {kind:<18}{count:>9,}"
        yield line + (f"{printed[kind]:>9,}{count - printed[kind]:>+12,}" if kind in compared else "")
    yield f"  {'all':<18}{header.crops:>9,}"


def _sizes(header: Header, own: pd.DataFrame) -> Iterator[str]:
    for what in ("width", "height"):
        sizes = own[f"packed_{what}"]
        yield f"{what:<8}{sizes.min()} to {sizes.max()} pixels"
    yield f"depth   {8 * np.dtype(header.pixel_type).itemsize} bit"


def _aside(folder: Path, header: Header) -> Iterator[str]:
    """Files that were left out when the store was packed, by reason."""
    if not header.aside:
        return
    yield f"Left out when it was packed: {header.aside:,} ({ASIDE} names all)"
    try:
        reasons = Counter(row[1] for row in list(csv.reader((folder / ASIDE).read_text("utf-8").splitlines()))[1:])
    except (OSError, IndexError, UnicodeDecodeError):
        raise DataError(f"{folder / ASIDE} is gone or damaged: {remedy(folder)}.") from None
    for reason, count in sorted(reasons.items()):
        yield f"  {reason}: {count:,}"
