"""The ablation as a table: what each module adds in scores, parameters and operations, beside the paper's Table 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from cgrecnet.errors import RunError
from cgrecnet.figures.folds import SCORES, by_model, mean_text, score_of
from cgrecnet.models import create_model
from cgrecnet.models.complexity import count_parameters, macs_layers
from cgrecnet.paper.tables import Cell, Table
from cgrecnet.runs.record import RunRecord

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


def ablation_rows(table3: Table, experiments: Mapping[str, Sequence[RunRecord]]) -> list[tuple[str, ...]]:
    """Rows for `wide_table` under `ablation_headers`: the paper's accuracy and F1, then ours for each data set.

    experiments: title of a data set -> its records; each column is of one data set alone.
    """
    rows = []
    for name, model in ROWS.items():
        row = [name, printed(table3.cell(name, "accuracy")), printed(table3.cell(name, "f1"))]
        for records in experiments.values():
            own = by_model(records).get(model, [])
            row += [mean_text([score_of(record, score) for record in own]) for score in SCORES] + [str(len(own))]
        rows.append(tuple(row))
    return rows


def ablation_headers(experiments: Mapping[str, Sequence[RunRecord]]) -> tuple[str, ...]:
    """The columns of `ablation_rows`."""
    ours = [f"{title}: {score}" for title in experiments for score in (*(f"{s} (%)" for s in SCORES), "n")]
    return ("model", "paper: accuracy (%)", "paper: F1 (%)", *ours)


def cost_rows(table3: Table, records: Sequence[RunRecord]) -> list[tuple[str, ...]]:
    """Rows for `wide_table`: parameters and operations, as printed and as counted in the networks of these runs.

    Raises RunError as `count_network`.
    """
    rows = []
    for name, model in ROWS.items():
        own = by_model(records).get(model)
        if own:
            size = own[0].config["image_size"]
            found = count_network(own[0], 224, size)
            counted = (f"{found.parameters / 1e6:.2f}", *(f"{found.macs[s] / 1e9:.2f}" for s in (224, size)))
        else:
            counted = ("not run",) * 3
        cells = (printed(table3.cell(name, column)) for column in ("parameters", "gflops"))
        rows.append((name, *cells, *counted))
    return rows
