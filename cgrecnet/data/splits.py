"""Which cells train, which choose the model, which judge it; also so that no acquisition stands on both sides.

Cells of one run, experiment or day share lamp, focus and camera.
A test cell whose own run was in training is therefore an easier question than a cell from a new run.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, train_test_split

from cgrecnet.data.base import CellDataset
from cgrecnet.data.options import suggest
from cgrecnet.errors import ConfigError, DataError

#: Shares of all cells (section 3.1 of the paper).
VALIDATION, TEST = 0.15, 0.15
KINDS = ("joint", "folds", "grouped", "grouped_folds")


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of training, validation and test cells, int64, sorted; no cell may stand in two of them."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def __post_init__(self) -> None:
        for name, part in self.parts().items():
            part = np.sort(np.asarray(part, dtype=np.int64))
            part.setflags(write=False)
            object.__setattr__(self, name, part)
        together = np.concatenate(list(self.parts().values()))
        twice = len(together) - len(np.unique(together))
        if twice:
            raise DataError(
                f"{twice} cell(s) stand more than once in the split, so the test would not be independent; "
                "give each index to one part only."
            )

    def parts(self) -> dict[str, np.ndarray]:
        """The three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def manifest(self) -> str:
        """sha256 (hex) over the three index lists: equal if and only if the split is."""
        digest = hashlib.sha256()
        for name, part in self.parts().items():
            digest.update(f"{name}:{','.join(map(str, part.tolist()))}\n".encode())
        return digest.hexdigest()


def draw(dataset: CellDataset, kind: str, seed: int, folds: int = 5) -> list[Split]:
    """The splits of one kind: one, or one per fold; `seed`: of the shuffles."""
    labels, groups = np.asarray(dataset.labels), dataset.table["group"].to_numpy().astype(str)
    makers = {
        "joint": lambda: [joint_split(labels, seed)],
        "folds": lambda: stratified_folds(labels, folds, seed),
        "grouped": lambda: [grouped_split(labels, groups, seed)],
        "grouped_folds": lambda: grouped_folds(labels, groups, folds, seed),
    }
    if kind not in makers:
        raise ConfigError(f"There is no kind of split {kind!r}; {suggest(kind, KINDS)}")
    try:
        return makers[kind]()
    except DataError as error:
        raise DataError(dataset.with_class_names(str(error))) from None


def joint_split(labels: np.ndarray, seed: int, validation: float = VALIDATION, test: float = TEST) -> Split:
    """The paper's 70/15/15 split (section 3.1): stratified by class, rounded jointly over the classes.

    First `test` of all cells are drawn, then `validation / (1 - test)` of the rest.
    This rule gives the paper's test support of 8,320 / 4,153 / 18,661 cells; rounding each class on its own
    does not.
    labels: shape (cells,); seed: of both draws.
    Raises ConfigError (shares) or DataError (a class too small).
    """
    labels, _ = _checked(labels)
    if not (0 < test and 0 < validation and test + validation < 1):
        raise ConfigError(
            "A split needs validation and test shares above 0 that sum to less than 1, not "
            f"{validation} and {test}."
        )
    index = np.arange(len(labels))
    try:
        rest, tested = train_test_split(index, test_size=test, stratify=labels, random_state=seed)
        trained, validated = train_test_split(
            rest, test_size=validation / (1 - test), stratify=labels[rest], random_state=seed
        )
    except ValueError:
        raise DataError(_too_small(labels, f"a {1 - validation - test:.0%} training split")) from None
    split = Split(trained, validated, tested)
    for name, part in split.parts().items():
        if len(np.unique(labels[part])) < len(np.unique(labels)):
            raise DataError(_too_small(labels, f"a split whose {name} part has every class"))
    return split


def stratified_folds(labels: np.ndarray, folds: int, seed: int) -> list[Split]:
    """Cross-validation: every cell is in the test part of exactly one of `folds` splits, stratified by class.

    The validation cells, a share `VALIDATION` of all cells, are drawn from what the test fold leaves.
    Raises ConfigError (folds) or DataError (a class with fewer cells than folds).
    """
    labels, _ = _checked(labels)
    check_folds(folds)
    if np.unique(labels, return_counts=True)[1].min() < folds:
        raise DataError(_too_small(labels, f"{folds} folds"))
    splits = []
    cutter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for rest, tested in cutter.split(labels, labels):
        try:
            trained, validated = train_test_split(
                rest, test_size=VALIDATION * folds / (folds - 1), stratify=labels[rest], random_state=seed
            )
        except ValueError:
            raise DataError(_too_small(labels, f"{folds} folds with a validation part each")) from None
        splits.append(Split(trained, validated, tested))
    return splits


def check_folds(folds: int) -> None:
    """Raise ConfigError for a number of folds that is none."""
    if isinstance(folds, bool) or not isinstance(folds, int | np.integer) or folds < 2:
        raise ConfigError(f"Cross-validation needs a whole number of folds, 2 or more, not {folds!r}.")


def _checked(labels: np.ndarray, groups: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    labels = np.asarray(labels)
    groups = labels if groups is None else np.asarray(groups)
    if labels.ndim != 1 or not len(labels) or groups.shape != labels.shape:
        raise DataError(
            "A split needs one label per cell, and by groups one group per cell, not arrays of shape "
            f"{labels.shape} and {groups.shape}."
        )
    return labels, groups.astype(str) if groups.dtype == object else groups


def _too_small(labels: np.ndarray, wanted: str) -> str:
    names, counts = np.unique(labels, return_counts=True)
    least = counts.argmin()
    return (
        f"Class {names[least]} has only {counts[least]} cell(s), too few for {wanted}; "
        "use more cells, fewer folds or a task with fewer classes."
    )


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
