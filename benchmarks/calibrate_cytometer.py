"""Train the ResNet-50 baseline, and no other model, on simulated cells made with a given parameter file.

    python benchmarks/calibrate_cytometer.py --parameters FILE --note TEXT --json results/cytometer-calibration/N.json

How version 2 of `cgrecnet/data/cytometer/parameters.yaml` was found: the traits of the kinds were changed until the F1
of each class of the baseline came near the paper's (Table 5, column Baseline), and then frozen. Every attempt has its
record, the misses too. The recipe is small, so that two cores can do it; a longer training or more cells would end
higher. It is in each record, because it changed once: from the third attempt on, the learning rate falls after epoch
4. As in the paper, training and test cells come from the same acquisition runs.
"""

import argparse
import hashlib
import os
import time
from pathlib import Path

import cgrecnet.data.cytometer.parameters as source
from cgrecnet.files import write_json

RECIPE = {
    "model": "resnet50",
    "weights": "resnet50-imagenet-keras-fp16.safetensors",
    "model_options": {"stage_stride": "1x1"},
    "image_size": 64,
    "batch_size": 32,
    "learning_rate": 1e-4,
    "gamma": 0.1,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parameters", type=Path, default=source.FILE, help="the simulation's parameter file")
    parser.add_argument("--cells", type=int, default=3000, help="for training and validation (85 and 15 %%)")
    parser.add_argument("--test-cells", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument(
        "--step-size", type=int, default=4, help="epochs after which the learning rate falls to a tenth"
    )
    parser.add_argument("--runs", type=int, default=12, help="acquisition runs")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--note", default="")
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    source.FILE = args.parameters.resolve()  # before the other modules read it
    write_json(args.json, attempt(args))


def target() -> dict[str, float]:
    """F1 of each kind that the paper prints for its baseline."""
    from cgrecnet.paper.tables import load_tables

    table = load_tables()["5"]
    return {row.lower().removesuffix("s"): float(table.cell(row, "Baseline").number) / 100 for row in table.rows}


def attempt(args: argparse.Namespace) -> dict:
    """Train, test, and tell the F1 of every class beside the paper's."""
    import numpy as np
    import torch

    from cgrecnet.data import open_dataset
    from cgrecnet.data.batches import BatchedCells
    from cgrecnet.evaluation.metrics import score
    from cgrecnet.models import create_model
    from cgrecnet.paths import weights_folder
    from cgrecnet.runs.environment import commit, hardware
    from cgrecnet.training.config import RunConfig
    from cgrecnet.training.devices import make_fabric
    from cgrecnet.training.loop import fit, predict
    from cgrecnet.training.progress import epoch_line

    torch.set_num_threads(1)
    clock = time.perf_counter()
    options = {"cells": args.cells + args.test_cells, "runs": args.runs, "seed": 2001}
    cells = open_dataset("cytometer", options=options)
    order = np.random.default_rng(args.seed).permutation(args.cells)
    validation, train = np.split(order, [round(0.15 * args.cells)])
    chosen = {"data_options": options, "epochs": args.epochs, "seed": args.seed, "step_size": args.step_size}
    config = RunConfig.from_mapping(RECIPE | chosen)
    torch.manual_seed(args.seed)
    weights = str(weights_folder() / config.weights)
    network = create_model(
        config.model, num_classes=3, weights=weights, image_size=config.image_size, options=config.model_options
    )
    fabric = make_fabric(config)
    history = fit(
        network,
        BatchedCells(cells, train, config.image_size, train=True, seed=args.seed, device=fabric.device),
        BatchedCells(cells, validation, config.image_size, train=False, device=fabric.device),
        cells.classes,
        config,
        fabric=fabric,
        on_epoch=lambda entry: print(epoch_line(entry, args.epochs), flush=True),
    )
    test_cells = np.arange(args.cells, len(cells))
    unseen = BatchedCells(cells, test_cells, config.image_size, train=False, device=fabric.device)
    labels, probabilities, _ = predict(network, unseen, fabric=fabric)
    test = score(labels, probabilities, cells.classes)
    found = {entry["name"]: entry["f1"] for entry in test["per_class"]}
    aim = target()
    print({name: f"{found[name]:.4f} (paper {aim[name]:.4f})" for name in aim}, flush=True)
    return {
        "note": args.note,
        "f1": found,
        "paper_f1": aim,
        "accuracy": test["accuracy"],
        "test": test,
        "recipe": RECIPE
        | {name: getattr(args, name) for name in ("cells", "test_cells", "epochs", "step_size", "runs", "seed")}
        | {"train_cells": len(train), "validation_cells": len(validation)},
        "history": history,
        "parameters": source.read_numbers(source.FILE),
        "parameters_sha256": hashlib.sha256(source.FILE.read_bytes()).hexdigest(),
        "seconds": time.perf_counter() - clock,
        "hardware": hardware(fabric.device) | {"threads": 1, "load": os.getloadavg()[0]},
        "torch": torch.__version__,
        "commit": commit(),
    }


if __name__ == "__main__":
    main()
