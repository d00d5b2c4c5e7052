"""Confounding of class and group: measured where it is, silent where it is not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from cgrecnet.data.audit.confounding import (
    area,
    contingency,
    corner_features,
    cramers_v,
    groups_apart,
    kept_in_a_new_group,
)
from cgrecnet.data.base import CellDataset
from cgrecnet.errors import DataError


def cells(offset=0.0, count=240, seed=0, size=12):
    """Two groups; class 0 lives in both, class 1 in the first only; `offset` grey levels between the groups.

    Cells of class 1 have a bright middle.
    """
    rng = np.random.default_rng(seed)
    labels = np.tile([0, 0, 1], count // 3)
    groups = np.tile(["one", "two", "one"], count // 3)
    images = [rng.normal(100 + offset * (group == "two"), 2, (size, size)) for group in groups]
    for image, label in zip(images, labels, strict=True):
        image[4:8, 4:8] += 30 * label
    table = pd.DataFrame({"cell_id": np.arange(count).astype(str), "class_name": labels, "group": groups})
    return CellDataset("made", True, "t", ("plain", "bright"), images, labels, table, (0, 255), "x", "made up")


def test_contingency_keeps_the_order_of_the_classes():
    table = contingency(cells())
    assert list(table.index) == ["plain", "bright"] and table.loc["bright", "two"] == 0
    assert table.to_numpy().sum() == 240


@pytest.mark.parametrize(
    ("table", "value"),
    [([[5, 0], [0, 5]], 1.0), ([[5, 5], [5, 5]], 0.0), ([[5, 5]], 0.0), ([[5, 5], [0, 0]], 0.0)],
)
def test_cramers_v_of_plain_tables(table, value):
    assert cramers_v(np.array(table)) == pytest.approx(value)


def test_cramers_v_is_its_formula():
    table = np.array([[900, 4500], [1800, 0], [718, 0]])
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    chi2 = ((table - expected) ** 2 / expected).sum()
    assert cramers_v(table) == pytest.approx(np.sqrt(chi2 / table.sum()))


def test_area_is_sklearns_also_with_ties():
    rng = np.random.default_rng(0)
    positive = rng.random(300) < 0.3
    score = np.round(rng.normal(size=300) + positive, 1)
    found = area(score, positive)
    assert found.value == pytest.approx(roc_auc_score(positive, score))
    assert found.low < found.value < found.high


def test_the_interval_of_the_area_covers():
    """Of 200 samples about 10 may miss the truth (a normal shift of 1: area 0.760); 22 would be too many."""
    rng = np.random.default_rng(1)
    positive = np.arange(200) < 60
    found = [area(rng.normal(size=200) + positive, positive) for _ in range(200)]
    missed = sum(not one.low <= 0.7602 <= one.high for one in found)
    assert 1 <= missed <= 21


def test_groups_of_one_class_are_told_apart_only_where_they_differ():
    assert groups_apart(cells(offset=3.0), 0).low > 0.9
    silent = [groups_apart(cells(seed=seed), 0) for seed in range(20)]
    assert sum(not one.low <= 0.5 <= one.high for one in silent) <= 3


def test_groups_apart_needs_two_groups_of_the_class():
    with pytest.raises(DataError, match="Class bright lives in 1 group"):
        groups_apart(cells(), 1)


def test_a_class_is_kept_in_a_like_group_and_lost_in_an_unlike_one():
    old, new = kept_in_a_new_group(cells(), 0, "one")
    assert old.value > 0.95 and new.value > 0.95
    _, lost = kept_in_a_new_group(cells(offset=40.0), 0, "one")
    assert lost.high < 0.5


def test_kept_in_a_new_group_needs_the_class_on_both_sides():
    with pytest.raises(DataError, match="Class bright has 80 cells in one and 0 outside"):
        kept_in_a_new_group(cells(), 1, "one")


def test_corners_see_the_corners_only():
    image = np.zeros((20, 20))
    image[4:-4] = image[:, 4:-4] = 9.0
    assert corner_features(image) == [0.0] * 5
    image[0, 0] = 16.0
    assert corner_features(image)[0] > 0
