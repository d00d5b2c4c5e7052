"""Data sets held against each other: the numbers are right, the words follow them, the record is read or refused."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from cgrecnet.data.traits import FREQUENCIES, TRAITS
from cgrecnet.errors import DataError
from cgrecnet.figures.traits import compare, draw_traits, markdown, zhu_samples


def rows(values, **changed) -> pd.DataFrame:
    return pd.DataFrame({name: np.asarray(changed.get(name, values), float) for name in TRAITS})


def test_cells_that_are_alike_are_inside_and_not_shifted():
    values = np.arange(1, 1001.0)
    table = compare(rows(values), rows(values))
    assert np.allclose(table["inside"], 0.9, atol=0.002) and np.allclose(table["above"], 0.5)


def test_a_trait_that_differs_is_outside_and_shifted_to_its_side():
    values = np.arange(1, 101.0)
    table = compare(rows(values), rows(values[::5], aspect=values[::5] + 200, slope=[-3.0] * 20))
    assert table.loc["aspect", "above"] == 1 and table.loc["slope", "above"] == 0
    assert table.loc["aspect", "inside"] == 0 and table.loc["contrast", "inside"] > 0.5
    assert table.loc["aspect", ["simulated", "real"]].tolist() == [50.5, 248.5]


def test_missing_values_are_left_out():
    values = np.arange(1, 101.0)
    real = rows(values, aspect=[np.nan] * 50 + [500.0] * 50, height=[500.0] * 60 + [50.0] * 40)
    table = compare(rows(values), real)
    assert table.loc["aspect", "inside"] == 0 and table.loc["height", "inside"] == pytest.approx(0.4)


def test_the_table_has_a_row_per_trait_and_three_columns_per_data_set():
    table = compare(rows(np.arange(100.0)), rows(np.arange(50.0)))
    lines = markdown({"one": table, "two": table}).splitlines()
    assert len(lines) == 2 + len(TRAITS)
    assert {line.count("|") for line in lines} == {9}
    assert lines[2].startswith("| height of the crop (pixels) | 49.5 | 24.5 | 90% | 0.25 |")


def test_every_trait_has_a_panel_with_a_line_per_set_and_few_cells_are_drawn_one_by_one():
    many, few = rows(np.arange(1, 101.0)), rows(np.arange(1, 6.0))
    powers = {"many": np.full((100, len(FREQUENCIES)), 9.0), "few": np.full((5, len(FREQUENCIES)), 4.0)}
    powers["few"][0, 2] = np.nan
    figure = draw_traits({"many": many, "few": few}, powers)
    *panels, below = figure.axes
    assert [axes.get_title() for axes in panels] == [str(trait) for trait in TRAITS.values()]
    for axes in panels:
        rings = [line for line in axes.lines if line.get_fillstyle() == "none"]
        assert [len(line.get_xdata()) for line in rings] == [5]
        medians = [
            line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1
        ]
        assert medians == [50.5, 3.0]
    drawn = {line.get_label(): line.get_ydata() for line in below.lines if line.get_marker() == "o"}
    assert set(drawn) == {"many", "few"} and (drawn["many"] == 9).all() and (drawn["few"] == 4).all()
    plt.close(figure)


def test_the_record_of_the_samples_is_read():
    measured = zhu_samples()
    assert len(measured.rows) == 15 and set(TRAITS) < set(measured.rows.columns) and len(measured.commit) >= 40
    assert set(measured.rows["class_name"]) >= {"astrocyte", "oligodendrocyte", "neuron"}
    assert np.isfinite(measured.rows[list(TRAITS)].to_numpy()).all()
    assert measured.spectra.shape == (15, len(FREQUENCIES))


@pytest.mark.parametrize("content", [None, "", "[]", '{"cells": [{"kind": "neuron"}], "commit": "x"}'])
def test_a_record_that_is_none_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "traits.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match="traits.json is not a record of measured traits: restore it"):
        zhu_samples(path)
