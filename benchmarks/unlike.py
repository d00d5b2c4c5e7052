"""How often the flag `unlike` is right: a planted change of lamp, focus and cell type on simulated cells.

    python benchmarks/unlike.py [--cells 1500] [--new 400] [--epochs 8] [--json results/unlike/planted.json]

A network is trained on simulated cells of four runs, as `cgrecnet train --model-folder` does, and meets new cells:
drawn like those (the flag should stay down), of four other runs (lamp and focus vary as between the simulator's runs),
and of the same runs with one thing changed. For a change of cell type, a second network is trained without
oligodendrocytes and then meets them. Each row says how many cells are flagged, for which reasons, how well the
distances tell changed cells from unchanged ones (area under the ROC curve), and what becomes of accuracy and of the
coverage of sets at 0.9, whose guarantee does not hold under a change.
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from measuring import command_line, keep
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from cgrecnet.data import open_dataset
from cgrecnet.data.audit.integrity import take
from cgrecnet.data.base import CellDataset
from cgrecnet.data.cytometer import CytometerOptions
from cgrecnet.data.cytometer.camera import crop_windows, expose
from cgrecnet.data.cytometer.optics import Optics
from cgrecnet.data.cytometer.scene import BLOCK, PARTS, draw_numbers, draw_runs, draw_scene
from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.metrics import score
from cgrecnet.models import create_model
from cgrecnet.paths import RESULTS
from cgrecnet.predict.build import make_model
from cgrecnet.predict.engines import make_engine
from cgrecnet.predict.folder import ModelFolder
from cgrecnet.predict.predictor import Predictor
from cgrecnet.predict.unlike import REASONS
from cgrecnet.runs.environment import commit, software
from cgrecnet.runs.finalize import describe_dataset
from cgrecnet.runs.run_record import RunRecord
from cgrecnet.training.config import RunConfig
from cgrecnet.training.devices import make_fabric
from cgrecnet.training.loop import fit, predict
from cgrecnet.training.parts import part_cells
from cgrecnet.training.protocol import PROTOCOL

RUNS, SEED, NEW_SEED = 4, 0, 1
SHARES = (0.34, 0.33, 0.33)
LEFT_OUT = "oligodendrocyte"
#: Changes of the lamp (factor on background and gain) and of the focus (micrometres beside the run's own).
LAMP, FOCUS_UM = (0.95, 0.9, 0.8, 1.1), (1.0, 2.0, 4.0, 8.0)


def new_cells(count: int, lamp: float = 1.0, focus_um: float = 0.0, runs_seed: int = SEED):
    """Cells that the network never saw, as (images, kinds); runs_seed: whose runs they were taken in."""
    options, optics = CytometerOptions(cells=count, seed=NEW_SEED, runs=RUNS, shares=SHARES), Optics()
    runs = draw_runs(runs_seed, RUNS)
    images, kinds = [], []
    for first in range(0, count, BLOCK):
        draws = draw_numbers(NEW_SEED, range(first, first + BLOCK), optics.pixels)
        scene = draw_scene(draws, options, runs, optics.axis_um)
        causes = scene.causes | {name: scene.causes[name] * lamp for name in ("background", "gain")}
        relative = optics.intensity(scene.path_um, scene.absorption, causes["defocus_um"] + focus_um)
        grey = expose(relative, causes, draws.noise)
        parts = np.zeros(grey.shape, np.uint8)
        for bit in PARTS.values():
            parts |= optics.bin_mask((scene.parts & bit) > 0) * np.uint8(bit)
        windows = crop_windows(parts, draws.uniform["height"])[: count - first]
        images += [grey[i][window].copy() for i, window in enumerate(windows)]
        kinds += causes["kind"][: len(windows)].tolist()
    return images, np.array(kinds)


def trained(dataset: CellDataset, settings: dict, place: Path) -> ModelFolder:
    """A model folder of one network."""
    config = RunConfig.from_mapping(settings)
    fabric = make_fabric(config)
    packed, parts, cells = part_cells(dataset, config, fabric)
    torch.manual_seed(config.seed)
    network = create_model(config.model, num_classes=len(dataset.classes), image_size=config.image_size)
    history = fit(network, cells["train"], cells["validation"], dataset.classes, config, fabric=fabric)
    labels, probabilities, _ = predict(network, cells["test"], fabric=fabric)
    split = {"kind": config.split, "seed": config.split_seed, "manifest": parts.manifest,
             "sizes": {name: len(part) for name, part in parts.parts().items()}}  # fmt: skip
    record = RunRecord(
        run_id=place.name, experiment="unlike", config=config.model_dump(), started="", wall_seconds=0,
        commit=commit(), code="", protocol=PROTOCOL, data=describe_dataset(packed), split=split, weights={},
        parameters=0, hardware={}, software=software(), history=history,
        test=score(labels, probabilities, dataset.classes), predictions_sha256="",
    )  # fmt: skip
    return make_model([record], [network], dataset, parts, place, fabric.device, say=lambda _: None, audited=12)


def without(dataset: CellDataset, kind: str) -> CellDataset:
    """The data set without one class."""
    kept = take(dataset, np.flatnonzero(dataset.table["class_name"] != kind))
    classes = tuple(name for name in dataset.classes if name != kind)
    labels = np.array([classes.index(name) for name in kept.table["class_name"]])
    return replace(kept, classes=classes, labels=labels)


def judged(predictor: Predictor, images: list, names: list[str], usual: np.ndarray | None = None):
    """(row of the record, distances): what the flag says, and what becomes of accuracy and coverage.

    names: each cell's class; one that the model does not know has neither. usual: distances of unchanged cells.
    """
    table = predictor.rows([str(i) for i in range(len(images))], images)
    distances = table[[f"unlike_{reason}" for reason in REASONS]].to_numpy()
    flagged = int(table["unlike"].sum())
    row = {"n": len(table), "flagged": flagged, "interval": wilson(flagged, len(table)),
           "reasons": {reason: int((distances[:, i] > 1).sum()) for i, reason in enumerate(REASONS)}}  # fmt: skip
    if usual is not None:
        changed = np.repeat([False, True], [len(usual), len(distances)])
        every = np.concatenate([usual, distances])
        row["areas"] = {reason: float(roc_auc_score(changed, every[:, i])) for i, reason in enumerate(REASONS)}
        row["areas"]["largest"] = float(roc_auc_score(changed, every.max(axis=1)))
    known = set(names) <= set(predictor.folder.model.classes)
    row["accuracy"] = float((table["class"] == names).mean()) if known else None
    row["covered"] = float(np.mean([table[f"in_{name}"].iloc[i] for i, name in enumerate(names)])) if known else None
    return row, distances


def at_changes(folder: ModelFolder, names: np.ndarray, count: int) -> list[dict]:
    """Rows of a network that knows all types: new cells like those of its training, of other runs, and changed ones."""
    predictor = Predictor(folder, make_engine(folder, "torch"), 0.9)
    images, kinds = new_cells(count)
    row, usual = judged(predictor, images, names[kinds].tolist())
    rows = [{"change": "none", "amount": None} | row]
    changes = [("run", None, {"runs_seed": SEED + 1})]
    changes += [("lamp", factor, {"lamp": factor}) for factor in LAMP]
    changes += [("focus", amount, {"focus_um": amount}) for amount in FOCUS_UM]
    for change, amount, how in tqdm(changes, "changes", file=sys.stderr):
        images, kinds = new_cells(count, **how)
        row, _ = judged(predictor, images, names[kinds].tolist(), usual)
        rows.append({"change": change, "amount": amount} | row)
    return rows


def at_a_new_type(folder: ModelFolder, names: np.ndarray, count: int) -> list[dict]:
    """Rows of a network that does not know `LEFT_OUT`: cells of the other types, then those."""
    predictor = Predictor(folder, make_engine(folder, "torch"), 0.9)
    images, kinds = new_cells(count)
    known = [i for i, name in enumerate(names[kinds]) if name != LEFT_OUT]
    new = [i for i, name in enumerate(names[kinds]) if name == LEFT_OUT]
    row, usual = judged(predictor, [images[i] for i in known], names[kinds][known].tolist())
    other, _ = judged(predictor, [images[i] for i in new], names[kinds][new].tolist(), usual)
    return [{"change": "none, two types known", "amount": None} | row,
            {"change": "cell type", "amount": LEFT_OUT} | other]  # fmt: skip


def main() -> None:
    parser = command_line(__doc__, default=RESULTS / "unlike" / "planted.json")
    parser.add_argument("--cells", type=int, default=1500, help="for training, validation and test")
    parser.add_argument("--new", type=int, default=400, help="cells of each kind of change")
    parser.add_argument("--epochs", type=int, default=8)
    args = parser.parse_args()
    start = time.perf_counter()
    data = {"cells": args.cells, "seed": SEED, "runs": RUNS, "shares": SHARES}
    settings = {"model": "mobilenet_v2", "data": "cytometer", "data_options": data, "image_size": 64,
                "epochs": args.epochs, "batch_size": 16, "learning_rate": 1e-3, "step_size": 3,
                "gamma": 0.3}  # fmt: skip
    dataset = open_dataset("cytometer", options=data)
    names = np.array(dataset.classes)
    with tempfile.TemporaryDirectory() as place:
        folder = trained(dataset, settings, Path(place) / "all")
        rows, measured = at_changes(folder, names, args.new), folder.model.measured
        folder = trained(without(dataset, LEFT_OUT), settings, Path(place) / "two")
        rows += at_a_new_type(folder, names, args.new)
    record = {
        "what": "simulated cells",
        "settings": settings,
        "new": args.new,
        "new_seed": NEW_SEED,
        "version": dataset.options["version"],
        "fingerprint": dataset.fingerprint,
        "rows": rows,
        "flagged_judging": measured["flagged"],
        "coverage_judging": measured["coverage"],
        "seconds": round(time.perf_counter() - start, 1),
    }
    keep(args.json, record)
    for row in rows:
        print(f"{row['change']:24} {row['amount'] or '':>16} flagged {row['flagged'] / row['n']:.3f}  "
              f"accuracy {row['accuracy'] or float('nan'):.3f}  covered {row['covered'] or float('nan'):.3f}  "
              f"{row['reasons']}")  # fmt: skip
    print(f"{args.json}: {len(rows)} rows in {record['seconds']} s")


if __name__ == "__main__":
    main()
