"""The cells that come with the package are those of the montages, and damage to them is said in one sentence."""

import importlib.util
import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cgrecnet.cli import main
from cgrecnet.data import available, jurkat, open_dataset
from cgrecnet.data.jurkat import carried
from cgrecnet.errors import DataError
from cgrecnet.paths import RESULTS


def load_packer():
    """The script `benchmarks/pack_jurkat.py` as a module."""
    script = Path(__file__).parents[3] / "benchmarks" / "pack_jurkat.py"
    spec = importlib.util.spec_from_file_location("pack_jurkat", script)
    spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
    return module


@pytest.fixture
def copy(no_data, monkeypatch, tmp_path):
    """A copy of the carried files, in which a test can spoil one; nothing is remembered of those read before."""
    for name in (carried.BRIGHTFIELD, carried.REFERENCE, carried.INDEX):
        (tmp_path / name).write_bytes((carried.FOLDER / name).read_bytes())
    monkeypatch.setattr(carried, "FOLDER", tmp_path)
    remembered = (carried.brightfield, carried._reference, carried._index)
    for function in remembered:
        function.cache_clear()
    yield tmp_path
    for function in remembered:
        function.cache_clear()


@pytest.mark.parametrize("task", ["cycle", "cycle_e1", "stage7"])
def test_they_are_the_published_ones_pixel_by_pixel(mlcp, no_data, task):
    ours, theirs = open_dataset("jurkat", task=task), open_dataset("jurkat", root=mlcp, task=task)
    assert np.array_equal(ours.images, theirs.images) and ours.images.dtype == theirs.images.dtype
    assert np.array_equal(ours.labels, theirs.labels) and ours.table.equals(theirs.table)
    assert ours.fingerprint == theirs.fingerprint


def test_the_references_are_the_published_ones(mlcp, no_data):
    cells = open_dataset("jurkat").table
    some = cells[jurkat.has_reference(cells)]
    assert some.groupby(["experiment", "stage"]).size().to_dict() == {
        (1, "Anaphase"): 15, (1, "G1"): 40, (1, "G2"): 40, (1, "Metaphase"): 40, (1, "Prophase"): 40, (1, "S"): 40,
        (1, "Telophase"): 28, (2, "G1"): 40,
    }  # fmt: skip
    some = some.sample(frac=1, random_state=0)
    for channel in (3, 4, 6):
        assert np.array_equal(jurkat.read_channel(channel, some), jurkat.read_channel(channel, some, root=mlcp))
    stain = load_packer().integrated(jurkat.read_channel(4, cells, root=mlcp))
    assert np.array_equal(jurkat.dna_stain(cells[::-1]), stain[::-1])


def test_packing_the_montages_gives_the_carried_files(mlcp, tmp_path):
    load_packer().pack(mlcp, tmp_path)
    for name in (carried.BRIGHTFIELD, carried.REFERENCE):
        ours, again = np.load(carried.FOLDER / name), np.load(tmp_path / name)
        assert ours.files == again.files and all(np.array_equal(ours[key], again[key]) for key in ours.files)
    index, again = (json.loads((folder / carried.INDEX).read_text()) for folder in (carried.FOLDER, tmp_path))
    assert index["files"].keys() == again["files"].keys()


def test_the_records_of_runs_name_them(no_data):
    records = [json.loads(path.read_text()) for path in sorted(RESULTS.rglob("jurkat-*/*/run.json"))]
    assert records
    named = {(record["data"]["task"], record["data"]["fingerprint"]) for record in records}
    assert named == {(task, open_dataset("jurkat", task=task).fingerprint) for task, _ in named}


def test_they_open_without_network_and_variable(no_data, monkeypatch):
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("the network was asked"))
    assert available("jurkat") and len(open_dataset("jurkat")) == 7918
    assert not no_data.exists(), "nothing was written"


def test_a_named_folder_comes_first(mlcp, no_data, monkeypatch):
    monkeypatch.setattr(carried, "brightfield", lambda: pytest.fail("the carried cells were read"))
    monkeypatch.setenv("CGRECNET_DATA", str(mlcp))
    assert len(open_dataset("jurkat")) == len(open_dataset("jurkat", root=mlcp)) == 7918


def test_a_folder_without_them_leaves_the_carried_ones(no_data, monkeypatch, tmp_path):
    monkeypatch.setenv("CGRECNET_DATA", str(tmp_path))
    assert available("jurkat") and len(open_dataset("jurkat")) == 7918


def test_what_is_opened_may_be_changed(no_data):
    first = open_dataset("jurkat")
    first.images[0] = 0
    first.table.loc[0, "stage"] = "none"
    assert open_dataset("jurkat").images[0].any() and open_dataset("jurkat").table.loc[0, "stage"] != "none"


def test_channels_that_are_not_carried(mlcp, no_data):
    cells = open_dataset("jurkat").table
    with pytest.raises(DataError, match="Channel 4 of these 7,918 cells is not carried .*data fetch jurkat`"):
        jurkat.read_channel(4, cells)
    no_data.mkdir()
    (no_data / "jurkat").symlink_to(mlcp)  # as if they had been fetched
    assert jurkat.read_channel(4, cells.iloc[:2]).shape == (2, 40, 40)


def test_cells_of_other_sets_have_no_stain(no_data):
    cells = open_dataset("jurkat").table.iloc[:2].assign(cell_id=["e1-Anaphase-CP0001-r00-c00", "another"])
    with pytest.raises(DataError, match="'another' is not the id of a Jurkat cell"):
        jurkat.dna_stain(cells)


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 11415673\n"


@pytest.mark.parametrize(
    ("name", "spoil", "says"),
    [
        (carried.BRIGHTFIELD, None, "brightfield.npz cannot be read .No such file"),
        (carried.BRIGHTFIELD, lambda intact: intact[: len(intact) // 2], "is cut off, .*5,707,836 of 11,415,673 bytes"),
        (carried.BRIGHTFIELD, lambda intact: b"", "is cut off, changed .*.0 of"),
        (carried.BRIGHTFIELD, lambda intact: POINTER, "a pointer of git-lfs"),
        (carried.BRIGHTFIELD, lambda intact: intact[:-1] + b"x", "its sha256 differs"),
        (carried.INDEX, lambda intact: intact[:20], "carried.json was changed or cut off"),
        (carried.INDEX, lambda intact: b"{}", "carried.json was changed or cut off"),
        (carried.INDEX, None, "carried.json cannot be read .No such file"),
    ],
)
def test_damage_is_one_sentence_with_what_to_do(copy, capsys, name, spoil, says):
    intact = (copy / name).read_bytes()
    (copy / name).unlink()
    if spoil is not None:
        (copy / name).write_bytes(spoil(intact))
    with pytest.raises(DataError, match=says) as caught:
        open_dataset("jurkat")
    assert "git checkout HEAD -- cgrecnet/data/jurkat" in str(caught.value) and str(caught.value).count("\n") == 0
    assert main(["data", "check", "jurkat"]) == 2
    assert capsys.readouterr().err == f"cgrecnet: {caught.value}\n"


def test_damaged_references_do_not_hinder_opening(copy):
    (copy / carried.REFERENCE).write_bytes(b"x")
    cells = open_dataset("jurkat").table
    with pytest.raises(DataError, match="reference.npz is cut off, changed"):
        jurkat.dna_stain(cells)


def test_opening_them_needs_no_image_library(no_data):
    program = (
        "import sys\nfrom cgrecnet.data import open_dataset\nopen_dataset('jurkat')\n"
        "print([m for m in ('PIL', 'tifffile', 'requests', 'pooch', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
