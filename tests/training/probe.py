"""Tiny fixed runs whose numbers stand in probe.json: `python tests/training/probe.py` writes it anew, on purpose.

They go through what makes a run's numbers: data sets and a store of one, splits, crops, batches, two networks,
losses with class weights, two precisions, early stopping, evaluation. Each is there twice: as it trains, which is the
same to the last bit on one kind of processor and soon another run elsewhere, since training magnifies rounding; and
still, with steps too short to change a weight and bfloat16 computed in one way, the same everywhere but for rounding.
"""

import json
import platform
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from cgrecnet.data import open_dataset, pack_dataset
from cgrecnet.data.audit.integrity import take
from cgrecnet.models import create_model
from cgrecnet.models.bf16 import bf16_products
from cgrecnet.runs.environment import cpu_name
from cgrecnet.training import devices
from cgrecnet.training.config import RunConfig
from cgrecnet.training.loop import fit, predict
from cgrecnet.training.parts import part_cells
from cgrecnet.training.protocol import PROTOCOL

FILE = Path(__file__).with_name("probe.json")
SHARED = {"image_size": 32, "batch_size": 8, "learning_rate": 1e-3}
RUNS = {
    "simulated, float32, class weights, patience": RunConfig(
        **SHARED, model="resnet50", class_weights=True, patience=1, epochs=3, report="last"
    ),
    "store, bfloat16, grouped split": RunConfig(
        **SHARED, model="cg_recnet", precision="bf16", split="grouped", epochs=1
    ),
    "real, folds, standardised": RunConfig(
        **SHARED, model="cg_recnet", data="jurkat", task="cycle", split="folds", intensity="standardise", epochs=1
    ),
}
#: Steps far below the last digit of a weight in float32.
STILL = {"learning_rate": 1e-12}


def cells_of(name: str, folder: Path):
    """The cells of one of the runs; the store is packed in `folder`."""
    options = {"cells": 72, "runs": 12, "seed": 5}
    if name.startswith("simulated"):
        return open_dataset("cytometer", options=options | {"cells": 48})
    if name.startswith("store"):
        place = folder / "store"
        if not place.exists():
            pack_dataset("cytometer", options=options, store=place)
        return open_dataset("cytometer", root=place)
    dataset = open_dataset("jurkat", task="cycle")
    labels = np.asarray(dataset.labels)
    return take(dataset, np.concatenate([np.flatnonzero(labels == kind)[::37][:20] for kind in range(3)]))


def run(name: str, folder: Path, still: bool = False) -> dict:
    """Losses of all steps and epochs, test probabilities and manifest of one of the runs."""
    config = RUNS[name].model_copy(update=STILL if still else {})
    fabric = Fabric(accelerator="cpu", devices=1, precision=devices.PRECISION[config.precision])
    dataset, parts, cells = part_cells(cells_of(name, folder), config, fabric)
    torch.manual_seed(config.seed)
    network = create_model(config.model, num_classes=len(dataset.classes), image_size=config.image_size)
    losses = []
    # Kernels for bfloat16 add up in an order of their own, so the still ones do without them on every processor.
    with bf16_products(still, anyway=True):
        history = fit(
            network, cells["train"], cells["validation"], dataset.classes, config, fabric=fabric,
            on_step=lambda **state: losses.append(float(state["loss"])),
        )  # fmt: skip
        _, probabilities, _ = predict(network, cells["test"], fabric=fabric)
    return {
        "manifest": parts.manifest,
        "losses": losses,
        "validation": [entry["validation_loss"] for entry in history],
        "probabilities": probabilities.tolist(),
    }


def here() -> dict:
    """On what numbers are the same to the last bit. Processors of one name may have AVX-512 or not."""
    return {
        "torch": torch.__version__.partition("+")[0],
        "cpu": cpu_name(),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "machine": platform.machine(),
    }


def main() -> int:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        kinds = {kind: {name: run(name, Path(folder), kind == "still") for name in RUNS} for kind in ("runs", "still")}
    FILE.write_text(json.dumps({"protocol": PROTOCOL, "made on": here(), **kinds}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
