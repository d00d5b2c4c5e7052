"""Your own cells as image files (data set `folder`): class folders of any names and number, or a table of files.

    open_dataset("folder", root=FOLDER)                       # FOLDER/T cells/1.png, FOLDER/B cells/2.png, ...
    open_dataset("folder", root=FOLDER, options={"class_level": 2, "group": 1})   # FOLDER/donor 1/T cells/1.png, ...
    open_dataset("folder", root="cells.csv")                  # file,class,group; files beside the table

BMP, TIFF or PNG of any size, 8 or 16 bit, grey or colour; several files a cell, one a channel (`1_Ch1.tif`,
`1_Ch4.tif`), are read as one image of several channels where `channel` names them.
"""

from cgrecnet.data.folder.reader import TASKS, FolderOptions, available, open_cells, report

__all__ = ["TASKS", "FolderOptions", "available", "open_cells", "report"]
