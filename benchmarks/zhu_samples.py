"""Measure the traits of real cells of the paper's data and keep the numbers: the pictures stay where they are.

    python benchmarks/zhu_samples.py FOLDER [--json FILE]

FOLDER holds brightfield crops of Zhu et al. 2021 under their own names (`<class>_<day>d<replicate>_<object>_Ch1...`).
The record names each file with its sha256, so that whoever has it can measure it again.
"""

import argparse
import json
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from cgrecnet.data import traits
from cgrecnet.data.images.listing import Unusable
from cgrecnet.data.images.reading import Reader
from cgrecnet.data.zhu.files import list_cells
from cgrecnet.errors import DataError, UserError
from cgrecnet.files import atomic_write
from cgrecnet.paths import RESULTS
from cgrecnet.runs.environment import commit, software

#: Grey levels (black, white) of the 8-bit crops.
WINDOW = (0.0, 255.0)


def measure(folder: Path) -> dict:
    """The record of all cells below `folder`. Raises DataError where there is none, or one cannot be read."""
    listing = list_cells(folder)
    if not listing.cells:
        raise DataError(f"{folder} holds no crop of the paper's data: name the folder that does.")
    if listing.aside:
        reason, names = next(iter(listing.aside.items()))
        raise DataError(f"{names[0]} in {folder} cannot be told to be a cell ({reason}): remove it from the folder.")
    cells = []
    for cell in listing.cells:
        try:
            image = Reader().read(folder, cell.name)
        except Unusable as reason:
            raise DataError(f"{cell.name} in {folder} cannot be measured ({reason}): remove it.") from None
        digest = sha256((folder / cell.name).read_bytes()).hexdigest()
        found = {"traits": traits.traits(image, WINDOW), "spectrum": traits.spectrum(image).tolist()}
        cells.append({"file": cell.name, "kind": cell.kind, "group": cell.group, "sha256": digest} | found)
    return {
        "window": WINDOW,
        "frequencies": traits.FREQUENCIES.tolist(),
        "cells": cells,
        "code": sha256(Path(traits.__file__).read_bytes()).hexdigest(),
        "commit": commit(),
        "software": software(),
    }


def command(measure: Callable[[Path], dict], description: str, default: Path) -> int:
    """Measure the folder that the command line names and keep the record; 0, or 2 with one sentence."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, default=default, help="where to keep it")
    args = parser.parse_args()
    try:
        record = measure(args.folder)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    args.json.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(args.json) as file:
        json.dump(record, file, indent=1)
        file.write("\n")
    print(f"{len(record['cells'])} cells measured: {args.json}")
    return 0


def main() -> int:
    """Measure the traits."""
    return command(measure, __doc__.splitlines()[0], RESULTS / "zhu-samples" / "traits.json")


if __name__ == "__main__":
    sys.exit(main())
