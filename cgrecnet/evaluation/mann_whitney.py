"""Two groups of cells and one measured number: how often the first has the larger, and whether chance alone does it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu

from cgrecnet.evaluation.bootstrap import percentiles
from cgrecnet.evaluation.roc_auc import weighted_area


@dataclass(frozen=True)
class Superiority:
    """Probability that a cell of the first group has a larger value than one of the second (ties count half).

    0.5: no difference; interval95: percentile bootstrap, both groups drawn again; p_value: Mann-Whitney, two-sided.
    """

    probability: float
    interval95: tuple[float, float]
    p_value: float
    n_first: int
    n_second: int


def superiority(first: Sequence[float], second: Sequence[float], resamples: int = 1000, seed: int = 0) -> Superiority:
    """Compare a number between two groups of different cells, with no assumption on its distribution.

    Values that are not finite are left out. The probability is U / (n_first n_second), the area under the ROC curve
    of the number. Raises ValueError where fewer than two values of a group are finite.
    Source: Mann and Whitney 1947; scipy.stats.mannwhitneyu.
    """
    groups = [np.asarray(group, dtype=float) for group in (first, second)]
    groups = [group[np.isfinite(group)] for group in groups]
    if min(map(len, groups)) < 2:
        raise ValueError(
            f"A comparison needs two cells or more in each group, not {len(groups[0])} and {len(groups[1])}."
        )
    found = mannwhitneyu(*groups)
    rng = np.random.default_rng(seed)
    weights = [rng.multinomial(len(g), np.full(len(g), 1 / len(g)), size=resamples) for g in groups]
    member = np.repeat([True, False], [len(group) for group in groups])
    drawn = weighted_area(member, np.concatenate(groups), np.hstack(weights))
    sizes = len(groups[0]), len(groups[1])
    return Superiority(
        float(found.statistic / (sizes[0] * sizes[1])), percentiles(drawn, 0.95), float(found.pvalue), *sizes
    )
