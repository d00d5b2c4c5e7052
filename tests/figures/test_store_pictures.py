"""The picture of a store shows where the bytes are, computed from the store itself."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from cgrecnet.data import open_dataset
from cgrecnet.data.store import open_store
from cgrecnet.data.store.build import pack_cells
from cgrecnet.figures.store import ROWS, byte_range, draw_layout
from cgrecnet.figures.style import PALETTE


@pytest.fixture
def store(tmp_path):
    pack_cells(open_dataset("cytometer", options={"cells": 40}), tmp_path / "store")
    yield open_store(tmp_path / "store")
    plt.close("all")


def test_blocks_lie_where_the_bytes_are(store, tmp_path):
    top, middle, bottom = draw_layout(store, first=5, crops=6, shown=7).axes
    *blocks, mark = top.patches
    pixels = (tmp_path / "store" / "pixels.bin").read_bytes()
    assert len(blocks) == 6
    for i, block in zip(range(5, 11), blocks, strict=True):
        assert (block.get_x(), block.get_x() + block.get_width()) == byte_range(store, i)
        assert to_rgb(block.get_facecolor()) == to_rgb(PALETTE[int(store.labels[i])])
        assert pixels[slice(*byte_range(store, i))] == store.images[i].tobytes()
    assert top.get_xlim() == (byte_range(store, 5)[0], byte_range(store, 10)[1])
    strip = np.asarray(middle.images[0].get_array()).ravel().astype(np.uint8)
    start = int(mark.get_x())
    assert pixels[start : start + int(mark.get_width())] == strip.tobytes() and strip.size == ROWS * 60
    frame = bottom.patches[0]
    row = int(frame.get_y() + 0.5)
    assert np.array_equal(store.images[7][row : row + ROWS].ravel(), strip) and frame.get_height() == ROWS
