"""Which cells of the Jurkat set the networks get wrong, and what these cells have in common."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cgrecnet.data.base import CellDataset
from cgrecnet.data.traits import TRAITS, traits
from cgrecnet.evaluation.planned_contrasts import holm
from cgrecnet.evaluation.roc_auc import Superiority, superiority
from cgrecnet.runs.pooled import Pooled

#: Fewest cells of either group for which a comparison is made.
LEAST = 20
#: Traits that are compared: the height is 40 pixels for all, the ratio of two others says nothing new.
COMPARED = ("diameter", "aspect", "background", "noise", "contrast", "slope")
#: Stages in the order of the cell cycle.
STAGES = ("G1", "S", "G2", "Prophase", "Metaphase", "Anaphase", "Telophase")
_ID = re.compile(r"e(?P<experiment>\d+)-(?P<stage>[A-Za-z0-9]+)-")


def failure_frame(pooled: Pooled, full: str = "cg_recnet", base: str = "resnet50", sure: float = 0.9) -> pd.DataFrame:
    """One row per Jurkat cell: where it comes from, which of two networks misses it, and its group in the gallery.

    Columns: cell_id, class_name, stage and experiment (both from the id), stratum (stage, and the experiment where it
    is not the first), named (the class that `full` names), missed (how many of the two are wrong), group.
    Raises ValueError for ids that are none of Jurkat cells.
    """
    found = [_ID.match(str(cell)) for cell in pooled.cell_ids]
    if None in found:
        raise ValueError(f"{str(pooled.cell_ids[found.index(None)])!r} is not the id of a Jurkat cell.")
    one, other = pooled.right(full), pooled.right(base)
    frame = pd.DataFrame(
        {
            "cell_id": [str(cell) for cell in pooled.cell_ids],
            "class_name": [pooled.classes[label] for label in pooled.labels],
            "stage": [place["stage"] for place in found],
            "experiment": [int(place["experiment"]) for place in found],
            "named": [pooled.classes[label] for label in pooled.predicted(full)],
            "missed": 2 - one.astype(int) - other,
        }
    )
    later = frame["experiment"].gt(1)
    frame["stratum"] = frame["stage"].mask(later, frame["stage"] + ", exp. " + frame["experiment"].astype(str))
    wrong_and_sure = pooled.probabilities[full].max(axis=1) >= sure
    frame["group"] = np.select(
        [one & other, one, other, wrong_and_sure],
        ["both right", "only CG-RecNet right", "only the baseline right", "both wrong, CG-RecNet sure"],
        "both wrong, CG-RecNet unsure",
    )
    return frame


def in_order(strata: Iterable[str]) -> list[str]:
    """Different strata in the order of the cell cycle."""
    return sorted(set(strata), key=lambda name: (STAGES.index(name.partition(",")[0]), name))


@dataclass(frozen=True)
class Contrast:
    """A trait compared between cells that both networks miss and cells that neither does, within a stratum."""

    stratum: str
    trait: str
    found: Superiority
    corrected: float


def sample(frame: pd.DataFrame, most: int = 200, seed: int = 0) -> pd.DataFrame:
    """The measured cells: of each stratum at most `most` that both networks miss, and as many that neither does.

    Strata with fewer than `LEAST` cells in either group are left out; cells are drawn at random.
    The rows are those of `frame`, with its index, and a column `failed`.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for stratum in in_order(frame["stratum"]):
        cells = frame[frame["stratum"] == stratum]
        groups = [cells.index[cells["missed"] == count] for count in (2, 0)]
        if min(map(len, groups)) >= LEAST:
            for failed, group in zip((True, False), groups, strict=True):
                chosen = np.sort(rng.choice(group, min(most, len(group)), replace=False))
                parts.append(frame.loc[chosen].assign(failed=failed))
    return pd.concat(parts) if parts else frame.iloc[:0].assign(failed=False)


def measured(chosen: pd.DataFrame, cells: CellDataset) -> pd.DataFrame:
    """`chosen` with the traits `COMPARED` of each cell's picture; KeyError for a cell that the data set lacks."""
    place = {name: i for i, name in enumerate(cells.table["cell_id"])}
    rows = [traits(cells.images[place[name]], cells.window) for name in chosen["cell_id"]]
    return chosen.join(pd.DataFrame(rows, index=chosen.index, columns=list(TRAITS))[list(COMPARED)])


def contrasts(measured_cells: pd.DataFrame, names: Sequence[str] = COMPARED, resamples: int = 1000) -> list[Contrast]:
    """Every trait in every stratum, failed cells against the others; p-values corrected by Holm over all of them."""
    found = []
    for stratum, cells in measured_cells.groupby("stratum", sort=False):
        for name in names:
            groups = [cells.loc[cells["failed"] == failed, name] for failed in (True, False)]
            if min(group.notna().sum() for group in groups) >= LEAST:
                found.append((stratum, name, superiority(*groups, resamples=resamples)))
    corrected = holm([one.p_value for *_, one in found]) if found else []
    return [Contrast(*one, p) for one, p in zip(found, corrected, strict=True)]


#: Neighbouring stages between which the labels drew a line in the DNA stain -> the class a cell beyond it would have.
BEYOND = {"G1": "S+G2", "S": "G1"}


def nearer_to_neighbour(frame: pd.DataFrame, stain: pd.Series) -> pd.DataFrame:
    """Cells of the stages G1 and S in Experiment 1: how many have a stain nearer to the other stage's median.

    stain: by `cell_id`; the medians are those of all cells of each stage in Experiment 1.
    Returns rows (stage, failed, cells, nearer), two per stage: cells that both networks miss and that CG-RecNet
    calls by the class of the other stage (`failed`), and cells that neither misses.
    """
    first = frame[(frame["experiment"] == 1) & frame["stage"].isin(list(BEYOND))].copy()
    first["stain"] = first["cell_id"].map(stain)
    middles = first.groupby("stage")["stain"].median()
    one, two = BEYOND
    own, strange = first["stage"].map(middles), first["stage"].map({one: two, two: one}).map(middles)
    first["nearer"] = (first["stain"] - strange).abs() < (first["stain"] - own).abs()
    beyond = first["named"].eq(first["stage"].map(BEYOND))
    rows = []
    for stage in BEYOND:
        for failed, chosen in ((True, first["missed"].eq(2) & beyond), (False, first["missed"].eq(0))):
            cells = first[chosen & first["stage"].eq(stage)]
            rows.append((stage, failed, len(cells), int(cells["nearer"].sum())))
    return pd.DataFrame(rows, columns=["stage", "failed", "cells", "nearer"])
