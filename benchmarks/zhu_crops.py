"""What Algorithm 1's evaluation crop keeps of real cells of the paper's data; the pictures stay where they are.

    python benchmarks/zhu_crops.py FOLDER [--json FILE]

FOLDER holds brightfield crops of Zhu et al. 2021 under their own names. The area of a cell is the largest region that
deviates from the background (`cgrecnet.data.traits.deviating_area`), halo included. Each file is named with its sha256.
"""

import sys
from pathlib import Path

import numpy as np
from zhu_samples import command, named_cells

from cgrecnet.data.batches.coverage import evaluation_shares, kept_shares
from cgrecnet.data.traits import deviating_area
from cgrecnet.paths import RESULTS


def measure(folder: Path) -> dict:
    """The record of all cells below `folder`."""
    cells = []
    for cell, image in named_cells(folder):
        area = deviating_area(image)
        cells.append(
            cell
            | {
                "height": image.shape[0],
                "width": image.shape[1],
                "kept_of_crop": float(kept_shares([image.shape[0]], [image.shape[1]])[0]),
                "kept_of_cell": float(evaluation_shares([area])[0]),
                "touches_edge": bool(np.concatenate([area[0], area[-1], area[:, 0], area[:, -1]]).any()),
            }
        )
    return {"size": 224, "cells": cells}


if __name__ == "__main__":
    sys.exit(command(measure, __doc__, RESULTS / "zhu-samples" / "crops.json"))
