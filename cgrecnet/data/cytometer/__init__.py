"""Simulated brightfield cells of three kinds (data set `cytometer`): made on the spot, never stored.

`phantom` says what a cell is made of, `scene` what stands in a picture, `optics` and `camera` what becomes of it;
`parameters` holds the numbers, each with its source.
"""

from cgrecnet.data.cytometer.simulation import (
    BLOCK,
    HIGHEST,
    LOWEST,
    MARKERS,
    TASKS,
    VERSION,
    WIDTH,
    CytometerOptions,
    Simulation,
    available,
    open_cells,
    simulate,
    simulate_blocks,
)

__all__ = [
    "BLOCK",
    "HIGHEST",
    "LOWEST",
    "MARKERS",
    "TASKS",
    "VERSION",
    "WIDTH",
    "CytometerOptions",
    "Simulation",
    "available",
    "open_cells",
    "simulate",
    "simulate_blocks",
]
