"""Networks trained on a planted shortcut (simulated cells): what a random split reports and what new runs give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cgrecnet.evaluation.answers import Answer, judge_family
from cgrecnet.evaluation.counts import wilson
from cgrecnet.evaluation.gap import Gap, gap_change, share_gap
from cgrecnet.evaluation.plan import Outcome, load_plan
from cgrecnet.figures.answers import interval, points
from cgrecnet.figures.dose import majority_share, right_counts
from cgrecnet.figures.missing import say_not_run
from cgrecnet.figures.style import PALETTE, letter
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.experiments import SWEEPS, experiment
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.record import RunRecord, read_predictions

SPLITS = {"random": "shortcut, random split", "grouped": "shortcut, grouped split"}
INTENSITIES = {"none": "grey levels as they are", "standardise": "each image standardised"}
STYLE = {"random": (PALETTE[7], "o", "-"), "grouped": (PALETTE[0], "^", "--")}

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


@dataclass(frozen=True)
class Expected:
    """One of the plan's three expectations: what was written, what was found, and which of `STATES` follows."""

    words: str
    found: str
    state: str


#: An interval can be on the expected side, on the other, on both; or there is none.
STATES = ("came true", "did not come true", "left open", "not run here")


def expectations(runs: Runs) -> list[Expected]:
    """The plan's three expectations against the runs: nothing planted, all planted, standardised.

    The first came true where the outcome at confounding 0 (grey levels as they are) is no difference beyond the margin
    or one too small to matter, and did not where it is a difference. The second and the third go by a 95 % interval:
    of the gap at 1 against the margin, and of what standardisation takes off it against 0.
    """
    found, margin = gaps(runs), load_plan()["P8"].margin
    outcomes = {answer.name: answer.outcome for answer in gap_answers(runs)}
    none, whole, clean = (found.get(key) for key in (("none", 0.0), ("none", 1.0), ("standardise", 1.0)))
    results = [("no run", STATES[3])] * 3
    if none:
        outcome = outcomes[f"confounding 0, {INTENSITIES['none']}"]
        state = {Outcome.DIFFERENCE: STATES[1], Outcome.UNDECIDED: STATES[2]}.get(outcome, STATES[0])
        results[0] = (f"{_gap_text(none)}, {outcome}", state)
    if whole:
        results[1] = (_gap_text(whole), _side(whole.interval95, margin))
    if whole and clean:
        change, ends = gap_change(whole, clean)
        word, reach = ("smaller", ends) if change >= 0 else ("larger", (-ends[1], -ends[0]))
        text = f"{_gap_text(clean)}, {word} by {abs(change):.1f} points ({interval(reach)})"
        results[2] = (text, _side(ends, 0.0))
    words = (
        "no gap beyond the margin at a confounding of 0",
        "a gap beyond the margin at a confounding of 1",
        "a smaller gap where each image is standardised",
    )
    return [Expected(text, *result) for text, result in zip(words, results, strict=True)]


def _side(ends: tuple[float, float], bound: float) -> str:
    return STATES[0] if ends[0] > bound else STATES[1] if ends[1] < bound else STATES[2]


def by_run(record: RunRecord, table: pd.DataFrame, results: Path = RESULTS) -> pd.DataFrame:
    """Accuracy of a run's test cells by acquisition run: columns `group`, `class_name`, `right`, `n`.

    table: the data set's own, with `cell_id`, `group` and `class_name` (the commonest class of the group is given).
    Raises ValueError where a tested cell is not in the table.
    """
    ids, labels, probabilities = read_predictions(results, record)
    tested = pd.DataFrame({"cell_id": ids, "right": probabilities.argmax(axis=1) == labels})
    joined = tested.merge(table[["cell_id", "group", "class_name"]], on="cell_id", how="left")
    if joined["group"].isna().any():
        raise ValueError(f"{int(joined['group'].isna().sum())} cells of {record.run_id} are not in this data set.")
    grouped = joined.groupby("group")
    frame = pd.DataFrame(
        {
            "class_name": grouped["class_name"].agg(lambda names: names.mode()[0]),
            "right": grouped["right"].sum(),
            "n": grouped.size(),
        }
    ).reset_index()
    return frame.sort_values(["class_name", "group"], ignore_index=True)


def draw_shortcut(runs: Runs) -> Figure:
    """Accuracy against confounding: a panel per treatment of the grey levels, a line per split, Wilson's 95 %."""
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 3.3), sharey=True)
    for axes, (intensity, title), mark in zip(panels, INTENSITIES.items(), "AB", strict=True):
        for split, (colour, shape, line) in STYLE.items():
            levels = sorted(level for s, i, level in runs if (s, i) == (split, intensity))
            if levels:
                middle, reach = _bars([runs[split, intensity, level] for level in levels])
                axes.errorbar(
                    levels, middle, yerr=reach, color=colour, marker=shape, linestyle=line, capsize=3, label=split
                )
        if not any(i == intensity for _, i, _ in runs):
            say_not_run(axes)
        else:
            share = np.mean([majority_share(record) for record in runs.values()])
            axes.axhline(100 * share, color="black", linestyle=":", linewidth=1.2)
        axes.set(xlabel="confounding of run and class", xlim=(-0.1, 1.1))
        axes.set_title(f"   {title}")
        letter(axes, mark)
    panels[0].set_ylabel("accuracy (%)")
    handles = [
        plt.Line2D([], [], color=c, marker=m, linestyle=line, label=f"{split} split")
        for split, (c, m, line) in STYLE.items()
    ]
    handles.append(plt.Line2D([], [], color="black", linestyle=":", label="largest class alone"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def draw_by_run(frame: pd.DataFrame) -> Figure:
    """One row per acquisition run: share of its cells that were recognised, Wilson's 95 %, coloured by class."""
    figure, axes = plt.subplots(figsize=(7.0, 0.34 * len(frame) + 1.0))
    colours = {name: PALETTE[place] for place, name in enumerate(sorted(frame["class_name"].unique()))}
    for place, row in frame.iterrows():
        share, (low, high) = row["right"] / row["n"], wilson(int(row["right"]), int(row["n"]))
        reach = 100 * np.array([[share - low], [high - share]]).clip(0)
        axes.errorbar(100 * share, place, xerr=reach, fmt="o", color=colours[row["class_name"]], capsize=3)
    labels = [f"{row['group']}, mostly {row['class_name']}s (n = {row['n']})" for _, row in frame.iterrows()]
    axes.set_yticks(range(len(frame)), labels, fontsize=9)
    axes.set(xlim=(-3, 103), ylim=(len(frame) - 0.5, -0.5), xlabel="recognised cells of the run (%)")
    return figure


def _bars(records: list[RunRecord]) -> tuple[np.ndarray, np.ndarray]:
    counts = [right_counts(record) for record in records]
    middle = np.array([100 * right / n for right, n in counts])
    ends = 100 * np.array([wilson(right, n) for right, n in counts])
    return middle, np.array([middle - ends[:, 0], ends[:, 1] - middle]).clip(0)


def _gap_text(gap: Gap) -> str:
    return f"gap {points(gap.difference)} points ({interval(gap.interval95)}; n = {gap.n[0]} and {gap.n[1]})"
