"""The audit where the truth is known: what was planted is found, and where nothing was there is silence."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_manifest import noise
from zhu_trees import crop, write

from cgrecnet.cli import main
from cgrecnet.data import open_dataset
from cgrecnet.data.audit.duplicates import find_duplicates
from cgrecnet.data.audit.integrity import _copies, _sample, audit, leaks, probe_shortcuts, take
from cgrecnet.data.audit.report import GroupGap
from cgrecnet.data.levels import border_mean, disjoint_classes, group_levels
from cgrecnet.data.splits import Split, joint_split
from cgrecnet.errors import DataError

CHANCE = 1 / 3


def made(confounding: float, seed: int, cells: int = 240):
    options = {"cells": cells, "seed": seed, "runs": 12, "confounding": confounding}
    return open_dataset("cytometer", options=options)


@pytest.mark.parametrize("confounding", [0.5, 1.0])
@pytest.mark.parametrize("seed", [11, *(pytest.param(one, marks=pytest.mark.slow) for one in (12, 13))])
def test_planted_confounding_is_found_whatever_the_seed(confounding, seed):
    border = probe_shortcuts(made(confounding, seed), seed, sees=("border",))[0].score
    assert border.exceeds(CHANCE) and border.balanced > (0.5 if confounding < 1 else 0.8)


@pytest.mark.slow
def test_false_alarms_are_rare():
    """Ten simulated data sets in which nothing was planted: two alarms or fewer (about 1 in 20 was measured)."""
    found = [probe_shortcuts(made(0.0, 20 + seed, cells=150), seed, sees=("border",))[0].score for seed in range(10)]
    assert sum(score.exceeds(CHANCE) for score in found) <= 2
    assert abs(np.mean([score.balanced for score in found]) - CHANCE) < 0.05


def moved(image):
    return np.pad(image, 2, mode="edge")[4:, :-4]


COPIES = {"exact": lambda image: image, "mirrored": np.flipud, "shifted": moved}


@pytest.mark.parametrize("kind", COPIES)
def test_planted_copies_across_the_parts_of_a_split_are_found(kind):
    """Ten test cells are altered copies of training cells: all are reported as a leak, and nothing else."""
    dataset = made(0.0, 5)
    split = joint_split(dataset.labels, 42)
    images = list(dataset.images)
    for source, copy in zip(split.train[:10], split.test[:10], strict=True):
        images[copy] = COPIES[kind](dataset.images[source])
    found = leaks(split, find_duplicates(images), dataset.table["group"].to_numpy())
    exact, near = found.exact_across["train-test"], found.near_across["train-test"]
    assert (exact, near) == (10, 0) if kind == "exact" else exact == 0 and near >= 9
    assert sum(found.exact_across.values()) + sum(found.near_across.values()) == exact + near


def test_silence_where_nothing_was_planted():
    """Pure noise: nothing to know, nothing to find."""
    report = audit(noise(cells=240), joint_split(noise(cells=240).labels, 42))
    assert report.findings() == [] and report.copies == ()


def test_a_sample_still_finds_every_exact_copy():
    dataset = take(noise(cells=240), np.array([*range(240), 7, 7, 9]))
    split = Split(np.arange(100, 240), np.arange(100), np.array([240, 241, 242]))
    report = audit(dataset, split, seed=1, cells=60)
    assert report.sampled == 60 and report.exact_copies == 3
    assert [(pair.first, pair.second) for pair in report.copies if pair.exact] == [(7, 240), (7, 241), (9, 242)]
    assert "near copies and the probes below are of 60 cells drawn at random" in str(report)
    assert report.counts == dataset.counts() and sum(row.cells for row in report.levels) == 243
    assert report.split.exact_across == {"train-validation": 0, "train-test": 0, "validation-test": 3}
    assert "3 pair(s) of copies stand in two parts of the split: the test is not independent." in report.findings()
    assert not np.array_equal(_sample(dataset, 60, 1), _sample(dataset, 60, 2))
    with pytest.raises(DataError, match="one cell or more, not 0"):
        audit(dataset, cells=0)


def test_near_copies_in_a_sample_keep_their_own_numbers():
    dataset = made(0.0, 5)
    twice = replace(take(dataset, np.array([*range(240), 3])), images=[*dataset.images, np.flipud(dataset.images[3])])
    seed = next(seed for seed in range(99) if {3, 240} <= set(_sample(twice, 120, seed)))
    chosen = _sample(twice, 120, seed)
    found = _copies(twice, take(twice, chosen), chosen)
    assert [(pair.first, pair.second, pair.exact) for pair in found] == [(3, 240, False)]


def test_levels_by_class_and_group():
    images = [np.full((5, 6), 101, np.uint8), np.full((7, 6), 101, np.uint8), np.full((5, 6), 150, np.uint8)]
    images[0][2, 2] = 141
    table = pd.DataFrame({"cell_id": list("xyz"), "class_name": list("aab"), "group": ["r1", "r1", "r2"]})
    dataset = replace(
        noise(cells=3), images=images, labels=np.array([0, 0, 1]), table=table, classes=("a", "b", "c"),
    )  # fmt: skip
    first, second = group_levels(dataset)
    assert (first.kind, first.group, first.cells, first.height, first.width) == ("a", "r1", 2, (5, 7), (6, 6))
    assert first.border == (101, 101, 101) and first.contrast == (0, 40)
    assert second.border == (150, 150, 150)
    assert disjoint_classes([first, second]) == [("a", "b", 2 / 3)]
    assert border_mean(np.array([[4, 8]])) == 6


def test_a_few_cells_are_audited_as_far_as_they_allow(tmp_path, capsys):
    for kind, level in (("astrocyte", 0), ("oligodendrocyte", 60), ("neuron", 0)):
        for i in range(4):
            write(tmp_path / f"{kind}s" / f"{i}.bmp", crop(hash_of(kind, i)) + np.uint8(level))
    write(tmp_path / "neurons" / "again.bmp", crop(hash_of("neuron", 1)))
    assert main(["data", "audit", "zhu", str(tmp_path), "--json", str(tmp_path / "out" / "a.json")]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "Without probes of border, histogram, size and groups: class astrocyte has only 4 cell(s)" in said
    assert "Look at this: 1 picture(s) repeat an earlier one" in said
    assert "The border levels of astrocyte and oligodendrocyte do not overlap" in said
    content = json.loads((tmp_path / "out" / "a.json").read_text())
    assert content["probes"] == [] and content["whole"] is None and len(content["levels"]) == 3
    assert any("do not overlap" in words for words in content["findings"])


def hash_of(kind: str, number: int) -> int:
    return 100 * ["astrocyte", "oligodendrocyte", "neuron"].index(kind) + number


def test_the_zhu_samples(real_data, capsys):
    """What 12 cells show: three levels of background that keep the classes apart; see the record of the samples."""
    folder = real_data / "zhu-samples"
    if not folder.is_dir():
        pytest.skip("CGRECNET_DATA has no zhu-samples")
    report = audit(open_dataset("zhu", root=folder), partly=True)
    assert report.copies == () and report.probes == () and "has only 4 cell(s)" in report.why_partly
    borders = {row.kind: row.border for row in report.levels}
    assert borders["astrocyte"][2] < borders["neuron"][0] < borders["neuron"][2] < 110
    assert borders["oligodendrocyte"][0] > 150
    assert len(disjoint_classes(report.levels)) == 3
    assert main(["data", "audit", "zhu", str(folder), "--task", "inducer"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "nt4-1d" in said and "needs cells of two classes or more" in said


@pytest.mark.slow
def test_on_the_command_line(tmp_path, capsys):
    words = ["data", "audit", "cytometer", "--option", "cells=150", "--option", "runs=12", "--option", "confounding=1"]
    split = ["data", "split", *words[2:], "--seeds", "42", "--out", str(tmp_path)]
    assert main([*split, "--kind", "folds", "--folds", "3"]) == 0
    manifest = str(tmp_path / "cytometer-kind-folds3-seed42.json")
    assert main([*words, "--split", manifest, "--fold", "2", "--cells", "120"]) == 1
    said = capsys.readouterr().out
    assert "Look at this: The border alone" in said and "test cells whose group was in training: 50 of 50" in said
    for more, message in (
        (["--split", manifest, "--fold", "3"], "has folds 0 to 2, not 3"),
        (["--split", str(tmp_path / "none.json")], "cannot be read"),
        (["--cells", "0"], "--cells is 0; give a whole number, 1 or more"),
        (["--json", str(tmp_path / "cytometer-kind-folds3-seed42.json" / "x")], "cannot be written ("),
        (["--task", "kindd"], "did you mean 'kind'"),
    ):
        assert main([*words, *more]) == 2
        said = capsys.readouterr().err.split("\r")[-1].strip()
        assert message in said and said.count("\n") == 0


def test_leaks_count_copies_with_the_part_of_each():
    found = leaks(Split(np.array([0]), np.array([1]), np.array([2])), [], np.array(["a", "a", "b"]))
    assert found.test_cells_of_trained_groups == 0 and sum(found.exact_across.values()) == 0


def test_new_grey_levels_alone_are_a_remark_and_no_finding():
    report = audit(noise(cells=240))
    score = report.probe("border")
    gap = GroupGap(5, score, score, 0.10, 0.02, 0.18)
    none = GroupGap(5, score, score, 0.01, -0.05, 0.06)
    level = replace(report, whole=gap, whole_standardised=none)
    assert level.findings() == [] and "their grey levels are new" in level.remarks()[0]
    pattern = replace(report, whole=gap, whole_standardised=gap)
    assert pattern.remarks() == [] and "random splits may flatter" in pattern.findings()[0]
    tells = replace(score, low=0.6, balanced=0.7, high=0.8)
    probes = tuple(
        replace(p, score=tells) if (p.sees, p.standardised) == ("border", False) else p for p in report.probes
    )
    border = replace(level, probes=probes)
    assert border.remarks() == [] and len(border.findings()) == 2
