"""The first reads of a store that is not in memory fetch what they need; later ones leave it to the map."""

import os

import numpy as np
import pytest

from cgrecnet.data import base as store
from cgrecnet.data import open_dataset
from cgrecnet.data.store import open_store, pack_cells

pytestmark = pytest.mark.skipif(not hasattr(store.os, "posix_fadvise"), reason="this system takes no advice on files")


@pytest.fixture(scope="module")
def cells():
    return open_dataset("cytometer", options={"cells": 16})


@pytest.fixture
def fetched(cells, tmp_path, monkeypatch):
    """(images of a store, list of (bytes, place) that were fetched)."""
    pack_cells(cells, tmp_path / "s")
    asked = []

    def pread(handle, size, place, real=store.os.pread):
        asked.append((size, place))
        return real(handle, size, place)

    monkeypatch.setattr(store.os, "pread", pread)
    return open_store(tmp_path / "s").images, asked


def test_first_reads_fetch_their_own_bytes(fetched, cells, monkeypatch):
    monkeypatch.setattr(store, "_FROM_MEMORY", 0)  # as on a cold disk
    monkeypatch.setattr(store, "FETCHED", 10)
    images, asked = fetched
    for i in range(16):
        assert np.array_equal(images[i], cells.images[i])
    sizes = [image.size for image in cells.images]
    assert asked == [(sizes[i], sum(sizes[:i])) for i in range(10)]


def test_nothing_is_fetched_any_more_once_all_is_in_memory(fetched, monkeypatch):
    monkeypatch.setattr(store, "_FROM_MEMORY", 10)
    monkeypatch.setattr(store, "WARM", 3)
    images, asked = fetched
    for i in range(16):
        images[i]
    assert len(asked) == 3


def test_a_store_that_was_removed_is_read_from_its_map(fetched, cells, tmp_path):
    (tmp_path / "s" / "pixels.bin").unlink()
    assert np.array_equal(fetched[0][5], cells.images[5])


def test_the_file_is_closed_behind_the_last_fetch_and_with_the_images(fetched, monkeypatch):
    monkeypatch.setattr(store, "_FROM_MEMORY", 0)
    monkeypatch.setattr(store, "FETCHED", 3)
    images, _ = fetched
    images[0]
    handle = images._handle
    os.fstat(handle)
    images[1], images[2]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle)
    again = store.MappedImages(*images.__reduce__()[1])
    again[0]
    handle = again._handle
    del again
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle)


def test_a_pass_over_all_crops_lets_go_of_pages_and_gives_the_same(fetched, cells, monkeypatch):
    monkeypatch.setattr(store, "RELEASED", 5)
    images, asked = fetched
    released = []
    monkeypatch.setattr(images, "release", lambda: released.append(1))
    assert all(np.array_equal(ours, image) for ours, image in zip(images, cells.images, strict=True))
    assert len(released) == 4 and asked == []
