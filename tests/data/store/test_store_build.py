"""Builds that are killed, doubled, or run out of disk: the store is whole in the end, or not there."""

import errno
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from zhu_trees import crop, tree, write

from cgrecnet.cli import main
from cgrecnet.data import available, open_dataset, pack_dataset, report_on
from cgrecnet.data.images import pixels as zhu_pixels
from cgrecnet.data.store import build as store_build
from cgrecnet.data.store import index as store_index
from cgrecnet.data.store import journal as store_journal
from cgrecnet.data.store.header import BEGUN, HEADER, INDEX, JOURNAL, PIXELS
from cgrecnet.errors import DataError

#: A build in a process of its own that takes its time with every crop.
SLOW = """
import sys, time
from cgrecnet.data import pack_dataset
from cgrecnet.data.store import build as store_build
from cgrecnet.data.store import journal as store_journal
store_journal.EVERY = 3
quick = store_build.crops_of
def slow(*arguments):
    for found in quick(*arguments):
        time.sleep(0.01)
        yield found
store_build.crops_of = slow
pack_dataset("zhu", sys.argv[1], store=sys.argv[2])
"""


@pytest.fixture
def files(tmp_path) -> Path:
    """120 crops, and some files that are none."""
    tree(tmp_path / "files", "flat", per_class=40)
    for name in ("a_1d1_900_Ch1.ome.bmp", "n_1d1_900_Ch1.ome.bmp", "o_1d1_900_Ch1.ome.bmp"):
        (tmp_path / "files" / name).write_bytes(b"BM")
    return tmp_path / "files"


@pytest.fixture
def whole(files, tmp_path) -> Path:
    """The store of an uninterrupted build."""
    return pack_dataset("zhu", files, store=tmp_path / "whole")


def assert_equal(store: Path, whole: Path) -> None:
    """The same files, byte for byte; the header but for the time of its making, and its hash."""
    assert sorted(os.listdir(store)) == sorted(os.listdir(whole))
    for name in ("pixels.bin", "index.csv", "aside.csv"):
        assert (store / name).read_bytes() == (whole / name).read_bytes(), name
    texts = [(folder / HEADER).read_text().splitlines() for folder in (store, whole)]
    texts = [[line for line in text if not line.startswith((' "built_at"', ' "sha256"'))] for text in texts]
    assert texts[0] == texts[1]


def start_slow(files: Path, store: Path, lines: int) -> subprocess.Popen:
    """Start the slow build, and wait until its journal has that many lines."""
    child = subprocess.Popen([sys.executable, "-c", SLOW, str(files), str(store)], stderr=subprocess.PIPE)
    limit = time.monotonic() + 60
    while not (store / JOURNAL).exists() or (store / JOURNAL).read_bytes().count(b"\n") < lines:
        assert child.poll() is None and time.monotonic() < limit, child.stderr.read()
        time.sleep(0.005)
    return child


@pytest.mark.slow
def test_killed_twice_in_the_middle(files, whole, tmp_path, monkeypatch):
    store = tmp_path / "store"
    for lines in (20, 60):
        child = start_slow(files, store, lines)
        child.kill()
        assert child.wait() == -signal.SIGKILL
        assert not available("zhu", root=store) and not (store / HEADER).exists()
        for look in (open_dataset, report_on):
            with pytest.raises(DataError, match="store is not finished: pack the data set into it again"):
                look("zhu", root=store)
    done = (store / JOURNAL).read_bytes().count(b"\n")
    read = []
    honest = zhu_pixels.read_bytes
    monkeypatch.setattr(zhu_pixels, "read_bytes", lambda root, name: read.append(name) or honest(root, name))
    pack_dataset("zhu", files, store=store)
    assert 60 <= done < 123 and 123 - done <= len(read) <= 123 - done + 2  # and no file that was packed before
    assert_equal(store, whole)
    assert open_dataset("zhu", root=store).fingerprint == open_dataset("zhu", root=files).fingerprint


def test_cut_at_any_byte(files, whole, tmp_path, monkeypatch):
    """Whatever a kill or a power cut leaves of the two growing files, the end is the same."""
    stopped = tmp_path / "stopped"
    honest = store_build._write
    monkeypatch.setattr(store_build, "_write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        pack_dataset("zhu", files, store=stopped)
    monkeypatch.setattr(store_build, "_write", honest)
    pixels, lines = (stopped / PIXELS).read_bytes(), (stopped / JOURNAL).read_bytes()
    begun = (stopped / BEGUN).read_bytes()
    rng = np.random.default_rng(0)
    cuts = [(int(rng.integers(len(pixels))), int(rng.integers(len(lines)))) for _ in range(8)]
    cuts += [(0, 0), (len(pixels), len(lines)), (len(pixels), 0), (0, len(lines)), (len(pixels) - 1, len(lines) - 1)]
    for number, (of_pixels, of_lines) in enumerate(cuts):
        store = tmp_path / f"cut-{number}"
        store.mkdir()
        (store / BEGUN).write_bytes(begun)
        (store / PIXELS).write_bytes(pixels[:of_pixels])
        (store / JOURNAL).write_bytes(lines[:of_lines])
        (store / f"{INDEX}.12.partial").write_text("left by a killed process")
        pack_dataset("zhu", files, store=store)
        assert_equal(store, whole)
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / BEGUN).write_bytes(begun)
    (damaged / PIXELS).write_bytes(pixels[:5000] + bytes(3000) + pixels[8000:])  # blocks that never reached the disk
    (damaged / JOURNAL).write_bytes(lines)
    pack_dataset("zhu", files, store=damaged)
    assert_equal(damaged, whole)


def test_stopped_after_the_header(files, whole, tmp_path, monkeypatch):
    store = tmp_path / "store"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(store_build, "remove_journal", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        pack_dataset("zhu", files, store=store)
    assert len(open_dataset("zhu", root=store)) == 120 and (store / JOURNAL).exists()
    pack_dataset("zhu", files, store=store)
    assert_equal(store, whole)


@pytest.mark.slow
def test_two_builds_at_once(files, whole, tmp_path, capsys):
    store = tmp_path / "store"
    child = start_slow(files, store, 10)
    assert main(["data", "pack", "zhu", str(files), "--store", str(store)]) == 2
    said = capsys.readouterr().err
    assert said.strip() == (
        f"cgrecnet: Another process is packing into {store}: wait until it is done, or name another place with --store."
    )
    assert child.wait(timeout=60) == 0
    assert_equal(store, whole)


def test_a_finished_store_is_not_built_again(files, whole, monkeypatch):
    before = {path.name: path.stat().st_mtime_ns for path in whole.iterdir()}
    monkeypatch.setattr(store_build, "_pack", lambda *_: pytest.fail("built again"))
    assert pack_dataset("zhu", files, store=whole) == whole
    assert before == {path.name: path.stat().st_mtime_ns for path in whole.iterdir()}
    write(files / "n_1d1_5000_Ch1.ome.bmp", crop(5000))
    with pytest.raises(DataError, match="packed from other cells .zhu, task lineage, 120 crops., or their files"):
        pack_dataset("zhu", files, store=whole)


def test_files_that_change_before_a_resume(files, tmp_path):
    store = tmp_path / "store"
    child = start_slow(files, store, 10)
    child.kill()
    child.wait()
    path = files / "n_1d1_0_Ch1.ome.bmp"  # as many bytes as before, and not packed yet
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-10] + bytes(10))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    with pytest.raises(DataError, match="begun from other files, or they have changed since: remove that folder"):
        pack_dataset("zhu", files, store=store)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    pack_dataset("zhu", files, store=store)


def test_files_that_change_during_a_build(files, tmp_path, monkeypatch):
    honest = store_build._pack

    def meanwhile(*arguments):
        honest(*arguments)
        write(files / "a_1d1_0_Ch1.ome.bmp", crop(8000))

    monkeypatch.setattr(store_build, "_pack", meanwhile)
    with pytest.raises(DataError, match="changed while they were packed: remove the folder"):
        pack_dataset("zhu", files, store=tmp_path / "store")
    assert not (tmp_path / "store" / HEADER).exists()


class Full:
    """A file on a disk that has room for some bytes more."""

    def __init__(self, file, room: int) -> None:
        self.file, self.room = file, room

    def write(self, data: bytes) -> None:
        self.file.write(data[: self.room])
        self.room -= len(data)
        if self.room < 0:
            self.room = 0
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __getattr__(self, name: str):
        return getattr(self.file, name)


@pytest.mark.parametrize(("growing", "room"), [(PIXELS, 100_000), (JOURNAL, 3000), (JOURNAL, 0)])
def test_a_full_disk(files, whole, tmp_path, monkeypatch, capsys, growing, room):
    store = tmp_path / "store"
    monkeypatch.setattr(store_journal, "EVERY", 8)
    with monkeypatch.context() as patch:
        honest = store_journal._cut
        patch.setattr(
            store_journal, "_cut", lambda path, n: Full(honest(path, n), room if path.name == growing else 1 << 40)
        )
        assert main(["data", "pack", "zhu", str(files), "--store", str(store)]) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert said == (
            f"cgrecnet: The store cannot be written in {store} (No space left on device): free space there, or name a "
            "folder that you can write to with --store, and start again; what was packed is kept."
        )
        assert not (store / HEADER).exists()
        kept = (store / JOURNAL).read_bytes().count(b"\n")
        assert kept > 8 or not room
    pack_dataset("zhu", files, store=store)
    assert_equal(store, whole)


def test_a_full_disk_at_the_end(files, whole, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store = tmp_path / "store"
    with (
        monkeypatch.context() as patch,
        pytest.raises(DataError, match="No space left on device.*what was packed is k"),
    ):
        patch.setattr(store_index, "atomic_write", full)
        pack_dataset("zhu", files, store=store)
    assert not (store / HEADER).exists() and (store / JOURNAL).exists()
    pack_dataset("zhu", files, store=store)
    assert_equal(store, whole)


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
    store_build.pack_cells(replace(made, images=Made()), tmp_path / "store")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "store" / PIXELS).stat().st_size == 64_000_000 and peak < 10_000_000
