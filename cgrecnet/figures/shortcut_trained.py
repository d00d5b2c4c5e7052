"""Networks trained on a planted shortcut (simulated cells): what a random split reports and what new runs give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.planned_contrasts import Answer, judge_family
from cgrecnet.evaluation.two_proportions import Gap, share_gap
from cgrecnet.figures.dose_response import right_counts
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.query import SWEEPS, experiment
from cgrecnet.runs.run_record import RunRecord

SPLITS = {"random": "shortcut, random split", "grouped": "shortcut, grouped split"}
INTENSITIES = {"none": "grey levels as they are", "standardise": "each image standardised"}

Key = tuple[str, str, float]
#: (split, intensity, confounding) -> run.
Runs = Mapping[Key, RunRecord]


def shortcut_runs(results: Path = RESULTS) -> dict[Key, RunRecord]:
    """The runs by split, treatment of the grey levels, and confounding; empty without runs."""
    found = {}
    for split, part in SPLITS.items():
        runs = experiment(part, "cytometer", results)
        for record in runs.records if runs else ():
            found[split, record.config["intensity"], record.data["options"]["confounding"]] = record
    return found


def planned_settings() -> list[tuple[str, float]]:
    """(intensity, confounding) of every gap that the sweeps can give."""
    (name,) = SWEEPS[SPLITS["random"]]["cytometer"]
    return [(c.intensity, c.data_options["confounding"]) for c in read_sweep(SWEEP_FILES / f"{name}.yaml")]


def gaps(runs: Runs) -> dict[tuple[str, float], Gap]:
    """(intensity, confounding) -> accuracy on a random split minus accuracy on new runs, where both were run."""
    return {
        (intensity, level): share_gap(
            *right_counts(runs["random", intensity, level]), *right_counts(runs["grouped", intensity, level])
        )
        for intensity in INTENSITIES
        for level in sorted({level for _, _, level in runs})
        if all((split, intensity, level) in runs for split in SPLITS)
    }


def gap_answers(runs: Runs) -> list[Answer]:
    """P8: the gap at every setting, judged as one family of all that were planned."""
    plan = load_plan()
    made = {f"confounding {level:g}, {INTENSITIES[intensity]}": gap for (intensity, level), gap in gaps(runs).items()}
    return judge_family(made, plan["P8"].margin, plan.alpha, len(planned_settings()))
