"""Makes the carried cells from the published montages: `python benchmarks/pack_jurkat.py FOLDER`.

The same montages give the same files, byte for byte, as long as numpy and zlib are those of requirements.lock.
"""

import hashlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from cgrecnet.data.jurkat import carried, published
from cgrecnet.errors import DataError, UserError
from cgrecnet.files import atomic_write

#: Cells of each stage and experiment (all, where a stage has fewer) whose other channels are carried.
REFERENCES = 40


def pack(montages: Path, folder: Path = carried.FOLDER) -> None:
    """Write the carried files into `folder`. Raises DataError where a montage is missing or not the published one."""
    images, table = published.all_cells(montages)
    row = referenced(table)
    some = table.iloc[row]
    stain = published.read_tiles(montages, 4, table)
    contents = {
        carried.BRIGHTFIELD: _npz(high=(images >> 8).astype(np.uint8), low=(images & 255).astype(np.uint8)),
        carried.REFERENCE: _npz(
            row=row,
            ch4=stain[row],
            ch6=published.read_tiles(montages, 6, some),
            stain=integrated(stain),
        ),
    }
    index = {
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in contents.items()
        },
        "cells": _places(table),
    }
    contents[carried.INDEX] = (json.dumps(index, indent=1) + "\n").encode()
    for name, content in contents.items():
        with atomic_write(folder / name, "wb") as file:
            file.write(content)


def integrated(tiles: np.ndarray) -> np.ndarray:
    """Sum over a picture's pixels, its background (the median pixel) taken off and cut at zero; 10^4 grey levels.

    tiles: shape (cells, height, width). Returns shape (cells,).
    """
    flat = tiles.reshape(len(tiles), -1).astype(float)
    return (flat - np.median(flat, axis=1, keepdims=True)).clip(0).sum(axis=1) / 1e4


def referenced(table: pd.DataFrame) -> np.ndarray:
    """Rows of the cells whose other channels are carried: `REFERENCES` of each stage and experiment, at random."""
    rng = np.random.default_rng(0)
    chosen = [
        rng.choice(rows, min(REFERENCES, len(rows)), replace=False)
        for rows in table.groupby(["experiment", "stage"]).indices.values()
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int32)


def _places(table: pd.DataFrame) -> dict[str, int]:
    """Montage file -> number of its cells, which have to be its first ones (the one left out is the last)."""
    found = {}
    for name in published.channel_files(3):
        cells = table[table["montage"] == name.replace("Ch3_", "").removesuffix(".tif")]
        if not published.describe(name, np.arange(len(cells))).equals(cells.reset_index(drop=True)):
            raise DataError(f"The cells kept of {name} are not its first ones; carried.json cannot say which they are.")
        found[name] = len(cells)
    return found


def _npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("error: name the folder of the montages: python benchmarks/pack_jurkat.py FOLDER", file=sys.stderr)
        return 2
    try:
        pack(published.named_folder(arguments[0]))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
