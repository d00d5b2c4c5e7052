"""The full check of a packed store: every pixel against its checksums, and what it holds, in words."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.data.base import fingerprint, kind_of_cells, pack_anew
from cgrecnet.data.images.check import SHOWN, Findings, reasons_lines, report_of
from cgrecnet.data.images.listing import Cell
from cgrecnet.data.store.header import EXCLUDED, PIXELS, Header, content_of, read_header
from cgrecnet.data.store.packing import open_store
from cgrecnet.errors import DataError


def examine_store(
    folder: Path,
    name: str,
    published: Mapping[str, Mapping[str, int]],
    every: bool = False,
    window: tuple[float, float] | None = None,
) -> tuple[str, bool]:
    """Read a store once; (report, whether nothing is amiss).

    published: `counts` and `test`, class -> cells, to compare with; may be empty.
    every: name every damaged or duplicate crop and every file that was left out, instead of `SHOWN`.
    window: to compare the levels with; None: the one that was packed.
    Raises what opening the store raises.
    """
    dataset, header = open_store(folder, name), read_header(folder)
    found, damaged = Findings(), []
    rows = dataset.table[["cell_id", "class_name", "group"]].itertuples(index=False)

    def crops() -> Iterator[np.ndarray]:
        for (image, same), (cell, class_name, group) in zip(dataset.images.held(), rows, strict=True):
            if not same:
                damaged.append(cell)
            found.add(Cell((cell,), image.nbytes, class_name, group), image)
            yield image

    digest = fingerprint(crops(), dataset.labels, dataset.table["cell_id"].tolist())
    changed = "the fingerprint over pixels, labels and names is not the packed one"
    if damaged:
        more = ", ..." if len(damaged) > SHOWN and not every else ""
        names = ", ".join(damaged if every else damaged[:SHOWN])
        changed = f"the pixels of {len(damaged):,} crop(s) were changed ({names}{more})"
    elif digest == header.fingerprint:
        changed = f"the sha256 of {PIXELS} is not the packed one"
    intact = not damaged and digest == header.fingerprint and content_of(folder / PIXELS) == header.pixels
    head = [
        f"Packed store {folder}",
        f"data set {header.name}, task {header.task}, {kind_of_cells(header.name, header.simulated)}",
        header.origin,
        f"packed by cgrecnet {header.built_with} at {header.built_at}",
        f"{header.crops:,} crops, {header.pixels.bytes:,} bytes of pixels, fingerprint sha256 {digest[:12]}",
    ]
    problems = {f"{changed}: {pack_anew(folder)}": not intact}
    window, excluded = tuple(window or header.window), _excluded(folder, header, every)
    return report_of(head, found, window, published, every, problems, excluded)


def _excluded(folder: Path, header: Header, every: bool) -> Iterator[str]:
    """Files that were left out when the store was packed, by reason."""
    if not header.excluded:
        return
    try:
        rows = pd.read_csv(folder / EXCLUDED, dtype=str, keep_default_na=False)
        reasons = {reason: names.tolist() for reason, names in rows.groupby("reason")["name"]}
    except (OSError, KeyError, ValueError):
        raise DataError(f"{folder / EXCLUDED} is gone or damaged: {pack_anew(folder)}.") from None
    yield "Left out when it was packed"
    yield from reasons_lines(reasons, every)
