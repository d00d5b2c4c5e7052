"""Uneven classes on simulated cells: two networks with and without class weights, by balanced accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cgrecnet.data.cytometer import CytometerOptions
from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.planned_contrasts import Answer, judge_family
from cgrecnet.evaluation.sign_flip import balanced_contrast, class_mean
from cgrecnet.figures.dose_response import NAMES
from cgrecnet.paths import REPOSITORY, RESULTS
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.pooled import same_cells
from cgrecnet.runs.query import experiment
from cgrecnet.runs.run_record import RunRecord

MODELS = ("resnet50", "cg_recnet")
Shares = tuple[float, ...]
#: Class shares -> (model, with class weights) -> run.
Runs = Mapping[Shares, Mapping[tuple[str, bool], RunRecord]]


def planned_shares() -> list[Shares]:
    """The class shares that the sweeps have, the most even first; the paper's are the simulation's own."""
    asked = {
        CytometerOptions(**c.data_options).shares for c in read_sweep(REPOSITORY / "sweeps/simulated-imbalance.yaml")
    }
    return sorted(asked | {CytometerOptions().shares}, key=max)


def imbalance_runs(results: Path = RESULTS) -> dict[Shares, dict[tuple[str, bool], RunRecord]]:
    """The runs by class shares, the most even first, then by model and class weights; empty without runs.

    The paper's shares without weights are the first setting of the noise series.
    """
    found: dict[Shares, dict[tuple[str, bool], RunRecord]] = {}
    for part in ("imbalance", "noise"):
        runs = experiment(part, "cytometer", results)
        for record in runs.records if runs else ():
            model, options = record.config["model"], record.data["options"]
            if model in MODELS and options["noise"] == 1.0:
                found.setdefault(tuple(options["shares"]), {})[model, record.config["class_weights"]] = record
    return {shares: found[shares] for shares in sorted(found, key=max)}


def shares_text(shares: Shares) -> str:
    """`27 / 13 / 60 %`."""
    return " / ".join(f"{100 * share:.0f}" for share in shares) + " %"


def planned_answers(runs: Runs, results: Path = RESULTS) -> list[Answer]:
    """P7: balanced accuracy without class weights, CG-RecNet against baseline, one contrast per class shares."""
    plan = load_plan()
    made = {
        f"CG-RecNet against Baseline, {shares_text(shares)}": _balanced(
            here["cg_recnet", False], here["resnet50", False], results
        )
        for shares, here in runs.items()
        if {(model, False) for model in MODELS} <= set(here)
    }
    return judge_family(made, plan["P7"].margin, plan.alpha, len(planned_shares()))


def weight_answers(runs: Runs, results: Path = RESULTS) -> list[Answer]:
    """Exploratory: what class weights do to the balanced accuracy of each network, one family (margin of P7)."""
    plan = load_plan()
    made = {
        f"{NAMES[model]} with weights against without, {shares_text(shares)}": _balanced(
            here[model, True], here[model, False], results
        )
        for shares, here in runs.items()
        for model in MODELS
        if {(model, True), (model, False)} <= set(here)
    }
    return judge_family(made, plan["P7"].margin, plan.alpha)


def need_of_weights(here: Mapping[tuple[str, bool], RunRecord], results: Path = RESULTS):
    """How much more balanced accuracy the baseline gains by class weights than CG-RecNet: points, 95 % interval, n.

    Exploratory. Positive where CG-RecNet is less in need of them. None where one of the four runs is missing.
    """
    order = [("resnet50", True), ("resnet50", False), ("cg_recnet", True), ("cg_recnet", False)]
    if not set(order) <= set(here):
        return None
    cells = same_cells([here[key] for key in order], results)
    steps = np.array([1, -1, -1, 1]) @ np.array(cells.right, dtype=int)
    found = class_mean(cells.labels, steps, reach=2)
    return found.difference, found.interval95, found.n


def _balanced(first: RunRecord, second: RunRecord, results: Path):
    cells = same_cells([first, second], results)
    return balanced_contrast(cells.labels, *cells.predicted)
