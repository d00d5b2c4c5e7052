"""A montage of the MLCP repository: one large image in which 900 places hold one cell each.

The grid is 30 x 30, a place is 40 x 40 pixels.
The places are filled **column by column**: the first cell is at the top left, the second one below it.
A montage with fewer than 900 cells is filled up at its end.
"""

import numpy as np

from cgrecnet.errors import DataError

GRID = 30  # places per side
TILE = 40  # pixels per side of a place


def cut_tiles(montage: np.ndarray) -> np.ndarray:
    """The 900 tiles of a montage in the order in which they were filled.

    montage: shape (1200, 1200). Returns shape (900, 40, 40); tile i is at row i % 30, column i // 30.
    """
    if montage.shape != (GRID * TILE, GRID * TILE):
        raise DataError(
            f"A montage must be {GRID * TILE} x {GRID * TILE} pixels, but this image has shape "
            f"{montage.shape}; "
            "get the file again with `cgrecnet data fetch jurkat`."
        )
    grid = montage.reshape(GRID, TILE, GRID, TILE)
    return grid.transpose(2, 0, 1, 3).reshape(GRID * GRID, TILE, TILE)


def position(tile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column in the grid of the tiles with these indices."""
    return tile % GRID, tile // GRID


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


def cells_in(montage: np.ndarray, where: str) -> np.ndarray:
    """The tiles of a montage that hold a cell, shape (cells, 40, 40), in the order in which they were filled.

    where: name of the montage for the message.
    Raises DataError unless all filler stands after the last cell and repeats that cell's top row.
    """
    tiles = cut_tiles(montage)
    padding = is_padding(tiles)
    filled = int((~padding).sum())
    if filled == 0 or padding[:filled].any() or (tiles[filled:] != tiles[filled - 1, :1, :]).any():
        raise DataError(
            f"The montage {where} is not filled up in the way of the published ones, so its cells "
            "cannot be told "
            "from filler; get the file again with `cgrecnet data fetch jurkat`."
        )
    return tiles[:filled]
