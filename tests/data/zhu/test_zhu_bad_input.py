"""Damaged, foreign and misplaced files: set aside by name, or one sentence, and the rest is not lost."""

import io
import os
import shutil
import sys

import numpy as np
import pytest
import tifffile
from bad_images import BAD
from PIL import Image
from zhu_trees import crop, tree, write

from cgrecnet.data import open_dataset
from cgrecnet.data.base import Unusable
from cgrecnet.data.images import reading
from cgrecnet.data.images.listing import Listing
from cgrecnet.data.images.reading import Reader
from cgrecnet.data.zhu.reader import list_cells
from cgrecnet.errors import DataError


def open_zhu(root, **options):
    return open_dataset("zhu", root=root, options=options)


def excluded(root) -> dict[str, list[str]]:
    """Reason -> names, after every image was tried."""
    listing: Listing = list_cells(root)
    for cell in listing.cells:
        try:
            Reader().read(root, cell.name)
        except Unusable as reason:
            listing.excluded[str(reason)].append(cell.name)
    return dict(listing.excluded)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_image_is_excluded_by_name_and_the_rest_is_read(tmp_path, name, caplog, recwarn):
    make, reason = BAD[name]
    tree(tmp_path, "folders")
    make(tmp_path / "ASTROCYTES" / name)
    assert excluded(tmp_path) == {reason: [f"ASTROCYTES/{name}"]}
    with caplog.at_level("WARNING"):
        cells = open_zhu(tmp_path)
    assert len(cells) == 12 and "1 file(s) left out" in caplog.text and "data check zhu" in caplog.text
    assert not [warning for warning in recwarn if "ecompression" in str(warning.message)]


def test_a_bad_image_met_later_is_named(tmp_path):
    tree(tmp_path, "flat")
    (tmp_path / "a_1d1_7_Ch1.ome.bmp").write_bytes(b"BMxx")
    cells = open_zhu(tmp_path, hash="names")
    where = cells.table["cell_id"].tolist().index("a_1d1_7_Ch1.ome.bmp")
    with pytest.raises(DataError, match="a_1d1_7_Ch1.ome.bmp in .* .truncated or damaged.*data check zhu"):
        cells.images[where]
    assert cells.images[where - 1].ndim == 2
    cells = open_zhu(tmp_path)
    (tmp_path / "o_1d1_0_Ch1.ome.bmp").unlink()
    with pytest.raises(DataError, match="o_1d1_0.* cannot be used .cannot be opened."):
        list(cells.images)


def test_mixed_depths(tmp_path):
    tree(tmp_path, "flat")
    write(tmp_path / "n_1d1_77_Ch1.ome.png", crop(1, 16))
    with pytest.raises(DataError, match=r"8 bit .a_1d1_0_Ch1.* and 16 bit .n_1d1_77.*no common grey scale"):
        open_zhu(tmp_path)
    with pytest.raises(DataError, match="n_1d1_77_Ch1.ome.png .*16 bit, where the others have 8"):
        list(open_zhu(tmp_path, hash="names").images)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("neurons/a_1d1_5_Ch1.ome.bmp", "folder says neuron, file name says astrocyte"),
        ("neurons/nt4_1d_5_Ch1.ome.bmp", "folder says neuron, file name says nt4"),
        ("neurons/astrocytes/x.bmp", "folders name different classes (astrocyte and neuron)"),
        ("x_1d1_5_Ch1.ome.bmp", "no class in folder or file name"),
        ("neuronal/5.bmp", "no class in folder or file name"),
    ],
)
def test_misnamed_files_are_excluded(tmp_path, name, reason):
    tree(tmp_path, "flat")
    write(tmp_path / name, crop(1))
    assert excluded(tmp_path) == {reason: [name]}
    assert len(open_zhu(tmp_path)) == 12


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes need rights on Windows")
def test_links_pipes_and_loops(tmp_path):
    root = tmp_path / "images"
    tree(root, "folders")
    tree(tmp_path / "elsewhere", "folders")
    (root / "NEURONS" / "loop").symlink_to(root)
    (root / "up").symlink_to(tmp_path)
    (root / "twice").symlink_to(root / "NEURONS")
    (root / "more neurons").symlink_to(tmp_path / "elsewhere" / "NEURONS")
    (root / "NEURONS" / "gone.bmp").symlink_to(root / "nothing")
    os.mkfifo(root / "NEURONS" / "pipe.bmp")
    (root / "NEURONS" / "folder.bmp").mkdir()
    assert excluded(root) == {
        "link to a folder that it lies in": ["up", "NEURONS/loop"],
        "link to a folder that is read already": ["twice"],
        "cannot be opened": ["NEURONS/gone.bmp"],
        "not a plain file": ["NEURONS/pipe.bmp"],
    }
    assert open_zhu(root).counts() == {"astrocyte": 4, "oligodendrocyte": 4, "neuron": 8}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_text(tmp_path):
    tree(tmp_path, "folders")
    write(tmp_path / "NEURONS" / os.fsdecode(b"caf\xe9.bmp"), crop(77))
    (tmp_path / "NEURONS" / os.fsdecode(b"bad\xe9.bmp")).write_bytes(b"")
    cells = open_zhu(tmp_path)
    assert len(cells) == 13 and "NEURONS/caf\\udce9.bmp" in cells.table["cell_id"].tolist()
    assert np.array_equal(cells.images[cells.table["cell_id"].tolist().index("NEURONS/caf\\udce9.bmp")], crop(77))
    assert len(open_zhu(tmp_path, hash="names")) == 13


def test_hidden_files_and_folders_are_no_cells(tmp_path):
    tree(tmp_path, "folders")
    write(tmp_path / "NEURONS" / "._1.bmp", crop(1))
    write(tmp_path / ".thumbnails" / "neurons" / "1.bmp", crop(1))
    assert len(open_zhu(tmp_path)) == 12 and not excluded(tmp_path)


def test_folders_without_a_usable_set(tmp_path):
    def refused(words, **more):
        with pytest.raises(DataError, match=words) as caught:
            open_dataset("zhu", root=tmp_path, **more)
        assert str(caught.value).count("\n") == 0

    refused("No image .*is empty: name the folder")
    (tmp_path / "paper.pdf").write_bytes(b"x")
    refused(r"No image .*holds other files .1 .pdf.")
    write(tmp_path / "holiday.png", crop(1))
    refused(r"No usable image .* 'lineage' .1 set aside.: `cgrecnet data check zhu")
    tree(tmp_path, "folders")
    refused(r"No usable image .* 'inducer'", task="inducer")
    shutil.rmtree(tmp_path / "OLIGODENDROCYTES")
    refused(r"have no oligodendrocyte .astrocyte 4, neuron 4.: `cgrecnet data check zhu")
    for file in (tmp_path / "NEURONS").iterdir():
        file.write_bytes(b"BM damaged")
    refused(r"have no oligodendrocyte and no neuron .astrocyte 4.")


def test_root_that_is_none(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist: name the folder that holds"):
        open_zhu(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="file is a file: name the folder"):
        open_zhu(tmp_path / "file")


def test_a_file_too_large_for_any_crop_is_not_read(tmp_path, monkeypatch):
    tree(tmp_path, "flat")
    with open(tmp_path / "a_9d9_1_Ch1.ome.bmp", "wb") as file:
        file.truncate(reading._LARGEST_FILE + 1)  # sparse: takes no room
    assert excluded(tmp_path) == {reading.HUGE: ["a_9d9_1_Ch1.ome.bmp"]}


def test_a_folder_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    tree(tmp_path, "folders")
    (tmp_path / "locked").mkdir()
    honest = os.scandir

    def scandir(folder):
        if str(folder).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(folder))
        return honest(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    assert excluded(tmp_path) == {"folder that cannot be opened": ["locked"]}
    assert len(open_zhu(tmp_path)) == 12


def in_memory(save) -> bytes:
    """What `save` writes into a file."""
    save(target := io.BytesIO())
    return target.getvalue()


GREY, GREY16 = crop(1), crop(2, 16)
THREE, THREE16 = (np.stack([image] * 3, axis=-1) for image in (GREY, GREY16))
PLANES16 = np.ascontiguousarray(np.moveaxis(THREE16, -1, 0))

#: Ways to store the same grey levels.
ENCODINGS = {
    "bmp, 8 bit": (lambda f: Image.fromarray(GREY).save(f, "BMP"), GREY),
    "bmp, 32 bit": (lambda f: Image.fromarray(THREE).convert("RGBA").save(f, "BMP"), GREY),
    "png, grey and alpha": (lambda f: Image.fromarray(GREY).convert("LA").save(f, "PNG"), GREY),
    "png, grey palette": (lambda f: Image.fromarray(GREY).convert("P").save(f, "PNG"), GREY),
    "png, RGBA": (lambda f: Image.fromarray(THREE).convert("RGBA").save(f, "PNG"), GREY),
    "tiff, packbits": (lambda f: Image.fromarray(GREY).save(f, "TIFF", compression="packbits"), GREY),
    "tiff, LZW": (lambda f: Image.fromarray(GREY16).save(f, "TIFF", compression="tiff_lzw"), GREY16),
    "tiff, deflate": (lambda f: tifffile.imwrite(f, GREY16, compression="zlib"), GREY16),
    "tiff, big-endian": (lambda f: tifffile.imwrite(f, GREY16, byteorder=">"), GREY16),
    "tiff, tiles": (lambda f: tifffile.imwrite(f, GREY16, tile=(16, 16)), GREY16),
    "tiff, OME": (lambda f: tifffile.imwrite(f, GREY16, ome=True), GREY16),
    "BigTIFF": (lambda f: tifffile.imwrite(f, GREY16, bigtiff=True), GREY16),
    "tiff, RGB": (lambda f: tifffile.imwrite(f, THREE16, photometric="rgb"), GREY16),
    "tiff, RGB in planes": (lambda f: tifffile.imwrite(f, PLANES16, photometric="rgb", planarconfig=2), GREY16),
    "tiff, RGB deflate": (lambda f: tifffile.imwrite(f, THREE16, photometric="rgb", compression="zlib"), GREY16),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_gives_the_same_grey_levels(encoding):
    save, image = ENCODINGS[encoding]
    read = Reader().image([in_memory(save)])
    assert read.dtype == image.dtype and np.array_equal(read, image)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_damaged_bytes_give_grey_levels_or_a_reason_and_nothing_else(encoding, caplog):
    rng = np.random.default_rng(0)
    intact = in_memory(ENCODINGS[encoding][0])
    refused = 0
    for _ in range(40):
        data = bytearray(intact)
        for place in rng.integers(0, min(len(data), 300), 3):
            data[place] = rng.integers(256)
        try:
            read = Reader().image([bytes(data)])
            assert read.ndim == 2 and read.dtype in (np.uint8, np.uint16) and max(read.shape) <= reading.LARGEST
        except Unusable as reason:
            refused += 1
            assert str(reason)
    assert refused and not caplog.records
    with pytest.raises(Unusable):
        Reader().image([intact[: len(intact) // 3]])
