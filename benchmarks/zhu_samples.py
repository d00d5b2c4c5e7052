"""Measure the traits of real cells of the paper's data and keep the numbers: the pictures stay where they are.

    python benchmarks/zhu_samples.py FOLDER [--json FILE]

FOLDER holds brightfield crops of Zhu et al. 2021 under their own names (`<class>_<day>d<replicate>_<object>_Ch1...`).
The record names each file with its sha256, so that whoever has it can measure it again.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from measuring import command_line, keep, status

from cgrecnet.data import traits
from cgrecnet.data.base import Unusable
from cgrecnet.data.images.reading import Reader
from cgrecnet.data.zhu.reader import list_cells
from cgrecnet.errors import DataError
from cgrecnet.files import sha256
from cgrecnet.paths import RESULTS

#: Grey levels (black, white) of the 8-bit crops.
WINDOW = (0.0, 255.0)


def named_cells(folder: Path) -> Iterator[tuple[dict, np.ndarray]]:
    """Name, kind, group and sha256 of every cell below `folder`, and its pixels.

    Raises DataError where there is none, or one cannot be read.
    """
    listing = list_cells(folder)
    if not listing.cells:
        raise DataError(f"{folder} holds no crop of the paper's data: name the folder that does.")
    if listing.excluded:
        reason, names = next(iter(listing.excluded.items()))
        raise DataError(f"{names[0]} in {folder} cannot be told to be a cell ({reason}): remove it from the folder.")
    for cell in listing.cells:
        try:
            image = Reader().read(folder, cell.name)
        except Unusable as reason:
            raise DataError(f"{cell.name} in {folder} cannot be measured ({reason}): remove it.") from None
        digest = sha256(folder / cell.name)
        yield {"file": cell.name, "kind": cell.kind, "group": cell.group, "sha256": digest}, image


def measure(folder: Path) -> dict:
    """The record of all cells below `folder`."""
    return {
        "window": WINDOW,
        "frequencies": traits.FREQUENCIES.tolist(),
        "cells": [
            cell | {"traits": traits.traits(image, WINDOW), "spectrum": traits.spectrum(image).tolist()}
            for cell, image in named_cells(folder)
        ],
        "code": sha256(Path(traits.__file__)),
    }


def command(measure: Callable[[Path], dict], script: str, default: Path) -> int:
    """Measure the folder that the command line names and keep the record; the exit status."""
    parser = command_line(script, default=default)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()

    def work() -> None:
        record = keep(args.json, measure(args.folder))
        print(f"{len(record['cells'])} cells measured: {args.json}")

    return status(work)


def main() -> int:
    """Measure the traits."""
    return command(measure, __doc__, RESULTS / "zhu-samples" / "traits.json")


if __name__ == "__main__":
    sys.exit(main())
