r"""How sure a prediction is: probabilities that mean what they say, and classes that cannot be ruled out.

One number makes the probabilities mean what they say: temperature scaling (Guo et al. 2017, PMLR 70).
The sets are conformal, with a guarantee for each class (Mondrian; Vovk et al. 2005).
The score of a cell for class y is $1 - p_y$. With the scores $s_1, ..., s_n$ of n calibration cells of class y,

    p-value of class y for a new cell = (number of s_i >= 1 - p_y, plus 1) / (n + 1),

and the set at coverage c holds every class whose p-value lies above 1 - c. Then a new cell of class y has y in its
set with probability c or more, **if it is exchangeable with the calibration cells of its class**: drawn like them, from
the same kind of sample, stain, lamp and focus. Nothing is promised of cells from elsewhere, or of any single cell.

And how many cells of each class there are, when some are called by the wrong name. A network with the confusion rates
$M_{yk} = P(\mathrm{called}\ k \mid \mathrm{is}\ y)$ calls a share $q = M^T s$ of the cells of a sample with class
shares s. The corrected shares are the s, not negative and of sum 1, whose $M^T s$ comes nearest to what was called
(for two classes: Rogan and Gladen 1978, doi:10.1093/oxfordjournals.aje.a112510). It takes the rates for the same in the
new sample; where its cells look different, they are not.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar, nnls
from scipy.special import log_softmax, softmax

#: The temperatures that are looked at; a network that is right on all validation cells has none that is best.
LOWEST, HIGHEST = 0.05, 20.0
_TINY = 1e-12
ASSUMPTION = (
    "it holds for new cells that were drawn like the calibration cells of their class (same kind of sample, "
    "preparation, lamp and focus); nothing is promised where they differ"
)
DRAWS = 1000
_SUM = 1e3  # how much more than the rates the sum of 1 weighs


def calibrated(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    r"""Probabilities at another temperature: $p_c^{1/T} / \sum_k p_k^{1/T}$, which is softmax(z / T) for logits z.

    probabilities: shape (cells, classes), rows sum to 1; of an ensemble, the mean of its members'. Order is kept.
    """
    return softmax(np.log(np.clip(probabilities, _TINY, 1)) / temperature, axis=1)


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The temperature at which the cells' mean cross-entropy is smallest, between `LOWEST` and `HIGHEST`.

    labels: shape (cells,), integers; probabilities: shape (cells, classes). Above 1, the network was too sure.
    """
    logits = np.log(np.clip(probabilities, _TINY, 1))
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return float(-log_softmax(logits / np.exp(log_temperature), axis=1)[rows, labels].mean())

    found = minimize_scalar(loss, bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def calibration_scores(labels: np.ndarray, probabilities: np.ndarray) -> list[np.ndarray]:
    """Of each class, the sorted scores 1 - p of its calibration cells.

    labels: shape (cells,); probabilities: shape (cells, classes).
    """
    return [np.sort(1 - probabilities[labels == y, y]) for y in range(probabilities.shape[1])]


def p_values(scores: list[np.ndarray], probabilities: np.ndarray) -> np.ndarray:
    """The p-value of each class for each cell, shape (cells, classes); 1 for a class without calibration cells."""
    found = np.empty(probabilities.shape)
    for y, known in enumerate(scores):
        as_odd = len(known) - np.searchsorted(known, 1 - probabilities[:, y], side="left")
        found[:, y] = (as_odd + 1) / (len(known) + 1)
    return found


def in_set(values: np.ndarray, coverage: float) -> np.ndarray:
    """Whether each class is in each cell's set, boolean (cells, classes), from p-values."""
    return values > 1 - coverage + 1e-12  # 1 - 0.9 is a little less than 0.1


def cells_needed(coverage: float) -> int:
    """Calibration cells below which a class can never be ruled out: the least n with 1 / (n + 1) <= 1 - coverage."""
    return math.ceil(1 / (1 - coverage) - 1e-9) - 1


@dataclass(frozen=True)
class Shares:
    """Per class: the share that was called, the corrected share, and the ends of its 95 % interval."""

    called: np.ndarray
    corrected: np.ndarray
    low: np.ndarray
    high: np.ndarray


def class_shares(called: np.ndarray, confusion: np.ndarray, seed: int = 0, draws: int = DRAWS) -> Shares:
    """Corrected shares with intervals over both the new cells and the test cells behind the confusion counts.

    called: cells per called class, (classes,); confusion: counts, rows true and columns called, (classes, classes).
    The interval is a percentile one over draws from the counts' posteriors (Dirichlet, Jeffreys' prior).
    Raises ValueError where a class has no test cell, or nothing was called.
    """
    called, confusion = np.asarray(called, float), np.asarray(confusion, float)
    if not called.sum() or not confusion.sum(axis=1).all():
        raise ValueError("Corrected shares need a called cell, and a test cell of each class.")
    rng = np.random.default_rng(seed)
    rates = np.stack([rng.dirichlet(row + 0.5, draws) for row in confusion], axis=1)
    shares = rng.dirichlet(called + 0.5, draws)
    drawn = np.array([_solve(rate, share) for rate, share in zip(rates, shares, strict=True)])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    point = _solve(confusion / confusion.sum(axis=1, keepdims=True), called / called.sum())
    return Shares(called / called.sum(), point, low, high)


def _solve(rates: np.ndarray, share: np.ndarray) -> np.ndarray:
    system = np.vstack([rates.T, np.full(len(share), _SUM)])
    found, _ = nnls(system, np.append(share, _SUM))
    return found / found.sum()
