"""Builds that are killed, doubled, or run out of disk: the store is whole in the end, or not there."""

import errno
import multiprocessing
import os
import signal
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from zhu_trees import crop, tree, write

from cgrecnet.cli import main
from cgrecnet.data import available, open_dataset, pack_dataset
from cgrecnet.data.store import header as store_header
from cgrecnet.data.store import packing
from cgrecnet.data.store.header import HEADER, INDEX, PIXELS
from cgrecnet.data.store.packing import working_folder
from cgrecnet.errors import DataError


def pack_slowly(files: Path, store: Path) -> None:
    """A build that takes its time with every crop."""
    quick = packing.crops_of

    def slow(dataset):
        for found in quick(dataset):
            time.sleep(0.01)
            yield found

    packing.crops_of = slow
    pack_dataset("zhu", files, store=store)


@pytest.fixture
def files(tmp_path) -> Path:
    """120 crops, and some files that are none."""
    tree(tmp_path / "files", "flat", per_class=40)
    for name in ("a_1d1_900_Ch1.ome.bmp", "n_1d1_900_Ch1.ome.bmp", "o_1d1_900_Ch1.ome.bmp"):
        (tmp_path / "files" / name).write_bytes(b"BM")
    return tmp_path / "files"


@pytest.fixture
def intact(files, tmp_path) -> Path:
    """The store of an uninterrupted build."""
    return pack_dataset("zhu", files, store=tmp_path / "whole")


def assert_equal(store: Path, intact: Path) -> None:
    """The same files, byte for byte; the header but for the time of its making, and its hash."""
    assert sorted(os.listdir(store)) == sorted(os.listdir(intact))
    for name in ("pixels.bin", "index.csv", "aside.csv"):
        assert (store / name).read_bytes() == (intact / name).read_bytes(), name
    texts = [(folder / HEADER).read_text().splitlines() for folder in (store, intact)]
    texts = [[line for line in text if not line.startswith((' "built_at"', ' "sha256"'))] for text in texts]
    assert texts[0] == texts[1]


def start_slow(files: Path, store: Path, crops: int) -> multiprocessing.Process:
    """Start the slow build in a process of its own, and wait until so many small crops are on the disk."""
    child = multiprocessing.get_context("fork").Process(target=pack_slowly, args=(files, store))
    child.start()
    limit, pixels = time.monotonic() + 60, working_folder(store) / PIXELS
    while not pixels.exists() or pixels.stat().st_size < crops * 37 * 60:
        assert child.exitcode is None and time.monotonic() < limit
        time.sleep(0.005)
    return child


def test_killed_twice_in_the_middle(files, intact, tmp_path):
    store = tmp_path / "store"
    for crops in (20, 60):
        child = start_slow(files, store, crops)
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert not available("zhu", root=store) and not store.exists()
        (working_folder(store) / f"{INDEX}.12.partial").write_text("left by a killed process")
    pack_dataset("zhu", files, store=store)
    assert_equal(store, intact)
    assert not working_folder(store).exists()
    assert open_dataset("zhu", root=store).fingerprint == open_dataset("zhu", root=files).fingerprint


@pytest.mark.parametrize("step", ["write_index", "write_header", "source_digest"])
def test_stopped_at_any_step_nothing_stands_under_the_store_s_name(files, intact, tmp_path, monkeypatch, step):
    store = tmp_path / "store"
    honest = getattr(packing, step)

    def stop(*arguments):
        if (working_folder(store) / PIXELS).exists():
            raise KeyboardInterrupt
        return honest(*arguments)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(packing, step, stop)
        pack_dataset("zhu", files, store=store)
    assert not store.exists() and not working_folder(store).exists()
    store.mkdir()  # an empty folder may stand there
    pack_dataset("zhu", files, store=store)
    assert_equal(store, intact)


def test_two_builds_at_once(files, intact, tmp_path, capsys):
    store = tmp_path / "store"
    child = start_slow(files, store, 10)
    assert main(["data", "pack", "zhu", str(files), "--store", str(store)]) == 2
    output = capsys.readouterr().err
    assert output.strip() == (
        f"cgrecnet: Another process is packing into {store}: wait until it is done, or name another place with --store."
    )
    child.join(60)
    assert child.exitcode == 0
    assert_equal(store, intact)


def test_a_finished_store_is_not_built_again(files, intact, monkeypatch):
    before = {path.name: path.stat().st_mtime_ns for path in intact.iterdir()}
    monkeypatch.setattr(packing, "_build", lambda *_: pytest.fail("built again"))
    assert pack_dataset("zhu", files, store=intact) == intact
    assert before == {path.name: path.stat().st_mtime_ns for path in intact.iterdir()}
    write(files / "n_1d1_5000_Ch1.ome.bmp", crop(5000))
    with pytest.raises(DataError, match="packed from other cells .zhu, task lineage, 120 crops., or their files"):
        pack_dataset("zhu", files, store=intact)


def test_files_that_change_during_a_build(files, tmp_path, monkeypatch):
    honest = packing._build

    def meanwhile(*arguments):
        write(files / "a_1d1_0_Ch1.ome.bmp", crop(8000))
        return honest(*arguments)

    monkeypatch.setattr(packing, "_build", meanwhile)
    with pytest.raises(DataError, match="changed while they were packed: pack them again"):
        pack_dataset("zhu", files, store=tmp_path / "store")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("place", [(packing, "crops_of"), (store_header, "atomic_write")])
def test_a_full_disk(files, intact, tmp_path, monkeypatch, capsys, place):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store = tmp_path / "store"
    with monkeypatch.context() as patch:
        patch.setattr(*place, full)
        assert main(["data", "pack", "zhu", str(files), "--store", str(store)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"cgrecnet: The store cannot be written in {store} (No space left on device): free space there, or name a "
        "folder that you can write to with --store, and start again."
    )
    assert not store.exists() and not working_folder(store).exists()
    pack_dataset("zhu", files, store=store)
    assert_equal(store, intact)


def test_a_folder_that_cannot_be_written(files, tmp_path, monkeypatch):
    folder = tmp_path / "fixed"
    folder.mkdir()
    if os.geteuid():
        folder.chmod(0o555)
    else:  # a superuser may write anywhere

        def refuse(*_, **__):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(DataError, match="cannot be written in .*store .(Permission denied|Read-only file system)"):
        pack_dataset("zhu", files, store=folder / "store")


def test_a_place_that_is_taken(files, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="cannot be written in .*file"):
        pack_dataset("zhu", files, store=tmp_path / "file")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.docx").write_text("mine")
    with pytest.raises(DataError, match="holds other files .thesis.docx.: name an empty or a new folder"):
        pack_dataset("zhu", files, store=tmp_path / "folder")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["thesis.docx"]


def test_one_crop_at_a_time_is_in_memory(tmp_path):
    """Pixels go to the disk while the build runs: 64 MB of them take a small part of that in memory."""

    class Made:
        dtype = np.dtype(np.uint8)

        def __len__(self):
            return 64

        def __getitem__(self, i):
            if i >= 64:
                raise IndexError(i)
            return np.full((1000, 1000), i, np.uint8)

    made = open_dataset("cytometer", options={"cells": 64})
    tracemalloc.start()
    packing.pack_cells(replace(made, images=Made()), tmp_path / "store")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "store" / PIXELS).stat().st_size == 64_000_000 and peak < 10_000_000
