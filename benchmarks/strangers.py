"""Two strangers' folders, end to end: what the commands say of them, and how far what they promise holds.

    python benchmarks/strangers.py --montages FOLDER [--only stages] [--json results/strangers/end-to-end.json]

The folders are written from real cells, the published montages of the Jurkat cells (`cgrecnet data fetch jurkat
--folder FOLDER`), as somebody would hold them who knows nothing of this project:

`stages`    grey pictures of 16 bit, five classes, of which the smallest has 69 cells
`overlays`  RGB of 8 bit, three classes: brightfield with the DNA stain laid over it in red and side scatter in green.
            The labels rest on that stain, so that a network is shown the answer; the set is here for its colours.

Of each class a quarter is set aside under numbers for names, in a folder without classes. `data check`, `train` with an
ensemble of three (and the window that `check` proposes, where it does) and `predict` then run as commands, and what
they say of the cells set aside is held against the classes that these have. All cells are of one experiment: nothing
here is about other days.
"""

import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from measuring import command_line, keep
from PIL import Image
from sklearn.metrics import balanced_accuracy_score

from cgrecnet.data import open_dataset
from cgrecnet.data.jurkat import read_channel
from cgrecnet.evaluation.calibration import error_if_calibrated, expected_calibration_error
from cgrecnet.evaluation.counts import wilson
from cgrecnet.paths import RESULTS

COVERAGE, ASIDE = 0.9, 0.25
#: Last lines of what a command says that are kept.
LINES = 30
STAGES = {"G1": "first gap", "S": "synthesis", "G2": "second gap", "Prophase": "prophase", "Metaphase": "metaphase"}
PHASES = {"G1": "resting", "S": "doubling", "G2": "doubling"}
TRAINING = (
    "model=mobilenet_v2 image_size=48 epochs=12 batch_size=16 learning_rate=1e-3 step_size=5 gamma=0.3 precision=bf16"
)


def stages(root: Path) -> tuple[list[Image.Image], list[str]]:
    """Grey pictures and their classes."""
    cells = open_dataset("jurkat", root=root, task="stage7")
    taken = cells.table["stage"].isin(STAGES).to_numpy()
    pictures = [Image.fromarray(image) for image in np.asarray(cells.images)[taken]]
    return pictures, cells.table["stage"][taken].map(STAGES).tolist()


def overlays(root: Path) -> tuple[list[Image.Image], list[str]]:
    """RGB pictures and their classes."""
    table = open_dataset("jurkat", root=root, task="cycle_e1").table
    bright, dna, scatter = (read_channel(channel, table, root).astype(float) for channel in (3, 4, 6))
    base = np.clip((bright - 300) / 900, 0, 1)
    red, green = (np.clip(laid / np.quantile(laid, 0.999), 0, 1) for laid in (dna, scatter))
    colours = np.stack([np.maximum(base, red), np.maximum(base, green), base], axis=-1)
    pictures = [Image.fromarray(one) for one in np.rint(255 * colours).astype(np.uint8)]
    return pictures, [PHASES.get(stage, "dividing") for stage in table["stage"]]


SETS = {"stages": stages, "overlays": overlays}


def lay_out(pictures: list[Image.Image], classes: list[str], place: Path) -> dict[str, str]:
    """Write `given`/class/number.png and `new`/number.png; the classes of the latter by name."""
    rng, truth = np.random.default_rng(0), {}
    names = np.array(classes)
    for name in dict.fromkeys(classes):
        members = rng.permutation(np.flatnonzero(names == name))
        aside = set(members[: round(ASIDE * len(members))].tolist())
        for number in members.tolist():
            file = place / ("new" if number in aside else f"given/{name}") / f"{number:05}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            pictures[number].save(file)
            if number in aside:
                truth[file.name] = name
    return truth


def run(words: list[str], place: Path, may_find: bool = False) -> dict:
    """One command, as a user gives it: what was typed, seconds, the last of what it said. Where it fails, all ends.

    may_find: status 1 says that something is amiss with the data, which is an answer.
    """
    typed = shlex.join(["cgrecnet", *words])
    print(f"\n$ {typed}", flush=True)
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "cgrecnet", *words], cwd=place, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    if done.returncode > may_find:
        sys.exit(f"error: {typed} ended with status {done.returncode}.")
    return {"command": typed, "seconds": round(time.perf_counter() - begin, 1),
            "said": done.stdout.replace(str(place), "~").splitlines()[-LINES:]}  # fmt: skip


def advised(said: list[str]) -> list[str]:
    """The option for `train` that `data check` proposes, where it does."""
    found = re.search(r'data_options="(\{.+?\})"', "\n".join(said))
    return [f"data_options={found[1]}"] if found else []


def judged(table: pd.DataFrame, truth: dict[str, str]) -> dict:
    """What a table of predictions promises, against the classes of its cells."""
    actual = table["cell_id"].map(lambda name: truth[Path(name).name])
    classes = [column.removeprefix("p_") for column in table if column.startswith("p_")]
    chances = table[[f"p_{name}" for name in classes]].to_numpy()
    labels = actual.map(classes.index).to_numpy()
    held = np.array([table[f"in_{name}"].iloc[i] for i, name in enumerate(actual)], dtype=bool)
    right = int((table["class"] == actual).sum())
    expected, most = error_if_calibrated(chances)
    flagged = int(table["unlike"].sum())
    return {
        "n": len(table), "right": right, "interval": wilson(right, len(table)),
        "balanced_accuracy": float(balanced_accuracy_score(actual, table["class"])),
        "largest_class": float(actual.value_counts(normalize=True).max()),
        "sure": float(chances.max(axis=1).mean()),
        "calibration_error": expected_calibration_error(labels, chances),
        "calibration_error_by_chance": [expected, most],
        "classes": {
            name: {"n": int((actual == name).sum()), "covered": int(held[(actual == name).to_numpy()].sum()),
                   "interval": wilson(int(held[(actual == name).to_numpy()].sum()), int((actual == name).sum()))}
            for name in classes
        },
        "set_size": float(table[[f"in_{name}" for name in classes]].to_numpy().sum(axis=1).mean()),
        "flagged": flagged, "flagged_interval": wilson(flagged, len(table)),
    }  # fmt: skip


def main() -> None:
    parser = command_line(__doc__, default=RESULTS / "strangers" / "end-to-end.json")
    parser.add_argument("--montages", type=Path, required=True, help="folder with the montages, all channels")
    parser.add_argument("--only", choices=SETS, nargs="+", default=list(SETS))
    options = parser.parse_args()
    found = json.loads(options.json.read_text("utf8")) if options.json.exists() else {"sets": {}}
    for name in options.only:
        with tempfile.TemporaryDirectory(prefix="stranger-") as folder:
            place = Path(folder)
            pictures, classes = SETS[name](options.montages.resolve())
            truth = lay_out(pictures, classes, place)
            train = f"train data=folder root=given {TRAINING} --ensemble 3 --model-folder model --report training.html"
            predict = f"predict model new --out p.csv --report report.html --coverage {COVERAGE} --engine torch"
            checked = run("data check folder given".split(), place, may_find=True)
            advice = advised(checked["said"])
            trained = run([*train.split(), *advice, "--results", "results", "--work", "work"], place)
            steps = [checked, trained, run(predict.split(), place)]
            model = json.loads((place / "model" / "model.json").read_text("utf8"))
            table = pd.read_csv(place / "p.csv", keep_default_na=False)
            found["sets"][name] = {
                "cells": len(classes) - len(truth), "mode": pictures[0].mode, "steps": steps, "advice": advice,
                "members": len(model["members"]), "measured": model["measured"], "new": judged(table, truth),
            }  # fmt: skip
        found |= {"data": "Jurkat cells, real imaging flow cytometry (Blasi et al. 2016; repository MLCP)",
                  "coverage": COVERAGE, "training": TRAINING}  # fmt: skip
        keep(options.json, found)
        print(json.dumps(found["sets"][name]["new"], indent=1))


if __name__ == "__main__":
    main()
