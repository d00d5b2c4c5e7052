"""Runs on the paper's own cells, if somebody has made them: which may decide a claim, and their scores over folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgrecnet.errors import ConfigError
from cgrecnet.judgement.audited import CLASSES, AuditedPaper
from cgrecnet.paths import RESULTS
from cgrecnet.runs.query import Experiment, experiment
from cgrecnet.runs.run_record import RunRecord

#: The paper's name of a model -> its name here.
MODEL_OF = {
    "Baseline": "resnet50",
    "ResCMNet": "rescmnet",
    "ResGDNet": "resgdnet",
    "CG-RecNet": "cg_recnet",
    "MobileNetV2": "mobilenet_v2",
    "DenseNet": "densenet121",
    "VGG": "vgg16",
    "ViT": "vit_b_16",
}

#: A few files that cannot be read do not make it another data set; more than that does.
LEAST_SHARE_OF_CELLS = 0.99

#: What the protocol fixes besides the settings of Table 2 that the prose gives.
PLAIN = {"split": "folds", "class_weights": False, "intensity": "none", "preset": "recovered", "image_size": 224}

#: Setting of a run -> the row of Table 2 that prints it.
SETTINGS = {
    "epochs": "Epochs", "batch_size": "Batch size", "step_size": "Learning rate step", "gamma": "Learning rate factor",
    "folds": "Folds",
}  # fmt: skip


@dataclass(frozen=True)
class PaperRuns:
    """All folds of each model, in the order of the folds; a model with a fold missing is not among them."""

    by_model: Mapping[str, tuple[RunRecord, ...]]

    def has(self, *names: str) -> bool:
        """Whether all these models (the paper's names) have all their folds."""
        return all(MODEL_OF.get(name, name) in self.by_model for name in names)

    def scores(self, name: str, *path: str | int) -> np.ndarray:
        """A score over folds in per cent: scores("CG-RecNet", "per_class", 0, "f1"); ConfigError without the runs."""
        values = []
        for record in self._records(name):
            score = record.test
            for step in path:
                score = score[step]
            values.append(100 * score)
        return np.array(values)

    def test_share(self, name: str) -> float:
        """Test cells over training cells, for the corrected test; the mean over folds."""
        sizes = [record.split["sizes"] for record in self._records(name)]
        return float(np.mean([size["test"] / size["train"] for size in sizes]))

    def _records(self, name: str) -> tuple[RunRecord, ...]:
        try:
            return self.by_model[MODEL_OF.get(name, name)]
        except KeyError:
            raise ConfigError(f"There are no complete runs of {name} on the paper's cells; run its sweep.") from None


def experiments_on_zhu(results: Path = RESULTS) -> list[Experiment]:
    """The ablation and the comparison in the paper's layout, those that have records."""
    found = (experiment(part, "zhu", results) for part in ("ablation", "comparison"))
    return [runs for runs in found if runs is not None]


def paper_runs(paper: AuditedPaper, results: Path = RESULTS) -> tuple[PaperRuns | None, str]:
    """The runs that may decide claims, and one sentence that says what there is; None where there are none.

    Simulated cells in the paper's layout, a part of the cells, another task or other settings decide nothing.
    """
    records = [record for runs in experiments_on_zhu(results) for record in runs.records]
    if not records:
        return None, "There are no runs on the paper's own cells, so no claim is decided by one."
    for record in records:
        if why := why_not(paper, record):
            return None, f"There are runs in the layout of the paper's cells, but they decide no claim: {why}."
    folds = int(paper.known("S/Folds/setting").number)
    models = {record.config["model"] for record in records}
    by_model = {}
    for model in sorted(models):
        own = sorted((r for r in records if r.config["model"] == model), key=lambda r: r.config["fold"])
        if [record.config["fold"] for record in own] == list(range(folds)):
            by_model[model] = tuple(own)
    if not by_model:
        return None, f"There are runs on the paper's own cells, but of no model are all {folds} folds there yet."
    return PaperRuns(by_model), f"{len(by_model)} of {len(MODEL_OF) + 1} models have all {folds} folds."


def why_not(paper: AuditedPaper, record: RunRecord) -> str | None:
    """Why a run cannot decide a claim about the paper's cells; None where it can."""
    data, config = record.data, record.config
    asked = {"data set": "zhu", "simulated": False, "task": "lineage"} | PLAIN
    for name, row in SETTINGS.items():
        asked[name] = type(config[name])(paper.known(f"S/{row}/setting").number)
    found = {**config, "data set": data["name"], "simulated": data["simulated"], "task": data["task"]}
    for name, value in asked.items():
        if found[name] != value:
            return f"{record.run_id} has {name.replace('_', ' ')} {found[name]}, the paper {value}"
    printed = sum(int(paper.known(f"1/{name}/count").number) for name in CLASSES)
    if data["cells"] < LEAST_SHARE_OF_CELLS * printed:
        return f"{record.run_id} has {data['cells']:,} of {printed:,} cells"
    if config["weights"] is None and config["model"] != "zhu_xception":
        return f"{record.run_id} starts from random weights, the paper from pretrained ones"
    return None
