import numpy as np
import pytest

from cgrecnet.data.splits import Split, joint_split, stratified_folds
from cgrecnet.errors import ConfigError, DataError

PAPER = np.repeat([0, 1, 2], [55_466, 27_687, 124_403])
SMALL = np.repeat([0, 1, 2], [60, 30, 110])


@pytest.mark.parametrize("seed", [0, 1, 42])
def test_the_papers_test_support(seed):
    split = joint_split(PAPER, seed)
    assert np.bincount(PAPER[split.test]).tolist() == [8_320, 4_153, 18_661]
    assert [len(part) for part in split.parts().values()] == [145_288, 31_134, 31_134]


def test_every_cell_once_and_the_seed_decides():
    split = joint_split(SMALL, 3)
    assert sorted(np.concatenate(list(split.parts().values()))) == list(range(len(SMALL)))
    assert joint_split(SMALL, 3).manifest == split.manifest
    assert joint_split(SMALL, 4).manifest != split.manifest


def test_folds_test_every_cell_exactly_once():
    folds = stratified_folds(SMALL, 5, seed=0)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(SMALL)))
    for fold in folds:
        assert sum(map(len, fold.parts().values())) == len(SMALL)
        assert np.bincount(SMALL[fold.test]).tolist() == [12, 6, 22]
        assert len(fold.validation) == 30
    assert len({fold.manifest for fold in folds}) == 5
    assert [f.manifest for f in stratified_folds(SMALL, 5, seed=0)] == [f.manifest for f in folds]


def test_overlap_is_refused():
    with pytest.raises(DataError, match="1 cell.s. stand more than once in the split"):
        Split(np.array([0, 1]), np.array([2]), np.array([1]))
    with pytest.raises(DataError, match="more than once"):
        Split(np.array([0, 0]), np.array([2]), np.array([1]))


def test_parts_cannot_be_changed():
    split = joint_split(SMALL, 0)
    with pytest.raises(ValueError):
        split.train[0] = 5
    with pytest.raises(AttributeError):
        split.train = split.test


def test_manifest_tells_the_parts_apart():
    a, b, c = np.array([0]), np.array([1]), np.array([2])
    assert Split(a, b, c).manifest != Split(a, c, b).manifest


@pytest.mark.parametrize("smallest", [1, 2, 3])
def test_class_too_small(smallest):
    labels = np.repeat([0, 1], [100, smallest])
    with pytest.raises(DataError, match=rf"Class 1 has only {smallest} cell\(s\), too few for .*; use more cells"):
        joint_split(labels, 0)
    with pytest.raises(DataError, match=r"Class 1 has only .* too few for 5 folds"):
        stratified_folds(labels, 5, 0)


@pytest.mark.parametrize("shares", [(0.0, 0.15), (0.5, 0.5), (-0.1, 0.2), (0.15, 1.2)])
def test_impossible_shares(shares):
    with pytest.raises(ConfigError, match="sum to less than 1"):
        joint_split(SMALL, 0, *shares)


@pytest.mark.parametrize("folds", [1, 0, -3, 2.5, True, "5"])
def test_impossible_folds(folds):
    with pytest.raises(ConfigError, match="whole number of folds"):
        stratified_folds(SMALL, folds, 0)


def test_no_labels():
    with pytest.raises(DataError, match="one label per cell"):
        joint_split(np.array([]), 0)
