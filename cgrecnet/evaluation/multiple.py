"""Several tests of one family: p-values that may be read together."""

from collections.abc import Sequence

import numpy as np
from statsmodels.stats.multitest import multipletests


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's corrected p-values, in the order given.

    The smallest of m is multiplied by m, the next by m - 1, ...; none may come out below one that was smaller.
    A corrected value below alpha keeps the chance of any false finding in the whole family at alpha or less.
    Raises ValueError for no p-value, or one outside 0 to 1.
    Source: Holm 1979, Scandinavian Journal of Statistics 6, 65-70; statsmodels' multipletests.
    """
    values = np.asarray(p_values, dtype=float)
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("Holm's correction needs a list of one or more p-values, each between 0 and 1.")
    return [float(p) for p in multipletests(values, method="holm")[1]]


def holm_of_family(p_values: Sequence[float], planned: int | None = None) -> list[float]:
    """Holm's corrected p-values of those contrasts of a family that have a result, in the order given.

    planned: how many contrasts the family has; those without a result count with p = 1, so that a missing run makes no
        other contrast look surer. None: as many as there are results.
    Raises ValueError where it is fewer than those, and as `holm`.
    """
    missing = 0 if planned is None else planned - len(p_values)
    if missing < 0:
        raise ValueError(f"The family has {planned} contrasts as planned, and {len(p_values)} results were given.")
    return holm([*p_values, *missing * [1.0]])[: len(p_values)]
