r"""Is a cell unlike those that the network was trained on? Four distances, each with its own limit.

    levels    grey levels: mean, spread, percentiles and border of the image, on the model's scale of 0 to 1
    size      logarithms of height and width
    focus     how fine its detail is: logarithms of the energy of first and second differences over the variance
    features  what the network's last layer reads

The first three are Mahalanobis distances from the training cells' mean. The last is the distance from the nearest
class mean under the covariance of probabilistic principal components (Lee et al. 2018, arXiv:1807.03888, with one
covariance for all classes): what lies off the kept components counts with their mean variance.
Limits come from calibration cells, which nothing was fitted to: a share of at most `RATE` of cells like them, or
1 / (n + 1) where these are few, lies beyond each.
"""

import math
from dataclasses import dataclass

import numpy as np

from cgrecnet.data.audit.probes import BORDER

REASONS = ("levels", "size", "focus", "features")
#: What each reason is called in a sentence.
TITLES = {"levels": "grey levels", "size": "size", "focus": "focus", "features": "what the network sees"}
#: Share of cells like the calibration cells that lie beyond each limit.
RATE = 0.005
#: Principal components that are kept at most, and training cells that each needs.
COMPONENTS, CELLS_EACH = 32, 10
#: Differences of features below this share of their size are rounding, which differs between engines.
ROUNDING = 1e-3
#: Spreads below these are taken for these, so that what never varied in training (a width) does not decide alone.
_FLOOR = {"levels": 1 / 255, "size": 0.02, "focus": 0.05}


def measure(image: np.ndarray, window: tuple[float, float]) -> dict[str, list[float]]:
    """The numbers behind the first three distances, of (H, W) or of (H, W, channels), one channel after the other."""
    if image.ndim == 3:
        each = [measure(plane, window) for plane in np.moveaxis(image, 2, 0)]
        return {
            "levels": sum((one["levels"] for one in each), []),
            "size": each[0]["size"],
            "focus": sum((one["focus"] for one in each), []),
        }
    black, white = window
    level = (image.astype(np.float32) - black) / (white - black)
    middle = level[BORDER:-BORDER]
    ring = [level[:BORDER], level[-BORDER:], middle[:, :BORDER], middle[:, -BORDER:]]
    border = float(np.median(np.concatenate([side.ravel() for side in ring])))
    spread = float(level.std())
    percentiles = np.percentile(level, (1, 25, 50, 75, 99))
    return {
        "levels": [float(level.mean()), spread, border, *percentiles.tolist()],
        "size": [math.log(image.shape[0]), math.log(image.shape[1])],
        "focus": _focus(level, spread),
    }


def _focus(level: np.ndarray, spread: float) -> list[float]:
    variance = max(spread**2, 1e-8)
    found = []
    for order in (1, 2):
        steps = [np.diff(level, order, axis=axis) for axis in (0, 1) if level.shape[axis] > order]
        energy = np.mean([np.square(step).mean() for step in steps]) if steps else 0.0
        found.append(float(np.log(max(energy, 1e-10) / variance)))
    return found


@dataclass(frozen=True)
class Gaussian:
    """Means of the training cells, (groups, numbers), and their common covariance: `axes`, (kept, numbers), of unit
    length, with the variance along each, and `rest`, the mean variance along all others (0: there are none)."""

    means: np.ndarray
    axes: np.ndarray
    variances: np.ndarray
    rest: float

    def distance(self, numbers: np.ndarray) -> np.ndarray:
        """Distance of each row from the nearest mean, (cells,); computed some rows at a time."""
        parts = [self._distance(numbers[first : first + 1024].astype(float)) for first in range(0, len(numbers), 1024)]
        return np.concatenate([np.empty(0), *parts])

    def _distance(self, numbers: np.ndarray) -> np.ndarray:
        nearest = np.full(len(numbers), np.inf)
        for mean in self.means:
            apart = numbers - mean
            along = apart @ self.axes.T
            squares = np.square(along) @ (1 / self.variances)
            if self.rest > 0:
                off = np.maximum(np.square(apart).sum(axis=1) - np.square(along).sum(axis=1), 0)
                squares = squares + off / self.rest
            nearest = np.minimum(nearest, squares)
        return np.sqrt(nearest)


def fit_gaussian(numbers: np.ndarray, floor: float) -> Gaussian:
    """One mean, and a full covariance in which no spread is below `floor`."""
    mean = numbers.mean(axis=0)
    covariance = np.atleast_2d(np.cov(numbers, rowvar=False)) if len(numbers) > 1 else np.zeros((len(mean),) * 2)
    variances, axes = np.linalg.eigh(covariance)
    return Gaussian(mean[None], axes.T.copy(), np.maximum(variances, floor**2), 0.0)


def fit_components(numbers: np.ndarray, labels: np.ndarray) -> Gaussian:
    """A mean for each class that has cells, and common principal components of what is left."""
    means = np.stack([numbers[labels == y].mean(axis=0) for y in np.unique(labels)])
    left = numbers - means[np.unique(labels, return_inverse=True)[1]]
    kept = max(1, min(COMPONENTS, len(numbers) // CELLS_EACH, numbers.shape[1] - 1))
    _, lengths, axes = np.linalg.svd(left, full_matrices=False)
    variances = np.square(lengths) / max(len(numbers) - len(means), 1)
    kept = min(kept, len(variances))
    others = max(numbers.shape[1] - kept, 1)
    least = max(float(np.square(numbers).mean()) * ROUNDING**2, 1e-12)
    rest = max(float(variances[kept:].sum()) / others, least)
    return Gaussian(means, axes[:kept].copy(), np.maximum(variances[:kept], rest), rest)


@dataclass(frozen=True)
class Unlike:
    """What was learnt of the training cells: a `Gaussian` and a limit for each of `REASONS`."""

    gaussians: dict[str, Gaussian]
    limits: dict[str, float]

    def scores(self, numbers: dict[str, np.ndarray]) -> np.ndarray:
        """Distance over limit for each of `REASONS`, (cells, 4), above 1 if unlike; numbers: reason -> rows."""
        return np.stack([self.gaussians[r].distance(numbers[r]) / self.limits[r] for r in REASONS], axis=1)


def fit_unlike(
    train: dict[str, np.ndarray], labels: np.ndarray, calibration: dict[str, np.ndarray]
) -> Unlike:
    """Distances from the training cells, with limits from calibration cells; both reason -> (cells, numbers)."""
    gaussians = {
        reason: fit_components(train[reason], labels)
        if reason == "features"
        else fit_gaussian(train[reason], _FLOOR[reason])
        for reason in REASONS
    }
    limits = {}
    for reason in REASONS:
        known = np.sort(gaussians[reason].distance(calibration[reason]))
        place = min(len(known), math.ceil((len(known) + 1) * (1 - RATE))) - 1
        limits[reason] = max(float(known[place]), 1.0)  # within one (floored) spread nothing is unlike
    return Unlike(gaussians, limits)


def collect(rows: list[dict[str, list[float]]]) -> dict[str, np.ndarray]:
    """Of many cells' `measure`, one array per reason."""
    return {reason: np.array([row[reason] for row in rows], dtype=float) for reason in ("levels", "size", "focus")}
