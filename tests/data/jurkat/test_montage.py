import io

import numpy as np
import pytest
import tifffile
from pack_jurkat import first_cells, is_padding

from cgrecnet.data.jurkat import published
from cgrecnet.data.jurkat.published import describe
from cgrecnet.errors import DataError

CELLS = {"Anaphase": 16, "Metaphase": 69, "Prophase": 606, "Telophase": 28, "G1": 900, "G2": 900, "S_phase": 900}


def made_up(cells: int, seed: int = 0) -> np.ndarray:
    """The tiles of a montage with noise for cells, filled up in the published way."""
    tiles = np.random.default_rng(seed).integers(600, 700, (900, 40, 40)).astype(np.uint16)
    tiles[cells:] = tiles[cells - 1, 0]
    return tiles


def test_tiles_are_counted_down_the_columns(monkeypatch):
    montage = np.zeros((1200, 1200), np.uint16)
    montage[5 * 40 : 6 * 40, 2 * 40 : 3 * 40] = 7  # row 5, column 2
    tifffile.imwrite(file := io.BytesIO(), montage)
    monkeypatch.setattr(published, "read_checked", lambda *_: file.getvalue())
    tiles = published.read_montage(None, "made up")
    (marked,) = np.flatnonzero((tiles == 7).all(axis=(1, 2)))
    assert marked == 65
    assert describe("Experiment_1/G1/Ch3_CP0001.tif", np.array([65]))[["row", "column"]].to_numpy().tolist() == [[5, 2]]


def test_filler_is_told_from_cells():
    assert first_cells(made_up(37), "made up") == 37
    assert first_cells(made_up(900), "made up") == 900


def test_a_copy_is_left_out_and_has_to_be_the_last():
    tiles = made_up(37)
    tiles[36:] = tiles[12]
    tiles[37:] = tiles[12, 0]
    assert first_cells(tiles, "made up") == 36
    tiles[20] = tiles[12]
    with pytest.raises(DataError, match="not its first ones"):
        first_cells(tiles, "made up")


def test_one_different_pixel_makes_a_tile_a_cell():
    tiles = np.tile(np.arange(40, dtype=np.uint16), (2, 40, 1))
    tiles[1, 20, 20] += 1
    assert is_padding(tiles).tolist() == [True, False]


@pytest.mark.parametrize("damage", ["filler between cells", "filler of another row", "nothing but filler"])
def test_other_filling_is_refused(damage):
    tiles = made_up(37)
    if damage == "filler between cells":
        tiles[1] = tiles[1, 0]
    elif damage == "filler of another row":
        tiles[-1] = 1
    else:
        tiles[:] = 5
    with pytest.raises(DataError, match="montage x/y.tif is not filled up .*cgrecnet data fetch jurkat"):
        first_cells(tiles, "x/y.tif")


@pytest.mark.parametrize("name", sorted(published.registry()))
def test_padding_of_every_published_montage(mlcp, name):
    """The rule finds the same number of cells in each channel, all filler at the end, and no near miss."""
    tiles = published.read_montage(mlcp, name)
    padding = is_padding(tiles)
    cells = CELLS[name.split("/")[1]]
    assert (~padding[:cells]).all() and padding[cells:].all()
    neighbours_equal = (tiles[:cells, 1:] == tiles[:cells, :-1]).all(axis=2)
    assert not neighbours_equal.any(), "a cell with two equal neighbouring rows would be a near miss"
    assert (tiles[cells:] == tiles[cells - 1, 0]).all(), "filler repeats the top row of the last cell"
