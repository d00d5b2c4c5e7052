"""The paper's own images: neural stem cells of Zhu et al. 2021 (data set `zhu`), read from a folder you have.

`names` says how the classes are told, `files` where the images are looked for, `fetch` how they are downloaded.
"""

from cgrecnet.data.zhu.check import Findings, report
from cgrecnet.data.zhu.reader import TASKS, ZhuOptions, available, open_cells, open_for_packing

__all__ = ["TASKS", "Findings", "ZhuOptions", "available", "open_cells", "open_for_packing", "report"]
