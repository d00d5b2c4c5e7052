"""Which cells train, which choose the model, which judge it."""

import hashlib
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedKFold, train_test_split

from cgrecnet.errors import ConfigError, DataError

#: Shares of all cells (section 3.1 of the paper).
VALIDATION, TEST = 0.15, 0.15


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


def joint_split(labels: np.ndarray, seed: int, validation: float = VALIDATION, test: float = TEST) -> Split:
    """The paper's 70/15/15 split (section 3.1): stratified by class, rounded jointly over the classes.

    First `test` of all cells are drawn, then `validation / (1 - test)` of the rest.
    This rule gives the paper's test support of 8,320 / 4,153 / 18,661 cells; rounding each class on its own
    does not.
    labels: shape (cells,); seed: of both draws.
    Raises ConfigError (shares) or DataError (a class too small).
    """
    labels = _checked(labels)
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
    labels = _checked(labels)
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


def _checked(labels: np.ndarray) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels):
        raise DataError(f"Labels must be a list of one label per cell, not an array of shape {labels.shape}.")
    return labels


def _too_small(labels: np.ndarray, wanted: str) -> str:
    names, counts = np.unique(labels, return_counts=True)
    least = counts.argmin()
    return (
        f"Class {names[least]} has only {counts[least]} cell(s), too few for {wanted}; "
        "use more cells, fewer folds or a task with fewer classes."
    )
