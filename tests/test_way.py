"""The way of a cell, from its file to a run's record, passes few files, and CONTRIBUTING names them in order."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from pydantic import BaseModel

from cgrecnet.data import pack_dataset
from cgrecnet.evaluation.metrics import score
from cgrecnet.models import create_model
from cgrecnet.runs.run_record import format_predictions
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import fit, predict
from cgrecnet.training.parts import load_parts

PACKAGE = Path(__file__).parents[1] / "cgrecnet"
#: Used by all, as `errors` is: what prints a name and writes a file whole.
TOOLS = {"files.py"}


def is_cell(value, depth: int = 0) -> bool:
    """Whether a value is a cell, or holds some: the name of its file, bytes, pixels, a table, or an object of ours."""
    if isinstance(value, str | Path):
        return str(value).endswith(".png")
    if isinstance(value, np.ndarray | torch.Tensor | pd.DataFrame | bytes):
        return True
    if isinstance(value, list | tuple) and depth < 2:
        return any(is_cell(one, depth + 1) for one in value[:4])
    ours = type(value).__module__.startswith("cgrecnet.")  # a data set, a listing, crops, a batch; settings are none
    return ours and not isinstance(value, BaseModel)


def files_that_hold_cells(work: Callable[[], None]) -> list[str]:
    """Files of the package of which a function is given a cell while `work` runs, in the order of their first call."""
    found: dict[str, None] = {}

    def note(frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(PACKAGE)) and code.co_name != "<module>":
            given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            if any(is_cell(frame.f_locals.get(name)) for name in given):
                found[Path(code.co_filename).relative_to(PACKAGE).as_posix()] = None

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return [file for file in found if file not in TOOLS]


def test_the_way_of_a_cell_is_the_one_that_contributing_names(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "cells" / name).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(0, 255, (40, 36), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "cells" / name / f"{number}.png")
    store = tmp_path / "store"
    config = RunConfig(data="folder", root=str(store), image_size=48, epochs=1, batch_size=8)
    fabric = make_fabric(config)
    network = create_model("cg_recnet", num_classes=2)

    def file_to_record() -> None:
        pack_dataset("folder", tmp_path / "cells", store=store)
        dataset, _, cells = load_parts(config, fabric)
        fit(network, cells["train"], cells["validation"], dataset.classes, config, fabric=fabric)
        labels, probabilities, indices = predict(network, cells["test"], fabric=fabric)
        score(labels, probabilities, dataset.classes)
        format_predictions(list(dataset.table["cell_id"].iloc[indices]), labels, probabilities)

    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## The way of a cell\n")[2].partition("\n## ")[0]
    assert files_that_hold_cells(file_to_record) == re.findall(r"^\d+\. `([^`]+)`", section, re.M)
