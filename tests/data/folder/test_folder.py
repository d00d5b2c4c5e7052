"""Your own cells as files: any classes, sizes, depths and channels; what could be silently wrong is said."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from cgrecnet.cli import main
from cgrecnet.data import open_dataset, pack_dataset, report_on
from cgrecnet.errors import ConfigError, DataError


def picture(seed: int, shape=(30, 40), low=0, high=256, kind=np.uint8) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, shape).astype(kind)


def save(path, image, **how) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, image, **how)
    else:
        Image.fromarray(image).save(path)


def tree(root, classes=("T cells", "B cells", "NK", "neutrophil"), name="{kind}/{i}.png", cells=12, **how):
    for k, kind in enumerate(classes):
        for i in range(cells):
            save(root / name.format(kind=kind, i=i, donor=i % 3), picture(100 * k + i, (30 + i, 40), **how))
    return root


def check(root, **options) -> tuple[str, bool]:
    return report_on("folder", root=root, options=options)


def test_folders_are_classes_of_any_number_and_a_store_holds_them(tmp_path):
    tree(tmp_path / "files")
    cells = open_dataset("folder", root=tmp_path / "files")
    assert cells.classes == ("B cells", "NK", "T cells", "neutrophil")
    assert cells.counts() == dict.fromkeys(cells.classes, 12)
    store = open_dataset("folder", root=pack_dataset("folder", tmp_path / "files", store=tmp_path / "store"))
    assert (store.fingerprint, store.classes) == (cells.fingerprint, cells.classes)


def test_colour_is_kept_and_grey_that_is_stored_as_colour_stays_grey(tmp_path):
    for i in range(3):
        grey = picture(i)
        save(tmp_path / f"colour/a/{i}.png", np.dstack([grey, np.roll(grey, 3, 1), grey // 2]))
        save(tmp_path / f"grey/a/{i}.png", np.dstack([grey] * 3))
    colour = open_dataset("folder", root=tmp_path / "colour")
    assert colour.channels == 3 and not np.array_equal(colour.images[0][..., 0], colour.images[0][..., 1])
    assert open_dataset("folder", root=tmp_path / "grey").channels == 1
    with pytest.raises(DataError, match="real colour"):
        open_dataset("folder", root=tmp_path / "colour", options={"colour": False})


def test_a_table_names_files_classes_and_groups(tmp_path):
    tree(tmp_path, ("x",), cells=3)
    table = tmp_path / "cells.csv"
    table.write_text("\ufefffile,class,group\nx/0.png,T, d1\nx/1.png,B,d2\nx/9.png,B,d2\n", encoding="utf-8")
    cells = open_dataset("folder", root=table)
    assert cells.table["class_name"].tolist() == ["T", "B"] and cells.table["group"].tolist() == ["d1", "d2"]
    text, good = report_on("folder", root=table)
    assert not good and "cannot be opened: 1 (x/9.png)" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,class\nx/0.png,T\n", "has no column 'file'"),
        ("file,class\nx/0.png,\n", "Line 2 .* has no class"),
        ("file,class\n../0.png,T\n", "does not lie below"),
        ("file,class\n/etc/x.png,T\n", "does not lie below"),
        ("file,class\nx/0.png,T\nx/./0.png,B\n", "Line 3 .* again"),
        ("file,class,group\nx/0.png,T,1\nx/1.png,T,\n", "gives x/1.png no group"),
        (b"file,class\n\xff\xfe,T\n", "no CSV in UTF-8"),
    ],
)
def test_a_table_with_a_mistake_is_refused_by_its_line(tmp_path, content, message):
    table = tmp_path / "cells.csv"
    table.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message):
        open_dataset("folder", root=table)


def test_groups_come_from_a_folder_level_or_an_expression_and_are_missed_where_there_are_none(tmp_path):
    tree(tmp_path, name="day {donor}/{kind}/donor7_{i}.png")
    level = open_dataset("folder", root=tmp_path, options={"class_level": 2, "group": 1})
    assert set(level.table["group"]) == {"day 0", "day 1", "day 2"} and len(level.classes) == 4
    output = open_dataset("folder", root=tmp_path, options={"class_level": 2, "group": r"day (\d)/.*(donor\d)"})
    assert set(output.table["group"]) == {"0-donor7", "1-donor7", "2-donor7"}
    assert "nothing rules out" not in level.origin
    none = open_dataset("folder", root=tmp_path, options={"class_level": 2})
    assert "nothing rules out" in none.origin
    assert "nothing rules out" in check(tmp_path, class_level=2)[0]
    text, good = check(tmp_path, class_level=2, group="nowhere")
    assert not good and "does not match" in text
    with pytest.raises(ConfigError, match="no regular expression"):
        open_dataset("folder", root=tmp_path, options={"group": "("})


def test_classes_may_be_called_otherwise_and_what_matches_two_is_refused_by_name(tmp_path):
    tree(tmp_path, ("Linfócitos T", "B cells day 3", "not T and B", "debris"), cells=3)
    words = {"linfocitos t": "T", "B cells": "B", "B": "B", "t": "T"}
    cells = open_dataset("folder", root=tmp_path, options={"classes": words})
    assert cells.counts() == {"B": 3, "T": 3}
    text, good = check(tmp_path, classes=words)
    assert not good and "'not T and B' matches two classes (B and T)" in text
    assert "'debris' is none of the words" in text
    intact = open_dataset("folder", root=tmp_path, options={"classes": {"not T and B": "both", "t": "T", "b": "B"}})
    assert intact.classes == ("B", "T", "both")


@pytest.mark.parametrize(
    "beside",
    ["{}_Ch1_mask.ome.tif", "{}_Ch1.M01.tif", "{}_mask.png", "{}_CH1.png", "{}_Ch01.tiff", "{}_BF.tif", "{}.tif"],
)
def test_what_lies_beside_a_picture_is_no_other_cell(tmp_path, beside):
    tree(tmp_path, ("a", "b"), name="{kind}/{i}_Ch1.ome.tif")
    for path in list(tmp_path.rglob("*Ch1.ome.tif")):
        number = path.name.partition("_")[0]
        tifffile.imwrite(path.with_name("x.tif"), picture(7))
        path.with_name("x.tif").rename(path.with_name(beside.format(number)))
    assert len(open_dataset("folder", root=tmp_path)) == 24


def test_pictures_of_two_levels_or_one_pixel_are_reported(tmp_path):
    tree(tmp_path, ("a", "b"))
    save(tmp_path / "a/seg.png", picture(1, high=2))
    save(tmp_path / "b/dot.png", np.full((1, 1), 9, np.uint8))
    text, good = check(tmp_path)
    assert not good and "2 picture(s) of a single pixel, or of 0 and one other level" in text


def test_the_channel_is_asked_for_or_believed_where_the_file_marks_it(tmp_path):
    ome = '<?xml version="1.0"?><OME><Image><Pixels><Channel ID="0" Name="{}"/></Pixels></Image></OME>'
    for kind in "ab":
        for i in range(3):
            for number in (1, 4):
                path = tmp_path / f"plain/{kind}/{i}_Ch{number}.ome.tif"
                save(path, picture(10 * i + number))
                marked = tmp_path / f"marked/{kind}/{i}_Ch{number}.ome.tif"
                save(marked, picture(10 * i + number), description=ome.format("Brightfield" if number == 4 else "DAPI"))
    with pytest.raises(ConfigError, match=r"several channels \(Ch1: 6, Ch4: 6\).* channel=1 reads the first"):
        open_dataset("folder", root=tmp_path / "plain")
    fourth = open_dataset("folder", root=tmp_path / "plain", options={"channel": 4})
    believed = open_dataset("folder", root=tmp_path / "marked")
    assert all(np.array_equal(*pair) for pair in zip(fourth.images, believed.images, strict=True))
    assert "Ch4 is read (as the files mark it); there are: Ch1 6, Ch4 6" in check(tmp_path / "marked")[0]
    both = open_dataset("folder", root=tmp_path / "plain", options={"channel": [1, 4]})
    assert both.channels == 2 and np.array_equal(both.images[0][..., 1], fourth.images[0])
    with pytest.raises(ConfigError, match="No file .* is of Ch3; there are: Ch1, Ch4"):
        open_dataset("folder", root=tmp_path / "plain", options={"channel": 3})


def test_parts_of_a_split_are_no_classes(tmp_path):
    tree(tmp_path, name="{donor}/{kind}/{i}.png")
    for number, part in enumerate(("train", "Test", "val")):
        (tmp_path / str(number)).rename(tmp_path / part)
    with pytest.raises(ConfigError, match="Test and train and val .* class_level=2"):
        open_dataset("folder", root=tmp_path)
    text, good = check(tmp_path, class_level=2)
    assert not good and "what was kept for a test is trained on" in text


CASES = {
    "floating": ((picture(0) / 255).astype(np.float32), {}, r"scale=\[0,1\]", {"scale": [0, 1]}),
    "sign": (picture(0, high=4000, low=-9, kind=np.int16), {}, r"scale=\[black,white\]", {"scale": [-9, 4000]}),
    "sign 8": (picture(0, high=127, low=-9, kind=np.int8), {}, "with a sign", {"scale": [-9, 127]}),
    "32 bit": (picture(0, high=4000, kind=np.uint32), {}, "32 bit .scale", {"scale": [0, 4000]}),
    "pages": (np.stack([picture(0), picture(1)]), {"photometric": "minisblack"}, "page=1", {"page": 1}),
    "inverted": (picture(0), {"photometric": "miniswhite"}, "inverted=true", {"inverted": True}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_read_as_it_is_names_the_option_that_reads_it(tmp_path, case):
    image, how, message, options = CASES[case]
    for kind in "ab":
        save(tmp_path / f"{kind}/0.tif", image, **how)
    with pytest.raises(DataError, match=message):
        open_dataset("folder", root=tmp_path)
    got = open_dataset("folder", root=tmp_path, options=options).images[0]
    if "scale" in options:
        black, white = options["scale"]
        np.testing.assert_allclose(got / 65535, (image.astype(float) - black) / (white - black), atol=1e-5)
    else:
        np.testing.assert_array_equal(got, 255 - image if case == "inverted" else image[0])


def test_mixed_depths_are_refused_or_read_over_their_whole_range(tmp_path):
    tree(tmp_path, ("a", "b"), cells=3)
    save(tmp_path / "b/wide.tif", picture(5, high=65536, kind=np.uint16))
    with pytest.raises(DataError, match="8 bit .* and 16 bit .* scale=depth"):
        open_dataset("folder", root=tmp_path)
    cells = open_dataset("folder", root=tmp_path, options={"scale": "depth"})
    assert cells.images[0].dtype == np.uint16 and cells.images[0].max() > 255


def test_a_window_that_leaves_next_to_nothing_is_reported_by_check_and_pack(tmp_path, capsys):
    tree(tmp_path / "files", ("a", "b"), name="{kind}/{i}.tif", low=640, high=740, kind=np.uint16)
    assert main(["data", "check", "folder", str(tmp_path / "files")]) == 1
    output = capsys.readouterr().out
    assert "levels    minimum 640, 0.1 % 640, 99.9 % 739, maximum 739; window 0 to 65535" in output
    assert "--option window=[630,749] would fit them" in output and "too little of the window" in output
    assert main(["data", "check", "folder", str(tmp_path / "files"), "--option", "window=[630,749]"]) == 0
    main(["data", "pack", "folder", str(tmp_path / "files"), "--store", str(tmp_path / "store")])
    assert "--option window=[630,749] would fit them" in capsys.readouterr().out
    assert main(["data", "check", "folder", str(tmp_path / "store")]) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: root.mkdir(), "which is empty"),
        (lambda root: [(root / "a").mkdir(parents=True), (root / "a/x.txt").write_text("")], "other files .1 .txt"),
        (lambda root: save(root / "x.png", picture(0)), "1 set aside, such as x.png .no folder at level 1"),
        (lambda root: [(root / "a").mkdir(parents=True), (root / "a/x.png").write_bytes(b"\x89PNG")], "truncated"),
    ],
)
def test_a_folder_without_a_usable_image_says_what_is_there(tmp_path, make, message):
    make(tmp_path / "root")
    with pytest.raises(DataError, match=message):
        open_dataset("folder", root=tmp_path / "root")
    text, good = check(tmp_path / "root")
    assert not good and ("no usable image" in text or "no image at all" in text)
