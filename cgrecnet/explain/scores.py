"""Where a map lies, as numbers per cell, and their means, never without number of cells and interval.

Maps are at the size of the masks, (B, S, S).
"""

import numpy as np
from scipy import stats
from scipy.stats import spearmanr


def energy(heat: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Share of the heat that lies inside the mask, (B,); nan where a map has no heat or an image no such part.

        E = sum_ij M_ij H_ij / sum_ij H_ij

    heat: not negative, (B, S, S); masks: boolean, (B, S, S) or (S, S).
    A uniform map gives the mask's share of the image (`area`), and so does, on average, a map moved at random.
    """
    total = heat.sum(axis=(1, 2), dtype=float)
    masks = np.broadcast_to(masks, heat.shape)
    inside = (heat * masks).sum(axis=(1, 2), dtype=float)
    usable = (total > 0) & masks.any(axis=(1, 2))
    return np.divide(inside, total, out=np.full(len(heat), np.nan), where=usable)


def area(masks: np.ndarray) -> np.ndarray:
    """The mask's share of the image, (B,): chance for `energy` and `pointing`; nan where the part is absent."""
    share = masks.mean(axis=(1, 2))
    return np.where(share > 0, share, np.nan)


def pointing(heat: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Whether the hottest position lies inside the mask, (B,): the pointing game, no tolerance around the mask.

    Where several positions are equally hot, the share of them that lies inside. nan as in `energy`.
    Zhang et al. 2018, doi:10.1007/s11263-017-1059-x.
    """
    masks = np.broadcast_to(masks, heat.shape)
    hottest = heat == heat.max(axis=(1, 2), keepdims=True)
    hits = (hottest & masks).sum(axis=(1, 2)) / hottest.sum(axis=(1, 2))
    usable = (heat.sum(axis=(1, 2)) > 0) & masks.any(axis=(1, 2))
    return np.where(usable, hits, np.nan)


def agreement(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of two maps of the same image over its positions, (B,); nan where one is flat."""
    found = np.full(len(first), np.nan)
    for i, (one, other) in enumerate(zip(first, second, strict=True)):
        if np.ptp(one) > 0 and np.ptp(other) > 0:
            found[i] = spearmanr(one.ravel(), other.ravel()).statistic
    return found


def mean_with_interval(values: np.ndarray) -> dict:
    """mean, low, high (95 %, Student's t, over cells) and n of the values that are numbers; empty: how many are not.

    With fewer than two numbers there is no interval: low and high are None, and with none there is no mean either.
    """
    values = np.asarray(values, dtype=float)
    kept = values[np.isfinite(values)]
    found = {"mean": None, "low": None, "high": None, "n": len(kept), "empty": len(values) - len(kept)}
    if len(kept):
        found["mean"] = float(kept.mean())
    if len(kept) > 1:
        reach = stats.t.ppf(0.975, len(kept) - 1) * kept.std(ddof=1) / np.sqrt(len(kept))
        found |= {"low": found["mean"] - float(reach), "high": found["mean"] + float(reach)}
    return found


def difference(first: np.ndarray, second: np.ndarray) -> dict:
    """Mean and interval of first - second over the cells that have both."""
    return mean_with_interval(np.asarray(first, dtype=float) - np.asarray(second, dtype=float))
