"""What the paper's whole protocol would cost: measured rates where there are some, assumed speeds where there are none.

    python benchmarks/protocol.py [--json FILE]

The rates are those of the newest record of `benchmarks/models.py` on this kind of device.
Epochs are counted twice: the 100 that the paper states, and those after which its schedule has spent all but a
thousandth of the summed learning rate. A run is one model, fold and seed: it trains on four fifths of all cells and,
after each epoch, looks at the other fifth once.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from measuring import Benchmark, command_line, show
from models import count_macs

from cgrecnet.bench.record import ModelsRecord, Place, ProtocolRecord, ProtocolRow, load_bench
from cgrecnet.errors import RunError
from cgrecnet.models import list_models
from cgrecnet.paper.audit.compute_time import FLOPS_PER_MAC, PASSES
from cgrecnet.paper.audit.schedule import last_useful_epoch, step_rates
from cgrecnet.paper.tables import load_tables
from cgrecnet.runs.environment import pick_device

FOLDS, SEEDS = 5, 3
IMAGE_SIZE = 224
#: Left of the summed learning rate where training is said to be at rest.
LEFT = 0.001
HERE = "this machine"
#: Speeds in operations per second, slow and fast, where nothing was measured.
ASSUMED = (
    Place(
        name="one H200",
        measured=False,
        words="assumed: 10 to 30 per cent of its dense peak in bfloat16, 989 TFLOP/s by the maker's data sheet",
        flops_per_second=(0.10 * 989e12, 0.30 * 989e12),
    ),
    Place(
        name="the paper's laptop",
        measured=False,
        words="assumed: 2 to 5 TFLOP/s in float32, a fifth to a half of what such a card can do at best",
        flops_per_second=(2e12, 5e12),
    ),
)


def bench_protocol(out: Path | None = None, results: Path | None = None) -> ProtocolRecord:
    """Cost the protocol from the newest record of rates; write the record.

    That record must hold training and forward rates of all nine models at 224 px. Raises RunError where there is none.
    """
    device = pick_device()
    source = usable_source([r for r in load_bench("models", results) if r.hardware["device"] == device.type])
    rates = best_rates(source)
    training, held_out = cells_per_run()
    long = int(load_tables()["S"].cell("Epochs", "setting").number)
    alive = last_useful_epoch(step_rates(1.0, long), LEFT)
    settings = {
        "folds": FOLDS, "seeds": SEEDS, "training_cells": training, "held_out_cells": held_out, "epochs": [long, alive],
        "left": LEFT, "image_size": IMAGE_SIZE, "batch_size": source.settings["batch_size"],
    }  # fmt: skip
    bench = Benchmark("protocol", settings, device, out)
    here = Place(
        name=source.hardware["gpu"] or HERE,
        measured=True,
        words="measured: the best precision and form of each model",
    )
    rows = []
    for model in list_models():
        forward = FLOPS_PER_MAC * count_macs(model, IMAGE_SIZE)
        for epochs in (long, alive):
            hours = hours_of(training, held_out, epochs, *rates[model])
            rows.append(ProtocolRow(place=here.name, model=model, epochs=epochs, fast_hours=hours, slow_hours=hours))
            for place in ASSUMED:
                slow, fast = (
                    hours_of(training, held_out, epochs, speed / (PASSES * forward), speed / forward)
                    for speed in place.flops_per_second
                )
                rows.append(ProtocolRow(place=place.name, model=model, epochs=epochs, fast_hours=fast, slow_hours=slow))
    return bench.write(source=source.id, places=[here, *ASSUMED], rows=rows)


def hours_of(training: int, held_out: int, epochs: int, training_rate: float, forward_rate: float) -> float:
    """Hours of a model over all folds and seeds, by images per second of a training step and of a forward pass."""
    return FOLDS * SEEDS * epochs * (training / training_rate + held_out / forward_rate) / 3600


def cells_per_run() -> tuple[int, int]:
    """Cells that a fold trains on and holds out, from the paper's counts."""
    table = load_tables()["1"]
    cells = sum(int(table.cell(row, "count").number) for row in table.rows)
    return cells - cells // FOLDS, cells // FOLDS


def best_rates(source: ModelsRecord) -> Mapping[str, tuple[float, float]]:
    """Images per second of a training step and of a forward pass, each the best of what was measured, by model."""
    return {
        model: tuple(
            max(
                row.images_per_second
                for row in source.rows
                if row.model == model and row.kind == kind and row.images_per_second
            )
            for kind in ("training", "forward")
        )
        for model in list_models()
    }


def usable_source(records: Sequence[ModelsRecord]) -> ModelsRecord:
    """The newest record from which rates for the protocol can be taken; RunError, which says why, where none can."""
    remedy = "run `python benchmarks/models.py` first"
    reason = "there are none of this kind of device"
    for record in sorted(records, key=lambda each: each.started, reverse=True):
        size = record.settings["image_size"]
        lacking = sorted(set(list_models()) - {row.model for row in record.rows if row.images_per_second})
        if size == IMAGE_SIZE and not lacking:
            return record
        reason = f"{record.id} lacks {', '.join(lacking)}" if lacking else f"{record.id} was measured at {size} px"
    raise RunError(f"No rates of all nine models at {IMAGE_SIZE} px can be had ({reason}): {remedy}.")


def main(arguments: list[str] | None = None) -> int:
    """Cost the protocol."""
    options = command_line(__doc__, dest="out").parse_args(arguments)
    return show(lambda: bench_protocol(options.out), lines)


def lines(record: ProtocolRecord) -> list[str]:
    """A line for each place and number of epochs."""
    said = []
    for place in record.places:
        for epochs in record.settings["epochs"]:
            fast, slow = record.days(place.name, epochs)
            days = f"{fast:,.1f} days" if fast == slow else f"{fast:,.1f} to {slow:,.1f} days"
            said.append(f"{place.name} ({place.words}), {epochs} epochs: {days}")
    return said


if __name__ == "__main__":
    sys.exit(main())
