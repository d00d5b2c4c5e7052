"""The four networks of the ablation, and what the network of a run has in parameters and operations."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from cgrecnet.errors import RunError
from cgrecnet.models import create_model
from cgrecnet.models.complexity import count_parameters, macs_layers
from cgrecnet.paper.tables import Cell
from cgrecnet.runs.run_record import RunRecord

#: Row of the paper's Table 3 -> the model here, in the order of growing systems.
ROWS = {"Baseline": "resnet50", "ResCMNet": "rescmnet", "ResGDNet": "resgdnet", "CG-RecNet": "cg_recnet"}


@dataclass(frozen=True)
class Counted:
    """What the network of a run has: parameters, and MACs (layers' convention) for one image of each size."""

    parameters: int
    macs: dict[int, int]


def count_network(record: RunRecord, *sizes: int) -> Counted:
    """Count the network of a run for images of these sizes, the run's own where none is given.

    It is built on torch's device "meta", without numbers in it. Raises RunError where it has not as many parameters
    as the record says: then the code that builds networks has changed since the run.
    """
    config = record.config
    sizes = sizes or (config["image_size"],)
    with torch.device("meta"):
        network = create_model(
            config["model"], preset=config["preset"], num_classes=len(record.data["classes"]),
            image_size=config["image_size"], options=config["model_options"],
        ).eval()  # fmt: skip
        counted = Counted(count_parameters(network), {size: macs_layers(network, (1, 3, size, size)) for size in sizes})
    if counted.parameters != record.parameters:
        raise RunError(
            f"The network of {record.run_id} has {record.parameters:,} parameters in its record and "
            f"{counted.parameters:,} when it is built now: run its sweep again."
        )
    return counted


def printed(cell: Cell | None) -> str:
    """A printed cell as text, `lost` where the text at hand has lost it."""
    if cell is None:
        return "lost"
    return f"{cell.value} ± {cell.sd}" if cell.sd else str(cell.value)
