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
    """Write the carried files into `folder`. Raises DataError where a montage is missing or not the published one.

    Raises as well where the cells of a montage are not as many of its first places as `mlcp.json` says.
    """
    for name in published.channel_files(3):
        if (found := first_cells(published.read_montage(montages, name), name)) != published.registry()[name]["cells"]:
            raise DataError(f"{name} holds {found} cells, and mlcp.json says otherwise: correct it there.")
    table = published.table()
    images = published.read_tiles(montages, 3, table)
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
        }
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


def is_padding(tiles: np.ndarray) -> np.ndarray:
    """Which tiles are filler and hold no cell; shape (tiles,), boolean.

    Rule: a tile is filler if its 40 rows are equal to one another, pixel for pixel.
    Reason: the montages were filled up by repeating one pixel row, the top row of the last cell, so a filler
    tile shows vertical stripes and nothing else.
    A photographed tile cannot pass: neighbouring rows carry independent camera noise, and in none of the cells
    of the 36 montages are even two neighbouring rows equal.
    The rule looks at one tile of one channel at a time and knows nothing of how many cells there should be:
    that the three channels agree, and the counts, is evidence for it.
    """
    return (tiles == tiles[:, :1, :]).all(axis=(1, 2))


def first_cells(tiles: np.ndarray, where: str) -> int:
    """How many tiles of a montage, the first ones, hold cells that are no copies of others; where: its name.

    The published anaphase montage holds one cell twice: its last one, which is not counted.
    Raises DataError unless all filler stands after the last cell and repeats that cell's top row, and all copies
    behind the cells that they are of.
    """
    padding = is_padding(tiles)
    filled = int((~padding).sum())
    if filled == 0 or padding[:filled].any() or (tiles[filled:] != tiles[filled - 1, :1, :]).any():
        raise DataError(
            f"The montage {where} is not filled up in the way of the published ones, so its cells cannot be told from "
            "filler; get the file again with `cgrecnet data fetch jurkat`."
        )
    _, first = np.unique(tiles[:filled].reshape(filled, -1), axis=0, return_index=True)
    if not np.array_equal(np.sort(first), np.arange(len(first))):
        raise DataError(f"The cells kept of {where} are not its first ones; mlcp.json cannot say which they are.")
    return len(first)


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
