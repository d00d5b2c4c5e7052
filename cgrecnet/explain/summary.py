"""Means over cells, never without their number and interval."""

import numpy as np
from scipy import stats


def summary(values: np.ndarray, level: float = 0.95) -> dict:
    """mean, low, high (Student's t, over cells) and n of the values that are numbers; empty: how many are not.

    With fewer than two numbers there is no interval: low and high are None, and with none there is no mean either.
    """
    values = np.asarray(values, dtype=float)
    kept = values[np.isfinite(values)]
    found = {"mean": None, "low": None, "high": None, "n": len(kept), "empty": len(values) - len(kept)}
    if len(kept):
        found["mean"] = float(kept.mean())
    if len(kept) > 1:
        reach = stats.t.ppf((1 + level) / 2, len(kept) - 1) * kept.std(ddof=1) / np.sqrt(len(kept))
        found |= {"low": found["mean"] - float(reach), "high": found["mean"] + float(reach)}
    return found


def difference(first: np.ndarray, second: np.ndarray) -> dict:
    """The summary of first - second over the cells that have both."""
    return summary(np.asarray(first, dtype=float) - np.asarray(second, dtype=float))
