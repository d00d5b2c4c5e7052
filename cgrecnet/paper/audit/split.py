"""Which split rules give the printed test supports from the printed class counts (section 3.1, Table 5).

A stratified split gives every class its share, rounded to whole images; how it is rounded depends on the rule and
on the order of the calls. So the printed supports tell which rules can have been used.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from sklearn.model_selection import StratifiedKFold, train_test_split

Counts = tuple[int, ...]
Parts = tuple[Counts, Counts, Counts]


@dataclass(frozen=True)
class SplitRule:
    """A named way to split; `calls` is the code a reader would type."""

    name: str
    calls: str
    parts: Callable[[Sequence[int], int], Parts]


@dataclass(frozen=True)
class SplitOutcome:
    """What a rule gives: images per class in training, validation and test, and whether the test set is as printed."""

    rule: str
    calls: str
    train: Counts
    validation: Counts
    test: Counts
    matches: bool


def _count(labels: np.ndarray, classes: int) -> Counts:
    return tuple(int(n) for n in np.bincount(labels, minlength=classes))


def _test_first(test: float, validation: float) -> Callable[[Sequence[int], int], Parts]:
    """Cut off the test set, then the validation set from what is left."""

    def parts(counts: Sequence[int], seed: int) -> Parts:
        labels = np.repeat(np.arange(len(counts)), counts)
        rest, held = train_test_split(labels, test_size=test, stratify=labels, random_state=seed)
        train, val = train_test_split(rest, test_size=validation, stratify=rest, random_state=seed)
        return _count(train, len(counts)), _count(val, len(counts)), _count(held, len(counts))

    return parts


def _train_first(seventy: dict[str, float]) -> Callable[[Sequence[int], int], Parts]:
    """Cut off 30 per cent, then halve it."""

    def parts(counts: Sequence[int], seed: int) -> Parts:
        labels = np.repeat(np.arange(len(counts)), counts)
        train, rest = train_test_split(labels, stratify=labels, random_state=seed, **seventy)
        val, held = train_test_split(rest, test_size=0.5, stratify=rest, random_state=seed)
        return _count(train, len(counts)), _count(val, len(counts)), _count(held, len(counts))

    return parts


def _each_class(rounding: Callable[[float], int]) -> Callable[[Sequence[int], int], Parts]:
    """15 per cent of each class by itself for test and for validation, rounded; the rest is for training."""

    def parts(counts: Sequence[int], seed: int) -> Parts:
        held = tuple(rounding(0.15 * n) for n in counts)
        return tuple(n - 2 * h for n, h in zip(counts, held, strict=True)), held, held

    return parts


def _each_class_sklearn(counts: Sequence[int], seed: int) -> Parts:
    """train_test_split on the images of one class at a time."""
    triples = []
    for n in counts:
        rest, held = train_test_split(np.arange(n), test_size=0.15, random_state=seed)
        train, val = train_test_split(rest, test_size=0.15 / 0.85, random_state=seed)
        triples.append((len(train), len(val), len(held)))
    return tuple(tuple(part) for part in zip(*triples, strict=True))


def _twentieths(counts: Sequence[int], seed: int) -> Parts:
    """StratifiedKFold in 20 folds: three for test, three for validation, fourteen for training."""
    labels = np.repeat(np.arange(len(counts)), counts)
    folds = StratifiedKFold(20, shuffle=True, random_state=seed).split(np.zeros(len(labels)), labels)
    sizes = np.array([_count(labels[test], len(counts)) for _, test in folds])
    return tuple(tuple(int(n) for n in part.sum(axis=0)) for part in (sizes[6:], sizes[3:6], sizes[:3]))


RULES = (
    SplitRule("test first, then 0.15/0.85", "test_size=0.15; test_size=0.15/0.85", _test_first(0.15, 0.15 / 0.85)),
    SplitRule("test first, then 3/17", "test_size=0.15; test_size=3/17", _test_first(0.15, 3 / 17)),
    SplitRule("test first, then 0.1765", "test_size=0.15; test_size=0.1765", _test_first(0.15, 0.1765)),
    SplitRule("test first, then 0.176", "test_size=0.15; test_size=0.176", _test_first(0.15, 0.176)),
    SplitRule("test first, then 0.15", "test_size=0.15; test_size=0.15", _test_first(0.15, 0.15)),
    SplitRule("30 per cent, then half", "test_size=0.30; test_size=0.5", _train_first({"test_size": 0.30})),
    SplitRule("1 - 0.7, then half", "test_size=1-0.7; test_size=0.5", _train_first({"test_size": 1 - 0.7})),
    SplitRule("70 per cent, then half", "train_size=0.7; test_size=0.5", _train_first({"train_size": 0.7})),
    SplitRule("each class, rounded down", "floor(0.15 * n)", _each_class(floor)),
    SplitRule("each class, rounded", "round(0.15 * n)", _each_class(round)),
    SplitRule("each class, rounded up", "ceil(0.15 * n)", _each_class(ceil)),
    SplitRule("each class by sklearn", "train_test_split of one class at a time", _each_class_sklearn),
    SplitRule("twentieths", "StratifiedKFold(20), three folds for test", _twentieths),
)


def split_outcomes(
    counts: Sequence[int], printed_test: Sequence[int], seed: int = 42
) -> list[SplitOutcome]:
    """Apply every rule to the class counts and compare its test set with the printed supports.

    counts, printed_test: images per class. The images themselves depend on the seed, their numbers do not unless
    two classes have the same remainder.
    """
    outcomes = []
    for rule in RULES:
        train, validation, test = rule.parts(counts, seed)
        outcomes.append(SplitOutcome(rule.name, rule.calls, train, validation, test, test == tuple(printed_test)))
    return outcomes


def fold_supports(counts: Sequence[int], folds: int = 5, seed: int = 42) -> list[Counts]:
    """Images per class in each test fold of a stratified cross-validation."""
    labels = np.repeat(np.arange(len(counts)), counts)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return [_count(labels[test], len(counts)) for _, test in splitter.split(np.zeros(len(labels)), labels)]


def largest_share_difference(outcome: SplitOutcome) -> float:
    """The largest difference of a class's share between any two of the three subsets."""
    shares = np.array([np.array(p) / sum(p) for p in (outcome.train, outcome.validation, outcome.test)])
    return float((shares.max(axis=0) - shares.min(axis=0)).max())


def last_batch(images: int, batch_size: int) -> tuple[int, int]:
    """Steps of an epoch and the images in its last batch."""
    steps = ceil(images / batch_size)
    return steps, images - (steps - 1) * batch_size
