r"""One number that makes probabilities mean what they say: temperature scaling (Guo et al. 2017, PMLR 70)."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

#: The temperatures that are looked at; a network that is right on all validation cells has none that is best.
LOWEST, HIGHEST = 0.05, 20.0
_TINY = 1e-12


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
