"""Simulated cells as files: the paper's layout, read by its reader, marked as simulated, whole or not there."""

import csv
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cgrecnet.cli import main
from cgrecnet.data import available, open_dataset, pack_dataset, report_on
from cgrecnet.data.cytometer import files as cytometer_files
from cgrecnet.data.cytometer import simulate
from cgrecnet.data.cytometer.files import FIRST_LINE, MARKER, TRUTH, file_name, write_cells
from cgrecnet.data.cytometer.files import OPTIONS as OPTIONS_FILE
from cgrecnet.data.zhu.reader import BEGUN, FINISHED
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import locked

OPTIONS = {"cells": 70, "seed": 11, "runs": 5, "doublets": 0.1}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_cells(tmp_path_factory.mktemp("sim") / "cells", OPTIONS)


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_real_reader_reads_them(written):
    made, read = simulate(OPTIONS), open_dataset("zhu", root=written)
    number = read.table["cell_id"].str.extract(r"_(\d+)_Ch1")[0].astype(int).to_numpy()
    assert sorted(number) == list(range(70))
    assert (read.labels == made.labels[number]).all() and read.images.dtype == np.uint8
    assert all(np.array_equal(image, made.images[cell]) for image, cell in zip(read.images, number, strict=True))
    run = made.causes["run"].to_numpy()[number]
    assert read.table["group"].tolist() == [f"{r // 3 + 1}d{r % 3 + 1}" for r in run]
    assert (read.table.groupby("group")["class_name"].nunique() > 1).all()
    assert len(read.table[["day", "replicate"]].drop_duplicates()) == 5
    text, good = report_on("zhu", root=written)
    assert good and "8 bit: 70 images" in text


def test_the_files_are_those_of_the_papers_data(written):
    name = next(path for path in sorted((written / "neuron").iterdir()))
    assert file_name(2, 4, 7, 8) == "neuron/n_2d2_7_Ch1.ome.bmp" and name.name.startswith("n_")
    with Image.open(name) as image:
        assert image.mode == "RGB" and image.format == "BMP"
        red, green, blue = np.asarray(image).transpose(2, 0, 1)
    assert (red == green).all() and (green == blue).all()


def test_the_truth_stands_beside_them(written):
    made, truth = simulate(OPTIONS), pd.read_csv(written / TRUTH)
    assert all((written / name).is_file() for name in truth["file"]) and truth["file"].is_unique
    assert np.allclose(truth["defocus_um"], made.causes["defocus_um"]) and len(truth) == 70
    assert (truth["doublet"] == made.causes["doublet"]).all()
    assert set(made.causes.columns) <= set(truth.columns)


def test_the_folder_says_that_it_is_simulated(written):
    assert (written / MARKER).read_text(encoding="utf-8").splitlines()[0] == FIRST_LINE
    assert "SIMULATED" in FIRST_LINE
    assert sorted(path.name for path in written.iterdir()) == [
        MARKER, "astrocyte", "neuron", "oligodendrocyte", "simulation.json", TRUTH
    ]  # fmt: skip


def test_twelve_bits_become_sixteen_bit_tiffs(tmp_path):
    options = {"cells": 40, "bits": 12, "shares": (0.4, 0.3, 0.3)}
    folder = write_cells(tmp_path / "twelve", options)
    read = open_dataset("zhu", root=folder, options={"window": (0, 4095)})
    made = simulate(options)
    number = read.table["cell_id"].str.extract(r"_(\d+)_Ch1")[0].astype(int).to_numpy()
    assert read.images.dtype == np.uint16 and read.window == (0, 4095)
    assert all(np.array_equal(image, made.images[cell]) for image, cell in zip(read.images, number, strict=True))
    assert "(0, 4095)" in (folder / MARKER).read_text(encoding="utf-8")


def test_any_number_of_workers_writes_the_same_files(written, tmp_path):
    assert content(write_cells(tmp_path / "again", OPTIONS, workers=3)) == content(written)


def test_a_finished_folder_is_left_alone_and_no_other_is_touched(written, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(written, copy)
    before = content(copy)
    assert write_cells(copy, OPTIONS) == copy and content(copy) == before
    with pytest.raises(DataError, match="holds simulated cells made with other options: name a new or an empty one"):
        write_cells(copy, OPTIONS | {"seed": 12})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="holds other files: name a new or an empty one, nothing was written"):
        write_cells(tmp_path / "mine", OPTIONS)
    with pytest.raises(DataError, match="is a file: name a folder"):
        write_cells(tmp_path / "mine" / "letter.txt", OPTIONS)
    assert content(copy) == before and sorted(p.name for p in tmp_path.iterdir()) == ["copy", "mine"]
    (tmp_path / "empty").mkdir()
    assert len(content(write_cells(tmp_path / "empty", {"cells": 2}))) == 5


def test_broken_off_and_started_again(written, tmp_path, monkeypatch):
    """A break leaves no folder of that name; the next start mends a torn file and goes on to the same end."""
    folder, partial = tmp_path / "cells", tmp_path / "cells.partial"
    put, count = cytometer_files._put, []

    def full(path, image):
        count.append(path)
        if len(count) > 40:
            raise OSError(28, "No space left on device")
        put(path, image)

    monkeypatch.setattr(cytometer_files, "_put", full)
    with pytest.raises(DataError, match=r"cannot be written to .*cells \(No space left on device\): make room"):
        write_cells(folder, OPTIONS)
    monkeypatch.undo()
    assert not folder.exists() and len(list(partial.rglob("*.bmp"))) == 40 and not (partial / TRUTH).exists()
    assert (BEGUN, FINISHED) == (OPTIONS_FILE, TRUTH) and not available("zhu", partial)
    for ask in (open_dataset, report_on, pack_dataset):
        with pytest.raises(DataError, match=r"cells.partial are not whole .*run the same `cgrecnet data simulate`"):
            ask("zhu", root=partial)
    count[3].write_bytes(b"BM torn")
    (partial / "truth.csv.1.partial").write_text("from a killed process")
    with pytest.raises(DataError, match="partial holds simulated cells made with other options"):
        write_cells(folder, OPTIONS | {"noise": 2})
    assert content(write_cells(folder, OPTIONS)) == content(written)
    assert not partial.exists()


def test_two_at_once(tmp_path):
    (tmp_path / "cells.partial").mkdir()
    with locked(tmp_path / "cells.partial" / ".lock"):
        with pytest.raises(DataError, match="Another process is writing to .*cells.partial: wait for it"):
            write_cells(tmp_path / "cells", OPTIONS)
    assert write_cells(tmp_path / "cells", {"cells": 2}).is_dir()


def test_a_foreign_partial_folder_is_not_taken(tmp_path):
    (tmp_path / "cells.partial").mkdir()
    (tmp_path / "cells.partial" / "thesis.docx").write_text("years of work")
    with pytest.raises(DataError, match="cells.partial holds other files: name a new or an empty one"):
        write_cells(tmp_path / "cells", OPTIONS)
    assert (tmp_path / "cells.partial" / "thesis.docx").exists()


def test_wrong_options_leave_nothing_behind(tmp_path):
    for options, workers in (({"cells": 0}, 1), ({"cells": 3}, 0)):
        with pytest.raises(ConfigError):
            write_cells(tmp_path / "cells", options, workers=workers)
    assert list(tmp_path.iterdir()) == []


def test_the_command(tmp_path, capsys):
    folder = tmp_path / "Zellen für Übung"
    asked = ["--cells", "40", "--seed", "3", "--shares", "0.4", "0.3", "0.3", "--bits", "8", "--workers", "2"]
    assert main(["data", "simulate", str(folder), *asked]) == 0
    assert "simulated cells, no real ones" in capsys.readouterr().out
    assert main(["data", "check", "zhu", str(folder)]) == 0
    with open(folder / TRUTH, newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 40


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["--cells", "many"], "cannot use cells='many'"),
        (["--bits", "9"], "bits=9: input should be 8 or 12"),
        (["--shares", "1", "1", "1"], "must be 0 or more and sum to 1"),
        (["--confounding", "2"], "confounding='2'"),
        (["--workers", "0"], "workers must be a whole number"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, capsys, asked, message):
    assert main(["data", "simulate", str(tmp_path / "x"), *asked]) == 2
    said = capsys.readouterr().err
    assert message in said and "Traceback" not in said and not (tmp_path / "x").exists()
