"""The paper's own images: neural stem cells of Zhu et al. 2021 (data set `zhu`), read from a folder you have.

`names` says how the classes are told, `reader` where the images are looked for, `fetch` how they are downloaded.
"""

from cgrecnet.data.zhu.reader import TASKS, ZhuOptions, available, open_cells, report

__all__ = ["TASKS", "ZhuOptions", "available", "open_cells", "report"]
