"""Bad input over all data sets, met as a user meets it: at the command line, each with its sentence."""

import io
import shutil
import subprocess
import sys

import pytest
from bad_images import BAD
from zhu_trees import crop, tree, write

from cgrecnet.cli import main
from cgrecnet.data import open_dataset


def printed(capsys) -> str:
    """The one sentence on stderr, behind any progress bar."""
    return capsys.readouterr().err.split("\r")[-1].strip()


def test_every_faulty_file_is_named_and_the_rest_is_used(tmp_path, capsys):
    """All kinds of bad images at once: the check names each, splitting and auditing go on without them."""
    folder = tmp_path / "Bilder äöü 日本"
    tree(folder, "folders", per_class=20)
    for name, (make, _) in BAD.items():
        make(folder / "ASTROCYTES" / name)
    assert main(["data", "check", "zhu", str(folder)]) == 1
    short = capsys.readouterr().out
    assert "`--all` names every one" in short and f"Amiss: {len(BAD)} set aside." in short
    assert main(["data", "check", "zhu", str(folder), "--all"]) == 1
    full = capsys.readouterr().out
    assert [name for name in BAD if f"ASTROCYTES/{name}" not in full] == [] and "--all" not in full
    assert all(reason in full for _, reason in BAD.values())
    assert main(["data", "split", "zhu", str(folder), "--seeds", "1", "--out", str(tmp_path / "out")]) == 0
    assert "60 cells as given (taken to be the paper's)" in capsys.readouterr().out
    assert main(["data", "audit", "zhu", str(folder)]) == 1  # each class is a group of its own here
    assert "60 cells" in capsys.readouterr().out


def test_all_duplicates_are_named_on_request(tmp_path, capsys):
    tree(tmp_path, "folders")
    for i in range(6):
        write(tmp_path / "NEURONS" / f"again {i}.bmp", crop(1))
    assert main(["data", "check", "zhu", str(tmp_path)]) == 1
    assert "`--all` names every one" in capsys.readouterr().out
    assert main(["data", "check", "zhu", str(tmp_path), "--all"]) == 1
    out = capsys.readouterr().out
    assert all(f"again {i}.bmp" in out for i in range(6)) and "--all" not in out


@pytest.mark.parametrize("command", ["check", "split", "audit"])
def test_folders_that_hold_no_such_data(tmp_path, capsys, command):
    more = ["--out", str(tmp_path / "out")] if command == "split" else []
    empty, other, file = tmp_path / "empty", tmp_path / "other", tmp_path / "file"
    empty.mkdir()
    tree(other, "folders")
    file.write_text("x")
    for name, place, words in (
        ("jurkat", other, "has no folder Experiment_1; name the folder that holds Experiment_1"),
        ("jurkat", empty, "has no folder Experiment_1"),
        ("jurkat", tmp_path / "none", "it does not exist"),
        ("zhu", tmp_path / "none", "does not exist: name the folder that holds"),
        ("zhu", file, "is a file: name the folder"),
        ("zuh", other, "did you mean 'zhu'"),
        *([] if command == "check" else [("zhu", empty, "is empty: name the folder of the images")]),
    ):
        assert main(["data", command, name, str(place), *more]) == 2
        sentence = printed(capsys)
        assert words in sentence and sentence.startswith("cgrecnet: ") and "\n" not in sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
def test_a_reader_that_has_seen_enough(tmp_path):
    """As in `cgrecnet data check ... | head -1`."""
    tree(tmp_path, "folders", per_class=20)
    command = [sys.executable, "-m", "cgrecnet", "data", "split", "zhu", str(tmp_path), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    message = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0 and "Error" not in message, message
    assert len(list((tmp_path / "out").iterdir())) == 3


@pytest.mark.parametrize("command", ["check", "split", "audit"])
def test_simulated_cells_need_no_folder(tmp_path, capsys, command):
    more = ["--out", str(tmp_path / "out")] if command == "split" else []
    assert main(["data", command, "cytometer", str(tmp_path), *more]) == 2
    assert f"made on the spot, so {tmp_path} would not be read: leave it out" in printed(capsys)


def test_only_other_channels(tmp_path, capsys):
    for channel in (3, 4):
        write(tmp_path / "Experiment_1" / f"Ch{channel}_CP0001.tif", crop(1))
    assert main(["data", "check", "zhu", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "images of other channels than Ch1 only" in out and "no image at all" not in out


@pytest.mark.parametrize("spoil", ["zero", "half", "png", "gone", "folder", "class"])
def test_damaged_montages(mlcp, tmp_path, capsys, spoil):
    shutil.copytree(mlcp / "Experiment_1", tmp_path / "Experiment_1")
    shutil.copytree(mlcp / "Experiment_2", tmp_path / "Experiment_2")
    file = sorted((tmp_path / "Experiment_1" / "G1").glob("Ch3*"))[0]
    intact = file.read_bytes()
    file.unlink()
    if spoil == "class":
        file.write_bytes(intact)
        shutil.rmtree(tmp_path / "Experiment_1" / "Metaphase")
    elif spoil == "folder":
        file.mkdir()
    elif spoil == "png":
        write(file.with_suffix(".png"), crop(1)).tobytes()
        file.with_suffix(".png").rename(file)
    elif spoil != "gone":
        file.write_bytes(intact[: len(intact) // 2] if spoil == "half" else b"")
    assert main(["data", "check", "jurkat", str(tmp_path)]) == 2
    sentence = printed(capsys)
    assert "lacks 1 of the 12 montages" in sentence or "is not the published file" in sentence
    assert f"run `cgrecnet data fetch jurkat --folder {tmp_path}`" in sentence and "\n" not in sentence


@pytest.mark.skipif(sys.platform != "linux", reason="needs a place that nobody can write to")
@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null"])
def test_a_cache_that_cannot_be_written_to(monkeypatch, capsys, place):
    monkeypatch.delenv("CGRECNET_DATA", raising=False)
    monkeypatch.setenv("CGRECNET_CACHE", place)
    for words, message in (
        (["fetch", "jurkat"], "cannot be stored in"),
        (["fetch", "zhu", "--doi", "10.1234/x"], "cannot be stored in"),
        (["check", "zhu"], "are not here (CGRECNET_DATA is not set): fetch them with"),
    ):
        assert main(["data", *words]) == 2
        sentence = printed(capsys)
        assert message in sentence and "\n" not in sentence
    assert main(["data", "list"]) == main(["data", "check", "jurkat"]) == 0  # they come with the package


def test_names_that_the_terminal_cannot_show(tmp_path, monkeypatch):
    """A terminal that knows ASCII only: names are shown with escapes, and no command fails on them."""
    folder = tmp_path / "Bilder äöü 日本"
    tree(folder, "folders", per_class=20)
    (folder / "NEURONS" / "größe.bmp").write_bytes(b"")
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["data", "check", "zhu", str(folder)]) == 1
    assert main(["data", "split", "zhu", str(folder), "--seeds", "1", "--out", str(folder / "s")]) == 0
    terminal.flush()
    shown = terminal.buffer.getvalue().decode("ascii")
    assert "gr\\xf6\\xdfe.bmp" in shown and "Bilder \\xe4" in shown
    assert len(open_dataset("zhu", root=folder)) == 60
