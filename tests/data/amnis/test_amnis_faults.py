"""Files past 4 GiB, cut, damaged or made to deceive: the object at fault is named, the others are read."""

import logging
import os
import struct
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from cif_writer import (
    LONG,
    SHORT,
    Cell,
    acquisition,
    encode_grey,
    encode_mask,
    side_by_side,
    tagged,
    write_cif,
    write_daf,
)

from cgrecnet.data import open_dataset, report_on
from cgrecnet.data.amnis.codec import Damaged
from cgrecnet.data.amnis.objects import read_objects
from cgrecnet.errors import DataError, UserError

REAL = Path(__file__).with_name("example.cif")
GIB = 2**30


def some_cells(count: int = 6, channels: int = 3) -> list[Cell]:
    rng = np.random.default_rng(1)
    cells = []
    for _ in range(count):
        shape = (channels, *rng.integers(5, 14, 2))
        masks = rng.integers(0, 4, shape).astype(np.uint8)
        cells.append(Cell(rng.integers(-5, 1024, shape), masks, background=np.arange(channels) + 100.0))
    return cells


def assert_read(objects, cells: list[Cell], numbers) -> None:
    assert objects.table["number"].tolist() == list(numbers)
    for row, number in enumerate(numbers):
        assert np.array_equal(objects.planes(row), cells[number].planes)
        assert np.array_equal(objects.masks(row), cells[number].masks)


@pytest.mark.parametrize("order", "<>")
def test_offsets_start_over_at_every_4_gib(order, tmp_path):
    cells = some_cells()
    for number, place in {1: 3 * GIB, 2: 4 * GIB - 60, 4: 7 * GIB, 5: 10 * GIB}.items():
        cells[number].at = place
    offsets = write_cif(tmp_path / "large.cif", cells, order=order)
    assert offsets[-1] > 8 * GIB and (tmp_path / "large.cif").stat().st_blocks * 512 < 2**20
    assert_read(read_objects(tmp_path / "large.cif"), cells, range(6))


def test_a_real_file_that_was_cut_gives_the_objects_before_the_cut(tmp_path, caplog):
    strip_of_80 = int(read_objects(REAL).table["offset"][80])
    (tmp_path / "cut.cif").write_bytes(REAL.read_bytes()[: strip_of_80 + 100])
    whole, kept = open_dataset("amnis", root=REAL), open_dataset("amnis", root=tmp_path)
    assert kept.table["object"].tolist() == list(range(80))
    assert all(np.array_equal(a, b) for a, b in zip(kept.images, whole.images, strict=False))
    cut = "object 80: its image is cut off by the end of the file"
    absent = "objects 81 to 110: not in the file, which is cut off or damaged there"
    assert f"{cut}; {absent}" in caplog.text
    text, good = report_on("amnis", root=tmp_path)
    assert not good and "  80 of 111 objects can be used" in text
    assert f"  cannot be used: {cut}\n  cannot be used: {absent}" in text


def test_where_a_directory_is_lost_only_its_object_is(tmp_path):
    path, cells = tmp_path / "made.cif", some_cells()
    offsets, data = write_cif(path, cells), path.read_bytes()
    image_of_2 = offsets[5]
    for place, bytes_ in ((0, 2), (len(data), 0), (2 + 12 * 18, 4)):  # number of entries; nothing; offset of the next
        changed = bytearray(data)
        changed[image_of_2 + place : image_of_2 + place + bytes_] = b"\xff" * bytes_
        path.write_bytes(changed)
        objects = read_objects(path)
        lost = [2] if place == 0 else []
        assert_read(objects, cells, [number for number in range(6) if number not in lost])
        assert [str(one) for one in objects.problems] == [
            f"object {number}: not in the file, which is cut off or damaged there" for number in lost
        ]


#: What of object 1 is changed -> what is said of it.
CHANGES = {
    "its directory has no object number": {33003: None},
    "another object has this number": {33003: (LONG, [0])},
    "its number does not fit a file of 3 objects": {33003: (LONG, [70])},
    "its image is not compressed as ImageStream does (30817)": {259: (SHORT, [5])},
    "its image is not of 16 bit": {258: (SHORT, [8])},
    "its image is larger than 4,194,304 pixels": {256: (LONG, [2**32 - 1]), 257: (LONG, [2**32 - 1])},
    "its image has no pixels": {257: (LONG, [0])},
    "its width is not that of 3 channels": {256: (LONG, [31])},
    "it does not have 3 channels, as the file": {33052: (LONG, [1, 2])},
    "its image is cut off by the end of the file": {279: (LONG, [2**31])},
    "the length of its image does not fit its size": {257: (LONG, [4000])},
    "its mask is of another size than its image": {257: (LONG, [8])},
}


@pytest.mark.parametrize("reason", CHANGES)
def test_a_directory_that_cannot_be_is_refused_by_number(reason, tmp_path):
    cells = [Cell(np.full((3, 9, 10), 7), np.ones((3, 9, 10), np.uint8)) for _ in range(3)]
    cells[1].changes = CHANGES[reason]
    write_cif(tmp_path / "made.cif", cells)
    objects = read_objects(tmp_path / "made.cif")
    assert objects.table["number"].tolist() == [0, 2]
    assert reason in [one.reason for one in objects.problems if one.first in (0, 1, 70)]
    assert len(open_dataset("amnis", root=tmp_path)) == 2


def test_a_strip_that_cannot_be_is_refused_by_number(tmp_path):
    cells = some_cells(3)
    good = encode_grey(side_by_side(cells[1].planes))
    cells[1].strip = good[:-8] + b"\x88" * 8
    write_cif(tmp_path / "made.cif", cells)
    assert open_dataset("amnis", root=tmp_path).table["object"].tolist() == [0, 2]
    later = open_dataset("amnis", root=tmp_path, options={"hash": "names"})
    with pytest.raises(DataError, match=r"Object 1 of .*made.cif cannot be used \(its strip holds \d+ numbers for"):
        later.images[1]
    text, good = report_on("amnis", root=tmp_path)
    assert not good and "cannot be used: object 1: its strip holds" in text


BOMB = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not begin as a TIFF file"),
        (b"II*\0", "does not begin as a TIFF file"),
        (b"MM\0*\0\0\0\x08", "not one of ImageStream"),
        (b"II*\0\x08\0\0\0" + b"\0" * 100, "not one of ImageStream"),
    ],
)
def test_other_files_are_refused(content, reason, tmp_path):
    (tmp_path / "other.cif").write_bytes(content)
    with pytest.raises(DataError, match=f"The ImageStream file .*other.cif cannot be read: it .*{reason}"):
        open_dataset("amnis", root=tmp_path)


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (
            acquisition((1, 2, 3), (2,)).replace(b"?>", f"?>{BOMB}".encode()),
            "its XML is refused: it has a document type",
        ),
        (acquisition((1, 2, 3), (2,))[:80], "does not say which channels it holds"),
        (b"", "does not say which channels it holds"),
        (b"\xff\xfe\0<", "does not say which channels it holds"),
    ],
)
def test_xml_from_outside(xml, reason, tmp_path):
    write_cif(tmp_path / "made.cif", some_cells(2), xml=xml)
    with pytest.raises(DataError, match=reason):
        open_dataset("amnis", root=tmp_path)


@pytest.mark.parametrize(
    ("said", "size", "reason"),
    [(2**26, None, "cut off by the end of the file"), (2**27, 2**28, "tag 33027 is said to have 134,217,728 bytes")],
)
def test_text_that_is_said_to_be_longer_than_it_can_be_is_not_allocated(said, size, reason, tmp_path):
    path = tmp_path / "made.cif"
    write_cif(path, some_cells(2))
    data = bytearray(path.read_bytes())
    at = data.find(struct.pack("<HH", 33027, 2)) + 4
    data[at : at + 4] = struct.pack("<I", said)
    path.write_bytes(data)
    if size:
        os.truncate(path, size)  # a hole
    tracemalloc.start()
    with pytest.raises(Damaged, match=reason):
        read_objects(path)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def mutated(data: bytes, directories: list[int], rng: np.random.Generator) -> bytes:
    """Some bytes of a file changed, cut out, doubled or cut off, more often than not in a directory."""
    extremes = (0, 1, 255, 65535, 2**31 - 1, 2**31, 2**32 - 1, len(data), len(data) - 1, len(data) // 2)
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        kind, at = rng.integers(6), int(rng.integers(len(changed) + 1))
        if kind == 0:
            del changed[at:]
        elif kind == 1 and at < len(changed):
            changed[at] = int(rng.integers(256))
        elif kind in (2, 3):
            at = int(rng.choice(directories)) + int(rng.integers(240))
            value = struct.pack("<I", int(rng.choice(extremes)))[: int(rng.integers(1, 5))]
            if at + 4 <= len(changed):
                changed[at : at + len(value)] = value
        elif kind == 4:
            del changed[at : at + int(rng.integers(1, 200))]
        else:
            changed[at:at] = changed[at : at + int(rng.integers(1, 100))]
    return bytes(changed)


@pytest.mark.parametrize(
    "seeds", [range(100), pytest.param(range(100, 3000), marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
def test_mutations_end_in_a_sentence_soon_and_in_little_memory(seeds, tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)
    path, cells = tmp_path / "made.cif", some_cells()
    directories, data = write_cif(path, cells), path.read_bytes()
    opened = refused = 0
    for seed in seeds:
        path.write_bytes(mutated(data, directories, np.random.default_rng(seed)))
        began, traced = time.process_time(), seed % 25 == 0
        if traced:
            tracemalloc.start()
        for options in ({}, {"channel": 1, "hash": "names"}):
            try:
                dataset = open_dataset("amnis", root=path, options=options)
                opened += len(dataset)
                for index in range(len(dataset)):
                    try:
                        assert dataset.images[index].size <= 2 * len(data)
                    except DataError:
                        refused += 1
            except UserError:
                refused += 1
        try:
            report_on("amnis", root=path)
        except UserError:
            refused += 1
        if traced:
            assert tracemalloc.get_traced_memory()[1] < 8 * 2**20, seed
            tracemalloc.stop()
        assert time.process_time() - began < 2, seed
    assert opened > 2 * len(seeds) and refused > len(seeds) / 4  # both ways were gone


def test_mutations_of_an_analysis_end_in_a_sentence(tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)
    write_cif(tmp_path / "run.cif", some_cells())
    daf = write_daf(tmp_path / "run.daf", "run.cif", 6, tagged("A", [0, 1]) + tagged("B", [3, 5]), binary=True)
    data, opened = daf.read_bytes(), 0
    for seed in range(200):
        daf.write_bytes(mutated(data, [0, 150, 300], np.random.default_rng(seed)))
        try:
            opened += len(open_dataset("amnis", root=tmp_path, options={"classes_from": "population"})) > 0
        except UserError:
            pass
    assert 0 < opened < 200


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_mutations_of_the_real_file(seed, tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)
    data = REAL.read_bytes()
    directories = [8] + [object_at - 378 for object_at in read_objects(REAL).table["offset"].tolist()]
    (tmp_path / "real.cif").write_bytes(mutated(data, directories, np.random.default_rng(seed)))
    try:
        assert len(open_dataset("amnis", root=tmp_path)) > 0
    except UserError:
        pass


#: Opens a file, which decodes every cell, and decodes some once more; prints the most memory that was used, in MB.
#: The memory is that of its own: what `getrusage` says counts the process that started it, too.
STREAM = """
import sys
import pandas  # brings pyarrow, 50 MB, where somebody wants Parquet
import cgrecnet.data.amnis.reader
from cgrecnet.data import open_dataset
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024
libraries = peak()
dataset = open_dataset("amnis", root=sys.argv[1])
pixels = sum(image.size for image in dataset.images[::10])
print(len(dataset), pixels, libraries, peak())
"""


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(sys.platform != "linux", reason="the memory is read from /proc")
def test_a_hundred_thousand_objects_stream(tmp_path):
    planes, masks = np.random.default_rng(2).integers(0, 1024, (3, 20, 20)), np.ones((3, 20, 20), np.uint8)
    one = Cell(planes, strip=encode_grey(side_by_side(planes)), mask_strip=encode_mask(side_by_side(masks)))
    write_cif(tmp_path / "many.cif", (one for _ in range(100_000)), stated=100_000)
    done = subprocess.run(
        [sys.executable, "-c", STREAM, str(tmp_path / "many.cif")], capture_output=True, text=True, check=True
    )
    cells, pixels, libraries, whole = done.stdout.split()
    assert (cells, pixels) == ("100000", "4000000")
    assert float(whole) - float(libraries) < 100
