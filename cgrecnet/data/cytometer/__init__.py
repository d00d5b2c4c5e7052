"""Simulated brightfield cells of three kinds (data set `cytometer`): made on the spot, never stored.

`phantom` says what a cell is made of, `scene` what stands in a picture, `optics` and `camera` what becomes of it;
`parameters` holds the numbers, each with its source.
"""

from cgrecnet.data.cytometer.simulation import (
    MARKERS,
    TASKS,
    VERSION,
    CytometerOptions,
    available,
    open_cells,
    simulate,
)

__all__ = ["MARKERS", "TASKS", "VERSION", "CytometerOptions", "available", "open_cells", "simulate"]
