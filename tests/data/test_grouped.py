import numpy as np
import pytest

from cgrecnet.data.splits import group_cuts, grouped_folds, grouped_split
from cgrecnet.errors import ConfigError, DataError


def random_case(seed, classes=3):
    """Groups of uneven sizes, each with a random mix of classes; every class is in at least five groups."""
    rng = np.random.default_rng(seed)
    groups, labels = [], []
    for group in range(int(rng.integers(8, 30))):
        size = int(rng.integers(5, 80))
        mix = rng.dirichlet(np.ones(classes))
        groups += [f"run-{group}"] * size
        labels += rng.choice(classes, size, p=mix).tolist()
    for label in range(classes):  # a cell of every class in five groups, whatever was drawn
        groups += [f"run-{group}" for group in range(5)]
        labels += [label] * 5
    order = rng.permutation(len(labels))
    return np.array(labels)[order], np.array(groups)[order]


def assert_apart(split, groups):
    names = [set(groups[part]) for part in split.parts().values()]
    assert not (names[0] & names[1] or names[0] & names[2] or names[1] & names[2])


@pytest.mark.parametrize("seed", range(12))
def test_no_group_is_parted_and_no_cell_is_lost(seed):
    labels, groups = random_case(seed)
    split = grouped_split(labels, groups, seed)
    assert_apart(split, groups)
    assert sorted(np.concatenate(list(split.parts().values()))) == list(range(len(labels)))
    assert all(set(labels[part]) == {0, 1, 2} for part in split.parts().values())
    assert grouped_split(labels, groups, seed).manifest == split.manifest


@pytest.mark.parametrize("seed", range(6))
def test_folds_test_every_cell_once_on_a_new_group(seed):
    labels, groups = random_case(seed)
    folds = grouped_folds(labels, groups, 3, seed)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(labels)))
    for fold in folds:
        assert_apart(fold, groups)
        assert sum(map(len, fold.parts().values())) == len(labels)
        assert all(set(labels[part]) == {0, 1, 2} for part in fold.parts().values())
    assert [f.manifest for f in grouped_folds(labels, groups, 3, seed)] == [f.manifest for f in folds]


def test_many_even_groups_come_near_the_wanted_shares():
    labels, groups = np.tile([0, 0, 1, 2], 500), np.repeat(np.arange(100), 20)
    split = grouped_split(labels, groups, seed=0)
    shares = [len(part) / len(labels) for part in split.parts().values()]
    assert np.abs(np.array(shares) - [0.70, 0.15, 0.15]).max() < 0.04


def test_the_seed_decides():
    labels, groups = np.tile([0, 0, 1, 2], 150), np.repeat(np.arange(30), 20)
    assert len({grouped_split(labels, groups, seed).manifest for seed in (42, 123, 999)}) == 3


def test_few_groups_keep_every_class_in_every_part():
    labels, groups = np.tile([0, 1, 2], 40), np.repeat(["a", "b", "c"], 40)
    split = grouped_split(labels, groups, seed=0)
    assert sorted(len(part) for part in split.parts().values()) == [40, 40, 40]


def test_a_class_that_lives_in_one_group_is_named():
    labels = np.array([0] * 20 + [1] * 10)
    groups = np.array(["e1"] * 5 + ["e2"] * 5 + ["e3"] * 10 + ["e2"] * 10)
    message = r"Class 1 lives in one group only \(e2\), too few for .*; get that class from more acquisitions"
    with pytest.raises(DataError, match=message):
        grouped_split(labels, groups, 0)
    with pytest.raises(DataError, match=message):
        grouped_folds(labels, groups, 2, 0)
    with pytest.raises(DataError, match=message):
        group_cuts(labels, groups, 2, 0)


def test_more_folds_than_groups():
    labels, groups = np.tile([0, 1], 30), np.repeat(["a", "b", "c"], 20)
    with pytest.raises(DataError, match=r"Class 0 lives in 3 groups only \(a, b, c\), too few for 5 folds"):
        grouped_folds(labels, groups, 5, 0)


def test_groups_that_cannot_be_combined():
    """Each class lives in three groups, but groups that hold two classes leave too few for the rest."""
    pairs = {"a": (0, 1), "b": (0, 2), "c": (1, 2), "d": (0, 1), "e": (2,)}
    labels = np.array([label for kinds in pairs.values() for label in kinds for _ in range(4)])
    groups = np.array([name for name, kinds in pairs.items() for _ in kinds for _ in range(4)])
    with pytest.raises(DataError, match=r"No way was found to give .* without parting one of the \d groups .*; use"):
        grouped_split(labels, groups, 0)


@pytest.mark.parametrize("folds", [1, 2.5, True])
def test_impossible_folds(folds):
    with pytest.raises(ConfigError, match="whole number of folds"):
        grouped_folds(*random_case(0), folds, 0)


def test_shapes_that_do_not_fit():
    with pytest.raises(DataError, match="one group per cell, not arrays of shape"):
        grouped_split(np.zeros(4, int), np.zeros(3, int), 0)
