"""The first reads of a store that is not in memory ask for what they need; later ones leave it to the map."""

import mmap

import numpy as np
import pytest

from cgrecnet.data import base as store
from cgrecnet.data import open_dataset
from cgrecnet.data.store import open_store, pack_cells

pytestmark = pytest.mark.skipif(not hasattr(mmap, "MADV_WILLNEED"), reason="this system takes no advice on maps")


@pytest.fixture(scope="module")
def cells():
    return open_dataset("cytometer", options={"cells": 16})


class Watched:
    """A map of a file that notes the advice that it is given, and gives it on."""

    def __init__(self, real: mmap.mmap) -> None:
        self.real, self.asked = real, []

    def madvise(self, *advice) -> None:
        self.asked.append(advice)
        self.real.madvise(*advice)


@pytest.fixture
def fetched(cells, tmp_path):
    """(images of a store, list of the advice on its map)."""
    pack_cells(cells, tmp_path / "s")
    images = open_store(tmp_path / "s").images
    images.pixels._mmap = watched = Watched(images.pixels._mmap)
    return images, watched.asked


def test_first_reads_ask_for_their_own_bytes(fetched, cells, monkeypatch):
    monkeypatch.setattr(store, "FETCHED", 10)
    images, asked = fetched
    for i in range(16):
        assert np.array_equal(images[i], cells.images[i])
    sizes = [image.size for image in cells.images]
    assert len(asked) == 10
    for i, (advice, page, length) in enumerate(asked):
        assert advice == mmap.MADV_WILLNEED and page % mmap.PAGESIZE == 0
        assert page <= sum(sizes[:i]) < page + mmap.PAGESIZE and page + length == sum(sizes[: i + 1])


def test_advice_that_is_refused_hinders_nothing(fetched, cells):
    images, _ = fetched
    def refuse(*_):
        raise OSError(22, "Invalid argument")

    images.pixels._mmap.madvise = refuse
    assert np.array_equal(images[5], cells.images[5])


def test_a_store_that_was_removed_is_read_from_its_map(fetched, cells, tmp_path):
    (tmp_path / "s" / "pixels.bin").unlink()
    assert np.array_equal(fetched[0][5], cells.images[5])


def test_a_pass_over_all_crops_lets_go_of_pages_and_gives_the_same(fetched, cells, monkeypatch):
    monkeypatch.setattr(store, "RELEASED", 5)
    images, asked = fetched
    released = []
    monkeypatch.setattr(images, "release", lambda: released.append(1))
    assert all(np.array_equal(ours, image) for ours, image in zip(images, cells.images, strict=True))
    assert len(released) == 4 and asked == []
