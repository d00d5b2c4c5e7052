"""The reader of the paper's own images, over generated trees and the real samples."""

import pickle
from collections import Counter

import numpy as np
import pytest
from zhu_trees import LAYOUTS, crop, tree, write

from cgrecnet.data import available, open_dataset, report_on
from cgrecnet.data.images import reading
from cgrecnet.data.zhu.names import describe
from cgrecnet.errors import ConfigError, DataError


def open_zhu(root, **options):
    return open_dataset("zhu", root=root, options=options)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read_pixel_for_pixel(tmp_path, layout):
    written = tree(tmp_path, layout)
    cells = open_zhu(tmp_path)
    assert cells.classes == ("astrocyte", "oligodendrocyte", "neuron") and not cells.simulated
    assert cells.counts() == {"astrocyte": 4, "oligodendrocyte": 4, "neuron": 4}
    assert cells.table["cell_id"].tolist() == sorted(written)
    for name, image in zip(cells.table["cell_id"], cells.images, strict=True):
        assert image.dtype == written[name].dtype and np.array_equal(image, written[name])
    assert cells.window == ((0, 65535) if "16" in layout else (0, 255))
    assert available("zhu", root=tmp_path)


@pytest.mark.parametrize(
    ("layout", "groups"),
    [
        ("flat", {"a-1d1", "a-2d1", "o-1d1", "o-2d1", "n-1d1", "n-2d1"}),
        ("prefixed", {"a-1d1", "a-2d1", "o-1d1", "o-2d1", "n-1d1", "n-2d1"}),
        ("nested", {"a-1d2", "a-2d2", "o-1d2", "o-2d2", "n-1d2", "n-2d2"}),
        ("days-outside", {"a-1d3", "a-2d3", "o-1d3", "o-2d3", "n-1d3", "n-2d3"}),
        ("folders", {"a-unknown", "o-unknown", "n-unknown"}),
    ],
)
def test_day_and_replicate_are_the_group(tmp_path, layout, groups):
    tree(tmp_path, layout)
    assert set(open_zhu(tmp_path).table["group"]) == groups


@pytest.mark.parametrize(
    ("folders", "file", "expected"),
    [
        ((), "a_1d1_10_Ch1.ome.bmp", ("astrocyte", "1", "1")),
        ((), "N_12D3_4_CH1.OME.TIF", ("neuron", "12", "3")),
        ((), "nt4_1d_5_Ch1.ome.bmp", ("nt4", "1", "")),
        ((), "ln_2d2_5_Ch1.ome.bmp", ("ln", "2", "2")),
        (("Neurons_2021",), "x.bmp", ("neuron", "", "")),
        (("oligodendrocyte",), "o_1d1_1.bmp", ("oligodendrocyte", "1", "1")),
        (("NT3",), "7_Ch1.ome.bmp", ("nt3", "", "")),
        (("cntf_3d1",), "7_Ch1.ome.bmp", ("cntf", "3", "1")),
    ],
)
def test_names(folders, file, expected):
    assert describe(folders, file) == expected


def test_inducers_are_a_separate_test_set(tmp_path):
    tree(tmp_path, "flat")
    for i, name in enumerate(("nt3", "nt3", "ngf", "cntf", "mt", "ln", "nt4")):
        write(tmp_path / f"{name}_1d_{i}_Ch1.ome.bmp", crop(900 + i))
    assert len(open_zhu(tmp_path)) == 12
    apart = open_dataset("zhu", root=tmp_path, task="inducer")
    assert apart.counts() == {"nt3": 2, "nt4": 1, "ngf": 1, "cntf": 1, "mt": 1, "ln": 1}
    assert "nt4-1d" in set(apart.table["group"])


def test_images_are_read_on_demand(tmp_path, monkeypatch):
    tree(tmp_path, "flat")
    read = Counter()
    honest = reading.read_bytes
    monkeypatch.setattr(reading, "read_bytes", lambda root, name: read.update([name]) or honest(root, name))
    images = open_zhu(tmp_path, hash="names").images
    assert read.total() == 1, "the first image says of which type they are"
    read.clear()
    first = images[0]
    assert read.total() == 1 and not first.flags.writeable
    assert np.array_equal(list(images)[0], first) and read[images.names[0]] == 2
    assert np.array_equal(images[-12], first) and np.array_equal(images[:2][0], first)
    assert np.array_equal(pickle.loads(pickle.dumps(images))[np.int64(0)], first)
    with pytest.raises(IndexError):
        images[12]


def test_the_two_fingerprints(tmp_path):
    tree(tmp_path, "flat")
    pixels, names = open_zhu(tmp_path).fingerprint, open_zhu(tmp_path, hash="names").fingerprint
    assert pixels != names
    write(tmp_path / "a_1d1_0_Ch1.ome.bmp", np.full_like(open_zhu(tmp_path).images[0], 7))
    assert open_zhu(tmp_path, hash="names").fingerprint == names
    assert open_zhu(tmp_path).fingerprint != pixels
    (tmp_path / "a_1d1_0_Ch1.ome.bmp").rename(tmp_path / "a_1d1_99_Ch1.ome.bmp")
    assert open_zhu(tmp_path, hash="names").fingerprint != names


def test_where_the_tree_lies_does_not_matter(tmp_path):
    tree(tmp_path / "one", "nested")
    tree(tmp_path / "two" / "astrocytes", "nested")
    one, two = open_zhu(tmp_path / "one"), open_zhu(tmp_path / "two" / "astrocytes")
    assert one.fingerprint == two.fingerprint and one.table.equals(two.table)


def test_options(tmp_path):
    tree(tmp_path, "flat")
    assert open_zhu(tmp_path, window=(80, 160)).window == (80, 160)
    with pytest.raises(ConfigError, match="window=.*white. must lie above"):
        open_zhu(tmp_path, window=(160, 80))
    with pytest.raises(ConfigError, match="hash='size'.*'content' or 'names'"):
        open_zhu(tmp_path, hash="size")


def test_root_is_found_in_the_data_folder_or_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CGRECNET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CGRECNET_DATA", str(tmp_path))
    tree(tmp_path / "zhu-samples", "flat")
    assert not available("zhu")
    with pytest.raises(DataError, match="not in .*zhu: fetch them with .*10.1038/s41467-021-22758-0.*CGRECNET_DATA"):
        open_dataset("zhu")
    tree(tmp_path / "zhu", "flat")
    assert available("zhu") and len(open_dataset("zhu")) == 12
    monkeypatch.delenv("CGRECNET_DATA")
    assert not available("zhu")
    with pytest.raises(DataError, match="not here .CGRECNET_DATA is not set.: fetch them"):
        open_dataset("zhu")
    tree(tmp_path / "cache" / "zhu", "flat")
    assert available("zhu") and open_dataset("zhu").table["cell_id"].str.endswith(".bmp").all()


@pytest.mark.parametrize("place", ["SIMULATED.txt", "NEURONS/SIMULATED.txt", "../SIMULATED.txt"])
def test_simulated_files_are_called_simulated(tmp_path, place):
    root = tmp_path / "images"
    tree(root, "folders")
    assert not open_dataset("zhu", root=root).simulated
    assert report_on("zhu", root=root)[0].startswith("Images of data set zhu")
    (root / place).write_text("simulated")
    cells = open_dataset("zhu", root=root)
    assert cells.simulated and cells.origin.startswith("Simulated brightfield cells") and len(cells) == 12
    assert report_on("zhu", root=root)[0].startswith("Simulated images in the layout of data set zhu")


def test_the_cytometer_marks_its_files_as_the_reader_expects():
    from cgrecnet.data.cytometer.files import MARKER
    from cgrecnet.data.zhu.reader import SIMULATED

    assert MARKER == SIMULATED


def test_available_needs_the_three_classes(tmp_path):
    for name in ("a_1d1_1_Ch1.ome.bmp", "o_1d1_1_Ch1.ome.bmp", "n_1d1_1_Ch2.ome.bmp", "n_1d1_1.txt", "x.bmp"):
        (tmp_path / name).write_bytes(b"x")
    assert not available("zhu", root=tmp_path)
    (tmp_path / "n_1d1_1_Ch1.ome.bmp").write_bytes(b"x")
    assert available("zhu", root=tmp_path)


def test_progress_is_shown_only_for_many(tmp_path, monkeypatch, capsys):
    tree(tmp_path, "flat")
    open_zhu(tmp_path)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(reading, "MANY", 11)
    open_zhu(tmp_path)
    assert "reading images" in capsys.readouterr().err


@pytest.fixture(scope="session")
def samples(real_data):
    folder = real_data / "zhu-samples"
    if not folder.is_dir():
        pytest.skip("CGRECNET_DATA has no zhu-samples")
    return folder


def test_real_samples(samples):
    cells = open_zhu(samples)
    assert cells.counts() == {"astrocyte": 4, "oligodendrocyte": 4, "neuron": 4}
    assert set(cells.table["group"]) == {"a-1d1", "o-1d1", "n-1d1"}
    assert {image.shape[1] for image in cells.images} == {60}
    assert {image.shape[0] for image in cells.images} <= set(range(37, 58))
    apart = open_dataset("zhu", root=samples, task="inducer")
    assert apart.counts()["nt4"] == len(apart) == 3 and set(apart.table["group"]) == {"nt4-1d"}
