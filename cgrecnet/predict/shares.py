r"""How many cells of each class there are, when some are called by the wrong name.

A network with the confusion rates $M_{yk} = P(\mathrm{called}\ k \mid \mathrm{is}\ y)$ calls a share $q = M^T s$ of the
cells of a sample with class shares s. The corrected shares are the s, not negative and of sum 1, whose $M^T s$ comes
nearest to what was called (for two classes: Rogan and Gladen 1978, doi:10.1093/oxfordjournals.aje.a112510).
It takes the rates for the same in the new sample; where its cells look different, they are not.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

DRAWS = 1000
_SUM = 1e3  # how much more than the rates the sum of 1 weighs


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
