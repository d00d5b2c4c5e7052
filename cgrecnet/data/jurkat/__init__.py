"""Real imaging flow cytometry: Jurkat cells in stages of the cell cycle (data set `jurkat`).

Cells: Blasi et al. 2016, Nature Communications 7:10256, doi:10.1038/ncomms10256.
Images: montages in github.com/minh-doan/MLCP (BSD-3-Clause, see LICENSE) at the commit named in `fetch`.
They are carried in this folder (`carried`), or read from a folder with the montages.
"""

from cgrecnet.data.jurkat.carried import dna_stain, has_reference
from cgrecnet.data.jurkat.published import STAGES
from cgrecnet.data.jurkat.reader import TASKS, WINDOW, JurkatOptions, available, open_cells, read_channel

__all__ = [
    "STAGES",
    "TASKS",
    "WINDOW",
    "JurkatOptions",
    "available",
    "dna_stain",
    "has_reference",
    "open_cells",
    "read_channel",
]
