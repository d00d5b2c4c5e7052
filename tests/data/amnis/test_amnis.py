"""ImageStream files as a data set: channel, classes, masks, window, and what `cgrecnet data check` says."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from cif_writer import Cell, gate, line, tagged, write_cif, write_daf

from cgrecnet.cli import main
from cgrecnet.data import fetch_dataset, open_dataset, pack_dataset, report_on
from cgrecnet.errors import ConfigError, DataError

REAL = Path(__file__).with_name("example.cif")


def cell(seed: int = 0, channels: int = 3, level: int = 600, masked: bool = True) -> Cell:
    rng = np.random.default_rng(seed)
    planes = rng.integers(level - 50, level + 50, (channels, 12, 11)) + 100 * np.arange(channels)[:, None, None]
    masks = np.zeros(planes.shape, np.uint8)
    masks[:, 3:9, 2:8], masks[:, 3, 2:8] = 1, 2
    return Cell(planes, masks if masked else None, background=np.arange(channels) * 100.0 + 550.4)


def cells(count: int, **more) -> list[Cell]:
    return [cell(seed, **more) for seed in range(count)]


def test_the_real_file_through_the_door():
    dataset = open_dataset("amnis", root=REAL)
    assert (dataset.name, dataset.task, dataset.classes, dataset.window) == ("amnis", "own", ("unlabelled",), (0, 1023))
    first = dataset.table.iloc[0].to_dict()
    assert first == {
        "cell_id": "example.cif#0", "class_name": "unlabelled", "group": "example", "file": "example.cif",
        "object": 0, "original": 58, "channel": 5,
    }  # fmt: skip
    assert dataset.origin == "The user's own cells from one ImageStream file, Ch5 (brightfield by the file's own mark)."
    assert dataset.images[0].mean() == pytest.approx(222.3928, abs=1e-4) and dataset.images[0].dtype == np.uint16
    again = pickle.loads(pickle.dumps(dataset.images))
    assert np.array_equal(again[-1], dataset.images[110]) and np.array_equal(again[5:7][1], again[6])


def test_the_channel_is_the_marked_one_or_one_that_is_named(tmp_path, caplog):
    made = cells(2, channels=4)
    write_cif(tmp_path / "two.cif", made, channels=(1, 4, 9, 11), brightfield=(2, 4, 9))
    dataset = open_dataset("amnis", root=tmp_path)
    assert np.array_equal(dataset.images[1], made[1].planes[1]) and dataset.table["channel"].tolist() == [4, 4]
    assert "two.cif marks channels 4 and 9 as brightfield; the first is read" in caplog.text
    other = open_dataset("amnis", root=tmp_path, options={"channel": 11})
    assert np.array_equal(other.images[1], made[1].planes[3]) and other.fingerprint != dataset.fingerprint
    with pytest.raises(ConfigError, match="two.cif has no channel 2: give channel= one of 1, 4, 9, 11"):
        open_dataset("amnis", root=tmp_path, options={"channel": 2})
    write_cif(tmp_path / "two.cif", made, channels=(1, 4, 9, 11), brightfield=(2,))
    with pytest.raises(ConfigError, match="does not mark its brightfield .*: give channel= one of 1, 4, 9, 11"):
        open_dataset("amnis", root=tmp_path)


def test_levels_below_0_are_0_and_masks_are_counted(tmp_path):
    made = cells(2)
    made[0].planes[1, 5, 5] = -7
    made[1].masks[1] = 0
    write_cif(tmp_path / "made.cif", made)
    plain = open_dataset("amnis", root=tmp_path)
    assert np.array_equal(plain.images[0], made[0].planes[1].clip(0)) and plain.images[0][5, 5] == 0
    text, good = report_on("amnis", root=tmp_path)
    assert good and "levels below 0 in 1 object(s), which are read as 0" in text
    assert "masks: of 2 objects, 1 of them empty in the brightfield" in text
    write_cif(tmp_path / "made.cif", cells(2, masked=False))
    assert "masks: none" in report_on("amnis", root=tmp_path)[0]


def test_classes_from_files_and_folders(tmp_path):
    for folder, name, count in (("astro", "run1", 2), ("neuron", "run1", 3), ("neuron/late", "run2", 1)):
        (tmp_path / folder).mkdir(exist_ok=True)
        write_cif(tmp_path / folder / f"{name}.cif", cells(count))
    by_folder = open_dataset("amnis", root=tmp_path, options={"classes_from": "folder"})
    assert by_folder.counts() == {"astro": 2, "late": 1, "neuron": 3}
    assert by_folder.table["group"].unique().tolist() == ["astro/run1", "neuron/run1", "neuron/late/run2"]
    joined = {"neuron": "nerve", "late": "nerve"}
    some = open_dataset("amnis", root=tmp_path, options={"classes_from": "folder", "classes": joined})
    assert some.counts() == {"nerve": 4} and set(some.table["file"]) == {"neuron/run1.cif", "neuron/late/run2.cif"}
    assert open_dataset("amnis", root=tmp_path, options={"classes_from": "file"}).counts() == {"run1": 5, "run2": 1}
    with pytest.raises(ConfigError, match="no folder 'nurons' to take a class from; did you mean 'neuron'"):
        open_dataset("amnis", root=tmp_path, options={"classes_from": "folder", "classes": {"nurons": "x"}})
    with pytest.raises(ConfigError, match="classes needs at least one name, and classes_from"):
        open_dataset("amnis", root=tmp_path, options={"classes": {"neuron": "x"}})


POPULATIONS = (
    tagged("Neurons", [0, 2, 5]) + tagged("Astro &amp; co", [1, 2]) + gate("Focused", "Gradient RMS_M04_BF", "sharp")
    + tagged("late", [6, 7]) + '<Pop name="both" type="C" base="All" definition="Neurons|And|Focused" />'
)  # fmt: skip
REGIONS = line("sharp", 50, 70)


@pytest.mark.parametrize("binary", [False, True])
def test_classes_from_populations_that_are_lists(binary, tmp_path, caplog):
    write_cif(tmp_path / "run.cif", cells(9))
    write_daf(tmp_path / "run.daf", "run.cif", 9, POPULATIONS, REGIONS, binary)
    dataset = open_dataset("amnis", root=tmp_path, options={"classes_from": "population"})
    found = dict(zip(dataset.table["object"], dataset.table["class_name"], strict=True))
    assert found == {0: "Neurons", 1: "Astro & co", 5: "Neurons", 6: "late", 7: "late"}
    assert dataset.classes == ("Astro & co", "Neurons", "late")
    assert "4 object(s) left out: 1 in two classes, the others in none" in caplog.text
    options = {"classes_from": "population", "classes": {"Neurons": "nerve", "late": "nerve"}}
    assert open_dataset("amnis", root=tmp_path, options=options).table["object"].tolist() == [0, 2, 5, 6, 7]
    with pytest.raises(ConfigError, match="population 'Focused' is a gate, which is not evaluated"):
        open_dataset("amnis", root=tmp_path, options={"classes_from": "population", "classes": {"Focused": "x"}})
    text, good = report_on("amnis", root=tmp_path)
    assert good and "populations in run.daf: Neurons 3, Astro & co 2, late 2" in text
    assert "not evaluated, because they are gates: Focused, both" in text


@pytest.mark.parametrize(
    ("objects", "populations", "reason"),
    [
        (None, "", "No analysis .* lies beside it"),
        (8, POPULATIONS, "of a file with 8 objects, and run.cif has 9"),
        (9, gate("F", "Area", "x"), "not evaluated, because they are gates: F"),
        (9, "<Pop", "The populations in .*run.daf cannot be read .it is damaged in line"),
        (9, tagged("A", ["x"]), "The populations in .*run.daf cannot be read .it is damaged in line"),
        (9, '<!ENTITY a "b">', "The populations in .*run.daf cannot be read .it has a document type"),
    ],
)
def test_an_analysis_that_cannot_serve_is_named(objects, populations, reason, tmp_path):
    write_cif(tmp_path / "run.cif", cells(9))
    if objects:
        daf = write_daf(tmp_path / "run.daf", "run.cif", objects, populations)
        if "ENTITY" in populations:
            daf.write_text(daf.read_text().replace("?>", f"?><!DOCTYPE Assay [{populations}]>"))
    with pytest.raises(DataError, match=reason):
        open_dataset("amnis", root=tmp_path, options={"classes_from": "population"})
    assert len(open_dataset("amnis", root=tmp_path)) == 9


def test_the_analysis_of_a_file_is_the_one_that_names_it(tmp_path):
    write_cif(tmp_path / "run.cif", cells(3))
    write_cif(tmp_path / "walk.cif", cells(3))
    write_daf(tmp_path / "a.daf", "run.cif", 3, tagged("R", [0]))
    write_daf(tmp_path / "b.daf", "walk.cif", 3, tagged("W", [1]))
    dataset = open_dataset("amnis", root=tmp_path, options={"classes_from": "population"})
    assert dataset.table[["cell_id", "class_name"]].to_numpy().tolist() == [["run.cif#0", "R"], ["walk.cif#1", "W"]]
    write_daf(tmp_path / "c.daf", "run.cif", 3, tagged("R", [0]))
    with pytest.raises(DataError, match="Several analyses are of .*run.cif .a.daf, c.daf.: name the right one run.daf"):
        open_dataset("amnis", root=tmp_path, options={"classes_from": "population"})
    write_daf(tmp_path / "run.daf", "name before it was renamed.cif", 3, tagged("Z", [2]))
    dataset = open_dataset("amnis", root=tmp_path, options={"classes_from": "population"})
    assert dataset.table[["cell_id", "class_name"]].to_numpy().tolist() == [["run.cif#2", "Z"], ["walk.cif#1", "W"]]


def test_a_raw_file_beside_its_compensated_one_is_not_read_twice(tmp_path, caplog):
    write_cif(tmp_path / "run.CIF", cells(2))
    shutil.copy(tmp_path / "run.CIF", tmp_path / "Run.rif")
    shutil.copy(tmp_path / "run.CIF", tmp_path / "raw.rif")
    (tmp_path / ".hidden.cif").write_bytes(b"")
    assert open_dataset("amnis", root=tmp_path).table["file"].unique().tolist() == ["raw.rif", "run.CIF"]
    write_cif(tmp_path / "part.cif", cells(1), source=r"D:\data\RUN.cif")
    caplog.clear()
    open_dataset("amnis", root=tmp_path)
    assert "part.cif was made from run.CIF, so that cells may be there twice" in caplog.text
    text, good = report_on("amnis", root=tmp_path)
    assert not good and "part.cif was made from run.CIF: cells may be there twice" in text


def test_the_window_is_the_camera_s_and_a_poor_one_is_said(tmp_path, caplog):
    write_cif(tmp_path / "made.cif", cells(4), bits=12)
    assert open_dataset("amnis", root=tmp_path).window == (0, 4095)
    assert "fill 2.4 % of the window 0 to 4095, so that a network sees next to nothing" in caplog.text
    assert "--option window=[640,759]" in caplog.text
    caplog.clear()
    assert open_dataset("amnis", root=tmp_path, options={"window": [600, 800]}).window == (600, 800)
    assert not caplog.text
    write_cif(tmp_path / "none.cif", cells(4), bits=None)
    assert open_dataset("amnis", root=tmp_path / "none.cif").window == (0, 4095)
    write_cif(tmp_path / "other.cif", cells(4), bits=10)
    with pytest.raises(
        DataError, match=r"4,096 levels \(none.cif\) and 1,024 levels \(other.cif\), no common grey scale"
    ):
        open_dataset("amnis", root=tmp_path)
    assert len(open_dataset("amnis", root=tmp_path, options={"window": [600, 800]})) == 12


def test_check_says_what_is_in_a_file(capsys):
    assert main(["data", "check", "amnis", str(REAL)]) == 0
    assert (
        capsys.readouterr().out
        == """\
example.cif
  111 objects can be used (IDEAS 6.0.354.0)
  sizes: 37 to 50 rows, 39 to 52 columns
  channels: 1 2 3 4 5 6 (in use by ChannelInUseIndicators_0_11)
  brightfield: Ch5, marked by BfLedIndicators_0_11
  camera: 10 bit, magnification 40, camera pixel 0.5 um
  masks: of 111 objects
  grey levels     minimum    0.1 %   99.9 %  maximum
  Ch1                  27       28    1,078    1,125
  Ch2                  30       32       38       40
  Ch3                  36       38       67       76
  Ch4                  39       41       72       80
  Ch5 (bright)        104      130      315      388
  Ch6                  36       38       54       59
  grey levels 130 to 315 fill 18.1 % of the window 0 to 1023; --option window=[111,334] would fit them, in a run \
data_options="{window: [111, 334]}" (choose it from training images alone)
  populations: no analysis (.daf) beside it

Nothing amiss.
"""
    )


def test_check_tells_files_that_cannot_be_read_and_goes_on(tmp_path):
    write_cif(tmp_path / "good.cif", cells(2))
    write_cif(tmp_path / "merged.cif", cells(2), brightfield=(), more={33029: (2, b"D:\\a.cif|D:\\b.cif\0")})
    (tmp_path / "bad.cif").write_bytes(b"no TIFF")
    text, good = report_on("amnis", root=tmp_path)
    assert not good and text.endswith("4 usable objects in 3 files\n\nAmiss: see above.")
    assert "bad.cif cannot be read: it does not begin as a TIFF file" in text
    assert "brightfield: not marked" in text and "merged from 2 files, which cannot be told apart" in text


def test_packed_into_a_store_they_are_the_same(tmp_path):
    write_cif(tmp_path / "made.cif", cells(5))
    options = {"channel": 2, "window": [500, 900]}
    store = pack_dataset("amnis", tmp_path / "made.cif", options=options, store=tmp_path / "store")
    packed, read = open_dataset("amnis", root=store), open_dataset("amnis", root=tmp_path, options=options)
    assert packed.fingerprint == read.fingerprint and packed.table.equals(read.table)
    assert all(np.array_equal(a, b) for a, b in zip(packed.images, read.images, strict=True))
    assert (packed.window, packed.options, packed.origin) == (read.window, read.options, read.origin)


def test_what_cannot_be_found_is_said(tmp_path, no_data):
    for root, reason in (
        (None, "'amnis' is your own ImageStream files: name a .cif"),
        (tmp_path, "There is no ImageStream file .* name the folder that holds them"),
        (tmp_path / "none.cif", "does not exist"),
        (Path(__file__), "does not end in .cif or .rif"),
    ):
        with pytest.raises(DataError, match=reason):
            open_dataset("amnis", root=root)
    write_cif(tmp_path / "empty.cif", [])
    with pytest.raises(DataError, match="No object of .* can be used"):
        open_dataset("amnis", root=tmp_path)
    with pytest.raises(DataError, match="there is nothing to fetch: name the files"):
        fetch_dataset("amnis")


def test_a_hash_over_names_opens_at_once_and_follows_what_was_asked(tmp_path):
    write_cif(tmp_path / "made.cif", cells(3))
    asked = [{}, {"channel": 1}, {"classes_from": "file"}]
    found = [open_dataset("amnis", root=tmp_path, options={"hash": "names"} | one) for one in asked]
    assert len({one.fingerprint for one in found[:2]}) == 2
    assert np.array_equal(found[1].images[2], open_dataset("amnis", root=tmp_path, options=asked[1]).images[2])
