"""A packed store opens as the data set that it was packed from, whatever the data set is."""

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from zhu_trees import LAYOUTS, crop, tree, write

from cgrecnet.cli import main
from cgrecnet.data import available, open_dataset, pack_dataset
from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.store import open_store, pack_cells
from cgrecnet.data.store.header import PIXELS, read_header
from cgrecnet.errors import ConfigError, DataError


def assert_same(store: CellDataset, files: CellDataset) -> None:
    """Equal in everything that a data set says."""
    for field in ("name", "simulated", "task", "classes", "window", "origin", "options", "fingerprint"):
        assert getattr(store, field) == getattr(files, field), field
    assert store.labels.dtype == np.int64 and np.array_equal(store.labels, files.labels)
    pd.testing.assert_frame_equal(store.table, files.table)
    for one, other in zip(store.images, files.images, strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other)
    assert store.fingerprint == fingerprint(store.images, store.labels, store.table["cell_id"].tolist())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_paper_s_images_in_every_layout(tmp_path, layout):
    tree(tmp_path / "files", layout)
    store = pack_dataset("zhu", tmp_path / "files", store=tmp_path / "store")
    assert_same(open_dataset("zhu", root=store), open_dataset("zhu", root=tmp_path / "files"))


@pytest.mark.parametrize("task", ["cycle", "cycle_e1", "stage7"])
def test_jurkat(tmp_path, task):
    store = pack_dataset("jurkat", task=task, store=tmp_path / "store")
    assert_same(open_dataset("jurkat", root=store), open_dataset("jurkat", task=task))


def test_simulated_cells_with_their_causes(tmp_path):
    options = {"cells": 70, "seed": 3, "shares": (0.3, 0.3, 0.4)}
    store = pack_dataset("cytometer", options=options, store=tmp_path / "store")
    made = open_dataset("cytometer", options=options)
    assert_same(open_dataset("cytometer", root=store), made)
    assert_same(open_dataset("cytometer", root=store, options={"seed": 3, "shares": (0.3, 0.3, 0.4)}), made)
    assert open_dataset("cytometer", options={"cells": 5}).fingerprint != made.fingerprint


def test_real_samples(real_data, tmp_path):
    if not (real_data / "zhu-samples").is_dir():
        pytest.skip("CGRECNET_DATA has no zhu-samples")
    for task in ("lineage", "inducer"):
        store = pack_dataset("zhu", real_data / "zhu-samples", task=task, store=tmp_path / task)
        assert_same(open_dataset("zhu", root=store), open_dataset("zhu", root=real_data / "zhu-samples", task=task))


def odd_cells(kind: type = np.uint16) -> CellDataset:
    """Crops of very different sizes, and a table with every sort of column and name."""
    rng = np.random.default_rng(0)
    shapes = [(1, 1), (3, 200), (57, 60), (2, 1), (90, 7)]
    images = [rng.integers(0, np.iinfo(kind).max, shape, dtype=kind, endpoint=True) for shape in shapes]
    ids = ["a,b", 'say "c"', "new\nline", "日本/Zelle µ.bmp", " space "]
    table = pd.DataFrame(
        {
            "cell_id": ids,
            "class_name": ["k", "k", "l", "l", "l"],
            "group": ["", "NA", "nan", "None", "1"],
            "day": ["01", "1", "", "1e3", "0x1"],
            "cause": [0.1, np.nan, 1e-300, 2 / 3, -0.0],
            "count": np.array([2**62, -1, 0, 1, 2]),
            "small": np.array([1, 2, 3, 4, 5], np.int8),
            "debris": [True, False, True, True, False],
        }
    )
    labels = np.array([0, 0, 1, 1, 1])
    return CellDataset(
        "cytometer", True, "kind", ("k", "l"), images, labels, table, (0.25, 1e4), fingerprint(images, labels, ids),
        "Simulated, made up.", {"shares": (0.5, 0.5), "seed": 1},
    )  # fmt: skip


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_odd_sizes_names_and_columns(tmp_path, kind):
    cells = odd_cells(kind)
    pack_cells(cells, tmp_path / "Speicher äöü 日本")
    assert_same(open_store(tmp_path / "Speicher äöü 日本"), cells)


def test_a_table_that_text_cannot_keep_is_refused(tmp_path):
    cells = odd_cells()
    cells.table["thing"] = [object() for _ in range(5)]
    with pytest.raises(DataError, match="Column 'thing' .* does not survive"):
        pack_cells(cells, tmp_path / "store")
    cells = odd_cells()
    cells.table["packed_offset"] = 1
    with pytest.raises(DataError, match="column 'packed_offset', a name that a store uses"):
        pack_cells(cells, tmp_path / "other")


def test_workers_get_a_path_and_no_pixels(tmp_path):
    cells = open_dataset("cytometer", options={"cells": 300})
    pack_cells(cells, tmp_path / "store")
    images = open_store(tmp_path / "store").images
    sent = pickle.dumps(images)
    assert len(sent) < 300 * 32 + 2000 < (tmp_path / "store" / PIXELS).stat().st_size / 10
    program = (
        "import pickle, sys\nimages = pickle.load(sys.stdin.buffer)\n"
        "print(type(images.pixels).__name__, sum(int(image.sum()) for image in images))"
    )
    done = subprocess.run([sys.executable, "-c", program], input=sent, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["memmap", str(sum(int(image.sum()) for image in cells.images))]
    assert not images[0].flags.writeable


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what is in memory")
def test_pages_that_were_read_can_be_let_go_and_are_read_again(tmp_path):
    store = pack_dataset("jurkat", store=tmp_path / "store")
    images = open_dataset("jurkat", root=store).images

    def resident() -> int:
        """Bytes of the file that this process holds in memory."""
        lines = Path("/proc/self/smaps").read_text().splitlines()
        maps = [i for i, line in enumerate(lines) if line.endswith(str(images.path))]
        return sum(1024 * int(next(line for line in lines[i:] if line.startswith("Rss:")).split()[1]) for i in maps)

    read = sum(int(image.sum()) for image in images)
    held = resident()
    assert held > 0.9 * images.path.stat().st_size
    images.release()
    assert resident() < 0.1 * held
    assert sum(int(image.sum()) for image in images) == read


def test_the_index_says_where_each_crop_lies(tmp_path):
    files = tree(tmp_path / "files", "nested")
    store = pack_dataset("zhu", tmp_path / "files", store=tmp_path / "store")
    index = pd.read_csv(store / "index.csv", dtype={"day": str})
    pixels = (store / PIXELS).read_bytes()
    for row in index.itertuples():
        crop = files[row.cell_id]
        assert (row.packed_height, row.packed_width) == crop.shape
        assert pixels[row.packed_offset :][: crop.size] == crop.tobytes()
        content = (tmp_path / "files" / row.cell_id).read_bytes()
        assert row.packed_source_sha256 == hashlib.sha256(content).hexdigest()


def test_one_rule_where_a_store_is_found(tmp_path, no_data, monkeypatch):
    tree(tmp_path / "files", "flat")
    first = pack_dataset("zhu", tmp_path / "files")
    assert first == no_data / "stores" / "zhu-lineage" and available("zhu")
    assert len(open_dataset("zhu")) == 12 and open_dataset("zhu").images.path == first / PIXELS
    assert open_dataset("zhu", options={"hash": "names", "window": (80, 160)}).window == (80, 160)
    with pytest.raises(DataError, match="not here"):  # a store of another task is none of this one
        open_dataset("zhu", task="inducer")
    tree(tmp_path / "data" / "zhu", "flat", per_class=5)
    monkeypatch.setenv("CGRECNET_DATA", str(tmp_path / "data"))
    second = pack_dataset("zhu", store=tmp_path / "data" / "stores" / "zhu-lineage")  # reads the files, not a store
    assert len(open_dataset("zhu")) == 15 and open_dataset("zhu").images.path == second / PIXELS
    assert len(open_dataset("zhu", root=tmp_path / "files")) == 12


def test_a_store_of_something_else(tmp_path):
    tree(tmp_path / "files", "flat")
    store = pack_dataset("zhu", tmp_path / "files", store=tmp_path / "store")
    with pytest.raises(ConfigError, match="holds data set 'zhu', not 'cytometer'"):
        open_dataset("cytometer", root=store)
    with pytest.raises(ConfigError, match="packed for task 'lineage', not 'inducer': .*data pack zhu --task inducer"):
        open_dataset("zhu", root=store, task="inducer")
    with pytest.raises(ConfigError, match="'zhu' has no option 'windw'; did you mean 'window'"):
        open_dataset("zhu", root=store, options={"windw": 1})
    made = pack_dataset("cytometer", options={"cells": 20}, store=tmp_path / "made")
    with pytest.raises(ConfigError, match="packed with cells=20, not 30: leave that option out"):
        open_dataset("cytometer", root=made, options={"cells": 30})


def test_unusable_files_are_excluded_by_name(tmp_path, capsys):
    files = tmp_path / "files"
    tree(files, "flat")
    intact = open_dataset("zhu", root=files).fingerprint
    (files / "a_1d1_90_Ch1.ome.bmp").write_bytes(b"")
    (files / "n_1d1_91_Ch1.ome.bmp").write_bytes(b"BM")
    (files / "o_1d1_92_Ch1.ome.bmp").write_text("no image")
    write(files / "elsewhere.bmp", crop(1))
    assert main(["data", "pack", "zhu", str(files), "--store", str(tmp_path / "store")]) == 0
    output = capsys.readouterr()
    assert "12 crops" in output.out and "4 file(s) could not be packed" in output.out and "packing crops" in output.err
    assert (tmp_path / "store" / "aside.csv").read_text().splitlines() == [
        "name,reason",
        "a_1d1_90_Ch1.ome.bmp,empty (0 bytes)",
        "elsewhere.bmp,no class in folder or file name",
        "n_1d1_91_Ch1.ome.bmp,truncated or damaged",
        'o_1d1_92_Ch1.ome.bmp,"not a BMP, TIFF or PNG image"',
    ]
    store = open_dataset("zhu", root=tmp_path / "store")
    assert store.fingerprint == intact and read_header(tmp_path / "store").excluded == 4
    assert_same(store, open_dataset("zhu", root=files))
    assert main(["data", "check", "zhu", str(tmp_path / "store")]) == 0
    output = capsys.readouterr().out
    assert "data set zhu, task lineage, cells as given (taken to be the paper's)\n" in output
    assert "Left out when it was packed" in output and "truncated or damaged: 1 (n_1d1_91_Ch1.ome.bmp)" in output


def test_a_class_without_a_usable_image_and_mixed_depths(tmp_path):
    tree(tmp_path / "a", "flat")
    for path in (tmp_path / "a").glob("o_*"):
        path.write_bytes(b"BM")
    with pytest.raises(
        DataError, match="No image of class 'oligodendrocyte' can be used .4 left out; o_1d1_0.*damaged"
    ):
        pack_dataset("zhu", tmp_path / "a", store=tmp_path / "store")
    tree(tmp_path / "b", "png16")
    write(tmp_path / "b" / "n_1d1_77_Ch1.ome.png", crop(5))
    with pytest.raises(DataError, match="n_1d1_77_Ch1.ome.png is 2-D and uint8, where the others are .* uint16"):
        pack_dataset("zhu", tmp_path / "b", store=tmp_path / "other")
    for name in ("store", "other"):
        assert not (tmp_path / name / "store.json").exists()


def test_the_command_says_where_and_how_large(tmp_path, no_data, capsys):
    tree(tmp_path / "files", "flat")
    for _ in range(2):  # the second time it is there already
        assert main(["data", "pack", "zhu", str(tmp_path / "files")]) == 0
        output = capsys.readouterr().out
        assert str(no_data / "stores" / "zhu-lineage") in output and "12 crops" in output and "MB of pixels" in output
        assert "is read from here from now on" in output
    assert main(["data", "pack", "cytometer", "--option", "cells=30", "--store", str(tmp_path / "made")]) == 0
    assert f"open_dataset('cytometer', root='{tmp_path / 'made'}')" in capsys.readouterr().out
    assert main(["data", "pack", "cytometer", "--option", "cells", "--store", str(tmp_path / "x")]) == 2
    assert "is not NAME=VALUE" in capsys.readouterr().err
    assert main(["data", "pack", "cytometer", "--option", "cels=3", "--store", str(tmp_path / "x")]) == 2
    assert "did you mean 'cells'" in capsys.readouterr().err
