"""What Algorithm 1's evaluation crop keeps of real cells of the paper's data; the pictures stay where they are.

    python benchmarks/zhu_crops.py FOLDER [--json FILE]

FOLDER holds brightfield crops of Zhu et al. 2021 under their own names. The area of a cell is the largest region that
deviates from the background (`cgrecnet.data.traits.deviating_area`), halo included. Each file is named with its sha256.
"""

import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
from zhu_samples import command

from cgrecnet.data.batches.crops import evaluation_shares, kept_shares
from cgrecnet.data.images.listing import Unusable
from cgrecnet.data.images.reading import Reader
from cgrecnet.data.traits import deviating_area
from cgrecnet.data.zhu.files import list_cells
from cgrecnet.errors import DataError
from cgrecnet.paths import RESULTS
from cgrecnet.runs.environment import commit, software


def measure(folder: Path) -> dict:
    """The record of all cells below `folder`. Raises DataError where there is none, or one cannot be read."""
    cells = []
    for cell in list_cells(folder).cells:
        try:
            image = Reader().read(folder, cell.name)
        except Unusable as reason:
            raise DataError(f"{cell.name} in {folder} cannot be measured ({reason}): remove it.") from None
        area = deviating_area(image)
        cells.append(
            {
                "file": cell.name,
                "kind": cell.kind,
                "sha256": sha256((folder / cell.name).read_bytes()).hexdigest(),
                "height": image.shape[0],
                "width": image.shape[1],
                "kept_of_crop": float(kept_shares([image.shape[0]], [image.shape[1]])[0]),
                "kept_of_cell": float(evaluation_shares([area])[0]),
                "touches_edge": bool(np.concatenate([area[0], area[-1], area[:, 0], area[:, -1]]).any()),
            }
        )
    if not cells:
        raise DataError(f"{folder} holds no crop of the paper's data: name the folder that does.")
    return {"size": 224, "cells": cells, "commit": commit(), "software": software()}


if __name__ == "__main__":
    sys.exit(command(measure, __doc__.splitlines()[0], RESULTS / "zhu-samples" / "crops.json"))
