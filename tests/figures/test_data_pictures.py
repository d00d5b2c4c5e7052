"""Pictures of the pages on data: confounding, overlap, audits over many data sets, few measured crops."""

import json

import numpy as np
import pandas as pd
import pytest

from cgrecnet.data import open_dataset
from cgrecnet.data.audit.probes import Score
from cgrecnet.data.splits import Split
from cgrecnet.figures.calibration import (
    attempts_table,
    draw_attempts,
    f1_intervals,
    present_numbers,
    read_attempts,
    with_present_numbers,
)
from cgrecnet.figures.overlap import draw_overlap, overlap, overlap_table, told_by_all, told_by_one
from cgrecnet.figures.shortcuts import (
    audit_frame,
    draw_found_or_silent,
    draw_levels,
    draw_tasks,
    found_table,
    hash_of_parameters,
    level_frame,
    measured_levels,
)
from cgrecnet.figures.splits import draw_folds, shares_tested


def record():
    scores = {(0.0, 0): (0.3, 0.2), (0.0, 1): (0.5, 0.4), (1.0, 0): (0.9, 0.8), (1.0, 1): (0.95, 0.9)}
    return {
        "chance": 1 / 3,
        "audits": [
            {
                "confounding": level,
                "seed": seed,
                "border": {"balanced": balanced, "low": low, "high": 1.0},
                "gap": {"gap": level / 2, "low": level / 2 - 0.1},
                "gap_standardised": {"gap": level / 4, "low": level / 4 - 0.3},
            }
            for (level, seed), (balanced, low) in scores.items()
        ],
    }


def test_the_hash_of_the_parameters_is_of_their_numbers(tmp_path, monkeypatch):
    from cgrecnet.figures import calibration

    now, text = hash_of_parameters(), calibration.FILE.read_text("utf-8")
    for old, new, same in (("value: 0.457", "value: 0.5", False), ("source: calibrated}", "source: hearsay}", True)):
        assert old in text
        (tmp_path / "mine.yaml").write_text(text.replace(old, new), "utf-8")
        monkeypatch.setattr(calibration, "FILE", tmp_path / "mine.yaml")
        assert (hash_of_parameters() == now) is same


def test_found_means_that_the_interval_lies_above_chance():
    assert audit_frame(record())["found"].tolist() == [False, True, True, True]
    assert audit_frame(record())["gap_found"].tolist() == [False, False, True, True]
    assert not audit_frame(record())["gap_standardised_found"].any()
    assert "| 0 | 2 | 1 | 0.40 | 0 |" in found_table(record())
    assert "| 1 | 2 | 2 | 0.93 | 2 |" in found_table(record()).replace("0.92", "0.93")


def test_found_data_sets_are_filled_and_silent_ones_hollow():
    left, right = draw_found_or_silent(record()).axes
    hollow = [y for line in left.lines if line.get_markerfacecolor() == "white" for y in line.get_ydata()]
    assert hollow == [0.3]
    curves = [list(line.get_ydata()) for line in right.lines if len(line.get_xdata()) == 2]
    assert curves[0] == [0.0, 0.5] and [0.0, 0.25] in curves


def test_every_task_has_its_mark_in_every_row():
    low, high = Score(0.4, 0.35, 0.45, 0, 0, 0), Score(0.8, 0.7, 0.9, 0, 0, 0)
    axes = draw_tasks({"a": {"border": low, "size": high}, "b": {"border": high, "size": low}}, 1 / 3).axes[0]
    assert [c.lines[0].get_xdata().tolist() for c in axes.containers] == [[0.4, 0.8], [0.8, 0.4]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["border", "size"]
    assert axes.get_xlim()[0] < 1 / 3 and axes.get_xlim()[1] > 0.9


def test_measured_crops_stand_in_grey_levels_in_the_row_of_their_class():
    cells = [
        {"kind": "astrocyte", "group": "a-1d1", "traits": {"background": 0.4, "noise": 0.01, "height": 40}},
        {"kind": "neuron", "group": "n-1d1", "traits": {"background": 0.6, "noise": 0.02, "height": 41}},
    ]
    frame = level_frame(cells, (0.0, 255.0))
    assert frame["background"].tolist() == pytest.approx([102, 153])
    left, _ = draw_levels(frame).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["astrocyte", "neuron"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in left.lines] == [
        (pytest.approx(102), 0),
        (pytest.approx(153), 1),
    ]


def test_levels_are_measured_in_every_group_and_never_more_than_asked():
    cells = open_dataset("cytometer", options={"cells": 60, "seed": 1, "runs": 3})
    found = measured_levels(cells, most=4)
    assert found.groupby(["kind", "group"]).size().max() == 4
    assert set(found["group"]) == set(cells.table["group"])
    assert found["background"].between(80, 180).all() and (found["noise"] > 0).all()


def test_overlap_of_equal_apart_and_half_shifted():
    rng = np.random.default_rng(0)
    values = rng.random(20_000)
    assert overlap(values, rng.random(20_000)) > 0.97
    assert overlap(values, values + 2) == 0
    assert overlap(values, rng.random(20_000) + 0.5) == pytest.approx(0.5, abs=0.06)
    assert overlap(np.ones(5), np.ones(7)) == 1


def test_one_trait_tells_nothing_all_or_half():
    rng = np.random.default_rng(0)
    values = rng.random(40_000)
    assert told_by_one([values, values, values]) == pytest.approx(1 / 3)
    assert told_by_one([values, values + 2, values + 4]) == pytest.approx(1)
    assert told_by_one([values, rng.random(40_000) + 0.5]) == pytest.approx(0.75, abs=0.02)
    assert told_by_one([np.ones(3), np.ones(4)]) == 0.5


def test_overlap_has_a_row_per_trait_a_column_per_pair_and_a_panel_per_trait():
    causes = pd.DataFrame({"radius": np.arange(12.0) ** 0.5, "granules": np.arange(12) % 4})
    labels = np.arange(12) % 3
    table = overlap_table(causes, labels, ("a", "b", "c"), list(causes))
    assert table.shape == (2, 4) and table.columns[0] == "a and b"
    assert ((table >= 0) & (table <= 1)).all().all()
    figure = draw_overlap(causes, labels, ("a", "b", "c"), {"radius": "radius (um)", "granules": "granules"})
    assert [axes.get_xlabel() for axes in figure.axes if axes.axison] == ["radius (um)", "granules"]


def test_folds_say_which_share_of_each_group_they_test():
    place = np.array([0, 0, 1, 1])
    folds = [Split(np.array([2]), np.array([3]), np.array([0, 1])), Split(np.array([0]), np.array([2]), np.array([3]))]
    assert shares_tested(folds, place, 2).tolist() == [[1.0, 0.0], [0.0, 0.5]]
    (axes,) = draw_folds({"x": folds}, ["run-2", "run-2", "run-10", "run-10"]).axes
    assert [text.get_text() for text in axes.texts if "%" in text.get_text()] == ["100%", "0%", "0%", "50%"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["run-2", "run-10"]


def attempt(f1, numbers):
    names = ("astrocyte", "oligodendrocyte", "neuron")
    paper = dict(zip(names, (0.97, 0.84, 0.96), strict=True))
    return {"f1": dict(zip(names, f1, strict=True)), "paper_f1": paper, "parameters": numbers}


def test_attempts_are_drawn_in_order_and_the_frozen_ones_are_those_with_the_present_numbers(tmp_path):
    tries = [attempt((0.8, 0.5, 0.9), {"version": 1}), attempt((0.96, 0.8, 0.95), present_numbers())]
    for number, one in enumerate(tries):
        (tmp_path / f"{number}.json").write_text(json.dumps(one))
    read = read_attempts(tmp_path)
    frozen = with_present_numbers(read)
    assert [one["f1"]["astrocyte"] for one in read] == [0.8, 0.96] and frozen == [read[1]]
    assert with_present_numbers(read[:1]) == []
    left, right = draw_attempts(read, frozen).axes
    assert left.lines[0].get_ydata().tolist() == [0.8, 0.96]
    assert [round(bar.get_height(), 2) for bar in right.patches] == [0.96, 0.97, 0.8, 0.84, 0.95, 0.96]


def test_no_attempts_where_there_is_no_folder(tmp_path):
    assert read_attempts(tmp_path / "absent") == []


def test_all_traits_together_tell_what_no_single_one_does():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 300)
    causes = pd.DataFrame({name: rng.normal(2.5 * labels, 1.0) for name in "abcdef"})
    alone = [told_by_one([causes[name].to_numpy()[labels == kind] for kind in (0, 1)]) for name in causes]
    assert max(alone) < 0.95 < 0.99 < told_by_all(causes, labels)
    assert 0.4 < told_by_all(causes, rng.permutation(labels)) < 0.6


def tried(step_size=7, confusion=((90, 10), (20, 30))):
    return {
        "note": "first guess",
        "f1": {"round": 0.857, "long": 0.667},
        "paper_f1": {"round": 0.9, "long": 0.7},
        "recipe": {"step_size": step_size, "epochs": 6, "test_cells": 1500},
        "test": {"confusion": confusion, "per_class": [{"name": "round"}, {"name": "long"}]},
    }


def test_the_table_of_attempts_says_how_each_was_trained():
    lines = attempts_table([tried(), tried(step_size=4)]).splitlines()
    assert lines[2] == "| 1 | first guess | never | 1,500 | 0.857 | 0.667 |"
    assert "| 2 | first guess | after epoch 4 |" in lines[3]
    assert lines[4].endswith("| 0.900 | 0.700 |") and len({line.count("|") for line in lines}) == 1


def test_intervals_of_f1_hold_the_value_and_narrow_with_more_cells():
    few = f1_intervals(tried(), np.random.default_rng(0))
    many = f1_intervals(tried(confusion=((9000, 1000), (2000, 3000))), np.random.default_rng(0))
    for name, value in tried()["f1"].items():
        assert few[name][0] < many[name][0] < value < many[name][1] < few[name][1]
        assert np.ptp(few[name]) / np.ptp(many[name]) == pytest.approx(10, rel=0.15)
    exact = f1_intervals(tried(confusion=((50, 0), (0, 50))), np.random.default_rng(0))
    assert exact == {"round": (1.0, 1.0), "long": (1.0, 1.0)}
