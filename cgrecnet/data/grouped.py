"""Splits that never let cells of one acquisition stand on both sides.

Cells of one run, experiment or day share lamp, focus and camera.
A test cell whose own run was in training is therefore an easier question than a cell from a new run.
"""

from collections.abc import Iterator

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from cgrecnet.data.splits import TEST, VALIDATION, Split, check_folds
from cgrecnet.errors import DataError

#: How many shuffles are tried before a way to part the groups is given up.
TRIES = 20


def grouped_split(labels: np.ndarray, groups: np.ndarray, seed: int) -> Split:
    """Training, validation and test cells from different groups, every class in each part.

    Whole groups are moved, so the shares are met as nearly as the groups allow: of all cuts that
    `sklearn.model_selection.StratifiedGroupKFold` proposes in `TRIES` shuffles, the one nearest to the wanted
    share of every class is taken.
    labels, groups: shape (cells,); seed: of the shuffles.
    Raises DataError (the groups do not allow it; the sentence names the class).
    """
    labels, groups = _checked(labels, groups)
    _need(labels, groups, 3, "training, validation and test with groups of its own each")
    index = np.arange(len(labels))
    rest, tested = _nearest_cut(labels, groups, index, TEST, seed, keep=2)
    trained, validated = _nearest_cut(labels, groups, rest, VALIDATION / (1 - TEST), seed, keep=1)
    return Split(trained, validated, tested)


def grouped_folds(labels: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> list[Split]:
    """Cross-validation by groups: every cell is tested once, by a model that saw no cell of its group.

    The validation part, about a share `VALIDATION` of all cells, consists of whole groups as well.
    Raises ConfigError (folds) or DataError (the groups do not allow it; the sentence names the class).
    """
    labels, groups = _checked(labels, groups)
    check_folds(folds)
    _need(labels, groups, max(folds, 3), f"{folds} folds with a validation part each")
    share = VALIDATION * folds / (folds - 1)
    splits = []
    for rest, tested in group_cuts(labels, groups, folds, seed, keep=2):
        trained, validated = _nearest_cut(labels, groups, rest, share, seed, keep=1)
        splits.append(Split(trained, validated, tested))
    return splits


def group_cuts(
    labels: np.ndarray, groups: np.ndarray, folds: int, seed: int, keep: int = 1
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of (rest, tested) indices, no group in both, every class in both; each cell is tested once.

    keep: in how many groups of the rest each class must still live.
    Raises DataError where a class lives in too few groups, or where no shuffle gave such folds.
    """
    labels, groups = _checked(labels, groups)
    _need(labels, groups, max(folds, 1 + keep), f"{folds} folds that share no group")
    index = np.arange(len(labels))
    for cuts in _proposals(labels, groups, index, folds, seed):
        if all(_complete(labels, groups, rest, tested, keep) for rest, tested in cuts):
            return cuts
    raise _no_way(f"{folds} folds", groups)


def _nearest_cut(
    labels: np.ndarray, groups: np.ndarray, index: np.ndarray, share: float, seed: int, keep: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cut `index` in (rest, part), the part nearest to `share` of each class, by whole groups."""
    fewest = min(len(np.unique(groups[index][labels[index] == label])) for label in np.unique(labels))
    folds = int(np.clip(round(1 / share), 2, max(fewest, 2)))
    total = np.bincount(np.unique(labels, return_inverse=True)[1][index])
    best, distance = None, np.inf
    for cuts in _proposals(labels, groups, index, folds, seed):
        for rest, part in cuts:
            if _complete(labels, groups, rest, part, keep):
                found = np.unique(labels[part], return_counts=True)[1] / total
                miss = float(np.abs(found - share).sum())
                if miss < distance:
                    best, distance = (rest, part), miss
    if best is None:
        raise _no_way(f"a part of about {share:.0%}", groups[index])
    return best


def _proposals(labels, groups, index, folds, seed) -> Iterator[list[tuple[np.ndarray, np.ndarray]]]:
    for state in np.random.default_rng(seed).integers(2**31, size=TRIES):
        cutter = StratifiedGroupKFold(folds, shuffle=True, random_state=int(state))
        cuts = cutter.split(index, labels[index], groups[index])
        yield [(index[rest], index[part]) for rest, part in cuts]


def _complete(labels, groups, rest, part, keep: int) -> bool:
    """Whether every class is in the part, and in at least `keep` groups of the rest."""
    every = np.unique(labels)
    return np.array_equal(np.unique(labels[part]), every) and all(
        len(np.unique(groups[rest][labels[rest] == label])) >= keep for label in every
    )


def _checked(labels: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels, groups = np.asarray(labels), np.asarray(groups)
    if labels.ndim != 1 or not len(labels) or groups.shape != labels.shape:
        raise DataError(
            "A grouped split needs one label and one group per cell, not arrays of shape "
            f"{labels.shape} and {groups.shape}."
        )
    return labels, groups.astype(str) if groups.dtype == object else groups


def _need(labels: np.ndarray, groups: np.ndarray, least: int, wanted: str) -> None:
    """Refuse where a class lives in fewer than `least` groups; the sentence names the class with the fewest."""
    homes = {label: np.unique(groups[labels == label]) for label in np.unique(labels)}
    label, home = min(homes.items(), key=lambda item: len(item[1]))
    if len(home) < least:
        where = "one group only" if len(home) == 1 else f"{len(home)} groups only"
        raise DataError(
            f"Class {label} lives in {where} ({', '.join(map(str, home))}), too few for {wanted}; "
            "get that class from more acquisitions, or ask for fewer folds or classes."
        )


def _no_way(wanted: str, groups: np.ndarray) -> DataError:
    return DataError(
        f"No way was found to give {wanted} every class without parting one of the {len(np.unique(groups))} "
        f"groups ({TRIES} shuffles tried); use fewer folds, other shares, or more groups per class."
    )
