"""Split manifests: what they promise of every split, and what they refuse."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cgrecnet.cli import main
from cgrecnet.data import open_dataset
from cgrecnet.data.audit.duplicates import find_exact
from cgrecnet.data.audit.integrity import take
from cgrecnet.data.base import CellDataset, fingerprint
from cgrecnet.data.manifest import copies_across, make_manifest, read_manifest, write_manifest
from cgrecnet.data.splits import KINDS, Split, draw
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.paths import RESULTS

SEEDS = (42, 123, 999)
COMMITTED = sorted((RESULTS / "splits").glob("*.json"))


def noise(cells: int = 120, groups: int = 12, seed: int = 0) -> CellDataset:
    """Random pictures of three classes, every class in every group."""
    rng = np.random.default_rng(seed)
    images = list(rng.integers(0, 256, (cells, 8, 9), np.uint8))
    labels = np.arange(cells) % 3
    ids = [f"zelle-ä-{i:03d}" for i in rng.permutation(cells)]
    table = pd.DataFrame({"cell_id": ids, "class_name": labels.astype(str), "group": np.arange(cells) // 3 % groups})
    return CellDataset(
        "noise",
        True,
        "kind",
        ("a", "b", "c"),
        images,
        labels,
        table,
        (0, 255),
        fingerprint(images, labels, ids),
        "made up",
    )


@cache
def cytometer() -> CellDataset:
    return open_dataset("cytometer", options={"cells": 300, "seed": 3, "runs": 12})


@cache
def jurkat() -> CellDataset:
    return open_dataset("jurkat")


def parts_as_ids(dataset: CellDataset, splits: list[Split]) -> list[dict[str, set]]:
    ids = dataset.table["cell_id"].to_numpy()
    return [{name: set(ids[index]) for name, index in split.parts().items()} for split in splits]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [cytometer, jurkat])
def test_no_model_is_scored_on_a_cell_it_saw(data, kind, seed, tmp_path):
    """For every data set, kind, seed and fold, and after a turn through the file."""
    dataset = data()
    if data is jurkat and "grouped" in kind:
        with pytest.raises(
            DataError, match="Class S.G2 lives in one group only .experiment-1.*get that class from more"
        ):
            make_manifest(dataset, kind, seed)
        return
    write_manifest(make_manifest(dataset, kind, seed), tmp_path / "split.json")
    splits = read_manifest(tmp_path / "split.json").splits_for(dataset)
    assert len(splits) == (5 if "folds" in kind else 1)
    groups = dataset.table["group"].to_numpy()
    tested = np.concatenate([split.test for split in splits])
    assert len(np.unique(tested)) == len(tested)
    if "folds" in kind:
        assert len(tested) == len(dataset)
    for split in splits:
        seen = np.concatenate([split.train, split.validation])
        assert not np.intersect1d(seen, split.test).size and not np.intersect1d(split.train, split.validation).size
        assert len(seen) + len(split.test) == len(dataset)
        for part in split.parts().values():
            assert set(dataset.labels[part]) == {0, 1, 2}
        if "grouped" in kind:
            for one, other in ((seen, split.test), (split.train, split.validation)):
                assert not set(groups[one]) & set(groups[other])
        assert copies_across(find_exact(dataset.images), split) == []
    drawn = draw(dataset, kind, seed)
    assert [split.manifest for split in splits] == [split.manifest for split in drawn]


@pytest.mark.slow
def test_seeds_and_kinds_give_different_splits():
    made = {tuple(make_manifest(noise(), kind, seed).splits) for kind in KINDS for seed in SEEDS}
    assert len(made) == len(KINDS) * len(SEEDS)


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_another_order_of_the_same_cells_gives_the_same_parts(kind, compact, tmp_path):
    dataset = noise()
    shuffled = take(dataset, np.random.default_rng(1).permutation(len(dataset)))
    assert shuffled.fingerprint != dataset.fingerprint
    path = tmp_path / "split.json"
    write_manifest(make_manifest(dataset, kind, 42, compact=compact), path)
    assert ("zelle-ä" in path.read_text("utf-8")) != compact
    manifest = read_manifest(path)
    assert parts_as_ids(shuffled, manifest.splits_for(shuffled)) == parts_as_ids(dataset, manifest.splits_for(dataset))


def refused(manifest, dataset, words) -> None:
    with pytest.raises(DataError, match=words) as caught:
        manifest.splits_for(dataset)
    assert "\n" not in str(caught.value)


def test_other_data_is_refused():
    dataset = noise()
    manifest, compact = (make_manifest(dataset, "joint", 42, compact=compact) for compact in (False, True))
    refused(manifest, replace(dataset, name="zhu"), "made for data set 'noise' and cannot be used on 'zhu'")
    refused(manifest, replace(dataset, task="stage"), "made for task 'kind' and cannot be used on 'stage'")
    fewer = take(dataset, np.arange(100))
    first = min(set(dataset.table["cell_id"]) - set(fewer.table["cell_id"]))
    refused(manifest, fewer, f"120 cells of data set 'noise', and these 100 are not the same ones .{first} is in one")
    refused(compact, fewer, "120 cells of data set 'noise', and these 100 are not the same ones")
    renamed = take(dataset, np.arange(120))
    renamed.table.loc[7, "cell_id"] = "stranger"
    refused(manifest, renamed, "these 120 are not the same ones .[^ ]* is in one of the two alone.: use the data")
    refused(compact, renamed, "not the same ones")
    other = take(dataset, np.arange(120))
    other.images[5] = other.images[5] + 1
    other = take(other, np.arange(120))
    refused(manifest, other, "names of the split manifest but other pixels or labels: get the data")
    relabelled = replace(dataset, labels=(dataset.labels + 1) % 3)
    refused(manifest, take(relabelled, np.arange(120)), "other pixels or labels")


def change(**fields):
    return lambda text: json.dumps(json.loads(text) | fields)


def swap_letters(text: str) -> str:
    content = json.loads(text)
    content["splits"][0] = content["splits"][0].replace("e", "x").replace("v", "e").replace("x", "v")
    return json.dumps(content)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (swap_letters, "was changed after it was made .its sha256 does not fit.: make it anew"),
        (change(seed=43), "was changed after it was made"),
        (change(sklearn="0.1"), "was changed after it was made"),
        (change(note="mine"), "was changed after it was made"),
        (lambda text: text[:-200], "is no split manifest, or was cut off"),
        (lambda text: "", "is no split manifest, or was cut off"),
        (lambda text: "[1, 2]", "is no split manifest"),
        (lambda text: '{"a": 1}', "is no split manifest"),
        (lambda text: "\x89PNG", "is no split manifest"),
        (lambda text: "[" * 100_000, "is no split manifest"),
    ],
)
def test_a_spoilt_manifest_is_refused(tmp_path, spoil, words):
    path = tmp_path / "split.json"
    write_manifest(make_manifest(noise(), "joint", 42), path)
    path.write_text(spoil(path.read_text("utf-8")), "utf-8")
    with pytest.raises(DataError, match=words) as caught:
        read_manifest(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_a_manifest_of_another_version(tmp_path):
    from cgrecnet.data import manifest as module

    content = make_manifest(noise(), "joint", 42).model_dump() | {"format": 2, "news": "yes"}
    (tmp_path / "split.json").write_text(json.dumps(content | {"sha256": module._sha256(content)}))
    with pytest.raises(DataError, match="of another version .format 2, here 1.: make it anew"):
        read_manifest(tmp_path / "split.json")


def test_files_that_are_not_there_or_not_writable(tmp_path):
    with pytest.raises(DataError, match="cannot be read .No such file"):
        read_manifest(tmp_path / "nothing.json")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot be written .*name another folder"):
        write_manifest(make_manifest(noise(), "joint", 42), tmp_path / "file" / "split.json")


def test_a_manifest_is_not_overwritten_by_another(tmp_path):
    path = tmp_path / "split.json"
    assert write_manifest(make_manifest(noise(), "joint", 42), path)
    assert not write_manifest(make_manifest(noise(), "joint", 42), path)
    before = path.read_text("utf-8")
    with pytest.raises(DataError, match="is there and differs from the new split: remove it"):
        write_manifest(make_manifest(noise(), "joint", 43), path)
    assert path.read_text("utf-8") == before and [p.name for p in tmp_path.iterdir()] == ["split.json"]


def test_mistakes():
    with pytest.raises(ConfigError, match="no kind of split 'joined'; did you mean 'joint'"):
        make_manifest(noise(), "joined", 42)
    with pytest.raises(ConfigError, match="seed of a split is a whole number from 0 to 4294967295, not -1"):
        make_manifest(noise(), "joint", -1)
    twice = noise()
    twice.table.loc[3, "cell_id"] = twice.table.loc[4, "cell_id"]
    with pytest.raises(DataError, match="Two cells of data set 'noise' are named zelle"):
        make_manifest(twice, "joint", 42)


def test_the_same_pixels_in_two_parts_are_reported():
    dataset = take(noise(), np.array([*range(30), 0, 0, 1]))
    split = Split(np.arange(30), np.array([30]), np.array([31, 32]))
    assert copies_across(find_exact(dataset.images), split) == [(0, 30), (0, 31), (30, 31), (1, 32)]
    assert copies_across(find_exact(dataset.images), Split(np.arange(31), np.array([31]), np.array([]))) == [
        (0, 31), (30, 31),
    ]  # fmt: skip


def test_on_the_command_line(tmp_path, capsys):
    small = ["cytometer", "--option", "cells=200", "--option", "runs=12"]
    words = ["data", "split", *small, "--seeds", "1", "2", "--out", str(tmp_path)]
    assert main([*words, "--kind", "grouped_folds", "--folds", "3"]) == 0
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == [f"cytometer-kind-grouped_folds3-seed{seed}.json" for seed in (1, 2)]
    output = capsys.readouterr().out
    assert output.count("fold ") == 6 and "200 simulated cells" in output
    assert main(["data", "split", *small, "--check", *map(str, files)]) == 0
    for words, message in (
        ([*small[:1], "--option", "cells=201", "--option", "runs=12", "--check", str(files[0])], "for 200 cells"),
        ([*small], "needs either --out FOLDER or --check MANIFEST"),
        ([*small, "--option", "cells", "--out", str(tmp_path)], "'cells' is not NAME=VALUE"),
        ([*small, "--option", "cels=3", "--out", str(tmp_path)], "did you mean 'cells'"),
        ([*small, "--kind", "jointly", "--out", str(tmp_path)], "did you mean 'joint'"),
    ):
        assert main(["data", "split", *words]) == 2
        output = capsys.readouterr().err
        assert message in output and output.count("\n") == 1


def test_twins_in_two_parts_end_with_status_1(tmp_path, capsys):
    from zhu_trees import crop, write

    for kind in ("astrocyte", "oligodendrocyte", "neuron"):
        for i in range(20):
            write(tmp_path / kind / f"{i}.bmp", crop(1))
    assert main(["data", "split", "zhu", str(tmp_path), "--seeds", "1", "--out", str(tmp_path / "out")]) == 1
    assert "pair(s) of cells with the same pixels in two parts, such as " in capsys.readouterr().out


def test_the_committed_manifests_can_be_rebuilt():
    assert {path.name for path in COMMITTED} == {
        f"jurkat-cycle-{kind}-seed{seed}.json" for kind in ("joint", "folds5") for seed in SEEDS
    }
    manifests = [read_manifest(path) for path in COMMITTED]
    dataset = jurkat()
    for manifest in manifests:
        again = make_manifest(dataset, manifest.kind, manifest.seed, manifest.folds or 5, compact=True)
        assert again.model_dump(exclude={"sklearn"}) == manifest.model_dump(exclude={"sklearn"})


def test_the_committed_manifests_are_small():
    assert sum(Path(path).stat().st_size for path in COMMITTED) < 200_000
