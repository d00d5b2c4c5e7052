"""The report on a folder of the paper's images."""

import re
from collections import Counter

import numpy as np
import pytest
from zhu_trees import CODES, crop, tree, write

from cgrecnet.cli import main
from cgrecnet.data.images import check as images_check
from cgrecnet.data.images.listing import Cell
from cgrecnet.data.levels import border_mean
from cgrecnet.paper.tables import load_tables

PRINTED = {"astrocyte": 55_466, "oligodendrocyte": 27_687, "neuron": 124_403}


def check(root, capsys):
    status = main(["data", "check", "zhu", str(root)])
    return status, capsys.readouterr().out


def test_a_sound_tree(tmp_path, capsys):
    tree(tmp_path, "channels", per_class=40)
    write(tmp_path / "nt3_1d1_1_Ch1.ome.bmp", crop(5000))
    (tmp_path / "readme.txt").write_text("x")
    status, output = check(tmp_path, capsys)
    assert status == 0 and output.endswith("Nothing amiss.\n"), output
    lines = [line.split() for line in output.splitlines()]
    for kind, count in PRINTED.items():
        assert [kind, "40", f"{count:,}", f"-{count - 40:,}"] in lines
    assert ["nt3", "1"] in lines and "8 bit: 121 images" in output
    assert [line[:3] for line in lines if line[:2] == ["astrocyte", "a-1d1"]] == [["astrocyte", "a-1d1", "20"]]
    assert "Ch1 is read (channel= reads another); there are: Ch1 121, Ch2 120, Ch3 120, Ch11 120" in output
    assert ".txt 1" in output
    assert "Exact duplicates: none" in output and "split cannot be rebuilt: a test part has 6 / 6 / 6" in output


def test_table_1_is_the_paper_s(capsys):
    assert {row.lower()[:-1]: cells["count"].number for row, cells in load_tables()["1"].rows.items()} == PRINTED


def test_the_grey_levels_of_the_border(tmp_path, capsys):
    image = np.full((10, 20), 100, np.uint8)
    image[1:-1, 1:-1] = 7
    assert border_mean(image) == 100
    image[0, 0] = 156
    assert border_mean(image) == pytest.approx(101)
    assert border_mean(np.array([[1, 3]], np.uint8)) == 2
    for number, code in enumerate(CODES.values()):
        for i in range(3):
            image[0, 0] = 100 + 56 * i
            write(tmp_path / f"{code}_1d{number}_{i}_Ch1.ome.bmp", image + np.uint8(number))
    output = check(tmp_path, capsys)[1]
    assert ["101.0", "102.0", "103.0"] == next(line.split() for line in output.splitlines() if " o-1d1 " in line)[5:8]


def test_what_is_amiss_is_named_and_ends_with_status_1(tmp_path, capsys):
    tree(tmp_path, "flat")
    write(tmp_path / "a_1d1_90_Ch1.ome.png", crop(0))  # the pixels of a_1d1_0
    write(tmp_path / "neurons" / "a_1d1_5_Ch1.ome.bmp", crop(1))
    for i in range(5):
        (tmp_path / f"a_1d1_8{i}_Ch1.ome.bmp").write_bytes(b"")
    write(tmp_path / "n_1d1_77_Ch1.ome.png", crop(1, 16))
    status, output = check(tmp_path, capsys)
    assert status == 1
    assert "a_1d1_90_Ch1.ome.png is a_1d1_0_Ch1.ome.bmp" in output
    assert "folder says neuron, file name says astrocyte: 1 (neurons/a_1d1_5_Ch1.ome.bmp)" in output
    assert "empty (0 bytes): 5 (a_1d1_80_Ch1.ome.bmp, a_1d1_81_Ch1.ome.bmp, a_1d1_82_Ch1.ome.bmp, ...)" in output
    assert "8 bit: 13 images, 16 bit: 1 images" in output
    amiss = output.splitlines()[-1]
    assert amiss.startswith("Amiss: 8 and 16 bit are mixed") and "6 set aside" in amiss and "1 exact dup" in amiss


def test_a_missing_class_and_an_empty_folder_are_reported_not_failed(tmp_path, capsys):
    status, output = check(tmp_path, capsys)
    assert status == 1 and "no image at all, the folder is empty" in output
    for code in "an":
        write(tmp_path / f"{code}_1d1_1_Ch1.ome.bmp", crop(ord(code)))
    status, output = check(tmp_path, capsys)
    assert status == 1 and "no oligodendrocyte cells, so the task `lineage` cannot be opened" in output


def test_the_paper_s_split_is_recognised():
    """With the paper's counts the joint split has the paper's test part; with fewer astrocytes it has not."""
    assert images_check._test_part(Counter(PRINTED), PRINTED) == "8,320 / 4,153 / 18,661"
    assert images_check._test_part(Counter(PRINTED | {"astrocyte": 50_000}), PRINTED).startswith("7,500 / ")


def test_whether_the_split_can_be_rebuilt_is_said():
    counts, found = {"a": 40, "b": 20, "c": 60}, images_check.Findings()
    for kind, count in counts.items():
        for i in range(count):
            found.add(Cell((f"{kind}{i}",), 6, kind, ""), np.array([[i, 1], [2, ord(kind)]], np.uint8))

    def said(**test) -> str:
        return images_check.report_of([], found, None, {"counts": counts, "test": test}, False, {}, [])[0]

    assert "can be rebuilt: its test part has 6 / 3 / 9 cells, as printed.\nWhich cells" in said(a=6, b=3, c=9)
    assert "cannot be rebuilt: a test part has 6 / 3 / 9 cells here, 6 / 3 / 8 in the paper." in said(a=6, b=3, c=8)
    assert "cannot be rebuilt: these cells are too few, or a class is missing." in said(a=6, b=3, c=9, d=1)


def test_a_folder_that_is_none_ends_with_status_2(tmp_path, capsys):
    assert main(["data", "check", "zhu", str(tmp_path / "nowhere")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_real_samples(real_data, capsys):
    folder = real_data / "zhu-samples"
    if not folder.is_dir():
        pytest.skip("CGRECNET_DATA has no zhu-samples")
    status, output = check(folder, capsys)
    assert status == 0
    row = r"^  \w+ +(\w+-1d\d?) .* \d+\.\d +(\d+\.\d) +\d+\.\d "  # the second of the three levels of the border
    medians = {found[1]: float(found[2]) for found in re.finditer(row, output, re.M)}
    assert medians == pytest.approx({"a-1d1": 101, "o-1d1": 151.6, "n-1d1": 101.3, "nt4-1d": 151.9}, abs=0.5)
