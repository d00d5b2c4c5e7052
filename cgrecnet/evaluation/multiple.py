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
