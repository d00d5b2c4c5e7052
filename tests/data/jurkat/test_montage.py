import io

import numpy as np
import pytest
import tifffile

from cgrecnet.data.jurkat import published
from cgrecnet.data.jurkat.published import cells_in, cut_tiles, describe, is_padding
from cgrecnet.errors import DataError

CELLS = {"Anaphase": 16, "Metaphase": 69, "Prophase": 606, "Telophase": 28, "G1": 900, "G2": 900, "S_phase": 900}


def made_up(cells: int, seed: int = 0) -> np.ndarray:
    """A montage with noise for cells, filled up in the published way."""
    tiles = np.random.default_rng(seed).integers(600, 700, (900, 40, 40)).astype(np.uint16)
    tiles[cells:] = tiles[cells - 1, 0]
    return tiles.reshape(30, 30, 40, 40).transpose(1, 2, 0, 3).reshape(1200, 1200)


def test_tiles_are_counted_down_the_columns():
    montage = np.zeros((1200, 1200), np.uint16)
    montage[5 * 40 : 6 * 40, 2 * 40 : 3 * 40] = 7  # row 5, column 2
    tiles = cut_tiles(montage)
    (marked,) = np.flatnonzero((tiles == 7).all(axis=(1, 2)))
    assert marked == 65
    assert describe("Experiment_1/G1/Ch3_CP0001.tif", np.array([65]))[["row", "column"]].to_numpy().tolist() == [[5, 2]]


def test_filler_is_told_from_cells():
    assert len(cells_in(made_up(37), "made up")) == 37
    assert len(cells_in(made_up(900), "made up")) == 900


def test_one_different_pixel_makes_a_tile_a_cell():
    tiles = np.tile(np.arange(40, dtype=np.uint16), (2, 40, 1))
    tiles[1, 20, 20] += 1
    assert is_padding(tiles).tolist() == [True, False]


@pytest.mark.parametrize("damage", ["filler between cells", "filler of another row", "nothing but filler"])
def test_other_filling_is_refused(damage):
    montage = made_up(37)
    if damage == "filler between cells":
        montage[40:80, :40] = montage[40, :40]
    elif damage == "filler of another row":
        montage[-40:, -40:] = 1
    else:
        montage[:] = 5
    with pytest.raises(DataError, match="montage x/y.tif is not filled up .*cgrecnet data fetch jurkat"):
        cells_in(montage, "x/y.tif")


def test_other_size_is_refused():
    with pytest.raises(DataError, match=r"1200 x 1200 pixels, but this image has shape \(40, 40\)"):
        cut_tiles(np.zeros((40, 40), np.uint16))


@pytest.mark.parametrize("name", sorted(published.registry()))
def test_padding_of_every_published_montage(mlcp, name):
    """The rule finds the same number of cells in each channel, all filler at the end, and no near miss."""
    tiles = cut_tiles(tifffile.imread(io.BytesIO(published.read_checked(mlcp, name))))
    padding = is_padding(tiles)
    cells = CELLS[name.split("/")[1]]
    assert (~padding[:cells]).all() and padding[cells:].all()
    neighbours_equal = (tiles[:cells, 1:] == tiles[:cells, :-1]).all(axis=2)
    assert not neighbours_equal.any(), "a cell with two equal neighbouring rows would be a near miss"
    assert (tiles[cells:] == tiles[cells - 1, 0]).all(), "filler repeats the top row of the last cell"
