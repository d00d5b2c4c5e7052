"""Stores that are damaged, changed or of another version: one sentence with what to do, or a report."""

import json
import pickle
import shutil
from dataclasses import replace

import pytest
from zhu_trees import tree

from cgrecnet.cli import main
from cgrecnet.data import open_dataset, pack_dataset
from cgrecnet.data.store.header import EXCLUDED, HASH, HEADER, INDEX, PIXELS, Content, content_of
from cgrecnet.errors import DataError
from cgrecnet.files import hash_of
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.parts import part_cells


@pytest.fixture
def store(tmp_path):
    tree(tmp_path / "files", "flat")
    return pack_dataset("zhu", tmp_path / "files", store=tmp_path / "store")


def change(store, mended: bool = True, **values) -> None:
    """Change entries of the header; mended: and the hash over them, as only a program does."""
    header = json.loads((store / HEADER).read_text()) | values
    written = header.pop(HASH)
    (store / HEADER).write_text(json.dumps(header | {HASH: hash_of(header) if mended else written}))


REMEDY = "remove the folder .*store and pack the data set anew"


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


FAULTS = {
    "other version": (
        lambda s: change(s, format=2, built_with="9.1"),
        rf"is of format 2 \(packed by cgrecnet 9.1\), and this version reads format 1: {REMEDY}.*, or open",
    ),
    "no json": (lambda s: (s / HEADER).write_text("{"), f"store.json is damaged .no header of a store.: {REMEDY}"),
    "other json": (lambda s: (s / HEADER).write_text("[1]"), "store.json is damaged"),
    "nested": (lambda s: (s / HEADER).write_text("[" * 3000 + "]" * 3000), "store.json is damaged"),
    "no type": (
        lambda s: change(s, columns=[["cell_id", "str"], ["class_name", "1e-3"], ["group", "str"]]),
        "index.csv does not fit its header",
    ),
    "binary": (lambda s: (s / HEADER).write_bytes(b"\xff\xfe\0"), "store.json is damaged"),
    "unknown entry": (lambda s: change(s, more=1), f"store.json is damaged .at 'more'.: {REMEDY}"),
    "bad entry": (lambda s: change(s, pixel_type="<f4"), "store.json is damaged .at 'pixel_type'"),
    "not simulated": (
        lambda s: change(s, mended=False, simulated=True),
        f"store.json was changed after it was packed .its sha256 differs.: {REMEDY}",
    ),
    "white on black": (lambda s: change(s, window=[255, 0]), "store.json is damaged .at '.*black is darker than white"),
    "one class twice": (lambda s: change(s, classes=["a", "a"]), "store.json is damaged .at '.*each class another"),
    "fewer classes": (lambda s: change(s, classes=["a"]), "does not fit its header .labels of other classes"),
    "more crops": (lambda s: change(s, crops=13), "index.csv does not fit its header .other sizes"),
    "other columns": (lambda s: change(s, columns=[["cell_id", "str"], ["x", "str"]]), "index.csv does not fit its h"),
    "other types": (
        lambda s: change(s, columns=[["cell_id", "int64"], ["class_name", "str"], ["group", "str"]]),
        "index.csv does not fit its header",
    ),
    "cut pixels": (lambda s: cut(s / PIXELS), rf"pixels.bin is cut off \([\d,]+ of [\d,]+ bytes\): {REMEDY}"),
    "long pixels": (lambda s: (s / PIXELS).open("ab").write(b"x"), "pixels.bin is longer than it was packed"),
    "no pixels": (lambda s: (s / PIXELS).unlink(), f"pixels.bin cannot be read .No such file or directory.: {REMEDY}"),
    "cut index": (lambda s: cut(s / INDEX), "index.csv is cut off"),
    "no index": (lambda s: (s / INDEX).unlink(), "index.csv cannot be read"),
    "other labels": (
        lambda s: (s / INDEX).write_bytes((s / INDEX).read_bytes().replace(b"\n0,", b"\n1,", 1)),
        f"index.csv was changed after it was packed .its sha256 differs.: {REMEDY}",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_sentence_on_opening_checking_and_packing(store, tmp_path, fault, capsys):
    spoil, output = FAULTS[fault]
    spoil(store)
    with pytest.raises(DataError, match=output) as found:
        open_dataset("zhu", root=store)
    assert "\n" not in str(found.value)
    assert main(["data", "check", "zhu", str(store)]) == 2
    assert main(["data", "pack", "zhu", str(tmp_path / "files"), "--store", str(store)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2 and all(str(found.value) in line for line in errors)


def test_a_task_that_the_data_set_does_not_have(store):
    change(store, task="lineages")
    with pytest.raises(DataError, match="of task 'lineages', which 'zhu' does not have"):
        open_dataset("zhu", root=store)


def test_a_header_from_before_there_was_a_hash_is_read(store):
    header = json.loads((store / HEADER).read_text())
    del header[HASH]
    (store / HEADER).write_text(json.dumps(header))
    assert open_dataset("zhu", root=store).fingerprint == header["fingerprint"]


def test_no_training_begins_on_changed_pixels(tmp_path):
    tree(tmp_path / "files", "flat", per_class=20)
    store = pack_dataset("zhu", tmp_path / "files", store=tmp_path / "store")
    config, fabric = RunConfig(data="zhu", image_size=32), make_fabric(RunConfig())
    part_cells(open_dataset("zhu", root=store), config, fabric)
    pixels = bytearray((store / PIXELS).read_bytes())
    pixels[-1] ^= 1
    (store / PIXELS).write_bytes(pixels)
    dataset = open_dataset("zhu", root=store)
    last = dataset.table["cell_id"].iloc[-1]
    for copy in (dataset, replace(dataset, images=pickle.loads(pickle.dumps(dataset.images)))):
        with pytest.raises(DataError, match=f"pixels of {last} in .*pixels.bin are not those .*: {REMEDY}"):
            part_cells(copy, config, fabric)


def test_a_folder_without_a_header_is_no_store(store):
    (store / HEADER).unlink()
    with pytest.raises(DataError, match="holds other files"):
        open_dataset("zhu", root=store)


def test_changed_pixels_are_found_and_named_by_the_full_check(store, capsys):
    assert main(["data", "check", "zhu", str(store)]) == 0
    assert "Nothing amiss" in capsys.readouterr().out
    names = open_dataset("zhu", root=store).table["cell_id"].tolist()
    pixels = bytearray((store / PIXELS).read_bytes())
    pixels[0] ^= 1
    pixels[-1] ^= 1
    (store / PIXELS).write_bytes(pixels)
    open_dataset("zhu", root=store)  # no pixel is read on opening
    assert main(["data", "check", "zhu", str(store)]) == 1
    output = capsys.readouterr().out
    assert f"Amiss: the pixels of 2 crop(s) were changed ({names[0]}, {names[-1]}): remove the folder" in output


def test_changed_labels_under_a_mended_index_are_found_by_the_full_check(store, capsys):
    changed = (store / INDEX).read_bytes().replace(b"\n0,", b"\n1,", 1)
    (store / INDEX).write_bytes(changed)
    change(store, index=Content.model_dump(content_of(store / INDEX)))
    assert main(["data", "check", "zhu", str(store)]) == 1
    assert "the fingerprint over pixels, labels and names is not the packed one" in capsys.readouterr().out


def test_a_report_that_is_gone(store, capsys):
    change(store, aside=1)
    (store / EXCLUDED).unlink()
    assert main(["data", "check", "zhu", str(store)]) == 2
    assert "aside.csv is gone or damaged" in capsys.readouterr().err


def test_the_check_compares_with_the_paper_s_counts(store, capsys):
    main(["data", "check", "zhu", str(store)])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["astrocyte", "4", "55,466", "-55,462"] in lines


def test_the_check_tells_what_the_check_of_the_files_tells(tmp_path, capsys):
    """Counts, shapes, grey levels by class and group, split and duplicates, line for line."""
    files = tmp_path / "files"
    tree(files, "flat", per_class=20)
    shutil.copy(files / "a_1d1_0_Ch1.ome.bmp", files / "a_1d1_500_Ch1.ome.bmp")
    store = pack_dataset("zhu", files, store=tmp_path / "store")
    reports = []
    for folder in (files, store):
        assert main(["data", "check", "zhu", str(folder)]) == 1
        reports.append(capsys.readouterr().out.split("\n\n"))
    assert reports[0][1:-1] == reports[1][1:-1] and len(reports[0]) >= 6
    assert reports[1][-1] == "Amiss: 1 exact duplicate(s), which a split may put on both of its sides.\n"
