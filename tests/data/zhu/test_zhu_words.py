"""Folders as people have them: which cell, class, channel and acquisition their names give, and what is said of it."""

import unicodedata

import numpy as np
import pytest
import tifffile
from zhu_trees import crop, write

from cgrecnet.cli import main
from cgrecnet.data import open_dataset, report_on
from cgrecnet.data.images.reading import Reader
from cgrecnet.data.zhu.names import describe
from cgrecnet.errors import ConfigError, DataError

PLAIN = {"a": "astrocytes", "o": "oligodendrocytes", "n": "neurons"}


def folders(root, names, file="{i}.png", cells=4, depth=8):
    for number, folder in enumerate(names):
        for i in range(cells):
            write(root / folder / file.format(i=i), crop(100 * number + i, depth))
    return root


def check(root, **options):
    return report_on("zhu", root=root, options=options)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_words_of_the_paper_its_figures_its_ids_and_portuguese(tmp_path, form):
    portuguese = [
        f"NSCs tratadas com meio de diferenciação de {kind}" for kind in ("astrócitos", "oligodendrócitos", "neurônios")
    ]
    for place, names in enumerate((portuguese, ["Astro", "Oligo", "Neuron"], ["0", "1", "2"])):
        root = folders(tmp_path / str(place) / "set", [unicodedata.normalize(form, name) for name in names])
        assert set(open_dataset("zhu", root=root).counts().values()) == {4}, names


@pytest.mark.parametrize(
    "folder", ["not_neurons", "neuron progenitors", "excluded - out of focus neurons", "neurons/excluded", "non-neuron"]
)
def test_a_folder_that_may_mean_something_else_is_refused_by_name_and_named_by_a_map(tmp_path, folder):
    folders(tmp_path, [*PLAIN.values(), folder])
    text, good = check(tmp_path)
    assert not good and f"folder {folder.rpartition('/')[2]!r} may mean something else" in text
    assert open_dataset("zhu", root=tmp_path).counts()["neuron"] == 4
    mapped = open_dataset("zhu", root=tmp_path, options={"classes": {folder.rpartition("/")[2]: "neuron"}})
    assert mapped.counts()["neuron"] == 8
    with pytest.raises(ConfigError, match="'astrocyte', 'oligodendrocyte'"):
        open_dataset("zhu", root=tmp_path, options={"classes": {folder: "T cell"}})


def test_a_folder_that_names_two_classes_is_refused_by_name_where_no_other_names_one(tmp_path):
    folders(tmp_path, [*PLAIN.values(), "astrocytes and neurons"])
    text, good = check(tmp_path)
    assert not good and "folder astrocytes and neurons names two classes or more" in text


def test_a_class_in_a_file_name_is_one():
    assert describe((), "Exp14_Donor1_astrocyte_0_Ch1.ome.tif")[0] == "astrocyte"
    assert describe(("Neuronas",), "astro 3.png")[0] == "astrocyte"


def test_check_tells_folder_class_and_group_and_which_folders_are_not_kept_apart(tmp_path):
    runs = [f"Experiment 00{experiment}/Day {day}/Sample A/Replicate 1" for experiment in (1, 2) for day in (1, 2)]
    folders(tmp_path, [f"{run}/{kind}" for run in runs for kind in PLAIN.values()])
    text, good = check(tmp_path)
    line = next(line for line in text.splitlines() if f"{runs[0]}/astrocytes" in line)
    assert good and line.split()[-3:] == ["astrocyte", "a-1d1", "4"]
    assert "is of 2 folders. Where these are acquisitions of their own" in text and "--option group=LEVEL" in text
    cells = open_dataset("zhu", root=tmp_path, options={"group": r"Experiment (\d+)/Day (\d)"})
    assert set(cells.table["group"]) == {"001-1", "001-2", "002-1", "002-2"}
    assert "Where these are acquisitions" not in check(tmp_path, group=1)[0]
    assert set(open_dataset("zhu", root=tmp_path, options={"group": 1}).table["group"]) == {
        "Experiment 001", "Experiment 002",
    }  # fmt: skip


def test_a_culture_in_three_dimensions_is_no_day():
    assert describe(("3D culture", "neurons"), "1.png") == ("neuron", "", "")
    assert describe(("day 3", "neurons"), "1.png") == ("neuron", "3", "")


def test_the_channel_is_named_chosen_and_believed_where_the_file_marks_it(tmp_path):
    folders(tmp_path / "plain", PLAIN.values(), "{i}_Ch1.ome.tif")
    folders(tmp_path / "plain", PLAIN.values(), "{i}_Ch4.ome.tif", depth=16)
    text, good = check(tmp_path / "plain")
    assert good and "Ch1 is read (channel= reads another); there are: Ch1 12, Ch4 12" in text
    assert open_dataset("zhu", root=tmp_path / "plain").images[0].dtype == np.uint8
    assert open_dataset("zhu", root=tmp_path / "plain", options={"channel": 4}).images[0].dtype == np.uint16
    for path in (tmp_path / "plain").rglob("*_Ch4.ome.tif"):
        output = '<OME><Image><Pixels><Channel Name="BF"/></Pixels></Image></OME>'
        tifffile.imwrite(path, tifffile.imread(path), description=output)
    assert open_dataset("zhu", root=tmp_path / "plain").images[0].dtype == np.uint16
    assert "Ch4 is read (as the files mark it)" in check(tmp_path / "plain")[0]


def test_the_other_camera_is_an_option_that_the_sentence_names(tmp_path):
    folders(tmp_path, PLAIN.values(), "{i}_Ch9.ome.tif")
    with pytest.raises(DataError, match="12 of Ch9, which channel=9 reads"):
        open_dataset("zhu", root=tmp_path)
    assert "--option channel=9 reads them" in check(tmp_path)[0]
    assert len(open_dataset("zhu", root=tmp_path, options={"channel": 9})) == 12


def test_a_window_that_leaves_next_to_nothing_is_reported(tmp_path, capsys):
    """Simulated cells of 12 bit, read back: a network would see a fiftieth of the scale."""
    assert main(["data", "simulate", str(tmp_path / "s"), "--cells", "60", "--bits", "12"]) == 0
    assert main(["data", "check", "zhu", str(tmp_path / "s")]) == 1
    output = capsys.readouterr().out
    assert "of the window 0 to 65535, so that a network sees next to nothing; --option window=[" in output
    assert "grey levels that fill too little of the window" in output


def test_options_are_recorded_only_where_they_are_used(tmp_path):
    """Stores and manifests of data sets that were opened before there were more options stay valid."""
    folders(tmp_path, PLAIN.values())
    assert open_dataset("zhu", root=tmp_path).options == {"hash": "content", "window": None}
    used = open_dataset("zhu", root=tmp_path, options={"page": 1}).options
    assert used == {"page": 1, "hash": "content", "window": None}


@pytest.mark.parametrize("kind", ["rgb16 lzw", "12 bit"])
def test_what_needs_a_codec_is_read(tmp_path, kind):
    codecs = pytest.importorskip("imagecodecs")
    image = crop(1, 16) >> 4
    path = tmp_path / "x.tif"
    if kind == "12 bit":
        packed = codecs.packints_encode(image, 12)
        tifffile.imwrite(path, shape=image.shape, dtype=image.dtype, bitspersample=12, byteorder=">",
                         data=iter([packed]), photometric="minisblack", rowsperstrip=image.shape[0])  # fmt: skip
    else:
        tifffile.imwrite(path, np.dstack([image] * 3), photometric="rgb", compression="lzw")
    np.testing.assert_array_equal(Reader().read(tmp_path, "x.tif"), image)


