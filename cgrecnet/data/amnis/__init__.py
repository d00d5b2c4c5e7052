"""Cells in files of Amnis ImageStream and FlowSight cytometers (data set `amnis`): `.cif` and `.rif`, read directly.

Each object of a file is one cell. Nothing is converted and no IDEAS is needed:

    open_dataset("amnis", root="run.cif")                                         # no classes, as for a prediction
    open_dataset("amnis", root=FOLDER, options={"classes_from": "folder"})        # FOLDER/neuron/run1.cif, ...
    open_dataset("amnis", root="run.cif", options={"classes_from": "population"}) # lists in the run.daf beside it

The channel is the one that the file itself marks as brightfield, which need not be Ch1, or one named by number.
What the format is was learnt from public readers and one real `.cif` of IDEAS 6.0; every pixel of it agrees with
Bio-Formats. A `.rif` is the same container and goes the same way, but no real one was seen, nor a real file past
4 GiB or with negative levels: these are known from files that the tests write.
"""

from cgrecnet.data.amnis.check import report
from cgrecnet.data.amnis.reader import TASKS, AmnisOptions, available, open_cells

__all__ = ["TASKS", "AmnisOptions", "available", "open_cells", "report"]
