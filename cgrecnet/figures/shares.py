"""Shares of cells with their intervals: the marks and bars of most pictures in the part on results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes

from cgrecnet.evaluation.counts import wilson


def draw_shares(
    axes: Axes, places: Iterable[float], counts: Iterable[Sequence[int]], across: bool = False, **style
) -> None:
    """Marks for shares k/n in per cent, with Wilson's 95 % intervals over cells as bars.

    counts: (k, n) for each of the places, which are on the horizontal axis (across: on the vertical one).
    style: as `Axes.errorbar` takes it. Raises ValueError where no cell was counted, as `wilson` does.
    """
    counts = [(int(k), int(n)) for k, n in counts]
    shares = np.array([100 * k / n for k, n in counts])
    low, high = 100 * np.array([wilson(k, n) for k, n in counts]).reshape(-1, 2).T
    reach = np.clip([shares - low, high - shares], 0, None)
    style = {"fmt": "o", "capsize": 3} | style
    if across:
        axes.errorbar(shares, list(places), xerr=reach, **style)
    else:
        axes.errorbar(list(places), shares, yerr=reach, **style)
