"""Do several models miss the same cells? How many miss each cell, and how many would by chance alone."""

from collections.abc import Sequence

import numpy as np

from cgrecnet.evaluation.arrays import paired_cells


def missed_by(labels: Sequence[int], predicted: Sequence[Sequence[int]]) -> np.ndarray:
    """How many of the models have each cell wrong; int, shape (cells,).

    labels: true classes; predicted: shape (models, cells), the classes that the models name, same cells, same order.
    Raises ValueError for no model, unequal lengths, no cell, or entries that are no class numbers.
    """
    if not len(predicted):
        raise ValueError("Shared errors need at least one model.")
    labels, *predicted = paired_cells(labels, *predicted)
    return sum((one != labels).astype(int) for one in predicted)


def shared_errors(
    labels: Sequence[int], predicted: Sequence[Sequence[int]], classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """(observed, expected) number of cells of each class that 0, 1, ..., all models miss; shape (classes, models + 1).

    expected: as if the models erred independently of each other within a class, each at its own rate e_m there: the
    number missed is then a sum of independent yes-or-no variables (Poisson-binomial), the product of the polynomials
    (1 - e_m) + e_m x. Raises ValueError as `missed_by` does.
    """
    labels = np.asarray(labels)
    missed = missed_by(labels, predicted)
    observed = np.zeros((classes, len(predicted) + 1), int)
    expected = np.zeros(observed.shape)
    for index in range(classes):
        inside = labels == index
        if not inside.any():
            continue
        observed[index] = np.bincount(missed[inside], minlength=len(predicted) + 1)
        chance = np.ones(1)
        for one in predicted:
            rate = float((np.asarray(one)[inside] != index).mean())
            chance = np.convolve(chance, [1 - rate, rate])
        expected[index] = inside.sum() * chance
    return observed, expected
