"""What every data set gives: grey-level crops, labels, and a table with one row per cell."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cgrecnet.errors import DataError
from cgrecnet.files import markup_in

#: Columns that the table of every data set has; a data set may add its own.
COLUMNS = ("cell_id", "class_name", "group")
#: Data sets of a publication that users bring: no hash was published that would tell its images from others.
BROUGHT_AS_PUBLISHED = ("zhu",)


@dataclass(frozen=True)
class CellDataset:
    """Single-cell brightfield crops with one label each.

    name: `jurkat`, `cytometer`, `zhu` or `amnis`; simulated: True where no microscope was involved.
    task: which question the labels answer; classes: class names, index = label.
    images: one array of grey levels per cell (uint8 or uint16), shape (H, W), or (H, W, channels) where there are
        several; sizes may differ.
    labels: int64, shape (cells,).
    table: one row per cell, in the order of `images`, with at least `COLUMNS`;
        `group` is the acquisition (run, experiment, day and replicate) that a grouped split keeps together.
    window: grey levels (black, white) that map to 0 and 1, one pair for the whole data set.
    fingerprint: sha256 over pixels, labels and cell ids: equal if and only if the data are.
    origin: one sentence for a caption: where the cells come from.
    options: what the data set was made with (the simulation's parameters, for one).
    """

    name: str
    simulated: bool
    task: str
    classes: tuple[str, ...]
    images: Sequence[np.ndarray]
    labels: np.ndarray
    table: pd.DataFrame
    window: tuple[float, float]
    fingerprint: str
    origin: str
    options: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (found := markup_in(self.classes)) is not None:
            raise DataError(
                f"Data set {self.name!r} has a class {found[:60]!r}, which is HTML or a template on a page: name it "
                "without < before a letter, and without {{ and {%."
            )
        missing = [name for name in COLUMNS if name not in self.table.columns]
        if missing:
            raise DataError(f"The table of data set {self.name!r} lacks the column(s) {', '.join(missing)}.")
        if not len(self.images) == len(self.labels) == len(self.table):
            raise DataError(
                f"Data set {self.name!r} has {len(self.images)} images, {len(self.labels)} labels and "
                f"{len(self.table)} table rows; it needs one of each per cell."
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def channels(self) -> int:
        """Planes of every image: 1 for grey levels, 3 for colour, or as many as were asked for."""
        known = getattr(self.images, "channels", None)
        return known or (self.images[0].shape[2] if len(self) and self.images[0].ndim == 3 else 1)

    def with_class_names(self, text: str) -> str:
        """A message about labels (`Class 0 ...`) with the names of the classes."""
        for label, name in enumerate(self.classes):
            text = text.replace(f"Class {label} ", f"Class {name} ")
        return text

    def counts(self) -> dict[str, int]:
        """Cells per class name, in label order."""
        found = np.bincount(self.labels, minlength=len(self.classes))
        return {name: int(n) for name, n in zip(self.classes, found, strict=True)}


def kind_of_cells(name: str, simulated: bool) -> str:
    """What can be said of the cells of a data set of this name, in the words that the project uses everywhere."""
    if simulated:
        return "simulated cells"
    return "cells as given (taken to be the paper's)" if name in BROUGHT_AS_PUBLISHED else "real cells"


def fingerprint(images: Sequence[np.ndarray], labels: np.ndarray, cell_ids: Sequence[str]) -> str:
    """sha256 (hex) over every cell's id, label, shape, pixel type and pixels, in order."""
    return fingerprint_of(zip(images, labels, cell_ids, strict=True))


def fingerprint_of(cells: Iterable[tuple[np.ndarray, int, str]]) -> str:
    """`fingerprint` of (image, label, cell id), one in memory at a time."""
    digest = hashlib.sha256()
    for image, label, cell_id in cells:
        digest.update(f"{cell_id}\0{int(label)}\0{image.shape}\0{image.dtype.str}\0".encode())
        digest.update(np.ascontiguousarray(image).tobytes())
    return digest.hexdigest()
