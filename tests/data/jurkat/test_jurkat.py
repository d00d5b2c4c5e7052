import shutil

import numpy as np
import pytest

from cgrecnet.data import available, jurkat, open_dataset
from cgrecnet.data.jurkat import published
from cgrecnet.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def cells():
    return open_dataset("jurkat")


@pytest.fixture
def copy(mlcp, tmp_path):
    """A folder of links to the real files, in which a test can spoil one."""
    for name in published.channel_files(3):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(mlcp / name)
    return tmp_path


def test_counts_per_stage_and_task(cells):
    stages = cells.table["stage"].value_counts().to_dict()
    assert stages == {
        "G1": 5400, "S": 900, "G2": 900, "Prophase": 606, "Metaphase": 69, "Telophase": 28, "Anaphase": 15
    }  # fmt: skip
    assert cells.counts() == {"G1": 5400, "S+G2": 1800, "M": 718}
    assert not cells.simulated and len(cells) == 7918


def test_other_tasks():
    seven = open_dataset("jurkat", task="stage7")
    assert list(seven.counts().values()) == [900, 900, 900, 606, 69, 15, 28]
    assert seven.classes == ("G1", "S", "G2", "Prophase", "Metaphase", "Anaphase", "Telophase")
    inside = open_dataset("jurkat", task="cycle_e1")
    assert inside.counts() == {"G1": 900, "S+G2": 1800, "M": 718}
    assert set(inside.table["group"]) == set(seven.table["group"]) == {"experiment-1"}


def test_cells_are_where_the_table_says(cells, mlcp):
    import tifffile

    row = cells.table.set_index("cell_id").loc["e1-G2-CP0008-r12-c03"]
    montage = tifffile.imread(mlcp / "Experiment_1/G2/Ch3_CP0008.tif")
    at = cells.table.index[cells.table["cell_id"] == "e1-G2-CP0008-r12-c03"][0]
    assert (cells.images[at] == montage[480:520, 120:160]).all()
    assert (row["class_name"], row["group"], row["row"], row["column"]) == ("S+G2", "experiment-1", 12, 3)
    assert cells.table["cell_id"].is_unique


def test_the_anaphase_cell_that_is_there_twice_is_dropped_once(cells, mlcp):
    everything = [published.read_montage(mlcp, f"Experiment_1/Anaphase/Ch{c}_CP0001.tif") for c in (3, 4, 6)]
    assert all((tiles[12] == tiles[15]).all() for tiles in everything), "the same in all three channels"
    kept = cells.table[cells.table["stage"] == "Anaphase"]
    assert kept["row"].tolist() == list(range(15)) and set(kept["column"]) == {0}
    flat = np.asarray(cells.images).reshape(len(cells), -1)
    assert len(np.unique(flat, axis=0)) == len(cells), "no picture is left twice, across montages too"


def test_reference_channels_show_the_same_cells(cells, mlcp):
    some = cells.table.iloc[[7000, 3, 2500]]
    for root in (None, mlcp):
        assert (jurkat.read_channel(3, some, root=root) == cells.images[[7000, 3, 2500]]).all()


def test_the_dna_stain_grows_along_the_cycle(cells):
    inside = cells.table[cells.table["experiment"] == 1]
    stain = jurkat.dna_stain(inside)
    medians = [np.median(stain[inside["stage"] == stage]) for stage in ("G1", "S", "G2", "Prophase", "Metaphase")]
    assert medians == sorted(medians)


def test_window_clips_few_pixels_and_puts_the_background_near_the_papers(cells):
    black, white = cells.window
    assert ((cells.images < black) | (cells.images > white)).mean() < 1e-4
    borders = np.asarray(cells.images)[:, [0, -1]]
    assert 101 / 255 < (np.median(borders) - black) / (white - black) < 151 / 255


@pytest.mark.parametrize("root_of", [lambda f: f, lambda f: f.parent])
def test_folder_in_the_environment_is_found(mlcp, monkeypatch, root_of):
    monkeypatch.setenv("CGRECNET_DATA", str(root_of(mlcp)))
    assert available("jurkat")


def test_reference_channel_is_refused_as_input(no_data):
    with pytest.raises(ConfigError, match="channel=4: the labels were made from the DNA stain"):
        open_dataset("jurkat", options={"channel": 4})
    with pytest.raises(ConfigError, match="only channel 3"):
        open_dataset("jurkat", options={"channel": 6})


def test_unknown_reference_channel(cells):
    with pytest.raises(ConfigError, match="no channel 5; use 3"):
        jurkat.read_channel(5, cells.table)


def test_wrong_folder(tmp_path):
    with pytest.raises(DataError, match="nowhere: it does not exist; name the folder .*cgrecnet data fetch"):
        open_dataset("jurkat", root=tmp_path / "nowhere")
    with pytest.raises(DataError, match="has no folder Experiment_1"):
        open_dataset("jurkat", root=tmp_path)
    assert not available("jurkat", root=tmp_path)


def test_empty_folder(tmp_path):
    (tmp_path / "Experiment_1").mkdir()
    with pytest.raises(DataError, match="lacks 12 of the 12 montages of channel 3, the first is Experiment_1/"):
        open_dataset("jurkat", root=tmp_path)
    assert not available("jurkat", root=tmp_path)


def test_environment_that_names_no_folder(no_data, monkeypatch, tmp_path):
    monkeypatch.setenv("CGRECNET_DATA", str(tmp_path / "gone"))
    with pytest.raises(DataError, match="CGRECNET_DATA names .*gone, which is not a folder"):
        open_dataset("jurkat")
    assert not available("jurkat")


def spoil(folder, content: bytes) -> str:
    name = "Experiment_1/G1/Ch3_CP0008.tif"
    (folder / name).unlink()
    (folder / name).write_bytes(content)
    return name


def test_truncated_tiff(copy):
    intact = (copy / "Experiment_1/G1/Ch3_CP0008.tif").read_bytes()
    spoil(copy, intact[: len(intact) // 2])
    with pytest.raises(DataError, match="G1/Ch3_CP0008.tif is not the published file .* replaces it"):
        open_dataset("jurkat", root=copy)


def test_foreign_tiff(copy):
    intact = bytearray((copy / "Experiment_1/G1/Ch3_CP0008.tif").read_bytes())
    intact[-1] ^= 1
    spoil(copy, bytes(intact))
    with pytest.raises(DataError, match="is not the published file .*cgrecnet data fetch jurkat --folder"):
        open_dataset("jurkat", root=copy)


def test_missing_tiff(copy):
    shutil.rmtree(copy / "Experiment_2")
    with pytest.raises(DataError, match="lacks 5 of the 12 montages .* Experiment_2/G1/Ch3_CP0001.tif"):
        open_dataset("jurkat", root=copy)
